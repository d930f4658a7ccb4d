/* A small verdict and records for the tests of report/: one call, two streams, six results. */
#ifndef VO_TESTS_UNIT_REPORT_FIXTURE_H
#define VO_TESTS_UNIT_REPORT_FIXTURE_H

#include "report/formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORTH  "192.0.2.1:5004>198.51.100.7:5008#0x00000001"
#define BACK   "198.51.100.7:5008>192.0.2.1:5004#0x00000002"
#define SOURCE "\"source\": {\"document\": \"Guide\", \"section\": \"13.6\"}"

/* The loss of FORTH fails by one point, its jitter passes, BACK's latency is not measured, the call warns. */
static const char fixture_verdict[] =
    "{\"format\": 1, \"verdict\": \"not_ready\", \"reason\": \"media.loss failed for 1 of 2 streams\",\n"
    " \"created\": \"2026-11-22T18:00:00Z\", \"profile\": \"voice\", \"areas\": [\"media\", \"qos\"],\n"
    " \"runs\": [{\"run\": \"r\", \"probe\": \"voready-rtp\", \"source\": [\"call.pcap\"], \"complete\": "
    "true}],\n"
    " \"results\": [\n"
    "  {\"rule\": \"media.jitter\", \"title\": \"Jitter\", \"area\": \"media\", \"severity\": \"critical\",\n"
    "   \"required\": true, \"status\": \"pass\", \"subject\": {\"kind\": \"rtp_stream\", \"id\": \"" FORTH
    "\"},\n"
    "   \"metric\": \"rtp_jitter_max_ms\", \"observed\": 12.34, \"unit\": \"ms\", \"limit\": {\"below\": "
    "30},\n"
    "   \"limit_text\": \"below 30 ms\", \"margin\": 17.66, " SOURCE
    ", \"reason\": \"12.3 ms is below 30 ms\"},\n"
    "  {\"rule\": \"media.loss\", \"title\": \"Packet loss, worst five minutes\", \"area\": \"media\",\n"
    "   \"severity\": \"critical\", \"required\": true, \"status\": \"fail\",\n"
    "   \"subject\": {\"kind\": \"rtp_stream\", \"id\": \"" FORTH
    "\"}, \"evidence\": [{\"run\": \"r\", \"n\": 2}],\n"
    "   \"metric\": \"rtp_loss_peak_5min_percent\", \"observed\": 2.0, \"unit\": \"percent\", \"samples\": "
    "15000,\n"
    "   \"limit\": {\"below\": 1}, \"limit_text\": \"below 1 %\", \"margin\": -1.0, " SOURCE ",\n"
    "   \"basis\": \"capture_point\", \"reason\": \"2.00 % is not below 1 %\", \"remediation\": \"Mend, then "
    "ask.\"},\n"
    "  {\"rule\": \"media.latency\", \"title\": \"Latency\", \"area\": \"media\", \"severity\": "
    "\"critical\",\n"
    "   \"required\": false, \"status\": \"not_measured\", \"subject\": {\"kind\": \"rtp_stream\", \"id\": "
    "\"" BACK "\"},\n   \"metric\": \"rtp_latency_max_ms\", \"observed\": null, \"unit\": \"ms\", \"limit\": "
    "{\"below\": 100},\n"
    "   \"limit_text\": \"below 100 ms\", \"margin\": null, \"reason\": \"no RTCP\"},\n"
    "  {\"rule\": \"qos.sip.dscp\", \"title\": \"SIP marked DSCP 40\", \"area\": \"qos\", \"severity\": "
    "\"major\",\n"
    "   \"required\": false, \"status\": \"warn\", \"subject\": {\"kind\": \"call\", \"id\": \"c1\"},\n"
    "   \"metric\": \"sip_dscp_40_percent\", \"observed\": 50, \"unit\": \"percent\", \"samples\": 8,\n"
    "   \"limit\": {\"at_least\": 100}, \"limit_text\": \"at least 100 %\", \"margin\": -50, \"reason\": "
    "\"half\"},\n"
    "  {\"rule\": \"tool\", \"title\": \"Tool\", \"area\": \"qos\", \"severity\": \"advisory\", \"status\": "
    "\"error\",\n"
    "   \"subject\": null, \"observed\": null, \"reason\": \"it broke\"},\n"
    "  {\"rule\": \"air\", \"title\": \"Air\", \"area\": \"air\", \"severity\": \"advisory\", \"status\": "
    "\"skipped\",\n"
    "   \"subject\": null, \"observed\": null, \"reason\": \"waived\"}]}\n";

