"""voready-rtp: wrong words on the command line, files that are none, files that are cut or lie, where records go."""
import os
import struct

import captures
from harness import BUILD, Skipped, case, lines, need, observations, packets, records

PROBE = "voready-rtp"


def usage_case(name, arguments, *words):
    """The command line is refused with exit 2 before anything is read or written."""
    @case(f"rtp: {name}")
    def refuse(bench):
        bench.file("call.pcap", captures.call_pcap(seconds=0.2))
        bench.run(PROBE, "-o", "out.jsonl", *arguments).exits(2).says(*words)
        need(not bench.path("out.jsonl").exists(), "a record file was made although nothing was measured")


usage_case("no capture", [], "no capture is named", "-i", "-h")
usage_case("unknown option", ["--sereis", "5", "call.pcap"], "--sereis", "did you mean --series")
usage_case("unknown letter", ["-Z", "call.pcap"], "-Z is not an option", "-h")
usage_case("option without its value", ["call.pcap", "--filter"], "--filter needs a value", "FILTER")
usage_case("series of 0 seconds", ["--series", "0", "call.pcap"], "--series 0", "whole number", "1")
usage_case("series of no number", ["--series", "5s", "call.pcap"], "--series 5s", "whole number")
usage_case("no address beside the capture", ["--near", "nonsense", "call.pcap"], "--near", "'nonsense'", "IP address")
usage_case("more hosts than can be near", [x for i in range(20) for x in ("--near", f"10.0.0.{i}")] + ["call.pcap"],
           "--near takes at most 16")
usage_case("two points, and which is beside the host is not told",
           ["--point", "a:call.pcap", "--point", "b:call.pcap", "--near", "10.0.0.1"], "--near", "'10.0.0.1'", "'a:ADDRESS'")
usage_case("no address beside a point", ["--point", "a:call.pcap", "--point", "b:call.pcap", "--near", "b:nonsense"],
           "--near", "'nonsense'", "IP address")
usage_case("unknown playout buffer", ["--playout", "elastic", "call.pcap"], "--playout", "'elastic'", "fixed:MS")
usage_case("playout buffer without bounds", ["--playout", "adaptive:90-20", "call.pcap"], "--playout", "adaptive:MIN-MAX")
usage_case("impairment that is none", ["--codec-impairment", "opus:xx", "call.pcap"], "--codec-impairment", "'opus:xx'",
           "NAME:nb|wb|fb:IE:BPL")
usage_case("position that is none", ["--position", "midle", "call.pcap"], "--position midle", "did you mean middle")
usage_case("live and files", ["-i", "lo", "call.pcap"], "-i and files", "two runs")
usage_case("no such interface", ["-i", "nosuchif"], "nosuchif", "lo")
usage_case("filter that is none", ["-f", "port and", "call.pcap"], "'port and'", "filter")
usage_case("filter that does not fit", ["-f", "wlan type data", "call.pcap"], "'wlan type data'")


def refused_case(name, prepare, *words, arguments=("it",)):
    """What was named is no capture: exit 1 and no records."""
    @case(f"rtp: {name}")
    def refuse(bench):
        prepare(bench)
        bench.run(PROBE, "-o", "out.jsonl", *arguments).exits(1).says(*words)
        need(not bench.path("out.jsonl").exists(), "a record file was made although nothing was measured")


refused_case("missing file", lambda bench: None, "cannot open it", "No such file")
refused_case("directory", lambda bench: bench.path("it").mkdir(), "it is a directory", "name the capture files")
refused_case("empty file", lambda bench: bench.file("it", b""), "it is empty")
refused_case("text file", lambda bench: bench.file("it", "Dear all,\nthe call failed.\n"), "not a capture file", "text")
refused_case("short text file", lambda bench: bench.file("it", "no"), "not a capture file", "text")
refused_case("program", lambda bench: bench.file("it", (BUILD / PROBE).read_bytes()[:4096]), "not a capture file", "ELF")
refused_case("wrong magic", lambda bench: bench.file("it", b"\xde\xad\xbe\xef" * 64), "not a capture file", "de ad be ef")
refused_case("unknown version of pcap",
             lambda bench: bench.file("it", struct.pack("<IHHiIII", 0xA1B2C3D4, 9, 4, 0, 0, 65535, 1)), "version 9")
refused_case("broken gzip", lambda bench: bench.file("it", b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"\xff" * 64), "gzip", "corrupt")
refused_case("missing file among others", lambda bench: bench.file("it", captures.call_pcap(seconds=0.2)),
             "cannot open gone.pcap", arguments=("it", "gone.pcap"))
refused_case("standard input is closed", lambda bench: None, "cannot open", arguments=("/dev/fd/9",))


@case("rtp: standard input is not open at all")
def closed_input(bench):
    bench.run("sh", "-c", f'exec "$0" -o out.jsonl - <&-', BUILD / PROBE).exits(1).says("-", "Bad file descriptor")


