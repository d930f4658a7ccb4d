/* What a roam came to: whether media flowed again, how much is missing in the gap, whether the address
 * stayed. */
#include "tests/unit/content_scene.h"

#include "probes/wlan/emit.h"

#include <unistd.h>

enum { THIRD_AP = 3 };
static const uint8_t response[] = {0, 0, 0, 0, 1, 0xc0};

struct media {
    unsigned ap;
    unsigned up, down; /* first RTP numbers; 0: that way there is nothing */
    unsigned packets;
    uint8_t host;  /* the phone is 10.0.0.host; 1 */
    uint32_t ssrc; /* up; down has one more; 0x1000 */
};

#define MEDIA(ap_, up_, down_, ...)                                                                          \
    ((struct media){.ap = ap_, .up = up_, .down = down_, .packets = __VA_ARGS__})

/* Both ways of a call, a packet each every 20 ms from `ms` on, the phone's first. Returns the time of the
 * last. */
static double talk(struct scene *scene, double ms, struct media media)
{
    uint8_t host = media.host ? media.host : 1;
    uint32_t ssrc = media.ssrc ? media.ssrc : 0x1000;
    for (unsigned i = 0; i < media.packets; i++) {
        if (media.up)
            send(scene, (struct sent){ms + 20 * i, PHONE, media.ap, TO_DS, .number = (media.up + i) % 4096,
                                      .rtp = media.up + i, .source = host, .ssrc = ssrc});
        if (media.down)
            send(scene,
                 (struct sent){ms + 20 * i + 5, media.ap, PHONE, FROM_DS, .number = (media.down + i) % 4096,
                               .rtp = media.down + i, .source = 2, .destination = host, .ssrc = ssrc + 1});
    }
    return ms + 20 * (media.packets - 1) + 5;
}

static void associate(struct scene *scene, double ms, unsigned from, unsigned to)
{
    scene->ms = ms;
    put_header(scene, VO_IEEE80211_REASSOCIATION_REQUEST, 0, STATION(to), STATION(PHONE), STATION(to), 0);
    put_number(scene, 0, 4);
    put_address(scene, STATION(from));
    hear(scene);
    hear_management(scene, ms + 1, VO_IEEE80211_REASSOCIATION_RESPONSE, to, PHONE, to, response, 6);
}

/* Data of the phone that is no packet. */
static void mutter(struct scene *scene, double from_ms, double to_ms, unsigned ap)
{
    for (double ms = from_ms; ms <= to_ms; ms += 500)
        hear_data(scene, ms, PHONE, ap, 0, (unsigned)(ms / 500), TO_DS);
}

static const struct vo_roam_outcome *outcome_of(const struct scene *scene, size_t number)
{
    if (number >= scene->session.kept_count)
        fail_msg("%zu roams", scene->session.kept_count);
    return &scene->session.kept[number].outcome;
}

static void check_why(const char *got, const char *want)
{
    if (!got || !strstr(got, want))
        fail_msg("\"%s\", not \"%s\"", got ? got : "(none)", want);
}

static void check_address(const uint8_t address[16], const char *want)
{
    char text[VO_ADDRESS_TEXT];
    assert_string_equal(vo_address_format(address, text), want);
}

/* 100 packets each way with the old access point; of the phone's three are missing behind number 1099, of
 * those to it five behind 2099. What is to the phone is shown. */
