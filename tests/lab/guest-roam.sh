# voready-wlan roam against a real kernel: roams of a station under a running call, whose gaps agree with a capture by tcpdump; without
# privilege; a responder that is not there; no access point any more; an interface that vanishes.
. /lab/project/tests/lab/guest-network.sh
rtp() { python3 /lab/project/tests/lab/rtp.py "$@"; }
told() { # STATUS COMMAND...: its words in $text; whether the exit status is that
    local expected=$1
    shift
    text=$(timeout 20 "$@" 2>&1)
    local status=$?
    [ $status -eq "$expected" ] || { text="exit status $status: $text" && return 1; }
}
roam="$tool/voready-wlan roam -i wlan1"
nobody="setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all"
running() { until_true 20 grep -qE 'is with|is not associated' "$1"; } # FILE: what it says first
of() { # RECORDS PYTHON_EXPRESSION: of the list `roams`, each with s(ubject), m(etrics), states, missing
    python3 - "$@" <<'END'
import json, sys
told = [json.loads(line) for line in open(sys.argv[1])]
roams = [r for r in told if r["record"] == "observation" and r["subject"]["kind"] == "roam"]
for r in roams: r.update(s=r["subject"], m=r.get("metrics", {}), states=r.get("states", {}), missing=r.get("missing", {}))
end = told[-1]
sys.exit(not eval("(" + sys.argv[2] + ")"))
END
}

lan_start && access_point wlan0 1 && access_point wlan2 6 && access_points_start && medium_start 4 7 || exit 1
medium "set signal 0 1 -74" "set signal 2 1 -61"
(umask 077 && openssl rand -base64 32 >/tmp/key && openssl rand -base64 32 >/tmp/other.key && cp /tmp/key /tmp/nobody.key && chown 65534 /tmp/nobody.key)
ip netns exec lan "$tool/voready-reflect" --key /tmp/key -q &
ip link set wlan1 up
station_start wlan1
check "the station connects" until_true 30 is_connected wlan1
check "to the first access point" roam_to wlan1 0
ip addr add 10.9.0.2/24 dev wlan1
until_true 10 /bin/busybox ping -c 1 -W 1 10.9.0.1

note "what cannot work is said at the start"
check "an echo without a key" told 2 $roam --echo 10.9.0.1
check "a wrong key" told 1 $roam --echo 10.9.0.1 --key /tmp/other.key
check "says what is wrong" has "$text" 'is the key the same on both sides'
check "a responder that does not listen there" told 1 $roam --echo 10.9.0.1:8621 --key /tmp/key
check "says so" has "$text" 'its control port: RST: nothing listens'
check "a port that it does not serve" told 2 $roam --echo 10.9.0.1 --key /tmp/key --echo-port 6000
check "a responder that is reached by another interface" told 2 $roam --echo 127.0.0.1 --key /tmp/key
check "says by which" has "$text" 'leave by .*not by wlan1'

tcpdump -i wlan1 -w /tmp/wlan1.pcap -U --time-stamp-precision=nano udp 2>/dev/null &
capture=$!
rtp sink 30000 &
sleep 1.5
ended() { # PID...: by SIGINT, whole
    local probe
    kill -INT "$@"
    for probe in "$@"; do wait "$probe" || { echo "FAIL exit status $?" && failures=$((failures + 1)); }; done
}

note "a roam under an echo to the responder, without any privilege"
$nobody $roam --echo 10.9.0.1 --key /tmp/nobody.key -o - >/tmp/echo.jsonl 2>/tmp/echo.txt &
probes=$!
$nobody $roam -o - >/tmp/nothing.jsonl 2>/tmp/nothing.txt &
probes="$probes $!"
running /tmp/echo.txt
running /tmp/nothing.txt
sleep 2
check "by fast transition" roam_to wlan1 2
sleep 11
# shellcheck disable=SC2086
ended $probes
text=$(cat /tmp/echo.txt)
check "it is said what cannot be measured so" has "$text" 'CAP_NET_RAW.*without packets no gap in RTP beside the echo'
text=$(cat /tmp/nothing.txt)
check "and where it is" has "$text" 'wlan1 is with 02:00:00:00:02:00 "voice" at 2437 MHz'

