/* Records and rules to results: statuses, reasons, the overall verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/analyze_case.h"

#include <math.h>
#include <stdlib.h>

/* One rule on one metric, and a record of one run. */
#define PEAK         "rtp_loss_peak_5min_percent"
#define LOSS(more)   RULE("media.loss", "true", "rtp_stream", PEAK, more)
#define JITTER(more) RULE("media.jitter", "true", "rtp_stream", "rtp_jitter_max_ms", more)
#define METRICS(m)   ",\"metrics\":{" m "}"
#define ONE(m)       RUN("r") OBS("r", "2", "rtp_stream", STREAM, "", METRICS(m)) END("r")
#define AT(position, more)                                                                                   \
    RUN("r") OBS("r", "2", "rtp_stream", STREAM, ",\"position\":\"" position "\"", more) END("r")
#define MS(value) "\"rtp_jitter_max_ms\":" value
#define CAPTURED(m)                                                                                          \
    METRICS(m) ",\"basis\":{\"rtp_jitter_max_ms\":\"capture_point\",\"" PEAK "\":\"capture_point\"}"
#define FAR ",\"pass\":{\"below\":30},\"far_end_metric\":\"rtcp_jitter_max_ms\""
/* The far end's largest jitter, and what stands behind it: reports, packets between the first and the last of
 * them, packets that the stream expected. */
#define REPORTED(jitter, reports, covered, expected)                                                         \
    CAPTURED(MS("5") ",\"rtcp_jitter_max_ms\":" jitter ",\"rtcp_reports\":" reports                          \
                     ",\"rtcp_expected_packets\":" covered ",\"rtp_expected_packets\":" expected)
#define FAR_LOSS ",\"pass\":{\"below\":1},\"minimum_samples\":250,\"far_end_metric\":\"rtcp_loss_percent\""
#define REPORTED_LOSS(covered, expected)                                                                     \
    CAPTURED(                                                                                                \
        LOST("0", "1000") ",\"rtcp_loss_percent\":0,\"rtcp_reports\":6,\"rtcp_expected_packets\":" covered   \
                          ",\"rtp_expected_packets\":" expected)
#define MARKS(label, percent)                                                                                \
    RUN("r")                                                                                                 \
    OBS("r", "2", "call", "c1", label,                                                                       \
        METRICS(                                                                                             \
            "\"sip_dscp_40_percent\":" percent) ",\"basis\":{\"sip_dscp_40_percent\":\"capture_point\"}")    \
    END("r")
#define SIP_MARK RULE("qos.sip.dscp", "true", "call", "sip_dscp_40_percent", ",\"pass\":{\"equals\":100}")
#define BETWEEN(first, last, value)                                                                          \
    RUN("r")                                                                                                 \
    OBS("r", "2", "rtp_stream", STREAM,                                                                      \
        ",\"point\":\"ap>sbc\",\"first_position\":\"" first "\",\"position\":\"" last "\"",                  \
        METRICS(MS(value)) ",\"basis\":{\"rtp_jitter_max_ms\":\"clock_estimated\"}")                         \
    END("r")
#define BELOW_30   ",\"pass\":{\"below\":30}"
#define LOST(p, n) "\"" PEAK "\":" p ",\"rtp_loss_peak_5min_packets\":" n
#define DROPS(m)                                                                                             \
    RUN("r")                                                                                                 \
    OBS("r", "2", "rtp_stream", STREAM, "", METRICS(LOST("2", "1000")))                                      \
    OBS("r", "3", "capture", "a.pcap", "", m) END("r")
#define DROPPED(n) METRICS("\"capture_dropped_packets\":" n)
#define EXPLAIN    ",\"pass\":{\"below\":1},\"drops_explain\":true"
#define TWO(a, b)                                                                                            \
    RUN("r")                                                                                                 \
    OBS("r", "2", "rtp_stream", STREAM, "", METRICS(MS(a)))                                                  \
    OBS("r", "3", "rtp_stream", STREAM2, "", METRICS(MS(b))) END("r")
#define STATE(call, media)                                                                                   \
    RUN("r")                                                                                                 \
    OBS("r", "2", "call", "c@x", "",                                                                         \
        ",\"states\":{\"sip_call_state\":\"" call "\",\"call_media_state\":\"" media "\"}")                  \
    END("r")
#define CALL(more) RULE("call.media", "false", "call", "call_media_state", more)
#define SITE_WAIVER(expires)                                                                                 \
    SITE "\"waivers\":[{\"rule\":\"media.jitter\",\"reason\":\"old phones\",\"author\":\"A. "                \
         "Admin\",\"expires\":\"" expires "\"}]}"
#define P VO_RESULT_PASS
#define W VO_RESULT_WARN
#define F VO_RESULT_FAIL
#define N VO_RESULT_NOT_MEASURED
#define I VO_RESULT_INFORMATIONAL
#define S VO_RESULT_SKIPPED
#define E VO_RESULT_ERROR

#define FULL                   RULE("u", "true", "bss", "wlan_utilization_percent", ",\"pass\":{\"below\":45}")
#define BUSY(percent)          "\"wlan_utilization_percent\":" percent
#define LOAD(run, n, visit, m) OBS(run, n, "bss", "02:00:00:00:0a:00", ",\"visit\":" visit, m)

struct row {
    const char *name, *rule, *site, *records;
    enum vo_result_status status; /* of the first result */
    int exit;
    const char *reason; /* a part of it */
};

