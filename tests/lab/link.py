#!/usr/bin/env python3
"""link.py LINK.jsonl COUNTS.json CHANNELS.jsonl: what voready-wlan link and channels wrote, against what the medium did."""
import json
import math
import sys

bad = 0


def check(name, good, seen=""):
    global bad
    bad += not good
    print("ok  " if good else "FAIL", name, seen)


def records(path):
    return [json.loads(line) for line in open(path)]


link, counts, channels = records(sys.argv[1]), json.load(open(sys.argv[2])), records(sys.argv[3])
check("the run is complete", link[-1]["record"] == "end" and link[-1]["complete"])
told = {}  # the last observation of each
for record in link:
    if record["record"] == "observation":
        told[record["subject"]["id"]] = record
first, second = (told["wlan1 02:00:00:00:0%d:00" % radio] for radio in (0, 2))
metrics = first["metrics"]
pair = {(p["from"], p["to"]): p for p in counts["pairs"]}[1, 0]
print("    medium", pair)
print("    link  ", metrics)
for name, expected, seen, of in (
        ("PER", pair["failed"] / pair["frames"], metrics["wlan_per_percent"] / 100, pair["frames"]),
        ("retries", 1 - pair["frames"] / pair["attempts"], metrics["wlan_retry_percent"] / 100, pair["attempts"])):
    sigma = math.sqrt(expected * (1 - expected) / of)
    check(f"{name} is the medium's within four deviations", abs(seen - expected) < 4 * sigma, f"{seen:.4f}, {expected:.4f} +- {sigma:.4f}")
check("lost attempts are the share that was set", abs(pair["lost"] / pair["attempts"] - 0.75) < 4 * math.sqrt(0.75 * 0.25 / pair["attempts"]))
check("failed frames are the medium's", abs(metrics["wlan_undelivered_frames"] - pair["failed"]) <= 2, (metrics["wlan_undelivered_frames"], pair["failed"]))
check("sent frames are the medium's", abs(metrics["wlan_sent_frames"] - pair["frames"]) <= 0.01 * pair["frames"] + 5)
check("attempts are frames and repetitions", metrics["wlan_attempts"] == metrics["wlan_sent_frames"] + metrics["wlan_retry_frames"])
check("the signal is the one that was set", metrics["wlan_signal_dbm"] == metrics["wlan_signal_min_dbm"] == -58)
check("so is the beacons'", abs(metrics["wlan_beacon_signal_dbm"] + 58) <= 1)
check("noise and SNR are those of hwsim's survey", metrics["wlan_noise_dbm"] == -92 and metrics["wlan_snr_db"] == 34)
check("no roam to the first, no reset", metrics["wlan_roams"] == 0 and metrics["wlan_counter_resets"] == 0)
metrics = second["metrics"]
check("the second access point was roamed to: its counters are others", metrics["wlan_roams"] == 1 and metrics["wlan_counter_resets"] == 1)
check("nothing was lost there", metrics["wlan_undelivered_frames"] == 0 and metrics["wlan_per_percent"] == 0)
check("its smallest and mean signal", metrics["wlan_signal_min_dbm"] == -71 and -71 < metrics["wlan_signal_dbm"] < -63, metrics["wlan_signal_dbm"])
check("labels", second["subject"]["frequency_mhz"] == 2437 and second["subject"]["ssid"] == "voice" and second["subject"]["direction"] == "to_ap" and
      second["subject"]["tx_phy"] == "ht")
back = told["wlan1 02:00:00:00:00:00 from_ap"]
check("of the way back nothing is known, and that is said", "wlan_per_percent" in back["missing"] and not back.get("metrics"))

series = [r for r in link if r["record"] == "series" and r["subject"]["id"] == "wlan1 02:00:00:00:00:00"]
total = sum(v or 0 for s in series for v in s["columns"]["wlan_undelivered_frames"])
check("the steps add up to the sum", total == first["metrics"]["wlan_undelivered_frames"], total)
check("steps of a second", all(s["step_s"] == 1 for s in series))

by_mhz = {}
for record in channels:
    if record["record"] == "observation":
        by_mhz[record["subject"]["frequency_mhz"]] = record
measured = [r for r in by_mhz.values() if "wlan_busy_percent" in r.get("metrics", {})]
check("scanned channels are measured, and no others", measured and {r["subject"]["frequency_mhz"] for r in measured} <= {2412, 2437, 5180}, f"{len(measured)} of {len(by_mhz)}")
# whole milliseconds, rounded down: an eighth of 110 is 13
check("busy is an eighth of the time", all(11.5 <= r["metrics"]["wlan_busy_percent"] <= 12.5 for r in measured),
      sorted({round(r["metrics"]["wlan_busy_percent"], 2) for r in measured}))
check("noise is -92", all(r["metrics"]["wlan_noise_dbm"] == -92 for r in measured))
check("what is not measured has its reason", all("wlan_busy_percent" in r["missing"] for r in by_mhz.values() if r not in measured))
check("none of them is judged: the station was nowhere", all(r["subject"]["judged"] == "no" and r["subject"]["in_use"] == "no" for r in by_mhz.values()))
sys.exit(bad)
