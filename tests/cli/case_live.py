"""voready-report --format live: on a pseudo terminal, on none, with lines that are no verdict, and when it is ended."""
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time

from harness import Result, case, need

REPORT = "voready-report"


def verdict(place, level, second, n=4):
    """A line as voready-analyze --follow writes it: one place, judged against -70 dBm."""
    status = "pass" if level >= -70 else "fail"
    subject = {"kind": "cell", "id": f"{place} / voice", "key": "k", "ssid": "voice", "place": place, "bssid": "02:00:5e:00:01:00",
               "frequency_mhz": 5180, "boundary_dbm": -70}
    result = {"rule": "air.signal", "title": "Signal", "area": "air", "severity": "critical", "required": True, "status": status,
              "subject": subject, "metric": "wlan_signal_dbm", "observed": level, "unit": "dBm", "limit": {"at_least": -70},
              "limit_text": "at least -70 dBm", "margin": level + 70, "evidence": [{"run": "w", "n": n}], "reason": "so it is"}
    cell = {"record": "observation", "subject": subject, "metrics": {"wlan_signal_dbm": level, "wlan_signal_frames": 9},
            "states": {"wlan_coverage": "heard"}, "missing": {"wlan_snr_db": "no noise"}, "evidence": [{"run": "w", "n": n}]}
    whole = {"format": 1, "verdict": "ready" if status == "pass" else "not_ready", "reason": f"it is the {place}",
             "created": f"2026-11-22T14:00:{second:02}Z", "runs": [{"run": "w", "probe": "voready-wlan", "complete": True}],
             "results": [result], "derived": [cell]}
    return json.dumps(whole).encode() + b"\n"


class Terminal:
    """The program on a pseudo terminal: what it writes, and a screen that is made of it."""

    def __init__(self, bench, rows=24, columns=80, **environment):
        self.leader, follower = pty.openpty()
        self.resize(rows, columns)
        self.written = b""
        variables = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | environment
        self.running = bench.start(REPORT, "--format", "live", stdin=subprocess.PIPE, stdout=follower, env=variables)
        os.close(follower)
        self.input = self.running.process.stdin

    def resize(self, rows, columns):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def give(self, line):
        self.input.write(line)
        self.input.flush()

    def read(self, seconds=0.1):
        os.set_blocking(self.leader, False)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                self.written += os.read(self.leader, 1 << 16)
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:  # its other end is closed
                return

    def wait_for(self, words, since=0):
        """Waits until the words come after that many bytes; returns what came after."""
        until = time.monotonic() + 20
        while words.encode() not in self.written[since:]:
            need(time.monotonic() < until, f"'{words}' is not shown; shown is {self.written[since:][-800:]!r}")
            self.read()
        return self.written[since:]

    def end(self):
        """Waits for the program; returns how it ended, and what it left on the normal screen."""
        process = self.running.process
        until = time.monotonic() + 20
        while process.poll() is None:
            need(time.monotonic() < until, "it does not end")
            self.read()
        self.read(0.2)
        said = process.stderr.read()
        if not self.input.closed:
            self.input.close()
        os.close(self.leader)
        parts = self.written.split(b"\033[?1049l")
        need(len(parts) == 2, f"the normal screen is given back {len(parts) - 1} times, not once")
        need(parts[0].count(b"\033[?1049h") == 1, "the other screen is not taken once")
        need(b"\033[r" in parts[0][parts[0].rindex(b"\033[K"):], "the scrolling region stays")
        need(b"\033" not in parts[1], f"there are sequences in the text that stays: {parts[1]!r}")
        return Result(self.running.command, process.returncode, parts[1].replace(b"\r\n", b"\n"), said, 0).sane()


@case("report: live on a terminal, to the end of input")
def terminal(bench):
    screen = Terminal(bench)
    screen.wait_for("Nothing has been judged yet.")
    screen.wait_for("type the next place's name and press Enter; Ctrl-C ends")
    screen.give(verdict("Lobby", -60, 1))
    shown = screen.wait_for("Pass")
    need(b"\033[1;32mReady\033[0m" in shown, "no colours are shown")
    since = len(screen.written)
    screen.give(verdict("Attic", -72.4, 2, n=9))
    shown = screen.wait_for("(at least -70 dBm)", since)
    need(b"\033[1;31m-72.4 dBm\033[0m" in shown, "the level is not shown as failed")
    need(b"\0337" in shown and b"\0338" in shown, "the cursor does not go back to where somebody types")
    need(b"\033[2J" not in shown, "the screen is cleared for each verdict")
    screen.input.close()
    ended = screen.end().exits(0).silent()
    ended.prints("Not ready: it is the Attic", "Place       Attic  voice (02:00:5e:00:01:00, channel 36)", "-72.4 dBm  limit: at least -70 dBm",
                 "SNR         not measured: no noise", "Fail          Signal")
    need(b"Ctrl-C" not in ended.out, "the footer stays")
    need(b"Lobby" not in ended.out, "what was before stays")


