/*
 * Airtime: how long each frame was on the air, summed by channel, BSS and use.
 *
 * Source: core/estimate/airtime.h for the time of a PPDU. An A-MPDU is one PPDU: its first frame that was
 * heard brings the preamble, each further one only what it adds. Frames of one A-MPDU are known by radiotap's
 * reference, or where a driver has none by the same TSFT of the same transmitter. Interframe spaces and
 * backoff are no use of the air and are nowhere in it.
 *
 * One receiver receives one PPDU after the other. Therefore each is laid behind the one before, ending when
 * it was captured or, where the kernel's times came in a bunch, later. So nothing is counted twice, and a
 * channel is never used for longer than it was listened to. What would lie more than VO_AIR_LAG behind its
 * time (times or rates that cannot be right) is left out and told in `late_ns`.
 *
 * A receiver that hops listens to a channel from the first to the last frame of each stay.
 */
#ifndef VO_PROBES_WLAN_AIR_H
#define VO_PROBES_WLAN_AIR_H

#include "core/estimate/airtime.h"
#include "probes/wlan/heard.h"

#define VO_AIR_LAG      (100 * VO_NS_PER_MS)
#define VO_AIR_LEAST    (1000000000u) /* ns of listening, for a share of it to mean anything */
#define VO_AIR_CHANNELS 256
#define VO_AIR_MEMO     1024
#define VO_AIR_ROWS     32

/* Time by use; the sum is exact to +-slack_ns: preambles, padding and coding that were not told. */
struct vo_air_sum {
    uint64_t ns[VO_AIR_USES];
    uint64_t slack_ns;
};

struct vo_air_row {
    uint64_t used_ns, listened_ns;
    uint32_t frames, retries, damaged;
};

struct vo_air_channel {
    uint16_t mhz; /* 0: the receiver does not tell it */
    vo_time first, last, until;
    uint64_t frames, damaged, retries;
    uint64_t untimed; /* frames whose time is not known: in no sum */
    uint64_t late_ns, used_ns, listened_ns;
    struct vo_air_sum sum;
    struct vo_levels noise;
    vo_time stay;       /* when this stay began, or since when it is in no row yet */
    vo_time row_end;    /* of the row that is being filled */
    uint64_t beyond_ns; /* used time that lies behind it */
    unsigned row_count;
    vo_time rows_start;
    struct vo_air_row row, rows[VO_AIR_ROWS];
};

/* Finished rows of a channel, each `step` long, from `start` on. */
typedef void vo_air_rows(void *context, const struct vo_air_channel *channel, vo_time start,
                         const struct vo_air_row *rows, unsigned count);

struct vo_air {
    vo_time step; /* of the rows, ns */
    vo_air_rows *told;
    void *context;
    struct vo_air_channel *channels[VO_AIR_CHANNELS];
    unsigned channel_count;
    uint64_t left_out; /* frames on further channels, or for want of memory */
    struct vo_air_channel *now;
    struct { /* the PPDU that the last frame was in */
        vo_wlan_address transmitter;
        uint64_t tsft_us;
        vo_time time;
        uint32_t reference, bytes;
        uint64_t ns, slack_ns;
        bool has_reference, has_tsft;
    } ppdu;
    struct vo_air_memo { /* the same few rates and lengths come again and again */
        uint64_t phy;
        uint64_t ns, slack_ns;
        uint32_t bytes;
        bool filled, timed;
    } memo[VO_AIR_MEMO];
};

struct vo_air *vo_air_new(vo_time step, vo_air_rows *told, void *context);
void vo_air_free(struct vo_air *air);

/* Takes a frame. Sets heard->aggregated and ->joined. Returns the time that it adds, ns, and how far it may
 * be off; 0 where it is not known, and what is left out. *channel: where it was counted, or NULL. */
uint64_t vo_air_add(struct vo_air *air, struct vo_heard *heard, uint64_t *slack_ns,
                    struct vo_air_channel **channel);
/* Only a preamble was received: no frame. */
void vo_air_add_preamble(struct vo_air *air, struct vo_heard *heard);
/* Closes all rows. No frame may follow. */
void vo_air_finish(struct vo_air *air);

static inline void vo_air_sum_add(struct vo_air_sum *sum, unsigned use, uint64_t ns, uint64_t slack_ns)
{
    if (use < VO_AIR_USES)
        sum->ns[use] += ns;
    sum->slack_ns += slack_ns;
}
uint64_t vo_air_sum_ns(const struct vo_air_sum *sum);
/* The channel of a frequency, or NULL. */
const struct vo_air_channel *vo_air_channel_of(const struct vo_air *air, uint16_t mhz);

#endif
