#include "tests/unit/wlan_scene.h"

#include "probes/wlan/describe.h"
#include "probes/wlan/emit.h"

#include <stdio.h>
#include <unistd.h>

/* Unencrypted QoS data with an IPv4 UDP datagram: RTP of G.711, DSCP as told. */
static void hear_rtp(struct scene *scene, double ms, unsigned from, unsigned to, unsigned tid,
                     unsigned number, uint8_t dscp, uint8_t flags)
{
    enum { RTP = 12 + 160, UDP = 8 + RTP, IP = 20 + UDP };
    const uint8_t llc[] = {0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
    const uint8_t ip[] = {0x45,    (uint8_t)(dscp << 2),
                          IP >> 8, (uint8_t)IP,
                          0,       0,
                          0,       0,
                          64,      17,
                          0,       0,
                          192,     0,
                          2,       1,
                          198,     51,
                          100,     2};
    const uint8_t udp[] = {0x40, 0, 0x50, 0, UDP >> 8, (uint8_t)UDP, 0, 0};
    uint8_t rtp[RTP] = {0x80, 0, (uint8_t)(number >> 8), (uint8_t)number, 0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef};
    scene->ms = ms;
    put_header(scene, VO_IEEE80211_QOS_DATA, flags, STATION(to), STATION(from), STATION(99), number % 4096);
    put_number(scene, tid, 2);
    put(scene, llc, sizeof llc);
    put(scene, ip, sizeof ip);
    put(scene, udp, sizeof udp);
    put(scene, rtp, sizeof rtp);
    hear(scene);
}

/* 30 packets at user priority 6 and 10 at 0; the first only begins the stream, retries are not counted. */
static void test_voice_by_content(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    for (unsigned i = 0; i < 41; i++) {
        hear_rtp(scene, 20 * i, PHONE, AP, i <= 30 ? 6 : 0, i, 46, TO_DS);
        hear_rtp(scene, 20 * i + 1, PHONE, AP, i <= 30 ? 6 : 0, i, 46, TO_DS | RETRY);
        hear_data(scene, 20 * i + 2, PHONE, AP, 0, 1000 + i, TO_DS); /* no IP in it */
    }
    const struct vo_voice *voice = &link_between(scene, PHONE, AP)->voice;
    assert_int_equal(vo_voice_frames(voice), 40);
    assert_int_equal(voice->voice[6], 30);
    assert_int_equal(voice->voice[0], 10);
    assert_int_equal(voice->voice_plain, 40);
    assert_int_equal(voice->voice_dscp_46, 40);
    assert_int_equal(voice->up[6], 31);
    assert_int_equal(voice->up[0], 10 + 41);
    scene_free(scene);
}

/* Of encrypted frames nothing is known, until the user tells whose and how long they are. */
static void test_voice_told(void **state)
{
    (void)state;
    for (unsigned told = 0; told < 2; told++) {
        struct vo_wlan_options options = {.told_count = told};
        assert_true(vo_voice_told_parse("02:00:00:00:10:00/100", &options.told[0]));
        struct scene *scene = scene_with(&options, NULL);
        for (unsigned i = 0; i < 51; i++) {
            hear_data(scene, 20 * i, PHONE, AP, 6, i, TO_DS | PROTECTED);
            hear_data(scene, 20 * i + 3, AP, PHONE, 5, i, FROM_DS | PROTECTED);
            hear_data(scene, 20 * i + 6, LAPTOP, AP, 0, i, TO_DS | PROTECTED);
        }
        assert_int_equal(link_between(scene, PHONE, AP)->voice.voice[6], told ? 50 : 0);
        assert_int_equal(link_between(scene, AP, PHONE)->voice.voice[5], told ? 50 : 0);
        assert_int_equal(vo_voice_frames(&link_between(scene, LAPTOP, AP)->voice), 0);
        scene_free(scene);
    }
}

static void test_voice_told_words(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "02:00:00:00:10",
                                        "02:00:00:00:10:00/",
                                        "02:00:00:00:10:00/0",
                                        "02:00:00:00:10:00/99999",
                                        "02:00:00:00:10:00/12x",
                                        "02:00:00:00:10:00x",
                                        "01:00:5e:00:00:01", /* a group is no station */
                                        "station"};
    struct vo_voice_told told;
    assert_true(vo_voice_told_parse("02:00:00:00:1A:ff", &told));
    assert_int_equal(told.address, UINT64_C(0x020000001aff));
    assert_int_equal(told.bytes, 0);
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (vo_voice_told_parse(wrong[i], &told))
            fail_msg("'%s' was taken", wrong[i]);
}

