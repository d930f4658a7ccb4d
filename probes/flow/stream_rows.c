/* The rows of a stream's series: those not told yet, in a ring. */
#include "probes/flow/stream_private.h"

#define OUTAGE_ROWS 20000 /* rows that one outage fills at most */

void vo_rows_tell(struct vo_stream *stream, const struct vo_stream_config *config, int64_t end)
{
    struct vo_measure *measure = stream->measure;
    struct vo_stream_row chunk[VO_STREAM_ROWS];
    while (measure->row_first < end) {
        unsigned count = 0;
        int64_t first = measure->row_first;
        while (measure->row_first < end && count < VO_STREAM_ROWS)
            chunk[count++] = *vo_row_at(measure, measure->row_first++);
        config->rows(config->context, stream, first, chunk, count);
    }
}

void vo_rows_advance(struct vo_stream *stream, const struct vo_stream_config *config, int64_t number)
{
    struct vo_measure *measure = stream->measure;
    if (number - measure->row_newest >= VO_STREAM_ROWS) {
        vo_rows_tell(stream, config, measure->row_newest + 1);
        measure->row_first = measure->row_newest = number;
        vo_row_clear(vo_row_at(measure, number));
        return;
    }
    while (measure->row_newest < number) {
        if (measure->row_newest - measure->row_first == VO_STREAM_ROWS - 1)
            vo_rows_tell(stream, config, measure->row_first + VO_STREAM_CHUNK);
        vo_row_clear(vo_row_at(measure, ++measure->row_newest));
    }
}

void vo_rows_lost(struct vo_stream *stream, const struct vo_stream_config *config, uint64_t count,
                  double before_s, double after_s)
{
    struct vo_measure *measure = stream->measure;
    double step = config->series_s;
    int64_t first = (int64_t)(before_s / step), last = (int64_t)(after_s / step);
    if (last < measure->row_first)
        last = measure->row_first;
    if (first < last - OUTAGE_ROWS)
        first = last - OUTAGE_ROWS;
    if ((uint64_t)(last - first) > count) /* no more rows than there are packets to place */
        first = last - (int64_t)count;
    if (first < measure->row_first)
        first = measure->row_first;
    uint64_t placed = 0;
    for (int64_t number = first; number <= last; number++) {
        double from = number == first ? -1e18 : (double)number * step;
        uint64_t share = number == last
                             ? count - placed
                             : vo_window_share(count, before_s, after_s, from, (double)(number + 1) * step);
        placed += share;
        vo_rows_advance(stream, config, number);
        vo_row_at(measure, number)->lost += (uint32_t)share;
    }
}
