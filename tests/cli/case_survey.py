"""voready-wlan scan, walk, calibrate: what is refused before a radio is looked for, and the file of calibrations."""
import json
import subprocess

from harness import case, need

PROBE = "voready-wlan"
ROW = {"adapter": "iwlwifi a4:b1:c1:00:00:01", "phone": "Model X", "offset_db": -3.2, "uncertainty_db": 1.4, "spread_db": 1.1,
       "readings": 5, "made": "2026-11-22T10:00:00Z"}


def usage_case(name, arguments, *words):
    @case(f"survey: {name}")
    def refuse(bench):
        bench.run(PROBE, *arguments, stdin=subprocess.DEVNULL).exits(2).says(*words)
        need(not bench.path("out.jsonl").exists(), "a record file was made although nothing was measured")


usage_case("rounds and a duration", ["scan", "-o", "out.jsonl", "--rounds", "3", "-d", "10"], "--rounds and --duration")
usage_case("active and passive", ["scan", "-o", "out.jsonl", "--active", "--passive"], "exclude each other")
usage_case("an SSID that is too long", ["scan", "-o", "out.jsonl", "--ssid", "x" * 33], "32 bytes")
usage_case("an SSID of nothing", ["walk", "-o", "out.jsonl", "--ssid", ""], "not empty")
usage_case("an operand", ["scan", "-o", "out.jsonl", "wlan0"], "'wlan0' is no option", "scan -h")
usage_case("two places at once", ["walk", "-o", "out.jsonl", "--place", "A", "--place", "B"], "'A'", "'B'", "standard input")
usage_case("a place without a name", ["walk", "-o", "out.jsonl", "--place", ""], "not empty")
usage_case("no phone", ["calibrate"], "--phone MODEL")
usage_case("a reading that is none", ["calibrate", "--phone", "X", "--reading", "02:00:00:00:01:00=61"], "BSSID=DBM")
usage_case("rounds that are none", ["walk", "--rounds", "0"], "--rounds 0")


def bad_file_case(name, text, *words):
    @case(f"survey: calibrations, {name}")
    def refuse(bench):
        bench.file("c.json", text.encode())
        bench.run(PROBE, "calibrate", "--list", "--calibrations", "c.json").exits(1).says("c.json", *words)


bad_file_case("no JSON", "{", "line 1")
bad_file_case("an unknown key", json.dumps({"format": 1, "calibrations": [dict(ROW, offset=3)]}), '"offset" is not known')
bad_file_case("a word for a number", json.dumps({"format": 1, "calibrations": [dict(ROW, offset_db="-3")]}), '"offset_db" is not a number')
bad_file_case("one pair twice", json.dumps({"format": 1, "calibrations": [ROW, ROW]}), "calibration 2")


@case("survey: calibrations are listed")
def listed(bench):
    bench.file("c.json", json.dumps({"format": 1, "calibrations": [ROW, dict(ROW, phone="Y", readings=1, offset_db=2)]}).encode())
    result = bench.run(PROBE, "calibrate", "--list", "--calibrations", "c.json").exits(0)
    out = result.out.decode()
    need("Model X beside iwlwifi a4:b1:c1:00:00:01: -3.2 dB +- 1.4 dB, spread 1.1 dB, 5 readings" in out, f"it lists {out!r}")
    need("Y beside" in out and "+2.0 dB" in out, f"it lists {out!r}")


@case("survey: no calibrations yet")
def none_yet(bench):
    bench.run(PROBE, "calibrate", "--list", "--calibrations", "none.json").exits(0).says("none.json")
