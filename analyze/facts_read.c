/* Records to facts. */
#include "analyze/facts.h"

#include "analyze/derived.h"
#include "analyze/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET_LIMIT_DB 40.0 /* of a calibration: no two receivers differ by more */

static const char *keep(struct vo_facts *facts, const char *text)
{
    return vo_texts_get(&facts->texts, &facts->arena, text);
}

/* --- Runs ----------------------------------------------------------------------------------------- */

/* The run of a record, made when it is new. Neighbouring records are mostly of one run. */
static struct vo_facts_run *find_run(struct vo_facts *facts, const char *uuid)
{
    if (facts->run_count && strcmp(facts->runs[facts->last_run].run, uuid) == 0)
        return &facts->runs[facts->last_run];
    const char *const parts[VO_NAME_PARTS] = {uuid, "", ""};
    struct vo_name *name = vo_names_get(&facts->run_names, &facts->arena, parts);
    if (!name)
        return NULL;
    if (!name->object) {
        struct vo_facts_run *grown = realloc(facts->runs, (facts->run_count + 1) * sizeof *grown);
        size_t *index = vo_arena_get(&facts->arena, sizeof *index);
        if (grown)
            facts->runs = grown;
        if (!grown || !index)
            return NULL;
        *index = facts->run_count++;
        grown[*index] = (struct vo_facts_run){.run = name->parts[0]};
        name->object = index;
    }
    facts->last_run = *(size_t *)name->object;
    return &facts->runs[facts->last_run];
}

static void read_calibration(struct vo_facts *facts, struct vo_calibration *calibration,
                             const struct vo_json *json)
{
    const struct vo_json *node = vo_json_get(vo_json_get(json, "conditions"), "calibration");
    double offset = vo_json_double(vo_json_get(node, "offset_db"));
    double uncertainty = vo_json_double(vo_json_get(node, "uncertainty_db"));
    *calibration = (struct vo_calibration){.uncertainty_db = NAN};
    if (!node || vo_json_type(node) == VO_JSON_NULL)
        return;
    calibration->told = true;
    calibration->phone = keep(facts, vo_json_get_text(node, "phone"));
    calibration->adapter = keep(facts, vo_json_get_text(node, "adapter"));
    calibration->offset_db = offset;
    calibration->uncertainty_db = uncertainty >= 0 && uncertainty < OFFSET_LIMIT_DB ? uncertainty : NAN;
    if (!calibration->phone)
        calibration->bad = "the run's calibration does not name the phone";
    else if (!(fabs(offset) <= OFFSET_LIMIT_DB))
        calibration->bad = "the run's calibration has no offset_db that could be true";
}

static enum vo_status read_run(struct vo_facts *facts, struct vo_facts_run *run,
                               const struct vo_record *record, struct vo_error *error)
{
    struct vo_json_writer source = {0};
    const struct vo_json *host = vo_json_get(record->json, "host");
    if (run->begun)
        return vo_error_set(error, VO_ERR_INPUT,
                            "%s:%zu: run %s is there for the second time: give each file once", record->file,
                            record->line, run->run);
    run->begun = true;
    run->probe = keep(facts, vo_json_get_text(record->json, "probe"));
    run->version = keep(facts, vo_json_get_text(record->json, "version"));
    run->started = keep(facts, vo_json_get_text(record->json, "started"));
    run->host = keep(facts, vo_json_get_text(host, "name"));
    run->interface = keep(facts, vo_json_get_text(host, "interface"));
    read_calibration(facts, &run->calibration, record->json);
    if (vo_json_get(record->json, "source")) {
        vo_json_copy(&source, vo_json_get(record->json, "source"));
        run->source = vo_arena_text_sized(&facts->arena, source.data, source.size);
    }
    bool failed = source.failed;
    vo_json_writer_release(&source);
    return failed ? vo_error_memory(error, "the records") : VO_OK;
}

