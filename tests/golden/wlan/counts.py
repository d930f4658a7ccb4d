#!/usr/bin/env python3
"""voready-wlan read against tshark: what both count of a capture.

    counts.py [FILE|FOLDER]...   default: ../shared/captures/wlan, where it exists, and captures made here

Beacons of each BSS, frames with the retry bit, frames with a bad FCS; the mean signal of each BSS in mW, its least value and its
number of readings, and the mean load that its beacons announce, made here from tshark's fields. tests/bench/wlan makes one of the captures: it has damaged frames, and knows how
many; made.py makes the others, and what it says of a frame comes before what tshark says. Frames that the receiver marked as damaged,
and those that tshark cannot read either, count for neither. Of the first one also the RTP streams in unencrypted frames: packets,
numbers expected and jitter, from tshark's fields, a frame that was repeated once. TOOLS and BUILD tell where the program is.
"""
import glob
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

import made

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
PROGRAM = os.path.join(ROOT, os.environ.get("BUILD", "build"), "voready-wlan")
CAPTURES = os.path.join(ROOT, "..", "shared", "captures", "wlan")
BEACON, PROBE_RESPONSE = 8, 5
RADIOTAP = "23"  # wiretap's number
FIELDS = ["wlan.fc.type_subtype", "wlan.bssid", "wlan.fc.retry", "radiotap.flags.badfcs", "radiotap.dbm_antsignal", "wlan.fc.version",
          "ppi.80211-common.flags.fcs-invalid", "wlan_radio.signal_dbm", "frame.encap_type", "wlan.qbss.version", "wlan.qbss.cu"]
# Unmarked damage is found by what was heard before, not frame by frame
NOT_COUNTED = {"made-damaged.pcap"}


def mean_of(levels):
    return 10 * math.log10(sum(10 ** (dbm / 10) for dbm in levels) / len(levels))


def ours(path):
    """The BSSs, by BSSID the records of each interface that heard it, the channels, and the capture."""
    out = subprocess.run([PROGRAM, "read", "-q", "-o", "-", path], stdout=subprocess.PIPE, check=True).stdout
    bsses, channels, capture = defaultdict(list), [], None
    for line in out.splitlines():
        record = json.loads(line)
        if record["record"] != "observation":
            continue
        if record["subject"]["kind"] == "bss":
            bsses[record["subject"]["id"]].append(record)
        if record["subject"]["kind"] == "channel":
            channels.append(record)
        if record["subject"]["kind"] == "capture":
            capture = record
    return bsses, channels, capture


def theirs(path, truth):
    command = ["tshark", "-r", path, "-o", "wlan.check_checksum:FALSE", "-o", "ppi.reassemble:FALSE", "-T", "fields"]
    for field in FIELDS:
        command += ["-e", field]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
    beacons, retries, damaged, signals, loads = Counter(), 0, 0, defaultdict(list), defaultdict(list)
    loaded = set()
    for number, line in enumerate(out.splitlines()):
        columns = [column.split(",") for column in (line.split("\t") + [""] * len(FIELDS))[:len(FIELDS)]]
        kind, bssid, retry, bad, signal, version, bad_ppi, of_radio, encapsulation = (column[0] for column in columns[:9])
        said = truth[number] if truth else {}
        if encapsulation != RADIOTAP:  # of which wlan_radio has the last antenna's
            signal = of_radio
        bad = "1" if bad_ppi == "1" else bad
        kind, retry, bad = said.get("kind", kind) or "", said.get("retry", retry), said.get("bad_fcs", bad)
        if bad == "1":
            damaged += 1
            continue
        if not kind or version not in ("", "0"):
            continue
        retries += retry == "1"
        if int(kind, 0) == BEACON:
            beacons[bssid] += 1
        of_frame = {element: int(used, 0) for element, used in reversed(list(zip(*columns[9:11]))) if element}  # the first counts
        if of_frame and (int(kind, 0) == BEACON or int(kind, 0) == PROBE_RESPONSE and bssid not in loaded):
            loads[bssid].append(of_frame)
        if of_frame and int(kind, 0) == BEACON:  # then responses no longer do
            loaded.add(bssid)
        if int(kind, 0) in (BEACON, PROBE_RESPONSE) and signal and bssid:
            dbm = int(signal)
            if -128 < dbm < 0:
                signals[bssid].append(dbm)
    return beacons, retries, damaged, signals, loads


