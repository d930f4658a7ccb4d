#include "analyze/derive/timeline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_MAX_S   3600.0
#define VALUE_MAX    1e30
#define ROAM_MAX_MS  10000.0
#define EVENT_MAX_NS (60 * VO_NS_PER_S) /* between the moments of one roam */

struct vo_timeline *vo_timeline_new(struct vo_facts *facts)
{
    struct vo_timeline *made = calloc(1, sizeof *made);
    if (made)
        made->facts = facts;
    return made;
}

void vo_timeline_free(struct vo_timeline *timeline)
{
    if (!timeline)
        return;
    for (struct vo_timeline_loss *loss = timeline->first_loss; loss; loss = loss->next)
        free(loss->steps);
    for (struct vo_air_track *track = timeline->first_track; track; track = track->next)
        free(track->steps);
    vo_names_release(&timeline->losses);
    vo_names_release(&timeline->tracks);
    vo_names_release(&timeline->moments);
    vo_index_release(&timeline->load_numbers);
    vo_index_release(&timeline->stay_numbers);
    vo_arena_release(&timeline->arena);
    free(timeline->loads);
    free(timeline->stays);
    free(timeline);
}

static const char *keep(struct vo_timeline *timeline, const char *text)
{
    return vo_texts_get(&timeline->facts->texts, &timeline->facts->arena, text);
}

/* The list of the heap with room for one more, perhaps elsewhere; NULL when out of memory, and then it stays.
 */
static void *make_room(void *list, size_t count, size_t *room, size_t size)
{
    size_t more = *room ? 2 * *room : 16;
    if (count < *room)
        return list;
    void *grown = realloc(list, more * size);
    if (grown)
        *room = more;
    return grown;
}

/* The time of a record; false: it has none, or one so far off that nothing can be said around it. */
static bool time_of(const struct vo_record *record, vo_time *time)
{
    enum { LIMIT_S = 9000000 }; /* thousands of seconds: the years 1684 to 2255 */
    const char *text = vo_json_get_text(record->json, "time");
    return text && vo_time_parse(text, time, NULL) == VO_OK &&
           fabs((double)*time) < LIMIT_S * 1e3 * (double)VO_NS_PER_S;
}

/* --- Series --------------------------------------------------------------------------------------- */

struct series {
    const char *run, *id, *key, *kind;
    const struct vo_json *columns;
    vo_time start;
    double step_s;
    uint64_t n;
};

static bool read_series(const struct vo_record *record, struct series *series)
{
    const struct vo_json *subject = vo_json_get(record->json, "subject");
    const char *start = vo_json_get_text(record->json, "start");
    *series =
        (struct series){.run = record->run,
                        .id = vo_json_text(subject) ? vo_json_text(subject) : vo_json_get_text(subject, "id"),
                        .key = vo_json_get_text(subject, "key"),
                        .kind = vo_json_get_text(subject, "kind"),
                        .columns = vo_json_get(record->json, "columns"),
                        .step_s = vo_json_double(vo_json_get(record->json, "step_s")),
                        .n = record->n};
    return series->id && series->columns && series->step_s > 0 && series->step_s <= STEP_MAX_S && start &&
           vo_time_parse(start, &series->start, NULL) == VO_OK;
}

/* When a step begins; VO_TIME_UNKNOWN: beyond all times. */
static vo_time step_start(const struct series *series, size_t number)
{
    double offset = (double)number * series->step_s * 1e9;
    return offset < 1e18 && (double)series->start + offset < 9e18 ? series->start + (vo_time)offset
                                                                  : VO_TIME_UNKNOWN;
}

static struct vo_timeline_loss *get_loss(struct vo_timeline *timeline, const struct series *series)
{
    const char *const parts[VO_NAME_PARTS] = {series->run, series->id, series->key ? series->key : ""};
    struct vo_name *name = vo_names_get(&timeline->losses, &timeline->arena, parts);
    if (!name || name->object)
        return name ? name->object : NULL;
    struct vo_timeline_loss *loss = vo_arena_get(&timeline->arena, sizeof *loss);
    if (!loss)
        return NULL;
    loss->run = timeline->facts->last_run;
    loss->id = name->parts[1];
    loss->key = series->key ? name->parts[2] : NULL;
    loss->next = timeline->first_loss;
    timeline->first_loss = loss;
    name->object = loss;
    return loss;
}

