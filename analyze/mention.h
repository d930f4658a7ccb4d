/*
 * What the labels of an observation add to the reason of a failure: who refused, which certificate it was.
 */
#ifndef VO_ANALYZE_MENTION_H
#define VO_ANALYZE_MENTION_H

#include "analyze/judge.h"

/* Adds to the reason of a fail or a warning the labels that explain the rule's metric. */
void vo_mention_labels(const struct vo_judge *judge, struct vo_result *result);

#endif
