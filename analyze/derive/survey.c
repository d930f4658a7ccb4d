#include "analyze/derive/survey.h"

#include "analyze/derive/index.h"

#include <math.h>
#include <string.h>

/* Observations of one kind, by place. */
struct sorted {
    const struct vo_fact **facts;
    size_t *begin; /* of each place, and the end of the last */
};

struct visit {
    double scans; /* of the channel that was scanned most; NaN: not told */
};

struct making {
    struct vo_facts *facts;
    struct vo_survey *survey;
    struct vo_index places;        /* by the address of the name */
    struct vo_index access_points; /* by the address of a BSSID */
    struct vo_index visits;        /* by place and run, and visit */
    struct vo_index visit_ssids;   /* by visit and SSID */
    struct visit *visit_list;
    size_t visit_room;
    size_t *parents; /* of access points that are part of others */
    struct sorted bss, cells;
};

static void *take(struct making *making, size_t count, size_t size)
{
    return vo_arena_get(&making->survey->arena, (count + 1) * size);
}

static const char *intern(struct making *making, const char *text)
{
    return vo_texts_get(&making->facts->texts, &making->facts->arena, text);
}

/* --- Sorting by place ----------------------------------------------------------------------------- */

static const struct vo_fact *first_read(const struct vo_facts_subject *subject)
{
    return subject->last_read ? subject->first : NULL;
}

static const struct vo_fact *next_read(const struct vo_facts_subject *subject, const struct vo_fact *fact)
{
    return fact == subject->last_read ? NULL : fact->next;
}

static size_t place_number(struct making *making, const struct vo_fact *fact)
{
    return vo_index_get(&making->places, vo_index_of(fact->place), 0);
}

/* Goes over the observations of a kind: counts them by place, or (`sorted`) puts them where they belong. */
static size_t go_over(struct making *making, const char *kind, size_t *at, struct sorted *sorted)
{
    size_t subjects = 0;
    for (const struct vo_facts_subject *subject = making->facts->subjects; subject; subject = subject->next) {
        if (strcmp(subject->kind, kind) != 0 || !first_read(subject))
            continue;
        subjects++;
        for (const struct vo_fact *fact = first_read(subject); fact; fact = next_read(subject, fact)) {
            size_t place = place_number(making, fact);
            if (place == VO_INDEX_NONE)
                return 0;
            if (sorted)
                sorted->facts[at[place]++] = fact;
            else if (at)
                at[place]++;
        }
    }
    return subjects;
}

static bool sort_kind(struct making *making, const char *kind, struct sorted *sorted)
{
    size_t places = making->places.count, sum = 0;
    size_t *counts = take(making, places, sizeof *counts);
    sorted->begin = take(making, places, sizeof *sorted->begin);
    if (!counts || !sorted->begin)
        return false;
    go_over(making, kind, counts, NULL);
    for (size_t i = 0; i <= places; i++) {
        size_t count = i < places ? counts[i] : 0;
        sorted->begin[i] = sum;
        if (i < places)
            counts[i] = sum;
        sum += count;
    }
    sorted->facts = take(making, sum, sizeof *sorted->facts);
    if (!sorted->facts)
        return false;
    go_over(making, kind, counts, sorted);
    return true;
}

static bool any_counts(const struct making *making, const struct sorted *sorted, size_t place)
{
    for (size_t i = sorted->begin[place]; i < sorted->begin[place + 1]; i++)
        if (vo_fact_counts(making->facts, sorted->facts[i]))
            return true;
    return false;
}

/* The observations of a place; of complete runs alone if `complete`. Returns how many. */
static size_t keep_facts(const struct making *making, struct sorted *sorted, size_t place, bool complete)
{
    const struct vo_fact **facts = sorted->facts + sorted->begin[place];
    size_t count = sorted->begin[place + 1] - sorted->begin[place], kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!complete || vo_fact_counts(making->facts, facts[i]))
            facts[kept++] = facts[i];
    return kept;
}

/* --- Access points -------------------------------------------------------------------------------- */

static size_t access_point(struct making *making, const char *bssid)
{
    return vo_index_get(&making->access_points, vo_index_of(intern(making, bssid)), 0);
}

static size_t root_of(size_t *parents, size_t number)
{
    while (parents[number] != number)
        number = parents[number] = parents[parents[number]];
    return number;
}

/* The one that stands for both is named by the smaller text: so it does not depend on the order of files. */
static void join(struct making *making, size_t one, size_t other)
{
    const char **names = making->survey->access_points;
    one = root_of(making->parents, one);
    other = root_of(making->parents, other);
    if (one == other)
        return;
    making->parents[other] = one;
    if (strcmp(names[other], names[one]) < 0)
        names[one] = names[other];
    names[other] = NULL;
}

