"""What is compared with something else than the truth table: nmap, an interrupted run, what is left, the verdict."""
import dataclasses
import json
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

import lab
import expect
import truth

ALL = {}

# Where nmap says something else, and why. All else must agree.
NMAP_DIFFERS = {
    7012: "port unreachable from the target itself is its way to say closed; nmap calls every ICMP error filtered",
    7015: "this host's own firewall rejects: nmap's packets are not sent at all, and it hears nothing",
}
# How nmap's words read here. It calls every ICMP error "filtered", and tells it by its reason.
SILENCE = ("no-response", "host-prohibited-local")


NMAP_TARGETS = ([lab.address4("firewall")], ["-6", lab.address6("firewall")])


def print_differences():
    print("## nmap\n\nThe states of `firewall` and `sip-udp-…` are nmap's too (SYN and UDP scan), but for:\n")
    for port, why in NMAP_DIFFERS.items():
        print(f"- {port}: {why}")


def check(function):
    ALL[function.__name__.replace("_", "-")] = function
    return function


def named(name):
    return next(case for case in expect.CASES if case.name == name)


def nmap(space, arguments):
    """State by port, in our words."""
    done = subprocess.run(lab.within(space, ["nmap", "-n", "-Pn", "--max-retries", "2", "--reason", "-oX", "-",
                                             *arguments]),
                          capture_output=True, text=True, timeout=60)
    states = {}
    for port in xml.fromstring(done.stdout).iter("port"):
        state = port.find("state")
        word, reason = state.get("state"), state.get("reason")
        if word == "filtered" and reason not in SILENCE:
            word = "rejected"
        states[int(port.get("portid"))] = word
    return states


@check
def nmap_tcp(bench):
    """nmap's SYN scan of the same ports agrees with the table."""
    wanted = {row.select["port"]: row.want["reach_state"] for row in truth.FIREWALL_ROWS}
    with bench.client() as space:
        for target in NMAP_TARGETS:
            for port, state in nmap(space, ["-sS", "-p", f"{min(wanted)}-{max(wanted)}", *target]).items():
                bench.need((state == wanted[port]) != (port in NMAP_DIFFERS), "nmap-tcp",
                           f"{target[-1]} port {port}: nmap says {state}, the table {wanted[port]}"
                           + (": they should differ" if port in NMAP_DIFFERS else ""))


@check
def nmap_udp(bench):
    """nmap's UDP scan agrees with what becomes of SIP over UDP without an answer."""
    with bench.client() as space:
        for target in NMAP_TARGETS:
            for port, state in nmap(space, ["-sU", "-p", "7002,7003,7010", *target]).items():
                ours = named(f"sip-udp-{port}").rows[0].want["reach_state"]
                silent = isinstance(ours, expect.Missing)
                bench.need(state == ("open|filtered" if silent else ours), "nmap-udp",
                           f"{target[-1]} port {port}: nmap says {state}, the table {ours}")


@check
def rate_limit_tcp(bench):
    """Of 32 ports that are rejected with 4 ICMP errors a second, the later tries hear what the first did not."""
    run = bench.run(dataclasses.replace(named("limited"), name="limited-count"))
    for family in expect.BOTH:
        states = [o["states"]["reach_state"] for o in run.observations if o["subject"].get("family") == family]
        bench.need(states.count("rejected") >= 12, "rate-limit-tcp",
                   f"{family}: {states.count('rejected')} of {len(states)} rejected; 4 at once, 4 a second")


def interrupt(bench, case, after):
    """The run, ended by SIGINT, and how long it took to end."""
    with bench.client(case.space) as space:
        began = time.monotonic()
        job = bench.start(case, space)
        time.sleep(after)
        job.process.send_signal(signal.SIGINT)
        told = time.monotonic()
        run = bench.finish_run(case, job, began, 30)
    return run, time.monotonic() - told


