/* Access points: how far each one's cell overlaps that of its best neighbour, counted in places (guide 13.4).
 */
#include "analyze/derive/index.h"
#include "analyze/derive/parts.h"
#include "core/estimate/place.h"

#include <math.h>
#include <string.h>

#define LEAST_PLACES 3
#define LABELS       8
#define WORK_MAX     ((size_t)200000000) /* comparisons: a hostile file must not stop the others */

/* An access point of an SSID as it was heard at a place: its strongest BSS. */
struct heard {
    size_t pair; /* number of SSID and access point */
    const struct vo_survey_bss *bss;
    double dbm; /* NAN: heard without a level */
};

/* An access point of an SSID. */
struct pair {
    const char *ssid;
    size_t access_point;
    size_t begin, count; /* its entries in `order` */
};

struct overlaps {
    const struct vo_derive_context *context;
    struct vo_arena arena;
    struct vo_index pairs, ssids;
    size_t *walked;      /* by SSID: places of the walk */
    struct heard *heard; /* by place */
    size_t heard_count, *place_begin, place_count;
    struct pair *list;
    size_t *order;         /* indexes of `heard` by pair, and of each the place */
    size_t *places;        /* of each of `heard`, the place */
    size_t *shared, *open; /* by pair: scratch */
    double *first, *second;
    size_t work;
};

void vo_derive_want_overlaps(struct vo_facts *facts)
{
    vo_facts_want(facts, "access_point", VO_METRIC_WLAN_OVERLAP_PERCENT);
    vo_facts_want(facts, "access_point", VO_METRIC_WLAN_COVERED_PLACES);
    vo_facts_want(facts, "bss", VO_METRIC_WLAN_SIGNAL_DBM);
    vo_facts_want(facts, "bss", VO_METRIC_WLAN_SIGNAL_FRAMES);
    vo_facts_want(facts, "bss", VO_METRIC_WLAN_SCANS);
    vo_facts_want(facts, "cell", VO_METRIC_WLAN_COVERAGE);
    vo_facts_want(facts, "cell", VO_METRIC_WLAN_SCANS);
}

/* A place with a name that was scanned for the SSID: one where it was not heard is an answer, too. */
static bool is_walked(const struct vo_survey_place *place, const struct vo_survey_ssid *ssid)
{
    return place->name && (ssid->scans >= 1 || ssid->told_heard || ssid->told_gone);
}

static void hear(struct overlaps *it, size_t first_of_place, size_t place, const struct vo_survey_bss *bss)
{
    double dbm = vo_level_mean_dbm(&bss->level);
    size_t pair = vo_index_get(&it->pairs, vo_index_of(bss->ssid), bss->access_point);
    for (size_t i = it->heard_count; i-- > first_of_place;) {
        struct heard *other = &it->heard[i];
        if (other->pair != pair)
            continue;
        if (dbm > other->dbm || isnan(other->dbm)) {
            other->dbm = dbm;
            other->bss = bss;
        }
        return;
    }
    it->places[it->heard_count] = place;
    it->heard[it->heard_count++] = (struct heard){pair, bss, dbm};
}

static void hear_place(struct overlaps *it, size_t number)
{
    const struct vo_survey_place *place = &it->context->survey->places[number];
    size_t first = it->heard_count;
    for (size_t i = 0; i < place->ssid_count; i++) {
        if (!is_walked(place, &place->ssids[i]))
            continue;
        size_t ssid = vo_index_get(&it->ssids, vo_index_of(place->ssids[i].ssid), 0);
        if (ssid != VO_INDEX_NONE)
            it->walked[ssid]++;
        for (size_t k = 0; k < place->bss_count; k++)
            if (place->bss[k].ssid == place->ssids[i].ssid) {
                it->work += it->heard_count - first;
                if (it->work < WORK_MAX)
                    hear(it, first, number, &place->bss[k]);
            }
    }
}

static bool gather(struct overlaps *it)
{
    const struct vo_survey *survey = it->context->survey;
    size_t most = 0;
    for (size_t i = 0; i < survey->place_count; i++)
        most += survey->places[i].bss_count;
    it->place_count = survey->place_count;
    it->heard = vo_arena_get(&it->arena, (most + 1) * sizeof *it->heard);
    it->walked = vo_arena_get(&it->arena, (survey->cell_count + 1) * sizeof *it->walked);
    it->places = vo_arena_get(&it->arena, (most + 1) * sizeof *it->places);
    it->order = vo_arena_get(&it->arena, (most + 1) * sizeof *it->order);
    it->place_begin = vo_arena_get(&it->arena, (it->place_count + 1) * sizeof *it->place_begin);
    if (it->arena.failed)
        return false;
    for (size_t i = 0; i < it->place_count; i++) {
        it->place_begin[i] = it->heard_count;
        hear_place(it, i);
    }
    it->place_begin[it->place_count] = it->heard_count;
    return !it->pairs.failed && !it->ssids.failed;
}