static const struct row rows[] = {
    /* comparators, on either side and on the limit itself */
    {"below", JITTER(BELOW_30), NULL, ONE(MS("29.5")), P, 0, "29.50 ms is below 30 ms"},
    {"below: the limit", JITTER(BELOW_30), NULL, ONE(MS("30")), F, 3, "30.00 ms is not below 30 ms"},
    {"below: rounding would hide it", JITTER(BELOW_30), NULL, ONE(MS("29.9999")), P, 0,
     "29.9999 ms is below 30 ms"},
    {"at_most", JITTER(",\"pass\":{\"at_most\":30}"), NULL, ONE(MS("30")), P, 0, "30.00 ms is at most 30 ms"},
    {"at_most fails", JITTER(",\"pass\":{\"at_most\":30}"), NULL, ONE(MS("30.001")), F, 3,
     "30.001 ms is not at most 30 ms"},
    {"above", JITTER(",\"pass\":{\"above\":30}"), NULL, ONE(MS("31")), P, 0, "is above 30 ms"},
    {"above: the limit", JITTER(",\"pass\":{\"above\":30}"), NULL, ONE(MS("30")), F, 3, "is not above 30 ms"},
    {"at_least", JITTER(",\"pass\":{\"at_least\":30}"), NULL, ONE(MS("30")), P, 0, "is at least 30 ms"},
    {"at_least fails", JITTER(",\"pass\":{\"at_least\":30}"), NULL, ONE(MS("29")), F, 3,
     "is not at least 30 ms"},
    {"equals", JITTER(",\"pass\":{\"equals\":30}"), NULL, ONE(MS("30")), P, 0, "is exactly 30 ms"},
    {"equals fails", JITTER(",\"pass\":{\"equals\":30}"), NULL, ONE(MS("30.1")), F, 3,
     "is not exactly 30 ms"},
    {"between: low end", JITTER(",\"pass\":{\"between\":[20,30]}"), NULL, ONE(MS("20")), P, 0,
     "is between 20 and 30 ms"},
    {"between: high end", JITTER(",\"pass\":{\"between\":[20,30]}"), NULL, ONE(MS("30")), P, 0, ""},
    {"between fails", JITTER(",\"pass\":{\"between\":[20,30]}"), NULL, ONE(MS("19")), F, 3,
     "is not between 20 and 30 ms"},
    {"one_of", JITTER(",\"pass\":{\"one_of\":[10,20]}"), NULL, ONE(MS("20")), P, 0, "is one of 10, 20 ms"},
    {"one_of fails", JITTER(",\"pass\":{\"one_of\":[10,20]}"), NULL, ONE(MS("15")), F, 3,
     "is not one of 10, 20 ms"},
    {"state equals", CALL(",\"pass\":{\"equals\":\"both_ways\"}"), NULL, STATE("answered", "both_ways"), P, 0,
     "both_ways is both_ways"},
    {"state one_of warns",
     CALL(",\"pass\":{\"equals\":\"both_ways\"},\"warn\":{\"one_of\":[\"one_way\",\"none\"]}"), NULL,
     STATE("answered", "one_way"), W, 4, "one_way is not both_ways"},
    {"state fails", CALL(",\"pass\":{\"equals\":\"both_ways\"}"), NULL, STATE("answered", "none"), F, 4,
     "none is not both_ways"},
    /* warn */
    {"warn", JITTER(BELOW_30 ",\"warn\":{\"below\":40}"), NULL, ONE(MS("35")), W, 4,
     "35.00 ms is not below 30 ms, but below 40 ms"},
    {"nor warn", JITTER(BELOW_30 ",\"warn\":{\"below\":40}"), NULL, ONE(MS("45")), F, 3,
     "is not below 30 ms, nor below 40 ms"},
    {"warn null", JITTER(BELOW_30 ",\"warn\":null"), NULL, ONE(MS("35")), F, 3, "is not below 30 ms"},
    /* what is not there */
    {"informational", RULE("i", "false", "rtp_stream", "rtp_jitter_max_ms", ",\"pass\":null"), NULL,
     ONE(MS("35")), I, 0, "35.00 ms, for information"},
    {"missing with reason", JITTER(BELOW_30), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, "",
                  ",\"missing\":{\"rtp_jitter_max_ms\":\"no clock rate\"}") END("r"),
     N, 5, "no clock rate"},
    {"absent", JITTER(BELOW_30), NULL, ONE("\"rtp_packets\":1"), N, 5, "the record has no rtp_jitter_max_ms"},
    {"no subject", JITTER(BELOW_30), NULL, RUN("r") END("r"), N, 5, "the records have no stream"},
    {"no subject, not required", CALL(",\"pass\":{\"equals\":\"both_ways\"}"), NULL, RUN("r") END("r"), N, 0,
     "the records have no call"},
    {"not a number", JITTER(BELOW_30), NULL, ONE(MS("\"x\"")), E, 1, "is not a number"},
    {"not a word", CALL(",\"pass\":{\"equals\":\"both_ways\"}"), NULL, STATE("answered", "sideways"), E, 1,
     "'sideways' is not a word of call_media_state"},
    /* where */
    {"where", JITTER(BELOW_30 ",\"where\":{\"media\":[\"video\",\"audio\"]}"), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, ",\"media\":\"audio\"", METRICS(MS("1"))) END("r"), P, 0,
     ""},
    {"where: another value", JITTER(BELOW_30 ",\"where\":{\"media\":[\"audio\"]}"), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, ",\"media\":\"video\"", METRICS(MS("99"))) END("r"), N, 5,
     "no stream with media audio (but 1 stream without)"},
    {"where: a missing label does not match", JITTER(BELOW_30 ",\"where\":{\"media\":[\"audio\"]}"), NULL,
     ONE(MS("99")), N, 5, "no stream with media audio"},
    {"where: a number", JITTER(BELOW_30 ",\"where\":{\"payload_type\":[0]}"), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, ",\"payload_type\":0", METRICS(MS("1"))) END("r"), P, 0,
     ""},
    {"where: names without case", JITTER(BELOW_30 ",\"where\":{\"codec\":[\"ilbc\"]}"), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, ",\"codec\":\"iLBC\"", METRICS(MS("1"))) END("r"), P, 0,
     ""},
    {"without: a label that is not there", JITTER(BELOW_30 ",\"without\":[\"point\"]"), NULL, ONE(MS("1")), P,
     0, ""},
    {"without: a label that is there", JITTER(BELOW_30 ",\"without\":[\"call_id\"]"), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, ",\"call_id\":\"c\"", METRICS(MS("99"))) END("r"), N, 5,
     "no stream without call_id (but 1 stream of another kind)"},
    {"where and without",
     JITTER(BELOW_30 ",\"where\":{\"media\":[\"audio\"]},\"without\":[\"call_id\",\"point\"]"), NULL,
     RUN("r") END("r"), N, 5, "no stream with media audio and without call_id and without point"},
    {"where: a state",
     CALL(",\"pass\":{\"equals\":\"both_ways\"},\"where\":{\"sip_call_state\":[\"answered\"]}"), NULL,
     STATE("rejected", "none"), N, 0, "no call with sip_call_state answered"},
    /* samples */
    {"enough samples", LOSS(",\"pass\":{\"below\":1},\"minimum_samples\":250"), NULL, ONE(LOST("0", "250")),
     P, 0, "0.00 % is below 1 %"},
    {"too few samples", LOSS(",\"pass\":{\"below\":1},\"minimum_samples\":250"), NULL, ONE(LOST("0", "249")),
     N, 5, "249 samples (rtp_loss_peak_5min_packets), where the rule asks for at least 250"},
    {"too few for a fail", LOSS(",\"pass\":{\"below\":1},\"minimum_samples\":250"), NULL,
     ONE(LOST("50", "10")), N, 5, "10 samples"},
    {"samples not told", LOSS(",\"pass\":{\"below\":1},\"minimum_samples\":250"), NULL, ONE("\"" PEAK "\":0"),
     N, 5, "is not known"},
    /* where the capture stood */
    {"near_receiver passes", JITTER(FAR), NULL, AT("near_receiver", CAPTURED(MS("5"))), P, 0,
     "5.00 ms is below 30 ms"},
    {"middle warns", JITTER(FAR), NULL, AT("middle", CAPTURED(MS("5"))), W, 4,
     "up to the capture point in the middle; what lies between it and 10.0.0.2:40000 was not seen"},
    {"unknown warns", JITTER(FAR), NULL, AT("unknown", CAPTURED(MS("5"))), W, 4,
     "whose place is not known; what lies between it and 10.0.0.2:40000"},
    {"no position warns", JITTER(FAR), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, "", CAPTURED(MS("5"))) END("r"), W, 4,
     "whose place is not known"},
    {"near_sender is not measured", JITTER(BELOW_30), NULL, AT("near_sender", CAPTURED(MS("5"))), N, 5,
     "near the sender; what lies between it and 10.0.0.2:40000 was not seen"},
    {"near_sender, no report", JITTER(FAR), NULL, AT("near_sender", CAPTURED(MS("5"))), N, 5,
     "the far end's RTCP does not tell"},
    {"near_sender, the far end agrees", JITTER(FAR), NULL,
     AT("near_sender", REPORTED("7", "2", "800", "1000")), P, 0,
     "5.00 ms is below 30 ms at the capture point; the far end's RTCP (rtcp_report) gives 7.00 ms"},
    {"near_sender, the far end disagrees", JITTER(FAR), NULL,
     AT("near_sender", REPORTED("31", "2", "800", "1000")), N, 5,
     "gives 31.00 ms, which is not within the limit"},
    {"middle, the far end agrees", JITTER(FAR), NULL, AT("middle", REPORTED("7", "2", "800", "1000")), P, 0,
     "rtcp_report"},
    {"middle, the far end disagrees", JITTER(FAR), NULL, AT("middle", REPORTED("31", "2", "800", "1000")), W,
     4, "gives 31.00 ms, which is not within the limit"},
    {"a single report of the far end", JITTER(FAR), NULL,
     AT("near_sender",
        CAPTURED(MS("5") ",\"rtcp_jitter_max_ms\":7,\"rtcp_reports\":1,\"rtp_expected_packets\":1000")),
     N, 5, "gives 7.00 ms, and does not suffice: it sent 1 report, where 2 are needed"},
    {"the far end covers less than 80 %", JITTER(FAR), NULL,
     AT("near_sender", REPORTED("7", "2", "799", "1000")), N, 5,
     "does not suffice: its reports cover 799 of the stream's 1000 packets, less than 80 %"},
    {"the far end covers less than 80 %, in the middle", JITTER(FAR), NULL,
     AT("middle", REPORTED("7", "2", "799", "1000")), W, 4, "cover 799 of the stream's 1000 packets"},
    {"the far end's coverage is not told", JITTER(FAR), NULL,
     AT("near_sender", CAPTURED(MS("5") ",\"rtcp_jitter_max_ms\":7,\"rtcp_reports\":3")), N, 5,
     "does not suffice: how much of the stream its reports cover is not known"},
    {"the far end's loss agrees", LOSS(FAR_LOSS), NULL, AT("near_sender", REPORTED_LOSS("250", "300")), P, 0,
     "gives 0.00 %"},
    {"the far end covers too few packets", LOSS(FAR_LOSS), NULL,
     AT("near_sender", REPORTED_LOSS("249", "300")), N, 5,
     "does not suffice: its reports cover 249 packets, where the rule asks for at least 250"},
    {"the far end covers too few, and too little", LOSS(FAR_LOSS), NULL,
     AT("near_sender", REPORTED_LOSS("249", "1000")), N, 5,
     "asks for at least 250; its reports cover 249 of the stream's 1000 packets, less than 80 %"},
    {"a fail stands near the sender", JITTER(FAR), NULL,
     AT("near_sender", CAPTURED(MS("31") ",\"rtcp_jitter_max_ms\":7")), F, 3, "is not below"},
    {"a fail stands in the middle", JITTER(FAR), NULL, AT("middle", CAPTURED(MS("31"))), F, 3,
     "is not below"},
    {"position is nothing to other bases", JITTER(FAR), NULL,
     AT("near_sender", METRICS(MS("5")) ",\"basis\":{\"rtp_jitter_max_ms\":\"rtt_half\"}"), P, 0,
     "taken as half of the round-trip time (rtt_half)"},
    /* between two points: the delay of the whole way only where each of them is at an end */
    {"marks of both ways warn", SIP_MARK, NULL, MARKS("", "100"), W, 4, "signalling goes both ways"},
    {"marks of both ways, told near the receivers", SIP_MARK, NULL,
     MARKS(",\"position\":\"near_receiver\"", "100"), P, 0, "100.00 % is exactly 100 %"},
    {"marks lost before the capture point fail", SIP_MARK, NULL, MARKS("", "50"), F, 3, "50"},
    {"two points, each at an end", JITTER(BELOW_30), NULL, BETWEEN("near_sender", "near_receiver", "5"), P, 0,
     "5.00 ms is below 30 ms; with the offset of the clocks estimated (clock_estimated)"},
    {"two points, the second in the middle", JITTER(BELOW_30), NULL, BETWEEN("near_sender", "middle", "5"), W,
     4, "from ap to sbc; what lies between sbc and 10.0.0.2:40000 was not seen"},
    {"two points, the first in the middle", JITTER(BELOW_30), NULL, BETWEEN("middle", "near_receiver", "5"),
     W, 4, "from ap to sbc; what lies between the sender and ap was not seen"},
    {"two points, nobody told where", JITTER(BELOW_30), NULL, BETWEEN("unknown", "unknown", "5"), W, 4,
     "the sender and ap was not seen; what lies between sbc and 10.0.0.2:40000 was not seen; if a point is "
     "beside an end, measure with --near sbc:ADDRESS of that host"},
    {"two points, the first unknown", JITTER(BELOW_30), NULL, BETWEEN("unknown", "near_receiver", "5"), W, 4,
     "measure with --near ap:ADDRESS"},
    {"two points at one end", JITTER(BELOW_30), NULL, BETWEEN("near_receiver", "near_receiver", "5"), N, 5,
     "what lies between the sender and ap was not seen"},
    {"two points beside the sender", JITTER(BELOW_30), NULL, BETWEEN("near_sender", "near_sender", "5"), N, 5,
     "what lies between sbc and 10.0.0.2:40000 was not seen"},
    {"a fail between two points stands", JITTER(BELOW_30), NULL, BETWEEN("unknown", "unknown", "31"), F, 3,
     "31.00 ms is not below 30 ms"},
    {"a basis of another kind is named", JITTER(BELOW_30), NULL,
     AT("middle", METRICS(MS("5")) ",\"basis\":{\"rtp_jitter_max_ms\":\"two_legs\"}"), P, 0,
     "basis: two_legs"},
    /* drops: 2 % of 1000 are 20 lost; 9 of 1000 would pass, so 11 dropped packets explain it and 10 do not */
    {"drops explain", LOSS(EXPLAIN), NULL, DROPS(DROPPED("11")), N, 5,
     "the capture itself dropped 11 packets, which could explain it (11 would do)"},
    {"drops do not explain", LOSS(EXPLAIN), NULL, DROPS(DROPPED("10")), F, 3,
     "the 10 packets that the capture dropped do not explain it"},
    {"no drops", LOSS(EXPLAIN), NULL, DROPS(DROPPED("0")), F, 3, "2.00 % is not below 1 %"},
    {"drops not known", LOSS(EXPLAIN), NULL,
     DROPS(",\"missing\":{\"capture_dropped_packets\":\"classic pcap\"}"), F, 3,
     "how many packets the capture dropped is not known: classic pcap"},
    {"no capture record", LOSS(EXPLAIN), NULL, ONE(LOST("2", "1000")), F, 3,
     "is not known: the records have no observation of the capture"},
    {"a pass stands in spite of drops", LOSS(EXPLAIN), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, "", METRICS(LOST("0.5", "1000")))
         OBS("r", "3", "capture", "a", "", DROPPED("500")) END("r"),
     P, 0, "0.50 % is below 1 %"},
    {"drops of another point", LOSS(EXPLAIN), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, ",\"point\":\"A\"", METRICS(LOST("2", "1000")))
         OBS("r", "3", "capture", "b", ",\"point\":\"B\"", DROPPED("500"))
             OBS("r", "4", "capture", "a", ",\"point\":\"A\"", DROPPED("0")) END("r"),
     F, 3, "2.00 % is not below 1 %"},
    /* at most 1 %: 10 of 1000 would pass, so that 10 explain it; a warn limit of 1.5 % needs 5 */
    {"drops, at_most", LOSS(",\"pass\":{\"at_most\":1},\"drops_explain\":true"), NULL, DROPS(DROPPED("10")),
     N, 5, "(10 would do)"},
    {"drops, warn", LOSS(",\"pass\":{\"below\":1},\"warn\":{\"at_most\":1.5},\"drops_explain\":true"), NULL,
     DROPS(DROPPED("5")), N, 5, "(5 would do)"},
    /* on the air: 11 of the 20 that are lost would have to have been there */
    {"unheard explains", LOSS(EXPLAIN), NULL, ONE(LOST("2", "1000") ",\"rtp_unheard_packets\":11"), N, 5,
     "the receiver may only not have heard 11 of them, which could explain it (11 would do)"},
    {"unheard does not explain", LOSS(EXPLAIN), NULL, ONE(LOST("2", "1000") ",\"rtp_unheard_packets\":10"), F,
     3, "the 10 packets that the receiver may only not have heard do not explain it"},
    {"unheard and dropped", LOSS(EXPLAIN), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, "", METRICS(LOST("2", "1000") ",\"rtp_unheard_packets\":6"))
         OBS("r", "3", "capture", "a", "", DROPPED("5")) END("r"),
     N, 5, "not have heard 6 of them, and the capture dropped some, which could explain it (11 would do)"},
    {"nothing unheard", LOSS(EXPLAIN), NULL, ONE(LOST("2", "1000") ",\"rtp_unheard_packets\":0"), F, 3,
     "2.00 % is not below 1 %"},
    {"a pass stands whatever was unheard", LOSS(EXPLAIN), NULL,
     ONE(LOST("0.5", "1000") ",\"rtp_unheard_packets\":5"), P, 0, "0.50 % is below 1 %"},
    {"jitter is not explained by drops", JITTER(BELOW_30), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, "", METRICS(MS("31")))
         OBS("r", "3", "capture", "a", "", DROPPED("500")) END("r"),
     F, 3, "31.00 ms is not below 30 ms"},
    /* uncertainty */
    {"within the uncertainty", JITTER(BELOW_30), NULL,
     AT("x", METRICS(MS("29")) ",\"uncertainty\":{\"rtp_jitter_max_ms\":1.5}"), P, 0,
     "the margin of 1 ms is within the uncertainty of ± 1.5 ms"},
    {"a fail within it stays", JITTER(BELOW_30), NULL,
     AT("x", METRICS(MS("31")) ",\"uncertainty\":{\"rtp_jitter_max_ms\":1.5}"), F, 3,
     "within the uncertainty"},
    {"beyond the uncertainty", JITTER(BELOW_30), NULL,
     AT("x", METRICS(MS("28.5")) ",\"uncertainty\":{\"rtp_jitter_max_ms\":1.5}"), P, 0,
     "28.50 ms is below 30 ms"},
    /* runs that were cut short */
    {"no end", JITTER(BELOW_30), NULL, RUN("r") OBS("r", "2", "rtp_stream", STREAM, "", METRICS(MS("1"))), N,
     5, "the run r (voready-rtp) was cut short: it has no end record"},
    {"complete false", JITTER(BELOW_30), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, "", METRICS(MS("99"))) CUT("r", "disk full"), N, 5,
     "was cut short: disk full; until then: 99.00 ms is not below 30 ms"},
    {"no beginning", JITTER(BELOW_30), NULL,
     OBS("r", "2", "rtp_stream", STREAM, "", METRICS(MS("1"))) END("r"), N, 5,
     "was cut short: its beginning"},
    {"cut short, not required", RULE("j", "false", "rtp_stream", "rtp_jitter_max_ms", BELOW_30), NULL,
     RUN("r") OBS("r", "2", "rtp_stream", STREAM, "", METRICS(MS("1"))), P, 0, "was cut short"},
    {"another run was cut", JITTER(BELOW_30), NULL, ONE(MS("1")) RUN("q"), P, 0, "1.00 ms is below 30 ms"},
    /* several observations of one subject: the latest complete one */
    {"latest", JITTER(BELOW_30), NULL,
     RUN("r") OBS("r", "3", "rtp_stream", STREAM, "", METRICS(MS("1")))
         OBS("r", "2", "rtp_stream", STREAM, "", METRICS(MS("99"))) END("r"),
     P, 0, "1.00 ms"},
    {"complete before latest", JITTER(BELOW_30), NULL,
     ONE(MS("1")) RUN("q") OBS("q", "5", "rtp_stream", STREAM, "", METRICS(MS("99"))), P, 0, "1.00 ms"},
    /* of a BSS over a walk: the worst of its places, and not one where nothing was heard; a later run is anew
     */
    {"worst place", FULL, NULL,
     RUN("r") LOAD("r", "2", "1", METRICS(BUSY("60"))) LOAD("r", "3", "2", METRICS(BUSY("20")))
         LOAD("r", "4", "3", ",\"missing\":{\"wlan_utilization_percent\":\"not heard\"}") END("r"),
     F, 3, "60.00 % is not below 45 %"},
    {"places, and measured anew", FULL, NULL,
     RUN("r") LOAD("r", "2", "1", METRICS(BUSY("60"))) LOAD("r", "3", "2", METRICS(BUSY("50"))) END("r")
         RUN("q") LOAD("q", "5", "1", METRICS(BUSY("20"))) END("q"),
     P, 0, "20.00 % is below 45 %"},
    /* aggregates */
    {"worst", JITTER(BELOW_30 ",\"aggregate\":\"worst\""), NULL, TWO("10", "31"), F, 3,
     "worst of 2: 31.00 ms is not below"},
    {"worst of good ones", JITTER(BELOW_30 ",\"aggregate\":\"worst\""), NULL, TWO("20", "10"), P, 0,
     "worst of 2: 20.00 ms"},
    {"worst, one unmeasured", JITTER(BELOW_30 ",\"aggregate\":\"worst\""), NULL,
     TWO("10", "1") OBS("r", "4", "rtp_stream", "x", "", ""), N, 5, "the record has no"},
    {"worst at_least is the smallest", JITTER(",\"pass\":{\"at_least\":5},\"aggregate\":\"worst\""), NULL,
     TWO("4", "1"), F, 3, "worst of 2: 1.00 ms"},
    {"any", JITTER(BELOW_30 ",\"aggregate\":\"any\""), NULL, TWO("99", "10"), P, 0, "best of 2: 10.00 ms"},
    {"any, none", JITTER(BELOW_30 ",\"aggregate\":\"any\""), NULL, TWO("99", "31"), F, 3,
     "best of 2: 31.00 ms"},
    {"any, a fail and one unmeasured", JITTER(BELOW_30 ",\"aggregate\":\"any\""), NULL,
     TWO("99", "40") OBS("r", "4", "rtp_stream", "x", "", ""), N, 5, "best of 3: the record has no"},
    {"any, a fail and one bad record", JITTER(BELOW_30 ",\"aggregate\":\"any\""), NULL, TWO("99", "\"x\""), E,
     1, "best of 2: the record's value is not a number"},
    {"mean", JITTER(BELOW_30 ",\"aggregate\":\"mean\""), NULL, TWO("10", "40"), P, 0,
     "mean over 2 of 2 streams: 25.00 ms"},
    {"mean of what was measured", JITTER(BELOW_30 ",\"aggregate\":\"mean\""), NULL,
     TWO("10", "90") OBS("r", "4", "rtp_stream", "x", "", ""), F, 3, "mean over 2 of 3 streams: 50.00 ms"},
    /* nearest rank: 95 % of 2 is the second */
    {"p95", JITTER(BELOW_30 ",\"aggregate\":\"p95\""), NULL, TWO("40", "10"), F, 3,
     "95th percentile over 2 of 2 streams: 40.00 ms"},
    {"mean, near the sender", JITTER(BELOW_30 ",\"aggregate\":\"mean\""), NULL,
     AT("near_sender", CAPTURED(MS("5"))), N, 5,
     "mean over 1 of 1 stream: 5.00 ms is below 30 ms up to the capture point"},
    {"share", JITTER(BELOW_30 ",\"aggregate\":\"share_passing\",\"share\":0.5"), NULL, TWO("10", "40"), P, 0,
     "of 2 streams 1 pass, 0 with a warning, 1 fail and 0 were not measured; at least 1 must pass"},
    {"share fails", JITTER(BELOW_30 ",\"aggregate\":\"share_passing\",\"share\":0.51"), NULL, TWO("10", "40"),
     F, 3, "at least 2 must pass"},
    {"share warns", JITTER(BELOW_30 ",\"warn\":{\"below\":50},\"aggregate\":\"share_passing\",\"share\":1"),
     NULL, TWO("10", "40"), W, 4, "1 with a warning"},
    {"share is open", JITTER(BELOW_30 ",\"aggregate\":\"share_passing\",\"share\":0.6"), NULL,
     TWO("10", "40") OBS("r", "4", "rtp_stream", "x", "", ""), N, 5,
     "1 were not measured; at least 2 must pass"},
    {"share, one unmeasured does not matter",
     JITTER(BELOW_30 ",\"aggregate\":\"share_passing\",\"share\":0.9"), NULL,
     TWO("50", "40") OBS("r", "4", "rtp_stream", "x", "", ""), F, 3, ""},
    {"aggregate without subject", JITTER(BELOW_30 ",\"aggregate\":\"worst\""), NULL, RUN("r") END("r"), N, 5,
     "the records have no stream"},
    /* the site's words */
    {"waived", JITTER(BELOW_30), SITE_WAIVER("2026-11-22"), ONE(MS("31")), S, 0,
     "waived by A. Admin until 2026-11-22: old phones; without the waiver: fail, 31.00 ms is not below"},
    {"waiver expired", JITTER(BELOW_30), SITE_WAIVER("2026-11-21"), ONE(MS("31")), F, 3,
     "the waiver by A. Admin expired on 2026-11-21 and does not count"},
    {"waived but good", JITTER(BELOW_30), SITE_WAIVER("2027-01-01"), ONE(MS("3")), P, 0,
     "3.00 ms is below 30 ms"},
    {"waived and not measured", JITTER(BELOW_30), SITE_WAIVER("2027-01-01"), RUN("r") END("r"), S, 0,
     "without the waiver: not_measured"},
    {"override", JITTER(BELOW_30),
     SITE "\"overrides\":[{\"rule\":\"media.jitter\",\"reason\":\"satellite\",\"pass\":{\"below\":60}}]}",
     ONE(MS("45")), P, 0, "45.00 ms is below 60 ms; the limit is the site's own: satellite"},
};

