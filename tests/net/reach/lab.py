"""The network of the test: clients - router (nftables) - outside, each a namespace; two clients have one family only.

Everything lives in namespaces (network, processes, mounts) of its own that end with their first process, which is the
test: whatever it started and mounted is gone with it, also when it is killed.
"""
import ctypes
import os
import pathlib
import signal
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()

OUTSIDE4, OUTSIDE6 = "198.51.100.{}", "2001:db8:2::{}"
CLIENTS = tuple(f"client{i}" for i in range(8))  # runs at once; each has the local ports for itself
WITHOUT_IPV6, WITHOUT_IPV4 = "without-ipv6", "without-ipv4"
ALL_CLIENTS = (*CLIENTS, WITHOUT_IPV6, WITHOUT_IPV4)
ROUTER4, ROUTER6 = "192.0.2.1", "2001:db8:1::1"
NAT4, NAT6 = OUTSIDE4.format(1), OUTSIDE6.format(1)

# Everything that has a name under .test, and the last part of its addresses. Several names share an address where
# TLS tells them apart by SNI.
HOSTS = {
    "sbc": 10, "haproxy": 11, "uc": 12, "voice": 13, "bcom": 14, "rewrite": 15, "sbc-sha": 16, "sbc-open": 17,
    "push": 20, "portal": 21,
    "firewall": 30, "limited": 31,
    "responder": 40, "out": 41, "back": 42, "stateful": 43, "reject": 44, "natted": 45, "dead": 46, "mixed": 47,
    "scarce": 48, "hidden": 49, "proxied": 50,
    "dns": 53, "dns-differs": 54, "dns-hijack": 55, "dns-silent": 56, "dns-hostile": 57,
    "good": 60, "expired": 60, "early": 60, "wrong": 60, "selfsigned": 60, "chainless": 60, "unknown": 60, "weak": 60,
    "stapled": 60, "revoked": 60, "giant": 60,
    "tls10": 61, "tls11": 62, "tls12": 63, "mtls12": 64, "mtls13": 65, "h2": 66, "h1": 67,
    "tapped": 70, "tapped-corporate": 71,
    "nobody": 99,  # a name whose address nobody has
    "silent": 200,
}
# Names of Apple's and Google's, as the test's own DNS server resolves them.
PUSH = ("api.push.apple.com", "api.development.push.apple.com", "1-courier.push.apple.com", "mtalk.google.com",
        "fcm.googleapis.com")
# Hostile servers have an address each: number by name, see hostile.py.
HOSTILE = {name: 100 + i for i, name in enumerate((
    "banner", "drip", "quiet", "reset-accept", "reset-hello", "reset-request", "sip-giant", "sip-flood",
    "sip-drip", "sip-garbage", "sip-stranger", "http-flood", "http-drip", "http-garbage", "ws-refused", "ws-broken",
    "ws-closed", "ws-mute", "ws-flood", "reset-half", "sip-half", "http-half", "h2-garbage", "h2-pings", "h2-continues",
    "tls-garbage", "tls-alert", "tls-half"))}
HOSTS.update(HOSTILE)

# Ports of firewall.test, and what the router does to TCP there: nft statements for IPv4 and IPv6.
FIREWALL = {
    7001: ("accept", "accept"),
    7002: ("accept", "accept"),  # and nobody listens there
    7003: ("drop", "drop"),
    7004: ("reject with icmp type net-unreachable", "reject with icmpv6 type no-route"),
    7005: ("reject with icmp type host-unreachable", "reject with icmpv6 type addr-unreachable"),
    7006: ("reject with icmp type prot-unreachable", "reject with icmpv6 type policy-fail"),
    7007: ("reject with icmp type port-unreachable", "reject with icmpv6 type port-unreachable"),
    7008: ("reject with icmp type net-prohibited", "reject with icmpv6 type reject-route"),
    7009: ("reject with icmp type host-prohibited", "reject with icmpv6 type admin-prohibited"),
    7010: ("reject with icmp type admin-prohibited", "reject with icmpv6 type admin-prohibited"),
    7011: ("reject with tcp reset", "reject with tcp reset"),
    7012: ("accept", "accept"),  # the target's own firewall: port unreachable
    7013: ("accept", "accept"),  # the target's own firewall: prohibited
    7014: ("accept", "accept"),  # the answers are dropped on their way back
    7015: ("accept", "accept"),  # the client's own firewall: prohibited
    7016: ("accept", "accept"),  # accepts and resets
    7017: ("accept", "accept"),  # accepts and is silent
}
LIMITED = range(7100, 7132)  # all rejected, but the router sends few ICMP errors


def address4(name):
    return OUTSIDE4.format(HOSTS[name])


def address6(name):
    return OUTSIDE6.format(HOSTS[name])


