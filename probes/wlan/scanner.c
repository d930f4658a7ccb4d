#include "probes/wlan/scanner.h"

#include "probes/wlan/rivals.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#define TURN_MS          200
#define BUSY_TRIES       5
#define FORBIDDEN_WAIT_S 10 /* for a scan of another program */

int64_t vo_scanner_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * VO_NS_PER_S + now.tv_nsec;
}

static void __attribute__((format(printf, 2, 3))) tell(struct vo_scanner *scanner, const char *format, ...)
{
    char message[VO_ERROR_SIZE + 128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    scanner->options.tell(scanner->options.context, message);
}

/* --- Announcements -------------------------------------------------------------------------------- */

/* What our scan was to cover, where the event does not tell what it did. */
static size_t asked_for(const struct vo_scanner *scanner, uint32_t *mhz, size_t room)
{
    const struct vo_wiphy *wiphy = &scanner->radio.wiphy;
    size_t count = 0;
    for (size_t i = 0; i < scanner->chosen.count && count < room; i++)
        mhz[count++] = scanner->chosen.mhz[i];
    for (unsigned i = 0; !scanner->chosen.count && i < wiphy->frequency_count && count < room; i++)
        if (!(wiphy->frequencies[i].flags & VO_FREQUENCY_DISABLED))
            mhz[count++] = wiphy->frequencies[i].mhz;
    return count;
}

/* A scan was completed. It is one of this visit only if it began in it. */
static void note_scan(struct vo_scanner *scanner, const struct vo_wlan_event *event, bool own, int64_t now_ns)
{
    uint32_t mhz[VO_WIPHY_FREQUENCIES];
    size_t count = vo_wlan_event_scanned(event, mhz, VO_WIPHY_FREQUENCIES);
    int64_t began_ns = scanner->round.ended_ns;
    if (began_ns == INT64_MIN || began_ns < scanner->visit.since_ns)
        return;
    scanner->scan_ms = (uint64_t)((now_ns - began_ns) / VO_NS_PER_MS) + 1;
    if (!count && own)
        count = asked_for(scanner, mhz, VO_WIPHY_FREQUENCIES);
    vo_visit_scanned(&scanner->visit, mhz, count, own);
}

static void on_event(void *context, const struct vo_wlan_event *event)
{
    struct vo_scanner *scanner = context;
    int64_t now_ns = vo_scanner_now();
    enum vo_round_news news = vo_round_hear(&scanner->round, event, now_ns);
    if (news == VO_ROUND_DONE || news == VO_ROUND_OTHERS_DONE)
        note_scan(scanner, event, news == VO_ROUND_DONE, now_ns);
    if (event->kind == VO_WLAN_EVENT_LOST && !scanner->told_lost) {
        scanner->told_lost = true;
        tell(scanner,
             "the kernel's announcements came faster than they were read, and some are lost: results "
             "are read without them");
    }
    bool ours = scanner->news == VO_ROUND_DONE || scanner->news == VO_ROUND_ABORTED;
    if (news == VO_ROUND_NOTHING || scanner->news == VO_ROUND_GONE || (ours && news != VO_ROUND_GONE))
        return;
    scanner->news = news;
}

enum wake { WAKE_NEWS, WAKE_TIME, WAKE_BROKEN, WAKE_FAILED };

/* Until there are news, or the time has come. */
static enum wake wait_for(struct vo_scanner *scanner, int64_t until_ns, struct vo_error *error)
{
    for (;;) {
        if (vo_nl80211_events_read(scanner->events, on_event, scanner, error) != VO_OK)
            return WAKE_FAILED;
        if (scanner->news != VO_ROUND_NOTHING)
            return WAKE_NEWS;
        if (scanner->options.turn(scanner->options.context))
            return WAKE_BROKEN;
        int64_t left_ms = (until_ns - vo_scanner_now()) / VO_NS_PER_MS;
        if (left_ms <= 0 || vo_round_overdue(&scanner->round, vo_scanner_now()))
            return WAKE_TIME;
        struct pollfd ready[] = {{.fd = vo_nl80211_events_fd(scanner->events), .events = POLLIN},
                                 {.fd = scanner->input, .events = POLLIN}};
        poll(ready, 2, left_ms < TURN_MS ? (int)left_ms : TURN_MS);
    }
}

/* --- Replies -------------------------------------------------------------------------------------- */

struct reading {
    struct vo_scanner *scanner;
    struct vo_visit_moment moment;
};

static void on_result(void *context, const struct vo_scan_bss *result)
{
    struct reading *reading = context;
    if (reading->moment.time == VO_TIME_UNKNOWN) { /* all results have come before the first is given */
        reading->moment.after_ns = vo_scanner_now();
        reading->moment.time = vo_clock_now();
    }
    vo_visit_result(&reading->scanner->visit, result, &reading->moment);
}

static void on_survey(void *context, const struct vo_survey *survey)
{
    struct vo_scanner *scanner = context;
    vo_visit_survey(&scanner->visit, survey, scanner->scan_ms);
}

static void read_survey(struct vo_scanner *scanner)
{
    struct vo_error error;
    struct vo_visit *visit = &scanner->visit;
    enum vo_status status = vo_nl80211_survey(scanner->nl80211, scanner->radio.interface.index, false,
                                              on_survey, scanner, &error);
    if (status != VO_OK && vo_nl80211_refusal(scanner->nl80211) == EOPNOTSUPP)
        snprintf(visit->no_survey, sizeof visit->no_survey, "the driver (%s) does not measure noise",
                 scanner->radio.driver[0] ? scanner->radio.driver : "of unknown name");
    else
        snprintf(visit->no_survey, sizeof visit->no_survey, "%s", status == VO_OK ? "" : error.message);
    vo_visit_survey_read(visit);
}

enum vo_status vo_scanner_read(struct vo_scanner *scanner, struct vo_error *error)
{
    struct reading reading = {.scanner = scanner,
                              .moment = {.before_ns = vo_scanner_now(),
                                         .time = VO_TIME_UNKNOWN,
                                         .own_from = scanner->own_from_ns,
                                         .own_until = scanner->own_until_ns}};
    if (scanner->own_from_ns && !scanner->own_until_ns)
        reading.moment.own_until = reading.moment.before_ns;
    enum vo_status status =
        vo_nl80211_scan_results(scanner->nl80211, scanner->radio.interface.index, on_result, &reading, error);
    if (status == VO_OK)
        read_survey(scanner);
    vo_bsses_group(&scanner->visit.bsses);
    return status;
}

/* --- Opening -------------------------------------------------------------------------------------- */

static enum vo_status check_radio(struct vo_scanner *scanner, struct vo_error *error)
{
    const struct vo_wlan_interface *interface = &scanner->radio.interface;
    if (interface->type == VO_WLAN_MONITOR)
        return vo_error_set(
            error, VO_ERR_USAGE,
            "%s is in monitor mode and cannot scan: use another interface of the radio (iw phy "
            "%s interface add NAME type managed), or voready-wlan monitor",
            interface->name, scanner->radio.wiphy.name);
    if (scanner->options.dwell_tu && !vo_wiphy_extended(&scanner->radio.wiphy, VO_WIPHY_SCAN_DWELL)) {
        tell(scanner, "this driver takes no dwell time: its own is used");
        scanner->options.dwell_tu = 0;
    }
    return VO_OK;
}

static void note_channels(struct vo_scanner *scanner)
{
    const struct vo_wiphy *wiphy = &scanner->radio.wiphy;
    for (unsigned i = 0; i < wiphy->frequency_count; i++) {
        struct vo_visit_channel *channel = vo_visit_channel(&scanner->visit, wiphy->frequencies[i].mhz);
        if (!channel)
            continue;
        channel->radar = wiphy->frequencies[i].flags & VO_FREQUENCY_RADAR;
        channel->listen_only = wiphy->frequencies[i].flags & VO_FREQUENCY_NO_IR;
    }
}

enum vo_status vo_scanner_open(struct vo_scanner *scanner, const struct vo_scanner_options *options,
                               struct vo_error *error)
{
    memset(scanner, 0, sizeof *scanner);
    scanner->options = *options;
    scanner->input = -1;
    vo_visit_init(&scanner->visit);
    enum vo_status status = vo_nl80211_new(&scanner->nl80211, error);
    if (status == VO_OK)
        status = vo_nl80211_events_new(&scanner->events, error);
    if (status == VO_OK)
        status = vo_radio_open(scanner->nl80211, options->interface, &scanner->radio, error);
    if (status == VO_OK)
        status = check_radio(scanner, error);
    if (status == VO_OK)
        status = vo_frequencies_choose(options->channels, options->frequencies, &scanner->radio.wiphy,
                                       &scanner->chosen, error);
    if (status != VO_OK)
        return status;
    scanner->round.index = scanner->radio.interface.index;
    scanner->round.wiphy = scanner->radio.interface.wiphy;
    note_channels(scanner);
    read_survey(scanner); /* where its counters stand */
    return VO_OK;
}

void vo_scanner_close(struct vo_scanner *scanner)
{
    vo_nl80211_events_free(scanner->events);
    vo_nl80211_free(scanner->nl80211);
    scanner->events = NULL;
    scanner->nl80211 = NULL;
    vo_visit_release(&scanner->visit);
}

/* --- Rounds --------------------------------------------------------------------------------------- */

/* Names of networks to ask for: as many as the driver takes beside the wildcard, the others in the next
 * round. */
static void put_names(struct vo_scanner *scanner, struct vo_scan_request *request)
{
    const struct vo_surveyed *surveyed = scanner->surveyed;
    const struct vo_wiphy *wiphy = &scanner->radio.wiphy;
    unsigned count = surveyed ? surveyed->count : 0, room = VO_SCAN_SSIDS - 1;
    if (vo_wiphy_has(wiphy, VO_WIPHY_MAX_SSIDS) && wiphy->max_ssids && wiphy->max_ssids - 1u < room)
        room = wiphy->max_ssids - 1u;
    scanner->visit.asks_by_name = request->active && count <= room;
    for (unsigned i = 0; i < count && i < room; i++) {
        unsigned which = (scanner->next_name + i) % count;
        memcpy(request->ssids[i].bytes, surveyed->names[which].bytes, surveyed->names[which].size);
        request->ssids[i].size = surveyed->names[which].size;
        request->ssid_count = i + 1;
    }
    scanner->next_name = count ? (scanner->next_name + (unsigned)request->ssid_count) % count : 0;
}

static enum vo_status trigger(struct vo_scanner *scanner, struct vo_error *error)
{
    struct vo_scan_request request = {.active = !scanner->options.passive,
                                      .frequencies_mhz = scanner->chosen.mhz,
                                      .frequency_count = scanner->chosen.count,
                                      .flush = true,
                                      .dwell_tu = scanner->options.dwell_tu};
    put_names(scanner, &request);
    int64_t now_ns = vo_scanner_now();
    enum vo_status status =
        vo_nl80211_scan(scanner->nl80211, scanner->radio.interface.index, &request, error);
    if (status != VO_OK)
        return status;
    scanner->own_from_ns = now_ns;
    scanner->own_until_ns = 0;
    vo_round_asked(&scanner->round, now_ns);
    return VO_OK;
}

static void tell_busy(struct vo_scanner *scanner)
{
    char rivals[128];
    if (scanner->told_busy)
        return;
    scanner->told_busy = true;
    vo_rivals("/proc", rivals, sizeof rivals);
    tell(scanner,
         "another program is scanning%s%s%s: its results are used, too, and this scan begins when it ends",
         rivals[0] ? " (running here: " : "", rivals, rivals[0] ? ")" : "");
}

static enum vo_scanner_result gone(struct vo_scanner *scanner, struct vo_error *error)
{
    vo_error_set(error, VO_ERR_IO, "%s is gone: was the adapter unplugged, or its driver unloaded?",
                 scanner->radio.interface.name);
    return VO_SCANNER_GONE;
}

static enum vo_scanner_result refused(struct vo_scanner *scanner, struct vo_error *error)
{
    switch (vo_nl80211_refusal(scanner->nl80211)) {
    case ENODEV:
        return gone(scanner, error);
    case EPERM:
    case EACCES:
        scanner->forbidden = true;
        return VO_SCANNER_FORBIDDEN;
    default:
        return VO_SCANNER_REFUSED;
    }
}

/* Reads, and says `result`, or what is worse. */
static enum vo_scanner_result read_as(struct vo_scanner *scanner, enum vo_scanner_result result,
                                      struct vo_error *error)
{
    if (vo_scanner_read(scanner, error) == VO_OK)
        return result;
    return vo_nl80211_refusal(scanner->nl80211) == ENODEV ? gone(scanner, error) : VO_SCANNER_REFUSED;
}

/* What the end of a wait means. VO_SCANNER_BUSY: nothing of ours has ended yet. */
static enum vo_scanner_result after(struct vo_scanner *scanner, enum wake wake, struct vo_error *error)
{
    enum vo_round_news news = wake == WAKE_NEWS ? scanner->news : VO_ROUND_NOTHING;
    if (wake == WAKE_FAILED)
        return VO_SCANNER_REFUSED;
    if (news == VO_ROUND_GONE)
        return gone(scanner, error);
    scanner->news = VO_ROUND_NOTHING;
    if (wake == WAKE_BROKEN)
        return read_as(scanner, VO_SCANNER_BROKEN, error);
    bool overdue = wake == WAKE_TIME && scanner->round.state != VO_ROUND_IDLE;
    bool ours = news == VO_ROUND_DONE || news == VO_ROUND_ABORTED ||
                (overdue && scanner->round.state != VO_ROUND_THEIRS);
    if (overdue)
        vo_round_idle(&scanner->round, vo_scanner_now());
    if (!ours)
        return read_as(scanner, VO_SCANNER_BUSY, error);
    scanner->own_until_ns = vo_scanner_now();
    scanner->aborted += news == VO_ROUND_ABORTED;
    scanner->overdue += overdue;
    return read_as(scanner, news == VO_ROUND_DONE ? VO_SCANNER_DONE : VO_SCANNER_CUT, error);
}

static bool goes_on(enum vo_scanner_result result)
{
    return result == VO_SCANNER_DONE || result == VO_SCANNER_CUT || result == VO_SCANNER_BUSY;
}

/* Until no scan is running, whoever's it is: another program's, or one of ours that was broken off. */
static enum vo_scanner_result settle(struct vo_scanner *scanner, struct vo_error *error)
{
    for (;;) {
        bool idle = scanner->round.state == VO_ROUND_IDLE;
        enum wake wake = wait_for(scanner, idle ? vo_scanner_now() : INT64_MAX, error);
        if (idle && wake == WAKE_TIME)
            return VO_SCANNER_DONE;
        enum vo_scanner_result result = after(scanner, wake, error);
        if (!goes_on(result))
            return result;
    }
}

static enum vo_scanner_result wait_for_ours(struct vo_scanner *scanner, struct vo_error *error)
{
    enum vo_scanner_result result;
    do
        result = after(scanner, wait_for(scanner, INT64_MAX, error), error);
    while (result == VO_SCANNER_BUSY && scanner->round.state != VO_ROUND_IDLE);
    return result == VO_SCANNER_BUSY ? VO_SCANNER_CUT : result;
}

static enum vo_scanner_result listen_to_others(struct vo_scanner *scanner, struct vo_error *error)
{
    enum vo_scanner_result result = read_as(scanner, VO_SCANNER_FORBIDDEN, error);
    if (result != VO_SCANNER_FORBIDDEN)
        return result;
    enum wake wake = wait_for(scanner, vo_scanner_now() + FORBIDDEN_WAIT_S * VO_NS_PER_S, error);
    result = after(scanner, wake, error);
    return goes_on(result) ? VO_SCANNER_FORBIDDEN : result;
}

enum vo_scanner_result vo_scanner_round(struct vo_scanner *scanner, struct vo_error *error)
{
    if (scanner->forbidden)
        return listen_to_others(scanner, error);
    for (unsigned tries = 0; tries < BUSY_TRIES; tries++) {
        enum vo_scanner_result result = settle(scanner, error);
        if (!goes_on(result))
            return result;
        if (trigger(scanner, error) == VO_OK)
            return wait_for_ours(scanner, error);
        if (vo_nl80211_refusal(scanner->nl80211) != EBUSY)
            return refused(scanner, error);
        vo_round_busy(&scanner->round, vo_scanner_now());
        tell_busy(scanner);
    }
    return VO_SCANNER_BUSY;
}

bool vo_scanner_pause(struct vo_scanner *scanner, double seconds)
{
    struct vo_error error;
    int64_t until_ns = vo_scanner_now() + (int64_t)(seconds * 1e9);
    for (;;) {
        enum wake wake = wait_for(scanner, until_ns, &error);
        if (wake == WAKE_TIME && vo_scanner_now() < until_ns) {
            vo_round_idle(&scanner->round, vo_scanner_now()); /* others' scan whose end was not announced */
            continue;
        }
        if (wake == WAKE_TIME)
            return true;
        if (wake != WAKE_NEWS || scanner->news == VO_ROUND_GONE)
            return false;
        scanner->news = VO_ROUND_NOTHING;
        (void)vo_scanner_read(scanner, &error);
    }
}
