/* What scans find at a place: which results are readings, when they count, what stands for them. */
#include "tests/unit/visit_scene.h"

static const uint8_t voice[] = {0, 5, 'v', 'o', 'i', 'c', 'e', 1, 1, 0x82, 3, 1, 1};
static const uint8_t hidden[] = {0, 0, 1, 1, 0x82, 3, 1, 1};

static struct vo_visit visit;

static void begin(double ms)
{
    vo_visit_release(&visit);
    vo_visit_init(&visit);
    vo_visit_begin(&visit, MS(ms));
}

static int setup(void **state)
{
    (void)state;
    vo_visit_init(&visit);
    return 0;
}
static int teardown(void **state)
{
    (void)state;
    vo_visit_release(&visit);
    return 0;
}

static struct reply reply_of(unsigned ap, uint32_t mhz, int mbm, double heard_ms)
{
    return (struct reply){.bssid = AP(ap),
                          .mhz = mhz,
                          .mbm = mbm,
                          .heard_ms = heard_ms,
                          .beacon = voice,
                          .beacon_size = sizeof voice};
}

/* The lab's air, read 5 s after boot with a visit that began before: levels as the medium was told. Read
 * again, nothing is a reading any more. */
static unsigned readings;
static void take(void *context, uint8_t command, const void *attributes, size_t size)
{
    struct vo_scan_bss result;
    struct vo_visit_moment moment = at(*(double *)context);
    assert_int_equal(command, NL80211_CMD_NEW_SCAN_RESULTS);
    vo_scan_parse(attributes, size, &result);
    readings += vo_visit_result(&visit, &result, &moment);
}
static void test_recorded_scan(void **state)
{
    (void)state;
    double now_ms = 1e6; /* later than the machine that recorded it was up */
    begin(1);
    readings = 0;
    assert_int_equal(replay("scan-passive", take, &now_ms), 3);
    assert_int_equal(readings, 3);
    assert_near(vo_signal_mean_dbm(&heard(&visit, AP(0), 2412)->signal), -58, 1e-9);
    assert_near(vo_signal_mean_dbm(&heard(&visit, AP(2), 5180)->signal), -71, 1e-9);
    assert_near(vo_signal_mean_dbm(&heard(&visit, AP(3), 2437)->signal), -83, 1e-9);
    assert_memory_equal(heard(&visit, AP(0), 2412)->bss->ssid, "voice", 5);
    assert_true(heard(&visit, AP(3), 2437)->bss->hidden);
    /* hostapd's bss_load_test: 80 and 200 of 255 */
    assert_int_equal(heard(&visit, AP(0), 2412)->bss->load.sum, 80);
    assert_int_equal(heard(&visit, AP(3), 2437)->bss->load.sum, 200);
    now_ms += 1000;
    readings = 0;
    replay("scan-passive", take, &now_ms);
    assert_int_equal(readings, 0);
    assert_int_equal(heard(&visit, AP(0), 2412)->bss->load.count, 1);
}

/* -60 and -80 dBm are 1e-6 and 1e-8 mW, the mean 0.505e-6 mW, -62.967 dBm; in dBm their mean is -70 and their
 * deviation sqrt(2 * 10^2 / 1) = 14.142 dB. */
static void test_mean_in_mw(void **state)
{
    (void)state;
    begin(1000);
    struct reply one = reply_of(1, 2412, -6000, 1100), two = reply_of(1, 2412, -8000, 2100);
    assert_true(give(&visit, &one, 1500));
    assert_true(give(&visit, &two, 2500));
    const struct vo_visit_bss *it = heard(&visit, AP(1), 2412);
    assert_int_equal(it->signal.count, 2);
    assert_near(vo_signal_mean_dbm(&it->signal), -62.967, 0.001);
    assert_near(vo_signal_minimum_dbm(&it->signal), -80, 0);
    assert_near(vo_signal_deviation_db(&it->signal), 14.142, 0.001);
}

/* What the kernel remembers from before the visit is no reading; nor is one that was read already, however
 * often results are read. */
static void test_ageing(void **state)
{
    (void)state;
    begin(10000);
    struct reply before = reply_of(1, 2412, -6000, 9999), after = reply_of(1, 2412, -6500, 10001);
    assert_false(give(&visit, &before, 11000));
    assert_int_equal(heard(&visit, AP(1), 2412)->hearings, 0);
    assert_true(give(&visit, &after, 12000));
    assert_false(give(&visit, &after, 12000));
    assert_false(give(&visit, &after, 20000));
    assert_false(give(&visit, &before, 21000)); /* the clock of results does not go back */
    assert_int_equal(heard(&visit, AP(1), 2412)->hearings, 1);
    assert_int_equal(heard(&visit, AP(1), 2412)->signal.count, 1);
}