/* A level is the transmitter's: the access point's frames to the phone say nothing of the phone. */
static void test_levels_are_the_transmitters(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    struct vo_signal signal;
    for (unsigned i = 0; i < 10; i++) {
        scene->dbm = -40;
        hear_data(scene, 10 * i, AP, PHONE, 0, i, FROM_DS);
        scene->dbm = -71;
        hear_ack(scene, 10 * i + 0.1, AP); /* its transmitter is not in it */
        scene->dbm = -65;
        hear_data(scene, 10 * i + 5, PHONE, AP, 0, i, TO_DS);
    }
    const struct vo_stations *stations = &scene->session.ears[0]->stations;
    vo_levels_signal(&vo_stations_find(stations, STATION(AP))->signal, &signal);
    assert_true(signal.minimum == -40 && signal.maximum == -40);
    vo_levels_signal(&vo_stations_find(stations, STATION(PHONE))->signal, &signal);
    assert_true(signal.minimum == -65 && signal.maximum == -65);
    assert_true(vo_stations_find(stations, STATION(AP))->is_ap);
    assert_false(vo_stations_find(stations, STATION(PHONE))->is_ap);
    scene_free(scene);
}

static void hear_with_fcs(struct scene *scene, unsigned from, uint32_t error)
{
    scene->flags = VO_RADIOTAP_FCS_AT_END;
    put_header(scene, VO_IEEE80211_QOS_DATA, TO_DS, STATION(AP), STATION(from), STATION(99), 1);
    put_number(scene, 6, 2);
    uint32_t fcs = vo_ieee80211_fcs(scene->bytes + scene->header, (uint32_t)(scene->size - scene->header));
    put_number(scene, fcs ^ error, 4);
    hear(scene);
}

/* The receiver captured the FCS and does not say that it is wrong: no new station comes from it. Where none
 * ever holds, there is something else in its place, and the frames are good. */
static void test_unmarked_damage(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    hear_with_fcs(scene, PHONE, 0);
    hear_with_fcs(scene, LAPTOP, 1);
    assert_non_null(vo_stations_find(&scene->session.ears[0]->stations, STATION(PHONE)));
    assert_null(vo_stations_find(&scene->session.ears[0]->stations, STATION(LAPTOP)));
    assert_int_equal(scene->session.counts.unmarked_damage, 1);
    scene_free(scene);
    scene = scene_new();
    for (unsigned i = 0; i < 100; i++)
        hear_with_fcs(scene, 100 + i, 1);
    assert_int_equal(scene->session.ears[0]->stations.count, 100);
    assert_int_equal(scene->session.counts.unmarked_damage, 0);
    scene_free(scene);
}

/* A beacon of a known access point, damaged and not marked so: it must not become what the network announces.
 */
static void test_damaged_beacons(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    scene->flags = VO_RADIOTAP_FCS_AT_END;
    for (unsigned i = 0; i < 10; i++) {
        uint8_t name = i == 7 ? 'x' : 'v';
        put_header(scene, VO_IEEE80211_BEACON, 0, GROUP, STATION(AP), STATION(AP), i);
        put_number(scene, 0, 8);
        put_number(scene, 100, 2);
        put_number(scene, VO_CAPABILITY_ESS, 2);
        put(scene, (const uint8_t[]){0, 1, 'v'}, 3);
        uint32_t fcs =
            vo_ieee80211_fcs(scene->bytes + scene->header, (uint32_t)(scene->size - scene->header));
        scene->bytes[scene->size - 1] = name;
        put_number(scene, fcs, 4);
        scene->ms = 100 * i;
        hear(scene);
    }
    const struct vo_bss *bss = vo_bsses_find(&scene->session.ears[0]->bsses, STATION(AP));
    assert_int_equal(scene->session.counts.unmarked_damage, 1);
    assert_int_equal(bss->beacons, 9);
    assert_int_equal(bss->changes, 0);
    assert_memory_equal(bss->ssid, "v", 1);
    scene_free(scene);
}

