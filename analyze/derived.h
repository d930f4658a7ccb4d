/*
 * Derived observations: what follows from the observations of several places, visits or runs. They are
 * evaluated like those that were read, and stand for what they were made of: of a subject that has a derived
 * observation with a rule's metric no other one is judged by that rule.
 *
 * They are made when all records have been read, or all so far, and taken back as soon as another record
 * comes. All their texts are copied.
 */
#ifndef VO_ANALYZE_DERIVED_H
#define VO_ANALYZE_DERIVED_H

#include "analyze/facts.h"

/* An observation without anything in it. `room`: how many labels it may get. NULL when out of memory, or if
 * nothing is kept of the kind; the functions below accept that, and do nothing. */
struct vo_fact *vo_derive_begin(struct vo_facts *facts, const char *kind, const char *id, const char *key,
                                unsigned room);
/* Each name once. Nothing for NULL and NaN. */
void vo_derive_label(struct vo_facts *facts, struct vo_fact *fact, const char *name, const char *text);
void vo_derive_label_number(struct vo_facts *facts, struct vo_fact *fact, const char *name, double number);
/* Each metric once. What nobody wants is left out. A number that is none is missing, and says so. */
void vo_derive_number(struct vo_facts *facts, struct vo_fact *fact, enum vo_metric metric, double number,
                      const char *basis, double uncertainty);
void vo_derive_word(struct vo_facts *facts, struct vo_fact *fact, enum vo_metric metric, const char *word);
void vo_derive_missing(struct vo_facts *facts, struct vo_fact *fact, enum vo_metric metric,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What it stands on: at least one, each observation once. Its time is the latest of theirs. */
void vo_derive_evidence(struct vo_facts *facts, struct vo_fact *fact, const struct vo_fact *of);

/* VO_ERR_MEMORY if something of what was derived got lost. */
enum vo_status vo_derived_status(const struct vo_facts *facts, struct vo_error *error);
/* Takes all derived observations back. */
void vo_facts_underive(struct vo_facts *facts);

#endif
