"""voready-wlan read: wrong words on the command line; voice on the air, from frames to the verdict, by both programs."""
import json
import struct

import captures
from case_judge import verdict
from case_memory import check_records, difference, fail_each, settled
from harness import Failed, case, need, observations

PROBE = "voready-wlan"
ACCESS_POINT, PHONE = bytes((2, 0, 0, 0, 1, 0)), bytes((2, 0, 0, 0, 16, 0))


def usage_case(name, arguments, *words):
    @case(f"wlan read: {name}")
    def refuse(bench):
        bench.file("air.pcap", air())
        bench.run(PROBE, "read", "-o", "out.jsonl", *arguments).exits(2).says(*words)
        need(not bench.path("out.jsonl").exists(), "a record file was made although nothing was measured")


def air(packets=400, lost=(), unheard=(), repeated=(), to_phone=False, ttl=64):
    """RTP of 20 ms in plain data frames with radiotap. Packets of `lost` were in no frame, those of `unheard` in frames that are not in
    the capture; frames of `repeated` are there twice."""
    frames, number = [], 0
    for i in range(packets):
        if i in lost:
            continue
        number += 1
        if i in unheard:
            continue
        rtp = struct.pack(">BBHII", 0x80, 0, i, i * 160, 0xabcd) + bytes(160)
        packet = captures.udp(captures.ALICE, 4000, captures.BOB, 4000, rtp)[14:]
        packet = packet[:8] + bytes((ttl,)) + packet[9:]
        receiver, transmitter = (PHONE, ACCESS_POINT) if to_phone else (ACCESS_POINT, PHONE)
        for attempt in range(1 + (i in repeated)):
            control = bytes((0x88, (2 if to_phone else 1) | (8 if attempt else 0), 0, 0))
            header = control + receiver + transmitter + ACCESS_POINT + struct.pack("<HH", (number & 4095) << 4, 6)
            frames.append((captures.START + i * 0.02 + attempt * 0.001, bytes((0, 0, 8, 0, 0, 0, 0, 0)) + header + b"\xaa\xaa\3\0\0\0\x08\0" + packet))
    return captures.pcap(frames, linktype=127)


usage_case("no capture", [], "no capture is named", "-h")
usage_case("a network without a name", ["--ssid", "", "air.pcap"], "--ssid", "1 to 32 bytes")
usage_case("a name that no network can have", ["--ssid", "x" * 33, "air.pcap"], "--ssid", "1 to 32 bytes")
usage_case("voice of no station", ["--voice", "phone", "air.pcap"], "--voice", "'phone'", "02:00:00:00:01:00/222")


def measure(bench, program, **how):
    bench.file("air.pcap", air(**how))
    command = ("read",) if program == PROBE else ()
    bench.run(program, *command, "-o", "air.jsonl", "air.pcap").exits(0)
    found = [json.loads(line) for line in bench.path("air.jsonl").read_text().splitlines()]
    streams = observations(found, "rtp_stream")
    need(len(streams) == 1, f"{len(streams)} streams, not one")
    return streams[0]


def loss_result(bench, code):
    results = verdict(bench, code, "--area", "media", "air.jsonl")["results"]
    loss = [result for result in results if result["rule"] == "media.loss"]
    need(len(loss) == 1, f"{len(loss)} results about loss")
    return loss[0]["status"], loss[0]["reason"]


for program in PROBE, "voready-rtp":
    @case(f"wlan read: frames that were repeated, by {program}")
    def repetitions(bench, program=program):
        stream = measure(bench, program, repeated=range(0, 400, 3))
        need(stream["metrics"]["rtp_packets"] == 400 and stream["metrics"]["rtp_duplicate_packets"] == 0, f"{stream['metrics']}")
        need(stream["subject"]["encapsulation"] == "to_ap-02:00:00:00:10:00", f"{stream['subject']}")

    @case(f"wlan read: packets that were not heard are no loss that fails, by {program}")
    def unheard(bench, program=program):
        stream = measure(bench, program, unheard=range(100, 110))
        need(stream["metrics"]["rtp_lost_packets"] == 10 and stream["metrics"]["rtp_unheard_packets"] == 10, f"{stream['metrics']}")
        status, reason = loss_result(bench, 5)
        # below 1 % of 400 are 3: seven of the ten would have to have been there
        need(status == "not_measured" and "may only not have heard 10 of them, which could explain it (7 would do)" in reason, f"{status}: {reason}")

    @case(f"wlan read: packets that nobody sent are lost, by {program}")
    def lost(bench, program=program):
        stream = measure(bench, program, lost=range(100, 110), to_phone=True)
        need(stream["metrics"]["rtp_lost_packets"] == 10 and stream["metrics"]["rtp_unheard_packets"] == 0, f"{stream['metrics']}")
        status, reason = loss_result(bench, 3)
        need(status == "fail", f"{status}: {reason}")

    @case(f"wlan read: what is heard on the air is not received yet, by {program}")
    def position(bench, program=program):
        for to_phone, want, words in (False, "not_measured", "near the sender"), (True, "warn", "in the middle"):
            measure(bench, program, to_phone=to_phone)
            status, reason = loss_result(bench, 5)
            need(status == want and words in reason, f"{status}: {reason}")


@case("wlan read: what it prints")
def table(bench):
    bench.file("air.pcap", air(repeated=(5,), unheard=(7, 8), lost=(50,)))
    bench.run(PROBE, "read", "air.pcap").exits(0).prints("Streams", "#0x0000abcd@to_ap-02:00:00:00:10:00", "PCMU          397      3",
                                                         "of the lost this receiver may only not have heard 2")


def small_air(bench):
    bench.file("air.pcap", air(packets=30, repeated=(3, 4)))


@case("wlan read: one allocation fails")
def memory(bench):
    small_air(bench)

    def check(result, reference, good):
        result.exits(0, 1, 5)
        path = bench.path("out.jsonl")
        found = settled(path.read_bytes()) if path.exists() else []
        if result.code == 0 and found != settled(good[0]):
            raise Failed("the records differ from the good ones, yet it exits 0: " + difference(found, settled(good[0])))
        need(result.code == 0 or not found or found[-1]["record"] != "end" or not found[-1]["complete"],
             "failed, but the records claim to be complete")
        need(result.code == 0 or result.err, "it says nothing")
    fail_each(bench, PROBE, ["read", "-o", "out.jsonl", "--series", "1", "air.pcap"], ["out.jsonl"], check)


@case("memory: voready-rtp on the air, one allocation fails")
def memory_of_rtp(bench):
    small_air(bench)
    fail_each(bench, "voready-rtp", ["-o", "out.jsonl", "--series", "1", "air.pcap"], ["out.jsonl"], check_records(bench))