/* Bare 802.11 tells of no FCS. Where four bytes behind the frames hold as one, it is: else each frame would
 * be four bytes longer than it was, and they would be read as elements. */
static void test_fcs_that_nothing_tells_of(void **state)
{
    (void)state;
    for (unsigned with = 0; with < 2; with++) {
        struct scene *scene = scene_new();
        scene->linktype = 105;
        for (unsigned i = 0; i < 5; i++) {
            put_header(scene, VO_IEEE80211_BEACON, 0, GROUP, STATION(AP), STATION(AP), i);
            put_number(scene, 0, 8);
            put_number(scene, 100, 2);
            put_number(scene, VO_CAPABILITY_ESS, 2);
            put(scene, (const uint8_t[]){0, 1, 'v'}, 3);
            uint32_t fcs = vo_ieee80211_fcs(scene->bytes, (uint32_t)scene->size);
            if (with)
                put_number(scene, fcs, 4);
            hear(scene);
        }
        const struct vo_bss *bss = vo_bsses_find(&scene->session.ears[0]->bsses, STATION(AP));
        assert_non_null(bss);
        assert_int_equal(bss->info.elements, 1);
        assert_int_equal(bss->info.malformed, 0);
        assert_int_equal(scene->session.ears[0]->fcs_found, with);
        assert_int_equal(scene->session.ears[0]->fcs_looked_for, with ? 1 : 5);
        scene_free(scene);
    }
}

/* Frames that the capture cut within their header: type and retry are in what is there. At 6 Mbit/s 130 bytes
 * take 200 us, see test_air.c; of QoS data the category is not known. */
static void test_cut_headers(void **state)
{
    (void)state;
    enum { RADIOTAP = 15, HEADER = 26, CONTROL = 2 };
    struct scene *scene = scene_new();
    for (scene->snap = 1; scene->snap < RADIOTAP + HEADER; scene->snap++) {
        scene->session.counts = (struct vo_wlan_counts){0};
        hear_data(scene, 100 * (double)scene->snap, PHONE, AP, 6, 1, TO_DS | RETRY);
        const struct vo_wlan_counts *counts = &scene->session.counts;
        assert_int_equal(counts->undecoded, 1);
        assert_int_equal(counts->retries, scene->snap >= RADIOTAP + CONTROL);
        assert_int_equal(counts->data, scene->snap >= RADIOTAP + CONTROL);
    }
    const struct vo_air_channel *channel = scene->session.ears[0]->air->channels[0];
    assert_int_equal(channel->frames, HEADER); /* those of which all of radiotap was captured */
    assert_int_equal(channel->retries, HEADER - CONTROL);
    assert_int_equal(channel->sum.ns[VO_AIR_DAMAGED], 2 * 200000); /* of which not even the type is known */
    assert_int_equal(vo_air_sum_ns(&channel->sum), 2 * 200000);
    assert_int_equal(scene->session.ears[0]->delivery.count, 0);
    vo_wlan_session_finish(&scene->session);
    assert_int_equal(channel->used_ns, HEADER * 200000);
    scene_free(scene);
}

