#include "probes/rtp/emit_capture.h"

#include "probes/flow/rtp_emit.h"

void vo_rtp_emit_capture(struct vo_rtp_session *session, struct vo_capture *capture, const char *id)
{
    struct vo_record_writer *writer = session->writer;
    const struct vo_capture_stats *stats = vo_capture_stats(capture);
    struct vo_subject subject = {"capture", id, session->options.point ? session->options.point : "capture"};
    uint64_t dropped = 0;
    bool known = false;
    for (size_t i = 0; i < vo_capture_interface_count(capture); i++) {
        const struct vo_capture_interface *interface = vo_capture_interface(capture, i);
        dropped += interface->dropped;
        known |= interface->has_statistics;
    }
    vo_observe_begin(writer, session->first, &subject);
    vo_observe_label(writer, "point", session->options.point);
    if (session->counts.unknown_link)
        vo_observe_label_number(writer, "unknown_linktype", session->counts.unknown_linktype);
    vo_observe_metric(writer, VO_METRIC_CAPTURE_PACKETS, (double)session->counts.frames);
    if (known)
        vo_observe_metric(writer, VO_METRIC_CAPTURE_DROPPED_PACKETS, (double)dropped);
    else
        vo_observe_missing(writer, VO_METRIC_CAPTURE_DROPPED_PACKETS,
                           "the file does not tell what its capture dropped (pcap never does, pcapng may)");
    vo_observe_metric(writer, VO_METRIC_CAPTURE_SNAPPED_PACKETS, (double)stats->snapped);
    vo_observe_metric(writer, VO_METRIC_CAPTURE_TIME_BACKSTEPS, (double)stats->backsteps);
    vo_observe_metric(writer, VO_METRIC_CAPTURE_UNDECODED_PACKETS,
                      (double)(session->counts.undecoded + session->counts.damaged));
    vo_observe_metric(writer, VO_METRIC_CAPTURE_ENCRYPTED_FRAMES, (double)session->counts.encrypted_frames);
    vo_rtp_emit_counts(session);
    vo_observe_end(writer);
}
