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

# A background job that ends with the call. (Without <&0 the shell would give it an empty standard input.)
helper() {
    "$@" <&0 &
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
    ip netns exec vob timeout $(($1 + 8)) baresip -f "$work/b" -t $(($1 + 4)) >"$work/b.log" 2>&1 &
    local callee=$!
    sleep 1.5
    in_ns voa timeout $(($1 + 8)) baresip -f "$work/a" -e "d $2" -t "$1" >"$work/a.log" 2>&1 || true
    wait "$callee" || true
}

plain_baresip_call() { # SECONDS MODULE TOS CODEC
    baresip_config a "$2" "$3" "" "audio_codecs=$4"
    baresip_config b "$2" "$3" "" "audio_codecs=$4"
    baresip_call "$1" sip:b@10.99.0.2
}

# sipp_call SCENARIO TARGET_SECONDS: SIPp calls SIPp, which echoes the audio.
sipp_call() {
    ip netns exec vob timeout $(($2 + 15)) sipp -sn uas -i 10.99.0.2 -p 5060 -mi 10.99.0.2 -mp 6000 -rtp_echo -m 1 -nostdin \
        >"$work/b.log" 2>&1 &
    local callee=$!
    sleep 1
    (cd "$work" && in_ns voa timeout $(($2 + 10)) sipp -sf "$1" -i 10.99.0.1 -p 5060 -mi 10.99.0.1 -s bob -m 1 \
        -nostdin 10.99.0.2:5060 >"$work/a.log" 2>&1) || true
    sleep 1
    kill "$callee" 2>/dev/null || true
    wait "$callee" || true
}

# SIPp's own scenario for audio, with what is executed and how long it takes replaced: sipp_scenario ACTION SECONDS
sipp_scenario() {
    { sipp -sd uac_pcap 2>/dev/null || true; } | python3 -c '
import re, sys
text = sys.stdin.read()
text = re.sub(r"pcap/(\w+\.pcap)", r"/usr/share/sip-tester/\1", text)
if sys.argv[1]:
    text = re.sub(r"<exec play_pcap_audio=\"[^\"]*g711a.pcap\"/>", lambda _: sys.argv[1], text)
    text = re.sub(r"<nop>\s*<action>\s*<exec play_pcap_audio=\"[^\"]*dtmf[^\"]*\"/>\s*</action>\s*</nop>", "", text)
text = text.replace("milliseconds=\"8000\"", "milliseconds=\"%d\"" % (1000 * int(sys.argv[2])))
print(text[text.index("<?xml"):])' "$1" "$2" >"$work/uac.xml"
}

