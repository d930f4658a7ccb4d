# probes/io/nl80211*.h and the lab's medium against a real kernel: every request, every refusal, and losses that are known.
. /lab/project/tests/lab/guest-network.sh
ask() { "$tool/lab-ask" "$@"; }
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$tool/lab-ask" "$@"; }

lan_start && access_point wlan0 1 && access_point wlan2 6 && access_points_start && medium_start 4 7 || exit 1
medium "set signal 0 1 -58" "set signal 2 1 -71"

note "without an association"
text=$(ask scan wlan1 passive 2412)
check "an interface that is down says how to bring it up" has "$text" '^refused 100: .*ip link set NAME up'
ip link set wlan1 up
text=$(ask scan wlan1 passive 2412 2437)
check "a passive scan finds both, with the signals that were set" \
    eval 'has "$text" "bssid=02:00:00:00:00:00 mhz=2412 mbm=-5800 .*probe=0" && has "$text" "bssid=02:00:00:00:02:00 mhz=2437 mbm=-7100"'
for try in 1 2 3; do # an answer to a probe request may be too late for its 30 ms on an emulated machine
    text=$(ask scan wlan1 active 2437)
    ! has "$text" 'mhz=2437.*probe=1' || break
done
check "an active scan that flushes finds the one channel only" \
    eval 'has "$text" "mhz=2437.*probe=1" && ! has "$text" "mhz=2412"'
text=$(ask scan wlan1 passive 4321)
check "a frequency that there is not is refused by name" has "$text" '^refused 22: .*regulatory domain'
ask scan wlan1 passive >/dev/null &
sleep 0.5
check "a second scan at once is refused as busy" has "$(ask scan wlan1 passive)" '^refused 16: .*another scan is running'
wait $!
text=$(ask station wlan1)
check "there is no station" eval '! has "$text" "^station" && has "$text" "^ok"'
check "an access point does not scan" has "$(ask scan wlan0 passive)" '^refused (95|16): '
check "no such interface: the message names those that there are" has "$(ask interface wlan9)" 'is named wlan9: there are .*wlan1'
check "an interface that is gone" has "$(ask survey '#99')" '^refused 19: .*gone'

note "without privilege"
for question in interfaces "wiphy wlan1" "regulatory wlan1" "results wlan1" "survey wlan1" "station wlan1" "powersave wlan1" "events 0.1"; do
    # shellcheck disable=SC2086
    check "$question needs none" has "$(as_nobody $question)" '^ok'
done
for question in "scan wlan1 passive 2412" "cqm wlan1 -70" "monitor wlan3 mon3" "channel wlan3 2412 20 2412"; do
    # shellcheck disable=SC2086
    check "$question names CAP_NET_ADMIN and how to grant it" has "$(as_nobody $question)" '^refused 1: .*CAP_NET_ADMIN.*setcap'
done

note "monitor"
text=$(ask monitor wlan3 mon3)
check "a monitor interface is made" has "$text" 'name=mon3 .*type=monitor'
ip link set mon3 up
check "it is tuned" eval 'has "$(ask channel mon3 2437 20 2437)" "^ok" && has "$(ask interface mon3)" "mhz=2437 width=20"'
check "a width that there is not" has "$(ask channel mon3 2437 30 2437)" 'no channel is 30 MHz wide'
check "it goes" eval 'has "$(ask remove mon3)" "^ok" && has "$(ask interface mon3)" "no wireless interface"'

note "association"
station_start wlan1
check "the station connects" until_true 30 is_connected wlan1
check "to the first access point" roam_to wlan1 0
ip addr add 10.9.0.2/24 dev wlan1
sleep 1
text=$(ask station wlan1)
check "the counters come with signal, PMF and WMM" has "$text" '^station address=02:00:00:00:00:00 signal=-58 beacon=-5[789] .*wmm=1 pmf=1 .*malformed=0'
check "the survey has the channel, with the noise that hwsim makes up" has "$(ask survey wlan1)" 'mhz=2412 noise=-92 .*malformed=0'

note "losses that are known: three quarters of the attempts to the access point, a tenth of those back"
talk 1 >/dev/null
number() { sed -nE "s/.* $2=([0-9]+).*/\1/p" <<<"$1" | head -1; }
medium reset "set loss 1>0 0.75" "set loss 0>1 0.1"
before=$(ask station wlan1)
text=$(talk 20 20 0xc0)
medium "set loss 0 1 0"
sleep 0.5
after=$(ask station wlan1)
medium_counts >/tmp/after.json
echo "   $text"
python3 - "$text" "$(number "$before" tx_packets) $(number "$before" tx_retries) $(number "$before" tx_failed)" \
    "$(number "$after" tx_packets) $(number "$after" tx_retries) $(number "$after" tx_failed)" <<'END'
import json, math, sys
talk = json.loads(sys.argv[1])
sent, retries, failed = (b - a for a, b in zip(*(list(map(int, w.split())) for w in sys.argv[2:4])))
pairs = {(p["from"], p["to"]): p for p in json.load(open("/tmp/after.json"))["pairs"]}
up, down = pairs[1, 0], pairs[0, 1]
bad = 0
def check(name, good, seen):
    global bad
    bad += not good
    print("ok  " if good else "FAIL", name, seen)
for name, pair, loss in (("up", up, 0.75), ("down", down, 0.1)):
    share, sigma = pair["lost"] / pair["attempts"], math.sqrt(loss * (1 - loss) / pair["attempts"])
    check(f"{name}: share of lost attempts is {loss} within four deviations", abs(share - loss) < 4 * sigma, f"{share:.3f} of {pair['attempts']}")
# the two are read a moment apart, and of packets that fail the kernel counts an attempt or three less
check("the kernel's retries are the medium's", abs(retries - (up["attempts"] - up["frames"])) <= 8 + 0.03 * retries, f"{retries} and {up['attempts'] - up['frames']}")
check("the kernel's failed packets are the medium's", failed == up["failed"], f"{failed} and {up['failed']}")
check("packets that came back are those that neither way lost", talk["came"] <= talk["sent"] - up["data_failed"], f"{talk['came']} of {talk['sent']}, {up['data_failed']} failed up")
check("most arrive in spite of it", talk["came"] > 0.5 * talk["sent"], talk)
sys.exit(bad)
END
failures=$((failures + $?))

note "events"
(as_nobody events 25 >/tmp/events.txt) &
listener=$!
sleep 1
check "the signal is watched" has "$(ask cqm wlan1 -75 -65)" '^ok'
medium "set signal 0 1 -80"
sleep 3
roam_to wlan1 2
wait $listener
text=$(cat /tmp/events.txt)
check "a weak signal is announced" has "$text" '^event signal .*cqm=0 level=-[78]'
check "a roam is announced" eval 'has "$text" "^event authenticated .*peer=02:00:00:00:02:00 status=0" && has "$text" "^event associated .*status=0" && has "$text" "^event connected .*peer=02:00:00:00:02:00 status=0"'
check "nothing malformed" eval '! has "$text" "malformed=[1-9]"'

note "a radio that vanishes"
iw dev wlan3 del
check "its interface is not there any more" has "$(ask interface wlan3)" 'no wireless interface is named wlan3'
check "the medium's frames came through" eval '! grep -q lost /tmp/medium.log'
echo "$failures failed"
exit $((failures > 0))