@case("report: live without colours")
def without_colours(bench):
    screen = Terminal(bench, NO_COLOR="1")
    screen.give(verdict("Lobby", -60, 1))
    screen.wait_for("Lobby")
    need(not re.search(rb"\033\[[0-9;]*m", screen.written), "NO_COLOR is not respected")
    screen.input.close()
    screen.end().exits(0).prints("Lobby")


@case("report: live when the terminal changes its size")
def resized(bench):
    screen = Terminal(bench, rows=24, columns=100)
    screen.give(verdict("Lobby", -60, 1))
    screen.wait_for("limit: at least -70 dBm")
    need(b"\033[23;24r" in screen.written, "the last two lines are not kept for what is typed")
    since = len(screen.written)
    screen.resize(10, 30)
    screen.running.signal(signal.SIGWINCH)
    shown = screen.wait_for("\033[9;10r", since)
    shown = screen.wait_for("\033[8;1H", since)
    screen.read(0.3)
    text = re.sub(rb"\0337|\0338|\033\[[0-9;?]*[A-Za-z]", b"\n", screen.written[since:]).decode()
    need(all(len(line) <= 30 for line in text.split("\n")), f"a line is wider than the terminal: {text!r}")
    need(not re.search(rb"\033\[1[1-9];1H", screen.written[since:]), "lines are written below the terminal")
    for rows in (1, 2, 3, 5):
        since = len(screen.written)
        screen.resize(rows, 1)
        screen.running.signal(signal.SIGWINCH)
        screen.wait_for("\033[1;1H", since)
    screen.input.close()
    screen.end().exits(0).prints("-60.0 dBm  limit: at least -70 dBm")


def interrupted_case(name, number):
    @case(f"report: live ended by {name}")
    def interrupted(bench):
        screen = Terminal(bench)
        screen.give(verdict("Lobby", -60, 1))
        screen.wait_for("Lobby")
        screen.running.signal(number)
        began = time.monotonic()
        screen.end().exits(0).silent().prints("Ready: it is the Lobby")
        need(time.monotonic() - began < 3, "it takes more than 3 s to obey")


interrupted_case("SIGTERM", signal.SIGTERM)
interrupted_case("SIGHUP", signal.SIGHUP)


@case("report: live waits for the last verdict after Ctrl-C")
def last_verdict(bench):
    screen = Terminal(bench)
    screen.give(verdict("Lobby", -60, 1))
    screen.wait_for("Lobby")
    screen.running.signal(signal.SIGINT)
    time.sleep(0.5)
    screen.give(verdict("Attic", -72.4, 2, n=9))  # what the probe had, judged once more
    screen.input.close()
    screen.end().exits(0).prints("Not ready: it is the Attic")


@case("report: live ends at the second Ctrl-C")
def twice(bench):
    screen = Terminal(bench)
    screen.give(verdict("Lobby", -60, 1))
    screen.wait_for("Lobby")
    began = time.monotonic()
    screen.running.signal(signal.SIGINT)
    time.sleep(0.3)
    screen.running.signal(signal.SIGINT)
    screen.end().exits(0).prints("Lobby")
    need(time.monotonic() - began < 3, "it takes more than 3 s to obey")


@case("report: live gives the terminal back while it is stopped")
def stopped(bench):
    screen = Terminal(bench)
    screen.give(verdict("Lobby", -60, 1))
    screen.wait_for("Lobby")
    since = len(screen.written)
    screen.running.signal(signal.SIGTSTP)
    screen.wait_for("\033[?1049l", since)
    need(os.waitid(os.P_PID, screen.running.process.pid, os.WSTOPPED | os.WNOWAIT) is not None, "it does not stop")
    since = len(screen.written)
    screen.running.signal(signal.SIGCONT)
    screen.wait_for("\033[?1049h", since)
    screen.wait_for("Lobby", since)
    screen.input.close()
    process = screen.running.process
    until = time.monotonic() + 20
    while process.poll() is None:
        need(time.monotonic() < until, "it does not end")
        screen.read()
    need(process.returncode == 0, f"exit {process.returncode}")
    process.stderr.close()
    os.close(screen.leader)


@case("report: live when the terminal is gone")
def gone(bench):
    screen = Terminal(bench)
    screen.give(verdict("Lobby", -60, 1))
    screen.wait_for("Lobby")
    os.close(screen.leader)
    try:
        screen.give(verdict("Attic", -72.4, 2, n=9))
        screen.input.close()
    except BrokenPipeError:
        pass
    process = screen.running.process
    said = process.stderr.read()
    Result(screen.running.command, process.wait(20), b"", said, 0).sane().exits(0, 1)


