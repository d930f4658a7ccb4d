"""What the cases share: running a program, and what is asserted of its end, its words and its records.

A case is a function with @case("name"); it gets a `Bench` with a folder of its own. Whatever a case runs must,
besides what the case asserts, end by itself (no signal), within its time, and name itself in each message.
"""
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
RULES = ROOT / "rules" / "openscape-mobile.json"
SANITIZED = b"__asan_init" in (BUILD / "voready-rtp").read_bytes() if (BUILD / "voready-rtp").exists() else False

PATIENCE = 30.0  # seconds; nothing here takes that long unless it hangs
MIB = 1 << 20

cases = []


class Failed(Exception):
    """An assertion of a case does not hold."""


class Skipped(Exception):
    """The machine lacks what the case needs."""


def case(name):
    def add(function):
        cases.append((name, function))
        return function
    return add


def need(condition, message):
    if not condition:
        raise Failed(message)


class Result:
    """How a program ended."""

    def __init__(self, command, code, out, err, peak):
        self.command, self.code, self.out, self.peak = command, code, out, peak
        self.err = err.decode("utf-8", "replace")

    def _fail(self, what):
        said = self.err.strip() or "(nothing)"
        raise Failed(f"{what}; exit {self.code}; it said: {said[-600:]}\n      {' '.join(map(str, self.command))}")

    def sane(self):
        if self.code < 0:
            self._fail(f"killed by signal {-self.code}")
        if "Sanitizer" in self.err or "runtime error:" in self.err:
            self._fail("a sanitizer reports")
        return self

    def exits(self, *codes):
        if self.code not in codes:
            self._fail(f"exit {self.code} instead of {' or '.join(map(str, codes))}")
        return self

    def says(self, *words):
        """Each of the words is in the messages, which all begin with a program's name."""
        for word in words:
            if word not in self.err:
                self._fail(f"'{word}' is not said")
        for line in self.err.splitlines():
            if not re.match(r"voready(-[a-z]+)?( [a-z]+)?: ", line):
                self._fail(f"a message does not begin with the program's name: {line!r}")
        return self

    def silent(self):
        if self.err:
            self._fail("something is said")
        return self

    def prints(self, *words):
        text = self.out.decode("utf-8", "replace")
        for word in words:
            if word not in text:
                self._fail(f"'{word}' is not printed")
        return self

    def below(self, mebibytes):
        """Peak of resident memory. Sanitizers take their own."""
        if not SANITIZED and self.peak > mebibytes * MIB:
            self._fail(f"{self.peak / MIB:.0f} MiB resident, more than {mebibytes}")
        return self


class Running:
    """A program that has been started. Its standard input stays open until it is closed."""

    def __init__(self, command, **how):
        self.command = command
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True, **how)

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, patience=PATIENCE):
        process = self.process
        try:
            out, err = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Failed(f"still running after {patience:.0f} s: {' '.join(map(str, self.command))}") from None
        return Result(self.command, process.returncode, out or b"", err, 0)


class Bench:
    """A case's folder and the programs."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def path(self, name):
        return self.folder / name

    def file(self, name, content):
        path = self.path(name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def start(self, program, *arguments, **how):
        """`program` is one of ours, or anything else by its path. `within`: what comes before it, as a list."""
        before = how.pop("within", [])
        own = BUILD / program
        command = [*before, str(own) if own.exists() else program, *map(str, arguments)]
        how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("stdout", subprocess.PIPE)
        return Running(command, cwd=self.folder, **how)

    def run(self, program, *arguments, patience=PATIENCE, limit=None, sane=True, **how):
        """Runs to the end. `limit`: mebibytes of address space."""
        if limit and not SANITIZED:
            how["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_AS, (limit * MIB, limit * MIB))
        result = self.start(program, *arguments, **how).end(patience)
        return result.sane() if sane else result

    def measured(self, program, *arguments, patience=PATIENCE, limit=None):
        """Like run(), with the peak of resident memory."""
        result = self.run(sys.executable, "-I", "-S", "-c", MEASURE, BUILD / program, *arguments, patience=patience,
                          limit=limit, stdout=subprocess.PIPE)
        result.peak = int(result.out.split()[-1]) * 1024
        return result


# A child's peak begins with that of the process that forked it: this one is small. The program's output is dropped.
MEASURE = """
import os, sys
nothing = os.open(os.devnull, os.O_WRONLY)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nothing, 1)])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
code = os.waitstatus_to_exitcode(status)
sys.stdout.flush()
os.kill(os.getpid(), -code) if code < 0 else os._exit(code)
"""


def lines(content):
    """The records of a record file, each a whole line; a last line without its end is left out, not excused."""
    whole, _, rest = content.rpartition(b"\n")
    records = []
    for number, line in enumerate(whole.split(b"\n") if whole else [], 1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise Failed(f"records, line {number} is not JSON ({error}): {line[:120]!r}") from None
        need(isinstance(record, dict) and {"record", "run", "n"} <= record.keys(),
             f"records, line {number} has no record, run or n")
        need(record["n"] == number, f"records, line {number} has n {record['n']}")
        records.append(record)
    return records, rest


def records(path, complete):
    """The records of a finished file: run first, end last, counted right."""
    found, rest = lines(pathlib.Path(path).read_bytes())
    need(not rest, f"the last line of the records is cut: {rest[:120]!r}")
    need(found and found[0]["record"] == "run", "the records do not begin with a run")
    end = found[-1]
    need(end["record"] == "end", "the records have no end")
    need(end["records"] == len(found), f"end counts {end['records']} records of {len(found)}")
    need(end["complete"] is complete, f"complete is {end['complete']}, not {complete}")
    need(complete or end.get("why"), "the end does not say why it is not complete")
    return found


def observations(found, kind):
    return [record for record in found if record["record"] == "observation" and record["subject"]["kind"] == kind]


def packets(found):
    """Packets of all streams of the records."""
    return sum(stream["metrics"].get("rtp_packets", 0) for stream in observations(found, "rtp_stream"))
