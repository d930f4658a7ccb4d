/*
 * Scans by the kernel, round after round, into the readings of a visit (visit.h).
 *
 * A radio is seldom this program's alone. While another program scans the kernel refuses (EBUSY): its end is
 * waited for, its results are read, and then it is this program's turn. Scans of others between the rounds
 * are read, too. Without CAP_NET_ADMIN there are only the others' scans. Announcements that were lost, scans
 * that were aborted, frequencies that were refused are told, and what is left is measured.
 */
#ifndef VO_PROBES_WLAN_SCANNER_H
#define VO_PROBES_WLAN_SCANNER_H

#include "probes/wlan/frequencies.h"
#include "probes/wlan/radio.h"
#include "probes/wlan/round.h"
#include "probes/wlan/surveyed.h"
#include "probes/wlan/visit.h"

struct vo_scanner_options {
    const char *interface;              /* NULL: the only one there is */
    const char *channels, *frequencies; /* as frequencies.h takes them; NULL: all */
    bool passive;
    uint16_t dwell_tu; /* 0: the driver's own */
    /* A sentence for the user. */
    void (*tell)(void *context, const char *message);
    /* Called several times a second, and when `input` can be read. True: break off what is being done. */
    bool (*turn)(void *context);
    void *context;
};

struct vo_scanner {
    struct vo_scanner_options options;
    int input; /* to be watched, too; -1: nothing. The caller may change it at any time */
    struct vo_nl80211 *nl80211;
    struct vo_nl80211_events *events;
    struct vo_radio radio;
    struct vo_frequencies chosen;
    const struct vo_surveyed *surveyed; /* set by the caller: asked for by name where it is active */
    struct vo_visit visit;
    struct vo_round round;
    enum vo_round_news news; /* not looked at yet */
    int64_t own_from_ns, own_until_ns;
    uint64_t scan_ms; /* length of the scan that ended last */
    unsigned next_name;
    bool forbidden; /* CAP_NET_ADMIN is missing */
    bool told_busy, told_lost;
    uint32_t aborted, overdue;
};

/* VO_ERR_USAGE for an interface that is none or that cannot scan, and for frequencies. To be closed in any
 * case. `surveyed` is borrowed. */
enum vo_status vo_scanner_open(struct vo_scanner *scanner, const struct vo_scanner_options *options,
                               struct vo_error *error);
void vo_scanner_close(struct vo_scanner *scanner);

enum vo_scanner_result {
    VO_SCANNER_DONE,      /* a scan of ours was completed; its results are read */
    VO_SCANNER_FORBIDDEN, /* CAP_NET_ADMIN is missing: `error` says so the first time; later: waited for
                             others' */
    VO_SCANNER_CUT,       /* ours was aborted, or its end was never announced: read, and counts as no scan */
    VO_SCANNER_BUSY,      /* others scanned all the time: their results are read */
    VO_SCANNER_BROKEN,    /* turn() broke it off: what was found is read */
    VO_SCANNER_REFUSED,   /* `error` says why: the interface is down … */
    VO_SCANNER_GONE,      /* `error`: the interface is not there any more */
};
/* One scan. */
enum vo_scanner_result vo_scanner_round(struct vo_scanner *scanner, struct vo_error *error);
/* Waits, and reads what others' scans find meanwhile. False: turn() broke it off, or the interface is gone
 * (the next round says so). */
bool vo_scanner_pause(struct vo_scanner *scanner, double seconds);
/* Reads what the kernel has now. */
enum vo_status vo_scanner_read(struct vo_scanner *scanner, struct vo_error *error);

/* CLOCK_BOOTTIME, ns. */
int64_t vo_scanner_now(void);

#endif