@case("rtp: missing and broken key log")
def key_log(bench):
    bench.file("call.pcap", captures.call_pcap(seconds=0.2))
    bench.run(PROBE, "--keylog", "none", "-o", "out.jsonl", "call.pcap").exits(1).says("none", "No such file")
    bench.file("keys", bytes(range(256)) * 40)
    bench.run(PROBE, "--keylog", "keys", "-o", "out.jsonl", "call.pcap").exits(0).says("keys has no line", "key log")


@case("rtp: a sound call")
def sound(bench):
    bench.file("call.pcap", captures.call_pcap(lost={7}))
    bench.run(PROBE, "-o", "out.jsonl", "call.pcap").exits(0).silent()
    found = records(bench.path("out.jsonl"), complete=True)
    need(packets(found) == 199, f"{packets(found)} packets of 199")
    need(sum(s["metrics"]["rtp_lost_packets"] for s in observations(found, "rtp_stream")) == 1, "one packet is lost")
    need(len(observations(found, "call")) == 1, "there is one call")
    bench.run(PROBE, "call.pcap").exits(0).silent().prints("1 calls, 2 streams", "answered", "PCMU")


@case("rtp: cut after every 97 bytes")
def cut(bench):
    whole = captures.call_pcap(seconds=0.8)
    frames = captures.call(seconds=0.8)
    ends = [24]  # of the records of the file
    for _, data in frames:
        ends.append(ends[-1] + 16 + len(data))
    for size in range(24, len(whole), 97):
        bench.file("cut.pcap", whole[:size])
        result = bench.run(PROBE, "-o", "out.jsonl", "cut.pcap")
        between = size in ends
        result.exits(0 if between else 5)
        if not between:
            result.says("cut.pcap is cut within the record at byte", "measured in part")
        found = records(bench.path("out.jsonl"), complete=between)
        counted = sum(1 for i, (_, data) in enumerate(frames) if ends[i + 1] <= size and data[14 + 20 + 8] == 0x80)
        shown = packets(found)
        need(shown <= counted, f"cut at {size}: {shown} packets of {counted}")
        if counted >= 20:  # both streams are long enough to be streams
            need(shown == counted, f"cut at {size}: {shown} packets of {counted}")


@case("rtp: cut in the header of the file")
def cut_header(bench):
    for size in (3, 4, 8, 23):
        bench.file("cut.pcap", captures.call_pcap(seconds=0.1)[:size])
        bench.run(PROBE, "-o", "out.jsonl", "cut.pcap").exits(1).says("cut.pcap")


@case("rtp: a cut file in a set")
def cut_set(bench):
    frames = captures.call()
    bench.file("a.pcap", captures.pcap(frames[:100])[:-30])
    bench.file("b.pcap", captures.pcap(frames[100:]))
    bench.run(PROBE, "-o", "out.jsonl", "b.pcap", "a.pcap").exits(5).says("a.pcap is cut", "measured in part")
    need(packets(records(bench.path("out.jsonl"), complete=False)) == 199, "all packets but the cut one")


@case("rtp: packets without a byte")
def zero_length(bench):
    frames = captures.call()
    for at in range(0, 200, 10):
        frames.insert(at, (captures.START, b""))
    bench.file("zero.pcap", captures.pcap(frames))
    bench.run(PROBE, "-o", "out.jsonl", "zero.pcap").exits(0)
    need(packets(records(bench.path("out.jsonl"), complete=True)) == 200, "the packets between them are measured")


def lying_case(name, lie, *words):
    @case(f"rtp: {name}")
    def measure(bench):
        frames = captures.call()
        frames.insert(150, lie)
        bench.file("lie.pcap", captures.pcap(frames))
        bench.run(PROBE, "-o", "out.jsonl", "lie.pcap").exits(5).says("lie.pcap", "measured in part", *words)
        need(packets(records(bench.path("out.jsonl"), complete=False)) == 146, "what came before is measured")


lying_case("a record of 300000 bytes", (captures.START, bytes(300_000)), "damaged at byte", "300000")
lying_case("a record longer than the file", (captures.START, b"", 200_000, 200_000), "cut within the record")
lying_case("a record of 4 GiB", (captures.START, b"", 0xFFFFFFFF, 0xFFFFFFFF), "damaged at byte", "4294967295")


@case("rtp: lengths of the headers that lie")
def lying_headers(bench):
    good = captures.udp(captures.ALICE, 16384, captures.BOB, 20480, captures.rtp(1, 1))
    frames = captures.call()
    for at in range(14, 14 + 28):
        for value in (0, 1, 0x7F, 0xFF):
            frames.append((captures.START + 10, good[:at] + bytes([value]) + good[at + 1:]))
    for size in range(len(good)):
        frames.append((captures.START + 10, good[:size], size, len(good)))
    bench.file("lie.pcap", captures.pcap(frames))
    bench.run(PROBE, "-o", "out.jsonl", "lie.pcap").exits(0)
    records(bench.path("out.jsonl"), complete=True)


