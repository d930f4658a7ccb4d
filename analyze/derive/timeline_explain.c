/* Every burst of a timeline against its air. */
#include "analyze/derive/derive.h"
#include "analyze/derive/timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BURSTS_MAX ((size_t)1000000)

/* A burst and whose it is. */
struct found {
    const struct vo_timeline_loss *loss;
    struct vo_loss_burst burst;
};

struct explaining {
    struct vo_timeline *timeline;
    struct vo_arena *arena; /* of the explanations */
    struct vo_arena own;    /* of what is needed meanwhile */
    struct vo_air air;
    struct vo_explain_limits limits;
    struct found *found;
    size_t count, room;
    struct vo_explanation **list;
    size_t explained;
};

/* --- Clocks --------------------------------------------------------------------------------------- */

/* Runs of one host that measured live, or that read the same files, have one clock; any other has its own. */
static bool number_clocks(struct explaining *e)
{
    const struct vo_facts *facts = e->timeline->facts;
    struct vo_names names = {.buckets = NULL};
    unsigned *clocks = vo_arena_get(&e->own, (facts->run_count + 1) * sizeof *clocks);
    bool good = true;
    for (size_t i = 0; good && clocks && i < facts->run_count; i++) {
        const struct vo_facts_run *run = &facts->runs[i];
        clocks[i] = (unsigned)i;
        if (!run->host || (!run->interface && !run->source))
            continue;
        const char *const parts[VO_NAME_PARTS] = {run->host, run->interface ? "live" : "files",
                                                  run->interface ? "" : run->source};
        struct vo_name *name = vo_names_get(&names, &e->own, parts);
        good = name != NULL;
        if (name && !name->object)
            name->object = &clocks[i];
        if (name)
            clocks[i] = *(unsigned *)name->object;
    }
    vo_names_release(&names);
    e->air.clocks = clocks;
    return good && clocks && !e->own.failed;
}

/* --- The air -------------------------------------------------------------------------------------- */

