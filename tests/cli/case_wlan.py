"""voready-wlan: wrong words, files that are no 802.11, files that are cut or lie, hostile frames, interruptions."""
import os
import random
import signal
import struct
import subprocess
import time

import captures
import wlan_frames as air
from case_memory import difference, fail_each, settled
from harness import BUILD, Failed, Result, case, lines, need, observations, records

PROBE = "voready-wlan"


def usage_case(name, arguments, *words):
    @case(f"wlan: {name}")
    def refuse(bench):
        bench.file("air.pcap", air.survey_pcap(seconds=0.5))
        bench.run(PROBE, *arguments).exits(2).says(*words)
        need(not bench.path("out.jsonl").exists(), "a record file was made although nothing was measured")


usage_case("unknown command", ["raed", "air.pcap"], "raed", "did you mean", "read")
usage_case("read without a capture", ["read", "-o", "out.jsonl"], "no capture is named", "-h")
usage_case("monitor without an interface", ["monitor", "-o", "out.jsonl"], "no interface is named", "-i mon0")
usage_case("monitor with a file", ["monitor", "-i", "lo", "-o", "out.jsonl", "air.pcap"], "air.pcap", "voready-wlan read")
usage_case("monitor of what is no monitor", ["monitor", "-i", "lo", "-d", "1", "-o", "out.jsonl"], "lo is not in monitor mode", "iw dev")
usage_case("voice of no station", ["read", "-o", "out.jsonl", "--voice", "phone", "air.pcap"], "--voice", "'phone'", "02:00:00:00:01:00")
usage_case("voice of everybody", ["read", "-o", "out.jsonl", "--voice", "ff:ff:ff:ff:ff:ff", "air.pcap"], "--voice")
usage_case("series of 0 seconds", ["read", "-o", "out.jsonl", "--series", "0", "air.pcap"], "--series 0", "whole number")
usage_case("filter that is none", ["read", "-o", "out.jsonl", "-f", "type mgt and", "air.pcap"], "'type mgt and'", "filter")
usage_case("records over the capture", ["read", "-o", "air.pcap", "air.pcap"], "air.pcap")


def refused_case(name, content, *words):
    @case(f"wlan: {name}")
    def refuse(bench):
        if content is not None:
            bench.file("it", content)
        bench.run(PROBE, "read", "-o", "out.jsonl", "it").exits(1).says(*words)


refused_case("missing file", None, "it", "No such file")
refused_case("empty file", b"", "it is empty")
refused_case("text file", "Dear all,\nthe call failed.\n", "not a capture file", "text")
refused_case("a capture of Ethernet", captures.call_pcap(seconds=0.2), "no 802.11 frame", "Ethernet", "monitor mode")


@case("wlan: a sound survey")
def sound(bench):
    """48 beacons, 250 frames up, of which three needed a second attempt: 3 of 253 attempts are repetitions, none is lost."""
    bench.file("air.pcap", air.survey_pcap(retries={10, 20, 30}))
    bench.run(PROBE, "read", "-o", "out.jsonl", "air.pcap").exits(0).silent()
    found = records(bench.path("out.jsonl"), complete=True)
    [bss], [link] = observations(found, "bss"), observations(found, "link")
    need(bss["metrics"]["wlan_beacons"] == 48 and bss["metrics"]["wlan_signal_dbm"] == -60, bss["metrics"])
    need(abs(bss["metrics"]["wlan_utilization_percent"] - 100 * 80 / 255) < 1e-6, "80 of 255 is the load")
    need(bss["states"]["wlan_security"] == "wpa2_enterprise" and bss["states"]["wlan_uapsd"] == "on", bss["states"])
    need(link["metrics"]["wlan_sent_frames"] in (249, 250) and link["metrics"]["wlan_undelivered_frames"] == 0, link["metrics"])
    need(abs(link["metrics"]["wlan_retry_percent"] - 100 * 3 / 253) < 1e-6, link["metrics"])
    need(link["metrics"]["wlan_up6_percent"] == 100, link["metrics"])
    bench.run(PROBE, "read", "air.pcap").exits(0).silent().prints("voice")


@case("wlan: cut after every 61 bytes")
def cut(bench):
    frames = air.survey(seconds=1)
    whole = captures.pcap(frames, air.RADIOTAP)
    ends = [24]
    for _, data in frames:
        ends.append(ends[-1] + 16 + len(data))
    for size in range(24, len(whole), 61):
        bench.file("cut.pcap", whole[:size])
        between = size in ends
        result = bench.run(PROBE, "read", "-o", "out.jsonl", "cut.pcap").exits(0 if between else 5)
        if not between:
            result.says("cut.pcap is cut within the record at byte", "measured in part")
        [capture] = observations(records(bench.path("out.jsonl"), complete=between), "capture")
        counted = sum(end <= size for end in ends[1:])
        need(capture["metrics"]["capture_packets"] == counted, f"cut at {size}: {capture['metrics']} of {counted}")