note "roams under a call: RTP"
$roam -o /tmp/rtp.jsonl 2>/tmp/rtp.txt &
probes=$!
running /tmp/rtp.txt
ip netns exec lan python3 /lab/project/tests/lab/rtp.py send 10.9.0.2 30000 16 &
sleep 2
wpa_cli -p /tmp/wpa -i wlan1 scan >/dev/null # as NetworkManager does
sleep 2
check "by fast transition, back" roam_to wlan1 0
sleep 3
wpa_cli -p /tmp/wpa -i wlan1 set_network 0 key_mgmt WPA-EAP >/dev/null
check "without fast transition" roam_to wlan1 2
/bin/busybox udhcpc -i wlan1 -n -q -t 2 -T 1 -s /bin/true >/dev/null 2>&1
ip addr add 10.9.7.2/24 dev wlan1 && ip addr del 10.9.0.2/24 dev wlan1
sleep 10.5
ended $probes
kill $capture
wait $capture
ip addr add 10.9.0.2/24 dev wlan1

rtp gaps /tmp/wlan1.pcap /tmp/echo.jsonl /tmp/rtp.jsonl
failures=$((failures + $?))
for file in echo nothing; do
    check "$file: one roam, the run is whole" of /tmp/$file.jsonl 'len(roams) == 1 and end["complete"]'
    check "$file: whence, whither, signals, method" of /tmp/$file.jsonl \
        'roams[0]["s"]["key"] == "02:00:00:00:00:00 > 02:00:00:00:02:00" and roams[0]["states"]["wlan_roam_method"] == "ft" and
         (roams[0]["m"]["wlan_roam_signal_before_dbm"], roams[0]["m"]["wlan_roam_signal_after_dbm"]) == (-74, -61)'
    check "$file: the events took their time" of /tmp/$file.jsonl '1 < roams[0]["m"]["wlan_roam_events_ms"] < 5000'
done
check "the gap in the echo is measured, and that it flowed again" of /tmp/echo.jsonl \
    'roams[0]["m"]["wlan_roam_gap_ms"] > 15 and roams[0]["s"]["media"] == "echo" and roams[0]["states"]["wlan_roam_media"] == "resumed"'
check "DHCP is not known without packets" of /tmp/echo.jsonl '"dhcp" not in roams[0]["s"] and roams[0]["states"]["wlan_roam_subnet"] == "same"'
check "without packets and echo there is no gap, and the capability is named" of /tmp/nothing.jsonl \
    'all("CAP_NET_RAW" in roams[0]["missing"][m] and "setcap" in roams[0]["missing"][m] for m in ("wlan_roam_gap_ms", "wlan_roam_lost_packets", "wlan_roam_media"))'
check "rtp: two roams, the run is whole" of /tmp/rtp.jsonl 'len(roams) == 2 and end["complete"]'
check "rtp: signals" of /tmp/rtp.jsonl \
    '[(r["m"]["wlan_roam_signal_before_dbm"], r["m"]["wlan_roam_signal_after_dbm"]) for r in roams] == [(-61, -74), (-74, -61)]'
check "rtp: methods" of /tmp/rtp.jsonl '[r["states"]["wlan_roam_method"] for r in roams] == ["ft", "authentication"]'
check "rtp: the gaps are measured" of /tmp/rtp.jsonl \
    'all(r["m"]["wlan_roam_gap_ms"] > 15 and r["s"]["media"] == "10.9.0.1:40000>10.9.0.2:30000#0x00c0ffee" and r["states"]["wlan_roam_media"] == "resumed" for r in roams)'
check "rtp: DHCP and another subnet after the second" of /tmp/rtp.jsonl \
    'roams[1]["s"]["dhcp"] == "yes" and roams[1]["states"]["wlan_roam_subnet"] == "different" and roams[1]["s"]["address_after"] == "10.9.7.2/24"'

note "no roam at all, as a table"
timeout -s INT 2 $roam 2>/dev/null
note "no access point any more: media is lost"
$roam --echo 10.9.0.1 --key /tmp/key >/tmp/table.txt 2>&1 &
probe=$!
running /tmp/table.txt
sleep 2
medium "set loss 0 1 1" "set loss 1>2 1"
hostapd_cli -p /tmp/hostapd -i wlan2 deauthenticate 02:00:00:00:01:00 >/dev/null
sleep 11
kill -INT $probe
wait $probe
text=$(cat /tmp/table.txt)
echo "$text"
check "the table says that it went nowhere, and that media is lost" has "$text" '02:00:00:00:02:00 > nowhere .* lost .*did not flow again'

note "an interface that vanishes"
$roam -o /tmp/gone.jsonl >/tmp/gone.txt 2>&1 &
probe=$!
running /tmp/gone.txt
iw dev wlan1 del
wait $probe
check "ends it in part" [ $? -eq 5 ]
check "and says so" has "$(cat /tmp/gone.txt)" 'in part: the interface wlan1 is gone'
echo "$failures failed"
exit $((failures > 0))