/* The entries of each access point, in the order of places. */
static bool sort_pairs(struct overlaps *it)
{
    size_t count = it->pairs.count, sum = 0;
    it->list = vo_arena_get(&it->arena, (count + 1) * sizeof *it->list);
    it->shared = vo_arena_get(&it->arena, (count + 1) * sizeof *it->shared);
    it->open = vo_arena_get(&it->arena, (count + 1) * sizeof *it->open);
    it->first = vo_arena_get(&it->arena, (it->place_count + 1) * sizeof *it->first);
    it->second = vo_arena_get(&it->arena, (it->place_count + 1) * sizeof *it->second);
    if (it->arena.failed)
        return false;
    for (size_t i = 0; i < it->heard_count; i++) {
        struct pair *pair = &it->list[it->heard[i].pair];
        pair->ssid = it->heard[i].bss->ssid;
        pair->access_point = it->heard[i].bss->access_point;
        pair->count++;
    }
    for (size_t i = 0; i < count; i++) {
        it->list[i].begin = sum;
        sum += it->list[i].count;
        it->list[i].count = 0;
    }
    for (size_t i = 0; i < it->heard_count; i++) {
        struct pair *pair = &it->list[it->heard[i].pair];
        it->order[pair->begin + pair->count++] = i;
    }
    return true;
}

/* --- One access point ----------------------------------------------------------------------------- */

/* Counts at how many of the places where `pair` covers each other one does, too, or may. */
static void count_shared(struct overlaps *it, const struct pair *pair)
{
    double boundary = it->context->boundary_dbm;
    memset(it->shared, 0, it->pairs.count * sizeof *it->shared);
    memset(it->open, 0, it->pairs.count * sizeof *it->open);
    it->work += it->pairs.count;
    for (size_t i = 0; i < pair->count; i++) {
        const struct heard *own = &it->heard[it->order[pair->begin + i]];
        size_t place = it->places[it->order[pair->begin + i]];
        if (!(own->dbm >= boundary))
            continue;
        it->work += it->place_begin[place + 1] - it->place_begin[place];
        for (size_t k = it->place_begin[place]; k < it->place_begin[place + 1]; k++) {
            it->shared[it->heard[k].pair] += it->heard[k].dbm >= boundary;
            it->open[it->heard[k].pair] += isnan(it->heard[k].dbm);
        }
    }
}

/* The neighbour that covers most of the places; NULL: none covers any. */
static const struct pair *best_neighbour(const struct overlaps *it, const struct pair *pair, bool *others,
                                         bool *open)
{
    const char *const *names = it->context->survey->access_points;
    const struct pair *best = NULL;
    size_t most = 0;
    *others = *open = false;
    for (size_t i = 0; i < it->pairs.count; i++) {
        const struct pair *other = &it->list[i];
        if (other == pair || other->ssid != pair->ssid || !other->count)
            continue;
        *others = true;
        *open = *open || it->open[i];
        bool first = best && it->shared[i] == most &&
                     strcmp(names[other->access_point], names[best->access_point]) < 0;
        if (it->shared[i] > most || (first && most)) {
            best = other;
            most = it->shared[i];
        }
    }
    return best;
}

/* The level of an access point at a place; NAN: not heard, or without a level. */
static double level_at(const struct overlaps *it, const struct pair *pair, size_t place,
                       const struct vo_survey_bss **bss)
{
    size_t number = (size_t)(pair - it->list);
    *bss = NULL;
    for (size_t k = it->place_begin[place]; k < it->place_begin[place + 1]; k++)
        if (it->heard[k].pair == number) {
            *bss = it->heard[k].bss;
            return it->heard[k].dbm;
        }
    return NAN;
}

static void add_evidence(const struct overlaps *it, struct vo_fact *fact, const struct vo_survey_bss *bss)
{
    for (size_t i = 0; bss && i < bss->fact_count; i++)
        vo_derive_evidence(it->context->facts, fact, bss->facts[i]);
}

/* Levels of both at the places where the first was heard; evidence of those that count. */
static struct vo_place_overlap compare(const struct overlaps *it, const struct pair *pair,
                                       const struct pair *neighbour, struct vo_fact *fact)
{
    const struct vo_survey_bss *theirs = NULL;
    double boundary = it->context->boundary_dbm;
    for (size_t i = 0; i < pair->count; i++) {
        const struct heard *own = &it->heard[it->order[pair->begin + i]];
        it->first[i] = own->dbm;
        it->second[i] = NAN;
        if (neighbour)
            it->second[i] = level_at(it, neighbour, it->places[it->order[pair->begin + i]], &theirs);
        if (!(own->dbm >= boundary))
            continue;
        add_evidence(it, fact, own->bss);
        if (it->second[i] >= boundary)
            add_evidence(it, fact, theirs);
    }
    return vo_place_overlap(it->first, it->second, pair->count, boundary);
}

