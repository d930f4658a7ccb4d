#include "report/model_air.h"

#include "report/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_ROOM  256 /* a power of two */
#define NAME_SIZE 1024
#define STEPS_MAX 32

const char *const vo_air_words[VO_AIR_KINDS] = {"bss", "cell", "link", "channel", "roam", "access_point"};

enum vo_air_kind vo_air_kind_of(const char *word)
{
    enum vo_air_kind kind = VO_AIR_BSS;
    while (kind < VO_AIR_KINDS && (!word || strcmp(word, vo_air_words[kind]) != 0))
        kind++;
    return kind;
}

double vo_air_number(const struct vo_air_item *item, const char *label)
{
    const char *text = vo_report_label(&item->seen, label);
    char *end;
    double number = text ? strtod(text, &end) : NAN;
    return text && end != text && *end == '\0' && isfinite(number) ? number : NAN;
}

/* --- observations, each once
 * -------------------------------------------------------------------------------- */

/* Items by what replaces one another: the address of that text, which the store keeps once. */
struct vo_air_map {
    struct {
        const char *name;
        struct vo_air_item *item;
    } * entries;
    size_t count, room, reads;
};

static size_t place_of(const struct vo_air_map *map, const char *name)
{
    size_t at = ((uintptr_t)name >> 4) * 2654435761u & (map->room - 1);
    while (map->entries[at].name && map->entries[at].name != name)
        at = (at + 1) & (map->room - 1);
    return at;
}

/* Room for one more; in the store, as what it outgrows is as much again at most. */
static bool grow_map(struct vo_report *report, struct vo_air_map *map)
{
    struct vo_air_map old = *map;
    if (2 * map->count < map->room)
        return true;
    map->room = old.room ? 2 * old.room : MAP_ROOM;
    map->entries = vo_store_take(report->store, map->room * sizeof *map->entries);
    if (!map->entries) {
        *map = old;
        return false;
    }
    for (size_t i = 0; i < old.room; i++)
        if (old.entries[i].name)
            map->entries[place_of(map, old.entries[i].name)] = old.entries[i];
    return true;
}

static struct vo_air_item *append_item(struct vo_report *report, enum vo_air_kind kind)
{
    struct vo_air_list *list = &report->air->list[kind];
    struct vo_air_item *item = vo_store_take(report->store, sizeof *item);
    struct vo_air_item **grown = vo_store_grow(report->store, list->items, list->count, sizeof *list->items);
    if (!item || !grown)
        return NULL;
    list->items = grown;
    list->items[list->count++] = item;
    item->kind = kind;
    item->worst = VO_RESULT_STATUSES;
    return item;
}

/* The item of that name, or a new one. */
static struct vo_air_item *item_of(struct vo_report *report, enum vo_air_kind kind, const char *name)
{
    struct vo_air_map *map = report->air->map;
    if (!map)
        map = report->air->map = vo_store_take(report->store, sizeof *map);
    if (!map || !name || !grow_map(report, map))
        return NULL;
    size_t at = place_of(map, name);
    if (!map->entries[at].name) {
        struct vo_air_item *item = append_item(report, kind);
        if (!item)
            return NULL;
        map->entries[at].name = name;
        map->entries[at].item = item;
        map->count++;
    }
    return map->entries[at].item;
}

static const char *text_of(const struct vo_json *object, const char *key)
{
    const char *text = vo_json_get_text(object, key);
    return text ? text : "";
}

/* What the next observation of the same replaces. A link that came back later counts anew. */
static const char *name_of(struct vo_report *report, const struct vo_json *json, const char *kind,
                           bool derived)
{
    const struct vo_json *subject = vo_json_get(json, "subject");
    double visit = vo_json_double(vo_json_get(subject, "visit"));
    double association = vo_json_double(vo_json_get(subject, "association"));
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%d\037%s\037%s\037%s\037%s\037%s\037%s\037%s\037%g\037%g", derived,
             text_of(json, "run"), kind, text_of(subject, "id"), text_of(json, "place"),
             text_of(subject, "place"), text_of(subject, "interface"), text_of(subject, "source"), visit,
             association);
    return vo_store_text(report->store, name);
}

static const char *place_told(struct vo_report *report, const struct vo_json *json)
{
    const char *place = vo_report_read_label(report, vo_json_get(json, "subject"), "place");
    return place ? place : vo_report_read_label(report, json, "place");
}

/* Evidence in the place of run and n: the newest, which has the largest n. */
static void read_evidence(struct vo_report *report, const struct vo_json *json, struct vo_observation *seen)
{
    for (const struct vo_json *item = vo_json_child(vo_json_get(json, "evidence")); item;
         item = vo_json_next(item)) {
        double n = vo_json_double(vo_json_get(item, "n"));
        if (!(n >= 1 && n < 1e15) || (uint64_t)n < seen->n)
            continue;
        seen->n = (uint64_t)n;
        seen->run = vo_report_read_label(report, item, "run");
    }
}

