"""voready-analyze --follow: records that come bit by bit; --ssid: which WLAN is judged."""
import importlib.util
import json
import os
import select
import signal
import subprocess
import time

from harness import ROOT, RULES, Result, case, need

ANALYZE = "voready-analyze"
MAKE = ROOT / "tests" / "golden" / "survey" / "make.py"


def survey():
    """The lines of the golden test's walk."""
    spec = importlib.util.spec_from_file_location("survey", MAKE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [json.dumps(line).encode() + b"\n" for line in module.walk()]


def follow(bench, *arguments, **how):
    return bench.start(ANALYZE, "-r", RULES, "-p", "voice", "-a", "air", "--follow", *arguments, stdin=subprocess.PIPE, **how)


def write(running, content):
    running.process.stdin.write(content)
    running.process.stdin.flush()


def verdicts(out):
    """Each verdict is one line of JSON."""
    return [json.loads(line) for line in out.splitlines()]


def line_within(running, seconds):
    """A line of standard output, read byte by byte so that nothing behind it is lost; None if none comes."""
    line, until = b"", time.monotonic() + seconds
    while not line.endswith(b"\n"):
        if not select.select([running.process.stdout], [], [], max(0, until - time.monotonic()))[0]:
            return None
        byte = os.read(running.process.stdout.fileno(), 1)
        if not byte:
            return None
        line += byte
    return line


def finish(running):
    running.process.stdin.close()
    running.process.stdin = None
    return running.end().sane()


@case("follow: a verdict while records come")
def while_open(bench):
    lines = survey()
    running = follow(bench, "-")
    content = b"".join(lines[:20])
    for begin in range(0, len(content), 700):  # in pieces, wherever they are cut
        write(running, content[begin:begin + 700])
        time.sleep(0.01)
    first = line_within(running, 3)
    need(first, "no verdict came within 3 s")
    found = json.loads(first)
    need(found["runs"][0]["running"] is True and found["runs"][0]["complete"] is False, f"the run is {found['runs'][0]}")
    need(found["runs"][0]["why"] == "it is still running", f"why: {found['runs'][0]['why']}")
    need(not any("cut short" in r["reason"] for r in found["results"]), "a running run counts as cut")
    places = [d.get("place") for d in found["derived"] if d["subject"]["kind"] == "cell"]
    need(places[:1] == ["Lobby"], f"derived are the cells of {places}")
    need(line_within(running, 1.6) is None, "a verdict although nothing came")
    write(running, b"".join(lines[20:]))
    ended = finish(running).exits(3)
    last = verdicts(ended.out)[-1]
    need(last["runs"][0]["complete"] is True and "running" not in last["runs"][0], f"the run is {last['runs'][0]}")
    need(len([d for d in last["derived"] if d["subject"]["kind"] == "cell"]) == 5, "not all cells are there")


@case("follow: at most one verdict a second")
def pace(bench):
    lines = survey()
    running = follow(bench)
    began = time.monotonic()
    for line in lines:
        write(running, line)
        time.sleep(3 / len(lines))
    ended = finish(running).exits(3)
    seconds = time.monotonic() - began
    found = verdicts(ended.out)
    need(2 <= len(found) <= seconds + 1, f"{len(found)} verdicts in {seconds:.1f} s")


@case("follow: the end of input, with and without records")
def ends(bench):
    lines = survey()
    running = follow(bench, "-")
    found = verdicts(finish(running).exits(5).out)
    need(len(found) == 1 and found[0]["verdict"] == "incomplete", f"{len(found)} verdicts of no records")
    running = follow(bench, "-")
    write(running, b"".join(lines[:-1]))  # without its end the run was cut
    found = verdicts(finish(running).exits(5).out)
    need("cut" in found[-1]["runs"][0]["why"], f"why: {found[-1]['runs'][0]['why']}")
    running = follow(bench, "-")
    write(running, b"".join(lines)[:-40])  # cut within a line
    need(verdicts(finish(running).exits(5).out)[-1]["verdict"] == "incomplete", "a cut line counts as an end")


@case("follow: a line that is no record")
def broken(bench):
    """It is named, the exit is 1, and the verdict on what came before it stands."""
    lines = survey()
    for bad in (b"{\"record\":]\n", b"no JSON\n", b"\x00\xff\x00\n", b"[1]\n", b'{"record":"observation","run":"x","n":0}\n',
                lines[0], b'{"record":"observation","run":"x","n":2,"subject":{"kind":"bss"}}\n'):
        running = follow(bench, "-o", "verdict.json", "-")
        write(running, b"".join(lines[:20]) + bad)
        running.process.wait(10)
        result = Result(running.command, running.process.returncode, b"", running.process.stderr.read(), 0).sane()
        running.process.stdin.close()
        result.exits(1).says("standard input:21:")
        found = json.loads(bench.path("verdict.json").read_text())
        need(any(d.get("place") == "Lobby" for d in found["derived"]), "what came before the bad line is not judged")
        need(not any("cut short" in r["reason"] for r in found["results"]), "the run counts as cut")
        bench.path("verdict.json").unlink()


def interrupted(name, number):
    @case(f"follow: {name}")
    def stop(bench):
        """A final verdict of what came; a probe that ends its run at the same signal has ended it."""
        lines = survey()
        for whole in (False, True):
            running = follow(bench, "-")
            write(running, b"".join(lines[:-1]))
            time.sleep(0.3)
            running.signal(number)
            time.sleep(0.2)
            if whole:
                write(running, lines[-1])
            began = time.monotonic()
            ended = running.end()
            need(time.monotonic() - began < 3, "it took more than 3 s to obey")
            ended.sane().exits(3 if whole else 5)
            last = verdicts(ended.out)[-1]
            need(last["runs"][0]["complete"] is whole, f"the run is {last['runs'][0]}")

    @case(f"follow: {name} twice ends at once")
    def twice(bench):
        running = follow(bench, "-")
        write(running, b"".join(survey()[:-1]))
        time.sleep(0.3)
        began = time.monotonic()
        running.signal(number)
        time.sleep(0.1)
        running.signal(number)
        running.end().sane().exits(5)
        need(time.monotonic() - began < 0.9, "it waited although it was told twice")


interrupted("SIGINT", signal.SIGINT)
interrupted("SIGTERM", signal.SIGTERM)


@case("follow: a verdict file is whole at every moment")
def replaced(bench):
    lines = survey()
    bench.file("verdict.json", "{}")
    running = follow(bench, "-o", "verdict.json", "-")
    inodes, until = set(), time.monotonic() + 3.5
    while time.monotonic() < until:
        write(running, lines.pop(0) if len(lines) > 1 else b"\n")
        with open(bench.path("verdict.json")) as file:
            inodes.add(os.fstat(file.fileno()).st_ino)
            json.load(file)
        time.sleep(0.02)
    write(running, lines[-1])
    finish(running).exits(3).silent()
    need(len(inodes) > 1, "the file is never replaced")
    need(not bench.path("verdict.json.new").exists(), "a file is left beside it")


@case("follow: output that cannot be written")
def unwritable(bench):
    for arguments, words in ((("-o", "none/verdict.json"), ("none/verdict.json", "No such file")),
                             (("-o", "/dev/full"), ("/dev/full", "No space left"))):
        running = follow(bench, *arguments, "-")
        write(running, b"".join(survey()))
        finish(running).exits(1).says(*words)
    # whoever reads the verdicts has gone
    running = follow(bench, "-")
    running.process.stdout.close()
    running.process.stdout = None
    write(running, b"".join(survey()))
    finish(running).exits(1).says("the program that reads it has ended")


@case("follow: wrong use")
def usage(bench):
    bench.run(ANALYZE, "-r", RULES, "-p", "voice", "--follow", "records.jsonl").exits(2).says("--follow", "no file but -")
    bench.run(ANALYZE, "-r", RULES, "-p", "voice", "--follow", "-", "-").exits(2).says("--follow", "no file but -")


def judge(bench, *arguments, code=None):
    result = bench.run(ANALYZE, "-r", RULES, "-p", "voice", "-a", "air", "-o", "verdict.json", *arguments, "survey.jsonl")
    result.exits(*([code] if code is not None else (0, 3, 4, 5)))
    return json.loads(bench.path("verdict.json").read_text())


def cells(found):
    """The SSIDs whose cells are judged."""
    return sorted({r["subject"]["ssid"] for r in found["results"]
                   if r["subject"] and r["subject"]["kind"] == "cell" and r["status"] != "informational"})


@case("ssid: which WLAN is judged")
def ssids(bench):
    bench.file("survey.jsonl", b"".join(survey()))
    need(cells(judge(bench)) == ["voice"], "the records' own SSID is not judged")
    found = judge(bench, "--ssid", "guest")
    need(cells(found) == ["guest"], f"judged are {cells(found)}")
    judged = {r["subject"]["ssid"] for r in found["results"] if r["rule"] == "air.wmm" and r["status"] != "informational"}
    need(judged == {"guest"}, f"air.wmm judges {judged}")
    need(cells(judge(bench, "--ssid", "guest", "--ssid=voice")) == ["guest", "voice"], "two SSIDs are not both judged")
    found = judge(bench, "--ssid", "nowhere", code=3)
    states = {d["states"].get("wlan_coverage") for d in found["derived"] if d["subject"]["kind"] == "cell"}
    need(states == {"not_heard"}, f"an SSID that is nowhere is {states}")


@case("ssid: those of the site file, and none at all")
def site_ssids(bench):
    lines = [json.loads(line) for line in survey()]
    for line in lines:  # as a capture has it: nobody told which
        if line.get("subject", {}).get("kind") == "bss":
            line["subject"].pop("ssid_told_by", None)
            line["subject"]["judged"] = "no"
    bench.file("survey.jsonl", "".join(json.dumps(line) + "\n" for line in lines if line.get("subject", {}).get("kind") != "cell"))
    found = judge(bench)
    reasons = {r["reason"] for r in found["results"] if r["rule"] == "air.coverage"}
    need(reasons == {"which WLAN is surveyed is not told: give --ssid NAME"}, f"reasons: {reasons}")
    bench.file("site.json", json.dumps({"name": "HQ", "mode": "voice", "ssids": ["guest"], "calls": {"per_ap": 12}}))
    found = judge(bench, "--site", "site.json")
    need(cells(found) == ["guest"], f"judged are {cells(found)}")
    need({r["limit_text"] for r in found["results"] if r["rule"] == "air.capacity"} == {"at least 12"}, "the planned calls are no limit")
    need(cells(judge(bench, "--site", "site.json", "--ssid", "voice")) == ["voice"], "--ssid does not stand above the site file")


@case("ssid: names that are none")
def no_ssids(bench):
    bench.file("survey.jsonl", b"".join(survey()))
    for name in ("", "x" * 200, "a\nb"):
        bench.run(ANALYZE, "-r", RULES, "-p", "voice", "--ssid", name, "survey.jsonl").exits(2).says("--ssid")


@case("survey: absurd records")
def absurd(bench):
    """Numbers, labels and places that no survey has: judged or refused, never a crash, and nothing passes by them."""
    run = {"record": "run", "run": "r", "n": 1, "format": 1, "probe": "p", "started": "2026-11-22T10:00:00Z"}
    end = {"record": "end", "run": "r", "n": 99, "complete": True}
    sound = {"kind": "bss", "id": "02:00:00:00:00:01", "visit": 1, "ssid": "voice", "ssid_told_by": "option", "frequency_mhz": 5180,
             "width_mhz": 20, "center_mhz": 5180}
    for subject in ({}, {"visit": -1}, {"visit": 1e300}, {"visit": "x"}, {"frequency_mhz": -5}, {"width_mhz": 1e9}, {"ap": 7},
                    {"ap": ""}, {"ssid": ""}, {"ssid": 7}, {"center_mhz": 65535, "width_mhz": 320, "punctured": 65535}):
        for level in (None, "x", 0, 1, -1e308, 1e308, -200, [], {}, True):
            for frames in (None, -1, 0, 0.5, 1e308, "x"):
                observation = {"record": "observation", "run": "r", "n": 2, "place": "Hall", "subject": sound | subject,
                               "metrics": {"wlan_signal_dbm": level, "wlan_signal_frames": frames, "wlan_scans": frames}}
                bench.file("survey.jsonl", "".join(json.dumps(r) + "\n" for r in (run, observation, end)))
                for arguments in ((), ("--ssid", "voice")):
                    found = judge(bench, *arguments)
                    passed = [r["rule"] for r in found["results"] if r["rule"] == "air.signal" and r["status"] == "pass"]
                    need(not passed, f"{subject} {level} {frames}: passed")
                if subject:
                    break
            if subject:
                break


@case("survey: places without number, and of any length")
def many_places(bench):
    def observation(n, place):
        return json.dumps({"record": "observation", "run": "r", "n": n, "place": place, "metrics": {"wlan_signal_dbm": -60},
                           "subject": {"kind": "bss", "id": "b", "visit": n, "ssid": "voice", "ssid_told_by": "option"}}) + "\n"
    run = '{"record":"run","run":"r","n":1,"format":1,"probe":"p"}\n'
    end = '{"record":"end","run":"r","n":999999,"complete":true}\n'
    with open(bench.path("survey.jsonl"), "w") as file:
        file.write(run)
        file.writelines(observation(i, f"Place {i}") for i in range(2, 100_002))
        file.write(end)
    began = time.monotonic()
    found = judge(bench, code=5)
    need(time.monotonic() - began < 10, "it takes longer than 10 s")
    need(len(found["derived"]) < 10, f"{len(found['derived'])} derived observations")
    need(any("more than 20000 cells" in r["reason"] for r in found["results"]), "it is not said that there are too many")
    names = ["ä" * 5000, "x" * 10_000, "", " ", "\n", "/" * 100, "\U0001f600" * 2500]
    bench.file("survey.jsonl", run + "".join(observation(i, name) for i, name in enumerate(names, 2)) + end)
    found = judge(bench)
    cells_found = [d.get("place") for d in found["derived"] if d["subject"]["kind"] == "cell"]
    need(len(cells_found) >= len(names) - 1, f"{len(cells_found)} of {len(names)} places")
