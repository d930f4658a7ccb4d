/*
 * One received frame, as the parts of a session are told of it; and levels, counted as they come.
 *
 * An ear is one receiver: one interface of the capture. What two of them hear of the same frame is told
 * apart, so that nothing is counted twice.
 */
#ifndef VO_PROBES_WLAN_HEARD_H
#define VO_PROBES_WLAN_HEARD_H

#include "core/clock.h"
#include "core/estimate/signal.h"
#include "probes/decode/ieee80211.h"
#include "probes/decode/radiotap.h"

/* What the air is used for. The access categories are those of the data frames' user priority; data without
 * one is best effort (10.2.3.2). */
enum vo_air_use {
    VO_AIR_VOICE,
    VO_AIR_VIDEO,
    VO_AIR_BEST_EFFORT,
    VO_AIR_BACKGROUND,
    VO_AIR_MANAGEMENT,
    VO_AIR_CONTROL, /* RTS, CTS, ACK, BlockAck, triggers … */
    VO_AIR_DAMAGED, /* this receiver could not receive it: whose and what it is, is not known */
    VO_AIR_USES,
    VO_AIR_UNKNOWN = VO_AIR_USES, /* received, but not captured so far as to tell it: in no sum by use */
};

struct vo_heard {
    vo_time time;
    const struct vo_ieee80211 *frame; /* NULL: damaged or cut, nothing of it can be relied on */
    const struct vo_radiotap *radio;
    uint32_t length;   /* of the MPDU, its FCS included */
    uint16_t mhz;      /* where it was received; 0: not told */
    int8_t signal_dbm; /* 0: none was measured */
    int8_t noise_dbm;  /* 0: none was measured */
    uint8_t use;       /* vo_air_use */
    bool bad_fcs;
    bool aggregated; /* part of an A-MPDU */
    bool joined;     /* …and not its first frame that was heard */
};

/* Levels in whole dBm: [n] counts -n dBm. A zeroed struct is empty. */
struct vo_levels {
    uint32_t count[128];
};

static inline void vo_levels_add(struct vo_levels *levels, int8_t dbm)
{
    if (vo_radiotap_level(dbm)) {
        uint32_t *count = &levels->count[-dbm];
        *count += *count != UINT32_MAX;
    }
}

/* The same as if each had been added to a zeroed `signal`. */
static inline void vo_levels_signal(const struct vo_levels *levels, struct vo_signal *signal)
{
    *signal = (struct vo_signal){0};
    for (int i = 1; i < 128; i++)
        if (levels->count[i])
            vo_signal_add_many(signal, -i, levels->count[i]);
}

#endif
