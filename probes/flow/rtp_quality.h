/*
 * Estimated quality of a stream (E-model), and why it is not had where it is not.
 */
#ifndef VO_PROBES_FLOW_RTP_QUALITY_H
#define VO_PROBES_FLOW_RTP_QUALITY_H

#include "core/estimate/emodel.h"
#include "probes/flow/rtp_session.h"

struct vo_rtp_quality {
    bool listening, conversational;
    enum vo_band band;
    double r_lq, mos_lq, mos_cq;
    char basis[160];   /* "g113 ie 0 bpl 4.3, no concealment assumed" */
    char missing[160]; /* why there is no listening quality */
    char missing_cq[160];
};

/* `latency_ms`: one way between the ends, NaN if not measured. */
struct vo_rtp_quality vo_rtp_quality(const struct vo_rtp_session *session, const struct vo_stream *stream,
                                     const struct vo_burst_result *burst, double loss_and_discard_percent,
                                     double ptime_ms, double latency_ms);

#endif