/* Where only an age in ms is told, coarse by a tick of 10 ms: heard 100 ms before 12000 is 11890 to 11910.
 * Read 7 ms later with an age of 104 ms it is the same frame; a beacon interval on, it is another. */
static void test_age_in_ms(void **state)
{
    (void)state;
    begin(10000);
    struct reply reply = reply_of(1, 2412, -6000, 0);
    reply.age_ms = 100;
    assert_true(give(&visit, &reply, 12000));
    assert_true(heard(&visit, AP(1), 2412)->from_ns == MS(11890));
    assert_true(heard(&visit, AP(1), 2412)->until_ns == MS(11910));
    reply.age_ms = 104;
    assert_false(give(&visit, &reply, 12007));
    reply.age_ms = 5;
    assert_true(give(&visit, &reply, 12010)); /* at 12005, 105 ms later */
    reply.age_ms = 1995;                      /* at 10005: within a tick of the begin it may be from before */
    reply.bssid = AP(2);
    assert_false(give(&visit, &reply, 12000));
    reply.bssid = AP(3);
    reply.age_ms = 1985;
    assert_true(give(&visit, &reply, 12000));
}

/* A time that is still to come is not believed: the age is, if there is one. */
static void test_nonsense_of_time(void **state)
{
    (void)state;
    begin(1000);
    struct reply reply = reply_of(1, 2412, -6000, 5000);
    assert_false(give(&visit, &reply, 2000));
    assert_int_equal(visit.malformed, 1);
    reply.heard_ms = 0;
    reply.age_ms = -1; /* neither */
    assert_false(give(&visit, &reply, 2000));
    assert_int_equal(visit.malformed, 2);
}

/* One BSSID on two frequencies is two. */
static void test_keyed_by_frequency(void **state)
{
    (void)state;
    begin(0);
    struct reply one = reply_of(1, 2412, -6000, 100), two = reply_of(1, 2437, -7000, 200);
    assert_true(give(&visit, &one, 300));
    assert_true(give(&visit, &two, 300));
    assert_int_equal(visit.bsses.count, 2);
    assert_near(vo_signal_mean_dbm(&heard(&visit, AP(1), 2412)->signal), -60, 1e-9);
    assert_near(vo_signal_mean_dbm(&heard(&visit, AP(1), 2437)->signal), -70, 1e-9);
}

/* Cumulative while a visit lasts; the next one begins anew and keeps what the BSS is. */
static void test_visits(void **state)
{
    (void)state;
    begin(0);
    struct reply reply = reply_of(1, 2412, -6000, 100);
    static const uint32_t mhz[] = {2412};
    assert_true(give(&visit, &reply, 150));
    vo_visit_scanned(&visit, mhz, 1, true);
    reply.heard_ms = 200;
    assert_true(give(&visit, &reply, 250));
    vo_visit_scanned(&visit, mhz, 1, false);
    const struct vo_visit_bss *it = heard(&visit, AP(1), 2412);
    assert_int_equal(it->hearings, 2);
    assert_int_equal(visit.scans, 2);
    assert_int_equal(visit.others_scans, 1);
    assert_int_equal(vo_visit_channel_of(&visit, 2412)->scans, 2);
    vo_visit_begin(&visit, MS(1000));
    assert_int_equal(it->hearings, 0);
    assert_int_equal(it->signal.count, 0);
    assert_int_equal(visit.scans, 0);
    assert_int_equal(vo_visit_channel_of(&visit, 2412)->scans, 0);
    assert_false(give(&visit, &reply, 1100)); /* of the visit before */
    reply.heard_ms = 1200;
    reply.mbm = -7000;
    assert_true(give(&visit, &reply, 1250));
    assert_near(vo_signal_mean_dbm(&it->signal), -70, 1e-9);
    assert_memory_equal(it->bss->ssid, "voice", 5);
}