static void test_resumed(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    double last = talk(scene, 0, MEDIA(AP, 1000, 2000, 100));
    associate(scene, last + 20, AP, OTHER_AP);
    talk(scene, last + 60, MEDIA(OTHER_AP, 1103, 2105, 1));
    /* the old access point goes on sending to it */
    send(scene, (struct sent){last + 70, AP, PHONE, FROM_DS, .number = 3000, .rtp = 2100, .source = 2,
                              .destination = 1, .ssrc = 0x1001});
    talk(scene, last + 80, MEDIA(OTHER_AP, 1104, 2106, 9));
    const struct vo_roam_outcome *outcome = outcome_of(scene, 0);
    assert_null(outcome->why_lost); /* ten packets are not steady yet: nothing is settled */
    assert_int_equal(outcome->media, VO_ROAM_MEDIA_UNKNOWN);
    talk(scene, last + 260, MEDIA(OTHER_AP, 1113, 2115, 1));
    assert_int_equal(outcome->media, VO_ROAM_MEDIA_RESUMED);
    assert_false(outcome->told);
    assert_int_equal(outcome->stream.ssrc, 0x1001);
    assert_true(outcome->has_lost);
    assert_int_equal(outcome->lost, 5);
    assert_int_equal(outcome->subnet, VO_ROAM_SUBNET_SAME);
    check_address(outcome->before, "10.0.0.1");
    check_address(outcome->after, "10.0.0.1");
    content_free(scene);
}

/* The first packets with the new access point come out of order; of the phone's way alone. */
static void test_order(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    double last = talk(scene, 0, MEDIA(AP, 1000, 0, 60));
    associate(scene, last + 20, AP, OTHER_AP);
    talk(scene, last + 60, MEDIA(OTHER_AP, 1063, 0, 1));
    talk(scene, last + 65, MEDIA(OTHER_AP, 1062, 0, 1));
    talk(scene, last + 80, MEDIA(OTHER_AP, 1064, 0, 9));
    finish(scene);
    const struct vo_roam_outcome *outcome = outcome_of(scene, 0);
    assert_int_equal(outcome->media, VO_ROAM_MEDIA_RESUMED);
    assert_int_equal(outcome->stream.ssrc, 0x1000);
    assert_int_equal(outcome->lost, 2);                         /* 1060, 1061 */
    check_why(outcome->why_subnet, "no packet to its address"); /* nothing to it was heard at all */
    content_free(scene);
}

/* The phone is there for ten seconds, but no media are: lost, and not before the time is over. */
static void test_lost(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    double last = talk(scene, 0, MEDIA(AP, 1000, 2000, 100));
    associate(scene, last + 20, AP, OTHER_AP);
    mutter(scene, last + 60, last + 10000, OTHER_AP);
    assert_int_equal(outcome_of(scene, 0)->media, VO_ROAM_MEDIA_UNKNOWN);
    assert_null(outcome_of(scene, 0)->why_media);
    mutter(scene, last + 10061, last + 10100, OTHER_AP);
    const struct vo_roam_outcome *outcome = outcome_of(scene, 0);
    assert_int_equal(outcome->media, VO_ROAM_MEDIA_LOST);
    assert_int_equal(outcome->stream.ssrc, 0x1001);
    assert_false(outcome->has_lost);
    check_why(outcome->why_lost, "not seen to flow again");
    check_why(outcome->why_subnet, "no packet to its address");
    content_free(scene);
}

/* One way goes on, the other does not: that one is shown. */
static void test_one_way_lost(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    double last = talk(scene, 0, MEDIA(AP, 1000, 2000, 100));
    associate(scene, last + 20, AP, OTHER_AP);
    talk(scene, last + 60, MEDIA(OTHER_AP, 0, 2100, 20));
    mutter(scene, last + 500, last + 10500, OTHER_AP);
    assert_int_equal(outcome_of(scene, 0)->media, VO_ROAM_MEDIA_LOST);
    assert_int_equal(outcome_of(scene, 0)->stream.ssrc, 0x1000);
    content_free(scene);
}

