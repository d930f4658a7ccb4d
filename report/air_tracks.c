#include "report/model_air.h"

#include "report/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE  256
#define TRACKS_MAX 1024

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* "wlan0 02:00:00:00:01:00" is a link of wlan0; what one station sends to another is nobody's track. */
static const char *track_name(struct vo_report *report, const struct vo_series_piece *piece, bool is_link)
{
    const char *end = is_link ? strrchr(piece->id, ' ') : NULL;
    char name[NAME_SIZE];
    if (!is_link)
        return piece->id;
    if (!end || end == piece->id || (size_t)(end - piece->id) >= sizeof name)
        return NULL;
    memcpy(name, piece->id, (size_t)(end - piece->id));
    name[end - piece->id] = '\0';
    return vo_store_text(report->store, name);
}

/* Channels of two interfaces are two tracks, as are two runs. */
static struct vo_air_track *track_of(struct vo_report *report, const struct vo_series_piece *piece)
{
    struct vo_air *air = report->air;
    bool is_link = same(piece->kind, "link");
    if (!is_link && !same(piece->kind, "channel"))
        return NULL;
    const char *name = track_name(report, piece, is_link);
    for (size_t i = 0; name && i < air->track_count; i++) {
        struct vo_air_track *track = &air->tracks[i];
        if (track->is_link == is_link && same(track->name, name) && same(track->run, piece->run) &&
            (is_link || track->interface == piece->interface || same(track->interface, piece->interface)))
            return track;
    }
    struct vo_air_track *grown = vo_store_grow(report->store, air->tracks, air->track_count, sizeof *grown);
    if (!name || !grown || air->track_count == TRACKS_MAX)
        return NULL;
    air->tracks = grown;
    grown[air->track_count] = (struct vo_air_track){
        .run = piece->run, .name = name, .interface = is_link ? name : piece->interface, .is_link = is_link};
    return &grown[air->track_count++];
}

/* The roams of this interface while the series lasted. */
static void add_roams(struct vo_report *report, struct vo_air_track *track)
{
    const struct vo_air_list *roams = &report->air->list[VO_AIR_ROAM];
    double end = (double)track->series.rows * track->series.step_s;
    track->roams = vo_store_take(report->store, (roams->count + 1) * sizeof *track->roams);
    for (size_t i = 0; track->roams && i < roams->count; i++) {
        const struct vo_air_item *roam = roams->items[i];
        if (roam->seen.time == VO_TIME_UNKNOWN ||
            !same(vo_report_label(&roam->seen, "interface"), track->interface))
            continue;
        double at = vo_report_seconds(track->series.start, roam->seen.time);
        if (at >= 0 && at <= end)
            track->roams[track->roam_count++] = at;
    }
}

static int compare_tracks(const void *left, const void *right)
{
    const struct vo_air_track *a = left, *b = right;
    if (a->is_link != b->is_link)
        return a->is_link ? -1 : 1;
    if (a->series.start != b->series.start)
        return a->series.start < b->series.start ? -1 : 1;
    return strcmp(a->name, b->name);
}

void vo_air_tracks(struct vo_report *report)
{
    struct vo_air *air = report->air;
    for (const struct vo_series_piece *piece = report->pieces; piece; piece = piece->next) {
        struct vo_air_track *track = track_of(report, piece);
        if (track)
            vo_series_measure(&track->series, piece);
    }
    for (const struct vo_series_piece *piece = report->pieces; piece; piece = piece->next) {
        struct vo_air_track *track = track_of(report, piece);
        if (track)
            vo_series_copy(report, &track->series, piece);
    }
    for (size_t i = 0; i < air->track_count; i++)
        if (air->tracks[i].is_link)
            add_roams(report, &air->tracks[i]);
    if (air->track_count)
        qsort(air->tracks, air->track_count, sizeof *air->tracks, compare_tracks);
}