/* A result of another program's scan counts, and is known for one: our scan was from 1000 to 2000 ms. */
static void test_scans_of_others(void **state)
{
    (void)state;
    begin(0);
    struct vo_visit_moment moment = at(5000);
    struct vo_scan_bss result;
    static const double heard_ms[] = {500, 1500, 2500};
    moment.own_from = MS(1000);
    moment.own_until = MS(2000);
    for (unsigned i = 0; i < 3; i++) {
        struct reply reply = reply_of(1, 2412, -6000, heard_ms[i]);
        struct list list = bytes_of(&reply);
        vo_scan_parse(list.bytes, list.size, &result);
        assert_true(vo_visit_result(&visit, &result, &moment));
    }
    assert_int_equal(heard(&visit, AP(1), 2412)->hearings, 3);
    assert_int_equal(heard(&visit, AP(1), 2412)->by_others, 2);
}

/* Percent, 0 dBm, +70 dBm: heard, at a level that is not known. */
static void test_levels_that_are_none(void **state)
{
    (void)state;
    static const struct {
        int mbm;
        enum vo_level_absence absence;
        const char *why;
    } cases[] = {
        {PERCENT + 70, VO_LEVEL_PERCENT, "the driver tells a quality of 70 percent and no dBm"},
        {0, VO_LEVEL_NONSENSE, "the driver tells 0 dBm, which is no level that a receiver can have"},
        {7000, VO_LEVEL_NONSENSE, "the driver tells 70 dBm, which is no level that a receiver can have"},
        {-25600, VO_LEVEL_NONSENSE, "the driver tells -256 dBm, which is no level that a receiver can have"},
        {NO_LEVEL, VO_LEVEL_NOT_TOLD, "the driver tells no level"},
    };
    char text[VO_ERROR_SIZE];
    begin(0);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply reply = reply_of(i, 2412, cases[i].mbm, 100);
        assert_true(give(&visit, &reply, 200));
        const struct vo_visit_bss *it = heard(&visit, AP(i), 2412);
        assert_int_equal(it->hearings, 1);
        assert_int_equal(it->signal.count, 0);
        assert_true(isnan(vo_signal_mean_dbm(&it->signal)));
        assert_int_equal(it->absence, cases[i].absence);
        assert_string_equal(vo_visit_no_level(it, text, sizeof text), cases[i].why);
    }
    /* a good one beside a bad one: the good one alone makes the mean */
    struct reply good = reply_of(1, 2412, -6000, 300);
    assert_true(give(&visit, &good, 400));
    assert_near(vo_signal_mean_dbm(&heard(&visit, AP(1), 2412)->signal), -60, 1e-9);
    assert_int_equal(heard(&visit, AP(1), 2412)->hearings, 2);
}

/* The kernel keeps a hidden BSS twice: as its beacon and as the probe response that names it. */
static void test_hidden(void **state)
{
    (void)state;
    begin(0);
    struct reply beacon = {.bssid = AP(1),
                           .mhz = 2412,
                           .mbm = -6000,
                           .heard_ms = 200,
                           .beacon = hidden,
                           .beacon_size = sizeof hidden};
    struct reply named = beacon;
    named.response = voice;
    named.response_size = sizeof voice;
    named.heard_ms = 150;
    assert_true(give(&visit, &beacon, 300));
    const struct vo_bss *bss = heard(&visit, AP(1), 2412)->bss;
    assert_true(bss->hidden);
    assert_int_equal(bss->ssid_size, 0);
    assert_false(give(&visit, &named, 300)); /* the older of the two */
    assert_true(bss->hidden);
    assert_memory_equal(bss->ssid, "voice", 5);
    assert_int_equal(bss->ssid_size, 5);
    assert_int_equal(heard(&visit, AP(1), 2412)->hearings, 1);
}

static void with_load(uint8_t to[64], size_t *size, const uint8_t *from, size_t from_size,
                      uint8_t utilization)
{
    const uint8_t load[] = {11, 5, 12, 0, utilization, 0x20, 0x4e};
    memcpy(to, from, from_size);
    memcpy(to + from_size, load, sizeof load);
    *size = from_size + sizeof load;
}

/* Each beacon's load counts once: 80 and 120 of 255, by their time stamps, though results were read thrice.
 */
static void test_load_counts_once(void **state)
{
    (void)state;
    uint8_t first[64], second[64];
    begin(0);
    struct reply reply = reply_of(1, 2412, -6000, 100);
    with_load(first, &reply.beacon_size, voice, sizeof voice, 80);
    reply.beacon = first;
    reply.beacon_tsf = 1000000;
    give(&visit, &reply, 150);
    give(&visit, &reply, 160);
    with_load(second, &reply.beacon_size, voice, sizeof voice, 120);
    reply.beacon = second;
    reply.beacon_tsf = 2024000;
    reply.heard_ms = 1124;
    give(&visit, &reply, 1200);
    const struct vo_bss *bss = heard(&visit, AP(1), 2412)->bss;
    assert_int_equal(bss->load.count, 2);
    assert_int_equal(bss->load.sum, 200);
    assert_int_equal(bss->load.stations_last, 12);
    assert_int_equal(bss->changes, 0); /* only the load changed */
}