def end_with_parent():
    """In a child before it becomes another program: it is killed when its parent ends, however that ends (prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def run(command, **more):
    """Runs a command of the test's own; what it said is shown if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def within(space, command):
    return ["ip", "netns", "exec", space, *map(str, command)]


def add_client(space, number):
    """A client on the router's local network."""
    run(["ip", "link", "add", "eth", "netns", space, "type", "veth", "peer", "name", space, "netns", "router"])
    run(["ip", "-n", "router", "link", "set", space, "master", "lan", "up"])
    run(["ip", "-n", space, "link", "set", "eth", "up"])
    if space != WITHOUT_IPV4:
        add_address(space, "eth", f"192.0.2.{number}/24")
        run(["ip", "-n", space, "route", "add", "default", "via", ROUTER4])
    if space != WITHOUT_IPV6:
        add_address(space, "eth", f"2001:db8:1::{number}/64")
        run(["ip", "-n", space, "route", "add", "default", "via", ROUTER6])
    load_rules(space, CLIENT_RULES)


def add_address(space, interface, address):
    run(["ip", "-n", space, "address", "add", address, "dev", interface, *(["nodad"] if ":" in address else [])])


def sysctl(space, **settings):
    run(within(space, ["sysctl", "-q", *(f"{name.replace('__', '.')}={value}" for name, value in settings.items())]))


TAPPED = "tcp dport { 443, 5223, 5061, 8443 }"


def both(statement4, statement6, name, way="daddr"):
    """One rule for each family, by the address of a name."""
    return f"    ip {way} {address4(name)} {statement4}\n    ip6 {way} {address6(name)} {statement6}\n"


def rejecting(match, reason):
    """For firewall.test, with a reason that both families have."""
    return both(f"{match} reject with icmp type {reason}", f"{match} reject with icmpv6 type {reason}", "firewall")


def firewall_rules():
    rules = ""
    for port, (four, six) in FIREWALL.items():
        rules += both(f"tcp dport {port} {four}", f"tcp dport {port} {six}", "firewall")
        rules += both(f"udp dport {port} {four}", f"udp dport {port} {six}", "firewall") if "tcp" not in four else ""
    rules += both("tcp sport 7014 drop", "tcp sport 7014 drop", "firewall", "saddr")
    rules += both("limit rate 4/second burst 4 packets reject with icmp type admin-prohibited",
                  "limit rate 4/second burst 4 packets reject with icmpv6 type admin-prohibited", "limited")
    rules += both("drop", "drop", "limited")
    rules += both("drop", "drop", "silent")
    rules += both("drop", "drop", "dns-silent")
    rules += both("tcp dport 2195-2196 drop", "tcp dport 2195-2196 drop", "push")  # as Apple does
    return rules


def responder_rules():
    """What happens to UDP between the client and each of the responder's addresses."""
    prohibited4, prohibited6 = "reject with icmp type admin-prohibited", "reject with icmpv6 type admin-prohibited"
    rules = both("meta l4proto udp drop", "meta l4proto udp drop", "out")
    rules += both("meta l4proto udp drop", "meta l4proto udp drop", "back", "saddr")
    rules += both("meta l4proto udp ct state new drop", "meta l4proto udp ct state new drop", "stateful", "saddr")
    rules += both(f"meta l4proto udp {prohibited4}", f"meta l4proto udp {prohibited6}", "reject")
    rules += both(f"meta l4proto udp {prohibited4}", f"meta l4proto udp {prohibited6}", "reject", "saddr")
    rules += both(f"tcp dport 2195 {prohibited4}", f"tcp dport 2195 {prohibited6}", "reject")
    rules += both("tcp dport 2195 drop", "tcp dport 2195 drop", "out")
    rules += both("tcp dport 8620 drop", "tcp dport 8620 drop", "hidden")
    rules += both("udp dport 5008 drop", "udp dport 5008 drop", "mixed")
    rules += both(f"udp dport 5009 {prohibited4}", f"udp dport 5009 {prohibited6}", "mixed")
    rules += both("udp sport 5010 drop", "udp sport 5010 drop", "mixed", "saddr")
    limit = "meta l4proto udp limit rate 2/second burst 2 packets "
    rules += both(limit + prohibited4, limit + prohibited6, "scarce")
    rules += both("meta l4proto udp drop", "meta l4proto udp drop", "scarce")
    return rules


def router_rules():
    proxy = both(f"tcp dport 2195 dnat ip to {OUTSIDE4.format(2)}:9003",
                 f"tcp dport 2195 dnat ip6 to [{OUTSIDE6.format(2)}]:9003", "proxied")
    taps = "".join(
        both(f"{TAPPED} dnat ip to {OUTSIDE4.format(2)}:{port}",
             f"{TAPPED} dnat ip6 to [{OUTSIDE6.format(2)}]:{port}", name)
        for name, port in (("tapped", 9001), ("tapped-corporate", 9002)))
    return f"""table inet lab {{
  chain forward {{
    type filter hook forward priority 0; policy accept;
{firewall_rules()}{responder_rules()}  }}
  chain taps {{
    type nat hook prerouting priority -100;
{proxy}{taps}  }}
  chain nat {{
    type nat hook postrouting priority 100;
{both("masquerade", "masquerade", "natted")}  }}
}}
"""