/* Whether media flowed again cannot be told, and it is said why. */
static void test_not_known(void **state)
{
    static const struct {
        const char *why;
        double heard_until_ms, clock_ms; /* after the roam: the phone, and anything */
        unsigned third_ap_ms;            /* it roams on, or 0 */
    } cases[] = {
        {"the station was not heard long enough", 4000, 12000, 0},
        {"the capture ended before", 3000, 3000, 0},
        {"it roamed on before", 2000, 2500, 2000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene *scene = content_new();
        double last = talk(scene, 0, MEDIA(AP, 1000, 2000, 100));
        associate(scene, last + 20, AP, OTHER_AP);
        mutter(scene, last + 60, last + 60 + cases[i].heard_until_ms, OTHER_AP);
        if (cases[i].third_ap_ms) {
            associate(scene, last + 2100, OTHER_AP, THIRD_AP);
            mutter(scene, last + 2110, last + 2200, THIRD_AP);
        }
        hear_beacon(scene, last + 60 + cases[i].clock_ms, STATION(AP), "voice", NULL, 0);
        finish(scene);
        assert_int_equal(outcome_of(scene, 0)->media, VO_ROAM_MEDIA_UNKNOWN);
        check_why(outcome_of(scene, 0)->why_media, cases[i].why);
        if (cases[i].third_ap_ms) /* which had nothing to lose any more */
            check_why(outcome_of(scene, 1)->why_media, "no media flowed steadily before it");
        content_free(scene);
    }
}

/* What never was steady is not followed. */
static void test_nothing_flowed(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    double last = talk(scene, 0, MEDIA(AP, 1000, 2000, 10));
    associate(scene, last + 20, AP, OTHER_AP);
    talk(scene, last + 60, MEDIA(OTHER_AP, 1200, 2200, 50));
    finish(scene);
    assert_int_equal(outcome_of(scene, 0)->media, VO_ROAM_MEDIA_UNKNOWN);
    check_why(outcome_of(scene, 0)->why_media, "no media flowed steadily before it");
    check_why(outcome_of(scene, 0)->why_lost, "no media were followed");
    assert_int_equal(outcome_of(scene, 0)->subnet, VO_ROAM_SUBNET_SAME);
    content_free(scene);
}

/* Media had stopped more than a second before the roam began. If the same stream goes on after it, it did
 * resume, whatever the reason; another stream may be another call, and silence that of one that had ended. */
static void test_stopped_before(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct scene *scene = content_new();
        double last = talk(scene, 0, MEDIA(AP, 1000, 2000, 100));
        mutter(scene, last + 10, last + 1010, AP);
        associate(scene, last + 1030, AP, OTHER_AP);
        if (i < 2)
            talk(scene, last + 1100, MEDIA(OTHER_AP, 1155, 2155, 50, .ssrc = i ? 0x5000 : 0));
        mutter(scene, last + 2200, last + 12700, OTHER_AP);
        const struct vo_roam_outcome *outcome = outcome_of(scene, 0);
        assert_int_equal(outcome->media, i ? VO_ROAM_MEDIA_UNKNOWN : VO_ROAM_MEDIA_RESUMED);
        if (i)
            check_why(outcome->why_media, "had stopped before it began");
        else
            assert_int_equal(outcome->lost, 2154 - 2099);
        content_free(scene);
    }
}

/* A call that goes on with another SSRC: it flows, but its numbers tell nothing of the gap. */
static void test_another_stream(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    double last = talk(scene, 0, MEDIA(AP, 1000, 2000, 100));
    associate(scene, last + 20, AP, OTHER_AP);
    talk(scene, last + 60, MEDIA(OTHER_AP, 7, 9, 20, .ssrc = 0x5000));
    finish(scene);
    assert_int_equal(outcome_of(scene, 0)->media, VO_ROAM_MEDIA_RESUMED);
    assert_false(outcome_of(scene, 0)->has_lost);
    check_why(outcome_of(scene, 0)->why_lost, "as another stream");
    content_free(scene);
}