static const char *ap_label(const struct vo_fact *fact)
{
    const char *ap = vo_fact_label(fact, "ap");
    return ap ? ap : fact->id;
}

/* First all names, then who belongs to whom. */
static bool group_access_points(struct making *making)
{
    struct vo_survey *survey = making->survey;
    const struct sorted *bss = &making->bss;
    size_t count = bss->begin[making->places.count];
    for (size_t i = 0; i < count; i++) {
        (void)access_point(making, ap_label(bss->facts[i]));
        (void)access_point(making, bss->facts[i]->id);
    }
    survey->access_point_count = making->access_points.count;
    survey->access_points = take(making, survey->access_point_count, sizeof *survey->access_points);
    making->parents = take(making, survey->access_point_count, sizeof *making->parents);
    if (making->access_points.failed || !survey->access_points || !making->parents)
        return false;
    for (size_t i = 0; i < survey->access_point_count; i++)
        making->parents[i] = i;
    for (size_t i = 0; i < count; i++) {
        size_t ap = access_point(making, ap_label(bss->facts[i]));
        size_t own = access_point(making, bss->facts[i]->id);
        survey->access_points[ap] = ap_label(bss->facts[i]);
        survey->access_points[own] = bss->facts[i]->id;
    }
    for (size_t i = 0; i < count; i++)
        join(making, access_point(making, ap_label(bss->facts[i])), access_point(making, bss->facts[i]->id));
    return true;
}

/* --- BSSs ----------------------------------------------------------------------------------------- */

/* A label that is a whole number of 16 bits; 0: not told, or nonsense. */
static uint16_t number16(const struct vo_fact *fact, const char *label)
{
    double number = vo_fact_label_number(fact, label);
    return number >= 0 && number <= UINT16_MAX && number == floor(number) ? (uint16_t)number : 0;
}

static void read_channel(struct vo_survey_bss *bss)
{
    const struct vo_fact *fact = bss->latest;
    bss->mhz = number16(fact, "frequency_mhz");
    bss->channel = (struct vo_channel){.center_mhz = number16(fact, "center_mhz"),
                                       .width_mhz = number16(fact, "width_mhz"),
                                       .center_2_mhz = number16(fact, "center_2_mhz"),
                                       .punctured = number16(fact, "punctured")};
    struct vo_channel_part parts[VO_CHANNEL_PARTS];
    if (vo_channel_parts(&bss->channel, parts))
        return;
    /* Not told, or a channel that there is none of: its primary channel is in use at least. */
    enum { PRIMARY = 20 };
    bss->least = bss->channel.width_mhz != PRIMARY || bss->channel.center_mhz;
    bss->channel =
        bss->mhz ? (struct vo_channel){.center_mhz = bss->mhz, .width_mhz = PRIMARY} : (struct vo_channel){0};
}

static void add_level(struct vo_survey_bss *bss, const struct vo_fact *fact)
{
    const struct vo_level_visit visit = {
        .mean_dbm = vo_fact_number(fact, VO_METRIC_WLAN_SIGNAL_DBM),
        .readings = vo_fact_number(fact, VO_METRIC_WLAN_SIGNAL_FRAMES),
        .minimum_dbm = vo_fact_number(fact, VO_METRIC_WLAN_SIGNAL_MIN_DBM),
        .noise_dbm = vo_fact_number(fact, VO_METRIC_WLAN_NOISE_DBM),
    };
    (void)vo_level_add(&bss->level, &visit);
}

/* All observations of one BSSID at one place. */
static void make_bss(struct making *making, const struct vo_fact *const *facts, size_t count,
                     struct vo_survey_bss *bss)
{
    *bss = (struct vo_survey_bss){
        .bssid = facts[0]->id, .latest = facts[0], .facts = facts, .fact_count = count};
    const struct vo_fact *named = NULL;
    for (size_t i = 0; i < count; i++) {
        add_level(bss, facts[i]);
        if (facts[i]->time >= bss->latest->time)
            bss->latest = facts[i];
        if (vo_fact_label(facts[i], "ssid") && (!named || facts[i]->time >= named->time))
            named = facts[i];
    }
    bss->ssid = named ? vo_fact_label(named, "ssid") : NULL;
    bss->access_point = root_of(making->parents, access_point(making, bss->bssid));
    read_channel(bss);
}

