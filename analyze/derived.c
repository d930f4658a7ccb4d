#include "analyze/derived.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct vo_arena *arena_of(struct vo_facts *facts)
{
    return &facts->derived.arena;
}

/* The subject: one that was read, or one that has only derived observations. */
static struct vo_facts_subject *get_subject(struct vo_facts *facts, const char *kind, const char *id)
{
    const char *const parts[VO_NAME_PARTS] = {kind, id, ""};
    struct vo_name *name = vo_names_find(&facts->subject_names, parts);
    if (name && name->object)
        return name->object;
    name = vo_names_get(&facts->derived.names, arena_of(facts), parts);
    struct vo_facts_subject *subject = name ? name->object : NULL;
    if (subject || !name)
        return subject;
    subject = vo_arena_get(arena_of(facts), sizeof *subject);
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

static bool append(struct vo_facts *facts, struct vo_fact *fact, const char *id)
{
    if (!facts->derived.any) {
        facts->derived.any = true;
        facts->derived.last_read = facts->last_subject;
    }
    struct vo_facts_subject *subject = get_subject(facts, fact->kind, id);
    if (!subject)
        return false;
    fact->id = subject->id;
    if (subject->last)
        subject->last->next = fact;
    else
        subject->first = fact;
    subject->last = fact;
    return true;
}

struct vo_fact *vo_derive_begin(struct vo_facts *facts, const char *kind, const char *id, const char *key,
                                unsigned room)
{
    const struct vo_facts_kind *shape = vo_facts_kind(facts, kind);
    struct vo_arena *arena = arena_of(facts);
    struct vo_fact *fact = shape ? vo_arena_get(arena, sizeof *fact) : NULL;
    if (!fact)
        return NULL; /* the arena remembers it */
    fact->shape = shape;
    fact->kind = shape->name;
    fact->key = vo_arena_text(arena, key);
    fact->time = VO_TIME_UNKNOWN;
    fact->counted = NAN;
    fact->derived = true;
    fact->labels = vo_arena_get(arena, room * sizeof *fact->labels);
    fact->label_room = room;
    fact->values = vo_arena_get(arena, (shape->slot_count + 1) * sizeof *fact->values);
    fact->value_room = (uint32_t)shape->slot_count;
    fact->at = vo_arena_get(arena, shape->slot_count + 1);
    if (!arena->failed && append(facts, fact, id))
        return fact;
    arena->failed = true; /* it must not get lost without a word */
    return NULL;
}

static void add_label(struct vo_fact *fact, struct vo_fact_label label)
{
    assert(fact->label_count < fact->label_room);
    fact->labels[fact->label_count++] = label;
}

void vo_derive_label(struct vo_facts *facts, struct vo_fact *fact, const char *name, const char *text)
{
    struct vo_arena *arena = arena_of(facts);
    if (!fact || !text)
        return;
    add_label(fact, (struct vo_fact_label){name, vo_arena_text(arena, text), NAN});
    if (strcmp(name, "place") == 0)
        fact->place = fact->labels[fact->label_count - 1].text;
}

void vo_derive_label_number(struct vo_facts *facts, struct vo_fact *fact, const char *name, double number)
{
    (void)facts;
    if (fact && isfinite(number))
        add_label(fact, (struct vo_fact_label){name, NULL, number});
}

/* NULL if nobody wants it, or it is there already. */
static struct vo_value *add_value(struct vo_fact *fact, enum vo_metric metric)
{
    size_t slot = fact ? fact->shape->slots[metric] : 0;
    if (!slot || fact->at[slot - 1])
        return NULL;
    fact->at[slot - 1] = (uint8_t)(fact->value_count + 1);
    struct vo_value *value = &fact->values[fact->value_count++];
    *value = (struct vo_value){.number = NAN, .uncertainty = NAN};
    return value;
}

void vo_derive_number(struct vo_facts *facts, struct vo_fact *fact, enum vo_metric metric, double number,
                      const char *basis, double uncertainty)
{
    struct vo_value *value = add_value(fact, metric);
    if (!value)
        return;
    value->type = isfinite(number) ? VO_VALUE_NUMBER : VO_VALUE_MISSING;
    value->number = number;
    value->text = isfinite(number) ? NULL : "not a number";
    value->basis = vo_arena_text(arena_of(facts), basis);
    value->uncertainty = uncertainty;
}

void vo_derive_word(struct vo_facts *facts, struct vo_fact *fact, enum vo_metric metric, const char *word)
{
    struct vo_value *value = add_value(fact, metric);
    if (!value)
        return;
    value->type = VO_VALUE_WORD;
    value->text = vo_arena_text(arena_of(facts), word);
}

void vo_derive_missing(struct vo_facts *facts, struct vo_fact *fact, enum vo_metric metric,
                       const char *format, ...)
{
    char reason[VO_ERROR_SIZE];
    struct vo_value *value = add_value(fact, metric);
    if (!value)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    value->type = VO_VALUE_MISSING;
    value->text = vo_arena_text(arena_of(facts), reason);
}

void vo_derive_evidence(struct vo_facts *facts, struct vo_fact *fact, const struct vo_fact *of)
{
    if (!fact || !of)
        return;
    size_t count = fact->evidence_count;
    if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4, …: it is full */
        struct vo_evidence *grown = vo_arena_get(arena_of(facts), (2 * count + 1) * sizeof *grown);
        if (!grown)
            return;
        if (count)
            memcpy(grown, fact->evidence, count * sizeof *grown);
        fact->evidence = grown;
    }
    if (count == 0)
        fact->run = of->run;
    fact->evidence[fact->evidence_count++] = (struct vo_evidence){of->run, of->n};
    if (of->time > fact->time)
        fact->time = of->time;
}

enum vo_status vo_derived_status(const struct vo_facts *facts, struct vo_error *error)
{
    return facts->derived.arena.failed || facts->arena.failed
               ? vo_error_memory(error, "the derived observations")
               : VO_OK;
}

void vo_facts_underive(struct vo_facts *facts)
{
    vo_names_release(&facts->derived.names);
    vo_arena_release(&facts->derived.arena);
    if (!facts->derived.any)
        return;
    facts->last_subject = facts->derived.last_read;
    if (facts->last_subject)
        facts->last_subject->next = NULL;
    else
        facts->subjects = NULL;
    for (struct vo_facts_subject *subject = facts->subjects; subject; subject = subject->next) {
        subject->last = subject->last_read;
        if (subject->last)
            subject->last->next = NULL;
        else
            subject->first = NULL;
    }
    facts->derived.any = false;
    facts->derived.last_read = NULL;
}