@check
def interrupted(bench):
    """SIGINT: what is known is written, the rest is not measured, and the records say that they are not whole."""
    run, took = interrupt(bench, dataclasses.replace(named("dropped"), name="interrupted"), 1)
    bench.need(run.code == 5, "interrupted", f"exit {run.code}, not 5")
    bench.need(took < 1.5, "interrupted", f"it took {took:.1f} s to end")
    bench.need(run.end and not run.end["complete"] and run.end.get("why"), "interrupted",
               "its records do not say that it was stopped")
    tried = [o for o in run.observations if o["subject"].get("address") == lab.address4("silent")
             and o["subject"].get("demand", "").startswith("fw.")]
    bench.need(len(tried) > 20, "interrupted", f"{len(tried)} observations of what was tried")
    for observation in tried:
        state = observation.get("states", {}).get("reach_state")
        bench.need(state is None, "interrupted", f"{observation['subject']['id']}: {state}, after a second of five")


ASK = """import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.sendto(sys.stdin.buffer.read(), (sys.argv[1], 5060))
sys.stdout.buffer.write(s.recv(65536))
"""


def bindings(bench):
    """What the registrar that challenges nobody has of our user: the Contact lines of its answer (RFC 3261 10.3)."""
    user = f"<sip:{truth.ACCOUNT['user']}@sbc.test>"
    ask = "\r\n".join(("REGISTER sip:sbc.test SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKask;rport",
                       "Max-Forwards: 70", f"From: {user};tag=ask", f"To: {user}", "Call-ID: ask", "CSeq: 1 REGISTER",
                       "Content-Length: 0", "", ""))
    with bench.client() as space:
        done = subprocess.run(lab.within(space, [sys.executable, "-c", ASK, lab.address4("sbc-open")]),
                              input=ask.encode(), capture_output=True, timeout=10)
    answer = done.stdout.decode(errors="replace")
    bench.need(answer.startswith("SIP/2.0 200"), "unregistered",
               f"the registrar answered: {answer[:80]!r} {done.stderr[-200:]!r}")
    return [line for line in answer.split("\r\n") if line.lower().startswith("contact:")]


@check
def unregistered(bench):
    """Nothing stays registered, also when the run is stopped while it holds a WebSocket."""
    whole = named("sip-unchallenged")
    site = {**whole.site, "mode": "integrated", "haproxy": truth.web("haproxy", hold_s=60)}
    run, took = interrupt(bench, dataclasses.replace(whole, name="unregistered", site=site), 1)
    bench.need(run.code == 5, "unregistered", f"exit {run.code}, not 5")
    bench.need(took < 2.5, "unregistered", f"it took {took:.1f} s to end")
    left = bindings(bench)
    bench.need(not left, "unregistered", f"still registered: {left}")
    held = [o for o in run.observations if o["subject"].get("transport") == "wss"]
    bench.need(len(held) == 2 and all("websocket_state" in o["missing"] for o in held), "unregistered",
               "the WebSocket's end is not missing")


@check
def verdict(bench):
    """Rules over the records of a whole site: nothing fails, and all is measured that can be."""
    records = []
    for name in ("whole-wifi", "whole-sbc", "whole-uc"):
        case = dataclasses.replace(named(name), name=name + "-verdict")
        run = bench.run(case)
        records.append(bench.folder / f"{case.name}.jsonl")
        bench.need(run.code == 0, "verdict", f"{name}: exit {run.code}")
    document = judge(bench, "verdict", bench.folder / "whole-uc-verdict.site.json", records)
    results = [r for r in document["results"] if r["rule"].split(".")[0] in ("fw", "tls", "sip", "net", "path", "dns")]
    bench.need(len(results) > 100, "verdict", f"only {len(results)} results")
    for result in results:
        # the site has no pins; the clock is this machine's; nat.py has the others
        if result["rule"] in ("tls.interception", "net.clock", "net.alg", "net.nat.lifetime"):
            continue
        bench.need(result["status"] in ("pass", "informational", "not_applicable"), "verdict",
                   f"{result['rule']} of {(result.get('subject') or {}).get('id')}: {result['status']}, "
                   f"{result.get('reason')}")


