/*
 * Whether frames arrived: each link (one transmitter to one receiver) as a third party can know it.
 *
 * Counted are frames that are to be acknowledged and belong to a standing link: data with a body,
 * association, authentication and action frames to one receiver. Not probe responses, deauthentication and
 * disassociation, whose receiver has often left, nor null frames, whose sequence numbers mean nothing.
 *
 * A frame is one MPDU: transmitter, receiver, TID, sequence and fragment number. Its attempts are grouped; it
 * is settled when its place in the ring is needed, or at the end:
 *   acknowledged   an ACK to its transmitter was the next frame heard and came in time, or a BlockAck has it
 *   undelivered    it was repeated, and the last attempt heard was not acknowledged; or a BlockAck says that
 *                  it is missing, and nothing after that says otherwise
 *   unheard        neither: one attempt, no acknowledgement heard, no repetition. The sender was content, so
 *                  the acknowledgement was there and this receiver missed it
 *   open           sent so shortly before the end that the answer may not be in the capture
 * Frames that this host sent are told by its driver with their fate and repetitions (radiotap's TX flags and
 * data retries): nothing is inferred of them.
 *
 * A retry is no loss. From the share of unheard ones follows how well this receiver hears acknowledgements at
 * all, and so how many of the undelivered ones it may have wrongly (10.3.2.11, 10.25 of IEEE 802.11-2020 for
 * the procedures).
 */
#ifndef VO_PROBES_WLAN_DELIVERY_H
#define VO_PROBES_WLAN_DELIVERY_H

#include "probes/flow/on_air.h"
#include "probes/wlan/bsses.h"
#include "probes/wlan/lookup.h"
#include "probes/wlan/voice.h"

#define VO_LINK_MOST 32768
#define VO_FLOW_MOST 8192 /* sequences of a link's TIDs, 8 KiB each; of further ones attempts are counted */

enum vo_link_direction { VO_LINK_OTHER, VO_LINK_FROM_AP, VO_LINK_TO_AP };

/* One MPDU that was sent. */
struct vo_sent {
    uint16_t sequence;
    uint8_t fragment;
    uint8_t state; /* VO_SENT_ */
    uint32_t time_ms;
};
enum {
    VO_SENT_USED = 1,
    VO_SENT_REPEATED = 2,
    VO_SENT_ACKNOWLEDGED = 4,
    VO_SENT_DENIED = 8,
    VO_SENT_BLOCK = 16
};

struct vo_flow {
    struct vo_on_air_numbers numbers;
    uint16_t mask;
    struct vo_sent sent[]; /* by sequence number */
};
enum { VO_FLOW_NO_TID = 16, VO_FLOWS };

struct vo_link {
    vo_wlan_address transmitter, receiver;
    vo_time first, last;
    uint8_t direction; /* vo_link_direction */
    struct vo_bss *bss;
    uint64_t attempts, retries; /* frames on the air; of these, with the retry bit, or told by the sender */
    uint64_t frames;            /* each once: the sum of the next four, once all is settled */
    uint64_t acknowledged, undelivered, unheard, open;
    uint64_t repeated_acknowledged; /* acknowledged after more than one attempt */
    uint64_t reported;              /* of `frames`: by the driver of this host, which sent them */
    uint64_t duplicates;            /* attempts after this receiver had heard the acknowledgement */
    uint64_t unacknowledgeable;     /* sent without asking for an acknowledgement: in none of the above */
    uint64_t unsorted;              /* attempts whose fate was not followed, see VO_FLOW_MOST */
    uint64_t skipped;               /* sequence numbers of TIDs that were not heard: no loss of the link */
    uint64_t air_ns;
    struct vo_voice voice;
    struct vo_flow *flows[VO_FLOWS];
    struct vo_roamer *roamer;  /* the caller's, as it likes */
    struct vo_station *sender; /* likewise */
    struct vo_link *next;
};

struct vo_delivery {
    struct vo_lookup by;
    struct vo_link *first, **end;
    struct vo_link *last; /* found last */
    size_t count, flow_count;
    uint64_t left_out; /* frames of further links */
    uint64_t unsorted; /* of all links */
    const struct vo_voice_told *told;
    unsigned told_count;
    uint64_t acks, block_acks; /* heard at all */
    struct {                   /* the last frame, if an ACK may follow it */
        struct vo_link *link;
        struct vo_sent *sent;
        vo_time time;
        uint64_t tsft_us, air_ns;
        bool has_tsft;
    } awaiting;
    struct vo_link *confirmed; /* whose frame the last frame acknowledged, or NULL */
};

/* `told` is borrowed. */
void vo_delivery_init(struct vo_delivery *delivery, const struct vo_voice_told *told, unsigned count);
void vo_delivery_release(struct vo_delivery *delivery);
/* NULL: no frame of it was heard yet. */
struct vo_link *vo_delivery_find(struct vo_delivery *delivery, vo_wlan_address transmitter,
                                 vo_wlan_address receiver);
/* Takes any frame, damaged ones too: nothing that is missing here may stand between a frame and its ACK.
 * `air_ns`: its time on the air. Returns the link of a data or management frame to one receiver, or NULL. */
struct vo_link *vo_delivery_hear(struct vo_delivery *delivery, const struct vo_heard *heard,
                                 struct vo_bss *bss, uint64_t air_ns);
/* Settles everything. No frame may follow. */
void vo_delivery_finish(struct vo_delivery *delivery, vo_time end);

/* Undelivered of sent frames, percent, and by how much too high it may be. False: it cannot be told, and *why
 * says so. */
bool vo_link_per(const struct vo_link *link, double *percent, double *uncertainty, const char **why);

#endif
