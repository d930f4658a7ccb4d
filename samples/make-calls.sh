#!/bin/bash
# Records real calls between real user agents, over network namespaces, with an impaired network between them.
#
#     samples/make-calls.sh [-o DIRECTORY] [CALL...]      as root; without CALL: all of them
#     samples/make-calls.sh -l                            lists the calls
#
# Needs the Debian packages sip-tester, baresip-core, tcpdump, iproute2, openssl and python3, and build/impair
# (IMPAIR tells another path). Nothing leaves the namespaces; they are removed at the end, however it ends.
#
#     voa (10.99.0.1) == access == vom == core == vob (10.99.0.2)
#
# The access and the core network are one impairer each. Points of capture: a in voa, m between the two impairers,
# b in vob. What each call is for, and what to expect of it, is told in samples/README.md.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
impair=${IMPAIR:-$here/../build/impair}
out=$here/captures
work=$(mktemp -d)
helpers=()

# --- the network -----------------------------------------------------------------------------------------------

stop_helpers() {
    local pid
    for pid in ${helpers[@]+"${helpers[@]}"}; do
        kill -TERM "$pid" 2>/dev/null || true
    done
    for pid in ${helpers[@]+"${helpers[@]}"}; do
        wait "$pid" 2>/dev/null || true
    done
    helpers=()
}