/* Who hangs up while there are no media has lost none, as far as is known. */
static void test_call_ended(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    send_sip(scene, 0, false, 1, SIP_FROM("INVITE sip:b@10.0.0.2 SIP/2.0", "1 INVITE", "", WITH_SDP("1")));
    send_sip(scene, 10, true, 1, SIP_OF("SIP/2.0 200 OK", "1 INVITE", WITH_SDP("2")));
    send_sip(scene, 20, false, 2, SIP_OF("ACK sip:b@10.0.0.2 SIP/2.0", "1 ACK", NO_BODY));
    double last = talk(scene, 100, MEDIA(AP, 1000, 2000, 100));
    associate(scene, last + 20, AP, OTHER_AP);
    mutter(scene, last + 60, last + 1000, OTHER_AP);
    struct sent bye = {.ms = last + 1100,
                       .from = PHONE,
                       .to = OTHER_AP,
                       .flags = TO_DS,
                       .number = 9,
                       .ports = 5060,
                       .payload = SIP_OF("BYE sip:b@10.0.0.2 SIP/2.0", "2 BYE", NO_BODY)};
    bye.size = (uint32_t)strlen(bye.payload);
    send(scene, bye);
    mutter(scene, last + 1200, last + 10500, OTHER_AP);
    assert_int_equal(outcome_of(scene, 0)->media, VO_ROAM_MEDIA_UNKNOWN);
    check_why(outcome_of(scene, 0)->why_media, "its call was ended");
    content_free(scene);
}

/* The same, encrypted: nothing is known, until the user tells which frames are the call's. */
static void test_encrypted(void **state)
{
    (void)state;
    for (unsigned told = 0; told < 2; told++) {
        struct vo_wlan_options options = {.told_count = told};
        assert_true(vo_voice_told_parse("02:00:00:00:10:00/100", &options.told[0]));
        struct scene *scene = content_scene(&options, NULL);
        for (unsigned i = 0; i < 60; i++)
            hear_data(scene, 20 * i, PHONE, AP, 6, i, TO_DS | PROTECTED);
        associate(scene, 1190, AP, OTHER_AP);
        for (unsigned i = 0; i < 30; i++)
            hear_data(scene, 1240 + 20 * i, PHONE, OTHER_AP, 6, 100 + i, TO_DS | PROTECTED);
        finish(scene);
        const struct vo_roam_outcome *outcome = outcome_of(scene, 0);
        assert_int_equal(outcome->media, told ? VO_ROAM_MEDIA_RESUMED : VO_ROAM_MEDIA_UNKNOWN);
        assert_int_equal(outcome->told, told);
        check_why(outcome->why_lost, told ? "encrypted packets show no numbers" : "no media were followed");
        check_why(outcome->why_subnet, "encrypted");
        if (!told)
            check_why(outcome->why_media, "--voice");
        content_free(scene);
    }
}

/* Another address is one once packets to it come; several before tell nothing. */
static void test_addresses(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct scene *scene = content_new();
        talk(scene, 0, MEDIA(AP, 500, 1500, 1, .host = i == 2 ? 7 : 1));
        double last = talk(scene, 20, MEDIA(AP, 1000, 2000, 100));
        associate(scene, last + 20, AP, OTHER_AP);
        talk(scene, last + 60, MEDIA(OTHER_AP, 1103, i == 1 ? 0 : 2105, 20, .host = 9));
        finish(scene);
        const struct vo_roam_outcome *outcome = outcome_of(scene, 0);
        if (i == 0) {
            assert_int_equal(outcome->subnet, VO_ROAM_SUBNET_DIFFERENT);
            check_address(outcome->before, "10.0.0.1");
            check_address(outcome->after, "10.0.0.9");
        } else {
            assert_int_equal(outcome->subnet, VO_ROAM_SUBNET_UNKNOWN);
            check_why(outcome->why_subnet, i == 1 ? "no packet to that was heard" : "several addresses");
        }
        content_free(scene);
    }
}

