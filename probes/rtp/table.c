#include "probes/rtp/table.h"

#include "probes/flow/rtp_table.h"

static void print_capture(const struct vo_rtp_session *session, struct vo_capture *capture, FILE *stream)
{
    const struct vo_rtp_counts *counts = &session->counts;
    const struct vo_capture_stats *stats = vo_capture_stats(capture);
    uint64_t dropped = 0;
    for (size_t i = 0; i < vo_capture_interface_count(capture); i++)
        dropped += vo_capture_interface(capture, i)->dropped;
    fprintf(stream, "%llu packets, %zu calls, %zu streams", (unsigned long long)counts->frames,
            vo_calls_count(session->calls), vo_streams_count(session->streams));
    if (session->first != VO_TIME_UNKNOWN)
        fprintf(stream, ", %.1f s", (double)(session->last - session->first) / 1e9);
    fprintf(stream, "\n");
    if (dropped)
        fprintf(stream, "The capture dropped %llu packets: part of the loss may be the capture's.\n",
                (unsigned long long)dropped);
    if (stats->snapped)
        fprintf(stream, "%llu packets were cut by the snap length.\n", (unsigned long long)stats->snapped);
    if (stats->backsteps)
        fprintf(stream, "Time went back %llu times: jitter around those is not to be trusted.\n",
                (unsigned long long)stats->backsteps);
    if (counts->encrypted_frames)
        fprintf(stream, "%llu frames are encrypted by the WLAN or IPsec: what they carry was not seen.\n",
                (unsigned long long)counts->encrypted_frames);
    vo_rtp_print_hidden(session, stream);
    if (counts->unknown_link)
        fprintf(stream, "%llu packets have link type %u, which is not known.\n",
                (unsigned long long)counts->unknown_link, counts->unknown_linktype);
}

void vo_rtp_print_table(struct vo_rtp_session *session, struct vo_capture *capture, FILE *stream, bool ladder)
{
    print_capture(session, capture, stream);
    vo_rtp_print_calls(session, stream, ladder);
    vo_rtp_print_streams(session, stream);
}
