"""What the truth table is made of: what must hold of a metric, rows, cases; and the table for people."""
import dataclasses
import re

from lab import address4

BOTH = ("ipv4", "ipv6")


class Missing:
    """Not measured, for a reason in which this is found."""

    def __init__(self, why=""):
        self.why = why

    def __str__(self):
        return f"missing ({self.why})" if self.why else "missing"

    def holds(self, found):
        return isinstance(found, Missing) and re.search(self.why, found.why) is not None


class Between:
    def __init__(self, low, high):
        self.low, self.high = low, high

    def __str__(self):
        return f"{self.low} to {self.high}"

    def holds(self, found):
        return isinstance(found, (int, float)) and self.low <= found <= self.high


class Matching:
    """A label in which this is found."""

    def __init__(self, pattern):
        self.pattern = pattern

    def __str__(self):
        return f"“{self.pattern}”"

    def holds(self, found):
        return isinstance(found, str) and re.search(self.pattern, found) is not None


class OneOf:
    def __init__(self, *values):
        self.values = values

    def __str__(self):
        return " or ".join(map(str, self.values))

    def holds(self, found):
        return any(agrees(value, found) for value in self.values)


class Each:
    """One value for IPv4, another for IPv6."""

    def __init__(self, four, six):
        self.by_family = {"ipv4": four, "ipv6": six}

    def __str__(self):
        return f"{self.by_family['ipv4']} / {self.by_family['ipv6']}"


def agrees(wanted, found):
    return wanted.holds(found) if hasattr(wanted, "holds") else wanted == found


@dataclasses.dataclass
class Row:
    what: str  # the arrangement, for people
    select: dict  # labels
    want: dict  # states, metrics; labels with an @ before them; None: there must be none
    families: tuple = BOTH  # one observation each; (None,): one, whatever its family
    count: int = 1


@dataclasses.dataclass
class Case:
    name: str
    what: str
    rows: list
    site: dict = None  # what the site file says beside name and resolvers
    args: tuple = ()
    vantage: str = "wifi"
    timeout: float = 2
    space: str = None  # the client; None: any that is free
    env: dict = dataclasses.field(default_factory=dict)
    least: int = 1  # observations
    longest: float = None  # seconds of the run; default: time-out + 1


CASES = []


def case(name, what, rows, **more):
    CASES.append(Case(name, what, rows, **more))


def site(mode="voice", push=None, **more):
    """A site without push services, unless some are named."""
    none = {"apns_device": [], "apns_provider": [], "fcm_device": [], "fcm_provider": []}
    return {"mode": mode, "ca_file": "corporate.pem", "push": {**none, **(push or {})}, **more}


def resolvers(*names):
    return [address4(name) for name in names]


def print_table():
    """All of it, for people: what is arranged, and what must come out. Rows that differ only in a port are one."""
    print("# Truth table of voready-reach\n")
    for one in CASES:
        where = f" (vantage {one.vantage})" if one.vantage != "wifi" else ""
        print(f"## {one.name}: {one.what}{where}\n\n| arrangement | observation | must hold |\n|---|---|---|")
        lines = {}
        for row in one.rows:
            ports = {"port", "local_port"} & set(row.select) if len(one.rows) > 8 else set()
            what = row.what.rsplit(", port", 1)[0] if ports else row.what
            select = ", ".join(f"{key.lstrip('@')} {value}" for key,
                               value in row.select.items() if key not in ports and value is not None)
            want = "; ".join(f"{key.lstrip('@')}: {'none' if value is None else value}" for key,
                             value in row.want.items())
            families = "" if row.families == BOTH else " (" + (row.families[0] or "any family") + ")"
            lines.setdefault((what, select + families, want),
                             []).append(row.select.get("port", row.select.get("local_port", "")))
        for (what, select, want), ports in lines.items():
            named = ", ports " + ", ".join(map(str, sorted(set(ports)))) if len(set(ports)) > 1 else ""
            print(f"| {what} | {select}{named} | {want} |")
        print()
