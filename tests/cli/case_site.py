"""Site files: voready init, and voready assess SITE.json."""
import json
import os
import pty
import shutil
import subprocess
import time

from harness import BUILD, ROOT, case, need, records

FRONT = "voready"
ANALYZE = "voready-analyze"
WHOLE = ["HQ", "", "sbc.example.com", "mtls", "", "20000-29999", "+4989123", "phone.p12", "hap.example.com", "", "/ws", "skip",
         "10.0.0.1", "bcom.example.com", "8443", "yes", "no", "resp.example.com", "8", "10.0.0.53, [2001:db8::53]:53", "skip"]
VOICE = ["Lab", "voice", "sbc.example.com", *[""] * 10]


def answer(bench, *answers, file="site.json", name=None):
    source = bench.file(name or "answers", "\n".join(answers) + "\n")
    with open(source, "rb") as stdin:
        return bench.run(FRONT, "init", file, stdin=stdin)


def sites(bench):
    """Whether voready-analyze reads what was written; the records do not matter."""
    bench.file("none.jsonl", '{"record":"run","run":"r","n":1,"format":1,"probe":"x"}\n{"record":"end","run":"r","n":2,"complete":true,"records":2}\n')
    return bench.run(ANALYZE, "--rules", ROOT / "rules" / "openscape-mobile.json", "--site", "site.json", "-o", "verdict.json", "none.jsonl")


@case("voready init: a whole site")
def init_whole(bench):
    answer(bench, *WHOLE).exits(0).silent().prints("sip.password", "certificate.password", "responder.key", "chmod 600")
    site = json.loads(bench.path("site.json").read_text())
    need(site["mode"] == "integrated", "the default of the mode was not taken")
    need(site["sbc"] == {"address": "sbc.example.com", "transport": "mtls", "ports": {"mtls": 5161}, "rtp_ports": [20000, 29999]}, site["sbc"])
    need(site["account"] == {"user": "+4989123", "password_file": "sip.password"}, site["account"])
    need(site["push"] == {"fcm_device": [], "fcm_provider": []}, site["push"])
    need(site["resolvers"] == ["10.0.0.53", "[2001:db8::53]:53"], site["resolvers"])
    need("uc" not in site and "ca_file" not in site, "what was skipped is there")
    need(not list(bench.folder.glob("*.password")) and not list(bench.folder.glob("*.new")), "files were made that nobody asked for")
    sites(bench).exits(5)
    need(json.loads(bench.path("verdict.json").read_text())["site"] == "HQ", "the verdict does not name the site")


@case("voready init: answers that are wrong")
def init_wrong(bench):
    def wrong(place, word, *says, answers=WHOLE):
        answer(bench, *answers[:place], word, *answers[place + 1:]).exits(2).says(*says)
        need(not bench.path("site.json").exists(), f"a site file was written after the answer {word!r}")
    wrong(0, "", "Name of the site", "is empty")
    wrong(1, "voise", "'voise'", "is no mode", "integrated")
    wrong(2, "https://sbc.example.com", "is a URL", "or skip")
    wrong(2, "sbc.example.com:5061", "has a port")
    wrong(2, "", "SBC", "is empty")
    wrong(3, "ssl", "is no transport")
    wrong(4, "70000", "is no port")
    wrong(4, "skip", "is no port")
    wrong(5, "30000-20000", "is no range")
    wrong(5, "20000", "is no range")
    wrong(6, "a b", "is no user")
    wrong(10, "ws", "begin it with /")
    wrong(15, "maybe", "neither yes nor no")
    wrong(19, "dns.example.com", "is no DNS server")
    wrong(18, "0", "is no number of calls")
    wrong(2, "x" * 5000, "longer")
    answer(bench, *WHOLE[:5]).exits(2).says("the answers end at", "nothing is written")
    bench.run(FRONT, "init").exits(2).says("the answers end at", "Name of the site")
    bench.run(FRONT, "init", "a", "b").exits(2).says("'b'", "one site file")
    bench.run(FRONT, "init", "--force").exits(2).says("--force")


@case("voready init: a file that is there")
def init_there(bench):
    bench.file("site.json", "old\n")
    answer(bench, "no", *WHOLE).exits(2).says("stays as it is")
    answer(bench, "", *WHOLE).exits(2).says("stays as it is")
    need(bench.path("site.json").read_text() == "old\n", "the file was replaced without being asked")
    answer(bench, "yes", *WHOLE[:5]).exits(2)
    need(bench.path("site.json").read_text() == "old\n", "the file was replaced though the answers ended")
    answer(bench, "yes", *WHOLE).exits(0)
    need(json.loads(bench.path("site.json").read_text())["name"] == "HQ", "the file was not replaced")
    bench.path("folder").mkdir()
    answer(bench, *WHOLE, file="folder").exits(2).says("folder", "no file")
    answer(bench, *WHOLE, file="none/site.json").exits(1).says("none/site.json", "No such file")
    bench.path("link").symlink_to("elsewhere")
    answer(bench, *WHOLE, file="link").exits(2).says("link", "no file")