/* A sounding PPDU has no frame, and so none that is damaged, whatever was received before it. */
static void test_preambles(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    const uint8_t sounding[] = {0, 0, 14, 0, 0x0a, 0, 0, 4, 0x50, 0, 0x3c, 0x14, 0x40, 1, 0};
    scene->flags = VO_RADIOTAP_FCS_AT_END | VO_RADIOTAP_BAD_FCS;
    hear_data(scene, 1, PHONE, AP, 6, 1, TO_DS);
    memcpy(scene->bytes, sounding, scene->size = sizeof sounding);
    scene->bytes[2] = sizeof sounding;
    scene->ms = 2;
    hear(scene);
    const struct vo_air_channel *channel = scene->session.ears[0]->air->channels[0];
    assert_int_equal(scene->session.counts.preambles, 1);
    assert_int_equal(scene->session.counts.bad_fcs, 1);
    assert_int_equal(channel->frames, 2);
    assert_int_equal(channel->damaged, 1);
    scene_free(scene);
}

/* What two adapters hear of one frame is counted for each by itself. */
static void test_two_ears(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    for (unsigned i = 0; i < 10; i++) {
        for (scene->interface = 0; scene->interface < 2; scene->interface++) {
            hear_data(scene, 10 * i, PHONE, AP, 6, i, TO_DS);
            hear_ack(scene, 10 * i + 0.1, PHONE);
        }
    }
    vo_wlan_session_finish(&scene->session);
    assert_int_equal(scene->session.ear_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(scene->session.ears[i]->delivery.first->acknowledged, 10);
        assert_int_equal(scene->session.ears[i]->delivery.first->duplicates, 0);
        assert_int_equal(scene->session.ears[i]->air->channels[0]->frames, 20);
    }
    scene_free(scene);
}

/* Frames of any length and content, with receiver's headers that lie: nothing but counts comes of it. */
static void test_hostile_frames(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    uint64_t random = 88172645463325252u;
    for (unsigned i = 0; i < 60000; i++) {
        static const uint8_t kinds[] = {VO_IEEE80211_BEACON,    VO_IEEE80211_QOS_DATA,
                                        VO_IEEE80211_BLOCK_ACK, VO_IEEE80211_AUTHENTICATION,
                                        VO_IEEE80211_ACTION,    VO_IEEE80211_REASSOCIATION_REQUEST};
        scene->ms = i * 0.5;
        scene->has_reference = i % 7 == 0;
        scene->reference = i / 50;
        put_header(scene, kinds[i % sizeof kinds], (uint8_t)(random >> 40), STATION(random % 5),
                   STATION(random / 8 % 5), STATION(random / 64 % 5), (unsigned)(random >> 20) % 4096);
        size_t size = random >> 30 & 255;
        for (size_t n = 0; n < size; n++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            scene->bytes[scene->size++] = (uint8_t)random;
        }
        if (i % 5 == 0) /* a lie in the receiver's header */
            scene->bytes[random % scene->header] ^= (uint8_t)(random >> 8);
        if (i % 3 == 0)
            scene->size -= (random >> 16) % scene->size;
        if (scene->size)
            hear(scene);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
    }
    vo_wlan_session_finish(&scene->session);
    vo_wlan_emit_all(&scene->session, "hostile");
    for (unsigned i = 0; i < scene->session.ear_count; i++)
        for (unsigned c = 0; c < scene->session.ears[i]->air->channel_count; c++)
            assert_true(scene->session.ears[i]->air->channels[c]->used_ns <=
                        scene->session.ears[i]->air->channels[c]->listened_ns);
    scene_free(scene);
}

static double number_of(const struct vo_json *record, const char *section, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(record, section), name));
}

static void check_link(const struct vo_json *json)
{
    assert_string_equal(vo_json_get_text(vo_json_get(json, "subject"), "direction"), "to_ap");
    assert_true(number_of(json, "metrics", "wlan_per_percent") == 0);
    assert_true(number_of(json, "metrics", "wlan_retry_percent") == 0);
    assert_true(number_of(json, "metrics", "wlan_sent_frames") == 100);
    assert_true(number_of(json, "metrics", "wlan_up6_percent") == 100);
    assert_non_null(
        strstr(vo_json_get_text(vo_json_get(json, "missing"), "wlan_voice_up6_percent"), "--voice"));
}