/* Two ears on one channel: ten packets heard twice are not twenty. */
static void test_two_ears(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    for (unsigned i = 0; i < 110; i++) {
        unsigned ap = i < 100 ? AP : OTHER_AP;
        if (i == 100)
            associate(scene, 1990, AP, OTHER_AP);
        for (scene->interface = 0; scene->interface < 2; scene->interface++)
            talk(scene, 20 * i, MEDIA(ap, 1000 + i, 2000 + i, 1));
        scene->interface = 0;
    }
    assert_int_equal(outcome_of(scene, 0)->media, VO_ROAM_MEDIA_UNKNOWN);
    talk(scene, 20 * 110, MEDIA(OTHER_AP, 1110, 2110, 1));
    assert_int_equal(outcome_of(scene, 0)->media, VO_ROAM_MEDIA_RESUMED);
    assert_int_equal(outcome_of(scene, 0)->lost, 0);
    content_free(scene);
}

/* --- Records -------------------------------------------------------------------------------------- */

static const char *label_of(const struct vo_json *record, const char *name)
{
    const char *text = vo_json_get_text(vo_json_get(record, "subject"), name);
    return text ? text : "";
}

static unsigned check_record(const struct vo_record *record, const char *judged)
{
    const struct vo_json *json = record->json, *states = vo_json_get(json, "states");
    if (strcmp(label_of(json, "kind"), "roam") != 0 || strcmp(record->kind, "observation") != 0)
        return 0;
    assert_string_equal(vo_json_get_text(states, "wlan_roam_media"), "resumed");
    assert_string_equal(vo_json_get_text(states, "wlan_roam_subnet"), "same");
    assert_true(vo_json_double(vo_json_get(vo_json_get(json, "metrics"), "wlan_roam_lost_packets")) == 5);
    assert_string_equal(vo_json_get_text(vo_json_get(json, "basis"), "wlan_roam_lost_packets"),
                        "data_frames_heard");
    assert_string_equal(label_of(json, "media"),
                        "10.0.0.2:4000>10.0.0.1:4000#0x00001001@from_ap-02:00:00:00:10:00");
    assert_string_equal(label_of(json, "address_before"), "10.0.0.1");
    assert_string_equal(label_of(json, "address_after"), "10.0.0.1");
    assert_string_equal(label_of(json, "ssid"), "voice");
    assert_string_equal(label_of(json, "judged"), judged);
    return 1;
}

/* One roam, one observation, with or without the network's being surveyed. */
static void test_records(void **state)
{
    (void)state;
    static const char *const names[] = {"guests", "voice"};
    for (size_t names_told = 1; names_told <= 2; names_told++) {
        struct vo_wlan_options options = {.ssids = names, .ssid_count = names_told};
        char path[] = "/tmp/voready-roam-XXXXXX";
        struct vo_record_reader *reader;
        struct vo_record record;
        unsigned roams = 0;
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        close(fd);
        struct scene *scene = content_scene(&options, path);
        hear_beacon(scene, 0, STATION(OTHER_AP), "voice", NULL, 0);
        double last = talk(scene, 1, MEDIA(AP, 1000, 2000, 100));
        associate(scene, last + 20, AP, OTHER_AP);
        talk(scene, last + 60, MEDIA(OTHER_AP, 1103, 2105, 50));
        finish(scene);
        vo_wlan_emit_all(&scene->session, "test");
        content_free(scene);
        assert_int_equal(vo_record_reader_open(path, &reader, NULL), VO_OK);
        while (vo_record_read(reader, &record, NULL) == VO_OK)
            roams += check_record(&record, names_told == 2 ? "" : "no");
        vo_record_reader_free(reader);
        unlink(path);
        assert_int_equal(roams, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resumed),        cmocka_unit_test(test_order),
        cmocka_unit_test(test_lost),           cmocka_unit_test(test_one_way_lost),
        cmocka_unit_test(test_not_known),      cmocka_unit_test(test_nothing_flowed),
        cmocka_unit_test(test_stopped_before), cmocka_unit_test(test_another_stream),
        cmocka_unit_test(test_encrypted),      cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_two_ears),       cmocka_unit_test(test_call_ended),
        cmocka_unit_test(test_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
