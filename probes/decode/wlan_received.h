/*
 * A received 802.11 frame and what its receiver says of it, behind any link type that captures have for it:
 * radiotap (127), bare (105), PPI (192), Prism (119), AVS (163, and under Prism's number).
 *
 * Source: www.radiotap.org; PPI 1.0.10 (802.11 common, 802.11n MAC and MAC+PHY); the layouts of Prism and AVS
 * as wlan-ng wrote them.
 *
 * Everything is told in the fields of radiotap.h, whatever the header was, so that there is one vocabulary.
 * Of Prism only the rate and the channel are taken: its levels have no unit that drivers agreed on.
 *
 * Invariants: `at` points into the caller's bytes. A header that lies leaves no frame.
 */
#ifndef VO_PROBES_DECODE_WLAN_RECEIVED_H
#define VO_PROBES_DECODE_WLAN_RECEIVED_H

#include "probes/decode/radiotap.h"

struct vo_wlan_received {
    struct vo_radiotap radio;  /* `size` is that of whatever header there is */
    const uint8_t *at;         /* the frame */
    uint32_t captured, length; /* bytes of it, on the air with its FCS, if that was captured */
    unsigned options;          /* for vo_ieee80211_decode() */
    bool bad_fcs;              /* the receiver found it wrong: no field of the frame can be relied on */
    bool fcs_told; /* the header tells whether there is an FCS; else `options` takes it for none */
};

enum vo_wlan_received_result {
    VO_WLAN_RECEIVED_OK,
    VO_WLAN_RECEIVED_NO_FRAME, /* only a preamble was received: `radio` is valid, there is nothing else */
    VO_WLAN_RECEIVED_CUT,      /* the capture ends within the receiver's header */
    VO_WLAN_RECEIVED_MALFORMED,
    VO_WLAN_RECEIVED_NOT_WLAN, /* a link type without 802.11 frames */
};

bool vo_wlan_is_linktype(uint32_t linktype);
/* `captured` bytes at `data` of `length` on the wire. */
enum vo_wlan_received_result vo_wlan_received_decode(uint32_t linktype, const uint8_t *data,
                                                     uint32_t captured, uint32_t length,
                                                     struct vo_wlan_received *received);

#endif
