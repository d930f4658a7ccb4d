#include "probes/flow/rtp_quality.h"

#include "core/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The user's figures for a codec go before the table's. */
static bool find_impairment(const struct vo_rtp_session *session, const struct vo_payload *payload,
                            double kbps, struct vo_impairment *row)
{
    static _Thread_local char name[VO_SDP_CODEC];
    const struct vo_option_list *given = session->options.impairments;
    for (size_t i = 0; given && i < given->count; i++)
        if (vo_emodel_parse(given->items[i], name, row) && strcasecmp(name, payload->codec) == 0)
            return true;
    const struct vo_impairment *known = vo_emodel_codec(payload->codec, false, kbps);
    if (known)
        *row = *known;
    return known != NULL;
}

static const char *why_not(const struct vo_stream *stream, const struct vo_payload *payload)
{
    if (!payload || payload->kind != VO_PAYLOAD_MEDIA)
        return "no audio packets";
    if (payload->clock_hz == 90000)
        return "the E-model rates speech, not video";
    if (payload->codec[0] == '\0')
        return "the codec is not known: no SDP names this dynamic payload type";
    if (stream->measure->codec_changes)
        return "the codec changed within the stream";
    return NULL;
}

struct vo_rtp_quality vo_rtp_quality(const struct vo_rtp_session *session, const struct vo_stream *stream,
                                     const struct vo_burst_result *burst, double loss_and_discard_percent,
                                     double ptime_ms, double latency_ms)
{
    struct vo_rtp_quality quality = {0};
    const struct vo_payload *payload = vo_stream_main_payload(stream);
    const char *why = why_not(stream, payload);
    struct vo_impairment row;
    if (why) {
        snprintf(quality.missing, sizeof quality.missing, "%s", why);
        return quality;
    }
    double kbps = payload->packets && ptime_ms > 0
                      ? (double)payload->octets * 8 / (double)payload->packets / ptime_ms
                      : 0;
    if (!find_impairment(session, payload, kbps, &row)) {
        snprintf(
            quality.missing, sizeof quality.missing,
            "no Ie of ITU-T G.113 is confirmed for %s at its rate: give Ie and Bpl with --codec-impairment",
            payload->codec);
        return quality;
    }
    double ratio = burst->burst_ratio >= 1 ? burst->burst_ratio : 1;
    double effective = vo_emodel_effective(&row, loss_and_discard_percent, ratio);
    if (isnan(effective)) {
        snprintf(quality.missing, sizeof quality.missing,
                 "packets were lost and no Bpl of ITU-T G.113 is confirmed for %s: give one with "
                 "--codec-impairment",
                 payload->codec);
        return quality;
    }
    quality.listening = true;
    quality.band = row.band;
    quality.r_lq = vo_emodel_rating(row.band, effective, 0);
    quality.mos_lq = vo_emodel_mos(row.band, quality.r_lq);
    snprintf(quality.basis, sizeof quality.basis, "ie %g bpl %g burst ratio %.2f (%s)", row.ie, row.bpl,
             ratio, row.source);
    double buffer_ms = vo_playout_mean_ms(&stream->measure->playout, &session->options.stream.playout);
    if (isnan(latency_ms) || isnan(buffer_ms)) {
        snprintf(quality.missing_cq, sizeof quality.missing_cq,
                 "no delay between the ends was measured (no RTCP round trip, no second capture point)");
        return quality;
    }
    if (isnan(row.lookahead_ms)) {
        snprintf(quality.missing_cq, sizeof quality.missing_cq, "the codec's own delay is not known");
        return quality;
    }
    double mouth_to_ear_ms = latency_ms + buffer_ms + ptime_ms + row.lookahead_ms;
    double rating = vo_emodel_rating(row.band, effective, vo_emodel_delay(row.band, mouth_to_ear_ms));
    quality.conversational = true;
    quality.mos_cq = vo_emodel_mos(row.band, rating);
    return quality;
}