static void check_bss(const struct vo_json *json)
{
    const struct vo_json *missing = vo_json_get(json, "missing");
    assert_string_equal(vo_json_get_text(vo_json_get(json, "subject"), "ssid"), "voice");
    assert_true(number_of(json, "metrics", "wlan_signal_dbm") == -60);
    assert_non_null(strstr(vo_json_get_text(missing, "wlan_snr_db"), "no noise"));
    assert_non_null(strstr(vo_json_get_text(missing, "wlan_utilization_percent"), "no BSS Load"));
    assert_string_equal(vo_json_get_text(vo_json_get(json, "states"), "wlan_wmm"), "off");
}

/* 100 frames of 200 us and ACKs of 44 us in 1980 ms: 1.23 %. */
static void check_channel(const struct vo_json *json)
{
    assert_true(fabs(number_of(json, "metrics", "wlan_airtime_voice_percent") - 1.010) < 0.01);
    assert_true(fabs(number_of(json, "metrics", "wlan_airtime_control_percent") - 0.222) < 0.01);
    assert_true(number_of(json, "metrics", "wlan_frames") == 201);
}

/* The records: each kind of subject with its numbers, and what is missing with its reason. */
static void test_records(void **state)
{
    (void)state;
    char path[] = "/tmp/voready-wlan-XXXXXX";
    static const struct vo_wlan_options options;
    struct vo_record_reader *reader;
    struct vo_record record = {0};
    unsigned links = 0, bsses = 0, channels = 0, stations = 0, captures = 0, series = 0;
    int fd = mkstemp(path);
    assert_int_equal(fd >= 0, 1);
    close(fd);
    struct scene *scene = scene_with(&options, path);
    hear_beacon(scene, 0, STATION(AP), "voice", NULL, 0);
    for (unsigned i = 0; i < 100; i++) {
        hear_data(scene, 1 + 20 * i, PHONE, AP, 6, i, TO_DS | PROTECTED);
        hear_ack(scene, 1.06 + 20 * i, PHONE);
    }
    vo_wlan_session_finish(&scene->session);
    vo_wlan_emit_all(&scene->session, "test");
    scene_free(scene);
    assert_int_equal(vo_record_reader_open(path, &reader, NULL), VO_OK);
    while (vo_record_read(reader, &record, NULL) == VO_OK) {
        const char *kind = vo_json_get_text(vo_json_get(record.json, "subject"), "kind");
        if (strcmp(record.kind, "series") == 0)
            series++;
        if (strcmp(record.kind, "observation") != 0)
            continue;
        stations += strcmp(kind, "station") == 0;
        captures += strcmp(kind, "capture") == 0;
        if (strcmp(kind, "link") == 0 && ++links)
            check_link(record.json);
        if (strcmp(kind, "bss") == 0 && ++bsses)
            check_bss(record.json);
        if (strcmp(kind, "channel") == 0 && ++channels)
            check_channel(record.json);
    }
    vo_record_reader_free(reader);
    unlink(path);
    assert_int_equal(links, 1);
    assert_int_equal(bsses, 1);
    assert_int_equal(channels, 1);
    assert_int_equal(stations, 2);
    assert_int_equal(captures, 1);
    assert_int_equal(series, 1);
}

/* --- Which networks are surveyed ------------------------------------------------------------------ */

/* Two networks with a phone each, and one that hides its name. Returns "kind-ssid:judged:told_by " of each
 * observation of a BSS, link or station. */
