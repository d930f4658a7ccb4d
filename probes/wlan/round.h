/*
 * One scan from the request to its end, as the kernel announces it: whose it is, and how it ended.
 *
 * A radio does one scan at a time, whoever asked for it. The kernel does not tell who did; but behind a
 * request of ours that it took, the next "started" is ours, and the next end behind that. Any other end is
 * another program's, whose results are as good.
 *
 * Announcements may be lost (VO_WLAN_EVENT_LOST), the end of a scan among them; and a driver may never tell
 * of one. Then the round is overdue after a while, its results are read, and whether it covered its channels
 * is not known.
 *
 * Pure: events and times (ns of CLOCK_BOOTTIME) are given to it.
 */
#ifndef VO_PROBES_WLAN_ROUND_H
#define VO_PROBES_WLAN_ROUND_H

#include "probes/io/nl80211_events.h"

#define VO_ROUND_PATIENCE_NS      (30 * VO_NS_PER_S) /* 59 channels of 6 GHz, listened to, take some 7 s */
#define VO_ROUND_PATIENCE_LOST_NS (5 * VO_NS_PER_S)  /* once announcements were lost */

enum vo_round_state {
    VO_ROUND_IDLE,
    VO_ROUND_ASKED,  /* the kernel took our request */
    VO_ROUND_OURS,   /* …and began */
    VO_ROUND_THEIRS, /* another program's scan is running */
};
enum vo_round_news {
    VO_ROUND_NOTHING,
    VO_ROUND_DONE,    /* ours; the event tells what it covered */
    VO_ROUND_ABORTED, /* ours */
    VO_ROUND_OTHERS_DONE,
    VO_ROUND_OTHERS_ABORTED,
    VO_ROUND_GONE, /* the interface, or its radio */
};
struct vo_round {
    uint32_t index, wiphy;
    enum vo_round_state state;
    int64_t since_ns; /* of the state */
    int64_t began_ns; /* when the scan that runs began; INT64_MIN: that was not heard */
    int64_t ended_ns; /* …the one that ended last: when it began */
    bool lost;        /* announcements were, since then */
    uint32_t losses;  /* how often, in all */
};

/* The request was taken; it was refused since another scan is running. */
void vo_round_asked(struct vo_round *round, int64_t now_ns);
void vo_round_busy(struct vo_round *round, int64_t now_ns);
/* Nothing is waited for any more. */
void vo_round_idle(struct vo_round *round, int64_t now_ns);
/* Takes an announcement. An end makes the state idle. */
enum vo_round_news vo_round_hear(struct vo_round *round, const struct vo_wlan_event *event, int64_t now_ns);
/* The end should have been announced by now. */
bool vo_round_overdue(const struct vo_round *round, int64_t now_ns);

#endif