static void read_end(struct vo_facts *facts, struct vo_facts_run *run, const struct vo_record *record)
{
    run->ended = true;
    run->complete = vo_json_true(vo_json_get(record->json, "complete"));
    run->finished = keep(facts, vo_json_get_text(record->json, "finished"));
    run->why = run->complete ? NULL : keep(facts, vo_json_get_text(record->json, "why"));
}

/* --- Labels --------------------------------------------------------------------------------------- */

static void add_label(struct vo_facts *facts, struct vo_fact *fact, const char *name, const char *text,
                      double number)
{
    if (fact->label_count < fact->label_room)
        fact->labels[fact->label_count++] =
            (struct vo_fact_label){keep(facts, name), keep(facts, text), number};
}

static void drop_label(struct vo_fact *fact, const char *name)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < fact->label_count; i++)
        if (strcmp(fact->labels[i].name, name) != 0)
            fact->labels[kept++] = fact->labels[i];
    fact->label_count = kept;
}

/* Whether the surveyed WLAN has a say on the observation, and what: its SSID, if it has one. A BSS that does
 * not tell its SSID cannot be shown to belong to it. */
static bool survey_decides(const struct vo_fact *fact, const char **ssid)
{
    static const char *const kinds[] = {"bss", "cell", "link", "roam", "station"};
    *ssid = vo_fact_label(fact, "ssid");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(fact->kind, kinds[i]) == 0)
            return *ssid || strcmp(fact->kind, "bss") == 0;
    return false;
}

static void set_judged(struct vo_facts *facts, struct vo_fact *fact)
{
    const char *ssid;
    if (!facts->surveyed_count || !survey_decides(fact, &ssid))
        return;
    bool surveyed = false;
    for (size_t i = 0; ssid && i < facts->surveyed_count; i++)
        surveyed = surveyed || strcmp(ssid, facts->surveyed[i]) == 0;
    drop_label(fact, "judged");
    if (!surveyed)
        add_label(facts, fact, "judged", "no", NAN);
}

/* Room for labels of the observation that is being read. */
static bool make_label_room(struct vo_facts *facts, size_t count)
{
    struct vo_fact *draft = &facts->draft;
    draft->label_count = 0;
    if (count <= draft->label_room)
        return true;
    struct vo_fact_label *grown =
        count > UINT32_MAX / 2 ? NULL : realloc(draft->labels, 2 * count * sizeof *grown);
    if (!grown)
        return false;
    draft->labels = grown;
    draft->label_room = (uint32_t)(2 * count);
    return true;
}

static bool read_labels(struct vo_facts *facts, struct vo_fact *fact, const struct vo_json *subject)
{
    enum { OWN = 2 }; /* place and judged */
    if (!make_label_room(facts, vo_json_count(subject) + OWN))
        return false;
    for (const struct vo_json *item = vo_json_child(subject); item; item = vo_json_next(item)) {
        const char *name = vo_json_key_of(item), *text = vo_json_text(item);
        if (strcmp(name, "kind") == 0 || strcmp(name, "id") == 0 || strcmp(name, "key") == 0)
            continue;
        if (vo_json_type(item) == VO_JSON_BOOL)
            text = vo_json_true(item) ? "true" : "false";
        if (text || vo_json_type(item) == VO_JSON_NUMBER)
            add_label(facts, fact, name, text, vo_json_double(item));
    }
    if (!fact->place)
        fact->place = vo_fact_label(fact, "place");
    else if (!vo_fact_label(fact, "place"))
        add_label(facts, fact, "place", fact->place, NAN);
    set_judged(facts, fact);
    fact->elsewhere = vo_fact_label(fact, "elsewhere") != NULL;
    return true;
}

/* --- Values --------------------------------------------------------------------------------------- */

