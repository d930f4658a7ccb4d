#!/usr/bin/env python3
"""NAT, SIP-ALG and media ports without a responder, each arrangement in namespaces of its own: a client, a router
(nftables, conntrack, the kernel's own SIP helper), and outside of it voready-reflect.

    nat.py            everything, all at once; prints what is wrong, and one line at the end
    nat.py NAME...    only these, and what they found

Needs root. BUILD names the folder of the programs. Exit status: 0 right (or skipped), 1 wrong.
"""
import concurrent.futures
import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import lab

INSIDE = "VOREADY_NAT_LAB"
NAMESPACES = ["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
PATIENCE = 120
CLIENT, ROUTER, NAT, OUTSIDE = "192.0.2.10", "192.0.2.1", "198.51.100.1", "198.51.100.2"

MASQUERADE = "  chain nat {\n    type nat hook postrouting priority 100;\n    oifname wan masquerade\n  }\n"
HELPER = """  ct helper sip-udp {
    type "sip" protocol udp;
  }
  ct helper sip-tcp {
    type "sip" protocol tcp;
  }
  chain helper {
    type filter hook prerouting priority 0;
    udp dport 5060 ct helper set "sip-udp"
    tcp dport 5060 ct helper set "sip-tcp"
  }
"""


def forward(*rules):
    lines = "".join(f"    {rule}\n" for rule in rules)
    return "  chain forward {\n    type filter hook forward priority 0; policy accept;\n" + lines + "  }\n"


# What SIP begins with, found by its bytes: after 8 bytes of UDP, or 32 of TCP with its timestamps.
DROP_SIP = [f"{protocol} dport {port} @th,{offset},24 {{ 0x4f5054, 0x524547, 0x494e56 }} drop"
            for protocol, offset in (("udp", 64), ("tcp", 256)) for port in (5060,)]
PROHIBITED = "reject with icmp type admin-prohibited"


class Interval:
    """A lifetime whose interval holds this one, and no more than a trial's step."""

    def __init__(self, timeout, step):
        self.timeout, self.step = timeout, step

    def fault(self, found, observation):
        half = observation.get("uncertainty", {}).get("nat_binding_lifetime_s")
        if not isinstance(found, float) or half is None:
            return f"no interval: {found}, {half}"
        # conntrack's clock is not ours: a trial at the very edge may fall on either side
        low, high = found - half - 0.3, found + half + 0.3
        return None if low <= self.timeout <= high and 2 * half <= self.step + 0.01 else f"{found} ± {half} without {self.timeout}"


class AtLeast:
    def __init__(self, seconds):
        self.seconds = seconds

    def fault(self, found, observation):
        right = found == self.seconds and observation["subject"].get("at_least") == "yes" and "uncertainty" not in observation
        return None if right else f"{found}, not at least {self.seconds}"


class Word:
    def __init__(self, word, **labels):
        self.word, self.labels = word, labels

    def fault(self, found, observation):
        if found != self.word:
            return f"{found}, not {self.word}"
        for label, part in self.labels.items():
            value = observation["subject"].get(label)
            if (part is None) != (value is None) or (part is not None and str(part) not in str(value)):
                return f"{label} is {value}, not {part}"
        return None


class Missing:
    def __init__(self, why):
        self.why = why

    def fault(self, found, _):
        return None if isinstance(found, tuple) and self.why in found[0] else f"{found}, not missing because of {self.why}"


def alg(transport):
    return {"demand": "net.alg", "transport": transport}


def life(traffic):
    return {"demand": "net.nat.lifetime", "traffic": traffic}


def media(port):
    return {"demand": "fw.rtp", "role": "sbc", "port": port}


REWRITTEN = dict(changed="Via", changed_in="OPTIONS, REGISTER, INVITE", changed_from=CLIENT, changed_to=NAT, arrived=3, control_arrived=3)
TIMEOUTS = {"nf_conntrack_udp_timeout": 4, "nf_conntrack_udp_timeout_stream": 10, "nf_conntrack_tcp_timeout_established": 5}
BLOCKED = "tells nothing of an ALG"
UNTOUCHED = Word("none", changed=None, lost=None, arrived=3)

# name: rules of the router, its conntrack timeouts, what the site file has, arguments, what must come out
ARRANGEMENTS = {
    "sip-helper": (HELPER + MASQUERADE, {}, {}, (), [
        (alg("udp"), "sip_alg_state", Word("rewritten", **REWRITTEN)),
        (alg("udp"), "sip_alg_state", Word("rewritten", changed="SDP c=")),
        (alg("udp"), "sip_alg_state", Word("rewritten", changed="Contact")),
        (alg("tcp"), "sip_alg_state", Word("rewritten", **REWRITTEN)),
        (life("stream"), "nat_binding_lifetime_s", Missing("not tried: --nat-lifetime"))]),
    "helper-without-nat": (HELPER, {}, {}, (), [
        (alg("udp"), "sip_alg_state", UNTOUCHED), (alg("tcp"), "sip_alg_state", UNTOUCHED)]),
    "nat": (MASQUERADE, TIMEOUTS, {}, ("--nat-lifetime", "12"), [
        (alg("udp"), "sip_alg_state", UNTOUCHED), (alg("tcp"), "sip_alg_state", UNTOUCHED),
        (life("one_shot"), "nat_binding_lifetime_s", Interval(4, 1.5)),
        (life("stream"), "nat_binding_lifetime_s", Interval(10, 1.5)),
        (life("idle"), "nat_binding_lifetime_s", Interval(5, 1.5))]),
    "route": ("", {}, {}, ("--nat-lifetime", "8"), [
        (life("one_shot"), "nat_binding_lifetime_s", AtLeast(8)),
        (life("stream"), "nat_binding_lifetime_s", AtLeast(8)), (life("idle"), "nat_binding_lifetime_s", AtLeast(8))]),
    "drops-sip": (forward(*DROP_SIP), {}, {}, (), [
        (alg("udp"), "sip_alg_state", Word("dropped", lost="OPTIONS, REGISTER, INVITE", arrived=0, control_arrived=3)),
        (alg("tcp"), "sip_alg_state", Word("dropped", lost="OPTIONS, REGISTER, INVITE", arrived=0, control_arrived=3))]),
    "drops-invite": (forward("udp dport 5060 @th,64,24 0x494e56 drop"), {}, {}, (), [
        (alg("udp"), "sip_alg_state", Word("dropped", lost="INVITE", arrived=2)), (alg("tcp"), "sip_alg_state", UNTOUCHED)]),
    "blocked-5060": (forward("udp dport 5060 drop", "tcp dport 5060 drop"), {}, {}, (), [
        (alg("udp"), "sip_alg_state", Missing(BLOCKED)), (alg("tcp"), "sip_alg_state", Missing(BLOCKED))]),
    "blocked-lifetime": (forward("udp dport 5012 drop", "tcp dport 5228 drop"), {}, {}, ("--nat-lifetime", "4"), [
        (life(traffic), "nat_binding_lifetime_s", Missing("nothing comes back")) for traffic in ("one_shot", "stream", "idle")]),
    # the SBC's media ports without a responder: rejected on the way, no port open there, silence
    "sbc-alone": (forward(f"udp dport 30000-30001 {PROHIBITED}", "udp dport 30002 drop"), {}, {"responder": None}, (), [
        (media(30000), "reach_state", Word("rejected", offender=ROUTER, not_applicable=None)),
        (media(30001), "reach_state", Word("rejected", offender=ROUTER)),
        (media(30002), "reach_state", Missing("silent")),
        (media(30003), "reach_state", Word("closed", offender=OUTSIDE, not_applicable="no call"))]),
    "dead-responder": (forward("tcp dport 8620 reject with tcp reset", f"udp dport 30000 {PROHIBITED}"), {}, {}, (), [
        (media(30000), "reach_state", Word("rejected", offender=ROUTER)),
        (media(30003), "reach_state", Word("closed", offender=OUTSIDE)),
        (alg("udp"), "sip_alg_state", Missing("the responder did not answer"))]),
    "live-responder": (forward(f"udp dport 30000 {PROHIBITED}"), {}, {}, (), [(media(30000), "reach_state", None)]),
}


def build(name, rules, timeouts):
    client, router, outside = f"c-{name}", f"r-{name}", f"o-{name}"
    for space in (client, router, outside):
        lab.run(["ip", "netns", "add", space])
        lab.run(["ip", "-n", space, "link", "set", "lo", "up"])
        lab.sysctl(space, net__ipv4__icmp_ratelimit=0)
    for space, inner, address, peer in ((client, "lan", CLIENT, ROUTER), (outside, "wan", OUTSIDE, NAT)):
        lab.run(["ip", "link", "add", "eth", "netns", space, "type", "veth", "peer", "name", inner, "netns", router])
        lab.run(["ip", "-n", space, "link", "set", "eth", "up"])
        lab.run(["ip", "-n", router, "link", "set", inner, "up"])
        lab.add_address(space, "eth", address + "/24")
        lab.add_address(router, inner, peer + "/24")
        lab.run(["ip", "-n", space, "route", "add", "default", "via", peer])
    lab.sysctl(router, net__ipv4__ip_forward=1)
    if rules:
        lab.load_rules(router, "table ip lab {\n" + rules + "}\n")
    for timeout, seconds in timeouts.items():
        lab.sysctl(router, **{f"net__netfilter__{timeout}": seconds})
    return client, outside


def start_responder(folder, outside):
    said = (folder / "reflect.log").open("w+")
    process = subprocess.Popen(lab.within(outside, [lab.BUILD / "voready-reflect", "--key", folder / "key"]), stderr=said, preexec_fn=lab.end_with_parent)
    for _ in range(100):
        if "listening" in (folder / "reflect.log").read_text():
            return process
        time.sleep(0.05)
    raise RuntimeError("voready-reflect does not listen: " + (folder / "reflect.log").read_text())


def value_of(observation, metric):
    for section in ("states", "metrics"):
        if metric in observation.get(section, {}):
            return observation[section][metric]
    missing = observation.get("missing", {}).get(metric)
    return (missing,) if missing is not None else None


def judge(observations, rows):
    for labels, metric, want in rows:
        found = [o for o in observations if all(o["subject"].get(label) == value for label, value in labels.items())]
        what = " ".join(map(str, labels.values()))
        if want is None:
            if found:
                yield f"{what}: there is an observation"
        elif len(found) != 1:
            yield f"{what}: {len(found)} observations"
        else:
            value = value_of(found[0], metric)
            fault = want.fault(float(value) if isinstance(value, int) else value, found[0])
            if fault:
                yield f"{what}: {fault}: {json.dumps(found[0])}"


def arrange(folder, name, verbose):
    """Builds one, runs voready-reach in it; what is wrong with what it found."""
    rules, timeouts, more, arguments, rows = ARRANGEMENTS[name]
    folder = folder / name
    folder.mkdir()
    client, outside = build(name, rules, timeouts)
    (folder / "key").write_text("a key of the test, long enough\n")
    (folder / "key").chmod(0o600)
    site = {"name": name, "mode": "voice", "sbc": {"address": OUTSIDE, "transport": "tls", "rtp_ports": [30000, 30003]},
            "push": {kind: [] for kind in ("apns_device", "apns_provider", "fcm_device", "fcm_provider")},
            "responder": {"address": OUTSIDE, "key_file": "key"}, **more}
    (folder / "site.json").write_text(json.dumps({key: value for key, value in site.items() if value is not None}))
    responder = start_responder(folder, outside)
    command = [lab.BUILD / "voready-reach", "-q", "--timeout", "3", *arguments, "-o", folder / "records", folder / "site.json"]
    done = subprocess.run(lab.within(client, command), capture_output=True, text=True, timeout=60)
    alive = responder.poll() is None
    responder.terminate()
    responder.wait(5)
    if done.returncode != 0 or not alive:
        return [f"exit status {done.returncode}, responder {'alive' if alive else 'dead'}: {done.stderr}{(folder / 'reflect.log').read_text()}"]
    records = [json.loads(line) for line in (folder / "records").read_text().splitlines()]
    observations = [record for record in records if record["record"] == "observation"]
    if verbose:
        for observation in observations:
            if observation["subject"].get("demand") in {row[0]["demand"] for row in rows}:
                print(json.dumps(observation, indent=1))
    return list(judge(observations, rows))


def inside(folder, names):
    libc = ctypes.CDLL(None, use_errno=True)
    os.makedirs("/run/netns", exist_ok=True)
    if libc.mount(b"lab", b"/run/netns", b"tmpfs", 0, None) != 0:
        raise OSError(ctypes.get_errno(), "cannot mount on /run/netns")
    unknown = set(names) - set(ARRANGEMENTS)
    if unknown:
        sys.exit(f"no such arrangement: {' '.join(sorted(unknown))}")
    wrong, chosen = 0, names or list(ARRANGEMENTS)
    with concurrent.futures.ThreadPoolExecutor(len(chosen)) as pool:
        for name, faults in zip(chosen, pool.map(lambda name: arrange(folder, name, bool(names)), chosen)):
            for fault in faults:
                print(f"FAIL {name}: {fault}")
                wrong += 1
    rows = sum(len(ARRANGEMENTS[name][4]) for name in chosen)
    print(f"nat: {len(chosen)} arrangements, {rows} results, {wrong} wrong")
    return 1 if wrong else 0


def lacks():
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [tool for tool in ("nft", "unshare", "ip", "sysctl") if not shutil.which(tool)]
    missing += [program for program in ("voready-reach", "voready-reflect") if not (lab.BUILD / program).exists()]
    if missing:
        return f"there is no {' '.join(missing)}"
    # the helper exists only where the kernel has it
    tried = subprocess.run([*NAMESPACES, "nft", "-f", "-"], input="table ip lab {\n" + HELPER + "}\n", capture_output=True, text=True)
    return f"no SIP helper in the kernel: {tried.stderr.strip()}" if tried.returncode != 0 else None


def main():
    if INSIDE in os.environ:
        return inside(pathlib.Path(os.environ.pop(INSIDE)), sys.argv[1:])
    why = lacks()
    if why:
        print("skip:", why)
        return 1 if os.environ.get("CI") else 0
    with tempfile.TemporaryDirectory(prefix="voready-nat.") as folder:
        inner = subprocess.Popen([*NAMESPACES, sys.executable, *sys.argv], env={**os.environ, INSIDE: folder}, preexec_fn=lab.end_with_parent)
        try:
            return inner.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            print(f"FAIL not over after {PATIENCE} s")
            return 1
        finally:
            inner.kill()
            inner.wait()


if __name__ == "__main__":
    sys.exit(main())
