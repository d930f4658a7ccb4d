/*
 * What a result or a metric says, in words for a person. Used by every format that people read.
 *
 * Numbers have sensible digits and their unit: never more digits than the samples or the uncertainty support,
 * and never rounded onto a limit that they did not reach. The texts hold untrusted parts (addresses, codecs,
 * reasons): write them with vo_out_html(), vo_out_xml() or vo_out_plain().
 */
#ifndef VO_REPORT_PHRASE_H
#define VO_REPORT_PHRASE_H

#include "report/air.h"
#include "report/out.h"

#include <stddef.h>

#define VO_PHRASE_SIZE 512

/* "2.0 %", "31.4 ms", "12,345", "00:12:40" for seconds from 60 on. `samples` (or NaN) bounds a percentage's
 * digits, `uncertainty` (or NaN) all, `limit` (or NaN) is not rounded onto. */
void vo_phrase_number(char *text, size_t size, double value, const char *unit, double samples,
                      double uncertainty, double limit);

/* A metric of an observation: its number or word, else "not measured: reason", else "not measured". Short:
 * "–" stands for what was not measured. */
void vo_phrase_metric(char *text, size_t size, const struct vo_facts *facts, enum vo_metric metric);
void vo_phrase_metric_short(char *text, size_t size, const struct vo_facts *facts, enum vo_metric metric);

/* "2.0 %", "plain", or "not measured". */
void vo_phrase_observed(char *text, size_t size, const struct vo_result *result);
/* "below 1 %"; empty if the rule has none. */
void vo_phrase_limit(char *text, size_t size, const struct vo_result *result);
/* "1.0 points over the limit", "within the measurement's uncertainty (± 2 ms)"; empty if there is nothing to
 * say. */
void vo_phrase_margin(char *text, size_t size, const struct vo_result *result);
/* "caller → callee, 192.0.2.1:5004 → 198.51.100.7:5008", with the media unless it is audio and the
 * capture point if there are several; the subject's id if no record
 * tells more; empty without a subject. */
void vo_phrase_where(char *text, size_t size, const struct vo_result *result);
/* "Worst five minutes from 00:07:12 of the stream (17:51:44 UTC)"; empty if the metric has no such place. */
void vo_phrase_when(char *text, size_t size, const struct vo_result *result);
/* "alice → bob, begun 17:44:28 UTC": the call of a stream's result; empty if none is known. */
void vo_phrase_call(char *text, size_t size, const struct vo_result *result);
/* "15,000 packets, measured up to the capture point; record 7 of run 5f0c2f6e…"; empty if nothing is told. */
void vo_phrase_evidence(char *text, size_t size, const struct vo_result *result);
/* All on one line: "Packet loss, worst five minutes: 2.0 % (limit: below 1 %). Worst five minutes from …;
 * where". */
void vo_phrase_sentence(char *text, size_t size, const struct vo_result *result);
/* "OpenScape Mobile Pro V10 Administration Guide, § 13.6"; empty without a source. */
void vo_phrase_citation(char *text, size_t size, const struct vo_result *result);

/* The same of a subject of the air: "Lobby, voice (02:00:5e:00:01:00, channel 36)", "channel 36 (5180 MHz)",
 * "02:00:… → 02:00:…, wlan0, 14:03:05 UTC". False, and nothing appended, if it is none. */
bool vo_phrase_air_where(char *text, size_t size, const struct vo_result *result);
/* "channel 36"; "channel 37 of 6 GHz", where numbers begin anew; "5181 MHz" if it has none. */
void vo_phrase_channel(char *text, size_t size, double mhz);
/* "14:03:05 UTC"; "?" if it is not known. */
void vo_phrase_time(char *text, size_t size, vo_time time);
/* A burst of loss: "14:03:05–14:03:07 UTC: 23 of 100 packets lost. At the same time:", or that nothing was.
 */
void vo_phrase_burst(struct vo_out *text, const struct vo_explanation *explanation);
/* One thing that the air did then: "roam A → B, gap 310 ms (record 17 of run 5f0c2f6e)". */
void vo_phrase_coincidence(struct vo_out *text, const struct vo_coincidence *with);
/* The sentence behind them, that none is proven to be the cause; NULL where nothing coincides. */
const char *vo_phrase_no_cause(const struct vo_explanation *explanation);
/* "authentication anew", "fast transition": wlan_roam_method for people; NULL for NULL. */
const char *vo_phrase_method(const char *word);
/* A moment of a roam: "associated" for association_response; the name with spaces if it is not known. */
void vo_phrase_step(char *text, size_t size, const char *name);

/* "caller → callee"; "direction unknown". */
const char *vo_phrase_direction(const struct vo_stream *stream);
/* "192.0.2.1:5004 → 198.51.100.7:5008" from the labels, else the id. */
void vo_phrase_addresses(char *text, size_t size, const struct vo_stream *stream);
/* "alice → bob" without the scheme of their addresses; the call's id if neither is known. */
void vo_phrase_parties(char *text, size_t size, const struct vo_call *call);
/* "answered, 00:12:40, ended by the caller, media both ways". */
void vo_phrase_outcome(char *text, size_t size, const struct vo_call *call);
/* The stream's estimated MOS with its scale, "4.4 nb"; conversational if there is one; "–" if there is none.
 */
void vo_phrase_mos(char *text, size_t size, const struct vo_stream *stream);
/* "00:07:12" (hours as many as there are). */
void vo_phrase_clock(char *text, size_t size, double seconds);
/* "Not ready" for "not_ready"; the word itself if it is not known. */
const char *vo_phrase_verdict(const char *word);
/* The worst of several results: "Not all measured" for "Not measured", else the status's name. */
const char *vo_phrase_worst(enum vo_result_status worst);
/* "2 failed, 1 warning, 1 not measured, 6 passed". */
void vo_phrase_counts(char *text, size_t size, const struct vo_report *report);
/* Short column heading of a metric, "Jitter, largest"; the name if it has none here. */
const char *vo_phrase_heading(enum vo_metric metric);

#endif
