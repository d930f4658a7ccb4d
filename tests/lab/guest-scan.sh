# exploration
. /lab/project/tests/lab/guest-network.sh
/lab/busybox rmmod mac80211_hwsim; /lab/busybox insmod /lab/radio/*hwsim* radios=6
iw reg set DE; sleep 0.5
iw reg get | head -20
lan_start || exit 1
access_point wlan0 1
access_point wlan2 36 vht ax ieee80211w=2 uapsd_advertisement_enabled=0 bss_load_test=3:200:100
access_point wlan3 6 ssid=cellar ignore_broadcast_ssid=1 
access_point wlan5 1 ssid=guest
cat >/tmp/wlan4.conf <<END
interface=wlan4
driver=nl80211
ctrl_interface=/tmp/hostapd
ssid=voice
country_code=DE
hw_mode=a
op_class=131
channel=5
ieee80211n=1
ieee80211ac=1
ieee80211ax=1
wmm_enabled=1
uapsd_advertisement_enabled=1
he_oper_centr_freq_seg0_idx=5
wpa=2
wpa_key_mgmt=SAE
rsn_pairwise=CCMP
ieee80211w=2
sae_pwe=1
sae_password=secretsecret
END
access_points_start
tail -5 /tmp/hostapd.log
hostapd -t -B -f /tmp/h6.log /tmp/wlan4.conf; sleep 2; tail -5 /tmp/h6.log
iw dev
medium_start 6 7 || exit 1
medium "set signal 0 1 -58" "set signal 2 1 -71" "set signal 3 1 -83" "set signal 4 1 -66" "set signal 5 1 -77"
$tool/voready-wlan scan -i wlan1; echo $?
ip link set wlan1 up
time $tool/voready-wlan scan -i wlan1 --ssid voice; echo $?
time $tool/voready-wlan scan -i wlan1 --ssid voice --ssid cellar --frequencies 2412,2437,5180,5975,5845 --rounds 2 -o /tmp/r; echo $?
cat /tmp/r
time $tool/voready-wlan scan -i wlan1 --ssid voice --ssid cellar --passive --rounds 2 --frequencies 2412,2437,5180,5975; echo $?
time setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all $tool/voready-wlan scan -i wlan1 ; echo $?
iw dev wlan1 survey dump | head -40
