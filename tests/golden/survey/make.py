#!/usr/bin/env python3
"""Makes the records of a survey: five places, three access points of the SSID voice and one of a neighbour.

    make.py FILE        the same bytes each time

A walk of six visits (the hall twice), then a link to one access point. What follows from the levels is worked out by
hand in `run`.

    access point   BSSID               SSID       channel
    A              02:00:00:00:0a:01   voice      36, 20 MHz: 5170 to 5190
    A              02:00:00:00:0a:02   guest      the same radio
    B              02:00:00:00:0b:01   voice      40, 40 MHz (centre 5190): 5170 to 5210
    C              02:00:00:00:0c:01   voice      149, 80 MHz (centre 5775): 5735 to 5815
    X              02:00:00:00:f0:01   neighbour  44, 80 MHz (centre 5210): 5170 to 5250
"""
import datetime
import json
import sys

WALK, LINK = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
START = datetime.datetime(2026, 11, 22, 9, 0, 0, tzinfo=datetime.timezone.utc)
BSSS = {  # BSSID: SSID, access point, primary, width, centre
    "02:00:00:00:0a:01": ("voice", "02:00:00:00:0a:01", 5180, 20, 5180),
    "02:00:00:00:0a:02": ("guest", "02:00:00:00:0a:01", 5180, 20, 5180),
    "02:00:00:00:0b:01": ("voice", "02:00:00:00:0b:01", 5200, 40, 5190),
    "02:00:00:00:0c:01": ("voice", "02:00:00:00:0c:01", 5745, 80, 5775),
    "02:00:00:00:f0:01": ("neighbour", "02:00:00:00:f0:01", 5220, 80, 5210),
}
A, GUEST, B, C, X = BSSS
VISITS = [  # place, scans, {BSSID: (mean, readings, minimum, noise)}
    ("Lobby", 4, {A: (-50, 20, -54, -95), GUEST: (-49, 20, -53, -95), B: (-69, 20, -73, None), C: (-80, 4, -82, None),
                  X: (-75, 8, -79, None)}),
    ("Hall", 4, {A: (-60, 10, -66, -95), B: (-66, 20, -70, None), X: (-60, 10, -62, None)}),
    ("Stairs", 3, {A: (-72, 12, -74, None), B: (-69, 12, -71, None), C: (-65, 12, -67, None)}),
    ("Office", 4, {A: (-85, 3, -86, None), B: (-55, 20, -57, None), C: (-69.5, 20, -72, None), X: (-90, 2, -91, None)}),
    ("Hall", 6, {A: (-70, 30, -75, None), C: (-68, 5, -68, None), X: (-60, 30, -63, None)}),
    ("Cellar", 5, {X: (-88, 5, -90, None)}),
]


def moment(seconds):
    return (START + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Run:
    def __init__(self, uuid, begin):
        self.uuid, self.lines, self.now = uuid, [], begin
        self.add("run", format=1, probe="voready-wlan", version="0.0.0", started=moment(begin), source=["wlan0"],
                 host={"name": "surveyor", "interface": "wlan0"})

    def add(self, record, **fields):
        self.lines.append({"record": record, "run": self.uuid, "n": len(self.lines) + 1, **fields})

    def end(self):
        self.add("end", finished=moment(self.now), complete=True, records=len(self.lines) + 1)
        return self.lines


def labels(bssid):
    ssid, ap, mhz, width, centre = BSSS[bssid]
    told = {"ssid_told_by": "option"} if ssid == "voice" else {"judged": "no"}
    return {"kind": "bss", "id": bssid, "key": bssid, "interface": "wlan0", "ssid": ssid, **told, "ap": ap,
            "frequency_mhz": mhz, "channel": (mhz - 5000) // 5, "band": "5 GHz", "width_mhz": width, "center_mhz": centre,
            "ciphers": "CCMP-128"}


def bss(run, place, visit, bssid, scans, level):
    mean, readings, minimum, noise = level
    metrics = {"wlan_signal_dbm": mean, "wlan_signal_min_dbm": minimum, "wlan_signal_p10_dbm": minimum + 1,
               "wlan_signal_frames": readings, "wlan_signal_deviation_db": 1.5, "wlan_scans": scans}
    missing = {}
    if noise is None:
        missing = {"wlan_noise_dbm": "the driver tells no noise", "wlan_snr_db": "the driver tells no noise"}
    else:
        metrics |= {"wlan_noise_dbm": noise, "wlan_snr_db": mean - noise}
    if bssid == A:
        metrics |= {"wlan_utilization_percent": 10, "wlan_load_frames": readings}
    run.add("observation", time=moment(run.now), place=place, subject=labels(bssid) | {"visit": visit}, metrics=metrics,
            states={"wlan_wmm": "on", "wlan_security": "wpa2_enterprise"}, missing=missing)


def walk():
    run = Run(WALK, 0)
    for visit, (place, scans, heard) in enumerate(VISITS, 1):
        run.add("event", time=moment(run.now), place=place, kind="place", visit=visit, state="begun")
        run.now += 20
        for bssid, level in heard.items():
            # what was heard half-way: it is replaced by what is told at the end of the visit
            bss(run, place, visit, bssid, scans // 2, (-30, 1, -30, None))
        run.now += 20
        for bssid, level in heard.items():
            bss(run, place, visit, bssid, scans, level)
        voice = any(BSSS[bssid][0] == "voice" for bssid in heard)
        cell = f"{place} / voice"
        run.add("observation", time=moment(run.now), place=place,
                subject={"kind": "cell", "id": cell, "key": cell, "ssid": "voice", "place": place, "visit": visit},
                metrics={"wlan_scans": scans}, states={"wlan_coverage": "heard" if voice else "not_heard"})
        run.add("event", time=moment(run.now), place=place, kind="place", visit=visit, state="ended")
    return run.end()


def link():
    """HT MCS 7 in 20 MHz both ways, one attempt in ten a repetition."""
    run = Run(LINK, 1000)
    rate = {"phy": "ht", "mcs": 7, "nss": 1, "width_mhz": 20, "gi_ns": 800, "kbps": 65000}
    run.now += 60
    run.add("observation", time=moment(run.now), place="Lobby",
            subject={"kind": "link", "id": f"wlan0 {A}", "key": "voice @ Lobby", "interface": "wlan0", "ssid": "voice",
                     "bssid": A, "frequency_mhz": 5180, "direction": "to_ap",
                     **{f"tx_{name}": value for name, value in rate.items()},
                     **{f"rx_{name}": value for name, value in rate.items()}},
            metrics={"wlan_signal_dbm": -51, "wlan_signal_frames": 50, "wlan_sent_frames": 900, "wlan_attempts": 1000,
                     "wlan_retry_frames": 100, "wlan_retry_percent": 10, "wlan_undelivered_frames": 0,
                     "wlan_per_percent": 0})
    return run.end()


def main():
    with open(sys.argv[1], "w") as file:
        for line in walk() + link():
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