/* The load stands in probe responses alone. The second response is of the same frame and does not count. */
static void test_load_of_responses(void **state)
{
    (void)state;
    uint8_t response[64];
    begin(0);
    struct reply reply = reply_of(1, 2412, -6000, 100);
    with_load(response, &reply.response_size, voice, sizeof voice, 51);
    reply.response = response;
    reply.tsf = 5000000;
    reply.beacon_tsf = 4990000;
    assert_true(give(&visit, &reply, 150));
    const struct vo_bss *bss = heard(&visit, AP(1), 2412)->bss;
    assert_int_equal(bss->load.count, 1);
    assert_int_equal(bss->load.sum, 51);
    reply.heard_ms = 300; /* another beacon, the same old response */
    reply.beacon_tsf = 5190000;
    assert_true(give(&visit, &reply, 350));
    assert_int_equal(bss->load.count, 1);
}

/* A response that was heard 3 s before the beacon, and so before the visit, brings no load. */
static void test_load_from_before_the_visit(void **state)
{
    (void)state;
    uint8_t response[64];
    begin(10000);
    struct reply reply = reply_of(1, 2412, -6000, 11000);
    with_load(response, &reply.response_size, voice, sizeof voice, 51);
    reply.response = response;
    reply.tsf = 5000000;
    reply.beacon_tsf = 8000000;
    assert_true(give(&visit, &reply, 11100));
    assert_int_equal(heard(&visit, AP(1), 2412)->bss->load.count, 0);
}

static void test_chains(void **state)
{
    (void)state;
    static const int8_t chains[] = {-61, -64};
    begin(0);
    struct reply reply = reply_of(1, 2412, -5900, 100);
    reply.chains = chains;
    give(&visit, &reply, 150);
    const struct vo_visit_bss *it = heard(&visit, AP(1), 2412);
    assert_int_equal(it->chain_mask, 3);
    assert_int_equal(it->chain_dbm[0], -61);
    assert_int_equal(it->chain_dbm[1], -64);
    assert_near(vo_signal_mean_dbm(&it->signal), -59, 1e-9); /* the combined one */
}

/* Noise of channels that a scan covered: -92 and -95 dBm are 6.310e-10 and 3.162e-10 mW, the mean 4.736e-10
 * mW is -93.246 dBm. Counters of 5000 and then 5120 ms. */
static void test_noise(void **state)
{
    (void)state;
    static const uint32_t mhz[] = {2412};
    begin(0);
    survey(&visit, 2412, -80, 5000, false, 0); /* where it stood before */
    vo_visit_survey_read(&visit);
    struct reply reply = reply_of(1, 2412, -6000, 100);
    give(&visit, &reply, 200);
    assert_int_equal(vo_visit_channel_of(&visit, 2412)->noise.count, 0);
    vo_visit_scanned(&visit, mhz, 1, true);
    survey(&visit, 2412, -92, 5120, false, 1000);
    survey(&visit, 2437, -90, 5120, false, 1000); /* no scan was there */
    vo_visit_survey_read(&visit);
    survey(&visit, 2412, -92, 5120, false, 1000); /* and none since */
    vo_visit_scanned(&visit, mhz, 1, true);
    survey(&visit, 2412, -95, 5240, false, 1000);
    const struct vo_visit_channel *channel = vo_visit_channel_of(&visit, 2412);
    assert_int_equal(channel->noise.count, 2);
    assert_near(vo_signal_mean_dbm(&channel->noise), -93.246, 0.001);
    assert_near(vo_visit_snr_db(&visit, heard(&visit, AP(1), 2412)), -60 + 93.246, 0.001);
    assert_int_equal(vo_visit_channel_of(&visit, 2437)->noise.count, 0);
}

/* A counter of 5000 ms that did not grow over a scan of 1000 ms: the noise is from before. One that begins
 * anew with each scan (112 ms each time) says nothing of the kind. */