static void rows_give_status_reason_and_exit(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct vo_case it;
        char *pack = malloc(strlen(row->rule) + 200);
        assert_non_null(pack);
        sprintf(pack, PACK("%s"), row->rule);
        if (case_run(&it, pack, row->site, row->records) != VO_OK)
            fail_msg("%s: %s", row->name, it.error.message);
        const struct vo_result *result = it.evaluation.first;
        assert_non_null(result);
        int code = vo_verdict_exit(it.evaluation.verdict);
        if (result->status != row->status || code != row->exit || !strstr(result->reason, row->reason)) {
            print_error("%s: %s, exit %d, \"%s\"\n", row->name, vo_result_status_names[result->status], code,
                        result->reason);
            wrong++;
        }
        case_free(&it);
        free(pack);
    }
    assert_int_equal(wrong, 0);
}

/* A loss that passes with drops explained: the numbers, and the evidence. */
static void result_carries_numbers_and_evidence(void **state)
{
    (void)state;
    struct vo_case it;
    const char *records = RUN("r")
        OBS("r", "7", "rtp_stream", STREAM, ",\"media\":\"audio\"", CAPTURED(LOST("2", "15000"))) END("r");
    assert_int_equal(case_run(&it, PACK(LOSS(",\"pass\":{\"below\":1}")), NULL, records), VO_OK);
    const struct vo_result *result = it.evaluation.first;
    assert_null(result->next);
    assert_true(result->observed == 2 && result->margin == -1 && result->samples == 15000); /* 1 % less 2 % */
    assert_true(isnan(result->uncertainty) && !result->within_uncertainty);
    assert_string_equal(result->limit_text, "below 1 %");
    assert_string_equal(result->basis, "capture_point");
    assert_int_equal(result->evidence_count, 1);
    assert_int_equal(result->evidence[0].n, 7);
    assert_string_equal(it.evaluation.reason, "media.loss failed for 1 of 1 stream");
    case_free(&it);
}