/* Series: ten seconds in two records out of order, with a second that is not known. */
static const char fixture_records[] =
    "{\"record\":\"run\",\"run\":\"r\",\"n\":1,\"format\":1,\"probe\":\"voready-rtp\"}\n"
    "{\"record\":\"observation\",\"run\":\"r\",\"n\":2,\"time\":\"2026-11-22T17:44:30Z\",\"subject\":{"
    "\"kind\":"
    "\"rtp_stream\",\"id\":\"" FORTH
    "\",\"key\":\"k1\",\"media\":\"audio\",\"codec\":\"PCMU\",\"call_id\":\"c1\","
    "\"direction\":\"caller_to_callee\",\"source\":\"192.0.2.1:5004\",\"destination\":\"198.51.100.7:5008\"},"
    "\"metrics\":{\"rtp_loss_peak_5min_percent\":2.0,\"rtp_loss_peak_5min_start_s\":432,\"rtp_duration_s\":"
    "760,"
    "\"rtp_expected_packets\":38000,\"rtp_mos_lq_nb\":3.61,\"unknown_metric\":1},\"missing\":{\"rtp_rtt_ms\":"
    "\"no "
    "RTCP\"},\"states\":{\"rtp_media_state\":\"plain\"}}\n"
    "{\"record\":\"observation\",\"run\":\"r\",\"n\":3,\"time\":\"2026-11-22T17:44:30Z\",\"subject\":{"
    "\"kind\":"
    "\"rtp_stream\",\"id\":\"" BACK
    "\",\"key\":\"k2\",\"call_id\":\"c1\",\"direction\":\"callee_to_caller\"},"
    "\"metrics\":{\"rtp_packets\":100}}\n"
    "{\"record\":\"series\",\"run\":\"r\",\"n\":4,\"subject\":\"" FORTH
    "\",\"start\":\"2026-11-22T17:44:35Z\","
    "\"step_s\":1,\"columns\":{\"rtp_lost_packets\":[0,0,0,0,1],\"rtp_expected_packets\":[50,50,50,50,50],"
    "\"rtp_jitter_max_ms\":[5,5,5,5,5]}}\n"
    "{\"record\":\"series\",\"run\":\"r\",\"n\":5,\"subject\":{\"kind\":\"rtp_stream\",\"id\":\"" FORTH
    "\",\"key\":"
    "\"k1\"},\"start\":\"2026-11-22T17:44:30Z\",\"step_s\":1,\"columns\":{\"rtp_lost_packets\":[5,0,null,0,0]"
    ","
    "\"rtp_expected_packets\":[50,50,null,50,50],\"rtp_jitter_max_ms\":[40,5,null,5,5]}}\n"
    "{\"record\":\"event\",\"run\":\"r\",\"n\":6,\"kind\":\"sip\",\"time\":\"2026-11-22T17:44:29Z\",\"call_"
    "id\":\"c1\","
    "\"from\":\"198.51.100.7:5060\",\"to\":\"192.0.2.1:5060\",\"text\":\"180 Ringing\"}\n"
    "{\"record\":\"event\",\"run\":\"r\",\"n\":7,\"kind\":\"sip\",\"time\":\"2026-11-22T17:44:28Z\",\"call_"
    "id\":\"c1\","
    "\"from\":\"192.0.2.1:5060\",\"to\":\"198.51.100.7:5060\",\"text\":\"INVITE\",\"sdp\":true}\n"
    "{\"record\":\"event\",\"run\":\"r\",\"n\":8,\"kind\":\"dtmf\",\"time\":\"2026-11-22T17:44:40Z\","
    "\"subject\":{\"kind\":"
    "\"rtp_stream\",\"id\":\"" FORTH "\"},\"digit\":\"5\"}\n"
    "{\"record\":\"observation\",\"run\":\"r\",\"n\":9,\"time\":\"2026-11-22T17:44:28Z\",\"subject\":{"
    "\"kind\":\"call\","
    "\"id\":\"c1\",\"call_id\":\"c1\",\"caller\":\"sip:alice@example.com\",\"callee\":\"sip:bob@example."
    "com\"},"
    "\"metrics\":{\"sip_duration_s\":760},\"states\":{\"sip_call_state\":\"answered\",\"sip_hangup_state\":"
    "\"caller\"}}\n"
    "{\"record\":\"observation\",\"run\":\"r\",\"n\":10,\"subject\":{\"kind\":\"capture\",\"id\":\"call."
    "pcap\"},"
    "\"metrics\":{\"capture_packets\":76000},\"missing\":{\"capture_dropped_packets\":\"not in the file\"}}\n"
    "{\"record\":\"news\",\"run\":\"r\",\"n\":11}\n"
    "{\"record\":\"end\",\"run\":\"r\",\"n\":12,\"complete\":true,\"records\":12}\n";

/* Writes `text` into a new file; the caller unlinks and frees the name. */
static inline char *fixture_file(const char *text)
{
    char *path = strdup("/tmp/voready-test-XXXXXX");
    int descriptor = mkstemp(path);
    if (descriptor < 0 || write(descriptor, text, strlen(text)) != (ssize_t)strlen(text))
        abort();
    close(descriptor);
    return path;
}

/* Loads texts as files; `records` may be NULL. */
static inline enum vo_status fixture_load_texts(const char *verdict, const char *records,
                                                struct vo_report **report, struct vo_error *error)
{
    char *first = fixture_file(verdict), *second = records ? fixture_file(records) : NULL;
    const char *const paths[] = {second};
    enum vo_status status = vo_report_load(first, paths, records ? 1 : 0, report, error);
    unlink(first);
    if (second)
        unlink(second);
    free(first);
    free(second);
    return status;
}

static inline struct vo_report *fixture_load(void)
{
    struct vo_report *report;
    struct vo_error error = {0};
    if (fixture_load_texts(fixture_verdict, fixture_records, &report, &error) != VO_OK) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    return report;
}

/* `text` with the first `old` replaced by `new`; the caller frees. */
static inline char *fixture_replace(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);
    char *result = malloc(strlen(text) + strlen(new) + 1);
    if (!at || !result)
        abort();
    sprintf(result, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    return result;
}

typedef enum vo_status (*fixture_writer)(const struct vo_report *, const struct vo_report_style *,
                                         struct vo_out *, struct vo_error *);

/* Renders; the caller frees the text. */
static inline char *fixture_render(fixture_writer writer, const struct vo_report *report)
{
    struct vo_report_style style = {.colour = false, .width = 80};
    struct vo_out out = {0};
    struct vo_error error = {0};
    if (writer(report, &style, &out, &error) != VO_OK)
        abort();
    return out.data;
}

#endif
