/*
 * The site file: one JSON object that says what is planned at a place and what has to be reached from it
 * (schema: rules/site.schema.json; manual: voready-site.5).
 *
 * Unknown keys are errors that name the key and the nearest known one. Secrets never stand in the file: it
 * names files that hold them, relative to its own folder.
 *
 * Invariants: strings and lists are never NULL where a key is required; an optional section that is absent
 * has a NULL `address`; ports are 0 where the site has none.
 */
#ifndef VO_CORE_SITE_H
#define VO_CORE_SITE_H

#include "core/error.h"
#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vo_site_list {
    const char *const *items;
    size_t count;
};

struct vo_port_range {
    uint16_t first, last; /* both 0: none */
};
/* "5061" or "5008-5015": ports of 1 to 65535, in order; `end` gets what follows. False: it is neither. */
bool vo_port_range_parse(const char *text, struct vo_port_range *range, const char **end);

/* Where a target must be tried from. */
enum vo_vantage { VO_VANTAGE_WIFI, VO_VANTAGE_SBC, VO_VANTAGE_UC, VO_VANTAGES };
extern const char *const vo_vantage_names[VO_VANTAGES]; /* "wifi", "sbc", "uc" */

enum vo_sip_transport { VO_SIP_UDP, VO_SIP_TCP, VO_SIP_TLS, VO_SIP_MTLS, VO_SIP_TRANSPORTS };
extern const char *const vo_sip_transport_names[VO_SIP_TRANSPORTS];

struct vo_site_certificate {   /* a client certificate; file NULL: none */
    const char *file;          /* PKCS#12, or PEM with key and chain */
    const char *key_file;      /* PEM key, if it is not in `file` */
    const char *password_file; /* or NULL */
};

struct vo_site_account { /* user NULL: none */
    const char *user;    /* digest user name: the number (guide 4.1.9) */
    const char *domain;  /* of the address of record; default: the SBC's address */
    const char *password_file;
    uint32_t expires_s; /* asked for; default 604800 (guide 4.3.5) */
};

struct vo_site {
    struct vo_json *document; /* owned; all strings live in it or in `text` */
    const char *path, *name;
    const char *mode;              /* "voice", "uc", "integrated": the profile */
    struct vo_site_list resolvers; /* DNS servers, "address" or "address:port"; empty: the system's */
    struct vo_site_list ssids;
    uint32_t calls_per_ap, calls; /* planned; 0: not told */
    struct {
        const char *address; /* external name or address */
        uint16_t ports[VO_SIP_TRANSPORTS];
        enum vo_sip_transport transport; /* the site's: this one is judged, the others are for information */
        struct vo_port_range rtp;
        struct vo_site_list issuer_pins;
    } sbc;
    struct {
        const char *address;
        uint16_t https, http; /* 8443, 8081 */
        const char *path;     /* "/axis/services" */
        const char *websocket_path;
        uint32_t hold_s; /* how long the idle WebSocket is held; default 60 */
        struct vo_site_list issuer_pins;
    } haproxy;
    struct {
        const char *address;
        uint16_t https;
        const char *path;
        struct vo_site_list issuer_pins;
    } uc; /* seen directly, to compare its status codes with those through HAProxy (guide 12) */
    struct {
        const char *address;
        uint16_t soap; /* 8758 */
        struct vo_site_list issuer_pins;
    } openscape_voice, bcom; /* guide 5.1 */
    struct {
        struct vo_site_list apns_device;   /* default 1-courier.push.apple.com */
        struct vo_site_list apns_provider; /* default api.push.apple.com, api.development.push.apple.com */
        struct vo_site_list fcm_device;    /* default mtalk.google.com */
        struct vo_site_list fcm_provider;  /* default fcm.googleapis.com */
        struct vo_site_list issuer_pins;
    } push;
    struct {
        const char *address;
        uint16_t port;        /* of its control channel; default 8620 */
        const char *key_file; /* never the key itself */
    } responder;
    struct vo_site_account account;
    struct vo_site_certificate client_certificate;
    const char *ca_file;    /* further trusted CAs; NULL: the system's only */
    const char *direct;     /* "no" (guide 4.3), or "yes": OpenScape Voice directly (guide 7.1) */
    const char *portal_url; /* answers 204 or a fixed body; http://; NULL: no check of captive portals */
    struct vo_site_list proxy_exempt; /* hosts for which a proxy is allowed */
    void *text;                       /* owned */
};

/* Reads and checks the file. Errors: VO_ERR_IO, VO_ERR_USAGE with path and key; nothing is left to free. */
enum vo_status vo_site_open(const char *path, struct vo_site *site, struct vo_error *error);
/* The same from a parsed document, which becomes the site's own in any case. */
enum vo_status vo_site_read(const char *path, struct vo_json *document, struct vo_site *site,
                            struct vo_error *error);
void vo_site_free(struct vo_site *site);
/* Reads a secret from a file named in the site (its first line, without the newline): `secret` holds `room`
 * bytes. Errors name the file; a file that others can read is refused (chmod 600). The caller clears it after
 * use. */
enum vo_status vo_secret_read(const char *path, char *secret, size_t room, struct vo_error *error);

#endif
