"""voready watch: a probe, the records that are kept, what judges and shows them. The probe is a stand-in that writes records
as it is told; so are the followers, as far as a case needs to see what they are given."""
import json
import os
import pathlib
import pty
import resource
import shutil
import signal
import subprocess
import sys
import time

from harness import BUILD, RULES, ROOT, Skipped, case, lines, need, records

FRONT = "voready"

# Writes a run, then an observation of a place each 20 ms until it is told to end, or `count` of them; then the end.
# `--hang`: goes on for some records after the signal; `--code N`: exits so; `--die`: is killed; `--big N`: bytes a record.
PROBE = r"""#!{python}
import json, os, signal, sys, time
arguments = sys.argv[1:]
open({folder!r} + "/arguments", "w").write(json.dumps(arguments))
def option(name, default):
    return arguments[arguments.index(name) + 1] if name in arguments else default
if "--wrong" in arguments:
    print("voready-wlan walk: --wrong is not an option; see voready-wlan walk -h", file=sys.stderr)
    sys.exit(2)
if "-h" in arguments:
    print("usage of the stand-in")
    sys.exit(0)
if "--silent" in arguments:
    sys.exit(0)
stopped = []
signal.signal(signal.SIGINT, lambda *_: stopped.append("INT"))
signal.signal(signal.SIGTERM, lambda *_: stopped.append("TERM"))
if "--ask" in arguments:
    place = sys.stdin.readline().strip()
else:
    place = "Hall"
n = 0
def put(record):
    global n
    n += 1
    data = (json.dumps({{**record, "run": "r", "n": n}}) + "\n").encode()
    while data:
        data = data[os.write(1, data):]
def observe(number):
    put({{"record": "observation", "time": "2026-11-22T10:00:00Z", "place": f"{{place}} {{number}}", "pad": "x" * int(option("--big", 0)),
         "subject": {{"kind": "bss", "id": "02:00:00:00:0a:00", "key": "k", "ssid": "voice", "ssid_told_by": "option", "ap": "02:00:00:00:0a:00", "visit": number + 1}},
         "metrics": {{"wlan_signal_dbm": float(option("--level", -60)), "wlan_signal_frames": 9}}}})
put({{"record": "run", "format": 1, "probe": "voready-wlan", "version": "0", "started": "2026-11-22T10:00:00Z"}})
count = int(option("--count", 1 << 30))
number = 0
while number < count and not stopped:
    observe(number)
    number += 1
    time.sleep(float(option("--pace", 0.02)))
if "--die" in arguments:
    os.kill(os.getpid(), signal.SIGKILL)
for more in range(int(option("--hang", 0))):
    observe(number + more)
    time.sleep(0.02)
put({{"record": "end", "finished": "2026-11-22T10:05:00Z", "complete": True, "records": n + 1, "signals": stopped}})
sys.exit(int(option("--code", 0)))
"""

# Passes what it is given on, and keeps it in `followed`; `judge.die` there: ends after that many lines; `judge.slow`: sleeps.
JUDGE = r"""#!{python}
import os, sys, time
if "--follow" not in sys.argv:
    os.execv({real!r}, [{real!r}, *sys.argv[1:]])
open({folder!r} + "/judge.arguments", "w").write(repr(sys.argv[1:]))
def told(name):
    path = {folder!r} + "/" + name
    return float(open(path).read()) if os.path.exists(path) else None
die, slow = told("judge.die"), told("judge.slow")
with open({folder!r} + "/followed", "wb") as copy:
    for number, line in enumerate(sys.stdin.buffer):
        if die is not None and number >= die:
            sys.exit(1)
        if slow:
            time.sleep(slow)
        copy.write(line)
        copy.flush()
        os.write(1, b'{{"format":1,"verdict":"incomplete","line":%d}}\n' % number)
"""

SHOW = r"""#!{python}
import os, sys
if "live" not in sys.argv:
    os.execv({real!r}, [{real!r}, *sys.argv[1:]])
with open({folder!r} + "/shown", "w") as copy:
    for line in sys.stdin:
        copy.write(line)
        copy.flush()
"""


def stand_in(bench, judge=JUDGE, show=SHOW):
    """The front command beside a probe and followers of ours; the rules are found as ever."""
    bench.path("bin").mkdir()
    bench.path("rules").symlink_to(ROOT / "rules")
    shutil.copy2(BUILD / FRONT, bench.path("bin") / FRONT)
    for name, text in (("voready-wlan", PROBE), ("voready-analyze", judge), ("voready-report", show)):
        if text is None:
            shutil.copy2(BUILD / name, bench.path("bin") / name)
            continue
        script = bench.file(f"bin/{name}", text.format(python=sys.executable, folder=str(bench.folder), real=str(BUILD / name)))
        script.chmod(0o755)
    return str(bench.path("bin") / FRONT)


