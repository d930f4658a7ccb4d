/*
 * A live run over an interface of this host: what the commands link, channels and roam have in common. The
 * loop, the kernel's wireless stack and its announcements, the records, and the end: a signal, the planned
 * length, or an interface that went away.
 */
#ifndef VO_PROBES_WLAN_HOST_H
#define VO_PROBES_WLAN_HOST_H

#include "core/options.h"
#include "core/record.h"
#include "probes/io/loop.h"
#include "probes/io/nl80211_events.h"
#include "probes/wlan/link_poll.h"

/* Targets of the options that all of them have. */
struct vo_host_options {
    const char *output, *interface, *site, *place;
    double duration_s; /* 0: until a signal */
    bool quiet;
};
/* Rows of an option table whose targets are members of `options`. */
#define VO_HOST_OPTIONS(options)                                                                               \
    {"output",                                                                                                 \
     'o',                                                                                                      \
     VO_OPTION_FILE,                                                                                           \
     &(options).output,                                                                                        \
     "RECORDS",                                                                                                \
     "write records here, - for standard output",                                                              \
     0,                                                                                                        \
     0,                                                                                                        \
     NULL},                                                                                                    \
        {"interface", 'i', VO_OPTION_TEXT, &(options).interface, "IFACE", "the wireless interface", 0,         \
         0,           NULL},                                                                                   \
        {"duration", 'd', VO_OPTION_NUMBER, &(options).duration_s, "SECONDS", "stop after this long", 0.1,     \
         1e9,        NULL},                                                                                    \
        {"site", 0, VO_OPTION_TEXT, &(options).site, "NAME", "name of the site, for the records", 0, 0, NULL}, \
        {"place", 0,   VO_OPTION_TEXT, &(options).place, "NAME", "name of the place, for the records", 0,      \
         0,       NULL},                                                                                       \
    {                                                                                                          \
        "quiet", 'q', VO_OPTION_FLAG, &(options).quiet, NULL, "say only what fails", 0, 0, NULL                \
    }

struct vo_host;
/* What a command does. Each may be NULL, but `tick`. */
struct vo_host_command {
    const struct vo_program *program;
    const struct vo_host_options *options;
    bool station; /* needs an interface of type station */
    const double
        *interval_s; /* time between ticks, which come at multiples of it in UTC; an option's target */
    enum vo_status (*check)(struct vo_error *error); /* of the options alone */
    /* Before the records begin; may open what it needs. */
    enum vo_status (*open)(struct vo_host *host, struct vo_error *error);
    void (*tick)(struct vo_host *host);
    void (*event)(struct vo_host *host, const struct vo_wlan_event *event); /* also of other interfaces */
    void (*finish)(struct vo_host *host);                                   /* the last records */
    void (*print)(struct vo_host *host, FILE *stream);                      /* the table */
    void (*close)(struct vo_host *host);
    void *context;
};

struct vo_host {
    const struct vo_host_command *command;
    void *context; /* the command's */
    struct vo_loop *loop;
    struct vo_nl80211 *nl80211;
    struct vo_nl80211_events *events;
    struct vo_record_writer *writer;
    struct vo_link_poll poll;
    struct vo_timer tick, deadline;
    struct vo_watch heard;
    bool status_drawn, status_wanted;
    bool whole;                  /* the planned length is over */
    char partial[VO_ERROR_SIZE]; /* why it ended before, or what is missing; "": nothing */
    uint64_t events_lost;
};

/* The whole of a command; returns the exit status. */
int vo_host_main(const struct vo_host_command *command, int argc, char **argv);

/* Reads the interface into host->poll.reading. False: it is gone, and the run ends. */
bool vo_host_read(struct vo_host *host);
/* A line for the person at the terminal (standard error), unless he wants quiet. */
void vo_host_say(struct vo_host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The last line of the terminal, rewritten; nothing where standard error is no terminal. */
void vo_host_status(struct vo_host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Set by a signal that asks for the end. */
const volatile sig_atomic_t *vo_host_stop(void);
/* What keeps the run from being complete; the first counts. */
void vo_host_incomplete(struct vo_host *host, const char *why);

#endif
