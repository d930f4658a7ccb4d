# voready-wlan link and channels against a real kernel: signals set to the dB, losses that are known, a roam, an interface that is
# down or vanishes, and the survey that hwsim makes up (noise -92 dBm, busy an eighth of the time).
. /lab/project/tests/lab/guest-network.sh
wlan() { "$tool/voready-wlan" "$@"; }
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$tool/voready-wlan" "$@"; }
# told STATUS COMMAND...: its words in $text; whether the exit status is that.
told() {
    local expected=$1
    shift
    text=$("$@" 2>&1)
    local status=$?
    [ $status -eq "$expected" ] || { text="exit status $status: $text" && return 1; }
}

lan_start && access_point wlan0 1 && access_point wlan2 6 && access_points_start && medium_start 4 7 || exit 1
medium "set signal 0 1 -58" "set signal 2 1 -71"

note "what cannot work is said at the start"
check "an interface that is down" told 1 wlan link -i wlan1
check "says how to bring it up" has "$text" 'wlan1 is down: bring it up with ip link set wlan1 up'
check "an access point has no link of its own" told 2 wlan link -i wlan0
check "says what it is" has "$text" 'wlan0 is of type AP'
check "no such interface" told 2 wlan link -i wlan9
check "the message names those that there are" has "$text" 'there are .*wlan1'
check "none at all" told 2 wlan channels
ip link set wlan1 up
check "not associated: waits, and the run is whole" told 0 as_nobody link -i wlan1 -d 2
check "and says so" eval 'has "$text" "not associated: waiting" && has "$text" "was not associated with any access point"'
check "own scans need CAP_NET_ADMIN" told 1 as_nobody channels -i wlan1 --scan -d 2
check "says how to grant it" has "$text" 'CAP_NET_ADMIN.*setcap'

note "channels: while others scan, and by own scans"
setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$tool/voready-wlan" channels -i wlan1 --interval 0.2 -o - -q >/tmp/channels.jsonl &
probe=$!
sleep 1
for try in 1 2 3 4 5; do # hwsim counts in ticks of 4 ms: two visits of the same length look like one
    "$tool/lab-ask" scan wlan1 passive 2412 2437 5180 >/dev/null
    sleep 1
done
kill -INT $probe
wait $probe
check "the run is whole" [ $? -eq 0 ]
wlan channels -i wlan1 --scan --interval 0.5 -d 4 -q
check "own scans are made: one is still running" has "$("$tool/lab-ask" scan wlan1 passive 2412)" '^refused 16:'
until_true 20 eval '! "$tool/lab-ask" scan wlan1 passive 2412 | grep -q "^refused 16"'

note "an association, and losses that are known: three quarters of the attempts to the access point, a tenth of those back"
station_start wlan1
check "the station connects" until_true 30 is_connected wlan1
check "to the first access point" roam_to wlan1 0
ip addr add 10.9.0.2/24 dev wlan1
talk 1 >/dev/null
setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$tool/voready-wlan" link -i wlan1 --interval 0.5 -o - \
    >/tmp/link.jsonl 2>/tmp/link.err &
probe=$!
until_true 20 grep -q '"kind":"link"' /tmp/link.jsonl # what is sent from here on is between two readings
medium reset "set loss 1>0 0.75" "set loss 0>1 0.1"
talk 16 20 0xc0
medium "set loss 0 1 0"
sleep 2
medium_counts >/tmp/counts.json
note "a roam, then the access point's signal changes"
roam_to wlan1 2
talk 3 20 0xc0
medium "set signal 2 1 -63"
talk 3 20 0xc0
kill -INT $probe
wait $probe
check "SIGINT ends it, whole" [ $? -eq 0 ]
cat /tmp/link.err
python3 /lab/project/tests/lab/link.py /tmp/link.jsonl /tmp/counts.json /tmp/channels.jsonl
failures=$((failures + $?))

note "the tables"
timeout -s INT 3 "$tool/voready-wlan" link -i wlan1
wlan link -i wlan1 -d 1 -o - -q --place lobby | tail -3

note "cut short, and an interface that vanishes"
"$tool/voready-wlan" link -i wlan1 -d 60 -o /tmp/cut.jsonl -q &
probe=$!
sleep 2
kill -INT $probe
wait $probe
check "a planned length that was cut short is status 5" [ $? -eq 5 ]
check "and the records say so" grep -q '"complete":false,"why":"stopped before its planned length"' /tmp/cut.jsonl
wlan link -i wlan1 -o /tmp/gone.jsonl >/tmp/gone.txt 2>&1 &
probe=$!
sleep 2
ip link set wlan1 down
sleep 2
ip link set wlan1 up
sleep 1
iw dev wlan1 del
wait $probe
check "an interface that vanishes ends it in part" [ $? -eq 5 ]
text=$(cat /tmp/gone.txt)
check "says that it was down, and that it is gone" eval 'has "$text" "wlan1 is down: waiting" && has "$text" "in part: the interface wlan1 is gone"'
check "what was measured before stands in the records" grep -q '"kind":"link"' /tmp/gone.jsonl
check "the medium's frames came through" eval '! grep -q lost /tmp/medium.log'
echo "$failures failed"
exit $((failures > 0))