/* A number in `metrics`, a word in `states`, a reason in `missing`; anything else is bad. */
static void read_value(struct vo_facts *facts, const struct vo_metric_row *metric, const struct vo_json *json,
                       struct vo_value *value)
{
    const struct vo_json *number = vo_json_get(vo_json_get(json, "metrics"), metric->name);
    const struct vo_json *word = vo_json_get(vo_json_get(json, "states"), metric->name);
    const struct vo_json *reason = vo_json_get(vo_json_get(json, "missing"), metric->name);
    const struct vo_json *node = metric->words ? word : number;
    const char *text = vo_json_text(word);
    *value = (struct vo_value){.number = vo_json_double(number)};
    value->uncertainty = vo_json_double(vo_json_get(vo_json_get(json, "uncertainty"), metric->name));
    value->basis = keep(facts, vo_json_get_text(vo_json_get(json, "basis"), metric->name));
    if (metric->words && node) {
        bool known = text && vo_words_have(metric->words, text);
        value->type = known ? VO_VALUE_WORD : VO_VALUE_BAD;
        value->text = known ? keep(facts, text)
                            : vo_arena_format(&facts->arena, "the record's state '%.60s' is not a word of %s",
                                              text ? text : "(not a text)", metric->name);
    } else if (node) {
        value->type = isfinite(value->number) ? VO_VALUE_NUMBER : VO_VALUE_BAD;
        value->text = isfinite(value->number) ? NULL : "the record's value is not a number";
    } else if (reason) {
        value->type = VO_VALUE_MISSING;
        const char *why = vo_json_text(reason);
        value->text = why ? keep(facts, why) : "the record says that it is missing, but not why";
    }
}

static bool make_value_room(struct vo_facts *facts, struct vo_fact *fact, uint32_t count)
{
    if (!fact->at)
        fact->at = vo_arena_get(&facts->arena, fact->shape->slot_count + 1);
    if (count > fact->value_room) {
        fact->values = vo_arena_get(&facts->arena, count * sizeof *fact->values);
        fact->value_room = fact->values ? count : 0;
    }
    return fact->at && (fact->values || !count);
}

static bool read_values(struct vo_facts *facts, struct vo_fact *fact, const struct vo_json *json)
{
    const struct vo_facts_kind *shape = fact->shape;
    uint32_t count = 0;
    for (size_t i = 0; i < shape->slot_count; i++) {
        read_value(facts, &vo_metrics[shape->metrics[i]], json, &facts->scratch[i]);
        count += facts->scratch[i].type != VO_VALUE_ABSENT;
    }
    if (!make_value_room(facts, fact, count))
        return false;
    fact->value_count = 0;
    fact->told = 0;
    for (size_t i = 0; i < shape->slot_count; i++) {
        bool there = facts->scratch[i].type != VO_VALUE_ABSENT;
        fact->told |= i < VO_FACT_TOLD ? (uint64_t)there << i : 0;
        fact->at[i] = there ? (uint8_t)(fact->value_count + 1) : 0;
        if (there && fact->values)
            fact->values[fact->value_count++] = facts->scratch[i];
    }
    return true;
}

/* --- Observations --------------------------------------------------------------------------------- */

static void read_time(struct vo_fact *fact, const struct vo_json *json)
{
    const char *text = vo_json_get_text(json, "time");
    if (!text || vo_time_parse(text, &fact->time, NULL) != VO_OK)
        fact->time = VO_TIME_UNKNOWN;
}

/* The subject, put behind the others if it is new. */
static struct vo_facts_subject *get_subject(struct vo_facts *facts, const char *kind, const char *id,
                                            const char *where)
{
    const char *const parts[VO_NAME_PARTS] = {kind, id, where ? where : ""};
    struct vo_name *name = vo_names_get(&facts->subject_names, &facts->arena, parts);
    struct vo_facts_subject *subject = name ? name->object : NULL;
    if (subject || !name)
        return subject;
    subject = vo_arena_get(&facts->arena, sizeof *subject);
    if (!subject)
        return NULL;
    subject->kind = name->parts[0];
    subject->id = name->parts[1];
    name->object = subject;
    if (facts->last_subject)
        facts->last_subject->next = subject;
    else
        facts->subjects = subject;
    facts->last_subject = subject;
    return subject;
}