static bool add_losses(struct vo_timeline *timeline, const struct series *series)
{
    const struct vo_json *lost =
        vo_json_child(vo_json_get(series->columns, vo_metrics[VO_METRIC_RTP_LOST_PACKETS].name));
    const struct vo_json *expected =
        vo_json_child(vo_json_get(series->columns, vo_metrics[VO_METRIC_RTP_EXPECTED_PACKETS].name));
    for (size_t i = 0; lost; i++, lost = vo_json_next(lost), expected = vo_json_next(expected)) {
        double count = vo_json_double(lost);
        vo_time start = step_start(series, i);
        if (!(count > 0 && count < 1e15) || start == VO_TIME_UNKNOWN)
            continue;
        struct vo_timeline_loss *loss = get_loss(timeline, series);
        struct vo_loss_step *steps =
            loss ? make_room(loss->steps, loss->count, &loss->room, sizeof *steps) : NULL;
        if (!steps)
            return false;
        loss->steps = steps;
        loss->steps[loss->count++] =
            (struct vo_loss_step){start, series->step_s, count, vo_json_double(expected), series->n};
    }
    return true;
}

static const enum vo_metric columns[VO_AIR_COLUMNS] = {
    [VO_AIR_SIGNAL_DBM] = VO_METRIC_WLAN_SIGNAL_DBM,
    [VO_AIR_SENT] = VO_METRIC_WLAN_SENT_FRAMES,
    [VO_AIR_UNDELIVERED] = VO_METRIC_WLAN_UNDELIVERED_FRAMES,
    [VO_AIR_RETRIES] = VO_METRIC_WLAN_RETRY_FRAMES,
    [VO_AIR_BUSY_MS] = VO_METRIC_WLAN_BUSY_MS,
    [VO_AIR_OBSERVED_MS] = VO_METRIC_WLAN_OBSERVED_MS,
};

/* "wlan0 02:00:…": the interface of a link. */
static const char *interface_of(struct vo_timeline *timeline, const char *id)
{
    size_t size = strcspn(id, " ");
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)(size < 63 ? size : 63), id);
    return keep(timeline, text);
}

static struct vo_air_track *get_track(struct vo_timeline *timeline, const struct series *series)
{
    const char *const parts[VO_NAME_PARTS] = {series->run, series->kind, series->id};
    struct vo_name *name = vo_names_get(&timeline->tracks, &timeline->arena, parts);
    if (!name || name->object)
        return name ? name->object : NULL;
    struct vo_air_track *track = vo_arena_get(&timeline->arena, sizeof *track);
    if (!track)
        return NULL;
    track->run = timeline->facts->last_run;
    track->name = name->parts[2];
    track->step_s = series->step_s;
    track->interface = strcmp(series->kind, "link") == 0 ? interface_of(timeline, series->id) : NULL;
    if (timeline->last_track)
        timeline->last_track->next = track;
    else
        timeline->first_track = track;
    timeline->last_track = track;
    name->object = track;
    return track;
}

/* The busy time of the driver, or the airtime of frames heard. */
static const struct vo_json *column_of(const struct series *series, unsigned column, bool *heard)
{
    const struct vo_json *list = vo_json_get(series->columns, vo_metrics[columns[column]].name);
    if (list || column != VO_AIR_BUSY_MS)
        return vo_json_child(list);
    list = vo_json_get(series->columns, vo_metrics[VO_METRIC_WLAN_AIRTIME_MS].name);
    *heard = list != NULL;
    return vo_json_child(list);
}

static bool add_steps(struct vo_timeline *timeline, const struct series *series)
{
    const struct vo_json *cells[VO_AIR_COLUMNS];
    struct vo_air_track *track = get_track(timeline, series);
    bool more = false, heard = false;
    if (!track)
        return false;
    if (fabs(track->step_s - series->step_s) > 1e-9)
        return true;
    for (unsigned c = 0; c < VO_AIR_COLUMNS; c++) {
        cells[c] = column_of(series, c, &heard);
        more = more || cells[c];
    }
    track->heard = heard;
    for (size_t i = 0; more; i++) {
        struct vo_air_step step = {.start = step_start(series, i), .n = series->n};
        more = false;
        for (unsigned c = 0; c < VO_AIR_COLUMNS; c++) {
            double value = vo_json_double(cells[c]);
            step.values[c] = fabs(value) < VALUE_MAX ? (float)value : NAN;
            cells[c] = vo_json_next(cells[c]);
            more = more || cells[c];
        }
        if (step.start == VO_TIME_UNKNOWN)
            continue;
        struct vo_air_step *steps = make_room(track->steps, track->count, &track->room, sizeof *steps);
        if (!steps)
            return false;
        track->steps = steps;
        track->unordered =
            track->unordered || (track->count && step.start < track->steps[track->count - 1].start);
        track->steps[track->count++] = step;
    }
    return true;
}

