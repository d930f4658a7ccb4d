/*
 * 802.11 frames as receivers give them, for the tests of voready-wlan: bytes with a radiotap header, built
 * piece by piece.
 *
 * Stations are small numbers: n is 02:00:00:00:nn:00. Times are milliseconds.
 */
#ifndef VO_TESTS_UNIT_WLAN_SCENE_H
#define VO_TESTS_UNIT_WLAN_SCENE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/wlan/session.h"

#include <stdlib.h>
#include <string.h>

#define STATION(n) (UINT64_C(0x020000000000) | (uint64_t)(n) << 8)
#define GROUP      VO_WLAN_BROADCAST

enum { AP = 1, OTHER_AP = 2, PHONE = 16, LAPTOP = 17 };
enum { RETRY = 0x08, PROTECTED = 0x40, TO_DS = 0x01, FROM_DS = 0x02 }; /* second byte of frame control */

struct scene {
    struct vo_wlan_session session;
    struct vo_record_writer *writer;
    struct vo_rtp_session *also; /* takes the same frames, as voready-rtp does; or NULL */
    struct vo_record_writer *also_writer;
    double ms; /* of the next frame */
    uint16_t mhz;
    int8_t dbm, noise; /* 0: no field */
    uint8_t rate_500, flags;
    bool has_mcs, has_reference, has_tsft;
    uint8_t mcs[3];
    uint32_t reference, interface;
    uint64_t tsft_us;
    uint8_t bytes[4096];
    size_t header, size;
    size_t snap;       /* bytes that are captured; 0: all */
    uint32_t linktype; /* 0: radiotap; else there is no receiver's header */
    bool is_sent;      /* by this host: tx_flags and data_retries are fields */
    uint16_t tx_flags;
    uint8_t data_retries;
};

static inline void put(struct scene *scene, const void *bytes, size_t size)
{
    memcpy(scene->bytes + scene->size, bytes, size);
    scene->size += size;
}

static inline void put_number(struct scene *scene, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++, value >>= 8)
        scene->bytes[scene->size++] = (uint8_t)value;
}

static inline void put_address(struct scene *scene, uint64_t address)
{
    for (unsigned i = 6; i-- > 0;)
        scene->bytes[scene->size++] = (uint8_t)(address >> 8 * i);
}

static inline void align(struct scene *scene, size_t to)
{
    while (scene->size % to)
        scene->bytes[scene->size++] = 0;
}

/* The receiver's header, by the scene's members. */
static inline void begin(struct scene *scene)
{
    uint32_t present = 1u << VO_RADIOTAP_FLAGS | 1u << VO_RADIOTAP_CHANNEL;
    present |=
        (scene->has_tsft ? 1u << VO_RADIOTAP_TSFT : 0) | (scene->rate_500 ? 1u << VO_RADIOTAP_RATE : 0);
    present |= (scene->dbm ? 1u << VO_RADIOTAP_SIGNAL : 0) | (scene->noise ? 1u << VO_RADIOTAP_NOISE : 0);
    present |=
        (scene->has_mcs ? 1u << VO_RADIOTAP_MCS : 0) | (scene->has_reference ? 1u << VO_RADIOTAP_AMPDU : 0);
    present |= scene->is_sent ? 1u << VO_RADIOTAP_TX_FLAGS | 1u << VO_RADIOTAP_DATA_RETRIES : 0;
    scene->size = scene->header = 0;
    if (scene->linktype)
        return;
    put_number(scene, 0, 4);
    put_number(scene, present, 4);
    if (scene->has_tsft)
        put_number(scene, scene->tsft_us, 8);
    put_number(scene, scene->flags, 1);
    if (scene->rate_500)
        put_number(scene, scene->rate_500, 1);
    align(scene, 2);
    put_number(scene, scene->mhz, 2);
    put_number(scene, VO_RADIOTAP_CHANNEL_OFDM, 2);
    if (scene->dbm)
        put_number(scene, (uint8_t)scene->dbm, 1);
    if (scene->noise)
        put_number(scene, (uint8_t)scene->noise, 1);
    if (scene->is_sent) {
        align(scene, 2);
        put_number(scene, scene->tx_flags, 2);
        put_number(scene, scene->data_retries, 1);
    }
    if (scene->has_mcs)
        put(scene, scene->mcs, 3);
    if (scene->has_reference) {
        align(scene, 4);
        put_number(scene, scene->reference, 4);
        put_number(scene, 0, 4);
    }
    scene->bytes[2] = (uint8_t)scene->size;
    scene->header = scene->size;
}

/* Gives what was put since begin() to the session. */
static inline void hear(struct scene *scene)
{
    size_t size = scene->snap && scene->snap < scene->size ? scene->snap : scene->size;
    uint8_t *exact = malloc(size); /* so that reading beyond it is seen */
    memcpy(exact, scene->bytes, size);
    struct vo_frame frame = {.data = exact,
                             .captured = (uint32_t)size,
                             .length = (uint32_t)scene->size,
                             .linktype = scene->linktype ? scene->linktype : 127,
                             .interface = scene->interface,
                             .time = (vo_time)(scene->ms * 1e6)};
    vo_wlan_session_frame(&scene->session, &frame);
    if (scene->also)
        vo_rtp_session_frame(scene->also, &frame);
    free(exact);
}