def watch(bench, front, *arguments, **how):
    return bench.start(front, "watch", "--out", "out", "wlan", "walk", *arguments, **how)


def followed(bench):
    """What the live judge was given is what was kept."""
    need(bench.path("followed").read_bytes() == bench.path("out/records.jsonl").read_bytes(), "the live judge was given other bytes than were kept")


def child(pid, name):
    """The process of that name that `pid` has started."""
    for _ in range(200):
        for one in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if name.encode() in pathlib.Path(f"/proc/{one}/cmdline").read_bytes():
                return int(one)
        time.sleep(0.02)
    raise Skipped(f"cannot see {name}: no /proc/PID/task/PID/children here")


def wait_for(path, size=1, patience=20):
    until = time.monotonic() + patience
    while not path.exists() or path.stat().st_size < size:
        need(time.monotonic() < until, f"{path.name} does not come")
        time.sleep(0.02)


@case("voready watch: wrong words")
def words(bench):
    bench.run(FRONT, "watch").exits(2).says("name what is to be watched", "-h")
    bench.run(FRONT, "watch", "wlann", "walk").exits(2).says("'wlann'", "did you mean 'wlan'", "-h")
    bench.run(FRONT, "watch", "analyze").exits(2).says("no probe 'analyze'", "wlan, rtp, reach")
    bench.run(FRONT, "watch", "--rule", "x", "wlan", "walk").exits(2).says("--rule is not an option", "did you mean --rules")
    bench.run(FRONT, "watch", "rtp", "-i", "lo", "-o", "x.jsonl").exits(2).says("-o", "--out DIR")
    bench.run(FRONT, "watch", "rtp", "--output=x.jsonl", "a.pcap").exits(2).says("--output=x.jsonl", "--out DIR")
    bench.run(FRONT, "watch", "--rules", "none.json", "rtp", "a.pcap").exits(2).says("none.json", "No such file")
    bench.run(FRONT, "watch", "--profile", "voise", "rtp", "a.pcap").exits(2).says("did you mean 'voice'")
    bench.run(FRONT, "watch", "--area", "aer", "rtp", "a.pcap").exits(2).says("'aer'", "did you mean 'air'")
    bench.run(FRONT, "watch", "--site", "none.json", "rtp", "a.pcap").exits(2).says("none.json", "No such file")
    bench.file("site.json", '{"name": "x", "mode": "voice", "ssid": []}')
    bench.run(FRONT, "watch", "--site", "site.json", "rtp", "a.pcap").exits(2).says("'ssid'", "did you mean 'ssids'")
    need(not list(bench.folder.glob("voready-watch*")), "a folder was made though nothing was measured")
    bench.run(FRONT, "watch", "-h").exits(0).silent().prints("PROBE", "records.jsonl", "wlan walk")
    bench.run(FRONT, "watch", "rtp", "-h").exits(0).silent().prints("voready-rtp")
    bench.run(FRONT, "watch", "wlan", "read", "--help").exits(0).silent().prints("voready-wlan read")
    bench.run(FRONT, "watch", "wlan").exits(2)


@case("voready watch: the probe refuses its options, or measures nothing")
def refused(bench):
    front = stand_in(bench)
    watch(bench, front, "--wrong").end().sane().exits(2).says("voready-wlan walk: --wrong")
    need(not bench.path("out").exists(), "an empty folder is left")
    watch(bench, front, "--silent").end().sane().exits(1).says("voready-wlan wrote no records")
    bench.path("out").mkdir()
    watch(bench, front, "--wrong").end().sane().exits(2)
    need(bench.path("out").exists() and not any(bench.path("out").iterdir()), "the folder that was there is not as it was")
    need(not bench.path("followed").exists() and not bench.path("shown").exists(), "there was a live view of nothing")
    bench.run(front, "watch", "--out", "none/out", "wlan", "walk").exits(1).says("none/out", "--out")
    bench.file("file", "x")
    bench.run(front, "watch", "--out", "file", "wlan", "walk").exits(1).says("file", "--out")
    bench.run(front, "watch", "--out", "x" * 5000, "wlan", "walk").exits(2).says("--out")
    bench.path("bin/voready-wlan").unlink()
    bench.run(front, "watch", "wlan", "walk", env={"PATH": "/nonexistent"}).exits(1).says("voready-wlan", "No such file")
    need(not list(bench.folder.glob("voready-watch*")), "a folder is left")