static int compare_steps(const void *left, const void *right)
{
    const struct vo_air_step *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

static int compare_losses(const void *left, const void *right)
{
    const struct vo_loss_step *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

static void put_in_order(struct vo_timeline *timeline)
{
    for (struct vo_air_track *track = timeline->first_track; track; track = track->next) {
        if (track->unordered)
            qsort(track->steps, track->count, sizeof *track->steps, compare_steps);
        track->unordered = false;
    }
    for (struct vo_timeline_loss *loss = timeline->first_loss; loss; loss = loss->next) {
        bool ordered = true;
        for (size_t i = 1; i < loss->count && ordered; i++)
            ordered = loss->steps[i - 1].start <= loss->steps[i].start;
        if (!ordered)
            qsort(loss->steps, loss->count, sizeof *loss->steps, compare_losses);
    }
}

/* Whether this host had a link to the BSS in that run, or another one of the same clock. */
static bool had_link(const struct explaining *e, const struct vo_timeline_load *load)
{
    for (const struct vo_air_track *track = e->timeline->first_track; track; track = track->next) {
        const char *bssid = track->interface ? strchr(track->name, ' ') : NULL;
        if (bssid && strcmp(bssid + 1, load->bssid) == 0 &&
            e->air.clocks[track->run] == e->air.clocks[load->run])
            return true;
    }
    return false;
}

static vo_time time_of(const char *text)
{
    vo_time time;
    return text && vo_time_parse(text, &time, NULL) == VO_OK ? time : VO_TIME_UNKNOWN;
}

/* A load that was announced over a short time, as something that happened then. */
static void add_load(struct explaining *e, const struct vo_timeline_load *load)
{
    const struct vo_facts_run *run = &e->timeline->facts->runs[load->run];
    struct vo_timeline_stay stay = e->timeline->stays[load->stay];
    if (stay.from == VO_TIME_UNKNOWN && run->interface)
        stay = (struct vo_timeline_stay){time_of(run->started), time_of(run->finished)};
    if (stay.from == VO_TIME_UNKNOWN || stay.until == VO_TIME_UNKNOWN || stay.until < stay.from ||
        (double)stay.until - (double)stay.from > VO_TIMELINE_VISIT_S * 1e9 || !had_link(e, load))
        return;
    struct vo_air_moment *moment = vo_arena_get(&e->own, sizeof *moment);
    if (!moment)
        return;
    *moment = (struct vo_air_moment){.next = (struct vo_air_moment *)e->air.moments,
                                     .run = load->run,
                                     .what = "busy",
                                     .id = load->bssid,
                                     .from = stay.from,
                                     .until = stay.until,
                                     .value = load->percent,
                                     .n = {load->n, 0}};
    moment->text =
        vo_arena_format(e->arena, "%s announced that its channel was in use for %.1f %% of the time",
                        load->bssid, load->percent);
    e->air.moments = moment;
}

static void set_limits(struct explaining *e)
{
    const struct vo_rules *rules = e->timeline->facts->rules;
    const struct {
        const char *kind;
        enum vo_metric metric;
        bool least;
        double *limit;
    } rows[] = {
        {"cell", VO_METRIC_WLAN_SIGNAL_DBM, true, &e->limits.signal_dbm},
        {"link", VO_METRIC_WLAN_SIGNAL_DBM, true, &e->limits.signal_dbm},
        {"bss", VO_METRIC_WLAN_UTILIZATION_PERCENT, false, &e->limits.busy_percent},
        {"channel", VO_METRIC_WLAN_BUSY_PERCENT, false, &e->limits.busy_percent},
        {"link", VO_METRIC_WLAN_PER_PERCENT, false, &e->limits.undelivered_percent},
        {"link", VO_METRIC_WLAN_RETRY_PERCENT, false, &e->limits.retry_percent},
    };
    e->limits = vo_explain_guide;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double limit = vo_derive_limit(rules, rows[i].kind, rows[i].metric, rows[i].least);
        if (isfinite(limit))
            *rows[i].limit = limit;
    }
}

/* --- Bursts --------------------------------------------------------------------------------------- */

static bool find_bursts(struct explaining *e)
{
    for (const struct vo_timeline_loss *loss = e->timeline->first_loss; loss; loss = loss->next) {
        struct vo_loss_burst burst;
        for (size_t at = 0; vo_loss_next_burst(loss->steps, loss->count, &at, &burst);) {
            if (e->count == BURSTS_MAX)
                return true;
            if (e->count == e->room) {
                size_t room = e->room ? 2 * e->room : 64;
                struct found *grown = realloc(e->found, room * sizeof *grown);
                if (!grown)
                    return false;
                e->found = grown;
                e->room = room;
            }
            e->found[e->count++] = (struct found){loss, burst};
        }
    }
    return true;
}

/* Most lost packets first; then by time and id, so that equal ones come in the same order each time. */
static int compare_found(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    if (a->burst.lost != b->burst.lost)
        return a->burst.lost < b->burst.lost ? 1 : -1;
    if (a->burst.from != b->burst.from)
        return a->burst.from > b->burst.from ? 1 : -1;
    return strcmp(a->loss->id, b->loss->id);
}

static int compare_explanations(const void *left, const void *right)
{
    const struct vo_explanation *a = *(struct vo_explanation *const *)left,
                                *b = *(struct vo_explanation *const *)right;
    if (a->from != b->from)
        return a->from > b->from ? 1 : -1;
    return strcmp(a->id, b->id);
}

static void set_evidence(struct explaining *e, const struct found *found, struct vo_explanation *it)
{
    it->evidence = vo_arena_get(e->arena, found->burst.count * sizeof *it->evidence);
    for (size_t i = 0; it->evidence && i < found->burst.count; i++) {
        uint64_t n = found->loss->steps[found->burst.first + i].n;
        if (!it->evidence_count || it->evidence[it->evidence_count - 1].n != n)
            it->evidence[it->evidence_count++] = (struct vo_evidence){found->loss->run, n};
    }
}

static bool explain(struct explaining *e, const struct found *found)
{
    struct vo_explanation *it = vo_arena_get(e->arena, sizeof *it);
    if (!it)
        return false;
    *it = (struct vo_explanation){.run = found->loss->run,
                                  .id = found->loss->id,
                                  .key = found->loss->key,
                                  .from = found->burst.from,
                                  .until = found->burst.until,
                                  .lost = found->burst.lost,
                                  .expected = found->burst.expected};
    vo_explain_burst(&e->air, &e->limits, e->arena, it);
    if (!it->with_count && !it->looked_at)
        return true;
    set_evidence(e, found, it);
    e->list[e->explained++] = it;
    return true;
}

static bool explain_all(struct explaining *e)
{
    struct vo_timeline *timeline = e->timeline;
    if (!timeline->first_loss || (!timeline->first_track && !timeline->first_moment))
        return true;
    put_in_order(timeline);
    set_limits(e);
    e->air.tracks = timeline->first_track;
    e->air.moments = timeline->first_moment;
    e->list = vo_arena_get(&e->own, VO_TIMELINE_EXPLANATIONS * sizeof(struct vo_explanation *));
    if (!e->list || !number_clocks(e) || !find_bursts(e))
        return false;
    for (size_t i = 0; i < timeline->load_numbers.count; i++)
        add_load(e, &timeline->loads[i]);
    if (e->count)
        qsort(e->found, e->count, sizeof *e->found, compare_found);
    for (size_t i = 0; i < e->count && e->explained < VO_TIMELINE_EXPLANATIONS; i++)
        if (!explain(e, &e->found[i]))
            return false;
    return true;
}

enum vo_status vo_timeline_explain(struct vo_timeline *timeline, struct vo_arena *arena,
                                   const struct vo_explanation **list, struct vo_error *error)
{
    struct explaining e = {.timeline = timeline, .arena = arena};
    *list = NULL;
    bool good = explain_all(&e) && !e.own.failed && !arena->failed;
    if (good && e.explained) {
        qsort(e.list, e.explained, sizeof *e.list, compare_explanations);
        for (size_t i = 0; i + 1 < e.explained; i++)
            e.list[i]->next = e.list[i + 1];
        *list = e.list[0];
    }
    free(e.found);
    vo_arena_release(&e.own);
    return good ? VO_OK : vo_error_memory(error, "the explanations");
}
