#!/usr/bin/env python3
"""Makes a verdict and records of a survey to render: 6 places, 3 access points of ours and 4 of others, a call with one
burst of loss, 2 roams.

    make.py [--places N] [--others N] [--roams N] [--hostile] FOLDER    FOLDER/verdict.json, records.jsonl and live.jsonl

The same arguments give the same bytes. verdict.json and records.jsonl beside this file were made without options;
live.jsonl has what voready-analyze --follow would have written after each place. --hostile puts markup and control characters where the air
could have them. What is derived is computed here from the levels of LEVELS, by the definitions of core/metrics.def.
"""
import argparse
import datetime
import json
import math
import os
import random

WALK, TALK = "5f0c2f6e-6a3b-4d53-9c58-0d2a4d6f7e11", "81b3a0de-1c35-4f0e-8a58-5a3c0f8f2b90"
START = datetime.datetime(2026, 11, 22, 14, 0, 0, tzinfo=datetime.timezone.utc)
GUIDE = "OpenScape Mobile Pro V10 Administration Guide"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u001b[31m\u202e]]>\u0007"
STREAM = "192.0.2.21:5008>198.51.100.7:20480#0x1d4b0c77"
VISIT = 60  # seconds at a place

# name, address, radios: (offset of the BSSID, primary, centre, width)
OWN = [("ap-lobby", "02:00:5e:00:01", [(0x00, 5180, 5210, 80), (0x10, 2412, 2412, 20)]),
       ("ap-ward3", "02:00:5e:00:02", [(0x00, 5220, 5210, 80), (0x10, 2437, 2437, 20)]),
       ("ap-office", "02:00:5e:00:03", [(0x00, 5260, 5270, 40), (0x10, 2462, 2462, 20)])]
# SSID (None: hidden), BSSID, primary, centre, width, level less a place's loss
OTHERS = [("Coffee & Co", "3c:84:6a:11:20:01", 5180, 5180, 20, -79), ("printer-setup", "a0:63:91:0b:7e:10", 2437, 2437, 20, -66),
          (None, "f0:9f:c2:77:00:5e", 5220, 5210, 80, -84), ("Nachbar", "44:4e:6d:20:9a:31", 2462, 2452, 40, -74)]
# mean level in dBm of the 5 GHz radios of the three access points; None: not heard
LEVELS = {"Lobby": (-51.2, -70.4, -88.0), "Ward 3": (-68.1, -54.3, -79.5), "Reception": (-61.7, -66.9, None),
          "Office 12": (-83.0, -69.2, -58.8), "Cafeteria": (-74.3, -86.1, None), "Stairwell B": (None, None, None)}
NOISE = {5180: -94.0, 5220: -93.0, 5260: None}


