/*
 * Plots of a stream's series: gnuplot draws, started once for all of them, and its SVG is cut down to what
 * may stand in a page: no ids, no scripts, no references, colours as var(--g1) … for the page's style to
 * choose.
 *
 * Only numbers and fixed words go to gnuplot, never text from a capture. Series of more than VO_PLOT_BINS
 * rows are put together in bins: counts are added and the ratio taken, of largest values the largest is kept.
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

enum vo_plot_kind {
    VO_PLOT_LOSS,   /* lost of expected packets, percent of each interval */
    VO_PLOT_JITTER, /* largest interarrival jitter of each interval, ms */
    VO_PLOT_PDV,    /* largest delay variation of each interval, ms */
    VO_PLOT_DSCP,   /* packets with DSCP 46, percent of each interval */
    VO_PLOT_KINDS
};

/* Values over time, ready to draw or to put into words. */
struct vo_bins {
    double value[VO_PLOT_BINS]; /* NaN: nothing known */
    size_t count;
    double width_s;    /* of one bin */
    double duration_s; /* of the series */
};

struct vo_plot {
    enum vo_plot_kind kind;
    const struct vo_stream *stream;
    double limit;      /* a line across; NaN for none */
    struct vo_out svg; /* what stands between <svg …> and </svg>; empty if it was not drawn */
};

/* False if the stream has no such series, or nothing in it. */
bool vo_plot_bins(const struct vo_stream *stream, enum vo_plot_kind kind, struct vo_bins *bins);
/* gnuplot's script for all plots. */
void vo_plot_script(struct vo_out *script, const struct vo_plot *plots, size_t count);
/* Draws. `why` gets a sentence for the reader if plots had to be left out, else NULL. */
enum vo_status vo_plot_draw(struct vo_plot *plots, size_t count, const char **why, struct vo_error *error);
/* Cuts down one SVG document (see above). */
void vo_plot_clean(struct vo_out *out, const char *svg, size_t size);

#endif