@case("rtp: link type that nobody knows")
def unknown_link(bench):
    bench.file("odd.pcap", captures.pcap(captures.call(), linktype=9999))
    result = bench.run(PROBE, "odd.pcap").exits(0)
    need(b"link type 9999" in result.out or "9999" in result.err, "the link type is named")


@case("rtp: records to a full device")
def full_device(bench):
    bench.file("call.pcap", captures.call_pcap())
    bench.run(PROBE, "-o", "/dev/full", "call.pcap").exits(1).says("/dev/full", "No space left", "-o")


@case("rtp: records into a folder that is missing")
def missing_folder(bench):
    bench.file("call.pcap", captures.call_pcap())
    bench.run(PROBE, "-o", "none/out.jsonl", "call.pcap").exits(1).says("none/out.jsonl", "No such file", "-o")


@case("rtp: records over the capture itself")
def over_itself(bench):
    capture = captures.call_pcap()
    bench.file("call.pcap", capture)
    bench.run(PROBE, "-o", "call.pcap", "call.pcap").exits(2).says("call.pcap", "choose another file")
    bench.path("link.pcap").symlink_to("call.pcap")
    bench.run(PROBE, "-o", "link.pcap", "call.pcap").exits(2).says("link.pcap", "choose another file")
    need(bench.path("call.pcap").read_bytes() == capture, "the capture was destroyed")


@case("rtp: table to a full device")
def full_table(bench):
    bench.file("call.pcap", captures.call_pcap())
    with open("/dev/full", "wb") as full:
        bench.run(PROBE, "call.pcap", stdout=full).exits(1).says("standard output", "No space left")


@case("rtp: help to a full device")
def full_help(bench):
    with open("/dev/full", "wb") as full:
        for program in (PROBE, "voready-analyze", "voready-report", "voready"):
            for option in ("-h", "--version"):
                bench.run(program, option, stdout=full).exits(1).says("No space left")


@case("rtp: standard output and standard error are closed")
def closed_streams(bench):
    bench.file("call.pcap", captures.call_pcap()[:-20])
    bench.run("sh", "-c", '"$0" -o out.jsonl call.pcap >&- 2>&- <&-', BUILD / PROBE).exits(5)
    records(bench.path("out.jsonl"), complete=False)
    bench.run("sh", "-c", '"$0" call.pcap >&-', BUILD / PROBE).exits(1).says("standard output")


def many_streams(bench):
    """Far more results than a pipe holds (64 KiB)."""
    frames = captures.call()
    for stream in range(2000):
        frames += [(captures.START + 5 + i * 0.02, captures.udp(captures.ALICE, 10000 + 2 * stream, captures.BOB, 40000,
                                                                captures.rtp(i, 5000 + stream, b"\xd5" * 20)))
                   for i in range(12)]
    bench.file("many.pcap", captures.pcap(frames))


@case("rtp: the reader of the records ends early")
def closed_pipe(bench):
    many_streams(bench)
    script = '"$0" -o - many.pcap 2>messages | head -c 100; echo " ${PIPESTATUS[0]}"'
    result = bench.run("bash", "-c", script, BUILD / PROBE)
    code = int(result.out.split()[-1])
    said = bench.path("messages").read_text()
    need(code == 1, f"exit {code}")
    need("Broken pipe" in said and "standard output" in said, f"it said: {said}")


@case("rtp: the reader of the table ends early")
def closed_table_pipe(bench):
    many_streams(bench)
    result = bench.run("bash", "-c", '"$0" many.pcap 2>messages | head -c 100 >/dev/null; echo ${PIPESTATUS[0]}',
                       BUILD / PROBE)
    code = int(result.out)
    need(code in (1, 141), f"exit {code}, although the table was not taken")


def own_namespace(*what):
    return ["unshare", *what] if os.geteuid() == 0 else ["unshare", "-Ur", *what]


@case("rtp: the disk is full before the end")
def full_disk(bench):
    """A file system of 64 KiB in a mount namespace of its own."""
    bench.file("call.pcap", captures.call_pcap(seconds=1200))
    bench.path("disk").mkdir()
    script = ('mount -t tmpfs -o size=64k none disk && "$0" --series 1 -o disk/out.jsonl call.pcap 2>messages; '
              'code=$?; cp disk/out.jsonl copy.jsonl; exit $code')
    if bench.run(*own_namespace("-m"), "true", sane=False).code != 0:
        raise Skipped("no mount namespaces here")
    bench.run(*own_namespace("-m"), "sh", "-c", script, BUILD / PROBE).exits(1)
    said = bench.path("messages").read_text()
    need("disk/out.jsonl" in said and "No space left" in said and "free some space" in said, f"it said: {said}")
    content = bench.path("copy.jsonl").read_bytes()
    found, _ = lines(content)
    need(len(content) > 30_000 and len(found) > 1, f"only {len(content)} bytes, {len(found)} records were written")
    need(found[-1]["record"] != "end" or not found[-1]["complete"], "the records claim to be complete")
