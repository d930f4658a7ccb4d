# Records nl80211's answers and announcements of every kind into /lab/out, for tests/fixtures/nl80211. Run by
#     COUNTRY=US RADIOS=5 tests/lab/lab -o FOLDER tests/lab/guest-record.sh
# Two access points of one network (wlan0: channel 1; wlan2: channel 36, 80 MHz, 802.11ax), one hidden (wlan3, channel 6), a station
# (wlan1) that connects, roams, is thrown out, is told of weak signal; a radio to spare (wlan4).
. /lab/project/tests/lab/guest-network.sh
out=/lab/out
record() { # NAME QUESTION... # what it is
    local name=$1
    shift
    echo "$name: $("$tool/lab-record" "$out/$name.bin" "$@")"
}

lan_start || exit 1
access_point wlan0 1
access_point wlan2 36 vht ax
access_point wlan3 6 ssid=cellar ignore_broadcast_ssid=1 bss_load_test=3:200:1000
access_points_start || exit 1
medium_start 5 || exit 1
medium "set signal 0 1 -58" "set signal 2 1 -71" "set signal 3 1 -83" "set signal 4 1 -60"
"$tool/lab-record" $out/events.bin events 75 >/tmp/events.log 2>&1 &
recorder=$!
"$tool/lab-ask" events 75 >$out/events.txt 2>&1 &
sleep 1
ip link set wlan1 up
"$tool/lab-ask" scan wlan1 passive 2412 2437 5180
record scan-passive scan wlan1
station_start wlan1
until_true 20 is_connected wlan1 || note "not connected: $(tail -5 /tmp/wlan1.sta.log)"
roam_to wlan1 0
wpa_cli -p /tmp/wpa -i wlan1 status | grep -E 'bssid|key_mgmt|freq|wpa_state'
ip addr add 10.9.0.2/24 dev wlan1
talk 3 20 0xc0
record interfaces interfaces
record wiphy wiphy 1
record regulatory regulatory
record station station wlan1
record station-of-ap station wlan0
record survey survey wlan1
"$tool/lab-ask" scan wlan1 active 2412 2437 5180
record scan-active scan wlan1
"$tool/lab-ask" cqm wlan1 -70 -62
medium "set signal 0 1 -66"
sleep 4
medium "set signal 0 1 -80" "set signal 2 1 -55"
sleep 4
"$tool/lab-ask" station wlan1
roam_to wlan1 2
sleep 2
record station-roamed station wlan1
"$tool/lab-ask" station wlan1
hostapd_cli -p /tmp/hostapd -i wlan2 chan_switch 5 5220 sec_channel_offset=1 center_freq1=5210 bandwidth=80 vht ht he 2>&1 | tail -1
sleep 3
hostapd_cli -p /tmp/hostapd -i wlan2 deauthenticate 02:00:00:00:01:00
sleep 5
"$tool/lab-ask" powersave wlan1
"$tool/lab-ask" monitor wlan4 mon4; ip link set wlan4 down; ip link set mon4 up; "$tool/lab-ask" channel mon4 5180 80 5210; "$tool/lab-ask" interface mon4; "$tool/lab-ask" remove mon4
"$tool/lab-ask" interfaces
medium "set loss 2 1 1" "set loss 0 1 1"
sleep 8
iw reg set DE
wait $recorder
cat /tmp/events.log
medium_counts
cat /tmp/medium.log
tail -3 /tmp/hostapd.log
