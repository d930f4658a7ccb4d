"""voready: the front command, and what it says when one of its stages cannot do its work."""
import os
import pathlib
import signal
import time

import captures
from harness import BUILD, ROOT, Skipped, case, need, records

FRONT = "voready"


@case("voready: no command, unknown command")
def commands(bench):
    bench.run(FRONT).exits(2)
    bench.run(FRONT, "asess").exits(2).says("'asess'", "did you mean 'assess'", "voready -h")
    bench.run(FRONT, "zzzzzz").exits(2).says("'zzzzzz'", "voready -h")
    bench.run(FRONT, "-x").exits(2).says("'-x'", "voready -h")
    bench.run(FRONT, "-h").exits(0).silent().prints("assess", "doctor")
    bench.run(FRONT, "rtp").exits(2).says("no capture is named")
    bench.run(FRONT, "report", "--format", "pdf", "x").exits(2).says("pdf")


@case("voready assess: wrong words")
def assess_usage(bench):
    bench.file("call.pcap", captures.call_pcap())
    bench.run(FRONT, "assess").exits(2).says("--capture")
    bench.run(FRONT, "assess", "--capture").exits(2).says("--capture needs a value")
    bench.run(FRONT, "assess", "--captrue", "call.pcap").exits(2).says("did you mean --capture")
    bench.run(FRONT, "assess", "--capture", "none.pcap", "--out", "out").exits(1).says("none.pcap", "No such file")
    bench.run(FRONT, "assess", "--capture", "call.pcap", "--near", "me", "--out", "out").exits(2).says("--near", "'me'")
    bench.run(FRONT, "assess", "--capture", "call.pcap", "--position", "here", "--out", "out").exits(2).says("here")
    bench.run(FRONT, "assess", "--capture", "call.pcap", "--profile", "voise", "--out", "out").exits(2).says("did you mean 'voice'")


@case("voready assess: folder that cannot be made or written")
def assess_out(bench):
    bench.file("call.pcap", captures.call_pcap())
    bench.file("file", "x")
    for out in ("none/out", "file", "file/out", "/proc/out", "x" * 300, "y/" * 3000):
        bench.run(FRONT, "assess", "--capture", "call.pcap", "--out", out).exits(1, 2).says("--out")


@case("voready assess: rules that are missing")
def assess_rules(bench):
    bench.file("call.pcap", captures.call_pcap())
    bench.run(FRONT, "assess", "--capture", "call.pcap", "--rules", "none.json", "--out", "out").exits(2).says("none.json")
    # Programs without the data that belongs to them
    for program in ("voready", "voready-rtp", "voready-analyze", "voready-report"):
        bench.path("bin").mkdir(exist_ok=True)
        os.link(BUILD / program, bench.path("bin") / program) if os.stat(BUILD).st_dev == os.stat(bench.folder).st_dev else \
            (bench.path("bin") / program).write_bytes((BUILD / program).read_bytes())
        (bench.path("bin") / program).chmod(0o755)
    lonely = str(bench.path("bin") / "voready")
    bench.run(lonely, "assess", "--capture", "call.pcap", "--out", "out").exits(1).says("openscape-mobile", "make install")
    (bench.path("bin") / "voready-rtp").unlink()
    bench.run(lonely, "rtp", "call.pcap", env={"PATH": "/nonexistent"}).exits(1).says("voready-rtp", "No such file")


def child_of(pid):
    for _ in range(100):
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.05)
    raise Skipped("cannot see the probe: no /proc/PID/task/PID/children here")


def waiting_assessment(bench):
    """An assessment whose probe waits on a pipe after a whole call; its end of writing must stay open."""
    os.mkfifo(bench.path("pipe"))
    running = bench.start(FRONT, "assess", "--capture", "pipe", "--out", "out")
    with_pipe = os.open(bench.path("pipe"), os.O_WRONLY)
    os.write(with_pipe, captures.call_pcap()[:40_000])
    time.sleep(0.5)
    return running, with_pipe


@case("voready assess: the probe is killed")
def assess_killed(bench):
    running, pipe = waiting_assessment(bench)
    os.kill(child_of(running.process.pid), signal.SIGKILL)
    running.end().sane().exits(1).says("voready-rtp", "signal 9")
    os.close(pipe)


@case("voready assess: SIGINT and SIGTERM")
def assess_interrupted(bench):
    for number in (signal.SIGINT, signal.SIGTERM):
        running, pipe = waiting_assessment(bench)
        running.signal(number)
        running.end().sane().exits(5).prints("Report: out/report.html")
        os.close(pipe)
        records(bench.path("out") / "records.jsonl", complete=False)
        os.unlink(bench.path("pipe"))


@case("voready assess: the terminal is gone")
def assess_full(bench):
    bench.file("call.pcap", captures.call_pcap())
    with open("/dev/full", "wb") as full:
        bench.run(FRONT, "assess", "--capture", "call.pcap", "--out", "out", stdout=full).exits(1).says("No space left")


def sample_case(name, *codes):
    @case(f"voready assess: sample {name}")
    def assess(bench):
        found = sorted((ROOT / "samples" / "captures").glob(f"{name}*.pcap*"))
        if not found:
            raise Skipped("the sample is not there")
        bench.run(FRONT, "assess", "--capture", found[0], "--out", "out").exits(*codes)
        for made in ("records.jsonl", "verdict.json", "report.html"):
            need((bench.path("out") / made).stat().st_size > 0, f"{made} is empty")


sample_case("good-call", 0, 4)
sample_case("bad-call", 3)