def streams_of(path):
    """By SSRC: packets, expected, largest jitter in ms (RFC 3550 A.8); as tshark dissects, and made here of what it tells."""
    fields = ["wlan.ta", "wlan.ra", "wlan.qos.tid", "wlan.seq", "wlan.fc.retry", "rtp.ssrc", "rtp.seq", "rtp.timestamp", "frame.time_epoch"]
    command = ["tshark", "-r", path, "-d", "udp.port==16384,rtp", "-Y", "rtp && radiotap.flags.badfcs == 0", "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
    heard, packets = set(), defaultdict(list)
    for line in out.splitlines():
        *frame, retry, ssrc, number, timestamp, time = line.split("\t")
        if retry == "1" and tuple(frame) in heard:
            continue
        heard.add(tuple(frame))
        packets[int(ssrc, 0)].append((int(number), int(timestamp), round(float(time) * 1e6)))
    found = {}
    for ssrc, rows in packets.items():
        jitter = most = 0
        for before, row in zip(rows, rows[1:]):
            jitter += (abs((row[2] - before[2]) / 1e3 - (row[1] - before[1]) / 8) - jitter) / 16
            most = max(most, jitter)
        found[ssrc] = (len(rows), rows[-1][0] - rows[0][0] + 1, most)
    return found


def compare_streams(path):
    theirs_of = streams_of(path)
    out = subprocess.run([PROGRAM, "read", "-q", "-o", "-", path], stdout=subprocess.PIPE, check=True).stdout
    faults, found = [], 0
    for record in map(json.loads, out.splitlines()):
        if record["record"] != "observation" or record["subject"]["kind"] != "rtp_stream":
            continue
        found += 1
        name, metrics = record["subject"]["id"], record["metrics"]
        packets, expected, jitter = theirs_of.pop(int(name.split("#")[1].split("@")[0], 16), (0, 0, 0))
        for what, mine, other in (("packets", metrics["rtp_packets"], packets), ("expected", metrics["rtp_expected_packets"], expected),
                                  ("duplicates", metrics["rtp_duplicate_packets"], 0)):
            if mine != other:
                faults.append(f"{name}: {what}: {mine}, tshark {other}")
        if abs(metrics["rtp_jitter_max_ms"] - jitter) > 0.001:
            faults.append(f"{name}: jitter {metrics['rtp_jitter_max_ms']}, tshark {jitter}")
    faults += [f"0x{ssrc:08x}: a stream that is not told" for ssrc in theirs_of]
    return faults, found


def compare(path, truth=None):
    bsses, channels, capture = ours(path)
    beacons, retries, damaged, signals, loads = theirs(path, truth)
    name, faults = os.path.basename(path), []

    def same(what, mine, other):
        if mine != other:
            faults.append(f"{name}: {what}: {mine}, tshark {other}")

    metrics = capture["metrics"]
    same("beacons", metrics["wlan_beacons"], sum(beacons.values()))
    same("retries", metrics["wlan_retry_frames"], retries)
    same("bad FCS", metrics["wlan_fcs_error_frames"], damaged)
    for metric, other in (("wlan_retry_frames", retries), ("wlan_fcs_error_frames", damaged)):
        same(f"{metric} of all channels", sum(record["metrics"][metric] for record in channels), other)
    for bssid, records in bsses.items():
        of = [record["metrics"] for record in records]
        same(f"beacons of {bssid}", sum(metrics["wlan_beacons"] for metrics in of), beacons[bssid])
        for element, full, metric in (("2", 255, "wlan_utilization_percent"), ("1", 100, "wlan_utilization_v1_percent")):
            used = [of_frame[element] for of_frame in loads[bssid] if element in of_frame]
            if len(of) == 1 and (used or metric in of[0]):
                same(f"{metric} of {bssid}", round(of[0].get(metric, -1), 3), round(100 * sum(used) / len(used) / full, 3) if used else -1)
                if element == "2":
                    same(f"frames with load of {bssid}", of[0]["wlan_load_frames"], len(used))
        if any("heard_off_channel" in record["subject"] for record in records):
            continue
        levels = signals[bssid]
        same(f"signals of {bssid}", sum(metrics["wlan_signal_frames"] for metrics in of), len(levels))
        if levels and any("wlan_signal_dbm" in metrics for metrics in of):
            mine = [metrics for metrics in of if "wlan_signal_dbm" in metrics]
            count = sum(metrics["wlan_signal_frames"] for metrics in mine)
            mean = 10 * math.log10(sum(10 ** (metrics["wlan_signal_dbm"] / 10) * metrics["wlan_signal_frames"] for metrics in mine) / count)
            same(f"least signal of {bssid}", min(metrics["wlan_signal_min_dbm"] for metrics in mine), min(levels))
            same(f"mean signal of {bssid}", round(mean, 3), round(mean_of(levels), 3))
    for bssid in set(beacons) - set(bsses):
        if bssid:
            faults.append(f"{name}: {bssid} is not told")
    return faults, sum(beacons.values()), retries, damaged


def main(arguments):
    paths = []
    for argument in arguments or [CAPTURES]:
        paths += sorted(glob.glob(os.path.join(argument, "*"))) if os.path.isdir(argument) else [argument] if os.path.exists(argument) else []
    with tempfile.TemporaryDirectory() as folder:
        bench = os.path.join(folder, "bench.pcap")
        subprocess.run([sys.executable, "-B", os.path.join(ROOT, "tests", "bench", "wlan"), bench], check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, BENCH_FRAMES="20000"))
        truths = {path: None for path in [*paths, bench]}
        if not arguments:
            truths.update((path, truth) for path, truth in made.write(folder).items() if os.path.basename(path) not in NOT_COUNTED)
        faults, totals = [], [0, 0, 0]
        for path, truth in truths.items():
            found, *counts = compare(path, truth)
            faults += found
            totals = [a + b for a, b in zip(totals, counts)]
        found, streams = compare_streams(bench)
        faults += found
    for fault in faults:
        print(fault)
    print(f"{len(truths)} captures, {totals[0]} beacons, {totals[1]} retries, {totals[2]} frames with a bad FCS, "
          f"{streams} RTP streams, {len(faults)} differences")
    if totals[2] == 0 or totals[0] == 0 or streams == 0:
        print("nothing was compared")
        return 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