@case("report: live with lines that are no verdict, on a terminal")
def broken_on_terminal(bench):
    screen = Terminal(bench, columns=120)
    screen.give(b"{\n")
    screen.wait_for("standard input, line 1, is skipped")
    screen.give(verdict("Lobby", -60, 1))
    screen.wait_for("Lobby")
    screen.input.close()
    screen.end().exits(0).says("1 line of standard input was skipped", "line 1").prints("Lobby")


@case("report: live on no terminal says what changes")
def plain(bench):
    lines = [verdict("Lobby", -60, 1), verdict("Lobby", -61, 2), b"\n", verdict("Lobby", -72, 3), b"[1]\n", b'{"format":9,"verdict":"x"}\n',
             b"\xff\xfe\x00\n", verdict("Lobby", -60, 4)[:-1]]
    given = bench.file("lines", b"".join(lines))
    ended = bench.run(REPORT, "--format", "live", "-", stdin=given.open("rb")).exits(0)
    ended.says("line 5, is skipped", "line 6, is skipped", "line 7, is skipped")
    need(ended.out.decode() == "14:00:01 UTC  Pass: Signal: -60.0 dBm (limit: at least -70 dBm); Lobby, voice (02:00:5e:00:01:00, channel 36)\n"
         "14:00:01 UTC  Verdict: Ready: it is the Lobby\n"
         "14:00:03 UTC  Pass → Fail: Signal: -72.0 dBm (limit: at least -70 dBm); Lobby, voice (02:00:5e:00:01:00, channel 36)\n"
         "14:00:03 UTC  Verdict: Ready → Not ready: it is the Lobby\n"
         "14:00:04 UTC  Fail → Pass: Signal: -60.0 dBm (limit: at least -70 dBm); Lobby, voice (02:00:5e:00:01:00, channel 36)\n"
         "14:00:04 UTC  Verdict: Not ready → Ready: it is the Lobby\n", f"other lines come: {ended.out.decode()}")


@case("report: live on a terminal that knows no sequences")
def dumb(bench):
    leader, follower = pty.openpty()
    running = bench.start(REPORT, "--format", "live", stdin=subprocess.PIPE, stdout=follower, env={**os.environ, "TERM": "dumb"})
    os.close(follower)
    running.process.stdin.write(verdict("Lobby", -60, 1))
    running.process.stdin.close()
    need(running.process.wait(20) == 0, "it fails")
    written = os.read(leader, 4096)
    need(b"Pass: Signal" in written and b"\033" not in written, f"it wrote {written!r}")
    running.process.stderr.close()
    os.close(leader)


@case("report: live without a verdict")
def nothing(bench):
    bench.run(REPORT, "--format", "live").exits(1).says("standard input has no verdict", "voready-analyze --follow")
    bench.run(REPORT, "--format", "live", "-", stdin=bench.file("x", "{\n").open("rb")).exits(1).says("line 1, is skipped", "no verdict")


@case("report: live used in a wrong way")
def wrong(bench):
    bench.run(REPORT, "--format", "live", "verdict.json").exits(2).says("verdict.json", "standard input")
    bench.run(REPORT, "--format", "live", "-", "records.jsonl").exits(2).says("records.jsonl", "no records")
    bench.run(REPORT, "--format", "live", "-o", "x").exits(2).says("-o x", "standard output")
    leader, follower = pty.openpty()
    bench.run(REPORT, "--format", "live", stdin=follower).exits(2).says("standard input is a terminal", "voready-analyze --follow")
    os.close(leader)
    os.close(follower)


@case("report: survey of wrong types")
def types(bench):
    """Each value of the derived cell and its result replaced by another: refused or shown, never a crash."""
    sound = json.loads(verdict("Lobby", -72, 1))
    result, cell = sound["results"][0], sound["derived"][0]
    owners = [sound, result, result["subject"], cell, cell["subject"], cell["metrics"], cell["evidence"][0]]
    for owner, key in [(owner, key) for owner in owners for key in owner]:
        kept = owner[key]
        lines = []
        for value in (None, 7, -1e300, "word", [], [3], {}, {"a": []}, True):
            owner[key] = value
            lines.append(json.dumps(sound))
        owner[key] = kept
        given = bench.file("lines", "\n".join(lines) + "\n" + json.dumps(sound))
        bench.run(REPORT, "--format", "live", stdin=given.open("rb")).exits(0)
        for line in lines[::2]:
            bench.run(REPORT, "--format", "html", bench.file("odd.json", line)).exits(0, 1)


@case("report: live into a full disk")
def full(bench):
    given = bench.file("lines", verdict("Lobby", -60, 1))
    with open("/dev/full", "wb") as disk:
        bench.run(REPORT, "--format", "live", stdin=given.open("rb"), stdout=disk).exits(1).says("standard output", "No space left")