static struct vo_fact *begin(const struct overlaps *it, const struct pair *pair)
{
    struct vo_facts *facts = it->context->facts;
    const char *name = it->context->survey->access_points[pair->access_point];
    const char *id = vo_arena_format(&facts->derived.arena, "%s %s", pair->ssid, name);
    struct vo_fact *fact = vo_derive_begin(facts, "access_point", id, id, LABELS);
    vo_derive_label(facts, fact, "ssid", pair->ssid);
    vo_derive_label(facts, fact, "ap", name);
    size_t ssid = vo_index_find(&it->ssids, vo_index_of(pair->ssid), 0);
    vo_derive_label_number(facts, fact, "places", (double)it->walked[ssid]);
    vo_derive_label_number(facts, fact, "boundary_dbm", it->context->boundary_dbm);
    return fact;
}

static void put_overlap(const struct overlaps *it, struct vo_fact *fact, const struct pair *neighbour,
                        bool others, bool open, const struct vo_place_overlap *overlap)
{
    struct vo_facts *facts = it->context->facts;
    const char *const *names = it->context->survey->access_points;
    const enum vo_metric metric = VO_METRIC_WLAN_OVERLAP_PERCENT;
    vo_derive_number(facts, fact, VO_METRIC_WLAN_COVERED_PLACES, (double)overlap->covered, NULL, NAN);
    if (overlap->covered < LEAST_PLACES) {
        vo_derive_missing(
            facts, fact, metric,
            "it reaches %g dBm at %zu place%s of the walk, where %d are needed to tell an overlap",
            it->context->boundary_dbm, overlap->covered, overlap->covered == 1 ? "" : "s", LEAST_PLACES);
        return;
    }
    if (!others) {
        vo_derive_missing(facts, fact, metric, "no other access point of the SSID was heard on the walk");
        return;
    }
    if (neighbour)
        vo_derive_label(facts, fact, "neighbour", names[neighbour->access_point]);
    vo_derive_label_number(facts, fact, "shared_places", (double)overlap->shared);
    vo_derive_number(facts, fact, metric, overlap->percent, open ? "lower_bound" : NULL, NAN);
}

static void make_access_point(struct overlaps *it, const struct pair *pair)
{
    struct vo_facts *facts = it->context->facts;
    struct vo_fact *fact = begin(it, pair);
    bool others, open;
    if (it->work >= WORK_MAX || isnan(it->context->boundary_dbm)) {
        const char *why =
            it->work >= WORK_MAX ? "too many access points at too many places" : vo_derive_no_boundary;
        vo_derive_missing(facts, fact, VO_METRIC_WLAN_OVERLAP_PERCENT, "%s", why);
        vo_derive_missing(facts, fact, VO_METRIC_WLAN_COVERED_PLACES, "%s", why);
    } else {
        count_shared(it, pair);
        const struct pair *neighbour = best_neighbour(it, pair, &others, &open);
        struct vo_place_overlap overlap = compare(it, pair, neighbour, fact);
        put_overlap(it, fact, neighbour, others, open, &overlap);
    }
    if (fact && !fact->evidence_count)
        add_evidence(it, fact, it->heard[it->order[pair->begin]].bss);
}

void vo_derive_overlaps(const struct vo_derive_context *context)
{
    struct vo_facts *facts = context->facts;
    struct overlaps it = {.context = context};
    const char *why = vo_derive_no_survey(context->survey);
    if (why) {
        struct vo_fact *fact =
            vo_derive_begin(facts, "access_point", "surveyed WLAN", "surveyed WLAN", LABELS);
        vo_derive_missing(facts, fact, VO_METRIC_WLAN_OVERLAP_PERCENT, "%s", why);
        vo_derive_missing(facts, fact, VO_METRIC_WLAN_COVERED_PLACES, "%s", why);
        vo_derive_evidence(facts, fact, context->survey->any);
        return;
    }
    bool good = gather(&it) && sort_pairs(&it);
    for (size_t i = 0; good && i < it.pairs.count; i++)
        if (it.list[i].count)
            make_access_point(&it, &it.list[i]);
    if (!good || it.arena.failed)
        facts->derived.arena.failed = true;
    vo_index_release(&it.pairs);
    vo_index_release(&it.ssids);
    vo_arena_release(&it.arena);
}