static void test_old_noise(void **state)
{
    (void)state;
    static const uint32_t mhz[] = {2412, 2437};
    char text[VO_ERROR_SIZE];
    begin(0);
    survey(&visit, 2412, -92, 5000, false, 0);
    survey(&visit, 2437, -92, 112, false, 0);
    vo_visit_survey_read(&visit);
    vo_visit_scanned(&visit, mhz, 2, true);
    survey(&visit, 2412, -92, 5000, false, 1000);
    survey(&visit, 2437, -92, 112, false, 1000);
    assert_int_equal(vo_visit_channel_of(&visit, 2412)->noise.count, 0);
    assert_string_equal(vo_visit_no_noise(&visit, 2412, text, sizeof text),
                        "the driver's noise of the channel is from before the scan");
    assert_int_equal(vo_visit_channel_of(&visit, 2437)->noise.count, 1);
}

static void test_noise_that_is_none(void **state)
{
    (void)state;
    static const uint32_t mhz[] = {2412, 2437, 2462};
    char text[VO_ERROR_SIZE];
    begin(0);
    assert_string_equal(vo_visit_no_noise(&visit, 2412, text, sizeof text),
                        "no scan that covered the channel was completed");
    vo_visit_scanned(&visit, mhz, 3, true);
    survey(&visit, 2412, 0, 100, false, 1000);
    survey(&visit, 2437, 99, 100, false, 1000);
    assert_string_equal(vo_visit_no_noise(&visit, 2412, text, sizeof text),
                        "the driver's survey of the channel has no noise");
    assert_string_equal(vo_visit_no_noise(&visit, 2437, text, sizeof text),
                        "the driver tells a noise of 99 dBm, which is none");
    assert_string_equal(vo_visit_no_noise(&visit, 2462, text, sizeof text),
                        "the driver has no survey of the channel");
    snprintf(visit.no_survey, sizeof visit.no_survey, "the driver (x) does not measure noise");
    assert_string_equal(vo_visit_no_noise(&visit, 2462, text, sizeof text),
                        "the driver (x) does not measure noise");
    assert_true(isnan(vo_signal_mean_dbm(&vo_visit_channel_of(&visit, 2412)->noise)));
}

/* Of the channel that the interface is on it needs no scan. */
static void test_noise_in_use(void **state)
{
    (void)state;
    begin(0);
    survey(&visit, 5180, -95, 100, true, 1000);
    assert_int_equal(vo_visit_channel_of(&visit, 5180)->noise.count, 1);
}

/* BSSIDs of one device over two scans and two radios; the one heard first stands for them. */
static void test_access_points(void **state)
{
    (void)state;
    begin(0);
    struct reply one = reply_of(1, 2412, -6000, 100), other = reply_of(1, 5180, -6500, 100),
                 virtual = reply_of(1, 2412, -6000, 100), third = reply_of(2, 2412, -7000, 100);
    other.bssid |= 8; /* the last four bits */
    virtual.bssid |= 1;
    give(&visit, &one, 200);
    give(&visit, &third, 200);
    vo_bsses_group(&visit.bsses);
    give(&visit, &other, 300);
    give(&visit, &virtual, 300);
    vo_bsses_group(&visit.bsses);
    const struct vo_bss *first = heard(&visit, AP(1), 2412)->bss;
    assert_ptr_equal(first->ap, first);
    assert_ptr_equal(heard(&visit, AP(1) | 8, 5180)->bss->ap, first);
    assert_ptr_equal(heard(&visit, AP(1) | 1, 2412)->bss->ap, first);
    assert_ptr_equal(heard(&visit, AP(2), 2412)->bss->ap, heard(&visit, AP(2), 2412)->bss);
}

/* Beacon of a multiple BSSID set of two: the other BSSID, "guest", is heard with it, once. */
static void test_nontransmitted(void **state)
{
    (void)state;
    static const uint8_t beacon[] = {0, 5,  'v', 'o', 'i',  'c',  'e', 3, 1,   1,   71,  16,  1,
                                     0, 13, 83,  2,   0x11, 0x04, 0,   5, 'g', 'u', 'e', 's', 't'};
    static const uint8_t index[] = {85, 1, 1};
    uint8_t whole[64];
    begin(0);
    memcpy(whole, beacon, sizeof beacon);
    memcpy(whole + sizeof beacon, index, sizeof index);
    /* lengths: max BSSID indicator 1; one profile of capability 4, SSID 7 and index 3 bytes */
    whole[11] = 1 + 2 + 4 + 7 + 3;
    whole[14] = 4 + 7 + 3;
    struct reply reply = {.bssid = AP(16),
                          .mhz = 2412,
                          .mbm = -6000,
                          .heard_ms = 100,
                          .beacon = whole,
                          .beacon_size = sizeof beacon + sizeof index};
    assert_true(give(&visit, &reply, 200));
    const struct vo_visit_bss *guest = heard(&visit, AP(16) | 1, 2412);
    assert_memory_equal(guest->bss->ssid, "guest", 5);
    assert_int_equal(guest->hearings, 1);
    assert_near(vo_signal_mean_dbm(&guest->signal), -60, 1e-9);
    struct reply own = reply; /* a kernel that keeps it apart tells the same frame's time */
    own.bssid |= 1;
    assert_false(give(&visit, &own, 200));
    assert_int_equal(guest->hearings, 1);
}