/* A subject that is an id alone is told by its columns. */
static bool add_series(struct vo_timeline *timeline, const struct vo_record *record)
{
    struct series series;
    if (!read_series(record, &series))
        return true;
    if (vo_json_get(series.columns, vo_metrics[VO_METRIC_RTP_LOST_PACKETS].name))
        return add_losses(timeline, &series);
    if (!series.kind)
        series.kind =
            vo_json_get(series.columns, vo_metrics[VO_METRIC_WLAN_OBSERVED_MS].name) ? "channel" : "link";
    if (strcmp(series.kind, "link") == 0 || strcmp(series.kind, "channel") == 0)
        return add_steps(timeline, &series);
    return true;
}

/* --- Roams ---------------------------------------------------------------------------------------- */

static struct vo_air_moment *get_roam(struct vo_timeline *timeline, const struct vo_record *record)
{
    const char *id = vo_json_get_text(vo_json_get(record->json, "subject"), "id");
    const char *const parts[VO_NAME_PARTS] = {record->run, "roam", id ? id : ""};
    struct vo_name *name = vo_names_get(&timeline->moments, &timeline->arena, parts);
    if (!name || name->object)
        return name ? name->object : NULL;
    struct vo_air_moment *moment = vo_arena_get(&timeline->arena, sizeof *moment);
    if (!moment)
        return NULL;
    *moment = (struct vo_air_moment){.next = timeline->first_moment,
                                     .run = timeline->facts->last_run,
                                     .what = "roam",
                                     .id = name->parts[2],
                                     .from = VO_TIME_UNKNOWN,
                                     .until = VO_TIME_UNKNOWN,
                                     .value = NAN};
    timeline->first_moment = moment;
    name->object = moment;
    return moment;
}

/* "10:00:03.250Z" */
static const char *clock_text(const char *time)
{
    const char *day = strchr(time, 'T');
    return day ? day + 1 : time;
}

static const char *roam_text(struct vo_timeline *timeline, const struct vo_record *record, const char *time)
{
    const struct vo_json *subject = vo_json_get(record->json, "subject");
    const struct vo_json *metrics = vo_json_get(record->json, "metrics");
    const char *station = vo_json_get_text(subject, "station");
    const char *who = station ? station : vo_json_get_text(subject, "interface");
    const char *from = vo_json_get_text(subject, "from"), *to = vo_json_get_text(subject, "to");
    double gap = vo_json_double(vo_json_get(metrics, vo_metrics[VO_METRIC_WLAN_ROAM_GAP_MS].name));
    double level =
        vo_json_double(vo_json_get(metrics, vo_metrics[VO_METRIC_WLAN_ROAM_SIGNAL_BEFORE_DBM].name));
    struct vo_arena *arena = &timeline->arena;
    const char *text = vo_arena_format(
        arena, "%s%.60s roamed%s%.60s%s%.60s at %.40s", station ? "station " : "", who ? who : "a station",
        from ? " from " : "", from ? from : "", to ? " to " : "", to ? to : "", clock_text(time));
    if (isfinite(level))
        text = vo_arena_format(arena, "%s, at a level of %.1f dBm", text, level);
    if (isfinite(gap))
        text = vo_arena_format(arena, "%s, with a gap of %.0f ms in its data", text, gap);
    return text;
}

static bool add_roam(struct vo_timeline *timeline, const struct vo_record *record)
{
    const char *time = vo_json_get_text(record->json, "time");
    const struct vo_json *metrics = vo_json_get(record->json, "metrics");
    vo_time at;
    if (!time_of(record, &at))
        return true;
    struct vo_air_moment *moment = get_roam(timeline, record);
    if (!moment)
        return false;
    double gap = vo_json_double(vo_json_get(metrics, vo_metrics[VO_METRIC_WLAN_ROAM_GAP_MS].name));
    double events = vo_json_double(vo_json_get(metrics, vo_metrics[VO_METRIC_WLAN_ROAM_EVENTS_MS].name));
    vo_time around = (vo_time)(fmin(fmax(fmax(gap, events), 0), ROAM_MAX_MS) * 1e6);
    moment->text = roam_text(timeline, record, time);
    moment->n[0] = record->n;
    /* The event knows better when it began and ended. */
    if (moment->from == VO_TIME_UNKNOWN) {
        moment->from = at - around;
        moment->until = at + around;
    }
    return true;
}

/* The times that the event of a roam has, from the first to the last. */
static bool add_roam_event(struct vo_timeline *timeline, const struct vo_record *record)
{
    vo_time at, other, from = VO_TIME_UNKNOWN, until = VO_TIME_UNKNOWN;
    const char *key = vo_json_get_text(vo_json_get(record->json, "subject"), "key");
    const char *time = vo_json_get_text(record->json, "time");
    if (!time_of(record, &at))
        return true;
    from = until = at;
    for (const struct vo_json *item = vo_json_child(record->json); item; item = vo_json_next(item)) {
        if (!vo_json_text(item) || vo_time_parse(vo_json_text(item), &other, NULL) != VO_OK ||
            other < at - EVENT_MAX_NS || other > at + EVENT_MAX_NS)
            continue;
        from = other < from ? other : from;
        until = other > until ? other : until;
    }
    struct vo_air_moment *moment = get_roam(timeline, record);
    if (!moment)
        return false;
    moment->from = from;
    moment->until = until;
    moment->n[1] = record->n;
    if (!moment->text)
        moment->text = vo_arena_format(&timeline->arena, "a roam (%.120s) at %.40s",
                                       key ? key : "of a station", clock_text(time));
    return true;
}

