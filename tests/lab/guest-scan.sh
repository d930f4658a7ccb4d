# voready-wlan scan, walk and calibrate against a real kernel: six radios, signals set to the dB.
#   wlan0 voice    2412 MHz, PMF optional, U-APSD, load 80 of 255     wlan3 cellar   2437 MHz, hides its name
#   wlan2 voice    5180 MHz, 80 MHz wide, PMF required, load 200      wlan4 voice    5975 MHz (6 GHz), WPA3, no load
#   wlan5 guest    2412 MHz; with a second network, guest2            wlan1 scans
. /lab/project/tests/lab/guest-network.sh
wlan="$tool/voready-wlan"
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"; }
# Whether a command says a pattern, and exits with a status: says STATUS PATTERN COMMAND...
says() {
    local expected=$1 pattern=$2 status
    shift 2
    text=$("$@" 2>&1 </dev/null)
    status=$?
    [ $status -eq "$expected" ] || { text+=$'\n'"exit $status"; return 1; }
    has "$text" "$pattern"
}
# records FILE <<'END': Python that looks at records: observations, events, run, end, last(kind, id[, place, visit]) and
# check(name, good, seen).
records() {
    { sed -n 's/^# PYTHON //p' "$0"; cat; echo 'sys.exit(bad)'; } >/tmp/check.py
    python3 /tmp/check.py "$1"
    failures=$((failures + $?))
}
# PYTHON import json, sys
# PYTHON lines = [json.loads(line) for line in open(sys.argv[1])]
# PYTHON observations = [r for r in lines if r["record"] == "observation"]
# PYTHON events = [r for r in lines if r["record"] == "event"]
# PYTHON run, end = lines[0], lines[-1]
# PYTHON bad = 0
# PYTHON def check(name, good, seen=""):
# PYTHON     global bad
# PYTHON     bad += not good
# PYTHON     print("ok  " if good else "FAIL", name, "" if good else seen)
# PYTHON def last(kind, id, place=None, visit=None):
# PYTHON     found = [o for o in observations if o["subject"]["kind"] == kind and o["subject"]["id"] == id
# PYTHON              and (place is None or o.get("place") == place) and (visit is None or o["subject"]["visit"] == visit)]
# PYTHON     return found[-1] if found else {"subject": {}, "metrics": {}, "states": {}, "missing": {}}

