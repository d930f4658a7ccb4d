# Sourced by guest scripts: access points, a station, the medium. All that is made goes to /tmp of the guest.
tool=/lab/project/${BUILD:-build}
failures=0

note() { printf '   %s\n' "$*"; }
# check NAME COMMAND...: says whether it succeeds.
check() {
    local name=$1
    shift
    if "$@"; then echo "ok   $name"; else
        echo "FAIL $name"
        [ -z "${text:-}" ] || sed 's/^/     /' <<<"$text" | head -20 # what was looked at last
        failures=$((failures + 1))
    fi
}
# has TEXT PATTERN: whether a line fits an extended regular expression.
has() { grep -qE -- "$2" <<<"$1"; }
# until_true SECONDS COMMAND...
until_true() {
    local until=$((SECONDS + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.2
    done
}

# medium_start [RADIOS [SEED]]: takes over the air; medium LINE... then gives it commands.
medium_start() {
    mkfifo /tmp/medium.fifo
    nice -n -10 "$tool/lab-medium" -r "${1:-4}" -s "${2:-1}" -c /tmp/medium.fifo >/tmp/medium.log 2>&1 &
    medium_pid=$!
    until_true 10 grep -q ready /tmp/medium.log || { cat /tmp/medium.log; return 1; }
}
medium() { printf '%s\n' "$@" >/tmp/medium.fifo; }
# medium_counts: the counts as JSON on standard output.
medium_counts() {
    rm -f /tmp/counts.json
    medium "print /tmp/counts.json"
    until_true 10 test -e /tmp/counts.json && cat /tmp/counts.json
}

# lan_start: the wired side, 10.9.0.1/24 in the network namespace "lan", on a bridge that the access points join: a station that
# stays outside talks to it over the air, and keeps its address when it roams.
lan_start() {
    ip netns add lan && ip link add br0 type bridge && ip link add wire type veth peer name eth0 netns lan &&
        ip link set wire master br0 && ip link set br0 up && ip link set wire up &&
        ip -n lan addr add 10.9.0.1/24 dev eth0 && ip -n lan link set eth0 up && ip -n lan link set lo up
}

# access_point IFACE CHANNEL [LINE...]: writes its configuration (WPA2-Enterprise with FT, PMF, BSS load, U-APSD, 802.11k and v).
# A LINE overrides; ax=1 and vht=1 are short for what 80 MHz at 5 GHz needs.
access_point() {
    local iface=$1 channel=$2 mode=g line peer
    shift 2
    [ "$channel" -lt 36 ] || mode=a
    {
        cat <<END
interface=$iface
bridge=br0
driver=nl80211
ctrl_interface=/tmp/hostapd
ssid=voice
hw_mode=$mode
channel=$channel
ieee80211n=1
wmm_enabled=1
uapsd_advertisement_enabled=1
bss_load_test=12:80:20000
rrm_neighbor_report=1
bss_transition=1
wpa=2
wpa_key_mgmt=WPA-EAP FT-EAP
rsn_pairwise=CCMP
ieee80211w=1
mobility_domain=a1b2
ft_over_ds=0
pmk_r1_push=1
nas_identifier=$iface.lab
ieee8021x=1
eap_server=1
eap_user_file=/tmp/eap.users
END
        for peer in 0 1 2 3; do # keys for Fast Transition, pushed to the others before they are needed
            echo "r0kh=02:00:00:00:0$peer:00 wlan$peer.lab 00112233445566778899aabbccddeeff"
            echo "r1kh=02:00:00:00:0$peer:00 02:00:00:00:0$peer:00 00112233445566778899aabbccddeeff"
        done
        for line in "$@"; do
            case $line in
            vht) printf '%s\n' ht_capab='[HT40+][SHORT-GI-20][SHORT-GI-40]' ieee80211ac=1 vht_oper_chwidth=1 \
                vht_oper_centr_freq_seg0_idx=42 ;;
            ax) printf '%s\n' ieee80211ax=1 he_oper_chwidth=1 he_oper_centr_freq_seg0_idx=42 ;;
            *) printf '%s\n' "$line" ;;
            esac
        done
    } >"/tmp/$iface.conf"
    echo '"bob" PWD "secret"' >/tmp/eap.users
    configurations="${configurations:-} /tmp/$iface.conf"
}
# access_points_start: one process for all, as Fast Transition between them needs here.
access_points_start() {
    # shellcheck disable=SC2086
    nice -n -5 hostapd -t -B -f /tmp/hostapd.log $configurations >/dev/null || { cat /tmp/hostapd.log; return 1; }
}

# station_start IFACE [KEY_MGMT]: connects to "voice".
station_start() {
    cat >"/tmp/$1.sta.conf" <<END
ctrl_interface=/tmp/wpa
network={
ssid="voice"
key_mgmt=${2:-FT-EAP WPA-EAP}
eap=PWD
identity="bob"
password="secret"
ieee80211w=1
}
END
    wpa_supplicant -B -i "$1" -D nl80211 -c "/tmp/$1.sta.conf" -f "/tmp/$1.sta.log" >/dev/null
}
station_state() { wpa_cli -p /tmp/wpa -i "$1" status | sed -n 's/^wpa_state=//p'; }
is_connected() { [ "$(station_state "$1")" = COMPLETED ]; }
# roam_to IFACE RADIO: to that radio's access point. An emulated machine may be too slow for the time that the kernel gives an
# authentication; then again.
roam_to() {
    local address=02:00:00:00:0$2:00 try
    for try in 1 2 3 4; do
        associated_with "$1" $address && is_connected "$1" && return 0
        wpa_cli -p /tmp/wpa -i "$1" roam $address >/dev/null
        until_true 6 associated_with "$1" $address && until_true 6 is_connected "$1" && return 0
        until_true 15 is_connected "$1"
    done
    note "no roam to $address: $(tail -3 "/tmp/$1.sta.log")"
    return 1
}
associated_with() { wpa_cli -p /tmp/wpa -i "$1" status | grep -q "^bssid=$2"; }

# talk SECONDS [PACE_MS [TOS]]: packets to the wired side and back; prints JSON (talk.py).
talk() {
    [ -n "${echo_pid:-}" ] || {
        ip netns exec lan python3 /lab/project/tests/lab/talk.py echo &
        echo_pid=$!
        sleep 1
    }
    python3 /lab/project/tests/lab/talk.py call 10.9.0.1 "$@"
}