@case("voready watch: to the end of the probe")
def whole(bench):
    front = stand_in(bench)
    done = watch(bench, front, "--count", "5", "--level", "-71").end().sane().exits(5).silent()
    done.prints("Records: out/records.jsonl", "Incomplete: air.capacity")
    records(bench.path("out/records.jsonl"), complete=True)
    followed(bench)
    need(len(bench.path("shown").read_text().splitlines()) == 7, "not every verdict was shown")
    verdict = json.loads(bench.path("out/verdict.json").read_text())
    need(verdict["areas"] == ["air"] and verdict["profile"] == "voice", f"judged otherwise: {verdict['areas']}, {verdict['profile']}")
    failed = [r for r in verdict["results"] if r["rule"] == "air.signal" and r["status"] == "fail"]
    need(len(failed) == 5, f"{len(failed)} places failed")
    need(json.loads(bench.path("arguments").read_text()) == ["walk", "-o", "-", "--count", "5", "--level", "-71"], "the probe's arguments")
    judge = bench.path("judge.arguments").read_text()
    need("'--follow', '-o', '-', '-'" in judge and "openscape-mobile.json" in judge and "'--area', 'air'" in judge, judge)
    before = bench.path("out/records.jsonl").read_bytes()
    watch(bench, front, "--count", "1").end().sane().exits(1).says("out/records.jsonl", "not written over", "--out")
    need(bench.path("out/records.jsonl").read_bytes() == before, "records were written over")


@case("voready watch: a new folder of its own")
def new_folder(bench):
    front = stand_in(bench)
    for _ in range(2):
        bench.run(front, "watch", "wlan", "walk", "--count", "1").exits(5)
    folders = sorted(bench.folder.glob("voready-watch-*"))
    need(len(folders) == 2 and all((f / "records.jsonl").exists() and (f / "verdict.json").exists() for f in folders), f"{folders}")


@case("voready watch: rules, areas and site")
def by_site(bench):
    front = stand_in(bench)
    bench.file("site.json", json.dumps({"name": "HQ", "mode": "integrated", "ssids": ["voice", "two words"], "calls": {"per_ap": 8}}))
    one = ["--count", "1"]
    bench.run(front, "watch", "--out", "a", "--site", "site.json", "wlan", "walk", *one).exits(5)
    need(json.loads(bench.path("arguments").read_text()) == ["walk", "-o", "-", "--site", "HQ", "--ssid", "voice", "--ssid", "two words", *one],
         bench.path("arguments").read_text())
    verdict = json.loads(bench.path("a/verdict.json").read_text())
    need((verdict["profile"], verdict["site"]) == ("integrated", "HQ"), f"{verdict['profile']}, {verdict['site']}")
    bench.run(front, "watch", "--out", "b", "--site", "site.json", "wlan", "walk", "--ssid", "own", "--site", "Lab", *one).exits(5)
    need(json.loads(bench.path("arguments").read_text()) == ["walk", "-o", "-", "--ssid", "own", "--site", "Lab", *one], bench.path("arguments").read_text())
    bench.run(front, "watch", "--out", "c", "--site", "site.json", "wlan", "link", *one).exits(0, 4)
    need("--ssid" not in bench.path("arguments").read_text(), "a command without --ssid was given one")
    # packs of others alone require nothing; -60 dBm is enough for -67
    bench.run(front, "watch", "--out", "d", "--rules", "rules/cisco.json", "-r", "rules/zebra.json", "wlan", "walk", *one).exits(4, 0)
    verdict = json.loads(bench.path("d/verdict.json").read_text())
    need([p["pack"] for p in verdict["packs"]] == ["cisco", "zebra"], f"{verdict['packs']}")
    status = {r["rule"]: r["status"] for r in verdict["results"]}
    need(status["cisco.air.signal"] == "pass" and status["zebra.air.signal"] == "pass", f"{status}")
    bench.run(front, "watch", "--out", "e", "--area", "air,qos", "--profile", "voice", "wlan", "scan", *one).exits(0, 4)
    verdict = json.loads(bench.path("e/verdict.json").read_text())
    need(sorted(verdict["areas"]) == ["air", "qos"], f"{verdict['areas']}")
    capacity = [r for r in verdict["results"] if r["rule"] == "air.capacity"]
    need(not capacity[0]["required"], "a scan alone has to tell the capacity")


