# Makes samples/survey: a walk over six places of a small clinic, and a call that roams there. Run by
#     COUNTRY=DE RADIOS=6 LIMIT=600 tests/lab/lab -o FOLDER tests/lab/guest-sample.sh
# wlan0, wlan2, wlan3: the surveyed network "voice", of which wlan2 overlaps wlan0 (80 MHz each); wlan4, wlan5: neighbours;
# wlan1: the surveyor.
. /lab/project/tests/lab/guest-network.sh
wlan="$tool/voready-wlan"
lan_start || exit 1
access_point wlan0 36 vht ax
access_point wlan2 44 vht ax bss_load_test=9:131:20000
access_point wlan3 6 uapsd_advertisement_enabled=0 bss_load_test=4:41:20000
access_points_start || exit 1
neighbour() { # IFACE CHANNEL SSID
    printf '%s\n' interface="$1" driver=nl80211 ssid="$3" hw_mode="$([ "$2" -lt 36 ] && echo g || echo a)" channel="$2" ieee80211n=1 \
        wmm_enabled=1 wpa=2 wpa_key_mgmt=WPA-PSK rsn_pairwise=CCMP wpa_passphrase=neighbourly >"/tmp/$1.conf"
    hostapd -B "/tmp/$1.conf" >/dev/null
}
neighbour wlan4 36 "Coffee & Co" && neighbour wlan5 1 Nachbar || exit 1
medium_start 6 3 || exit 1
levels() { # of wlan0, wlan2, wlan3, wlan4, wlan5 at wlan1
    local from
    for from in 0 2 3 4 5; do
        medium "set signal $from 1 $1"
        shift
    done
}
levels -51 -70 -66 -78 -80
ip link set wlan1 up
station_start wlan1
until_true 30 is_connected wlan1 && roam_to wlan1 0 || exit 1
ip addr add 10.9.0.2/24 dev wlan1
talk 2 >/dev/null # so that both sides know each other's addresses

note "the call"
levels -60 -63 -80 -80 -80
python3 /lab/project/tests/lab/rtp.py sink 30000 &
ip netns exec lan python3 /lab/project/tests/lab/rtp.py send 10.9.0.2 30000 40 &
sleep 1
$wlan roam -i wlan1 --site Clinic -q -o /tmp/roam.jsonl &
probes=$!
$wlan link -i wlan1 --site Clinic -q --series 1 -o /tmp/link.jsonl &
probes="$probes $!"
"$tool/voready-rtp" -i wlan1 --site Clinic -q --series 1 -o /tmp/rtp.jsonl &
probes="$probes $!"
sleep 6
medium "set signal 0 1 -74"
sleep 4
wpa_cli -p /tmp/wpa -i wlan1 set_network 0 key_mgmt WPA-EAP >/dev/null # without fast transition: a gap to be seen
roam_to wlan1 2 || note "it did not roam"
sleep 14
# shellcheck disable=SC2086
kill -INT $probes
# shellcheck disable=SC2086
wait $probes
cat /tmp/rtp.jsonl /tmp/link.jsonl /tmp/roam.jsonl >/lab/out/call.jsonl
note "the walk"
levels -51 -70 -66 -78 -80
until_true 60 is_connected wlan1
mkfifo /tmp/places
$wlan walk -i wlan1 --site "Clinic" --ssid voice --frequencies 2412,2437,5180,5220 --rounds 3 -o /lab/out/walk.jsonl </tmp/places &
walk=$!
exec 7>/tmp/places
at() { # PLACE LEVELS...: there, until its scans are done
    local place=$1
    shift
    levels "$@"
    printf '%s\n' "$place" >&7
    until_true 60 grep -q "\"place\":\"$place\".*\"kind\":\"place\".*ended" /lab/out/walk.jsonl || note "$place takes its time"
}
at Lobby -51 -70 -66 -78 -80
at Reception -62 -66 -60 -80 -84
at "Ward 3" -71 -54 -68 -85 -88
at "Office 12" -75 -64 -57 -96 -79
at Cafeteria -76 -80 -79 -69 -71
at "Stairwell B" -96 -96 -96 -88 -90
exec 7>&-
wait $walk || note "the walk ended with $?"

ls -l /lab/out