static inline void put_header(struct scene *scene, uint8_t kind, uint8_t flags, uint64_t receiver,
                              uint64_t transmitter, uint64_t third, unsigned sequence)
{
    begin(scene);
    put_number(scene, (uint64_t)(kind >> 4) << 2 | (uint64_t)(kind & 15) << 4, 1);
    put_number(scene, flags, 1);
    put_number(scene, 44, 2);
    put_address(scene, receiver);
    put_address(scene, transmitter);
    put_address(scene, third);
    put_number(scene, (uint64_t)sequence << 4, 2);
}

/* QoS data of 100 bytes between a station and an access point. `flags`: TO_DS or FROM_DS, RETRY, PROTECTED.
 */
static inline void hear_data(struct scene *scene, double ms, unsigned from, unsigned to, unsigned tid,
                             unsigned sequence, uint8_t flags)
{
    static const uint8_t body[100];
    scene->ms = ms;
    put_header(scene, VO_IEEE80211_QOS_DATA, flags, STATION(to), STATION(from), STATION(99), sequence);
    put_number(scene, tid, 2);
    put(scene, body, sizeof body);
    hear(scene);
}

static inline void hear_ack(struct scene *scene, double ms, unsigned to)
{
    scene->ms = ms;
    begin(scene);
    put_number(scene, 0xd4, 2);
    put_number(scene, 0, 2);
    put_address(scene, STATION(to));
    hear(scene);
}

/* A compressed BlockAck: bit n of the bitmap is sequence number start + n. */
static inline void hear_block_ack(struct scene *scene, double ms, unsigned from, unsigned to, unsigned tid,
                                  unsigned start, uint64_t bitmap)
{
    scene->ms = ms;
    begin(scene);
    put_number(scene, 0x94, 2);
    put_number(scene, 0, 2);
    put_address(scene, STATION(to));
    put_address(scene, STATION(from));
    put_number(scene, 2u << 1 | tid << 12, 2);
    put_number(scene, start << 4, 2);
    put_number(scene, bitmap, 8);
    hear(scene);
}

/* A beacon or probe response with these elements behind SSID, rates and DSSS channel 1. */
static inline void hear_beacon(struct scene *scene, double ms, uint64_t bssid, const char *ssid,
                               const uint8_t *elements, size_t size)
{
    static const uint8_t rates[] = {1, 4, 0x82, 0x84, 0x8c, 0x12};
    scene->ms = ms;
    put_header(scene, VO_IEEE80211_BEACON, 0, GROUP, bssid, bssid, 0);
    put_number(scene, 0, 8);
    put_number(scene, 100, 2);
    put_number(scene, VO_CAPABILITY_ESS | VO_CAPABILITY_PRIVACY, 2);
    put_number(scene, 0, 1);
    put_number(scene, strlen(ssid), 1);
    put(scene, ssid, strlen(ssid));
    put(scene, rates, sizeof rates);
    if (size)
        put(scene, elements, size);
    hear(scene);
}

/* Authentication, (re)association and their like: the fixed fields' bytes. */
static inline void hear_management(struct scene *scene, double ms, uint8_t kind, unsigned from, unsigned to,
                                   unsigned bssid, const uint8_t *fields, size_t size)
{
    scene->ms = ms;
    put_header(scene, kind, 0, STATION(to), STATION(from), STATION(bssid), 0);
    if (size)
        put(scene, fields, size);
    hear(scene);
}

/* `path`: where the records go; NULL: nowhere. */
static inline struct scene *scene_with(const struct vo_wlan_options *options, const char *path)
{
    static const struct vo_run run = {.probe = "voready-wlan"};
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    assert_int_equal(vo_record_open(path, &run, &scene->writer, NULL), VO_OK);
    assert_int_equal(vo_wlan_session_open(&scene->session, options, scene->writer, NULL), VO_OK);
    scene->mhz = 5180;
    scene->rate_500 = 12; /* 6 Mbit/s */
    scene->dbm = -60;
    return scene;
}

static inline struct scene *scene_new(void)
{
    static const struct vo_wlan_options options;
    return scene_with(&options, NULL);
}

static inline void scene_free(struct scene *scene)
{
    vo_wlan_session_close(&scene->session);
    assert_int_equal(vo_record_close(scene->writer, true, NULL, NULL), VO_OK);
    free(scene);
}

/* The link of the first interface between two stations; fails if there is none. */
static inline const struct vo_link *link_between(const struct scene *scene, unsigned from, unsigned to)
{
    assert_int_equal(scene->session.ear_count >= 1, 1);
    const struct vo_link *link =
        vo_lookup_find(&scene->session.ears[0]->delivery.by, STATION(from), STATION(to));
    assert_non_null(link);
    return link;
}

#endif
