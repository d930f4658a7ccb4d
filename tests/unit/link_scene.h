/* A station's readings, made by hand, and what became of them in the records. */
#ifndef VO_TESTS_UNIT_LINK_SCENE_H
#define VO_TESTS_UNIT_LINK_SCENE_H

#include "probes/wlan/link_emit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOON     (1800000000 * VO_NS_PER_S) /* 2027-01-15T08:00:00Z, a whole step of any length used here */
#define STARTED  (100 * VO_NS_PER_S)        /* the monotonic clock then */
#define FIRST_AP 0x020000000000
#define OTHER_AP 0x020000000200

static inline void set(uint64_t *has, unsigned bit)
{
    *has |= UINT64_C(1) << bit;
}

/* All that a driver of mac80211 tells; `age_s` into the association. */
static inline struct vo_station station_of(vo_wlan_address bssid, int dbm, uint32_t sent, uint32_t retries,
                                           uint32_t failed, uint32_t received)
{
    static const uint8_t told[] = {VO_STATION_ADDRESS,    VO_STATION_SIGNAL,    VO_STATION_TX_PACKETS,
                                   VO_STATION_TX_RETRIES, VO_STATION_TX_FAILED, VO_STATION_RX_PACKETS,
                                   VO_STATION_BEACON_LOSS};
    struct vo_station station = {.address = bssid,
                                 .signal_dbm = (int8_t)dbm,
                                 .tx_packets = sent,
                                 .tx_retries = retries,
                                 .tx_failed = failed,
                                 .rx_packets = received};
    for (size_t i = 0; i < sizeof told; i++)
        set(&station.has, told[i]);
    return station;
}

static inline void associated_at(struct vo_station *station, double s)
{
    station->associated_at_ns = (uint64_t)(s * 1e9);
    set(&station->has, VO_STATION_ASSOCIATED_AT);
}

static inline struct vo_survey survey_of(uint32_t mhz, uint64_t time_ms, uint64_t busy_ms, int noise_dbm)
{
    struct vo_survey survey = {
        .frequency_mhz = mhz, .time_ms = time_ms, .busy_ms = busy_ms, .noise_dbm = (int8_t)noise_dbm};
    set(&survey.has, VO_SURVEY_FREQUENCY);
    set(&survey.has, VO_SURVEY_TIME);
    set(&survey.has, VO_SURVEY_BUSY);
    if (noise_dbm)
        set(&survey.has, VO_SURVEY_NOISE);
    return survey;
}

/* `s` seconds after NOON; `station` NULL: not associated. */
static inline struct vo_link_reading reading_at(double s, const struct vo_station *station, uint32_t mhz,
                                                const struct vo_survey *survey)
{
    struct vo_link_reading reading = {.at = STARTED + (vo_time)(s * 1e9),
                                      .time = NOON + (vo_time)(s * 1e9),
                                      .up = true,
                                      .associated = station != NULL,
                                      .surveys = survey,
                                      .survey_count = survey ? 1 : 0};
    memcpy(reading.interface.ssid, "voice", 5);
    reading.interface.ssid_size = 5;
    reading.interface.frequency_mhz = mhz;
    set(&reading.interface.has, VO_WLAN_INTERFACE_SSID);
    set(&reading.interface.has, VO_WLAN_INTERFACE_FREQUENCY);
    if (station)
        reading.station = *station;
    return reading;
}

/* --- Records --- */

struct records {
    struct vo_record_writer *writer;
    char path[64];
    struct vo_json *list[64]; /* observations, series and events */
    size_t count;
};

static inline void records_begin(struct records *records)
{
    const struct vo_run run = {.probe = "voready-wlan", .interface = "wlan0"};
    memset(records, 0, sizeof *records);
    snprintf(records->path, sizeof records->path, "/tmp/voready-link-%d.jsonl", (int)getpid());
    assert_int_equal(vo_record_open(records->path, &run, &records->writer, NULL), VO_OK);
}

static inline void records_read(struct records *records)
{
    struct vo_record_reader *reader;
    struct vo_record record = {0};
    assert_int_equal(vo_record_close(records->writer, true, NULL, NULL), VO_OK);
    assert_int_equal(vo_record_reader_open(records->path, &reader, NULL), VO_OK);
    while (vo_record_read(reader, &record, NULL) == VO_OK) {
        struct vo_json_writer text = {0};
        if (strcmp(record.kind, "run") == 0 || strcmp(record.kind, "end") == 0)
            continue;
        assert_true(records->count < 64);
        vo_json_copy(&text, record.json);
        assert_int_equal(vo_json_parse(text.data, text.size, &records->list[records->count++], NULL), VO_OK);
        vo_json_writer_release(&text);
    }
    vo_record_reader_free(reader);
    unlink(records->path);
}

static inline void records_end(struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        vo_json_free(records->list[i]);
}

/* The record of that kind ("observation", "series", "event") whose subject has that id; the `nth` from 0. */
static inline const struct vo_json *record_of(const struct records *records, const char *kind, const char *id,
                                              unsigned nth)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct vo_json *json = records->list[i];
        if (strcmp(vo_json_get_text(json, "record"), kind) == 0 &&
            strcmp(vo_json_get_text(vo_json_get(json, "subject"), "id"), id) == 0 && nth-- == 0)
            return json;
    }
    fail_msg("no %s of %s", kind, id);
    return NULL;
}

static inline double metric_of(const struct vo_json *observation, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(observation, "metrics"), name));
}
static inline const char *missing_of(const struct vo_json *observation, const char *name)
{
    const char *why = vo_json_get_text(vo_json_get(observation, "missing"), name);
    return why ? why : "";
}
static inline const char *label_of(const struct vo_json *observation, const char *name)
{
    const char *text = vo_json_get_text(vo_json_get(observation, "subject"), name);
    return text ? text : "";
}
static inline double number_of(const struct vo_json *observation, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(observation, "subject"), name));
}
/* A cell of a series; NAN: null. */
static inline double cell_of(const struct vo_json *series, const char *column, unsigned row)
{
    const struct vo_json *cell = vo_json_child(vo_json_get(vo_json_get(series, "columns"), column));
    while (row-- && cell)
        cell = vo_json_next(cell);
    return vo_json_double(cell);
}

#endif