/* Whether two observations are of the same stretch of measuring. Texts, and ids of a subject, have one
 * address. */
static bool same_stretch(const struct vo_fact *a, const struct vo_fact *b)
{
    static const char *const labels[] = {"visit", "interface", "source", "association"};
    if (a->id != b->id || a->shape != b->shape || a->run != b->run || a->place != b->place)
        return false;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (!vo_fact_same_label(a, b, labels[i]))
            return false;
    return true;
}

static size_t stretch_hash(const struct vo_fact *fact)
{
    double visit = vo_fact_label_number(fact, "visit");
    uint64_t hash = (uintptr_t)fact->id ^ ((uintptr_t)fact->place << 1) ^ (uint64_t)fact->run << 48;
    hash ^= visit >= 0 && visit < 1e15 ? (uint64_t)visit << 24 : 0;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 20);
}

/* Where it is, or would be, among those that may be replaced. */
static struct vo_fact **stretch_slot(struct vo_facts *facts, const struct vo_fact *fact)
{
    size_t mask = facts->counting.capacity - 1, at = stretch_hash(fact) & mask;
    while (facts->counting.slots[at] && !same_stretch(facts->counting.slots[at], fact))
        at = (at + 1) & mask;
    return &facts->counting.slots[at];
}

static bool grow_stretches(struct vo_facts *facts)
{
    struct vo_fact **old = facts->counting.slots;
    size_t capacity = facts->counting.capacity;
    if (2 * (facts->counting.count + 1) <= capacity)
        return true;
    facts->counting.capacity = capacity ? 2 * capacity : 256;
    facts->counting.slots = calloc(facts->counting.capacity, sizeof(struct vo_fact *));
    if (!facts->counting.slots) {
        facts->counting.slots = old;
        facts->counting.capacity = capacity;
        return false;
    }
    for (size_t i = 0; i < capacity; i++)
        if (old[i])
            *stretch_slot(facts, old[i]) = old[i];
    free(old);
    return true;
}

/* How much a link or channel has counted. It begins anew when a walk comes back to a place: then the earlier
 * observation is one of its own. */
static double counted(const struct vo_json *json, const char *kind)
{
    static const enum vo_metric counts[] = {VO_METRIC_WLAN_SENT_FRAMES, VO_METRIC_WLAN_SIGNAL_FRAMES,
                                            VO_METRIC_WLAN_OBSERVED_S};
    const struct vo_json *metrics = vo_json_get(json, "metrics");
    double sum = NAN;
    if (strcmp(kind, "link") != 0 && strcmp(kind, "channel") != 0)
        return NAN;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        double value = vo_json_double(vo_json_get(metrics, vo_metrics[counts[i]].name));
        if (isfinite(value))
            sum = isnan(sum) ? value : sum + value;
    }
    return sum;
}

/* The observation whose place `draft` takes; NULL if it is the first of its stretch, and then `slot` (NULL:
 * of a kind that does not count on) is where to note it. */
static struct vo_fact *earlier(struct vo_facts *facts, const struct vo_fact *draft, struct vo_fact ***slot)
{
    *slot = NULL;
    if (!draft->shape->counts_on)
        return NULL;
    *slot = stretch_slot(facts, draft);
    return **slot && !(draft->counted < (**slot)->counted) ? **slot : NULL;
}

static void append(struct vo_facts_subject *subject, struct vo_fact *fact)
{
    if (subject->last)
        subject->last->next = fact;
    else
        subject->first = fact;
    subject->last = subject->last_read = fact;
}

