"""voready-wlan link, channels and roam where there may be no wireless interface: what is wrong is said, and how it ends."""
from harness import BUILD, case, need

WLAN = BUILD / "voready-wlan"


def refused(bench, code, words, *arguments):
    result = bench.run(WLAN, *arguments).exits(code)
    need(words in result.err, f"'{words}' is not said by {arguments}: {result.err}")
    need(not result.out, "and nothing is printed")


@case("wlan: wrong usage of link, channels, roam")
def usage(bench):
    for command in "link", "channels", "roam":
        refused(bench, 2, "no interface is named", command)
        refused(bench, 2, "one word too many", command, "-i", "wlan0", "wlan1")
        refused(bench, 2, f"see voready-wlan {command} -h", command, "-i", "wlan0", "--nothing")
        refused(bench, 2, "", command, "-i", "wlan0", "-d", "0")
    refused(bench, 2, "--series 1 is shorter", "link", "-i", "wlan0", "--interval", "5", "--series", "1")
    refused(bench, 2, "--echo needs --key", "roam", "-i", "wlan0", "--echo", "192.0.2.1")
    refused(bench, 2, "belong to --echo", "roam", "-i", "wlan0", "--key", "x")
    refused(bench, 2, "is odd", "roam", "-i", "wlan0", "--echo", "192.0.2.1", "--key", "x", "--echo-port", "5009")


@case("wlan: an interface that is not wireless")
def no_radio(bench):
    for command in "link", "channels", "roam":
        result = bench.run(WLAN, command, "-i", "lo", "-o", "out.jsonl").exits(1, 2)
        need("wireless" in result.err, f"it is said what is missing: {result.err}")
        need(not bench.path("out.jsonl").exists(), "no records are begun")


@case("wlan: help of link, channels, roam")
def help_of_each(bench):
    for command in "link", "channels", "roam":
        need(f"voready-wlan {command}" in bench.run(WLAN, command, "-h").exits(0).out.decode(), "usage")
