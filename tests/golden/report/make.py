#!/usr/bin/env python3
"""Makes a verdict and records to render: one bad call, one good call, and as many further calls as asked for.

    make.py [--calls N] [--hostile] FOLDER      writes FOLDER/verdict.json and FOLDER/records.jsonl

The same arguments give the same bytes. `verdict.json` and `records.jsonl` beside this file were
made without options. --hostile puts markup, formulas and control characters where a capture could have them.
"""
import argparse
import datetime
import json
import os
import random

RUN = "5f0c2f6e-6a3b-4d53-9c58-0d2a4d6f7e11"
START = datetime.datetime(2026, 11, 22, 17, 44, 32, 120000, tzinfo=datetime.timezone.utc)
STEP = 5
GUIDE = "OpenScape Mobile Pro V10 Administration Guide"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u001b[31m\u202e]]>\u0007"


def moment(seconds):
    time = START + datetime.timedelta(seconds=seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (time.microsecond // 1000)


class Records:
    def __init__(self):
        self.lines = []

    def add(self, record, **fields):
        n = len(self.lines) + 1
        self.lines.append({"record": record, "run": RUN, "n": n, **fields})
        return n


class Stream:
    """One direction of a call: `loss(t)` is a probability, `jitter(t)` in ms, `dscp` a share."""

    def __init__(self, rng, source, destination, direction, ssrc, codec, duration, loss, jitter, dscp):
        self.source, self.destination, self.direction, self.codec = source, destination, direction, codec
        self.id = "%s>%s#0x%08x" % (source, destination, ssrc)
        self.key = "sbc-lan audio %s>%s" % (source.split(":")[0], destination.split(":")[0])
        self.duration = duration
        self.columns = {name: [] for name in (
            "rtp_packets", "rtp_expected_packets", "rtp_lost_packets", "rtp_discarded_packets",
            "rtp_jitter_max_ms", "rtp_pdv_max_ms", "rtp_dscp_46_packets")}
        for row in range(duration // STEP):
            expected = STEP * 50
            lost = sum(rng.random() < loss(row * STEP) for _ in range(expected))
            value = jitter(row * STEP) * rng.uniform(0.8, 1.0)
            values = (expected - lost, expected, lost, lost // 3, round(value, 2),
                      round(value * rng.uniform(1.6, 2.4), 2), round((expected - lost) * dscp))
            for column, number in zip(self.columns.values(), values):
                column.append(number)

    def total(self, name):
        return sum(self.columns[name])

    def worst_window(self):
        rows, best = 300 // STEP, (-1.0, 0, 1)
        lost, expected = self.columns["rtp_lost_packets"], self.columns["rtp_expected_packets"]
        for first in range(max(1, len(lost) - rows + 1)):
            of = sum(expected[first:first + rows])
            share = 100.0 * sum(lost[first:first + rows]) / of
            if share > best[0]:
                best = (share, first * STEP, of)
        return best

    def metrics(self):
        packets, expected = self.total("rtp_packets"), self.total("rtp_expected_packets")
        lost = self.total("rtp_lost_packets")
        peak, start, of = self.worst_window()
        jitter = self.columns["rtp_jitter_max_ms"]
        pdv = sorted(self.columns["rtp_pdv_max_ms"])
        mos = {"PCMU": "rtp_mos_lq_nb", "G722": "rtp_mos_lq_wb"}[self.codec]
        return {
            "rtp_packets": packets, "rtp_unique_packets": packets, "rtp_expected_packets": expected,
            "rtp_lost_packets": lost, "rtp_duplicate_packets": 0, "rtp_reordered_packets": 3 if lost else 0,
            "rtp_restarts": 0, "rtp_duration_s": float(self.duration), "rtp_loss_percent": 100.0 * lost / expected,
            "rtp_loss_peak_5min_percent": peak, "rtp_loss_peak_5min_packets": of,
            "rtp_loss_peak_5min_start_s": start, "rtp_loss_longest_packets": 9 if peak > 1 else 1,
            "rtp_discarded_percent": 100.0 * self.total("rtp_discarded_packets") / expected,
            "rtp_discarded_packets": self.total("rtp_discarded_packets"),
            "rtp_jitter_ms": jitter[-1], "rtp_jitter_mean_ms": sum(jitter) / len(jitter) * 0.7,
            "rtp_jitter_max_ms": max(jitter), "rtp_jitter_packets": packets - 1,
            "rtp_pdv_p50_ms": pdv[len(pdv) // 2] * 0.5, "rtp_pdv_p95_ms": pdv[len(pdv) * 95 // 100],
            "rtp_pdv_max_ms": pdv[-1], "rtp_clock_skew_ppm": 11.82, mos: 3.6 if peak > 1 else 4.38,
            "rtp_bitrate_kbps": 80.0, "rtp_ptime_ms": 20,
            "rtp_dscp_46_percent": 100.0 * self.total("rtp_dscp_46_packets") / packets,
            "rtp_dscp_46_packets": self.total("rtp_dscp_46_packets")}

    def labels(self, call):
        return {"kind": "rtp_stream", "id": self.id, "key": self.key, "media": "audio",
                "payload_type": {"PCMU": 0, "G722": 9}[self.codec], "codec": self.codec, "clock_hz": 8000,
                "call_id": call, "direction": self.direction, "point": "sbc-lan", "position": "middle",
                "playout": "adaptive 20..200 ms",
                "dscp": "%d x%d" % (46 if self.total("rtp_dscp_46_packets") else 0, self.total("rtp_packets")),
                "source": self.source, "destination": self.destination}

    def write(self, records, call, begin):
        subject = self.labels(call)
        rows = len(self.columns["rtp_packets"])
        for first in range(0, rows, 60):
            records.add("series", subject={k: subject[k] for k in ("kind", "id", "key")},
                        start=moment(begin + first * STEP), step_s=STEP,
                        columns={name: values[first:first + 60] for name, values in self.columns.items()})
        self.n = records.add(
            "observation", time=moment(begin), subject=subject, metrics=self.metrics(),
            states={"rtp_media_state": "plain", "rtp_address_state": "as_signalled"},
            missing={"rtp_latency_ms": "no RTCP report answers a sender report",
                     "rtp_latency_max_ms": "no RTCP report answers a sender report",
                     "rtp_rtt_ms": "the capture has no RTCP"},
            basis={"rtp_loss_percent": "capture_point", "rtp_loss_peak_5min_percent": "capture_point"})


def ladder(records, call, begin, duration, phone, server):
    lines = [(0.0, phone, server, "INVITE", False, True), (0.02, server, phone, "100 Trying", False, False),
             (0.5, phone, server, "INVITE", True, True), (0.84, server, phone, "180 Ringing", False, False),
             (3.1, server, phone, "200 OK", False, True), (3.15, phone, server, "ACK", False, False),
             (duration + 3.2, phone, server, "BYE", False, False), (duration + 3.24, server, phone, "200 OK", False, False)]
    for offset, source, destination, text, again, sdp in lines:
        records.add("event", time=moment(begin + offset), kind="sip", call_id=call, **{"from": source}, to=destination,
                    text=text, retransmission=again, sdp=sdp)


def result(rule, title, area, severity, required, status, subject, metric, observed, unit, limit, limit_text, margin,
           reason, n, **more):
    return {"rule": rule, "title": title, "area": area, "severity": severity, "required": required, "status": status,
            "subject": subject, "metric": metric, "observed": observed, "unit": unit, "samples": more.get("samples"),
            "limit": limit, "warn": None, "limit_text": limit_text, "margin": margin,
            "uncertainty": more.get("uncertainty"), "within_uncertainty": False, "basis": more.get("basis"),
            "source": {"document": GUIDE, "section": more.get("section", "13.6")},
            "evidence": [{"run": RUN, "n": n}], "reason": reason, "remediation": more.get("remediation"),
            "note": more.get("note")}


def judge(stream, call):
    subject, metrics, out = stream.labels(call), stream.metrics(), []
    peak, jitter, dscp = (metrics[name] for name in (
        "rtp_loss_peak_5min_percent", "rtp_jitter_max_ms", "rtp_dscp_46_percent"))
    out.append(result(
        "media.loss", "Packet loss, worst five minutes", "media", "critical", True, "fail" if peak >= 1 else "pass",
        subject, "rtp_loss_peak_5min_percent", peak, "percent", {"below": 1}, "below 1 %", 1 - peak,
        "%.2f %% is %sbelow 1 %%" % (peak, "not " if peak >= 1 else ""), stream.n,
        samples=metrics["rtp_loss_peak_5min_packets"], basis="capture_point",
        remediation="Find where packets are dropped: compare captures at the access point, the switch and the SBC, "
                    "then look at queue drops, duplex mismatches and Wi-Fi retries on that section."))
    out.append(result(
        "media.jitter", "Jitter, largest", "media", "critical", True, "fail" if jitter >= 30 else "pass",
        subject, "rtp_jitter_max_ms", jitter, "ms", {"below": 30}, "below 30 ms", 30 - jitter,
        "%.1f ms is %sbelow 30 ms" % (jitter, "not " if jitter >= 30 else ""), stream.n,
        samples=metrics["rtp_jitter_packets"], basis="capture_point",
        remediation="Give voice its own queue on every hop and look for links above 70 % load."))
    out.append(result(
        "media.latency", "Latency, end to end", "media", "critical", False, "not_measured", subject,
        "rtp_latency_max_ms", None, "ms", {"below": 100}, "below 100 ms", None,
        "no RTCP report answers a sender report", stream.n,
        remediation="Capture at two points with synchronised clocks, or run emulated calls."))
    out.append(result(
        "qos.rtp.dscp", "RTP marked DSCP 46", "qos", "major", False, "pass" if dscp >= 100 else "warn", subject,
        "rtp_dscp_46_percent", dscp, "percent", {"at_least": 100}, "at least 100 %", dscp - 100,
        "%.1f %% is %sat least 100 %%" % (dscp, "not " if dscp < 100 else ""), stream.n,
        samples=metrics["rtp_packets"], basis="capture_point", section="13.5",
        remediation="Trust the handset's DSCP on the access switch and the WLAN controller; see which hop re-marks it."))
    out.append(result(
        "media.bandwidth", "Bit rate of a call", "media", "advisory", False, "informational", subject,
        "rtp_bitrate_kbps", metrics["rtp_bitrate_kbps"], "kbit/s", None, None, None, "told, not judged", stream.n,
        section="13.1"))
    return out


def make_call(rng, records, number, bad, hostile):
    begin, duration = number * 1000, 760 if bad else 370
    call = "a84b4c76e667%02d@192.0.2.10" % number
    phone, server = "192.0.2.%d" % (10 + number % 200), "198.51.100.7"
    names = (HOSTILE, "=cmd|' /C calc'!A0") if hostile else ("sip:+498912345@example.com", "sip:+498967890@example.com")
    codec = "PCMU" if bad else "G722"

    def loss(t):
        return (0.028 if 440 <= t < 700 else 0.001) if bad else 0.0004

    def jitter(t):
        return 44 if bad and 470 <= t < 520 else 18 if bad and 440 <= t < 700 else 6

    streams = [
        Stream(rng, phone + ":5004", server + ":5008", "caller_to_callee", rng.getrandbits(32), codec, duration, loss,
               jitter, 1.0),
        Stream(rng, server + ":5008", phone + ":5004", "callee_to_caller", rng.getrandbits(32), codec, duration,
               lambda t: 0.0003, lambda t: 4, 0.0 if bad else 1.0)]
    ladder(records, call, begin - 4, duration, phone + ":5060", server + ":5060")
    for stream in streams:
        stream.write(records, call, begin)
    if bad:
        records.add("event", time=moment(begin + 61.2), kind="dtmf", call_id=call, stream=streams[0].id, digit="5",
                    duration_ms=120)
    subject = {"kind": "call", "id": call, "key": names[0] + " > " + names[1], "call_id": call, "caller": names[0],
               "callee": names[1], "leg": "1", "linked_calls": [], "caller_agent": names[0] if hostile else "Handset 4.1"}
    n = records.add("observation", time=moment(begin - 4), subject=subject,
                    metrics={"sip_packets": 8, "sip_post_dial_delay_ms": 840, "sip_answer_delay_ms": 3100,
                             "sip_duration_s": duration + 0.1, "sip_retransmissions": 1, "sip_dscp_40_percent": 100},
                    states={"sip_call_state": "answered", "sip_hangup_state": "caller",
                            "sip_signalling_state": "plain", "call_media_state": "both_ways"}, missing={})
    results = [r for stream in streams for r in judge(stream, call)]
    results.append(result("qos.sip.dscp", "SIP marked DSCP 40", "qos", "major", False, "pass", subject,
                          "sip_dscp_40_percent", 100, "percent", {"at_least": 100}, "at least 100 %", 0,
                          "100 % is at least 100 %", n, samples=8, section="13.5"))
    return results


def make_verdict(results, streams):
    names = ("pass", "warn", "fail", "not_measured", "not_applicable", "skipped", "informational", "error")
    summary = {name: sum(r["status"] == name for r in results) for name in names}
    failed = sum(r["rule"] == "media.loss" and r["status"] == "fail" for r in results)
    return {"format": 1, "verdict": "not_ready" if summary["fail"] else "ready_with_warnings",
            "reason": "media.loss failed for %d of %d streams" % (failed, streams),
            "created": moment(2000), "packs": [{"pack": "openscape-mobile", "title": "OpenScape Mobile Pro V10",
                                                "file": "rules/openscape-mobile.json"}],
            "profile": "voice", "areas": ["media", "qos"], "site": None,
            "runs": [{"run": RUN, "probe": "voready-rtp", "version": "0.1.0", "started": moment(1990),
                      "finished": moment(1991), "source": ["calls.pcapng"], "complete": True, "why": None,
                      "records": 24}],
            "summary": summary, "results": results, "derived": []}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=2)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    rng, records, results = random.Random(1), Records(), []
    records.add("run", format=1, probe="voready-rtp", version="0.1.0", started=moment(1990), source=["calls.pcapng"])
    for number in range(arguments.calls):
        results += make_call(rng, records, number, number == 0 or (arguments.calls > 2 and number % 10 == 0),
                             arguments.hostile)
    results.append(result("air.roaming", "Gap of a roam", "air", "major", False, "skipped", None, None, None, None,
                          None, None, None, "waived by the site file: no roaming in this building", 0, section="13.4"))
    records.add("observation", time=moment(0), subject={"kind": "capture", "id": "calls.pcapng", "key": "sbc-lan",
                                                        "point": "sbc-lan"},
                metrics={"capture_packets": 112893, "capture_snapped_packets": 0, "capture_time_backsteps": 0,
                         "capture_undecoded_packets": 12, "capture_evicted_streams": 0, "capture_one_sided_flows": 0,
                         "capture_streams": 2 * arguments.calls, "capture_calls": arguments.calls}, states={},
                missing={"capture_dropped_packets": "the file has no interface statistics"})
    records.add("end", finished=moment(1991), complete=True, records=len(records.lines) + 1)
    os.makedirs(arguments.folder, exist_ok=True)
    with open(os.path.join(arguments.folder, "verdict.json"), "w", encoding="utf-8") as file:
        json.dump(make_verdict(results, 2 * arguments.calls), file, indent=1)
        file.write("\n")
    with open(os.path.join(arguments.folder, "records.jsonl"), "w", encoding="utf-8") as file:
        for line in records.lines:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
