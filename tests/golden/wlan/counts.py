#!/usr/bin/env python3
"""voready-wlan read against tshark: what both count of a capture.

    counts.py [FILE|FOLDER]...   default: ../shared/captures/wlan, where it exists, and a capture made here

Beacons of each BSS, frames with the retry bit, frames with a bad FCS; the mean signal of each BSS in mW, its least value and its
number of readings, made here from tshark's fields. tests/bench/wlan makes the capture: it has damaged frames, and knows how many.
Frames that the receiver marked as damaged, and those that tshark cannot read either, count for neither. Of the capture made here also
the RTP streams in unencrypted frames: packets, numbers expected and jitter, from tshark's fields, a frame that was repeated once.
TOOLS and BUILD tell where the program is.
"""
import glob
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
PROGRAM = os.path.join(ROOT, os.environ.get("BUILD", "build"), "voready-wlan")
CAPTURES = os.path.join(ROOT, "..", "shared", "captures", "wlan")
BEACON, PROBE_RESPONSE = 8, 5


def ours(path):
    out = subprocess.run([PROGRAM, "read", "-q", "-o", "-", path], stdout=subprocess.PIPE, check=True).stdout
    bsses, capture = {}, None
    for line in out.splitlines():
        record = json.loads(line)
        if record["record"] != "observation":
            continue
        if record["subject"]["kind"] == "bss":
            bsses[record["subject"]["id"]] = record
        if record["subject"]["kind"] == "capture":
            capture = record
    return bsses, capture


def theirs(path):
    fields = ["wlan.fc.type_subtype", "wlan.bssid", "wlan.fc.retry", "radiotap.flags.badfcs", "radiotap.dbm_antsignal", "wlan.fc.version"]
    command = ["tshark", "-r", path, "-o", "wlan.check_checksum:FALSE", "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
    beacons, retries, damaged, signals = Counter(), 0, 0, defaultdict(list)
    for line in out.splitlines():
        kind, bssid, retry, bad, signal, version = (line.split("\t") + [""] * 6)[:6]
        if bad == "1":
            damaged += 1
            continue
        if not kind or version not in ("", "0"):
            continue
        retries += retry == "1"
        if int(kind, 0) == BEACON:
            beacons[bssid] += 1
        if int(kind, 0) in (BEACON, PROBE_RESPONSE) and signal:
            dbm = int(signal.split(",")[0])
            if -128 < dbm < 0:
                signals[bssid].append(dbm)
    return beacons, retries, damaged, signals


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


def compare(path):
    bsses, capture = ours(path)
    beacons, retries, damaged, signals = theirs(path)
    name, faults = os.path.basename(path), []

    def same(what, mine, other):
        if mine != other:
            faults.append(f"{name}: {what}: {mine}, tshark {other}")

    metrics = capture["metrics"]
    same("beacons", metrics["wlan_beacons"], sum(beacons.values()))
    same("retries", metrics["wlan_retry_frames"], retries)
    same("bad FCS", metrics["wlan_fcs_error_frames"], damaged)
    for bssid, record in bsses.items():
        same(f"beacons of {bssid}", record["metrics"]["wlan_beacons"], beacons[bssid])
        if "heard_off_channel" in record["subject"]:
            continue
        levels = signals[bssid]
        same(f"signals of {bssid}", record["metrics"]["wlan_signal_frames"], len(levels))
        if levels:
            mean = 10 * math.log10(sum(10 ** (dbm / 10) for dbm in levels) / len(levels))
            same(f"least signal of {bssid}", record["metrics"]["wlan_signal_min_dbm"], min(levels))
            same(f"mean signal of {bssid}", round(record["metrics"]["wlan_signal_dbm"], 3), round(mean, 3))
    for bssid in set(beacons) - set(bsses):
        faults.append(f"{name}: {bssid} is not told")
    return faults, sum(beacons.values()), retries, damaged


def main(arguments):
    paths = []
    for argument in arguments or [CAPTURES]:
        paths += sorted(glob.glob(os.path.join(argument, "*"))) if os.path.isdir(argument) else [argument] if os.path.exists(argument) else []
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "made.pcap")
        subprocess.run([sys.executable, "-B", os.path.join(ROOT, "tests", "bench", "wlan"), made], check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, BENCH_FRAMES="20000"))
        faults, totals = [], [0, 0, 0]
        for path in paths + [made]:
            found, *counts = compare(path)
            faults += found
            totals = [a + b for a, b in zip(totals, counts)]
        found, streams = compare_streams(made)
        faults += found
    for fault in faults:
        print(fault)
    print(f"{len(paths) + 1} captures, {totals[0]} beacons, {totals[1]} retries, {totals[2]} frames with a bad FCS, "
          f"{streams} RTP streams, {len(faults)} differences")
    if totals[2] == 0 or totals[0] == 0 or streams == 0:
        print("nothing was compared")
        return 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