# A TLS server before b's plain TCP, because neither baresip nor SIPp writes a key log. It passes bytes on and only
# exchanges what names the transport (same lengths), so that both sides see a consistent dialogue. tls_front KEYLOG
tls_front() {
    helper ip netns exec vob timeout 120 python3 - "$work/cert.pem" "$1" <<'PYTHON'
import asyncio, ssl, sys
PAIRS = ((b'transport=tls', b'transport=tcp'), (b'SIP/2.0/TLS', b'SIP/2.0/TCP'), (b':5061', b':5070'))

async def carry(reader, writer, inwards):
    while data := await reader.read(65536):
        for tls, tcp in PAIRS:
            data = data.replace(tls, tcp) if inwards else data.replace(tcp, tls)
        writer.write(data)
        await writer.drain()
    writer.close()

async def accept(reader, writer):
    inner_reader, inner_writer = await asyncio.open_connection('10.99.0.2', 5070)
    await asyncio.gather(carry(reader, inner_writer, True), carry(inner_reader, writer, False), return_exceptions=True)

async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    context.keylog_filename = sys.argv[2]
    server = await asyncio.start_server(accept, '10.99.0.2', 5061, ssl=context)
    async with server:
        await server.serve_forever()

asyncio.run(main())
PYTHON
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

call_two_points() { # 30 s of G.722 at both ends; 3 % bursty loss and 20 ms of jitter towards b, DSCP bleached towards a
    start_network "--seed 21 --right-delay 12 --left-delay 12 --right-jitter 60 --right-overtake --right-loss 3 --right-burst 3" \
        "--seed 22 --right-delay 10 --left-delay 10 --left-jitter 4 --left-dscp 0"
    plain_baresip_call 30 g722 184 G722/16000/1
    keep two-points a:a b:b
}

call_opus() { # 20 s of Opus; a few packets lost, doubled and overtaken towards b
    start_network "--seed 31 --right-delay 20 --left-delay 20 --right-loss 1 --right-duplicate 1 --right-reorder 2 --right-reorder-by 45" \
        "--seed 32 --right-delay 5 --left-delay 5"
    plain_baresip_call 20 opus 184 opus/48000/2
    keep opus m
}

call_srtp() { # 20 s of SDES-SRTP, whose keys are in the SDP
    start_network "--seed 41 --right-delay 5 --left-delay 5" "--seed 42 --right-delay 5 --left-delay 5"
    baresip_config a g711 184 srtp "mediaenc=srtp-mand"
    baresip_config b g711 184 srtp "mediaenc=srtp-mand"
    baresip_call 20 sip:b@10.99.0.2
    keep srtp m
}

call_dtls_srtp() { # 20 s of DTLS-SRTP
    start_network "--seed 51 --right-delay 5 --left-delay 5" "--seed 52 --right-delay 5 --left-delay 5"
    baresip_config a g711 184 "srtp dtls_srtp" "mediaenc=dtls_srtp"
    baresip_config b g711 184 "srtp dtls_srtp" "mediaenc=dtls_srtp"
    baresip_call 20 sip:b@10.99.0.2
    keep dtls-srtp m
}

call_tls_srtp() { # 20 s of SDES-SRTP under SIP over TLS, with the key log of the TLS session
    start_network "--seed 61 --right-delay 5 --left-delay 5" "--seed 62 --right-delay 5 --left-delay 5"
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=10.99.0.2 -addext subjectAltName=IP:10.99.0.2 \
        -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
    cat "$work/key.pem" >>"$work/cert.pem"
    mkdir -p "$work/a"
    cp "$work/cert.pem" "$work/a/cert.pem"
    tls_front "$work/keys.log"
    baresip_config a g711 184 srtp "mediaenc=srtp-mand"
    baresip_config b g711 184 srtp "mediaenc=srtp-mand"
    sed -i 's/:5060/:5070/' "$work/b/config" # baresip takes the next port for TLS itself
    sed -i 's/a@10.99.0.1/a@10.99.0.1;transport=tls/' "$work/a/accounts"
    baresip_call 20 sip:b@10.99.0.2:5061
    keep tls-srtp m
    cp "$work/keys.log" "$out/tls-srtp.keys"
}

call_sipp_dtmf() { # 10 s of SIPp: a recording, then a key press; the other side echoes it
    start_network "--seed 71 --right-delay 5 --left-delay 5" "--seed 72 --right-delay 5 --left-delay 5"
    sipp_scenario "" 8
    sipp_call "$work/uac.xml" 10
    keep sipp-dtmf m
}

call_sipp_burst() { # 30 s of SIPp; 3 % bursty loss towards b, which echoes what came
    start_network "--seed 81 --right-delay 10 --left-delay 10 --right-loss 3 --right-burst 5" \
        "--seed 82 --right-delay 5 --left-delay 5"
    python3 -c 'open("'"$work"'/tone.raw", "wb").write(bytes((0xd5 ^ (i * 5 & 0x3f)) for i in range(8000)))'
    sipp_scenario '<exec rtp_stream="tone.raw,-1,8,PCMA/8000"/>' 29
    sipp_call "$work/uac.xml" 31
    keep sipp-burst b
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
