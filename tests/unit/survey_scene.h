/*
 * Records of a survey, written one after the other: what the tests of derived observations share.
 */
#ifndef VO_TESTS_UNIT_SURVEY_SCENE_H
#define VO_TESTS_UNIT_SURVEY_SCENE_H

#include "tests/unit/analyze_case.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

/* A channel, as labels: primary frequency, width, centre. */
#define CHANNEL(mhz, width, center)                                                                          \
    ",\"frequency_mhz\":" mhz ",\"width_mhz\":" width ",\"center_mhz\":" center
#define CH36     CHANNEL("5180", "20", "5180")
#define CH40_40  CHANNEL("5200", "40", "5190") /* 36 and 40 */
#define CH44_80  CHANNEL("5220", "80", "5210") /* 36 to 48 */
#define CH149_80 CHANNEL("5745", "80", "5775")
#define VOICE    ",\"ssid\":\"voice\",\"ssid_told_by\":\"option\""
#define FOREIGN  ",\"ssid\":\"other\",\"judged\":\"no\""

struct scene {
    char text[1 << 16];
    size_t used;
    unsigned n;
    const char *run;
    struct vo_case it;
};

__attribute__((format(printf, 2, 3))) static inline void scene_add(struct scene *scene, const char *format,
                                                                   ...)
{
    va_list arguments;
    va_start(arguments, format);
    scene->used +=
        (size_t)vsnprintf(scene->text + scene->used, sizeof scene->text - scene->used, format, arguments);
    va_end(arguments);
    if (scene->used >= sizeof scene->text)
        abort();
}

/* Begins a run; `more`: members of its record, from the comma on. */
static inline void scene_run(struct scene *scene, const char *run, const char *more)
{
    scene->run = run;
    scene->n = 1;
    scene_add(scene,
              "{\"record\":\"run\",\"run\":\"%s\",\"n\":1,\"format\":1,\"probe\":\"voready-wlan\","
              "\"started\":\"2026-11-22T10:00:00Z\"%s}\n",
              run, more);
}

static inline void scene_end(struct scene *scene)
{
    scene_add(scene, "{\"record\":\"end\",\"run\":\"%s\",\"n\":%u,\"complete\":true}\n", scene->run,
              scene->n + 1);
}

/* An observation at a place (NULL: none): labels and further members from the comma on. Its time is `n`
 * seconds. */
static inline void scene_observe(struct scene *scene, const char *place, const char *kind, const char *id,
                                 const char *labels, const char *more)
{
    unsigned n = ++scene->n;
    scene_add(scene,
              "{\"record\":\"observation\",\"run\":\"%s\",\"n\":%u,\"time\":\"2026-11-22T10:%02u:%02uZ\"",
              scene->run, n, n / 60 % 60, n % 60);
    if (place)
        scene_add(scene, ",\"place\":\"%s\"", place);
    scene_add(scene, ",\"subject\":{\"kind\":\"%s\",\"id\":\"%s\",\"key\":\"%s\"%s}%s}\n", kind, id, id,
              labels, more);
}

/* A BSS heard in one visit: four scans, `readings` of a mean of `dbm` dBm with a smallest of 3 dB less. */
static inline void scene_bss(struct scene *scene, const char *place, unsigned visit, const char *id,
                             const char *labels, double dbm, unsigned readings)
{
    char all[512], metrics[300];
    snprintf(all, sizeof all, ",\"visit\":%u%s", visit, labels);
    snprintf(
        metrics, sizeof metrics,
        ",\"metrics\":{\"wlan_signal_dbm\":%.10g,\"wlan_signal_frames\":%u,\"wlan_signal_min_dbm\":%.10g,"
        "\"wlan_scans\":4}",
        dbm, readings, dbm - 3);
    scene_observe(scene, place, "bss", id, all, metrics);
}

static inline void scene_cell(struct scene *scene, const char *place, unsigned visit, const char *ssid,
                              const char *coverage, unsigned scans)
{
    char id[200], labels[200], more[200];
    snprintf(id, sizeof id, "%s / %s", place, ssid);
    snprintf(labels, sizeof labels, ",\"visit\":%u,\"ssid\":\"%s\"", visit, ssid);
    snprintf(more, sizeof more, ",\"metrics\":{\"wlan_scans\":%u},\"states\":{\"wlan_coverage\":\"%s\"}",
             scans, coverage);
    scene_observe(scene, place, "cell", id, labels, more);
}

/* Derives from all that was written, by the rules of `pack`. `ssids` ends with NULL; NULL: none is told. */
static inline void scene_derive(struct scene *scene, const char *pack, const char *const *ssids)
{
    if (case_derive(&scene->it, pack, ssids, scene->text) != VO_OK) {
        fprintf(stderr, "%s\n", scene->it.error.message);
        abort();
    }
}

static inline void scene_free(struct scene *scene)
{
    case_free(&scene->it);
    scene->used = 0;
    scene->text[0] = '\0';
}

/* A number that was derived; NaN if it is not there. */
static inline double number_of(const struct vo_fact *fact, enum vo_metric metric)
{
    return fact ? vo_fact_number(fact, metric) : NAN;
}

/* Why it is missing; "" if it is not. */
static inline const char *missing_of(const struct vo_fact *fact, enum vo_metric metric)
{
    const struct vo_value *value = fact ? vo_fact_value(fact, &vo_metrics[metric]) : NULL;
    return value && value->type == VO_VALUE_MISSING ? value->text : "";
}

static inline const char *word_of(const struct vo_fact *fact, enum vo_metric metric)
{
    const struct vo_value *value = fact ? vo_fact_value(fact, &vo_metrics[metric]) : NULL;
    return value && value->type == VO_VALUE_WORD ? value->text : "";
}

static inline const char *basis_of(const struct vo_fact *fact, enum vo_metric metric)
{
    const struct vo_value *value = fact ? vo_fact_value(fact, &vo_metrics[metric]) : NULL;
    return value && value->basis ? value->basis : "";
}

static inline const char *label_of(const struct vo_fact *fact, const char *name)
{
    const char *text = fact ? vo_fact_label(fact, name) : NULL;
    return text ? text : "";
}

static inline bool near(double one, double other)
{
    return fabs(one - other) < 5e-5;
}

#endif
