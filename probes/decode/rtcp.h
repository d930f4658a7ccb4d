/*
 * RTCP compound packets (RFC 3550 6), extended reports (RFC 3611). SRTCP is recognised, never decoded as if
 * plain.
 */
#ifndef VO_PROBES_DECODE_RTCP_H
#define VO_PROBES_DECODE_RTCP_H

#include "probes/decode/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vo_rtcp_kind {
    VO_RTCP_SENDER_REPORT,
    VO_RTCP_REPORT_BLOCK,
    VO_RTCP_SDES_CNAME,
    VO_RTCP_BYE,
    VO_RTCP_XR_VOIP,
    VO_RTCP_XR_RRT,
    VO_RTCP_XR_DLRR
};

struct vo_rtcp_sender_report { /* 6.4.1 */
    uint64_t ntp;              /* 0: the sender has no clock */
    uint32_t rtp_timestamp, packets, octets;
};

struct vo_rtcp_report_block {
    uint32_t source;       /* SSRC reported on */
    uint8_t fraction_lost; /* of 256 */
    int32_t lost;          /* cumulative, signed 24 bits */
    uint32_t highest;      /* extended highest sequence number */
    uint32_t jitter;       /* timestamp units */
    uint32_t lsr, dlsr;    /* middle 32 bits of NTP; 1/65536 s. lsr 0: none yet */
};

struct vo_rtcp_xr_voip { /* RFC 3611 4.7; rates of 256; 127 is "unavailable" for R and MOS (MOS are times ten)
                          */
    uint32_t source;
    uint8_t loss_rate, discard_rate, burst_density, gap_density;
    uint16_t burst_ms, gap_ms, round_trip_ms, end_system_ms;
    int8_t signal_dbm, noise_dbm;
    uint8_t rerl, gmin, r_factor, external_r, mos_lq, mos_cq, rx_config;
    uint16_t jb_nominal_ms, jb_maximum_ms, jb_absolute_ms;
};

/* One thing that a compound packet says. */
struct vo_rtcp_item {
    enum vo_rtcp_kind kind;
    uint32_t ssrc; /* who says it */
    union {
        struct vo_rtcp_sender_report sender;
        struct vo_rtcp_report_block block; /* of SR and RR alike */
        struct vo_rtcp_xr_voip voip;
        struct vo_span text; /* CNAME, or the reason of a BYE */
        struct {
            uint64_t ntp;
        } rrt;
        struct {
            uint32_t source, lrr, dlrr;
        } dlrr;
    };
};

enum vo_rtcp_result {
    VO_RTCP_OK,
    VO_RTCP_ENCRYPTED, /* first header plain, the rest is SRTCP: an index and tag that no compound allows */
    VO_RTCP_MALFORMED, /* not RTCP, or lengths lie; the items before the fault were delivered */
};

typedef void vo_rtcp_visit(void *context, const struct vo_rtcp_item *item);

/*
 * Decodes a whole UDP payload: one compound, several, or a reduced-size packet (RFC 5506). `secure` says that
 * SDP or DTLS makes it SRTCP: then nothing is visited. Also tells SRTCP by itself: the lengths do not add up
 * to `size`, but leave a plausible SRTCP trailer (4 bytes index with tag 4 to 16), or reports that cannot be.
 * Lengths that add up are always plain. What cannot be told without `secure`: SRTCP that the snap length cut,
 * or whose index is beyond eight million; its reports are then delivered, as part of a malformed compound, in
 * at most one case of 256.
 */
enum vo_rtcp_result vo_rtcp_decode(const uint8_t *data, uint32_t size, bool secure, vo_rtcp_visit *visit,
                                   void *context);

#endif
