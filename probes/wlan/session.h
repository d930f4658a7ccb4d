/*
 * The pass over received 802.11 frames: a capture or a live one in, BSSs, stations, links, airtime and roams
 * out.
 *
 * frame -> receiver's header -> MAC header -> air, bsses, stations, delivery, phone_roam, and of what is not
 * encrypted content. Each interface of the capture is an ear with tables of its own; roams, and the calls in
 * unencrypted frames, are followed over all of them.
 *
 * A frame whose FCS is bad (as the receiver says) has airtime and nothing else. Where the receiver does not
 * say so but captured the FCS, it is verified before a frame may begin a new station or link, and of every
 * beacon and probe response: damaged addresses would be stations that do not exist, damaged elements
 * another network. Some captures have the FCS and no header that tells of it; then it is looked for.
 *
 * A frame that the capture cut within its header counts as what its first two bytes say, and has airtime; it
 * belongs to nobody.
 */
#ifndef VO_PROBES_WLAN_SESSION_H
#define VO_PROBES_WLAN_SESSION_H

#include "core/record.h"
#include "probes/flow/rtp_session.h"
#include "probes/io/capture.h"
#include "probes/wlan/air.h"
#include "probes/wlan/bsses.h"
#include "probes/wlan/delivery.h"
#include "probes/wlan/phone_media.h"
#include "probes/wlan/stations.h"

#define VO_WLAN_EARS      64
#define VO_WLAN_KEPT_MOST 4096

struct vo_wlan_options {
    unsigned series_s;   /* step of the series; 0: 5 */
    size_t stream_limit; /* RTP streams open at once; 0: 65536 */
    struct vo_voice_told told[VO_VOICE_TOLD];
    unsigned told_count;
    const char *place;        /* for keys; may be NULL */
    const char *const *ssids; /* that are surveyed: what belongs to none of them is not judged */
    size_t ssid_count;
};

struct vo_wlan_counts {
    uint64_t frames, undecoded, preambles, encrypted, bad_fcs, not_wlan;
    uint64_t management, control, data, beacons, retries;
    uint64_t unmarked_damage; /* FCS found wrong here, not marked by the receiver */
    uint64_t left_out;        /* for want of memory, or of ears */
    uint32_t other_linktype;
};

struct vo_wlan_ear {
    unsigned interface;
    char number[16]; /* "#2", for an interface without a name */
    struct vo_wlan_session *session;
    struct vo_air *air;
    struct vo_bsses bsses;
    struct vo_stations stations;
    struct vo_delivery delivery;
    uint64_t fcs_held, fcs_wrong; /* of those verified here */
    unsigned fcs_looked_for;      /* frames in which an FCS was looked for that nothing tells of */
    bool fcs_found;               /* in one of them */
    struct vo_bss *bss;           /* of the last frame that had one */
    struct vo_station *station;   /* that sent the last frame */
};

struct vo_wlan_session {
    struct vo_wlan_options options;
    struct vo_record_writer *writer;
    struct vo_capture *capture; /* for the interfaces' names; may be NULL */
    struct vo_rtp_session rtp;  /* calls and streams in unencrypted frames */
    struct vo_keylog *keylog;   /* of secrets in the capture */
    struct vo_wlan_ear *ears[VO_WLAN_EARS];
    unsigned ear_count;
    struct vo_roams roams;
    struct vo_roam_watches watches; /* roams of which it is not known yet what they came to */
    struct vo_phone_roam *kept;     /* roams, for the table */
    size_t kept_count;
    struct vo_wlan_counts counts;
    vo_time now, first, last;
};

/* The writer is borrowed. VO_ERR_MEMORY. */
enum vo_status vo_wlan_session_open(struct vo_wlan_session *session, const struct vo_wlan_options *options,
                                    struct vo_record_writer *writer, struct vo_error *error);
/* Where the frames come from; borrowed. */
void vo_wlan_session_source(struct vo_wlan_session *session, struct vo_capture *capture);
void vo_wlan_session_frame(struct vo_wlan_session *session, const struct vo_frame *frame);
/* Settles everything: no frame may follow. */
void vo_wlan_session_finish(struct vo_wlan_session *session);
void vo_wlan_session_close(struct vo_wlan_session *session);
/* Whether its SSID is surveyed; NULL: no. */
bool vo_wlan_is_surveyed(const struct vo_wlan_session *session, const struct vo_bss *bss);
/* What the tables had no room for, in words; NULL: nothing. */
const char *vo_wlan_session_left_out(const struct vo_wlan_session *session);

#endif
