"""Interrupted: while a slow pipe is read, and live on a loopback interface that belongs to the test."""
import os
import signal
import subprocess
import sys
import time

import captures
from harness import BUILD, Result, Skipped, case, lines, need, packets, records
from case_rtp import PROBE, own_namespace


def slow_pipe(bench, number, arguments=(), after=None):
    """Gives the probe a capture of which the end never comes, then the signal. Returns how it ended."""
    content = captures.call_pcap()[:after]
    running = bench.start(PROBE, "-o", "out.jsonl", *arguments, "-", stdin=subprocess.PIPE)
    running.process.stdin.write(content)
    running.process.stdin.flush()
    time.sleep(0.7)
    running.signal(number)
    began = time.monotonic()
    running.process.wait(10)
    need(time.monotonic() - began < 2, "it took more than 2 s to obey")
    said = running.process.stderr.read()
    running.process.stdin.close()
    return Result(running.command, running.process.returncode, b"", said, 0).sane()


def interrupted_case(name, number, arguments=()):
    @case(f"rtp: {name} while reading a slow pipe")
    def interrupt(bench):
        slow_pipe(bench, number, arguments).exits(5).says("measured in part", "stopped")
        need(packets(records(bench.path("out.jsonl"), complete=False)) == 200, "what came so far is in the records")


interrupted_case("SIGINT", signal.SIGINT)
interrupted_case("SIGTERM", signal.SIGTERM)
interrupted_case("SIGINT with a filter", signal.SIGINT, ("-f", "udp"))


@case("rtp: SIGINT before the first byte of a pipe")
def before_first(bench):
    slow_pipe(bench, signal.SIGINT, after=0).exits(1, 5).says("standard input", "interrupted")


@case("rtp: SIGINT before the first packet of a pipe")
def before_first_packet(bench):
    for arguments in ((), ("-f", "udp")):
        slow_pipe(bench, signal.SIGINT, arguments, after=24).exits(5).says("measured in part")
        records(bench.path("out.jsonl"), complete=False)


@case("rtp: records of a pipe come while it is read")
def flushed(bench):
    """A probe that is killed later has left on disk what it knew more than a second before."""
    content = captures.call_pcap(seconds=60)
    cuts = [0, len(content) - 60_000, len(content) - 30_000, len(content) - 500]
    running = bench.start(PROBE, "--series", "1", "-o", "out.jsonl", "-", stdin=subprocess.PIPE)
    for begin, end in zip(cuts, cuts[1:]):
        running.process.stdin.write(content[begin:end])
        running.process.stdin.flush()
        time.sleep(1.2)
    running.process.kill()
    running.end()
    found, rest = lines(bench.path("out.jsonl").read_bytes())
    need(not rest, "the last line is cut")
    need(any(r["record"] == "series" for r in found), f"only {len(found)} records were written")


TALK = r"""
import fcntl, signal, socket, struct, subprocess, sys, time
probe, number, seconds, *arguments = sys.argv[1:]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x49))  # SIOCSIFFLAGS: up, loopback, running
p = subprocess.Popen([probe, *arguments])
s.bind(("127.0.0.1", 16384))
begin = time.monotonic()
sequence = 0
while time.monotonic() < begin + float(seconds) and p.poll() is None:
    s.sendto(struct.pack(">BBHII", 0x80, 0, sequence, sequence * 160, 7) + b"\xd5" * 160, ("127.0.0.1", 20480))
    sequence += 1
    time.sleep(0.02)
if p.poll() is None:
    p.send_signal(int(number))
sys.exit(p.wait(10))
"""


def live(bench, number, seconds, *arguments):
    space = own_namespace("-n")
    if bench.run(*space, "true", sane=False).code != 0:
        raise Skipped("no network namespaces here")
    return bench.run(*space, sys.executable, "-c", TALK, BUILD / PROBE, int(number), seconds, "-o", "out.jsonl",
                     "-i", "lo", *arguments)


def live_case(name, number, seconds, arguments, code, complete, *words):
    @case(f"rtp: live on lo, {name}")
    def capture(bench):
        result = live(bench, number, seconds, *arguments).exits(code)
        result.says(*words) if words else result.silent()
        found = records(bench.path("out.jsonl"), complete)
        need(packets(found) > 20, f"{packets(found)} packets were measured")


live_case("open-ended, SIGINT", signal.SIGINT, 1.2, [], 0, True)
live_case("open-ended, SIGTERM", signal.SIGTERM, 1.2, [], 0, True)
live_case("30 s, SIGINT after one", signal.SIGINT, 1.2, ["-d", "30"], 5, False, "measured in part", "planned length")
live_case("its second is over", signal.SIGINT, 5, ["-d", "1"], 0, True)


@case("rtp: live on lo, the filter is wrong")
def live_filter(bench):
    live(bench, signal.SIGINT, 5, "-f", "udp and and").exits(2).says("'udp and and'")


@case("rtp: live on lo, the capture file cannot be written")
def live_write(bench):
    live(bench, signal.SIGINT, 5, "-w", "none/x.pcap").exits(1).says("none/x.pcap", "No such file")


@case("rtp: live without the privilege")
def no_privilege(bench):
    if os.geteuid() != 0 or bench.run("setpriv", "--version", sane=False).code != 0:
        raise Skipped("needs root and setpriv")
    bench.run("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups", BUILD / PROBE,
              "-i", "lo").exits(1).says("CAP_NET_RAW", "setcap")