/* --- Loads and visits ----------------------------------------------------------------------------- */

/* The visit of a record, by the label or field of `json`; visits are numbered by place. VO_INDEX_NONE: no
 * memory. */
static size_t get_stay(struct vo_timeline *timeline, const struct vo_record *record,
                       const struct vo_json *json)
{
    double visit = vo_json_double(vo_json_get(json, "visit"));
    uint64_t number = visit >= 1 && visit < 1e9 ? (uint64_t)visit : 0;
    const char *place = keep(timeline, vo_json_get_text(record->json, "place"));
    size_t before = timeline->stay_numbers.count;
    size_t stay = vo_index_get(&timeline->stay_numbers, (uint64_t)timeline->facts->last_run << 32 | number,
                               vo_index_of(place));
    if (stay == VO_INDEX_NONE)
        return VO_INDEX_NONE;
    struct vo_timeline_stay *stays = make_room(timeline->stays, stay, &timeline->stay_room, sizeof *stays);
    if (!stays)
        return VO_INDEX_NONE;
    timeline->stays = stays;
    if (stay == before)
        timeline->stays[stay] = (struct vo_timeline_stay){VO_TIME_UNKNOWN, VO_TIME_UNKNOWN};
    return stay;
}

static bool add_load(struct vo_timeline *timeline, const struct vo_record *record)
{
    const struct vo_json *subject = vo_json_get(record->json, "subject");
    double percent = vo_json_double(vo_json_get(vo_json_get(record->json, "metrics"),
                                                vo_metrics[VO_METRIC_WLAN_UTILIZATION_PERCENT].name));
    const char *id = vo_json_get_text(subject, "id");
    if (!id || !(percent >= 0 && percent <= 100))
        return true;
    const char *bssid = keep(timeline, id);
    size_t stay = get_stay(timeline, record, subject);
    size_t number = stay == VO_INDEX_NONE ? VO_INDEX_NONE
                                          : vo_index_get(&timeline->load_numbers, stay, vo_index_of(bssid));
    if (number == VO_INDEX_NONE)
        return false;
    struct vo_timeline_load *loads = make_room(timeline->loads, number, &timeline->load_room, sizeof *loads);
    if (!loads)
        return false;
    timeline->loads = loads;
    timeline->loads[number] =
        (struct vo_timeline_load){timeline->facts->last_run, stay, bssid, percent, record->n};
    return true;
}

static bool add_stay(struct vo_timeline *timeline, const struct vo_record *record)
{
    const char *word = vo_json_get_text(record->json, "state");
    vo_time at;
    if (!word || !time_of(record, &at))
        return true;
    size_t stay = get_stay(timeline, record, record->json);
    if (stay == VO_INDEX_NONE)
        return false;
    if (strcmp(word, "begun") == 0)
        timeline->stays[stay].from = at;
    else if (strcmp(word, "ended") == 0)
        timeline->stays[stay].until = at;
    return true;
}

static bool add_observation(struct vo_timeline *timeline, const struct vo_record *record)
{
    const char *kind = vo_json_get_text(vo_json_get(record->json, "subject"), "kind");
    if (kind && strcmp(kind, "roam") == 0)
        return add_roam(timeline, record);
    return !kind || strcmp(kind, "bss") != 0 || add_load(timeline, record);
}

static bool add_event(struct vo_timeline *timeline, const struct vo_record *record)
{
    const char *kind = vo_json_get_text(record->json, "kind");
    if (kind && strcmp(kind, "wlan_roam") == 0)
        return add_roam_event(timeline, record);
    return !kind || strcmp(kind, "place") != 0 || add_stay(timeline, record);
}

enum vo_status vo_timeline_add(struct vo_timeline *timeline, const struct vo_record *record,
                               struct vo_error *error)
{
    bool good = true;
    if (strcmp(record->kind, "series") == 0)
        good = add_series(timeline, record);
    else if (strcmp(record->kind, "observation") == 0)
        good = add_observation(timeline, record);
    else if (strcmp(record->kind, "event") == 0)
        good = add_event(timeline, record);
    good = good && !timeline->arena.failed && !timeline->facts->arena.failed;
    return good ? VO_OK : vo_error_memory(error, "the records");
}