clean_up() {
    stop_helpers
    local name
    for name in voa vom vob; do
        ip netns del "$name" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

in_ns() {
    local name=$1
    shift
    ip netns exec "$name" "$@"
}

# A background job that ends with the call.
helper() {
    "$@" &
    helpers+=($!)
}

# Turns off what a virtual interface leaves to hardware that is not there: captures then hold the packets as they
# would be on a wire, with their checksums and not larger than the MTU. (SIOCETHTOOL; ethtool may not be installed.)
plain_interface() {
    in_ns "$1" python3 - "$2" <<'PYTHON'
import array, fcntl, socket, struct, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for command in (0x17, 0x19, 0x1f, 0x24, 0x2c):  # set tx-checksum, scatter, tso, gso, gro: off
    value = array.array('B', struct.pack('II', command, 0))
    request = struct.pack('16sP', sys.argv[1].encode(), value.buffer_info()[0])
    try:
        fcntl.ioctl(sock, 0x8946, request)
    except OSError:
        pass
PYTHON
}

build_network() {
    local name
    for name in voa vom vob; do
        ip netns del "$name" 2>/dev/null || true
        ip netns add "$name"
        in_ns "$name" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; ip link set dev lo up'
    done
    ip link add eth0 netns voa type veth peer name left0 netns vom
    ip link add mid0 netns vom type veth peer name mid1 netns vom
    ip link add eth0 netns vob type veth peer name right0 netns vom
    ip -n voa addr add 10.99.0.1/24 dev eth0
    ip -n vob addr add 10.99.0.2/24 dev eth0
    for name in voa:eth0 vob:eth0 vom:left0 vom:mid0 vom:mid1 vom:right0; do
        plain_interface "${name%%:*}" "${name##*:}"
        ip -n "${name%%:*}" link set dev "${name##*:}" up
    done
}

# start_network ACCESS CORE: the options of the two impairers. --right is from a to b.
start_network() {
    # shellcheck disable=SC2086
    helper ip netns exec vom "$impair" --spare 5060 --spare 5061 -d 300 $1 left0 mid0 >"$work/access.json"
    # shellcheck disable=SC2086
    helper ip netns exec vom "$impair" --spare 5060 --spare 5061 -d 300 $2 mid1 right0 >"$work/core.json"
    local point
    for point in a:voa:eth0 m:vom:mid0 b:vob:eth0; do
        IFS=: read -r point space interface <<<"$point"
        helper ip netns exec "$space" timeout 300 tcpdump -i "$interface" -w "$work/$point.pcap" --time-stamp-precision=nano \
            -U -n -Z root --immediate-mode 'not arp' 2>"$work/tcpdump-$point.log"
    done
    sleep 1
}

# keep NAME POINT[:SUFFIX]...: stores captures of the call just made.
keep() {
    local name=$1 entry point suffix
    shift
    sleep 1
    stop_helpers
    for entry in "$@"; do
        point=${entry%%:*}
        suffix=${entry#"$point"}
        suffix=${suffix#:}
        gzip -9 -n -c "$work/$point.pcap" >"$out/$name${suffix:+-$suffix}.pcap.gz"
    done
    python3 - "$work/access.json" "$work/core.json" >"$out/$name.impair.json" <<'PYTHON'
import json, sys
print(json.dumps({name: json.load(open(path)) for name, path in zip(('access', 'core'), sys.argv[1:])}, indent=1))
PYTHON
}

# --- user agents -----------------------------------------------------------------------------------------------

# baresip_config SIDE CODEC TOS MODULES ACCOUNT_PARAMETERS
baresip_config() {
    local dir=$work/$1 address=10.99.0.1 module
    [ "$1" = b ] && address=10.99.0.2
    mkdir -p "$dir"
    {
        echo "sip_listen $address:5060"
        echo "rtp_tos $3"
        echo "rtp_ports 16384-16484"
        echo "audio_source ausine,440"
        echo "audio_player aubridge,none"
        echo "ausrc_srate 48000"
        echo "ausrc_channels 2"
        echo "auplay_srate 48000"
        echo "auplay_channels 2"
        echo "jitter_buffer_delay 2-10"
        echo "module_path /usr/lib/baresip/modules"
        [ -f "$dir/cert.pem" ] && echo "sip_certificate $dir/cert.pem"
        for module in "$2" ausine aubridge $4; do
            echo "module $module.so"
        done
        echo "module_tmp account.so"
        echo "module_app menu.so"
    } >"$dir/config"
    echo "<sip:$1@$address>;regint=0;answermode=auto;$5" >"$dir/accounts"
    : >"$dir/contacts"
}

# baresip_call SECONDS TARGET: b waits, a calls and hangs up.
baresip_call() {
    in_ns vob timeout $(($1 + 8)) baresip -f "$work/b" -t $(($1 + 4)) >"$work/b.log" 2>&1 &
    local callee=$!
    sleep 1.5
    in_ns voa timeout $(($1 + 8)) baresip -f "$work/a" -e "d $2" -t "$1" >"$work/a.log" 2>&1 || true
    wait "$callee" || true
}

plain_baresip_call() { # SECONDS CODEC TOS
    baresip_config a "$2" "$3" "" "audio_codecs=${4:-}"
    baresip_config b "$2" "$3" "" "audio_codecs=${4:-}"
    baresip_call "$1" sip:b@10.99.0.2
}

# --- the calls -------------------------------------------------------------------------------------------------

marked="--right-dscp 46 --right-spared-dscp 40 --left-dscp 46 --left-spared-dscp 40"

call_good_call() { # 30 s of G.711 over a good network
    start_network "--seed 1 --right-delay 4 --left-delay 4 --right-jitter 2 --left-jitter 2 $marked" \
        "--seed 2 --right-delay 8 --left-delay 8 $marked"
    plain_baresip_call 32 g711 184 PCMA/8000/1
    keep good-call m
}

call_bad_call() { # 70 s of G.711; bursty loss and jitter towards b, DSCP bleached towards a
    start_network "--seed 18 --right-delay 10 --right-jitter 125 --right-overtake --right-loss 3.5 --right-burst 4 --left-delay 10 $marked" \
        "--seed 12 --right-delay 15 --left-delay 15 --left-dscp 0 --left-spared-dscp 0"
    plain_baresip_call 70 g711 184 PCMU/8000/1
    keep bad-call m
}

list() {
    sed -n 's/^call_\([a-z0-9_]*\)() { # /\1\t/p' "$0" | tr _ -
}

main() {
    local calls=() name
    while getopts o:l option; do
        case $option in
        o) out=$OPTARG ;;
        l) list; exit ;;
        *) exit 2 ;;
        esac
    done
    shift $((OPTIND - 1))
    calls=("$@")
    [ $# -gt 0 ] || mapfile -t calls < <(list | cut -f 1)
    [ -x "$impair" ] || { echo "make-calls.sh: $impair is missing; run make first, or set IMPAIR" >&2; exit 1; }
    mkdir -p "$out"
    for name in "${calls[@]}"; do
        declare -F "call_${name//-/_}" >/dev/null ||
            { echo "make-calls.sh: no call \"$name\"; see make-calls.sh -l" >&2; exit 2; }
    done
    for name in "${calls[@]}"; do
        echo "$name ..."
        build_network
        "call_${name//-/_}"
    done
}

main "$@"
