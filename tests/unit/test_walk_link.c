/* The interface's own link during a walk: summed over each visit. */
#include "probes/wlan/walk_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct vo_link_reading reading(int64_t second, int8_t dbm)
{
    struct vo_link_reading one = {.at = second * VO_NS_PER_S,
                                  .time = second * VO_NS_PER_S,
                                  .up = true,
                                  .associated = true,
                                  .no_survey = "the driver has no survey"};
    one.station.address = UINT64_C(0x020000000000);
    one.station.has = UINT64_C(1) << VO_STATION_ADDRESS | UINT64_C(1) << VO_STATION_SIGNAL |
                      UINT64_C(1) << VO_STATION_RX_PACKETS;
    one.station.signal_dbm = dbm;
    one.station.rx_packets = (uint32_t)(second * 10);
    return one;
}

/* How many links were written of a visit, and the level of the last one. */
static unsigned links_of(const char *path, double visit, double *dbm)
{
    struct vo_record_reader *reader;
    struct vo_record record;
    unsigned count = 0;
    assert_int_equal(vo_record_reader_open(path, &reader, NULL), VO_OK);
    while (vo_record_read(reader, &record, NULL) == VO_OK) {
        const struct vo_json *subject = vo_json_get(record.json, "subject");
        const char *direction = vo_json_get_text(subject, "direction");
        if (!direction || strcmp(direction, "to_ap") != 0 ||
            vo_json_double(vo_json_get(subject, "visit")) != visit)
            continue;
        assert_string_equal(vo_json_get_text(record.json, "place"), "lobby");
        *dbm = vo_json_double(vo_json_get(vo_json_get(record.json, "metrics"), "wlan_signal_dbm"));
        count++;
    }
    vo_record_reader_free(reader);
    return count;
}

/* -60 in the first visit, -70 in the second: none has the other's. Nothing new writes nothing. */
static void test_visits(void **state)
{
    (void)state;
    char path[] = "/tmp/voready-walk-XXXXXX";
    static struct vo_walk_link link;
    static const struct vo_run run = {.probe = "voready-wlan", .place = "lobby"};
    struct vo_record_writer *writer;
    struct vo_visit_terms terms = {.interface = "wlan0", .place = "lobby", .number = 1};
    double dbm = 0;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(vo_record_open(path, &run, &writer, NULL), VO_OK);
    for (int visit = 0; visit < 2; visit++) {
        vo_walk_link_begin(&link);
        terms.number = (unsigned)visit + 1;
        for (int second = 1; second <= 3; second++) {
            struct vo_link_reading one = reading(visit * 10 + second, visit ? -70 : -60);
            vo_link_meter_read(&link.meter, &one);
        }
        vo_walk_link_emit(&link, writer, &terms);
        vo_walk_link_emit(&link, writer, &terms);
    }
    vo_walk_link_tick(&link, 100 * VO_NS_PER_S); /* without a poll nothing is read */
    vo_walk_link_release(&link);
    assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
    assert_int_equal(links_of(path, 1, &dbm), 1);
    assert_true(dbm == -60);
    assert_int_equal(links_of(path, 2, &dbm), 1);
    assert_true(dbm == -70);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_visits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