def hostile_case(name, make, resident=48):
    """`make` gives frames that stand among those of a sound survey, which stays measured."""
    @case(f"wlan: {name}")
    def measure(bench):
        frames = air.survey()
        frames[300:300] = [(captures.START + 2.5, data) for data in make()]
        bench.file("hostile.pcap", captures.pcap(frames, air.RADIOTAP))
        bench.measured(PROBE, "read", "-q", "-o", "out.jsonl", "hostile.pcap", patience=20, limit=768).exits(0, 5).below(resident)
        found, rest = lines(bench.path("out.jsonl").read_bytes())
        need(not rest and found[-1]["record"] == "end", "the records do not end")
        mine = [b for b in observations(found, "bss") if b["subject"]["id"] == "02:00:00:00:0a:00"]
        need(len(mine) == 1 and mine[0]["metrics"]["wlan_beacons"] >= 48, "the sound BSS is not measured")
        link = [o for o in observations(found, "link") if o["subject"]["id"] == "02:00:00:00:01:00>02:00:00:00:0a:00"]
        need(len(link) == 1 and link[0]["metrics"]["wlan_attempts"] >= 250, "the sound link is not measured")


def addressed(n):
    return b"\x02" + struct.pack(">I", n) + b"\x03"


def noise(seed, count=3000):
    source = random.Random(seed)
    return [bytes(source.randrange(256) for _ in range(source.randrange(120))) for _ in range(count)]


def behind_radiotap(frames):
    return [air.radiotap() + frame for frame in frames]


def lying(seed):
    """Beacons whose elements' lengths lie, each byte of one turned in turn."""
    sound = air.beacon(1, ap=air.FOREIGN, ssid=b"foreign")
    source = random.Random(seed)
    for at in range(len(air.radiotap()), len(sound) - 4):
        changed = bytearray(sound[:-4])
        changed[at] = source.randrange(256)
        frame = bytes(changed)[len(air.radiotap()):]
        if frame[16:22] != air.AP:
            yield air.whole(frame)


hostile_case("random bytes", lambda: noise(1))
hostile_case("random bytes behind radiotap", lambda: behind_radiotap(noise(2)))
hostile_case("radiotap whose length lies", lambda: [struct.pack("<BBHI", 0, 0, length, 0xffffffff) + bytes(60) for length in range(0, 400)])
hostile_case("radiotap with present words without an end",
             lambda: [struct.pack("<BBH", 0, 0, 4 + 4 * n) + b"\xff\xff\xff\xff" * n for n in range(1, 200)])
hostile_case("elements that lie", lambda: list(lying(3)))
hostile_case("forty thousand access points", lambda: [air.beacon(1, ap=addressed(n), ssid=b"x%d" % n) for n in range(40_000)], 256)
hostile_case("forty thousand stations",
             lambda: [air.whole(struct.pack("<HH", 0x4188, 44) + air.AP + addressed(n) + air.AP + struct.pack("<HH", n << 4 & 0xffff, 0) + bytes(40))
                      for n in range(40_000)], 256)
hostile_case("one station that roams between access points with each frame",
             lambda: [air.whole(struct.pack("<HH", 0x4188, 44) + addressed(n % 50) + air.FOREIGN + addressed(n % 50) +
                                struct.pack("<HH", n << 4 & 0xffff, 6) + bytes(40)) for n in range(20_000)], 128)
hostile_case("every frequency there is", lambda: [air.beacon(1, ap=addressed(n), mhz=n) for n in range(0, 65536, 16)], 192)


def interrupted_case(name, number):
    @case(f"wlan: {name} while reading a slow pipe")
    def interrupt(bench):
        running = bench.start(PROBE, "read", "-o", "out.jsonl", "-", stdin=subprocess.PIPE)
        running.process.stdin.write(air.survey_pcap())
        running.process.stdin.flush()
        time.sleep(0.7)
        running.signal(number)
        running.process.wait(10)
        said = running.process.stderr.read()
        running.process.stdin.close()
        Result(running.command, running.process.returncode, b"", said, 0).sane().exits(5).says("measured in part")
        [link] = observations(records(bench.path("out.jsonl"), complete=False), "link")
        need(link["metrics"]["wlan_attempts"] == 250, "what came so far is in the records")


interrupted_case("SIGINT", signal.SIGINT)
interrupted_case("SIGTERM", signal.SIGTERM)


@case("wlan: the disk is full")
def full(bench):
    bench.file("air.pcap", air.survey_pcap())
    if os.path.exists("/dev/full"):
        bench.run(PROBE, "read", "-o", "/dev/full", "air.pcap").exits(1).says("/dev/full", "No space left")
    bench.run("sh", "-c", f'"$0" read air.pcap >/dev/full', BUILD / PROBE).exits(1).says("standard output")


def memory_case(name, arguments, on=False):
    @case(f"memory: voready-wlan {name}")
    def fail(bench):
        frames = air.survey(seconds=2) + [(captures.START + 1, air.beacon(1, ap=addressed(n), ssid=b"x%d" % n)) for n in range(40)]
        bench.file("air.pcap", captures.pcap(sorted(frames), air.RADIOTAP))
        outputs = ["out.jsonl"] if "-o" in arguments else []

        def check(result, reference, good):
            result.exits(0, 1, 5)
            if result.code:
                result.says("memory")
            elif not outputs and result.out != reference.out and b"out of memory" not in result.out:
                raise Failed("the table differs, yet it exits 0")
            elif outputs and settled(bench.path("out.jsonl").read_bytes()) != settled(good[0]):
                raise Failed("the records differ, yet it exits 0: " + difference(settled(bench.path("out.jsonl").read_bytes()), settled(good[0])))
        fail_each(bench, PROBE, ["read", *arguments, "air.pcap"], outputs, check, on)


memory_case("read, one allocation fails", ["-o", "out.jsonl"])
memory_case("read, all from one on fail", ["-o", "out.jsonl"], on=True)
memory_case("read to the screen, one allocation fails", [])