static void survey(const char *const *names, size_t count, char *text, size_t size)
{
    char path[] = "/tmp/voready-wlan-XXXXXX";
    const struct vo_wlan_options options = {.ssids = names, .ssid_count = count};
    struct vo_record_reader *reader;
    struct vo_record record;
    int fd = mkstemp(path);
    assert_int_equal(fd >= 0, 1);
    close(fd);
    struct scene *scene = scene_with(&options, path);
    hear_beacon(scene, 0, STATION(AP), "voice", NULL, 0);
    hear_beacon(scene, 1, STATION(OTHER_AP), "\xff\xfe", NULL, 0);
    hear_beacon(scene, 2, STATION(3), "", NULL, 0);
    hear_data(scene, 10, PHONE, AP, 6, 1, TO_DS | PROTECTED);
    hear_data(scene, 20, LAPTOP, OTHER_AP, 6, 1, TO_DS | PROTECTED);
    vo_wlan_session_finish(&scene->session);
    vo_wlan_emit_all(&scene->session, "test");
    scene_free(scene);
    text[0] = '\0';
    assert_int_equal(vo_record_reader_open(path, &reader, NULL), VO_OK);
    while (vo_record_read(reader, &record, NULL) == VO_OK) {
        const struct vo_json *subject = vo_json_get(record.json, "subject");
        const char *kind = vo_json_get_text(subject, "kind"), *ssid = vo_json_get_text(subject, "ssid");
        const char *judged = vo_json_get_text(subject, "judged");
        const char *told_by = vo_json_get_text(subject, "ssid_told_by"),
                   *role = vo_json_get_text(subject, "role");
        if (strcmp(record.kind, "observation") != 0 || (role && strcmp(role, "access_point") == 0) ||
            (strcmp(kind, "bss") != 0 && strcmp(kind, "link") != 0 && strcmp(kind, "station") != 0))
            continue;
        snprintf(text + strlen(text), size - strlen(text), "%s-%s:%s:%s ", kind, ssid ? ssid : "?",
                 judged ? judged : "", told_by ? told_by : "");
    }
    vo_record_reader_free(reader);
    unlink(path);
}

static void test_surveyed(void **state)
{
    (void)state;
    static const char *const voice[] = {"guests", "voice"}, *const bytes[] = {"\\xff\\xfe"},
                             *const raw[] = {"\xff\xfe"};
    static const char none[] = "bss-voice:no: bss-\\xff\\xfe:no: bss-?:no: station-voice:no: "
                               "station-\\xff\\xfe:no: link-voice:no: link-\\xff\\xfe:no: ";
    static const char first[] = "bss-voice::option bss-\\xff\\xfe:no: bss-?:no: station-voice:: "
                                "station-\\xff\\xfe:no: link-voice:: link-\\xff\\xfe:no: ";
    static const char second[] = "bss-voice:no: bss-\\xff\\xfe::option bss-?:no: station-voice:no: "
                                 "station-\\xff\\xfe:: link-voice:no: link-\\xff\\xfe:: ";
    char text[1000];
    survey(NULL, 0, text, sizeof text);
    assert_string_equal(text, none);
    survey(voice, 1, text, sizeof text); /* of guests nothing was heard */
    assert_string_equal(text, none);
    survey(voice, 2, text, sizeof text);
    assert_string_equal(text, first);
    survey(bytes, 1, text, sizeof text);
    assert_string_equal(text, second);
    survey(raw, 1, text, sizeof text);
    assert_string_equal(text, second);
}

static void test_names_of_networks(void **state)
{
    (void)state;
    static const char *const right[] = {"a",
                                        "12345678901234567890123456789012",
                                        "\\x00",
                                        "\\",
                                        "\\x",
                                        "\\x0",
                                        "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"};
    static const char *const wrong[] = {"", "123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        if (!vo_ssid_name_is_possible(right[i]))
            fail_msg("'%s' was not taken", right[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (vo_ssid_name_is_possible(wrong[i]))
            fail_msg("'%s' was taken", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_voice_by_content), cmocka_unit_test(test_voice_told),
        cmocka_unit_test(test_voice_told_words), cmocka_unit_test(test_levels_are_the_transmitters),
        cmocka_unit_test(test_unmarked_damage),  cmocka_unit_test(test_two_ears),
        cmocka_unit_test(test_surveyed),         cmocka_unit_test(test_names_of_networks),
        cmocka_unit_test(test_hostile_frames),   cmocka_unit_test(test_records),
        cmocka_unit_test(test_damaged_beacons),  cmocka_unit_test(test_fcs_that_nothing_tells_of),
        cmocka_unit_test(test_cut_headers),      cmocka_unit_test(test_preambles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
