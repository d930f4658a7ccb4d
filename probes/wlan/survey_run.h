/*
 * What the commands scan, walk and calibrate have in common: their options, the run's records, the scanner,
 * signals, and why a run is not complete.
 */
#ifndef VO_PROBES_WLAN_SURVEY_RUN_H
#define VO_PROBES_WLAN_SURVEY_RUN_H

#include "core/options.h"
#include "core/record.h"
#include "probes/wlan/calibration.h"
#include "probes/wlan/emit_visit.h"
#include "probes/wlan/link_poll.h"
#include "probes/wlan/scanner.h"

struct vo_survey_options {
    const char *output, *interface, *channels, *frequencies, *site, *phone, *calibrations;
    struct vo_option_list ssids;
    bool passive, active, quiet;
    long dwell_tu;
};

/* Rows of an option table, for a struct vo_survey_options `o`. */
#define VO_SURVEY_OUTPUT(o)                                                                                  \
    {                                                                                                        \
        "output", 'o', VO_OPTION_FILE, &(o).output, "RECORDS", "write records here, - for standard output",  \
            0, 0, NULL                                                                                       \
    }
#define VO_SURVEY_SCANS(o)                                                                                    \
    {                                                                                                         \
        "interface",                                                                                          \
        'i',                                                                                                  \
        VO_OPTION_TEXT,                                                                                       \
        &(o).interface,                                                                                       \
        "IFACE",                                                                                              \
        "of type station (default: the only one)",                                                            \
        0,                                                                                                    \
        0,                                                                                                    \
        NULL},                                                                                                \
        {"active", 0,   VO_OPTION_FLAG, &(o).active, NULL, "send probe requests where it may (default)", 0,   \
         0,        NULL},                                                                                     \
        {"passive", 0, VO_OPTION_FLAG, &(o).passive, NULL, "only listen for beacons", 0, 0, NULL},            \
        {"channels", 0,   VO_OPTION_TEXT, &(o).channels, "LIST", "of 2.4 and 5 GHz, such as 1,6,11,36-48", 0, \
         0,          NULL},                                                                                   \
        {"frequencies",                                                                                       \
         0,                                                                                                   \
         VO_OPTION_TEXT,                                                                                      \
         &(o).frequencies,                                                                                    \
         "LIST",                                                                                              \
         "in MHz, such as 2412,5180-5240,5955",                                                               \
         0,                                                                                                   \
         0,                                                                                                   \
         NULL},                                                                                               \
        {"dwell",                                                                                             \
         0,                                                                                                   \
         VO_OPTION_INTEGER,                                                                                   \
         &(o).dwell_tu,                                                                                       \
         "TU",                                                                                                \
         "time on a channel, of 1.024 ms, where the driver takes it",                                         \
         10,                                                                                                  \
         5000,                                                                                                \
         NULL},                                                                                               \
    {                                                                                                         \
        "ssid", 0, VO_OPTION_LIST, &(o).ssids, "NAME",                                                        \
            "a network to survey (default: the one associated with)", 0, 0, NULL                              \
    }
#define VO_SURVEY_PHONE(o)                                                                                   \
    {                                                                                                        \
        "phone", 0,   VO_OPTION_TEXT, &(o).phone, "MODEL", "that this adapter was calibrated beside", 0,     \
        0,       NULL},                                                                                      \
    {                                                                                                        \
        "calibrations", 0, VO_OPTION_FILE, &(o).calibrations, "FILE", "where calibrations are kept", 0, 0,   \
            NULL                                                                                             \
    }
#define VO_SURVEY_REST(o)                                                                                    \
    {"site", 0, VO_OPTION_TEXT, &(o).site, "NAME", "name of the site, for the records", 0, 0, NULL},         \
    {                                                                                                        \
        "quiet", 'q', VO_OPTION_FLAG, &(o).quiet, NULL, "no progress and no warnings", 0, 0, NULL            \
    }

struct vo_survey_run {
    const struct vo_program *program;
    struct vo_survey_options *options;
    struct vo_scanner scanner;
    struct vo_link_poll poll; /* of the interface's own link */
    struct vo_surveyed surveyed;
    struct vo_calibration calibration;
    struct vo_record_writer *writer; /* NULL: the command writes none */
    bool (*turn)(void *context);     /* see scanner.h; besides, signals break off */
    void *context;
    char why[VO_ERROR_SIZE]; /* the run is not complete; empty: it is so far */
    bool shown;              /* a line of vo_survey_show() stands there */
};

/* Opens scanner and records (place: of the whole run, may be NULL); says on standard error what the radio
 * cannot. To be closed by vo_survey_close() in any case. */
enum vo_status vo_survey_open(struct vo_survey_run *run, const char *place, bool records,
                              struct vo_error *error);
/* Ends the records. Complains about what failed, and returns the exit status; `complete` false: by what is in
 * `why`. */
int vo_survey_close(struct vo_survey_run *run, enum vo_status status, const struct vo_error *error);

/* The run is not complete; the first reason stands. */
void vo_survey_partial(struct vo_survey_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A sentence on standard error, unless it is to be quiet. */
void vo_survey_tell(struct vo_survey_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line that the next one replaces, on a terminal; NULL: takes it away. */
void vo_survey_show(struct vo_survey_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* SIGINT or SIGTERM came. */
bool vo_survey_stopped(void);
/* Of the rounds that a visit should have. */
long vo_survey_rounds(const struct vo_survey_options *options, long asked);
/* "wlan0 (iwlwifi): 3 scans, 14 BSSs of 9 access points; regulatory domain DE (ETSI)" and what it cannot. */
void vo_survey_print_head(const struct vo_survey_run *run, FILE *stream);

#endif
