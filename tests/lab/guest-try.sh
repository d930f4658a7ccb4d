. /lab/project/tests/lab/guest-network.sh
lan_start && access_point wlan0 1 && access_point wlan2 6
hostapd -t -dd -B -f /tmp/hostapd.log $configurations >/dev/null
medium_start 4 7
medium "set signal 0 1 -58" "set signal 2 1 -71"
ip link set wlan1 up
station_start wlan1
until_true 30 is_connected wlan1; wpa_cli -p /tmp/wpa -i wlan1 status | grep -E '^bssid'
for ap in 2 0 2 0; do
date +%T.%N
wpa_cli -p /tmp/wpa -i wlan1 roam 02:00:00:00:0$ap:00
until_true 15 associated_with wlan1 02:00:00:00:0$ap:00 && until_true 15 is_connected wlan1
wpa_cli -p /tmp/wpa -i wlan1 status | grep -E '^bssid'; date +%T.%N
sleep 1
done
cp /tmp/hostapd.log /tmp/wlan1.sta.log /lab/out