note "without radios"
/lab/busybox rmmod mac80211_hwsim
check "an interface that there is not" says 2 'wlan1 is no wireless interface, and there is none: plug in' $wlan scan -i wlan1
check "and none at all" says 2 'there is no wireless interface: plug in' $wlan scan
/lab/busybox insmod /lab/radio/*hwsim* radios=6
iw reg set DE
until_true 5 eval 'iw reg get | grep -q "country DE"'

lan_start || exit 1
access_point wlan0 1
access_point wlan2 36 vht ax ieee80211w=2 uapsd_advertisement_enabled=0 bss_load_test=3:200:100
access_point wlan3 6 ssid=cellar ignore_broadcast_ssid=1
access_point wlan5 1 ssid=guest bss=wlan5_0 ssid=guest2
sed -e '/^bss=/,$d; /^mobility\|^ft_\|^pmk\|^r[01]kh\|^nas\|^ieee8021x\|^eap\|^bridge\|^bss_load\|^rrm\|^bss_trans/d' /tmp/wlan0.conf >/tmp/wlan4.conf
cat >>/tmp/wlan4.conf <<'END'
interface=wlan4
country_code=DE
hw_mode=a
op_class=131
channel=5
ieee80211ax=1
he_oper_centr_freq_seg0_idx=5
wpa_key_mgmt=SAE
ieee80211w=2
sae_pwe=1
sae_password=secretsecret
END
access_points_start && medium_start 6 7 || exit 1
# A process of its own: hostapd tells in beacons that all radios of one process are one access point's.
hostapd -B -f /tmp/hostapd6.log /tmp/wlan4.conf >/dev/null || { cat /tmp/hostapd6.log; exit 1; }
medium "set signal 0 1 -58" "set signal 2 1 -71" "set signal 3 1 -83" "set signal 4 1 -66" "set signal 5 1 -77"
few="--frequencies 2412,2437,5180,5975"

note "scan"
check "an interface that is down says how to bring it up" says 1 'Network is down.*ip link set NAME up' $wlan scan -i wlan1
ip link set wlan1 up
check "a table: all bands, the surveyed network first" says 0 'wlan1 \(mac80211_hwsim\): 2 scans, 6 BSSs of 5 access points, regulatory domain DE' \
    $wlan scan -i wlan1 --passive --frequencies 2400-2480,5170-5250,5955-5995 --ssid voice --ssid nothing --rounds 2
sed 's/^/     /' <<<"$text"
check "level, SNR, load, PMF, U-APSD, neighbours and how far they are" eval '
    has "$text" "^ *-58.0 +-58.0 +0.0 +2 +34.0 +2412 +1 +20 +31 % +12 n +wpa2_enterprise optional uapsd +1 +19.0 +02:00:00:00:00:00 +voice" &&
    has "$text" "^ *-71.0 .* 5180 +36 +80 +78 % +3 ax +wpa2_enterprise required wmm +0 +- +02:00:00:00:02:00" &&
    has "$text" "^ *-66.0 .* 5975 +5 +20 +- +- ax +wpa3_personal +required uapsd"'
check "what was not heard, what is not permitted" eval 'has "$text" "^nothing: not known whether it is here: a network that hides its name" && has "$text" "not permit it: 2484"'
check "surveyed before others" eval '[ "$(grep -n guest <<<"$text" | head -1 | cut -d: -f1)" -gt "$(grep -n 5975 <<<"$text" | cut -d: -f1)" ]'

check "all that there is; a network that is not there" says 0 ': 1 scan, .*regulatory domain DE' $wlan scan -i wlan1 --ssid nothing --rounds 1
check "is said to be not there" has "$text" '^nothing: not heard in 1 scan$'

$wlan scan -i wlan1 $few --ssid voice --ssid cellar -o /tmp/scan.jsonl
check "records, exit 0" [ $? -eq 0 ]
records /tmp/scan.jsonl <<'END'
levels = {"02:00:00:00:00:00": -58, "02:00:00:00:02:00": -71, "02:00:00:00:04:00": -66, "02:00:00:00:03:00": -83, "02:00:00:00:05:00": -77}
for id, dbm in levels.items():
    metrics = last("bss", id)["metrics"]
    check(f"{id}: {dbm} dBm, noise -92, SNR their difference", metrics.get("wlan_signal_dbm") == metrics.get("wlan_signal_min_dbm") == dbm
          and metrics.get("wlan_noise_dbm") == -92 and metrics.get("wlan_snr_db") == dbm + 92, metrics)
    # a hidden network's beacon and its answer are kept apart by the kernel: two frames
    most = 3 * (2 if id == "02:00:00:00:03:00" else 1)
    check(f"{id}: no more readings than frames that scans keep", 1 <= metrics["wlan_signal_frames"] <= most and metrics["wlan_scans"] == 3, metrics)
first, hidden, six = last("bss", "02:00:00:00:00:00"), last("bss", "02:00:00:00:03:00"), last("bss", "02:00:00:00:04:00")
check("load as hostapd was told: 80 of 255, 12 stations", abs(first["metrics"]["wlan_utilization_percent"] - 100 * 80 / 255) < 1e-5
      and first["metrics"]["wlan_bss_stations"] == 12 and first["subject"]["load_raw"] == 80, first)
check("no load counts twice", first["metrics"]["wlan_load_frames"] <= 3, first)
check("no load is no number", "wlan_utilization_percent" in six["missing"] and "wlan_utilization_percent" not in six["metrics"], six)
check("802.11k, v, r", all(first["states"][s] == "on" for s in ("wlan_neighbor_reports", "wlan_bss_transition", "wlan_fast_transition")), first)
check("a hidden network names itself to who asks by name", hidden["subject"].get("ssid") == "cellar" and hidden["subject"].get("hidden") == "yes", hidden)
check("surveyed by option; others are not judged", first["subject"]["ssid_told_by"] == "option" and "judged" not in first["subject"]
      and last("bss", "02:00:00:00:05:00")["subject"]["judged"] == "no", first)
check("6 GHz by its frequency", six["subject"]["frequency_mhz"] == 5975 and six["subject"]["channel"] == 5 and six["subject"]["band"] == "6 GHz", six)
check("two networks of one access point", any(o["subject"]["kind"] == "bss" and o["subject"].get("ssid") == "guest2"
      and o["subject"]["ap"] == "02:00:00:00:05:00" for o in observations), "")
check("cells", last("cell", "voice")["states"] == {"wlan_coverage": "heard"} and last("cell", "voice")["metrics"]["wlan_scans"] == 3, last("cell", "voice"))
check("complete", end["record"] == "end" and end["complete"] is True, end)
END

check "what only listens does not ask a hidden network for its name" says 0 'cellar: not known whether it is here: a network that hides its name' \
    $wlan scan -i wlan1 --passive $few --ssid cellar --rounds 2
check "a channel that is not permitted is named, the others are scanned" says 5 'not scanned: 2484 MHz \(the regulatory domain does not permit it\)' \
    $wlan scan -i wlan1 --channels 1,14 --rounds 1
check "they are, indeed" has "$text" '-58.0 .* voice'
check "none of them is permitted" says 2 'none of the frequencies can be scanned: 2484 MHz' $wlan scan -i wlan1 --channels 14
check "a dwell time that the driver does not take is said" says 0 'takes no dwell time' $wlan scan -i wlan1 --dwell 50 --frequencies 2412 --rounds 1
check "an access point does not scan" says 1 'refused .*station' $wlan scan -i wlan0 --rounds 1
iw dev wlan1 interface add mon1 type monitor
check "nor does a monitor" says 2 'mon1 is in monitor mode and cannot scan' $wlan scan -i mon1
iw dev mon1 del

note "who else scans"
"$tool/lab-ask" scan wlan1 passive 2412 2417 2422 2427 2432 2437 2442 2447 2452 2457 5180 5200 >/dev/null &
sleep 0.4
check "another's scan is waited for, and its results count" says 0 'another program is scanning' $wlan scan -i wlan1 $few --rounds 1 --ssid voice
check "it is told apart" has "$text" '2 scans \(1 of other programs\)|1 scan,'
wait $!
# scanning COMMAND...: runs it in the background as $scanner, and returns once its scan has begun; what is announced: /tmp/events.txt
scanning() {
    "$tool/lab-ask" events 6 >/tmp/events.txt &
    listener=$!
    until_true 5 grep -q listening /tmp/events.txt
    "$@" >/tmp/scanning.txt 2>&1 &
    scanner=$!
    until_true 5 grep -q "scan started" /tmp/events.txt
}
scanning $wlan scan -i wlan1 --passive --frequencies 2412-2472,5180-5320 --rounds 1
iw dev wlan1 scan abort
wait $scanner
status=$?
wait $listener
text=$(cat /tmp/events.txt)
check "a scan that was aborted is made again" eval '[ $status -eq 0 ] && has "$text" "^event scan aborted" && has "$text" "^event scan done"'
# A buffer for a few announcements only, a program that is kept from reading, and more of them than fit.
most=$(cat /proc/sys/net/core/rmem_max)
small() {
    echo 6000 >/proc/sys/net/core/rmem_max
    exec "$@"
}
scanning small $wlan scan -i wlan1 $few --rounds 3 --ssid voice
kill -STOP $scanner
for try in {1..12}; do iw dev wlan1 interface add mon1 type monitor && iw dev mon1 del; done
kill -CONT $scanner
wait $scanner
status=$?
echo "$most" >/proc/sys/net/core/rmem_max
text=$(cat /tmp/scanning.txt)
check "announcements that were lost are said, and measured on" eval '[ $status -eq 0 ] && has "$text" "announcements came faster" && has "$text" ": 3 scans" && has "$text" "-58.0 .* voice"'

"$tool/lab-ask" scan wlan1 passive 2412 5180 >/dev/null
check "what was heard before counts if it is asked for" says 0 '-71.0 .* 5180 .* voice' $wlan scan -i wlan1 --frequencies 2412 --rounds 1 --max-age 20 --ssid voice
check "and else not" eval "! says 0 ' 5180 ' $wlan scan -i wlan1 --frequencies 2412 --rounds 1 --ssid voice"

note "without privilege"
$wlan scan -i wlan1 $few --rounds 1 >/dev/null
rm -f /tmp/nobody.jsonl
check "the capability is named, and others' results are shown" says 5 'CAP_NET_ADMIN.*setcap' as_nobody $wlan scan -i wlan1 --ssid voice
check "with their levels" has "$text" '-58.0 .* voice'
as_nobody $wlan scan -q -i wlan1 --ssid voice -o /tmp/nobody.jsonl
check "records of them, done in part" [ $? -eq 5 ]
records /tmp/nobody.jsonl <<'END'
first = last("bss", "02:00:00:00:00:00")
check("marked as others'", first["subject"].get("scanned_by") == "others" and first["metrics"]["wlan_scans"] == 0, first)
check("not complete", end["complete"] is False and "CAP_NET_ADMIN" in end["why"], end)
END

check "a walk without it waits for others' scans, and says that there was none" says 5 '^Hof +1 +0 +voice: no scan was completed' as_nobody timeout --preserve-status -s INT 3 $wlan walk -i wlan1 --ssid voice --place Hof

note "walk: three places, a medium that changes on the way, names from a pipe"
mkfifo /tmp/names
$wlan walk -i wlan1 --ssid voice --frequencies 2412,5180 --rounds 3 -o /tmp/walk.jsonl </tmp/names 2>/tmp/walk.txt &
walker=$!
exec 4>/tmp/names
visited=0
at() { # NAME: says where one is, and waits until that was measured
    visited=$((visited + 1))
    echo "$1" >&4
    until_true 20 eval '[ "$(grep -c "\"state\":\"ended\"" /tmp/walk.jsonl)" -ge $visited ]'
}
at "Lobby"
medium "set signal 0 1 -75" "set signal 2 1 -60"
at "Treppe Süd"
medium "set signal 0 1 -99" "set signal 2 1 -99"
at "Keller"
medium "set signal 0 1 -80" "set signal 2 1 -90"
at "" # the same place again
medium "set signal 0 1 -66"
at "Lobby"
exec 4>&-
wait $walker
check "the end of input ends it" [ $? -eq 0 ]
sed 's/^/     /' /tmp/walk.txt
records /tmp/walk.jsonl <<'END'
expected = {("Lobby", 1): (-58, -71), ("Treppe Süd", 1): (-75, -60), ("Keller", 1): None, ("Keller", 2): (-80, -90), ("Lobby", 2): (-66, -90)}
for (place, visit), dbm in expected.items():
    bss = [last("bss", f"02:00:00:00:0{n}:00", place, visit)["metrics"] for n in (0, 2)]
    cell = last("cell", f"{place} / voice", place, visit)
    check(f"{place} {visit}: {dbm}", [m.get("wlan_signal_dbm") for m in bss] == (list(dbm) if dbm else [None, None]), bss)
    check(f"{place} {visit}: three scans, {'heard' if dbm else 'not heard'}", cell["metrics"].get("wlan_scans") == 3
          and cell["states"].get("wlan_coverage") == ("heard" if dbm else "not_heard") and cell["subject"].get("place") == place, cell)
check("places in order", [(e["place"], e["visit"], e["state"]) for e in events if e["kind"] == "place"]
      == [(p, v, s) for p, v in expected for s in ("begun", "ended")], events)
check("complete", end["complete"] is True, end)
END
$wlan walk -i wlan1 --ssid voice --frequencies 2412 --rounds 2 -o /tmp/cut.jsonl </tmp/names 2>/tmp/cut.txt &
walker=$!
exec 4>/tmp/names
echo Lobby >&4
until_true 20 grep -q '"state":"ended"' /tmp/cut.jsonl
kill -INT $walker
wait $walker
status=$?
exec 4>&-
check "SIGINT ends a walk, completely" eval '[ $status -eq 0 ] && tail -1 /tmp/cut.jsonl | grep -q "\"complete\":true"'
cat >/tmp/terminal.py <<'END'
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = ""
def until(what, seconds=20):
    global seen
    end = time.monotonic() + seconds
    while what not in seen and time.monotonic() < end:
        try:
            seen += os.read(terminal, 4096).decode()
        except OSError:
            break
    print(seen, end="")
    found, seen = what in seen, seen.partition(what)[2]
    return found
def write(text):
    os.write(terminal, text.encode())
good = until("Name the place") and not write("Lobby\n") and until("Lobby, scan 3:") and until("Done here")
good = good and not write("Flur\n") and until("Flur, scan 1:") and not write("Keller\n")
good = good and until("at 'Flur'") and until("Keller, scan 1:") and not write("\x04")
until("\0", 5)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(0 if good and status == 0 else 1)
END
text=$(python3 /tmp/terminal.py "$tool/voready-wlan" walk -i wlan1 --ssid voice --frequencies 2412 --rounds 3 -o /tmp/typed.jsonl 2>&1)
check "names that are typed: done after three scans, and away at once" [ $? -eq 0 ]
sed 's/^/     /' <<<"$text"
records /tmp/typed.jsonl <<'END'
scans = {p: last("cell", f"{p} / voice")["metrics"].get("wlan_scans") for p in ("Lobby", "Flur", "Keller")}
check("the planned scans, or as many as there was time for", scans["Lobby"] == 3 and scans["Flur"] in (1, 2) and scans["Keller"] >= 1 and end["complete"] is True, scans)
END
check "one place by option, in a table" says 0 '^Halle +1 +2 +-66.0 .*02:00:00:00:00:00 +voice' $wlan walk -i wlan1 --ssid voice --place Halle --frequencies 2412 --rounds 2
check "no place at all" says 2 'no place was named' $wlan walk -i wlan1 --ssid voice

note "calibrate"
medium "set signal 0 1 -58" "set signal 2 1 -71"
calibrate="$wlan calibrate -i wlan1 --calibrations /tmp/cal/c.json $few -d 1"
check "offset by hand: -4, -4, -3 dB: mean -3.7, spread 0.58, 4.303 * 0.577 / sqrt 3 = 1.4" says 0 'Model X beside mac80211_hwsim 02:00:00:00:01:00: -3.7 dB \+- 1.4 dB, spread 0.6 dB, 3 readings' \
    $calibrate --phone "Model X" --reading 02:00:00:00:00:00=-62 --reading 02:00:00:00:02:00=-75 --reading 02:00:00:00:05:00=-80
check "two readings are not saved" says 1 'its uncertainty is unknown.*--force' $calibrate --phone Y --reading 02:00:00:00:00:00=-62 --reading 02:00:00:00:02:00=-75
check "unless one insists" says 0 'saved to' $calibrate --phone Y --force --reading 02:00:00:00:00:00=-60
text=$(printf '%s\n' '02:00:00:00:00:00 -60' nonsense '02:00:00:00:00:00 -61' '02:00:00:00:02:00 -73' | $calibrate --phone Z 2>&1)
check "readings from standard input" has "$text" 'Z beside .*: -2.3 dB'
check "a line that is none is named" has "$text" "'nonsense' is no reading"
check "a list of them" says 0 'Y beside .*: -2.0 dB, 1 reading$' $wlan calibrate --list --calibrations /tmp/cal/c.json
$wlan scan -i wlan1 $few --rounds 1 --ssid voice --phone "Model X" --calibrations /tmp/cal/c.json -o /tmp/phone.jsonl
records /tmp/phone.jsonl <<'END'
calibration = run["conditions"].get("calibration", {})
check("the run says how the phone hears", calibration.get("phone") == "Model X" and abs(calibration["offset_db"] + 11 / 3) < 1e-3 and calibration["readings"] == 3, run)
check("levels stay as measured", last("bss", "02:00:00:00:00:00")["metrics"]["wlan_signal_dbm"] == -58, "")
END
check "a phone that was never calibrated" says 2 "'Other' was never calibrated .*calibrate -i wlan1 --phone 'Other'" \
    $wlan scan -i wlan1 --phone Other --calibrations /tmp/cal/c.json

note "associated"
station_start wlan1
until_true 30 is_connected wlan1
roam_to wlan1 0
$wlan walk -q -i wlan1 --place Platz --rounds 2 --frequencies 2412,5180 -o /tmp/link.jsonl
check "a walk beside an association" [ $? -eq 0 ]
records /tmp/link.jsonl <<'END'
bss, link, channel = last("bss", "02:00:00:00:00:00"), last("link", "wlan1 02:00:00:00:00:00"), last("channel", "2412 MHz")
check("the network that it is associated with is surveyed", bss["subject"].get("ssid_told_by") == "association" and bss["subject"].get("associated") == "yes", bss)
check("the link between the scans", link.get("place") == "Platz" and link["subject"]["visit"] == 1 and link["metrics"].get("wlan_signal_dbm") == -58, link)
check("its channel", channel.get("place") == "Platz" and channel["subject"]["in_use"] == "yes" and channel["metrics"].get("wlan_noise_dbm") == -92, channel)
check("its cell", last("cell", "Platz / voice")["states"].get("wlan_coverage") == "heard", observations)
END
wpa_cli -p /tmp/wpa -i wlan1 terminate >/dev/null
until_true 5 eval '! iw dev wlan1 link | grep -q Connected'

note "judged"
cat >/tmp/rules.json <<'END'
{"format": 1, "pack": "lab", "title": "lab", "profiles": {"voice": "voice"}, "rules": [
 {"id": "lab.signal", "title": "Level", "area": "air", "severity": "major", "required": true, "profiles": ["voice"], "source": {"document": "lab", "section": "1"},
  "subject": "bss", "metric": "wlan_signal_dbm", "pass": {"at_least": -85}, "warn": null, "remediation": "none"}]}
END
check "voready-analyze takes the records" says 0 '"verdict":"ready"' "$tool/voready-analyze" -r /tmp/rules.json -p voice -o - /tmp/scan.jsonl

note "an interface that goes"
interrupted() { # COMMAND: what is done meanwhile to an open-ended scan, $scanner
    rm -f /tmp/open.jsonl
    $wlan scan -i wlan1 $few --rounds 0 -o /tmp/open.jsonl 2>/tmp/open.txt &
    scanner=$!
    until_true 20 grep -q '"wlan_scans":2' /tmp/open.jsonl
    eval "$1"
    wait $scanner
    status=$?
    text=$(cat /tmp/open.txt)
}
ended() { tail -1 /tmp/open.jsonl | grep -q "\"complete\":$1"; }
interrupted 'kill -INT $scanner'
check "SIGINT ends an open-ended scan, completely" eval '[ $status -eq 0 ] && ended true'
interrupted 'ip link set wlan1 down'
check "down meanwhile: what was measured is written, exit 5" eval '[ $status -eq 5 ] && has "$text" "down" && ended false'
ip link set wlan1 up
radio=$(iw dev wlan1 info | sed -n 's/.*wiphy //p')
mkfifo /tmp/places
$wlan walk -i wlan1 --ssid voice --frequencies 2412 --rounds 2 -o /tmp/open.jsonl </tmp/places 2>/tmp/open.txt &
walker=$!
exec 4>/tmp/places
echo Hof >&4
until_true 20 grep -q '"state":"ended"' /tmp/open.jsonl
iw dev wlan1 del
wait $walker
status=$?
exec 4>&-
text=$(cat /tmp/open.txt)
check "gone on a walk: what was measured is written, exit 5" eval '[ $status -eq 5 ] && has "$text" "wlan1 is gone" && ended false && grep -q "Hof / voice" /tmp/open.jsonl'
iw phy "phy$radio" interface add wlan1 type managed
ip link set wlan1 up
interrupted 'iw dev wlan1 del'
check "gone meanwhile: what was measured is written, exit 5" eval '[ $status -eq 5 ] && has "$text" "wlan1 is gone" && ended false'
check "the medium's frames came through" eval '! grep -q lost /tmp/medium.log'
echo "$failures failed"
exit $((failures > 0))
