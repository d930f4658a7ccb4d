/*
 * Frames received on the air, in the order of their numbers: which of them are repetitions, and how many of a
 * link were not heard.
 *
 * A frame that is not acknowledged is sent again, with the retry bit and the number that it had (IEEE
 * 802.11-2020 10.3.2.14). A third party that heard the first attempt would take the second one for another
 * packet: it is a repetition if the retry bit is set and the same interface heard the same number with the
 * same content on the same link and TID before. A retry whose first attempt was not heard is none.
 *
 * A flow is what one transmitter numbers by itself: frames to one receiver of one TID; without QoS, and from
 * some drivers always, one counter serves for more. Numbers between those heard are frames that this receiver
 * did not hear, or that went elsewhere: so they are an upper bound.
 */
#ifndef VO_PROBES_FLOW_ON_AIR_H
#define VO_PROBES_FLOW_ON_AIR_H

#include "core/clock.h"
#include "probes/decode/packet.h"

#define VO_ON_AIR_FLOWS 8192               /* 3 KiB each; frames of further ones are not sorted */
#define VO_ON_AIR_KEPT  256                /* numbers of a flow within which a repetition is known */
#define VO_ON_AIR_PAUSE (10 * VO_NS_PER_S) /* in which 4096 frames may pass unheard */

enum { VO_ON_AIR_NUMBERS = 4096 }; /* of 802.11: 12 bits */

/* The numbers heard of one flow. A zeroed struct has heard none. */
struct vo_on_air_numbers {
    uint16_t newest;
    bool begun;
};
/* Takes the next number, no repetition. Returns how many were skipped before it, 0 or more; -1 where it was
 * among the skipped. */
static inline int vo_on_air_skipped(struct vo_on_air_numbers *numbers, uint16_t sequence)
{
    enum { LATE = 1024 }; /* the largest window of block acknowledgement */
    int ahead = (sequence - numbers->newest) & (VO_ON_AIR_NUMBERS - 1);
    if (numbers->begun && ahead > VO_ON_AIR_NUMBERS - LATE)
        return -1;
    int skipped = numbers->begun && ahead ? ahead - 1 : 0;
    numbers->newest = sequence;
    numbers->begun = true;
    return skipped;
}

/* What a frame is to those before it. */
struct vo_on_air_frame {
    bool repeated;
    uint16_t link; /* a number of transmitter, receiver and interface, never 0; 0: there are too many flows */
    uint16_t unheard; /* packets in frames of the flow that were not heard so far, modulo 2^16 */
    uint8_t state;    /* of the flow, see below */
};
/* The TID, and how often the flow paused for longer than VO_ON_AIR_PAUSE, modulo 8: after a pause the numbers
 * do not tell how many there were. */
enum { VO_ON_AIR_TID = 0x1f, VO_ON_AIR_PAUSES = 0xe0, VO_ON_AIR_ONE_PAUSE = 0x20 };

struct vo_on_air;
struct vo_on_air *vo_on_air_new(void); /* NULL: out of memory */
void vo_on_air_free(struct vo_on_air *air);
/* Takes a frame that can be read: VO_PACKET_ON_AIR. */
struct vo_on_air_frame vo_on_air_hear(struct vo_on_air *air, uint32_t interface, const struct vo_mpdu *mpdu,
                                      vo_time time);
/* The last frame that was taken held so many packets: an A-MSDU. As many may be in one that was not heard. */
void vo_on_air_count(struct vo_on_air *air, unsigned packets);
/* Frames of flows that there was no room for, and no memory. */
uint64_t vo_on_air_left_out(const struct vo_on_air *air);
uint64_t vo_on_air_lost(const struct vo_on_air *air);

#endif