def moment(seconds):
    time = START + datetime.timedelta(seconds=seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (time.microsecond // 1000)


def number(mhz):
    return 14 if mhz == 2484 else (mhz - 2407) // 5 if mhz < 2484 else (mhz - 5000) // 5


class Records:
    def __init__(self, run):
        self.run, self.lines = run, []

    def add(self, record, **fields):
        n = len(self.lines) + 1
        self.lines.append({"record": record, "run": self.run, "n": n, **fields})
        return {"run": self.run, "n": n}


class Bss:
    """One BSSID, and its level at each place. A second BSSID of an access point (guest) is not surveyed."""

    def __init__(self, ssid, bssid, ap, name, mhz, centre, width, levels, own):
        self.ssid, self.bssid, self.ap, self.name, self.own = ssid, bssid, ap, name, own
        self.mhz, self.centre, self.width, self.levels = mhz, centre, width, levels

    def labels(self):
        labels = {"kind": "bss", "id": self.bssid, "key": self.bssid, "ssid": self.ssid, "hidden": None if self.ssid else "yes",
                  "ap": self.ap, "ap_name": self.name, "frequency_mhz": self.mhz, "channel": number(self.mhz),
                  "band": "2.4 GHz" if self.mhz < 3000 else "5 GHz", "width_mhz": self.width, "center_mhz": self.centre,
                  "akms": "802.1X, FT-802.1X" if self.own else "PSK", "ciphers": "CCMP-128",
                  "country": "DE" if self.own else None, "power_limit_dbm": 23 if self.own else None,
                  "mobility_domain": "b2a1" if self.own else None, "dfs": "yes" if 5250 <= self.mhz <= 5730 else None}
        labels.update({"ssid_told_by": "option"} if self.own else {"judged": "no"})
        return {name: value for name, value in labels.items() if value is not None}


def overlap_db(ours, other):
    """What of the other's power falls into our channel, in dB; None: nothing."""
    low = max(ours.centre - ours.width / 2, other.centre - other.width / 2)
    high = min(ours.centre + ours.width / 2, other.centre + other.width / 2)
    return 10 * math.log10((high - low) / other.width) if high > low else None


def survey_bsss(arguments, rng):
    places = list(LEVELS) + ["Room %d" % i for i in range(101, 101 + arguments.places - len(LEVELS))]
    levels = dict(LEVELS)
    for place in places[len(LEVELS):]:
        levels[place] = tuple(round(rng.uniform(-90, -45), 1) for _ in OWN)
    ssid = HOSTILE if arguments.hostile else "voice"
    bsss = []
    for index, (name, address, radios) in enumerate(OWN):
        for offset, mhz, centre, width in radios:
            shift = 0 if mhz > 3000 else 4.5  # 2.4 GHz reaches further
            bsss.append(Bss(ssid, "%s:%02x" % (address, offset), address + ":00", name, mhz, centre, width,
                            {place: None if levels[place][index] is None else levels[place][index] + shift
                             for place in places}, mhz > 3000))
        bsss[-1].ssid, bsss[-1].own = "guest", False
    others = list(OTHERS)
    for i in range(arguments.others - len(OTHERS)):
        mhz = rng.choice([2412, 2437, 2462, 5180, 5200, 5220, 5240, 5500, 5520])
        others.append(("net-%03d" % i, "d8:00:00:00:%02x:%02x" % (i // 256, i % 256), mhz, mhz, 20, rng.uniform(-90, -60)))
    for ssid, bssid, mhz, centre, width, level in others:
        heard = {place: round(level + rng.uniform(-4, 4), 1) for place in places if place != "Stairwell B"}
        if arguments.hostile and ssid:
            ssid = HOSTILE
        bsss.append(Bss(ssid, bssid, bssid, None, mhz, centre, width, {**heard, "Stairwell B": None}, False))
    return [HOSTILE if arguments.hostile and place == "Lobby" else place for place in places], bsss


def observe_bss(records, bss, place, visit, level):
    load = {2412: 71, 2437: 128, 2462: 40, 5180: 58, 5220: 112, 5260: 20}.get(bss.mhz, 30)
    metrics = {"wlan_signal_dbm": level, "wlan_signal_min_dbm": math.floor(level - 4), "wlan_signal_p10_dbm": math.floor(level - 2),
               "wlan_signal_frames": 24, "wlan_signal_deviation_db": 1.8, "wlan_scans": 12, "wlan_beacons": 24}
    states = {"wlan_security": "wpa2_enterprise" if bss.own else "wpa2_personal", "wlan_pmf": "optional" if bss.own else "off",
              "wlan_wmm": "on", "wlan_uapsd": "off" if bss.name == "ap-office" else "on" if bss.own else "off",
              "wlan_neighbor_reports": "on" if bss.own else "off", "wlan_bss_transition": "on" if bss.own else "off",
              "wlan_fast_transition": "on" if bss.own else "off", "wlan_phy": "ax" if bss.mhz > 3000 else "n"}
    missing = {}
    if bss.own or bss.name:
        metrics.update(wlan_load_frames=24, wlan_utilization_percent=100 * load / 255, wlan_streams=4, wlan_tx_power_dbm=14,
                       wlan_utilization_max_percent=100 * (load + 9) / 255, wlan_bss_stations=7)
    else:
        missing.update(wlan_utilization_percent="its beacons have no BSS Load",
                       wlan_tx_power_dbm="the access point does not announce it")
        metrics.update(wlan_load_frames=0, wlan_streams=2)
    noise = NOISE.get(bss.mhz)
    if noise is None:
        missing.update(wlan_noise_dbm="the driver reports no noise of this channel",
                       wlan_snr_db="the driver reports no noise of this channel")
    else:
        metrics.update(wlan_noise_dbm=noise, wlan_snr_db=level - noise)
    return records.add("observation", time=moment(visit * VISIT - 5), place=place, subject={**bss.labels(), "visit": visit},
                       metrics=metrics, states=states, missing=missing, basis={"wlan_signal_dbm": "mean_of_mw"})


def derive_cell(place, bsss, ssid, evidence, visit):
    original = "Lobby" if place == HOSTILE else place
    ours = sorted((b for b in bsss if b.own and b.levels.get(original) is not None), key=lambda b: -b.levels[original])
    subject = {"kind": "cell", "id": "%s / %s" % (place, ssid), "key": "%s / %s" % (place, ssid), "ssid": ssid, "place": place,
               "boundary_dbm": -70}
    cell = {"record": "observation", "time": moment(visit * VISIT - 4), "subject": subject, "metrics": {}, "states": {}, "missing": {},
            "basis": {}, "uncertainty": {}, "evidence": evidence}
    if not ours:
        cell["states"]["wlan_coverage"] = "not_heard"
        cell["metrics"]["wlan_scans"] = 12
        for name in ("wlan_signal_dbm", "wlan_signal_handset_dbm", "wlan_snr_db", "wlan_separation_db"):
            cell["missing"][name] = "no access point of the SSID was heard there"
        return cell
    best = ours[0]
    level = best.levels[original]
    subject.update(bssid=best.bssid, ap=best.ap, frequency_mhz=best.mhz, channel=number(best.mhz), width_mhz=best.width)
    cell["states"]["wlan_coverage"] = "heard"
    others = [(b.levels[original], overlap_db(best, b), b) for b in bsss
              if b.ap != best.ap and b.levels.get(original) is not None]
    others = sorted(((l + o, l, b) for l, o, b in others if o is not None), key=lambda t: -t[0])
    cell["metrics"].update(
        wlan_scans=12, wlan_signal_dbm=level, wlan_signal_min_dbm=math.floor(level - 4), wlan_signal_frames=24,
        wlan_signal_handset_dbm=level - 12, wlan_channel_access_points=len(others),
        wlan_access_points=sum(b.levels[original] >= -70 for b in ours))
    if len(ours) > 1:
        subject["second"] = ours[1].bssid
        cell["metrics"]["wlan_second_signal_dbm"] = ours[1].levels[original]
    else:
        cell["missing"]["wlan_second_signal_dbm"] = "no second access point of the SSID was heard there"
    if others:
        effective, received, other = others[0]
        subject.update(interferer=other.bssid, interferer_dbm=received)
        if other.ssid:
            subject["interferer_ssid"] = other.ssid
        cell["metrics"].update(wlan_separation_db=level - received, wlan_effective_separation_db=level - effective)
    else:
        cell["missing"]["wlan_separation_db"] = "no other access point was heard in its channel"
    noise = NOISE[best.mhz]
    if noise is None:
        cell["missing"]["wlan_snr_db"] = "the driver reports no noise of this channel"
    else:
        cell["metrics"].update(wlan_noise_dbm=noise, wlan_snr_db=level - noise)
    return cell


def result(rule, title, severity, required, status, subject, metric, observed, unit, limit, limit_text, margin, reason, evidence,
           **more):
    asks = status in ("warn", "fail", "not_measured")
    return {"rule": rule, "title": title, "area": more.get("area", "air"), "severity": severity, "required": required,
            "status": status, "subject": subject, "metric": metric, "observed": observed, "unit": unit,
            "samples": more.get("samples"), "limit": limit, "warn": None, "limit_text": limit_text, "margin": margin,
            "uncertainty": more.get("uncertainty"), "within_uncertainty": False, "basis": more.get("basis"),
            "source": {"document": GUIDE, "section": more.get("section", "13.4")}, "evidence": evidence, "reason": reason,
            **({"remediation": more.get("remediation"), "note": more.get("note")} if asks else {})}


def judge(observation, rule, title, metric, comparator, limit, unit, words, severity="major", required=False, remediation=None,
          **more):
    """A number or word of an observation against a limit, as analyze would."""
    subject, evidence = observation["subject"], observation["evidence"]
    value = observation["metrics"].get(metric, observation["states"].get(metric))
    text = "%s %s" % (words, limit) + (" %" if unit == "percent" else "" if unit == "word" else " " + unit)
    if value is None:
        reason = observation["missing"].get(metric, "it was not measured")
        return result(rule, title, severity, required, "not_measured", subject, metric, None, unit, {comparator: limit}, text,
                      None, reason, evidence, remediation=remediation, **more)
    good = {"at_least": lambda: value >= limit, "below": lambda: value < limit, "equals": lambda: value == limit,
            "above": lambda: value > limit}[comparator]()
    margin = None if unit == "word" else value - limit if comparator in ("at_least", "above") else limit - value
    shown = value if unit == "word" else "%.1f %s" % (value, "%" if unit == "percent" else unit)
    return result(rule, title, severity, required, "pass" if good else "fail", subject, metric, value, unit, {comparator: limit},
                  text, margin, "%s is %s%s" % (shown, "" if good else "not ", text), evidence, remediation=remediation, **more)


def judge_cell(cell):
    out = [judge(cell, "air.coverage", "Coverage", "wlan_coverage", "equals", "heard", "word", "is", "critical", True,
                 remediation="Add an access point that reaches this place.", section="13.3"),
           judge(cell, "air.signal", "Signal at the cell boundary", "wlan_signal_dbm", "at_least", -70, "dBm", "at least", "critical",
                 True, samples=cell["metrics"].get("wlan_signal_frames"),
                 remediation="Move or add an access point, or raise its power as far as handsets can answer."),
           judge(cell, "air.signal.handset", "Signal at the ear", "wlan_signal_handset_dbm", "at_least", -70, "dBm", "at least",
                 "advisory", remediation="Plan for what head and hand take: 10 to 12 dB."),
           judge(cell, "air.separation", "Separation of cells on a channel", "wlan_separation_db", "at_least", 19, "dB", "at least",
                 remediation="Give neighbouring access points channels that do not overlap; use 20 or 40 MHz."),
           judge(cell, "air.snr", "Signal to noise", "wlan_snr_db", "above", 25, "dB", "above",
                 remediation="Find the source of noise, or use an adapter that reports it.")]
    return out


def survey(arguments, rng, records):
    """Walks; returns derived observations and results in order of place."""
    places, bsss = survey_bsss(arguments, rng)
    ssid = HOSTILE if arguments.hostile else "voice"
    records.add("run", format=1, probe="voready-wlan", version="0.1.0", started=moment(0), source=["wlan0"])
    steps, evidence_of = [], {}
    for visit, place in enumerate(places, 1):
        original = "Lobby" if place == HOSTILE else place
        records.add("event", time=moment((visit - 1) * VISIT), kind="place", place=place, visit=visit, state="begun")
        evidence = []
        for bss in bsss:
            level = bss.levels.get(original)
            if level is None:
                continue
            for told in (level - 2, level):  # told again while the visit lasts: the last one stands
                found = observe_bss(records, bss, place, visit, told)
            if bss.own:
                evidence.append(found)
            evidence_of[bss.bssid] = found
        heard = bool(evidence)
        evidence.append(records.add(
            "observation", time=moment(visit * VISIT - 4), place=place,
            subject={"kind": "cell", "id": "%s / %s" % (place, ssid), "key": "%s / %s" % (place, ssid), "ssid": ssid,
                     "visit": visit, "place": place},
            metrics={"wlan_scans": 12}, states={"wlan_coverage": "heard" if heard else "not_heard"}, missing={}))
        cell = derive_cell(place, bsss, ssid, evidence, visit)
        steps.append((cell, judge_cell(cell)))
    return places, bsss, steps, evidence_of


def overlaps(places, bsss, ssid, evidence_of):
    out = []
    own = [b for b in bsss if b.own]
    for bss in own:
        covered = [p for p in LEVELS if bss.levels.get(p) is not None and bss.levels[p] >= -70]
        subject = {"kind": "access_point", "id": "%s %s" % (ssid, bss.ap), "key": "%s %s" % (ssid, bss.ap), "ssid": ssid,
                   "places": len(places), "boundary_dbm": -70}
        observation = {"record": "observation", "subject": subject, "states": {}, "missing": {},
                       "metrics": {"wlan_covered_places": len(covered)}, "evidence": [evidence_of[bss.bssid]]}
        shared, best = max((sum(o.levels.get(p) is not None and o.levels[p] >= -70 for p in covered), o.ap)
                           for o in own if o.ap != bss.ap)
        if len(covered) >= 3:
            subject.update(neighbour=best, shared_places=shared)
            observation["metrics"]["wlan_overlap_percent"] = 100 * shared / len(covered)
        else:
            observation["missing"]["wlan_overlap_percent"] = "it reaches the boundary in %d of the places: 3 are needed" % len(covered)
        out.append(observation)
    return out


def capacity(bsss, evidence_of):
    out = []
    for bss in bsss:
        if not bss.own:
            continue
        subject = {"kind": "bss", "id": bss.bssid, "key": bss.bssid, "ssid": bss.ssid, "ap": bss.ap, "frequency_mhz": bss.mhz}
        observation = {"record": "observation", "subject": subject, "metrics": {}, "states": {}, "missing": {},
                       "evidence": [evidence_of[bss.bssid]]}
        if bss.mhz == 5260:
            observation["missing"]["wlan_capacity_calls"] = "no link to it was measured, so that its rates are not known"
        else:
            subject.update(assumptions="G.711, 20 ms, no aggregation", load_from="bss_load")
            observation["metrics"].update(wlan_capacity_calls=21 if bss.mhz == 5180 else 14,
                                          wlan_capacity_most_calls=38 if bss.mhz == 5180 else 27)
        out.append(observation)
    return out


ROAMS = [  # from, to, second, gap or reason, method, levels before and after, packets lost, subnet, DHCP
    (0, 1, 185, 312.4, "authentication", -76, -58, 15, "same", None), (1, 2, 262, 48.7, "ft", -71, -60, 2, "same", "yes")]


def roams(arguments, rng, records, bsss):
    own, out, told = [b for b in bsss if b.own], [], list(ROAMS)
    for i in range(arguments.roams - len(ROAMS)):
        told.append((i % 3, (i + 1) % 3, 300 + i, round(rng.uniform(20, 400), 1), "ft", -72, -60, 1, "same", None))
    for first, second, at, gap, method, before, after, lost, subnet, dhcp in told:
        old, new = own[first], own[second]
        subject = {"kind": "roam", "id": "wlan0 " + moment(at), "key": "%s > %s" % (old.bssid, new.bssid), "interface": "wlan0",
                   "ssid": old.ssid, "from": old.bssid, "to": new.bssid, "from_mhz": old.mhz, "to_mhz": new.mhz, "media": STREAM,
                   **({"dhcp": dhcp} if dhcp else {})}
        metrics = {"wlan_roam_gap_ms": gap, "wlan_roam_signal_before_dbm": before, "wlan_roam_signal_after_dbm": after,
                   "wlan_roam_scan_ms": gap * 0.4, "wlan_roam_association_ms": 11.2, "wlan_roam_events_ms": gap * 0.55,
                   "wlan_roam_lost_packets": lost}
        missing = {}
        if method == "ft":
            missing["wlan_roam_keys_ms"] = "no key exchange was heard: none is needed with fast transition or an open network"
        else:
            metrics["wlan_roam_keys_ms"] = gap * 0.3
        observation = {"record": "observation", "time": moment(at), "subject": subject, "metrics": metrics,
                       "states": {"wlan_roam_method": method, "wlan_roam_media": "resumed", "wlan_roam_subnet": subnet},
                       "missing": missing, "basis": {"wlan_roam_gap_ms": "rtp_received"}, "uncertainty": {"wlan_roam_gap_ms": 20}}
        observation["evidence"] = [records.add(**observation)]
        s = gap / 1000
        times = {"last_data": at, "first_probe": at + 0.08 * s, "disconnected": at + 0.44 * s, "authentication": at + 0.48 * s,
                 "association_request": at + 0.5 * s, "association_response": at + 0.5 * s + 0.0112,
                 **({} if method == "ft" else {"keys_first": at + 0.6 * s, "keys_last": at + 0.9 * s}), "first_data": at + s}
        records.add("event", time=moment(at), kind="wlan_roam", subject={k: subject[k] for k in ("kind", "id", "key")},
                    **{name: moment(time) for name, time in times.items()})
        out.append(observation)
    return out


def judge_roam(roam):
    return [judge(roam, "air.roaming.threshold", "Signal at which it roams", "wlan_roam_signal_before_dbm", "at_least", -72, "dBm",
                  "at least", remediation="Lower the roaming threshold's delay in the phone, or bring cells closer together."),
            judge(roam, "air.roaming.gap", "Gap of a roam", "wlan_roam_gap_ms", "below", 150, "ms", "below", "critical", True,
                  remediation="Use 802.11r, or key caching: without them each roam authenticates anew.", basis="rtp_received",
                  uncertainty=20),
            judge(roam, "air.roaming.subnet", "Same subnet after a roam", "wlan_roam_subnet", "equals", "same", "word", "is")]


def links(records, rng, bsss):
    """Three associations, 1 s steps over six minutes, weak before each roam."""
    own, out, seconds = [b for b in bsss if b.own], [], 360
    for index, (begin, end) in enumerate(((0, 185), (185, 262), (262, seconds))):
        bss, length = own[index], end - begin
        signal = [round(-55 - 21 * max(0, (t - begin) / length) ** 3 + rng.uniform(-1.5, 1.5)) for t in range(begin, end)]
        sent = [rng.randint(48, 56) for _ in signal]
        retries = [round(n * (0.04 + 0.5 * max(0, -66 - s) / 12)) for n, s in zip(sent, signal)]
        undelivered = [int(n > 25) + int(n > 21) for n in retries]
        subject = {"kind": "link", "id": "wlan0 " + bss.bssid, "key": bss.ssid}
        for first in range(0, length, 64):
            part = slice(first, min(first + 64, length))
            records.add("series", subject=subject, start=moment(begin + first), step_s=1,
                        columns={"wlan_signal_dbm": signal[part], "wlan_sent_frames": sent[part],
                                 "wlan_undelivered_frames": undelivered[part], "wlan_retry_frames": retries[part]})
        frames, again, lost = sum(sent), sum(retries), sum(undelivered)
        mean = 10 * math.log10(sum(10 ** (s / 10) for s in signal) / length)
        labels = {"interface": "wlan0", "ssid": bss.ssid, "bssid": bss.bssid, "frequency_mhz": bss.mhz, "direction": "to_ap",
                  "tx_phy": "he", "tx_mcs": 7, "tx_nss": 2, "tx_width_mhz": bss.width, "chains_dbm": "-61 -64"}
        observation = {"record": "observation", "time": moment(end - 1), "subject": {**subject, **labels}, "states": {},
                       "metrics": {"wlan_signal_dbm": mean, "wlan_signal_min_dbm": min(signal), "wlan_signal_frames": length,
                                   "wlan_sent_frames": frames, "wlan_undelivered_frames": lost,
                                   "wlan_per_percent": 100 * lost / frames, "wlan_attempts": frames + again,
                                   "wlan_retry_frames": again, "wlan_retry_percent": 100 * again / (frames + again),
                                   "wlan_tx_rate_mbps": 573.5, "wlan_rx_rate_mbps": 516.2, "wlan_beacon_losses": 0,
                                   "wlan_roams": int(index > 0)},
                       "missing": {"wlan_snr_db": "the driver reports no noise of this channel",
                                   "wlan_beacon_signal_dbm": "the driver does not tell"},
                       "basis": {"wlan_per_percent": "kernel_counters"}}
        observation["evidence"] = [records.add(**observation)]
        out.append(observation)
    return out


def channels(records):
    out = []
    for mhz, busy, receiving, sending in ((5180, 31.4, 24.9, 2.1), (5220, 47.8, 40.2, 1.9), (5260, None, None, None)):
        subject = {"kind": "channel", "id": "%d MHz" % mhz, "key": "%d MHz" % mhz, "frequency_mhz": mhz, "channel": number(mhz),
                   "band": "5 GHz", "in_use": "yes", "source": "kernel_survey", "interface": "wlan0"}
        observation = {"record": "observation", "time": moment(300), "subject": subject, "states": {}, "metrics": {"wlan_observed_s": 58},
                       "missing": {}}
        if busy is None:
            observation["missing"].update({name: "the driver counts no busy time on a channel shared with radar"
                                           for name in ("wlan_busy_percent", "wlan_receiving_percent", "wlan_sending_percent")})
        else:
            observation["metrics"].update(wlan_busy_percent=busy, wlan_receiving_percent=receiving, wlan_sending_percent=sending,
                                          wlan_noise_dbm=NOISE[mhz])
        observation["evidence"] = [records.add(**observation)]
        out.append(observation)
    heard = {"wlan_frames": 18211, "wlan_airtime_percent": 22.8, "wlan_airtime_voice_percent": 6.1, "wlan_airtime_video_percent": 0.4,
             "wlan_airtime_best_effort_percent": 9.7, "wlan_airtime_background_percent": 0.2,
             "wlan_airtime_management_percent": 4.9, "wlan_airtime_control_percent": 1.0, "wlan_airtime_damaged_percent": 0.5,
             "wlan_observed_s": 60}
    records.add("observation", time=moment(310), subject={"kind": "channel", "id": "5180 MHz", "key": "5180 MHz", "frequency_mhz": 5180,
                                                          "channel": 36, "band": "5 GHz", "interface": "mon0"},
                metrics=heard, states={}, missing={}, basis={"wlan_airtime_percent": "heard_frames"})
    return out


def talk(records, rng):
    """One direction of a call over the roams: 300 s of 50 packets a second."""
    records.add("run", format=1, probe="voready-rtp", version="0.1.0", started=moment(20), source=["wlan0"])
    begin, seconds = 20, 300
    lost = [0] * seconds
    for at, count in ((185, 15), (186, 8), (240, 2), (262, 2)):
        lost[at - begin] = count
    columns = {"rtp_packets": [50 - n for n in lost], "rtp_expected_packets": [50] * seconds, "rtp_lost_packets": lost,
               "rtp_jitter_max_ms": [round(rng.uniform(2, 5) + (12 if n else 0), 2) for n in lost]}
    subject = {"kind": "rtp_stream", "id": STREAM, "key": "wlan0 audio 192.0.2.21>198.51.100.7", "media": "audio", "codec": "PCMU",
               "payload_type": 0, "clock_hz": 8000, "call_id": "walk-1@192.0.2.21", "direction": "caller_to_callee",
               "source": "192.0.2.21:5008", "destination": "198.51.100.7:20480"}
    for first in range(0, seconds, 60):
        records.add("series", subject={k: subject[k] for k in ("kind", "id", "key")}, start=moment(begin + first), step_s=1,
                    columns={name: values[first:first + 60] for name, values in columns.items()})
    total, expected = sum(lost), 50 * seconds
    stream = {"record": "observation", "time": moment(begin), "subject": subject, "states": {"rtp_media_state": "plain"},
              "metrics": {"rtp_packets": expected - total, "rtp_expected_packets": expected, "rtp_lost_packets": total,
                          "rtp_loss_percent": 100 * total / expected, "rtp_loss_peak_5min_percent": 100 * total / expected,
                          "rtp_loss_peak_5min_packets": expected, "rtp_loss_peak_5min_start_s": 0, "rtp_duration_s": seconds,
                          "rtp_jitter_max_ms": max(columns["rtp_jitter_max_ms"]), "rtp_jitter_packets": expected - total - 1},
              "missing": {}}
    stream["evidence"] = [records.add(**stream)]
    call = {"kind": "call", "id": "walk-1@192.0.2.21", "key": "a > b", "call_id": "walk-1@192.0.2.21", "caller": "sip:4711@example.com",
            "callee": "sip:4712@example.com"}
    records.add("observation", time=moment(begin - 2), subject=call, metrics={"sip_duration_s": seconds + 2},
                states={"sip_call_state": "answered", "sip_hangup_state": "caller"}, missing={})
    return stream


def explanations(roamed, linked):
    def explain(begin, end, lost, expected, what):
        return {"record": "event", "kind": "explanation", "time": moment(begin), "until": moment(end),
                "subject": {"kind": "rtp_stream", "id": STREAM}, "lost": lost, "expected": expected, "with": what}
    return [explain(185, 187, 23, 100, [
                {"what": "roam", "text": "roam %s, gap 312 ms" % roamed[0]["subject"]["key"].replace(">", "→"),
                 "evidence": roamed[0]["evidence"]},
                {"what": "signal", "text": "signal down to -78 dBm", "evidence": linked[0]["evidence"]},
                {"what": "retries", "text": "37 % of attempts were repetitions", "evidence": linked[0]["evidence"]}]),
            explain(240, 241, 2, 50, [])]


def strip(observation):
    return {name: value for name, value in observation.items() if value != {}}


def verdict(results, derived, when, runs):
    names = ("pass", "warn", "fail", "not_measured", "not_applicable", "skipped", "informational", "error")
    summary = {name: sum(r["status"] == name for r in results) for name in names}
    bad = [r for r in results if r["status"] == "fail" and r["required"]]
    unknown = [r for r in results if r["status"] == "not_measured" and r["required"]]
    first = bad or unknown
    same = [r for r in results if first and r["rule"] == first[0]["rule"]]
    reason = "%s %s for %d of %d subjects" % (first[0]["rule"], "failed" if bad else "was not measured",
                                             sum(r["status"] == first[0]["status"] for r in same), len(same)) \
        if first else "no required rule failed"
    return {"format": 1, "verdict": "not_ready" if bad else "incomplete" if unknown else "ready_with_warnings"
            if summary["fail"] else "ready", "reason": reason, "created": moment(when),
            "packs": [{"pack": "openscape-mobile", "title": "OpenScape Mobile Pro V10", "file": "rules/openscape-mobile.json"}],
            "profile": "voice", "areas": ["air", "media"], "site": "Hospital North",
            "runs": [{"run": run, "probe": probe, "version": "0.1.0", "started": moment(0), "finished": None, "source": ["wlan0"],
                      "complete": True, "why": None, "records": count} for run, probe, count in runs],
            "summary": summary, "results": results, "derived": [strip(d) for d in derived]}


def judge_bss(bss, evidence):
    load = {5180: 58, 5220: 112, 5260: 20}.get(bss.mhz, 30)
    observation = {"subject": {**bss.labels()}, "states": {"wlan_uapsd": "off" if bss.name == "ap-office" else "on"}, "missing": {},
                   "metrics": {"wlan_utilization_percent": 100 * load / 255}, "evidence": [evidence]}
    return [judge(observation, "air.utilization", "Announced channel load", "wlan_utilization_percent", "below", 45, "percent", "below",
                  samples=24, remediation="Move clients to another band or channel; lower the number of SSIDs."),
            judge(observation, "air.wmmps", "WMM Power Save", "wlan_uapsd", "equals", "on", "word", "is",
                  remediation="Turn on U-APSD in the WLAN controller.", section="13.3")]


def judge_rest(linked, measured, stream):
    out = []
    for link in linked:
        out.append(judge(link, "air.per", "Packet error rate", "wlan_per_percent", "below", 1, "percent", "below", "critical", True,
                         samples=link["metrics"]["wlan_sent_frames"], basis="kernel_counters",
                         remediation="See where the signal is weak or the channel busy when frames are not delivered."))
        out.append(result("air.retry", "Retries", "advisory", False, "informational", link["subject"], "wlan_retry_percent",
                          link["metrics"]["wlan_retry_percent"], "percent", None, None, None, "told, not judged", link["evidence"],
                          samples=link["metrics"]["wlan_attempts"]))
    for channel in measured:
        out.append(judge(channel, "air.busy", "Measured channel load", "wlan_busy_percent", "below", 45, "percent", "below",
                         remediation="Find who uses the channel, and move one of you."))
    out.append(judge(stream, "media.loss", "Packet loss, worst five minutes", "rtp_loss_peak_5min_percent", "below", 1, "percent",
                     "below", "critical", True, samples=15000, area="media", section="13.6", basis="capture_point"))
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=len(LEVELS))
    parser.add_argument("--others", type=int, default=len(OTHERS))
    parser.add_argument("--roams", type=int, default=len(ROAMS))
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    rng, walk, call = random.Random(1), Records(WALK), Records(TALK)
    places, bsss, steps, evidence_of = survey(arguments, rng, walk)
    linked, measured = links(walk, rng, bsss), channels(walk)
    roamed, stream = roams(arguments, rng, walk, bsss), talk(call, rng)
    for records in (walk, call):
        records.add("end", finished=moment(400), complete=True, records=len(records.lines) + 1)
    ssid = HOSTILE if arguments.hostile else "voice"
    rest = [r for b in bsss if b.own for r in judge_bss(b, evidence_of[b.bssid])]
    overlap = overlaps(places, bsss, ssid, evidence_of)
    rest += [judge(o, "air.overlap", "Overlap of adjoining cells", "wlan_overlap_percent", "at_least", 20, "percent", "at least",
                   samples=o["metrics"]["wlan_covered_places"], remediation="Bring access points closer together.") for o in overlap]
    late = [r for roam in roamed for r in judge_roam(roam)] + judge_rest(linked, measured, stream)
    runs = [(WALK, "voready-wlan", len(walk.lines)), (TALK, "voready-rtp", len(call.lines))]
    derived, results, live = [], [], []
    for visit, (cell, judged) in enumerate(steps, 1):
        derived.append(cell)
        results += judged
        live.append(verdict(list(results), list(derived), visit * VISIT, runs[:1]))
    derived += overlap + capacity(bsss, evidence_of) + explanations(roamed, linked)
    live.append(verdict(results + rest + late, derived, 400, runs))
    os.makedirs(arguments.folder, exist_ok=True)
    with open(os.path.join(arguments.folder, "verdict.json"), "w", encoding="utf-8") as file:
        json.dump(live[-1], file, indent=1)
        file.write("\n")
    with open(os.path.join(arguments.folder, "records.jsonl"), "w", encoding="utf-8") as file:
        for line in walk.lines + call.lines:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
    with open(os.path.join(arguments.folder, "live.jsonl"), "w", encoding="utf-8") as file:
        for line in live[-8:]:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