/* Two points see the same stream: two subjects. Two runs see it: one. */
static void subjects_are_kind_id_and_point(void **state)
{
    (void)state;
    struct vo_case it;
    const char *records = RUN("r") OBS("r", "2", "rtp_stream", STREAM, ",\"point\":\"A\"", METRICS(MS("1")))
        OBS("r", "3", "rtp_stream", STREAM, ",\"point\":\"B\"", METRICS(MS("99"))) END("r") RUN("q")
            OBS("q", "4", "rtp_stream", STREAM, ",\"point\":\"B\"", METRICS(MS("2"))) END("q");
    assert_int_equal(case_run(&it, PACK(JITTER(BELOW_30)), NULL, records), VO_OK);
    assert_int_equal(it.evaluation.count[VO_RESULT_PASS], 2);
    assert_int_equal(it.evaluation.count[VO_RESULT_FAIL], 0);
    assert_string_equal(it.evaluation.reason, "all 2 required results passed");
    case_free(&it);
}

/* The first that holds: error, not_ready, incomplete, ready_with_warnings, ready. */
static void verdicts_in_their_order(void **state)
{
    (void)state;
#define LATENCY RULE("b.latency", "true", "rtp_stream", "rtp_latency_max_ms", BELOW_30)
#define ADVICE  RULE("c.advice", "false", "rtp_stream", "rtp_pdv_p95_ms", BELOW_30)
#define ALL     PACK(JITTER(BELOW_30) "," LATENCY "," ADVICE)
#define BOTH(m) ONE(m)
    static const struct {
        const char *records;
        enum vo_verdict verdict;
        int exit;
        const char *reason;
    } cases[] = {
        {ONE(MS("1") ",\"rtp_latency_max_ms\":1,\"rtp_pdv_p95_ms\":1"), VO_VERDICT_READY, 0,
         "all 2 required results passed"},
        {ONE(MS("1") ",\"rtp_latency_max_ms\":1"), VO_VERDICT_READY, 0, "all 2 required results passed"},
        {ONE(MS("1") ",\"rtp_latency_max_ms\":1,\"rtp_pdv_p95_ms\":99"), VO_VERDICT_READY_WITH_WARNINGS, 4,
         "c.advice failed for 1 of 1 stream"},
        {ONE(MS("1") ",\"rtp_pdv_p95_ms\":99"), VO_VERDICT_INCOMPLETE, 5,
         "b.latency was not measured for 1 of 1 stream"},
        {ONE(MS("31") ",\"rtp_pdv_p95_ms\":99"), VO_VERDICT_NOT_READY, 3,
         "media.jitter failed for 1 of 1 stream"},
        {ONE(MS("31") ",\"rtp_latency_max_ms\":31"), VO_VERDICT_NOT_READY, 3,
         "media.jitter failed for 1 of 1 stream; 1 more rule likewise"},
        {ONE(MS("31") ",\"rtp_pdv_p95_ms\":\"x\""), VO_VERDICT_ERROR, 1,
         "c.advice could not be judged for 1 of 1 stream"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_case it;
        assert_int_equal(case_run(&it, ALL, NULL, cases[i].records), VO_OK);
        if (it.evaluation.verdict != cases[i].verdict || strcmp(it.evaluation.reason, cases[i].reason) != 0)
            fail_msg("row %zu: %s, \"%s\"", i, vo_verdict_names[it.evaluation.verdict], it.evaluation.reason);
        assert_int_equal(vo_verdict_exit(it.evaluation.verdict), cases[i].exit);
        case_free(&it);
    }
}

/* Series: rtp_lost_packets and rtp_expected_packets by the step. */
#define SERIES(n, start, lost, expected)                                                                     \
    "{\"record\":\"series\",\"run\":\"r\",\"n\":" n ",\"subject\":{\"kind\":\"rtp_stream\",\"id\":\"" STREAM \
    "\"},\"start\":\"" start "\",\"step_s\":1,"                                                              \
    "\"columns\":{\"rtp_lost_packets\":" lost ",\"rtp_expected_packets\":" expected ",\"other\":[1]}}\n"
#define WINDOW(more)                                                                                         \
    RULE("w", "true", "rtp_stream", "rtp_loss_percent",                                                      \
         ",\"pass\":{\"below\":10},\"window_s\":2,\"statistic\":\"ratio\",\"numerator\":\"rtp_lost_"         \
         "packets\"" more)
#define WITH(series) RUN("r") series OBS("r", "9", "rtp_stream", STREAM, "", "") END("r")
#define MAXIMUM                                                                                              \
    RULE("w", "true", "rtp_stream", "rtp_pdv_max_ms",                                                        \
         ",\"pass\":{\"below\":10},\"window_s\":2,\"statistic\":\"max\"")
#define AVERAGE                                                                                              \
    RULE("w", "true", "rtp_stream", "rtp_pdv_max_ms",                                                        \
         ",\"pass\":{\"below\":10},\"window_s\":2,\"statistic\":\"mean\"")
#define TIMES(values)                                                                                        \
    "{\"record\":\"series\",\"run\":\"r\",\"n\":2,\"subject\":\"" STREAM                                     \
    "\",\"start\":\"2026-11-22T10:00:00Z\",\"step_s\":1,\"columns\":{\"rtp_pdv_max_ms\":" values "}}\n"

static const struct {
    const char *name, *rule, *records;
    enum vo_result_status status;
    double observed; /* NaN: none */
    const char *reason;
} windows[] = {
    /* windows 1/20, 4/30, 3/40: counts are summed; the mean of percents would say 10 + 15 halves */
    {"ratio", WINDOW(""), WITH(SERIES("2", "2026-11-22T10:00:00Z", "[1,0,4,0]", "[10,10,20,20]")), F,
     400.0 / 30, "is not below 10 %"},
    {"shorter than the window", WINDOW(""), WITH(SERIES("2", "2026-11-22T10:00:00Z", "[1]", "[50]")), P, 2,
     "2.00 % is below 10 %"},
    {"a gap is no value", WINDOW(",\"minimum_coverage\":1"),
     WITH(SERIES("2", "2026-11-22T10:00:00Z", "[9]", "[10]")
              SERIES("3", "2026-11-22T10:00:02Z", "[1,0]", "[10,10]")),
     P, 5, "5.00 %"},
    {"records follow each other", WINDOW(""),
     WITH(SERIES("2", "2026-11-22T10:00:00Z", "[0,0]", "[10,10]")
              SERIES("3", "2026-11-22T10:00:02Z", "[0,4]", "[10,10]")),
     F, 20, ""},
    {"too little coverage", WINDOW(",\"minimum_coverage\":0.9"),
     WITH(SERIES("2", "2026-11-22T10:00:00Z", "[9,null,9,null]", "[10,10,10,10]")), N, NAN,
     "no window of 2 s has values for 90 % of its time; the best has 50 %"},
    {"too few samples", WINDOW(",\"minimum_samples\":100"),
     WITH(SERIES("2", "2026-11-22T10:00:00Z", "[9,0]", "[10,10]")), N, NAN,
     "20 samples in the fullest window, where the rule asks for at least 100"},
    {"records overlap", WINDOW(""),
     WITH(SERIES("2", "2026-11-22T10:00:00Z", "[9,0]", "[10,10]")
              SERIES("3", "2026-11-22T10:00:01Z", "[9,0]", "[10,10]")),
     N, NAN, "its records overlap"},
    {"a gap of years", WINDOW(""),
     WITH(SERIES("2", "2026-11-22T10:00:00Z", "[9,0]", "[10,10]")
              SERIES("3", "2096-11-22T10:00:01Z", "[9,0]", "[10,10]")),
     N, NAN, "a gap within it is too long"},
    {"no series", WINDOW(""), WITH(""), N, NAN, "is not in the records"},
    {"only nulls", WINDOW(""), WITH(SERIES("2", "2026-11-22T10:00:00Z", "[null]", "[null]")), N, NAN,
     "the series has no values"},
    {"max", MAXIMUM, WITH(TIMES("[1,null,9,12]")), F, 12, "12.00 ms"},
    {"mean: 10.5 is the worst of 5, 9, 10.5", AVERAGE, WITH(TIMES("[1,9,9,12]")), F, 10.5, "10.50 ms"},
};

static void windows_over_series(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        struct vo_case it;
        char pack[1200];
        snprintf(pack, sizeof pack, PACK("%s"), windows[i].rule);
        if (case_run(&it, pack, NULL, windows[i].records) != VO_OK)
            fail_msg("%s: %s", windows[i].name, it.error.message);
        const struct vo_result *result = it.evaluation.first;
        bool same = isnan(windows[i].observed) ? isnan(result->observed)
                                               : fabs(result->observed - windows[i].observed) < 1e-9;
        if (result->status != windows[i].status || !same || !strstr(result->reason, windows[i].reason))
            fail_msg("%s: %s, %g, \"%s\"", windows[i].name, vo_result_status_names[result->status],
                     result->observed, result->reason);
        case_free(&it);
    }
}