@check
def verdict_of_failures(bench):
    """The same where plain HTTP is offered, codes are rewritten and all else is dropped."""
    for name, vantage, failing in (("dropped", "wifi", {"fw.haproxy"}), ("web-plain", "wifi", {"fw.http8081"}),
                                   ("codes-rewrite", "uc", {"fw.codes"})):
        case = dataclasses.replace(named(name), name=name + "-verdict", timeout=2)
        bench.run(case)
        document = judge(bench, case.name, bench.folder / f"{case.name}.site.json",
                         [bench.folder / f"{case.name}.jsonl"])
        failed = {r["rule"] for r in document["results"] if r["status"] == "fail"}
        bench.need(failing <= failed, case.name, f"failed: {sorted(failed)}; {sorted(failing)} should be among them")


def judge(bench, name, site, records):
    """The verdict, and reports of it in every format."""
    path = bench.folder / f"{name}.verdict.json"
    mode = json.loads(site.read_text())["mode"]
    done = subprocess.run([lab.BUILD / "voready-analyze", "--rules", lab.ROOT / "rules" / "openscape-mobile.json",
                           "--profile", mode, "--site", site,
                           "-o", path, *records], capture_output=True, timeout=60)
    bench.need(done.returncode in (0, 3, 4, 5), name,
               f"voready-analyze: exit {done.returncode}: {done.stderr.decode()}")
    bench.keep(name, path.read_bytes() + done.stdout + done.stderr)
    for form in ("text", "html", "json", "junit", "csv"):
        report = subprocess.run([lab.BUILD / "voready-report", "--format", form, "-o", "-", path, *records],
                                capture_output=True, timeout=60)
        bench.need(report.returncode == 0 and report.stdout, name,
                   f"voready-report --format {form}: exit {report.returncode}: {report.stderr.decode()[-300:]}")
        bench.keep(name, report.stdout + report.stderr)
    return json.loads(path.read_text())


@check
def assess(bench):
    """`voready assess` in one go: its folder and what it prints hold no secret either."""
    path = bench.write_site(dataclasses.replace(named("whole-wifi"), name="assess"))
    out = bench.folder / "assessment"
    with bench.client() as space:
        done = subprocess.run(lab.within(space, [lab.BUILD / "voready", "assess", "-q", "--rules",
                                                 lab.ROOT / "rules" / "openscape-mobile.json",
                                                 "--out", out, path]), capture_output=True, timeout=60,
                                                 env=bench.environment(named("whole-wifi")))
    bench.need(done.returncode in (0, 3, 4, 5), "assess", f"exit {done.returncode}: {done.stderr.decode()[-300:]}")
    written = sorted(out.iterdir())
    bench.need(len(written) >= 3, "assess", f"it wrote only {[p.name for p in written]}")
    bench.keep("assess", done.stdout + done.stderr + b"".join(p.read_bytes() for p in written))


FLOOD = """
import os, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0)
end, sent, got, random = time.monotonic() + 1.5, 0, 0, os.urandom(65536)
while time.monotonic() < end:
    for port in range(5008, 5016):
        at = sent * 7 % 60000
        shaped = b"\\x80\\x00" + random[at:at + 10] + b"VOR1\\x01" + random[at:at + 155]
        s.sendto(shaped if sent % 2 else random[at:at + 1 + sent % 1400], (sys.argv[1], port))
        sent += 1
    try:
        got += len(s.recv(65536))
    except BlockingIOError:
        pass
print(sent, got)
"""


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


@check
def responder_flood(bench):
    """Nothing is answered to who does not know the key, and it costs no memory; who knows it is served meanwhile."""
    pid = bench.servers.processes["reflect"].pid
    before = resident(pid)
    with bench.client() as space:
        flood = subprocess.Popen(lab.within(space, [sys.executable, "-c", FLOOD, lab.address4("responder")]),
                                 stdout=subprocess.PIPE, text=True)
        bench.judge_case(dataclasses.replace(named("udp-responder"), name="responder-flood"))
        sent, got = map(int, flood.communicate(timeout=30)[0].split())
    bench.need(sent > 5000, "responder-flood", f"only {sent} datagrams were sent")
    bench.need(got == 0, "responder-flood", f"{got} bytes came back for {sent} datagrams without a key")
    grown = resident(pid) - before
    bench.need(grown < 4 or bench.sanitized, "responder-flood", f"the responder has grown by {grown:.1f} MiB")