def interrupt_case(name, number, word):
    @case(f"voready watch: {name}")
    def interrupt(bench):
        front = stand_in(bench)
        running = watch(bench, front, "--hang", "5")
        wait_for(bench.path("followed"), 600)
        running.signal(number)
        running.end().sane().exits(5).silent().prints("Records: out/records.jsonl", "Incomplete")
        kept = records(bench.path("out/records.jsonl"), complete=True)
        need(kept[-1]["signals"] == [word], f"the probe got {kept[-1]['signals']}")
        followed(bench)


interrupt_case("SIGINT", signal.SIGINT, "INT")
interrupt_case("SIGTERM", signal.SIGTERM, "TERM")
interrupt_case("the terminal hangs up", signal.SIGHUP, "TERM")


def on_terminal(bench, front, *arguments):
    """Starts it as the foreground of a terminal of its own. Returns the terminal's other side and the process."""
    leader, follower = pty.openpty()

    def own_terminal():
        os.setsid()
        import fcntl, termios
        fcntl.ioctl(follower, termios.TIOCSCTTY, 0)
    process = subprocess.Popen([front, "watch", "--out", "out", "wlan", "walk", *arguments], stdin=follower, stdout=follower, stderr=follower,
                               cwd=bench.folder, preexec_fn=own_terminal)
    os.close(follower)
    return leader, process


def hear(leader, process, patience=20):
    heard, until = b"", time.monotonic() + patience
    while time.monotonic() < until:
        try:
            got = os.read(leader, 4096)
        except OSError:
            break
        if not got:
            break
        heard += got
    need(time.monotonic() < until, "it does not end")
    process.wait(5)
    return heard.decode("utf-8", "replace")


@case("voready watch: Ctrl-C at a terminal ends the probe alone; its answers come from the terminal")
def control_c(bench):
    front = stand_in(bench)
    leader, process = on_terminal(bench, front, "--ask", "--hang", "5")
    os.write(leader, b"Stairs\n")
    wait_for(bench.path("followed"), 600)
    os.write(leader, b"\x03")
    heard = hear(leader, process)
    os.close(leader)
    need(process.returncode == 5, f"exit {process.returncode}: {heard}")
    need("Records: out/records.jsonl" in heard and "Incomplete: " in heard, heard)
    kept = records(bench.path("out/records.jsonl"), complete=True)
    need(kept[-1]["signals"] == ["INT"], f"the probe got {kept[-1]['signals']}, not one SIGINT")
    need(kept[1]["place"] == "Stairs 0", "the name of the place did not reach the probe")
    followed(bench)


@case("voready watch: the terminal is closed")
def terminal_closed(bench):
    front = stand_in(bench)
    leader, process = on_terminal(bench, front, "--hang", "5")
    wait_for(bench.path("followed"), 600)
    os.close(leader)
    process.wait(20)
    records(bench.path("out/records.jsonl"), complete=True)
    wait_for(bench.path("out/verdict.json"))
    followed(bench)


@case("voready watch: the judge dies, records go on")
def judge_dies(bench):
    front = stand_in(bench)
    bench.file("judge.die", "5")
    watch(bench, front, "--count", "60").end().sane().exits(5).says("out/records.jsonl", "the live view has ended", "records are kept").prints("Incomplete")
    need(len(records(bench.path("out/records.jsonl"), complete=True)) == 62, "records are missing")
    verdict = json.loads(bench.path("out/verdict.json").read_text())
    need(len([r for r in verdict["results"] if r["rule"] == "air.signal"]) == 60, "the verdict lacks what came after it died")


@case("voready watch: nobody can show it")
def show_missing(bench):
    front = stand_in(bench)
    bench.path("bin/voready-report").unlink()
    watch(bench, front, "--count", "20", env={"PATH": "/nonexistent"}).end().sane().exits(5).says("voready-report", "No such file").prints("Incomplete")
    need(len(records(bench.path("out/records.jsonl"), complete=True)) == 22, "records are missing")