static bool make_bsss(struct making *making, struct vo_survey_place *place,
                      const struct vo_fact *const *facts, size_t count)
{
    size_t bsss = 0, next;
    for (size_t i = 0; i < count; i++)
        bsss += i == 0 || facts[i]->id != facts[i - 1]->id;
    place->bss = take(making, bsss, sizeof *place->bss);
    if (!place->bss)
        return false;
    for (size_t i = 0; i < count; i = next) {
        for (next = i + 1; next < count && facts[next]->id == facts[i]->id;)
            next++;
        struct vo_survey_bss *bss = &place->bss[place->bss_count++];
        make_bss(making, facts + i, next - i, bss);
        place->hidden += !bss->ssid;
    }
    return true;
}

/* --- SSIDs that are surveyed ---------------------------------------------------------------------- */

static struct vo_survey_ssid *find_ssid(struct vo_survey_place *place, const char *ssid)
{
    for (size_t i = 0; i < place->ssid_count; i++)
        if (place->ssids[i].ssid == ssid)
            return &place->ssids[i];
    return NULL;
}

static void add_ssid(struct making *making, struct vo_survey_place *place, const char *ssid, bool asked)
{
    struct vo_survey_ssid *there = ssid ? find_ssid(place, ssid) : NULL;
    if (there)
        there->asked = there->asked || asked;
    if (!ssid || there || making->survey->too_many)
        return;
    if (making->survey->cell_count == VO_SURVEY_CELLS_MAX) {
        making->survey->too_many = true;
        return;
    }
    if ((place->ssid_count & (place->ssid_count - 1)) == 0) { /* 0, 1, 2, 4, …: it is full */
        struct vo_survey_ssid *grown = take(making, 2 * place->ssid_count, sizeof *grown);
        if (!grown)
            return;
        if (place->ssid_count)
            memcpy(grown, place->ssids, place->ssid_count * sizeof *grown);
        place->ssids = grown;
    }
    place->ssids[place->ssid_count++] = (struct vo_survey_ssid){.ssid = ssid, .asked = asked, .scans = NAN};
    making->survey->cell_count++;
}

static void find_ssids(struct making *making, struct vo_survey_place *place, const struct vo_fact *const *bss,
                       size_t bss_count, const struct vo_fact *const *cells, size_t cell_count)
{
    const struct vo_facts *facts = making->facts;
    if (facts->surveyed_count) {
        for (size_t i = 0; i < facts->surveyed_count; i++)
            add_ssid(making, place, intern(making, facts->surveyed[i]), false);
        for (size_t i = 0; i < cell_count; i++)
            if (find_ssid(place, vo_fact_label(cells[i], "ssid")))
                find_ssid(place, vo_fact_label(cells[i], "ssid"))->asked = true;
        return;
    }
    for (size_t i = 0; i < cell_count; i++)
        add_ssid(making, place, vo_fact_label(cells[i], "ssid"), true);
    for (size_t i = 0; i < bss_count; i++)
        if (vo_fact_label(bss[i], "ssid_told_by"))
            add_ssid(making, place, vo_fact_label(bss[i], "ssid"), false);
}

/* --- Scans ---------------------------------------------------------------------------------------- */

static size_t visit_number(struct making *making, size_t place, const struct vo_fact *fact)
{
    double visit = vo_fact_label_number(fact, "visit");
    uint64_t number = visit >= 0 && visit < 1e15 ? 1 + (uint64_t)visit : 0;
    return vo_index_get(&making->visits, (uint64_t)place << 32 | (uint32_t)fact->run, number);
}

static struct visit *visit_of(struct making *making, size_t place, const struct vo_fact *fact)
{
    size_t number = visit_number(making, place, fact);
    if (number == VO_INDEX_NONE)
        return NULL;
    if (number >= making->visit_room) {
        size_t room = 2 * number + 16;
        struct visit *grown = take(making, room, sizeof *grown);
        if (!grown)
            return NULL;
        if (making->visit_room)
            memcpy(grown, making->visit_list, making->visit_room * sizeof *grown);
        for (size_t i = making->visit_room; i < room; i++)
            grown[i].scans = NAN;
        making->visit_list = grown;
        making->visit_room = room;
    }
    return &making->visit_list[number];
}

static double scans_told(const struct vo_fact *fact)
{
    double scans = vo_fact_number(fact, VO_METRIC_WLAN_SCANS);
    return scans >= 0 && scans < 1e9 ? scans : NAN;
}

/* Scans at the place, by its BSSs: of each visit those of the channel that was scanned most. */
static double count_scans(struct making *making, size_t place, const struct vo_fact *const *facts,
                          size_t count)
{
    double sum = NAN;
    for (size_t i = 0; i < count; i++) {
        struct visit *visit = visit_of(making, place, facts[i]);
        double scans = scans_told(facts[i]), before = visit ? visit->scans : NAN;
        if (!visit || isnan(scans) || scans <= before)
            continue;
        visit->scans = scans;
        sum = (isnan(sum) ? 0 : sum) + scans - (isnan(before) ? 0 : before);
    }
    return sum;
}

