/*
 * The roams of stations that are not this host (phones), timed frame by frame on the air.
 *
 * The gap is from the last data frame with the old access point to the first one with the new: frames of the
 * station itself, and frames to it that it acknowledged (where none of its acknowledgements is ever heard:
 * all). Key exchange (EAPOL) is no data. It is a gap in media only if data flowed at a pace before:
 * VO_ROAM_STEADY frames within a second, up to the roam; else silence would be taken for it.
 *
 * Where no association was heard, two data frames of the station to the new access point tell that it moved:
 * one may be damaged.
 *
 * Both channels must be heard: what happens on a channel that no ear listens to is not known, and the gap is
 * not measured then. All ears of a capture work together here.
 *
 * Source: IEEE 802.11-2020 11.3 (authentication, association), 12.7.6 (4-way handshake), 13.4 to 13.8 (FT).
 */
#ifndef VO_PROBES_WLAN_PHONE_ROAM_H
#define VO_PROBES_WLAN_PHONE_ROAM_H

#include "probes/flow/stream.h"
#include "probes/wlan/heard.h"
#include "probes/wlan/lookup.h"

#define VO_ROAM_STEADY 10
#define VO_ROAM_CEASED VO_NS_PER_S /* longer before the roam the call may have ended: no gap */
#define VO_ROAMER_MOST 32768

enum vo_roam_method {
    VO_ROAM_UNSEEN, /* neither authentication nor keys were heard */
    VO_ROAM_OPEN,
    VO_ROAM_HANDSHAKE,      /* 4-way handshake alone: PSK, or keys that were cached */
    VO_ROAM_SAE,            /* WPA3 personal */
    VO_ROAM_AUTHENTICATION, /* EAP anew */
    VO_ROAM_FT,             /* 802.11r */
};

/* What became of it; phone_media.h settles it some time later. */
struct vo_roam_outcome {
    enum { VO_ROAM_MEDIA_UNKNOWN, VO_ROAM_MEDIA_RESUMED, VO_ROAM_MEDIA_LOST } media;
    const char *why_media; /* it is not known; NULL: not settled yet */
    bool told;             /* the media are encrypted frames that the user told of; else */
    struct vo_stream_key stream;
    bool has_lost; /* how many packets of the stream are missing in the gap is known: */
    unsigned lost; /* by this receiver */
    const char *why_lost;
    enum { VO_ROAM_SUBNET_UNKNOWN, VO_ROAM_SUBNET_SAME, VO_ROAM_SUBNET_DIFFERENT } subnet;
    const char *why_subnet;
    uint8_t before[16], after[16]; /* its IPv4 address; zero: not known */
};

/* Times are VO_TIME_UNKNOWN for what was not heard. */
struct vo_phone_roam {
    vo_wlan_address station, from, to; /* from: VO_WLAN_NO_ADDRESS, if nobody told */
    vo_time last_data, first_probe, authentication, request, response, keys_first, keys_last, first_data;
    vo_time disconnected; /* deauthentication or disassociation of the old link */
    bool steady;          /* data flowed at a pace before: the gap means something */
    vo_time pace;         /* mean time between data frames before, ns */
    bool over_ds;         /* FT by the old access point */
    bool reassociation;
    uint16_t algorithm; /* of authentication; 0xffff: none was heard */
    unsigned attempts;  /* access points that were tried and left before */
    uint32_t probes, eap_frames, key_frames;
    uint16_t from_mhz, to_mhz;
    int8_t from_dbm, to_dbm;                      /* the access points' last and first frame to it; 0: none */
    int8_t station_before_dbm, station_after_dbm; /* its own */
    struct vo_roam_outcome outcome;
};

struct vo_roamer {
    vo_wlan_address station;
    vo_wlan_address ap; /* where it is; VO_WLAN_NO_ADDRESS: not known */
    uint16_t ap_mhz;
    int8_t ap_dbm, own_dbm;
    bool confirms;  /* an acknowledgement of it was heard */
    bool encrypted; /* data of it or to it was heard that cannot be read; the caller's */
    vo_time data[VO_ROAM_STEADY + 1];
    unsigned data_count; /* all of them; the newest is [(data_count - 1) % …] */
    vo_time probe_first, probe_last;
    uint32_t probes;
    struct {
        vo_wlan_address ap;
        vo_time time;
    } strange;    /* its one frame to an access point that it did not associate with, as far as was heard */
    bool roaming; /* `next` has begun */
    struct vo_phone_roam next;
    struct vo_phone_media *media; /* phone_media.h */
    struct vo_roamer *chain;
};

typedef void vo_roam_told(void *context, const struct vo_phone_roam *roam);

struct vo_roams {
    struct vo_lookup by;
    struct vo_roamer *first;
    size_t count;
    uint64_t left_out, roams;
    vo_roam_told *told;
    void *context;
};

void vo_roams_init(struct vo_roams *roams, vo_roam_told *told, void *context);
void vo_roams_release(struct vo_roams *roams);
/* Finds or begins it; NULL: too many, or no memory. */
struct vo_roamer *vo_roams_get(struct vo_roams *roams, vo_wlan_address station);

/* A data frame with a body between the station and an access point. */
void vo_roam_data(struct vo_roams *roams, struct vo_roamer *roamer, const struct vo_heard *heard);
/* The station acknowledged a data frame of this access point. */
void vo_roam_confirmed(struct vo_roams *roams, struct vo_roamer *roamer, vo_wlan_address ap,
                       const struct vo_heard *heard);
/* Any management frame that is no beacon. */
void vo_roam_management(struct vo_roams *roams, const struct vo_heard *heard);

/* First data after last data, ns. False: it cannot be told, and *why says so. */
bool vo_phone_roam_gap(const struct vo_phone_roam *roam, vo_time *gap, const char **why);
enum vo_roam_method vo_phone_roam_method(const struct vo_phone_roam *roam);

#endif