@case("voready watch: a slow view holds the probe up no longer")
def slow_view(bench):
    """4000 records of 2 kB, where the view takes 50 a second: the probe is done long before it, and so is the file."""
    front = stand_in(bench)
    bench.file("judge.slow", "0.02")
    began = time.monotonic()
    running = watch(bench, front, "--count", "4000", "--pace", "0", "--big", "2000")
    wait_for(bench.path("out/records.jsonl"), 4000 * 2000)
    while not bench.path("out/records.jsonl").read_bytes().endswith(b'"n": 4002}\n'):
        need(time.monotonic() < began + 20, "the probe waits for the view")
        time.sleep(0.05)
    took = time.monotonic() - began
    need(took < 15, f"the probe took {took:.1f} s")
    records(bench.path("out/records.jsonl"), complete=True)
    # asked again when the probe has ended, it does not wait for the view
    time.sleep(0.3)
    running.signal(signal.SIGINT)
    running.end().sane().exits(5).prints("Incomplete")


@case("voready watch: the disk is full")
def disk_full(bench):
    """By a limit of the file's size: 100 kB fit, 8 MiB are held, the rest is lost and counted."""
    front = stand_in(bench)
    running = watch(bench, front, "--big", "20000", "--pace", "0",
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)))
    probe = child(running.process.pid, "voready-wlan")
    until = time.monotonic() + 20
    while pathlib.Path(f"/proc/{probe}").exists():
        need(time.monotonic() < until, "the probe is not ended though nothing can be kept")
        time.sleep(0.05)
    running.signal(signal.SIGINT)  # instead of waiting for room
    done = running.end().sane().exits(1).says("File too large", "make room", "the measurement ends", "bytes are lost").prints("Records: out/records.jsonl")
    kept = bench.path("out/records.jsonl").read_bytes()
    need(len(kept) == 100_000, f"{len(kept)} bytes are kept")
    found, rest = lines(kept)
    need(len(found) >= 4 and rest, "the whole records before are not there")
    need("voready watch: out/records.jsonl" in done.err, done.err)


@case("voready watch: the disk has room again")
def disk_again(bench):
    if os.geteuid() != 0 or bench.run("unshare", "-m", "true", sane=False).code != 0:
        raise Skipped("needs root and mount namespaces")
    front = stand_in(bench)
    script = f"""mount -t tmpfs -o size=256k none out && dd if=/dev/zero of=out/other bs=1k count=200 2>/dev/null
({front!r} watch --out out wlan walk --big 10000 --count 20 --pace 0.05 --hang 60; echo $? >code; cp out/records.jsonl kept) &
sleep 2; rm out/other; mount -o remount,size=16m out; wait"""
    bench.path("out").mkdir()
    done = bench.run("unshare", "-m", "sh", "-c", script, sane=False)
    need("make room" in done.err and "there is room again" in done.err, done.err)
    need(len(records(bench.path("kept"), complete=True)) == 82, "records are missing")
    need(bench.path("code").read_text().strip() == "5", bench.path("code").read_text())
    need(bench.path("followed").read_bytes() == bench.path("kept").read_bytes(), "the live judge was given other bytes than were kept")


@case("voready watch: the probe fails, or is killed")
def probe_fails(bench):
    front = stand_in(bench)
    watch(bench, front, "--count", "3", "--code", "1").end().sane().exits(1).prints("Records: out/records.jsonl")
    shutil.rmtree(bench.path("out"))
    watch(bench, front, "--count", "3", "--die").end().sane().exits(1).says("voready-wlan was ended by signal 9").prints("Incomplete")
    found, rest = lines(bench.path("out/records.jsonl").read_bytes())
    need(len(found) == 4 and not rest, f"{len(found)} records are kept")
    shutil.rmtree(bench.path("out"))
    watch(bench, front, "--count", "3", "--code", "5").end().sane().exits(5).prints("Incomplete")


@case("voready watch: with the programs themselves")
def real(bench):
    """No stand-ins but for the probe: what follows shows lines, and the last verdict is that of the end."""
    if b"--follow" not in bench.run("voready-analyze", "--completion").out or b"live" not in bench.run("voready-report", "--completion").out:
        raise Skipped("voready-analyze has no --follow here, or voready-report no live view")
    front = stand_in(bench, judge=None, show=None)
    watch(bench, front, "--count", "100", "--level", "-71").end().sane().exits(5).prints("Records: out/records.jsonl", "Incomplete")
    records(bench.path("out/records.jsonl"), complete=True)


@case("voready watch rtp: a capture")
def rtp(bench):
    if b"--follow" not in bench.run("voready-analyze", "--completion").out:
        raise Skipped("voready-analyze has no --follow here")
    sample = ROOT / "samples" / "captures" / "bad-call.pcap.gz"
    bench.run(FRONT, "watch", "--out", "out", "rtp", sample).exits(3).prints("Not ready: media.jitter")
    records(bench.path("out/records.jsonl"), complete=True)