void vo_air_read(struct vo_report *report, const struct vo_json *json, bool derived)
{
    static const char *const left_out[] = {"kind", "id", "key", NULL};
    const struct vo_json *subject = vo_json_get(json, "subject");
    const char *word = vo_json_get_text(subject, "kind");
    enum vo_air_kind kind = vo_air_kind_of(word);
    bool wired =
        kind == VO_AIR_LINK && !vo_json_get(subject, "bssid") && !vo_json_get(subject, "transmitter");
    if (kind == VO_AIR_KINDS || wired)
        return;
    struct vo_air_item *item = item_of(report, kind, name_of(report, json, word, derived));
    if (!item)
        return;
    vo_report_read_observation(report, json, left_out, &item->seen);
    if (derived)
        read_evidence(report, json, &item->seen);
    const char *judged = vo_report_label(&item->seen, "judged");
    item->order = report->air->map->reads++;
    item->place = place_told(report, json);
    item->derived = derived;
    item->surveyed = !judged || strcmp(judged, "no") != 0;
}

/* --- roams: their events
 * ------------------------------------------------------------------------------------ */

static int compare_steps(const void *left, const void *right)
{
    const struct vo_air_step *a = left, *b = right;
    return (a->time > b->time) - (a->time < b->time);
}

/* Every member that is a time, but for that of the event itself. */
static void read_steps(struct vo_report *report, const struct vo_json *json, struct vo_air_event *event)
{
    struct vo_air_step steps[STEPS_MAX] = {{0}};
    size_t count = 0;
    for (const struct vo_json *node = vo_json_child(json); node && count < STEPS_MAX;
         node = vo_json_next(node)) {
        vo_time time;
        if (!vo_json_text(node) || strcmp(vo_json_key_of(node), "time") == 0 ||
            vo_time_parse(vo_json_text(node), &time, NULL) != VO_OK || time == VO_TIME_UNKNOWN)
            continue;
        steps[count++] = (struct vo_air_step){vo_store_text(report->store, vo_json_key_of(node)), time};
    }
    qsort(steps, count, sizeof *steps, compare_steps);
    event->steps = vo_store_take(report->store, (count + 1) * sizeof *steps);
    if (!event->steps)
        return;
    memcpy(event->steps, steps, count * sizeof *steps);
    event->step_count = count;
}

void vo_air_read_event(struct vo_report *report, const struct vo_json *json)
{
    struct vo_air *air = report->air;
    const struct vo_json *subject = vo_json_get(json, "subject");
    const char *kind = vo_json_get_text(json, "kind"), *run = vo_json_get_text(json, "run");
    const char *id = vo_json_text(subject) ? vo_json_text(subject) : vo_json_get_text(subject, "id");
    if (!kind || !id || !run || strcmp(kind, "wlan_roam") != 0)
        return;
    struct vo_air_event *grown =
        vo_store_grow(report->store, air->events, air->event_count, sizeof *air->events);
    if (!grown)
        return;
    air->events = grown;
    struct vo_air_event *event = &grown[air->event_count++];
    *event = (struct vo_air_event){.run = vo_store_text(report->store, run),
                                   .id = vo_store_text(report->store, id)};
    read_steps(report, json, event);
}

/* --- what was derived
 * --------------------------------------------------------------------------------------- */

static void read_coincidences(struct vo_report *report, const struct vo_json *array,
                              struct vo_explanation *explanation)
{
    size_t most = vo_json_count(array);
    explanation->with = vo_store_take(report->store, (most + 1) * sizeof *explanation->with);
    for (const struct vo_json *node = explanation->with ? vo_json_child(array) : NULL; node;
         node = vo_json_next(node)) {
        const struct vo_json *evidence = vo_json_child(vo_json_get(node, "evidence"));
        double n = vo_json_double(vo_json_get(evidence, "n"));
        const char *text = vo_report_read_label(report, node, "text");
        const char *what = vo_report_read_label(report, node, "what");
        if (!text && !what)
            continue;
        explanation->with[explanation->with_count++] =
            (struct vo_coincidence){.what = what,
                                    .text = text ? text : what,
                                    .run = n >= 1 ? vo_report_read_label(report, evidence, "run") : NULL,
                                    .n = n >= 1 && n < 1e15 ? (uint64_t)n : 0};
    }
}

static void read_explanation(struct vo_report *report, const struct vo_json *json)
{
    struct vo_air *air = report->air;
    const struct vo_json *subject = vo_json_get(json, "subject");
    struct vo_explanation *grown =
        vo_store_grow(report->store, air->explanations, air->explanation_count, sizeof *grown);
    if (!grown)
        return;
    air->explanations = grown;
    struct vo_explanation *explanation = &grown[air->explanation_count++];
    *explanation = (struct vo_explanation){
        .from = vo_report_read_time(json, "time"),
        .until = vo_report_read_time(json, "until"),
        .stream_id = vo_json_text(subject) ? vo_store_text(report->store, vo_json_text(subject))
                                           : vo_report_read_label(report, subject, "id"),
        .lost = vo_json_double(vo_json_get(json, "lost")),
        .expected = vo_json_double(vo_json_get(json, "expected")),
    };
    read_coincidences(report, vo_json_get(json, "with"), explanation);
}

void vo_air_read_derived(struct vo_report *report)
{
    for (const struct vo_json *node = vo_json_child(vo_json_get(report->verdict, "derived")); node;
         node = vo_json_next(node)) {
        const char *record = vo_json_get_text(node, "record"), *kind = vo_json_get_text(node, "kind");
        if (record && strcmp(record, "event") == 0) {
            if (kind && strcmp(kind, "explanation") == 0)
                read_explanation(report, node);
        } else {
            vo_air_read(report, node, true);
        }
    }
}
