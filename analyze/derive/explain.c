#include "analyze/derive/explain.h"

#include <math.h>
#include <string.h>

#define LEAST_ATTEMPTS    10  /* frames, for a share of retries */
#define LEAST_OBSERVED_MS 100 /* of a channel */
#define COVERED           0.8 /* share of a burst's time that records must cover */

const struct vo_explain_limits vo_explain_guide = {-70, 45, 20, 1};
const char *const vo_air_looks[VO_AIR_LOOKS] = {"signal", "retries", "undelivered", "busy"};

/* --- Sums over a stretch of time ------------------------------------------------------------------ */

struct sums {
    double least_dbm, signal_sum, signal_count;
    double sent, undelivered, sent_of_undelivered, retries, sent_of_retries;
    double busy_ms, observed_ms;
    double covered_s[VO_AIR_LOOKS]; /* time of the steps that told of it */
    size_t first, end;              /* steps */
};

static vo_time plus(vo_time time, double seconds)
{
    double sum = (double)time + seconds * 1e9;
    return sum >= 9.2e18 ? INT64_MAX : sum <= -9.2e18 ? INT64_MIN + 1 : time + (vo_time)(seconds * 1e9);
}

/* The first step that ends behind `time`. */
static size_t find_step(const struct vo_air_track *track, vo_time time)
{
    size_t low = 0, high = track->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (plus(track->steps[middle].start, track->step_s) <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_step(struct sums *sums, const struct vo_air_step *step)
{
    const float *values = step->values;
    double signal = values[VO_AIR_SIGNAL_DBM], sent = values[VO_AIR_SENT];
    double undelivered = values[VO_AIR_UNDELIVERED], retries = values[VO_AIR_RETRIES];
    double busy = values[VO_AIR_BUSY_MS], observed = values[VO_AIR_OBSERVED_MS];
    if (isfinite(signal)) {
        sums->least_dbm = fmin(sums->least_dbm, signal);
        sums->signal_sum += signal;
        sums->signal_count++;
    }
    if (sent >= 0)
        sums->sent += sent;
    if (sent >= 0 && undelivered >= 0) {
        sums->undelivered += undelivered;
        sums->sent_of_undelivered += sent;
    }
    if (sent >= 0 && retries >= 0) {
        sums->retries += retries;
        sums->sent_of_retries += sent;
    }
    if (busy >= 0 && observed > 0) {
        sums->busy_ms += busy;
        sums->observed_ms += observed;
    }
}

static bool tells(const struct vo_air_step *step, enum vo_air_look look)
{
    const float *values = step->values;
    switch (look) {
    case VO_AIR_LOOK_SIGNAL:
        return isfinite(values[VO_AIR_SIGNAL_DBM]);
    case VO_AIR_LOOK_RETRIES:
        return values[VO_AIR_SENT] >= 0 && values[VO_AIR_RETRIES] >= 0;
    case VO_AIR_LOOK_UNDELIVERED:
        return values[VO_AIR_SENT] >= 0 && values[VO_AIR_UNDELIVERED] >= 0;
    default:
        return values[VO_AIR_BUSY_MS] >= 0 && values[VO_AIR_OBSERVED_MS] > 0;
    }
}

/* The steps of a track that lie in a stretch of time, even in part. */
static struct sums sum_of(const struct vo_air_track *track, vo_time from, vo_time until)
{
    struct sums sums = {.least_dbm = INFINITY};
    sums.first = sums.end = find_step(track, from);
    for (; sums.end < track->count && track->steps[sums.end].start < until; sums.end++) {
        const struct vo_air_step *step = &track->steps[sums.end];
        vo_time end = plus(step->start, track->step_s);
        vo_time begin = step->start > from ? step->start : from;
        add_step(&sums, step);
        for (int look = 0; look < VO_AIR_LOOKS; look++)
            if (tells(step, (enum vo_air_look)look))
                sums.covered_s[look] += (double)((end < until ? end : until) - begin) / 1e9;
    }
    return sums;
}

/* --- What coincides ------------------------------------------------------------------------------- */

struct explaining {
    const struct vo_air *air;
    const struct vo_explain_limits *limits;
    struct vo_arena *arena;
    struct vo_explanation *it;
    vo_time from, until; /* with the margin */
};

static bool same_clock(const struct explaining *e, size_t run)
{
    return e->air->clocks[run] == e->air->clocks[e->it->run];
}

static struct vo_coincidence *add(const struct explaining *e, const char *what, size_t run, const char *text,
                                  size_t evidence)
{
    struct vo_explanation *it = e->it;
    if (it->with_count == VO_EXPLAIN_COINCIDENCES) {
        it->left_out++;
        return NULL;
    }
    struct vo_coincidence *made = vo_arena_get(e->arena, sizeof *made);
    struct vo_evidence *list = vo_arena_get(e->arena, (evidence + 1) * sizeof *list);
    if (!made || !list)
        return NULL;
    made->what = what;
    made->text = same_clock(e, run)
                     ? text
                     : vo_arena_format(e->arena, "%s (by another clock, which may differ)", text);
    made->evidence = list;
    if (it->last)
        it->last->next = made;
    else
        it->with = made;
    it->last = made;
    it->with_count++;
    return made;
}

static void add_of_track(const struct explaining *e, const char *what, const struct vo_air_track *track,
                         const struct sums *sums, const char *text)
{
    struct vo_coincidence *made = add(e, what, track->run, text, sums->end - sums->first);
    uint64_t last = 0;
    for (size_t i = sums->first; made && i < sums->end; i++) {
        if (track->steps[i].n == last)
            continue;
        last = track->steps[i].n;
        made->evidence[made->evidence_count++] = (struct vo_evidence){track->run, last};
    }
}

/* "; in the 30 s before: ", or nothing if nothing was told of them. */
static const char *before_text(const struct explaining *e, bool told, double value, const char *unit)
{
    return told ? vo_arena_format(e->arena, "; in the %g s before %.1f %s", VO_EXPLAIN_BEFORE_S, value, unit)
                : "";
}

static double share(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : NAN;
}

static void look_at_signal(const struct explaining *e, const struct vo_air_track *track,
                           const struct sums *now, const struct sums *before)
{
    if (!(now->signal_count > 0) || !(now->least_dbm < e->limits->signal_dbm))
        return;
    const char *past = before_text(e, before->signal_count > 0, before->signal_sum / before->signal_count,
                                   "dBm in the mean");
    add_of_track(e, "signal", track, now,
                 vo_arena_format(e->arena, "the level of %s was down to %.1f dBm (limit: %g dBm)%s",
                                 track->name, now->least_dbm, e->limits->signal_dbm, past));
}

static void look_at_delivery(const struct explaining *e, const struct vo_air_track *track,
                             const struct sums *now, const struct sums *before)
{
    double retries = share(now->retries, now->sent_of_retries + now->retries);
    double undelivered = share(now->undelivered, now->sent_of_undelivered);
    double retries_before = share(before->retries, before->sent_of_retries + before->retries);
    double undelivered_before = share(before->undelivered, before->sent_of_undelivered);
    if (retries >= e->limits->retry_percent && now->sent_of_retries + now->retries >= LEAST_ATTEMPTS)
        add_of_track(e, "retries", track, now,
                     vo_arena_format(e->arena,
                                     "of the frames on %s %.1f %% were repetitions (%.0f of %.0f)%s",
                                     track->name, retries, now->retries, now->sent_of_retries + now->retries,
                                     before_text(e, isfinite(retries_before), retries_before, "%")));
    if (now->undelivered > 0 && undelivered >= e->limits->undelivered_percent)
        add_of_track(
            e, "undelivered", track, now,
            vo_arena_format(e->arena,
                            "of the frames sent on %s %.1f %% were never acknowledged (%.0f of %.0f)%s",
                            track->name, undelivered, now->undelivered, now->sent_of_undelivered,
                            before_text(e, isfinite(undelivered_before), undelivered_before, "%")));
}

/* The longest that a channel of this run was listened to in the stretch. */
static double most_observed(const struct explaining *e, size_t run)
{
    double most = 0;
    for (const struct vo_air_track *track = e->air->tracks; track; track = track->next)
        if (track->run == run)
            most = fmax(most, sum_of(track, e->from, e->until).observed_ms);
    return most;
}

/* Channels that a scan only touched are not the one that the stream went over. */
static void look_at_busy(const struct explaining *e, const struct vo_air_track *track, const struct sums *now,
                         const struct sums *before)
{
    double busy = share(now->busy_ms, now->observed_ms), past = share(before->busy_ms, before->observed_ms);
    if (now->observed_ms < LEAST_OBSERVED_MS || !(busy >= e->limits->busy_percent) ||
        now->observed_ms < most_observed(e, track->run) / 2)
        return;
    add_of_track(e, "busy", track, now,
                 vo_arena_format(e->arena, "%s was %s for %.1f %% of the time (limit: %g %%)%s", track->name,
                                 track->heard ? "filled with frames that were heard" : "busy",
                                 fmin(busy, 100), e->limits->busy_percent,
                                 before_text(e, isfinite(past), fmin(past, 100), "%")));
}

static void look_at_track(const struct explaining *e, const struct vo_air_track *track)
{
    struct sums now = sum_of(track, e->from, e->until);
    if (now.first == now.end)
        return;
    struct sums before = sum_of(track, plus(e->from, -VO_EXPLAIN_BEFORE_S), e->from);
    look_at_signal(e, track, &now, &before);
    look_at_delivery(e, track, &now, &before);
    look_at_busy(e, track, &now, &before);
}

static void look_at_moment(const struct explaining *e, const struct vo_air_moment *moment)
{
    if (moment->from > e->until || moment->until < e->from)
        return;
    if (strcmp(moment->what, "busy") == 0 && !(moment->value >= e->limits->busy_percent))
        return;
    struct vo_coincidence *made = add(e, moment->what, moment->run, moment->text, 2);
    for (size_t i = 0; made && i < 2; i++)
        if (moment->n[i])
            made->evidence[made->evidence_count++] = (struct vo_evidence){moment->run, moment->n[i]};
}

/* --- Whether anything would have been seen -------------------------------------------------------- */

static double covered_s(const struct explaining *e, const struct vo_air_track *track, enum vo_air_look look)
{
    return sum_of(track, e->it->from, e->it->until).covered_s[look];
}

/* A channel by itself, an interface with all its links: one goes on where another ends. */
static bool is_covered(const struct explaining *e, enum vo_air_look look)
{
    double length_s = (double)(e->it->until - e->it->from) / 1e9;
    for (const struct vo_air_track *track = e->air->tracks; track; track = track->next) {
        double sum = same_clock(e, track->run) ? covered_s(e, track, look) : 0;
        const struct vo_air_track *other = track->interface && sum > 0 ? track->next : NULL;
        for (; other; other = other->next)
            if (other->run == track->run && other->interface &&
                strcmp(other->interface, track->interface) == 0)
                sum += covered_s(e, other, look);
        if (sum > 0 && sum >= COVERED * length_s)
            return true;
    }
    return false;
}

void vo_explain_burst(const struct vo_air *air, const struct vo_explain_limits *limits,
                      struct vo_arena *arena, struct vo_explanation *explanation)
{
    const struct explaining e = {air,
                                 limits,
                                 arena,
                                 explanation,
                                 plus(explanation->from, -VO_EXPLAIN_MARGIN_S),
                                 plus(explanation->until, VO_EXPLAIN_MARGIN_S)};
    for (const struct vo_air_moment *moment = air->moments; moment; moment = moment->next)
        look_at_moment(&e, moment);
    for (const struct vo_air_track *track = air->tracks; track; track = track->next)
        look_at_track(&e, track);
    for (int look = 0; look < VO_AIR_LOOKS; look++)
        if (is_covered(&e, (enum vo_air_look)look))
            explanation->looked_at |= 1u << look;
}
