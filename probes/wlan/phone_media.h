/*
 * What became of a station's media and address when it roamed, as far as frames tell.
 *
 * Media are packets of RTP in its unencrypted frames, and of encrypted ones those that the user told of
 * (voice.h); to it and from it by themselves. It flows while VO_ROAM_STEADY + 1 of them lie within a second.
 * Of what flowed until the roam began it is seen for VO_ROAM_WAIT whether it flows with the new access point:
 * it resumed as soon as it does. It is lost if it does not, though the station was heard in the second half
 * of that time, and no BYE ended its call. Everything else is not known, and the outcome says why.
 *
 * Its address is the same if packets to it come by the new access point under the address that it had before,
 * another if they come under another one that it sends from now. Prefixes are not in frames.
 *
 * Source: the guide, 9.1 and 13.4 (calls survive moving between bridged access points).
 */
#ifndef VO_PROBES_WLAN_PHONE_MEDIA_H
#define VO_PROBES_WLAN_PHONE_MEDIA_H

#include "probes/wlan/phone_roam.h"

#define VO_ROAM_WAIT  (10 * VO_NS_PER_S)
#define VO_ROAM_RING  32
#define VO_ROAM_FLOWS 3

enum { VO_ROAM_FROM_STATION, VO_ROAM_TO_STATION, VO_ROAM_WAYS };

/* Packets of one direction by one access point. */
struct vo_phone_flow {
    vo_wlan_address ap;
    unsigned count; /* of all */
    struct vo_phone_packet {
        vo_time time;
        uint32_t ssrc;
        uint16_t sequence;
    } packets[VO_ROAM_RING];  /* the newest is [(count - 1) % …] */
    bool told;                /* encrypted: the user told of it; else: */
    struct vo_stream_key key; /* of the newest */
};

/* An IPv4 address of the station by one access point; zero: none was seen. */
struct vo_phone_address {
    uint8_t address[16];
    vo_wlan_address ap;
    bool several; /* others too */
};

struct vo_phone_media {
    struct vo_phone_flow *flows[VO_ROAM_WAYS][VO_ROAM_FLOWS]; /* NULL: none yet */
    struct vo_phone_address address,
        before;                  /* by the access point of the newest packet, and by the one before */
    struct vo_roam_watch *watch; /* of its roam that is not settled */
};

/* A roam that is not settled. */
struct vo_roam_watch {
    struct vo_phone_roam roam; /* its outcome grows */
    struct vo_roamer *roamer;
    size_t number; /* the caller's */
    vo_time until;
    struct {
        bool awaited, recent; /* it flowed before; until the roam began */
        bool resumed, told;
        bool counted, numbered; /* `highest`, `lowest` are known */
        struct vo_stream_key key;
        uint16_t highest, lowest; /* sequence numbers: the last before, the first after */
    } way[VO_ROAM_WAYS];
    bool several;
    uint8_t sends_as[16]; /* another address, after the roam */
    struct vo_roam_watch *next;
};

struct vo_roam_watches {
    void *context;
    /* The roam with its outcome. */
    void (*settled)(void *context, const struct vo_phone_roam *roam, size_t number);
    /* When a frame of the station was heard last. */
    vo_time (*heard)(void *context, vo_wlan_address station);
    /* Whether the call of a stream was ended by then. */
    bool (*ended)(void *context, const struct vo_stream_key *key, vo_time until);
    struct vo_roam_watch *first, **end;
    vo_time deadline; /* of the first; INT64_MAX: there is none */
};

void vo_roam_watches_init(struct vo_roam_watches *watches);
/* Watches a roam that has ended with its first data; the one before of the same station is settled. False:
 * out of memory, it is not watched. */
bool vo_roam_watch(struct vo_roam_watches *watches, struct vo_roamer *roamer,
                   const struct vo_phone_roam *roam, size_t number);
/* Settles those whose time is over. */
void vo_roam_watches_settle(struct vo_roam_watches *watches, vo_time now);
/* Settles all, at the end of the frames; with `watches` never initialised nothing happens. */
void vo_roam_watches_finish(struct vo_roam_watches *watches);
void vo_roam_watches_release(struct vo_roam_watches *watches);

/* What is known of a station, `roamer->media`; accepts NULL. */
void vo_phone_media_free(struct vo_phone_media *media);
/* A packet of media, of the station (`own`) or to it, by this access point. `key`: of its stream; NULL: the
 * user told of it. */
void vo_phone_media_packet(struct vo_roam_watches *watches, struct vo_roamer *roamer, bool own,
                           vo_wlan_address ap, vo_time time, const struct vo_stream_key *key,
                           uint16_t sequence, bool sure);
/* The addresses of any packet. */
void vo_phone_media_addresses(struct vo_roam_watches *watches, struct vo_roamer *roamer, bool own,
                              vo_wlan_address ap, const uint8_t source[16], const uint8_t destination[16]);

#endif