static void bad_records_name_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *records, *message;
    } cases[] = {
        {RUN("r") "{\"record\":\"observation\",\"run\":\"r\",\"n\":2,\"metrics\":{}}",
         "records.jsonl:2: an observation whose subject"},
        {RUN("r") END("r") RUN("r"), "records.jsonl:3: run r is there for the second time"},
        {RUN("r") "{\"record\":\"series\",\"run\":\"r\",\"n\":2,\"columns\":{\"rtp_lost_packets\":[1]}}",
         "records.jsonl:2: a series needs subject"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_case it;
        assert_int_equal(case_run(&it, PACK(WINDOW("")), NULL, cases[i].records), VO_ERR_INPUT);
        if (!strstr(it.error.message, cases[i].message))
            fail_msg("row %zu: %s", i, it.error.message);
        case_free(&it);
    }
}

/* Many subjects: the table grows, and the order of reading stays. */
static void thousand_subjects(void **state)
{
    (void)state;
    struct vo_case it;
    size_t count = 2000, used = 0, room = count * 400;
    char *records = malloc(room);
    assert_non_null(records);
    used += (size_t)snprintf(records, room, "%s", RUN("r"));
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(records + used, room - used, "%s%zu%s",
                                 "{\"record\":\"observation\",\"run\":\"r\",\"n\":2,\"subject\":{\"kind\":"
                                 "\"rtp_stream\",\"id\":\"",
                                 i, "\"},\"metrics\":{\"rtp_jitter_max_ms\":31}}\n");
    snprintf(records + used, room - used, "%s", END("r"));
    assert_int_equal(case_run(&it, PACK(JITTER(BELOW_30)), NULL, records), VO_OK);
    assert_int_equal(it.evaluation.count[VO_RESULT_FAIL], count);
    assert_string_equal(it.evaluation.first->fact->id, "0");
    assert_string_equal(it.evaluation.last->fact->id, "1999");
    assert_string_equal(it.evaluation.reason, "media.jitter failed for 2000 of 2000 streams");
    case_free(&it);
    free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_give_status_reason_and_exit),
        cmocka_unit_test(result_carries_numbers_and_evidence),
        cmocka_unit_test(subjects_are_kind_id_and_point),
        cmocka_unit_test(verdicts_in_their_order),
        cmocka_unit_test(windows_over_series),
        cmocka_unit_test(bad_records_name_file_and_line),
        cmocka_unit_test(thousand_subjects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