static void test_coverage(void **state)
{
    (void)state;
    static const uint32_t mhz[] = {2412, 5260};
    const char *why = "";
    begin(0);
    assert_int_equal(vo_visit_coverage(&visit, (const uint8_t *)"voice", 5, &why), VO_COVERAGE_UNKNOWN);
    assert_string_equal(why, "no scan was completed");
    vo_visit_scanned(&visit, mhz, 2, true);
    assert_int_equal(vo_visit_coverage(&visit, (const uint8_t *)"voice", 5, &why), VO_COVERAGE_NOT_HEARD);
    /* a hidden one where nobody asks could be it; asked by name it would have answered, but on channels where
     * the radio may not ask */
    struct reply secret = {.bssid = AP(9),
                           .mhz = 2412,
                           .mbm = -6000,
                           .heard_ms = 100,
                           .beacon = hidden,
                           .beacon_size = sizeof hidden};
    give(&visit, &secret, 200);
    assert_int_equal(vo_visit_coverage(&visit, (const uint8_t *)"voice", 5, &why), VO_COVERAGE_UNKNOWN);
    visit.asks_by_name = true;
    assert_int_equal(vo_visit_coverage(&visit, (const uint8_t *)"voice", 5, &why), VO_COVERAGE_NOT_HEARD);
    vo_visit_channel(&visit, 2412)->listen_only = true;
    assert_int_equal(vo_visit_coverage(&visit, (const uint8_t *)"voice", 5, &why), VO_COVERAGE_UNKNOWN);
    /* a network that shows its name does not hide it */
    struct reply shown = reply_of(1, 2412, -6000, 300);
    give(&visit, &shown, 400);
    assert_int_equal(vo_visit_coverage(&visit, (const uint8_t *)"voice", 5, &why), VO_COVERAGE_HEARD);
    vo_visit_begin(&visit, MS(1000));
    vo_visit_scanned(&visit, mhz, 2, true);
    secret.heard_ms = 1100;
    give(&visit, &secret, 1200);
    assert_int_equal(vo_visit_coverage(&visit, (const uint8_t *)"voice", 5, &why), VO_COVERAGE_NOT_HEARD);
}

/* Results that are cut anywhere are no readings of anything that was not told. */
static void cut(const void *attributes, size_t size, void *context)
{
    struct vo_scan_bss result;
    struct vo_visit_moment moment = at(200);
    (void)context;
    vo_scan_parse(attributes, size, &result);
    vo_visit_result(&visit, &result, &moment);
}
static void test_cut_anywhere(void **state)
{
    (void)state;
    begin(0);
    struct reply reply = reply_of(1, 2412, -6000, 100);
    reply.response = voice;
    reply.response_size = sizeof voice;
    struct list list = bytes_of(&reply);
    at_every_length(&list, cut, NULL);
    assert_int_equal(visit.bsses.count, 1);
    assert_int_equal(heard(&visit, AP(1), 2412)->hearings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_scan),
        cmocka_unit_test(test_mean_in_mw),
        cmocka_unit_test(test_ageing),
        cmocka_unit_test(test_age_in_ms),
        cmocka_unit_test(test_nonsense_of_time),
        cmocka_unit_test(test_keyed_by_frequency),
        cmocka_unit_test(test_visits),
        cmocka_unit_test(test_scans_of_others),
        cmocka_unit_test(test_levels_that_are_none),
        cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_load_counts_once),
        cmocka_unit_test(test_load_of_responses),
        cmocka_unit_test(test_load_from_before_the_visit),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_old_noise),
        cmocka_unit_test(test_noise_that_is_none),
        cmocka_unit_test(test_noise_in_use),
        cmocka_unit_test(test_access_points),
        cmocka_unit_test(test_nontransmitted),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
