/*
 * Plots of series, of streams, links and channels: gnuplot draws, started once for all of them, and its SVG
 * is cut down to what may stand in a page: no ids, no scripts, no references, colours as var(--g1) … for the
 * page's style to choose.
 *
 * Only numbers and fixed words go to gnuplot, never text from a capture. Series of more than VO_PLOT_BINS
 * rows are put together in bins: counts are added and the ratio taken; of largest values the largest is kept,
 * of levels the smallest.
 */
#ifndef VO_REPORT_PLOT_H
#define VO_REPORT_PLOT_H

#include "report/model.h"
#include "report/out.h"

#include <stdbool.h>
#include <stddef.h>

#define VO_PLOT_BINS   200
#define VO_PLOT_WIDTH  480
#define VO_PLOT_HEIGHT 190
#define VO_PLOT_MARKS  40

enum vo_plot_kind {
    VO_PLOT_LOSS,        /* lost of expected packets, percent of each interval */
    VO_PLOT_JITTER,      /* largest interarrival jitter of each interval, ms */
    VO_PLOT_PDV,         /* largest delay variation of each interval, ms */
    VO_PLOT_DSCP,        /* packets with DSCP 46, percent of each interval */
    VO_PLOT_SIGNAL,      /* smallest level of each interval, dBm */
    VO_PLOT_RETRIES,     /* repetitions of all attempts, percent of each interval */
    VO_PLOT_UNDELIVERED, /* frames never acknowledged, percent of each interval */
    VO_PLOT_BUSY,        /* measured busy time, percent of each interval */
    VO_PLOT_AIRTIME,     /* airtime of frames heard, percent of each interval */
    VO_PLOT_KINDS
};
#define VO_PLOT_STREAM_KINDS VO_PLOT_SIGNAL /* those before it are of streams */

/* Values over time, ready to draw or to put into words. */
struct vo_bins {
    double value[VO_PLOT_BINS]; /* NaN: nothing known */
    size_t count;
    double width_s;    /* of one bin */
    double duration_s; /* of the series */
};

struct vo_plot {
    enum vo_plot_kind kind;
    const struct vo_series *series;
    const struct vo_facts *facts; /* of a stream: its worst five minutes are shaded; NULL: none */
    double limit;                 /* a line across; NaN for none */
    const double *marks;          /* seconds after the start that get a line down; the first VO_PLOT_MARKS */
    size_t mark_count;
    struct vo_out svg; /* what stands between <svg …> and </svg>; empty if it was not drawn */
};

/* False if there is no such series, or nothing in it. */
bool vo_plot_bins(const struct vo_series *series, enum vo_plot_kind kind, struct vo_bins *bins);
/* gnuplot's script for all plots. */
void vo_plot_script(struct vo_out *script, const struct vo_plot *plots, size_t count);
/* Draws. `why` gets a sentence for the reader if plots had to be left out, else NULL. */
enum vo_status vo_plot_draw(struct vo_plot *plots, size_t count, const char **why, struct vo_error *error);
/* Cuts down one SVG document (see above). */
void vo_plot_clean(struct vo_out *out, const char *svg, size_t size);

#endif
