"""Allocations fail, one after the other: a message and the right exit code, never a crash, nothing lost in silence."""
import functools
import json
import os
import re
import subprocess
import sys
import threading

import captures
from harness import BUILD, ROOT, RULES, SANITIZED, Failed, Skipped, case, lines, need
from case_rtp import PROBE

building = threading.Lock()


@functools.cache
def build():
    library = BUILD / "tests" / "failmalloc.so"
    library.parent.mkdir(parents=True, exist_ok=True)
    source = ROOT / "tests" / "cli" / "failmalloc.c"
    command = [os.environ.get("CC", "cc"), "-std=c17", "-O1", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", library, source, "-ldl"]
    made = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if made.returncode != 0:
        raise Failed(f"failmalloc.c: {made.stderr}")
    return str(library)


def preload():
    if SANITIZED:
        raise Skipped("sanitizers bring their own allocator")
    with building:
        return build()


def which(total):
    """All of the first and the last hundred and fifty, in between ever sparser ones."""
    at = 1
    while at <= total:
        yield at
        at += 1 if at < 150 or at > total - 150 else max(1, at // 60)


def fail_each(bench, program, arguments, outputs, check, on=False, more=None, given=None):
    """Runs once without a failure, then with each. `check(result, reference)`: reference is the outputs of the first."""
    environment = dict(os.environ, LD_PRELOAD=preload(), **(more or {}))
    count = bench.path("count")
    def source():
        return {"stdin": bench.path(given).open("rb")} if given else {}
    reference = bench.run(program, *arguments, env=dict(environment, FAILMALLOC_COUNT=str(count)), **source())
    total = int(count.read_text())
    good = [bench.path(output).read_bytes() for output in outputs]
    need(total > 20, f"only {total} allocations were counted")
    for at in which(total):
        for output in outputs:
            if bench.path(output).exists():
                bench.path(output).unlink()
        extra = {"FAILMALLOC_ON": "1"} if on else {}
        result = bench.run(program, *arguments, env=dict(environment, FAILMALLOC_AT=str(at), **extra), sane=False, **source())
        try:
            check(result.sane(), reference, good)
        except Failed as error:
            raise Failed(f"allocation {at} of {total} fails: {error}") from None


def settled(content):
    """Records without what differs between two runs."""
    found, rest = lines(content)
    need(not rest, f"the last line is cut: {rest[:80]!r}")
    for record in found:
        for name in ("run", "started", "finished"):
            record.pop(name, None)
    return found


def check_records(bench):
    def check(result, reference, good):
        result.exits(0, 1, 5)
        path = bench.path("out.jsonl")
        found = settled(path.read_bytes()) if path.exists() else []
        if result.code:
            result.says("voready-rtp: ")
            need("memory" in result.err, f"it does not speak of memory: {result.err}")
            need(result.code != 5 or (found[-1]["record"] == "end" and found[-1]["complete"] is False),
                 "done in part, but the end does not say so")
            need(not found or found[-1]["record"] != "end" or not found[-1]["complete"], "failed, but the records claim to be complete")
        elif found != settled(good[0]):
            raise Failed("the records differ from the good ones, yet it exits 0: " + difference(found, settled(good[0])))
    return check


def difference(found, good):
    for a, b in zip(found, good):
        if a != b:
            return f"\n      {json.dumps(a)[:600]}\n      {json.dumps(b)[:600]}"
    return f"{len(found)} records of {len(good)}"


def other_invite(call, port):
    return captures.sip("INVITE sip:bob@example.com SIP/2.0", "CSeq: 1 INVITE", "Content-Type: application/sdp",
                        body=captures.sdp(captures.ALICE, port).replace(b"o=- 1 1", b"o=- %d 1" % port), call=call)


def call_over(bench):
    """A call over UDP and a message over TCP in fragments, so that each of the tables is filled."""
    frames = captures.call(seconds=3, lost={9, 10})
    message = other_invite("tcp@example.com", 30000)
    frames += [(captures.START + 5, captures.tcp(captures.ALICE, 5070, captures.BOB, 5060, 0, b"", flags=2)),
               (captures.START + 5, captures.tcp(captures.ALICE, 5070, captures.BOB, 5060, 1, message[:200])),
               (captures.START + 5, captures.tcp(captures.ALICE, 5070, captures.BOB, 5060, 301, message[300:])),
               (captures.START + 5, captures.tcp(captures.ALICE, 5070, captures.BOB, 5060, 201, message[200:300]))]
    datagram = captures.udp_segment(5060, 5060, other_invite("fragments@example.com", 32000))
    frames += [(captures.START + 6, captures.ip(captures.ALICE, captures.BOB, datagram[:400], identity=1, fragment=0x2000)),
               (captures.START + 6, captures.ip(captures.ALICE, captures.BOB, datagram[400:], identity=1, fragment=50))]
    bench.file("call.pcap", captures.pcap(frames))


def probe_case(name, *arguments, on=False):
    @case(f"memory: {name}")
    def fail(bench):
        call_over(bench)
        fail_each(bench, PROBE, ["-o", "out.jsonl", "--series", "1", *arguments, "call.pcap"], ["out.jsonl"],
                  check_records(bench), on)


probe_case("voready-rtp, one allocation fails")
probe_case("voready-rtp, all from one on fail", on=True)
probe_case("voready-rtp with a filter, one allocation fails", "-f", "ip")


@case("memory: voready-rtp to the screen, one allocation fails")
def table(bench):
    call_over(bench)

    def check(result, reference, good):
        result.exits(0, 1, 5)
        if result.code:
            result.says("memory")
        elif result.out != reference.out:
            raise Failed(f"the table differs, yet it exits 0:\n{result.out.decode()}")
    fail_each(bench, PROBE, ["--ladder", "call.pcap"], [], check)


def small_records(bench):
    call_over(bench)
    bench.run(PROBE, "-o", "call.jsonl", "call.pcap").exits(0)


def air(bench):
    """A survey, and a stream that lost packets while its link was weak."""
    subprocess.run([sys.executable, ROOT / "tests" / "golden" / "survey" / "make.py", bench.path("survey.jsonl")], check=True)
    start = {"start": "2026-11-22T10:00:00Z", "step_s": 5}
    rows = [{"record": "run", "format": 1, "probe": "p", "host": {"name": "h", "interface": "wlan0"}},
            {"record": "series", "subject": {"kind": "rtp_stream", "id": "s"}, **start, "columns": {"rtp_lost_packets": [0, 9, 0]}},
            {"record": "series", "subject": {"kind": "link", "id": "wlan0 aa"}, **start, "columns": {"wlan_signal_dbm": [-60, -80, -60]}},
            {"record": "end", "complete": True}]
    bench.file("air.jsonl", "".join(json.dumps({**row, "run": "air", "n": n}) + "\n" for n, row in enumerate(rows, 1)))


def judge(bench, on, prepare, *files):
    prepare(bench)

    def check(result, reference, good):
        result.exits(1, reference.code)
        if result.code == 1:
            result.says("memory")
            return
        found, whole = json.loads(bench.path("verdict.json").read_bytes()), json.loads(good[0])
        found.pop("created"), whole.pop("created")
        need(found == whole, "the verdict differs from the good one")
    arguments = ["--rules", RULES, "--profile", "voice", "-o", "verdict.json", *files]
    fail_each(bench, "voready-analyze", arguments, ["verdict.json"], check, on)


@case("memory: voready-analyze, one allocation fails")
def judge_one(bench):
    judge(bench, False, small_records, "call.jsonl")


@case("memory: voready-analyze, all from one on fail")
def judge_all(bench):
    judge(bench, True, small_records, "call.jsonl")


@case("memory: voready-analyze of a survey, one allocation fails")
def judge_air(bench):
    judge(bench, False, air, "survey.jsonl", "air.jsonl")


@case("memory: voready-analyze of a survey, all from one on fail")
def judge_air_all(bench):
    judge(bench, True, air, "survey.jsonl", "air.jsonl")


def shown(result):
    """Without the reason why there are no plots, which may well be the memory."""
    return re.sub(rb"<p>plots left out: [^<]*</p>", b"", result.out)


def report(bench, form, on=False, **environment):
    small_records(bench)
    bench.run("voready-analyze", "--rules", RULES, "--profile", "voice", "-o", "verdict.json", "call.jsonl").exits(0, 3, 4, 5)

    def check(result, reference, good):
        result.exits(0, 1)
        if result.code:
            result.says("memory")
        else:
            need(shown(result) == shown(reference), "the report differs from the good one, yet it exits 0")
    fail_each(bench, "voready-report", ["--format", form, "verdict.json", "call.jsonl"], [], check, on, environment)


for form in ("text", "csv", "junit", "json"):
    case(f"memory: voready-report {form}, one allocation fails")(functools.partial(report, form=form))
case("memory: voready-report text, all from one on fail")(functools.partial(report, form="text", on=True))
case("memory: voready-report html without plots, one allocation fails")(
    functools.partial(report, form="html", PATH="/nonexistent"))


def survey(bench, form, **environment):
    """The example of the air of the golden tests."""
    example = ROOT / "tests" / "golden" / "report" / "air"

    def check(result, reference, good):
        result.exits(0, 1)
        if result.code:
            result.says("memory")
        else:
            need(shown(result) == shown(reference), "the report differs from the good one, yet it exits 0")
    fail_each(bench, "voready-report", ["--format", form, example / "verdict.json", example / "records.jsonl"], [], check,
              more=environment)


for form in ("text", "json"):
    case(f"memory: voready-report {form} of a survey, one allocation fails")(functools.partial(survey, form=form))
case("memory: voready-report html of a survey, one allocation fails")(
    functools.partial(survey, form="html", PATH="/nonexistent"))


@case("memory: voready-report live, one allocation fails")
def live(bench):
    example = json.loads((ROOT / "tests" / "golden" / "report" / "air" / "verdict.json").read_text())
    first = dict(example, results=example["results"][:20])
    bench.file("lines", json.dumps(first) + "\n" + json.dumps(example) + "\n")

    def check(result, reference, good):
        result.exits(0, 1)
        if result.code:
            result.says("memory")
        else:
            need(result.out == reference.out, "the lines differ from the good ones, yet it exits 0")
    fail_each(bench, "voready-report", ["--format", "live"], [], check, given="lines")
