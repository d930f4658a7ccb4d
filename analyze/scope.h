/*
 * Whom a rule speaks of: what belongs elsewhere, what is judged together, and whose silence counts.
 *
 * Labels of an observation, whatever the rule: `elsewhere`, the vantage from which it has to be tried, and
 * `not_applicable`, a reason, give the status "not applicable"; `judged` "no" gives "informational".
 */
#ifndef VO_ANALYZE_SCOPE_H
#define VO_ANALYZE_SCOPE_H

#include "analyze/judge.h"

/* Why the observation is not applicable here; NULL if it is. */
const char *vo_scope_reason(struct vo_arena *arena, const struct vo_fact *fact);
/* Leaves out what belongs to a vantage whose own observations are there too. Returns how many stay. */
size_t vo_scope_keep(const struct vo_fact **facts, size_t count);
/* Whether the observation decides something: it is applicable, and judged. */
bool vo_scope_decides(const struct vo_fact *fact);
/* Leaves out what does not decide. Returns how many stay, perhaps none. */
size_t vo_scope_keep_deciding(const struct vo_fact **facts, size_t count);
/* Brings the observations that agree with the first in all labels of the rule's `by` to the front, in their
 * order. Returns how many they are: all of them without `by`. */
size_t vo_scope_group(const struct vo_rule *rule, const struct vo_fact **facts, size_t count);
/* A result of one observation: takes back a pass that is mere silence (`filtered`), if the rule has
 * `alive_by` and no other subject with the same value of that label answered, for then nobody may be there;
 * and makes informational what is not judged. */
void vo_scope_weigh(const struct vo_judge *judge, struct vo_result *result);

#endif