/* What a cell says of its SSID. Its own count of scans is better than that of the BSSs. */
static void read_cell(struct making *making, size_t place, const struct vo_fact *cell,
                      struct vo_survey_ssid *ssid)
{
    const struct vo_value *coverage = vo_fact_value(cell, &vo_metrics[VO_METRIC_WLAN_COVERAGE]);
    struct visit *visit = visit_of(making, place, cell);
    double scans = scans_told(cell), by_bss = visit ? visit->scans : NAN;
    if (coverage->type == VO_VALUE_WORD && strcmp(coverage->text, "heard") == 0)
        ssid->told_heard = true;
    else if (coverage->type == VO_VALUE_WORD)
        ssid->told_gone++;
    else if (coverage->type == VO_VALUE_MISSING)
        ssid->why = coverage->text;
    size_t seen = making->visit_ssids.count;
    size_t number =
        vo_index_get(&making->visit_ssids, visit_number(making, place, cell), vo_index_of(ssid->ssid));
    if (number == seen && !isnan(scans))
        ssid->scans = (isnan(ssid->scans) ? 0 : ssid->scans) + scans - (isnan(by_bss) ? 0 : by_bss);
}

static bool read_cells(struct making *making, size_t number, struct vo_survey_place *place,
                       const struct vo_fact *const *cells, size_t count)
{
    for (size_t i = 0; i < place->ssid_count; i++) {
        struct vo_survey_ssid *ssid = &place->ssids[i];
        ssid->cells = take(making, ssid->cell_count, sizeof *ssid->cells);
        if (!ssid->cells)
            return false;
        ssid->cell_count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct vo_survey_ssid *ssid = find_ssid(place, vo_fact_label(cells[i], "ssid"));
        if (!ssid)
            continue;
        read_cell(making, number, cells[i], ssid);
        ssid->cells[ssid->cell_count++] = cells[i];
    }
    return true;
}

/* --- Places --------------------------------------------------------------------------------------- */

static bool make_place(struct making *making, size_t number)
{
    struct vo_survey_place *place = &making->survey->places[number];
    bool complete = any_counts(making, &making->bss, number) || any_counts(making, &making->cells, number);
    size_t bss_count = keep_facts(making, &making->bss, number, complete);
    size_t cell_count = keep_facts(making, &making->cells, number, complete);
    const struct vo_fact *const *bss = making->bss.facts + making->bss.begin[number];
    const struct vo_fact *const *cells = making->cells.facts + making->cells.begin[number];
    place->any = bss_count ? bss[0] : cells[0];
    place->name = place->any->place;
    if (!make_bsss(making, place, bss, bss_count))
        return false;
    find_ssids(making, place, bss, bss_count, cells, cell_count);
    double scans = count_scans(making, number, bss, bss_count);
    for (size_t i = 0; i < place->ssid_count; i++)
        place->ssids[i].scans = scans;
    for (size_t i = 0; i < cell_count; i++) {
        struct vo_survey_ssid *ssid = find_ssid(place, vo_fact_label(cells[i], "ssid"));
        if (ssid)
            ssid->cell_count++;
    }
    return read_cells(making, number, place, cells, cell_count);
}

static bool make(struct making *making)
{
    struct vo_survey *survey = making->survey;
    survey->bss_count = go_over(making, "bss", NULL, NULL);
    (void)go_over(making, "cell", NULL, NULL);
    if (making->places.failed || !sort_kind(making, "bss", &making->bss) ||
        !sort_kind(making, "cell", &making->cells) || !group_access_points(making))
        return false;
    survey->any = making->bss.begin[making->places.count] ? making->bss.facts[0] : NULL;
    survey->place_count = making->places.count;
    survey->places = take(making, survey->place_count, sizeof *survey->places);
    for (size_t i = 0; survey->places && i < survey->place_count; i++)
        if (!make_place(making, i))
            return false;
    return survey->places && !making->visits.failed && !making->visit_ssids.failed && !survey->arena.failed;
}

enum vo_status vo_survey_make(struct vo_facts *facts, struct vo_survey *survey, struct vo_error *error)
{
    *survey = (struct vo_survey){.any = NULL};
    struct making making = {.facts = facts, .survey = survey};
    bool good = make(&making) && !facts->arena.failed;
    vo_index_release(&making.places);
    vo_index_release(&making.access_points);
    vo_index_release(&making.visits);
    vo_index_release(&making.visit_ssids);
    return good ? VO_OK : vo_error_memory(error, "the survey");
}

void vo_survey_release(struct vo_survey *survey)
{
    vo_arena_release(&survey->arena);
    *survey = (struct vo_survey){.any = NULL};
}