/* What was read of it becomes a fact: a new one, or what an earlier one has come to. */
static bool settle(struct vo_facts *facts, struct vo_facts_subject *subject, const struct vo_json *json)
{
    const struct vo_fact *draft = &facts->draft;
    struct vo_fact **slot, *fact = earlier(facts, draft, &slot), *next = fact ? fact->next : NULL;
    struct vo_fact was = fact ? *fact : (struct vo_fact){.label_count = 0};
    if (!fact) {
        fact = vo_arena_get(&facts->arena, sizeof *fact);
        if (!fact)
            return false;
        facts->counting.count += slot && !*slot;
        if (slot)
            *slot = fact;
        append(subject, fact);
    }
    *fact = *draft;
    fact->next = next;
    fact->labels = was.labels;
    fact->label_room = was.label_room;
    fact->values = was.values;
    fact->value_room = was.value_room;
    fact->at = was.at;
    if (draft->label_count > fact->label_room) {
        fact->labels = vo_arena_get(&facts->arena, draft->label_count * sizeof *fact->labels);
        fact->label_room = draft->label_count;
    }
    if (!fact->labels && draft->label_count)
        return false;
    if (draft->label_count)
        memcpy(fact->labels, draft->labels, draft->label_count * sizeof *fact->labels);
    return read_values(facts, fact, json);
}

/* What tells subjects of one kind and id apart: the capture point; of what is measured place by place under
 * one id, the place: a weak one must not hide behind the last. */
static const char *where_of(const char *kind, const struct vo_json *subject, const struct vo_record *record)
{
    bool by_place = strcmp(kind, "link") == 0 || strcmp(kind, "channel") == 0;
    const char *point = vo_json_get_text(subject, "point");
    return point || !by_place ? point : vo_json_get_text(record->json, "place");
}

static enum vo_status read_observation(struct vo_facts *facts, const struct vo_record *record,
                                       struct vo_error *error)
{
    const struct vo_json *subject = vo_json_get(record->json, "subject");
    const char *kind = vo_json_get_text(subject, "kind"), *id = vo_json_get_text(subject, "id");
    if (!kind || !id)
        return vo_error_set(error, VO_ERR_INPUT, "%s:%zu: an observation whose subject has no kind or no id",
                            record->file, record->line);
    const struct vo_facts_kind *shape = vo_facts_kind(facts, kind);
    if (!shape)
        return VO_OK;
    struct vo_facts_subject *owner = get_subject(facts, kind, id, where_of(kind, subject, record));
    if (!owner || (shape->counts_on && !grow_stretches(facts)))
        return vo_error_memory(error, "an observation");
    struct vo_fact *draft = &facts->draft;
    *draft = (struct vo_fact){.labels = draft->labels, .label_room = draft->label_room};
    draft->shape = shape;
    draft->kind = owner->kind;
    draft->id = owner->id;
    draft->key = keep(facts, vo_json_get_text(subject, "key"));
    draft->place = keep(facts, vo_json_get_text(record->json, "place"));
    draft->run = facts->last_run;
    draft->n = record->n;
    draft->counted = counted(record->json, kind);
    read_time(draft, record->json);
    bool good = read_labels(facts, draft, subject) && settle(facts, owner, record->json);
    return good && !facts->arena.failed ? VO_OK : vo_error_memory(error, "an observation");
}

enum vo_status vo_facts_add(struct vo_facts *facts, const struct vo_record *record, struct vo_error *error)
{
    struct vo_facts_run *run = find_run(facts, record->run);
    enum vo_status status = VO_OK;
    if (!run)
        return vo_error_memory(error, "the records");
    vo_facts_underive(facts);
    run->records++;
    if (strcmp(record->kind, "run") == 0)
        status = read_run(facts, run, record, error);
    else if (strcmp(record->kind, "observation") == 0)
        status = read_observation(facts, record, error);
    else if (strcmp(record->kind, "series") == 0)
        status = vo_series_add(facts, record, error);
    else if (strcmp(record->kind, "end") == 0)
        read_end(facts, run, record);
    return status == VO_OK && facts->arena.failed ? vo_error_memory(error, "the records") : status;
}