@case("voready init: on a terminal a wrong answer is asked again")
def init_terminal(bench):
    leader, follower = pty.openpty()
    process = subprocess.Popen([BUILD / FRONT, "init"], stdin=follower, stdout=follower, stderr=follower, cwd=bench.folder)
    os.close(follower)
    os.write(leader, "\n".join(["Lab", "voise", *VOICE[1:]]).encode() + b"\n")
    heard = b""
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until:
        try:
            heard += os.read(leader, 4096)
        except OSError:
            break
    need(process.wait(5) == 0, f"exit {process.returncode}: {heard[-300:]!r}")
    os.close(leader)
    need(b"is no mode" in heard, "the wrong answer was not named")
    need(json.loads(bench.path("site.json").read_text())["mode"] == "voice", "the second answer was not taken")


@case("voready assess SITE.json: wrong words")
def assess_usage(bench):
    answer(bench, *VOICE).exits(0)
    bench.run(FRONT, "assess").exits(2).says("site file", "--capture")
    bench.run(FRONT, "assess", "a.json", "b.json").exits(2).says("'b.json'", "one site file")
    bench.run(FRONT, "assess", "site.json", "--near", "10.0.0.1").exits(2).says("--near goes with --capture")
    bench.run(FRONT, "assess", "site.json", "--keylog", "x").exits(2).says("--keylog goes with --capture")
    bench.run(FRONT, "assess", "--capture", "a.pcap", "--vantage", "sbc").exits(2).says("--vantage goes with a site file")
    bench.run(FRONT, "assess", "site.json", "--vantage", "wify").exits(2).says("did you mean wifi")
    bench.run(FRONT, "assess", "none.json", "--out", "out").exits(2, 1).says("none.json", "No such file")
    bench.file("bad.json", '{"name": "x", "mode": "voice", "sbk": {}}')
    bench.run(FRONT, "assess", "bad.json", "--out", "out").exits(2).says("bad.json", "'sbk'", "did you mean 'sbc'")


def stand_in(bench, lines, code=0):
    """The front command with a voready-reach that only copies records."""
    bench.path("bin").mkdir()
    bench.path("rules").symlink_to(ROOT / "rules")
    for program in (FRONT, ANALYZE, "voready-report"):
        shutil.copy2(BUILD / program, bench.path("bin") / program)
    bench.file("reached", lines)
    reach = bench.file("bin/voready-reach", f'#!/bin/sh\necho "$@" >"{bench.folder}/arguments"\ncp "{bench.folder}/reached" "$2"\nexit {code}\n')
    reach.chmod(0o755)
    return str(bench.path("bin") / FRONT)


def reached(state):
    rows = [{"record": "run", "format": 1, "probe": "voready-reach"}]
    label = {"demand": "fw.haproxy", "role": "haproxy", "transport": "https", "vantage": "wifi", "judged": "yes", "host": "h", "port": 8443}
    rows.append({"record": "observation", "subject": {"kind": "target", "id": "h:8443/https", "key": "k", **label}, "states": {"reach_state": state}})
    rows.append({"record": "end", "complete": True, "records": 3})
    return "".join(json.dumps({**row, "run": "r", "n": n}) + "\n" for n, row in enumerate(rows, 1))


@case("voready assess SITE.json: reach, analyze and report")
def assess_site(bench):
    front = stand_in(bench, reached("closed"))
    bench.file("site.json", json.dumps({"name": "HQ", "mode": "uc", "haproxy": {"address": "h"}, "waivers": []}))
    done = bench.run(front, "assess", "site.json", "--vantage", "wifi", "--out", "out").exits(3)
    done.prints("Not ready", "HTTPS to HAProxy: closed", "site HQ", "profile uc", "Report: out/report.html")
    need(bench.path("arguments").read_text().split() == ["-o", "out/reach.jsonl", "--vantage", "wifi", "--", "site.json"],
         bench.path("arguments").read_text())
    verdict = json.loads(bench.path("out/verdict.json").read_text())
    need(set(verdict["areas"]) <= {"reach", "tls", "net", "sip"} and "reach" in verdict["areas"], verdict["areas"])
    records(bench.path("out/reach.jsonl"), complete=True)
    bench.file("reached", reached("open"))
    bench.run(front, "assess", "site.json", "--out", "out").exits(5).prints("Incomplete")
    bench.run(front, "assess", "site.json", "--out", "out", "--area", "net").exits(5)
    bench.run(front, "assess", "site.json", "--out", "out", "--profile", "voice").exits(2).says("--profile voice", "the mode is uc")


@case("voready assess SITE.json: voready-reach fails, is cut short, or is not there")
def assess_site_failing(bench):
    front = stand_in(bench, reached("open"), code=1)
    bench.file("site.json", json.dumps({"name": "HQ", "mode": "uc"}))
    bench.run(front, "assess", "site.json", "--out", "out").exits(1)
    reach = bench.path("bin/voready-reach")
    reach.write_text(reach.read_text().replace("exit 1", "exit 5"))
    bench.run(front, "assess", "site.json", "--out", "out").exits(5).prints("Report: out/report.html")
    reach.write_text(reach.read_text().replace("exit 5", "exit 2"))
    bench.run(front, "assess", "site.json", "--out", "out").exits(2)
    reach.unlink()
    bench.run(front, "assess", "site.json", "--out", "out", env={"PATH": "/nonexistent"}).exits(1).says("voready-reach", "No such file")
