/*
 * What follows from the records of several places, visits and runs: cells, the overlap of access points, the
 * calls that fit. Made as derived observations (analyze/derived.h; docs/verdict.md says what is in them).
 *
 * The limits that they need are those of the selected rules: the cell boundary is the pass limit of the first
 * rule on wlan_signal_dbm of cells. Without such a rule there is no boundary, and what needs one is missing.
 */
#ifndef VO_ANALYZE_DERIVE_DERIVE_H
#define VO_ANALYZE_DERIVE_DERIVE_H

#include "analyze/facts.h"

/* Before the first record: has kept what is needed to derive what the selected rules judge, and nothing if
 * they judge nothing of it. */
void vo_derive_want(struct vo_facts *facts);
/* When all records have been read, or all so far. VO_ERR_MEMORY. */
enum vo_status vo_derive(struct vo_facts *facts, struct vo_error *error);

/* The pass limit of the first selected rule on that metric of that kind of subject: the least value that
 * passes (`least`), or the largest. NaN: there is none. */
double vo_derive_limit(const struct vo_rules *rules, const char *kind, enum vo_metric metric, bool least);

#endif