OUTSIDE_RULES = f"""table inet lab {{
  chain input {{
    type filter hook input priority 0; policy accept;
{rejecting("tcp dport 7012", "port-unreachable")}{rejecting("tcp dport 7013", "admin-prohibited")}
{both("tcp dport 8620 reject with tcp reset", "tcp dport 8620 reject with tcp reset", "dead")}
  }}
}}
"""

CLIENT_RULES = f"""table inet lab {{
  chain output {{
    type filter hook output priority 0; policy accept;
{rejecting("tcp dport 7015", "admin-prohibited")}
  }}
}}
"""


def load_rules(space, rules):
    run(within(space, ["nft", "-f", "-"]), input=rules)


def build(folder):
    """Makes the namespaces, their links, addresses, routes and rules. Their names are this process's own."""
    libc = ctypes.CDLL(None, use_errno=True)
    os.makedirs("/run/netns", exist_ok=True)
    if libc.mount(b"lab", b"/run/netns", b"tmpfs", 0, None) != 0:
        raise OSError(ctypes.get_errno(), "cannot mount on /run/netns")
    (folder / "resolv.conf").write_text(f"nameserver {address4('dns')}\nnameserver {address6('dns')}\n")
    if libc.mount(bytes(folder / "resolv.conf"), b"/etc/resolv.conf", None, 4096, None) != 0:  # MS_BIND
        raise OSError(ctypes.get_errno(), "cannot mount on /etc/resolv.conf")
    for space in ("router", "outside", *ALL_CLIENTS):
        run(["ip", "netns", "add", space])
        run(["ip", "-n", space, "link", "set", "lo", "up"])
        # the kernel's own limits of ICMP errors are off: where they matter, nftables has them
        sysctl(space, net__ipv4__icmp_ratelimit=0, net__ipv6__icmp__ratelimit=0)
    sysctl("router", net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
    run(["ip", "-n", "router", "link", "add", "lan", "type", "bridge"])
    run(["ip", "-n", "router", "link", "set", "lan", "up"])
    add_address("router", "lan", ROUTER4 + "/24")
    add_address("router", "lan", ROUTER6 + "/64")
    for number, space in enumerate(ALL_CLIENTS, 10):
        add_client(space, number)
    build_outside()
    # a VPN: a route that leads into a tunnel, of which nobody holds the other end
    run(["ip", "-n", CLIENTS[0], "tuntap", "add", "vpn0", "mode", "tun"])
    run(["ip", "-n", CLIENTS[0], "link", "set", "vpn0", "up", "mtu", "1400"])
    run(["ip", "-n", CLIENTS[0], "route", "add", "203.0.113.64/32", "dev", "vpn0"])


def build_outside():
    run(["ip", "link", "add", "wan", "netns", "router", "type", "veth", "peer", "name", "eth", "netns", "outside"])
    run(["ip", "-n", "router", "link", "set", "wan", "up"])
    run(["ip", "-n", "outside", "link", "set", "eth", "up"])
    add_address("router", "wan", NAT4 + "/24")
    add_address("router", "wan", NAT6 + "/64")
    for number in sorted({2, *HOSTS.values()} - {HOSTS["nobody"]}):
        add_address("outside", "eth", OUTSIDE4.format(number) + "/24")
        add_address("outside", "eth", OUTSIDE6.format(number) + "/64")
    run(["ip", "-n", "outside", "route", "add", "default", "via", NAT4])
    run(["ip", "-n", "outside", "route", "add", "default", "via", NAT6])
    for kind, last in (("unreachable", 1), ("prohibit", 2), ("blackhole", 3)):  # the router's own answers
        run(["ip", "-n", "router", "route", "add", kind, f"203.0.113.{last}"])
        run(["ip", "-n", "router", "route", "add", kind, f"2001:db8:3::{last}"])
    load_rules("router", router_rules())
    load_rules("outside", OUTSIDE_RULES)


class Watch(threading.Thread):
    """Looks at all command lines while programs run: none may hold a secret."""

    def __init__(self, secrets):
        super().__init__(daemon=True)
        self.secrets, self.found, self.looks, self.over = [s.encode() for s in secrets], set(), 0, False

    def look(self):
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    line = file.read()
            except OSError:
                continue
            if any(secret in line for secret in self.secrets):
                self.found.add(line.replace(b"\0", b" ").decode(errors="replace"))
        self.looks += 1

    def run(self):
        while not self.over:
            self.look()
            time.sleep(0.1)
