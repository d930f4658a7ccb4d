#include "report/model_records.h"

#include "report/store.h"

#include <math.h>
#include <string.h>

#define SERIES_ROWS_MAX 200000 /* 55 hours of one-second rows */

/* What becomes of a step that two records of one series tell: of links, the one that was left and the one
 * that was joined. */
enum meeting { LATER, SUM, SMALLEST };

static const struct {
    enum vo_metric metric;
    enum meeting meeting;
} columns[VO_SERIES_COLUMNS] = {
    [VO_SERIES_PACKETS] = {VO_METRIC_RTP_PACKETS, LATER},
    [VO_SERIES_EXPECTED] = {VO_METRIC_RTP_EXPECTED_PACKETS, LATER},
    [VO_SERIES_LOST] = {VO_METRIC_RTP_LOST_PACKETS, LATER},
    [VO_SERIES_DISCARDED] = {VO_METRIC_RTP_DISCARDED_PACKETS, LATER},
    [VO_SERIES_JITTER] = {VO_METRIC_RTP_JITTER_MAX_MS, LATER},
    [VO_SERIES_PDV] = {VO_METRIC_RTP_PDV_MAX_MS, LATER},
    [VO_SERIES_DSCP] = {VO_METRIC_RTP_DSCP_46_PACKETS, LATER},
    [VO_SERIES_SIGNAL] = {VO_METRIC_WLAN_SIGNAL_DBM, SMALLEST},
    [VO_SERIES_SENT] = {VO_METRIC_WLAN_SENT_FRAMES, SUM},
    [VO_SERIES_UNDELIVERED] = {VO_METRIC_WLAN_UNDELIVERED_FRAMES, SUM},
    [VO_SERIES_RETRIES] = {VO_METRIC_WLAN_RETRY_FRAMES, SUM},
    [VO_SERIES_BUSY] = {VO_METRIC_WLAN_BUSY_MS, LATER},
    [VO_SERIES_AIRTIME] = {VO_METRIC_WLAN_AIRTIME_MS, LATER},
    [VO_SERIES_LISTENED] = {VO_METRIC_WLAN_OBSERVED_MS, LATER},
};

/* --- reading
 * ------------------------------------------------------------------------------------------------ */

static void read_column(struct vo_report *report, struct vo_series_piece *piece, size_t i,
                        const struct vo_json *values)
{
    piece->column[i] = vo_store_take(report->store, (piece->rows + 1) * sizeof(double));
    const struct vo_json *value = vo_json_child(values);
    for (size_t row = 0; piece->column[i] && row < piece->rows; row++) {
        piece->column[i][row] = vo_json_double(value);
        value = vo_json_next(value);
    }
}

void vo_series_read(struct vo_report *report, const struct vo_json *json)
{
    const struct vo_json *subject = vo_json_get(json, "subject");
    const struct vo_json *values = vo_json_get(json, "columns");
    const char *id = vo_json_text(subject) ? vo_json_text(subject) : vo_json_get_text(subject, "id");
    vo_time start = vo_report_read_time(json, "start");
    double step = vo_json_double(vo_json_get(json, "step_s"));
    struct vo_series_piece *piece = vo_store_take(report->store, sizeof *piece);
    if (!piece || !id || start == VO_TIME_UNKNOWN || !(step >= 0.001 && step <= 86400.0))
        return;
    piece->run = vo_report_read_label(report, json, "run");
    piece->id = vo_store_text(report->store, id);
    piece->kind = vo_report_read_label(report, subject, "kind");
    piece->key = vo_report_read_label(report, subject, "key");
    piece->point = vo_report_read_label(report, vo_json_get(subject, "point") ? subject : json, "point");
    piece->interface =
        vo_report_read_label(report, vo_json_get(subject, "interface") ? subject : json, "interface");
    piece->start = start;
    piece->step_s = step;
    for (const struct vo_json *column = vo_json_child(values); column; column = vo_json_next(column))
        if (vo_json_count(column) > piece->rows)
            piece->rows = vo_json_count(column);
    if (piece->rows == 0 || piece->rows > SERIES_ROWS_MAX)
        return;
    for (size_t i = 0; i < VO_SERIES_COLUMNS; i++) {
        const struct vo_json *column = vo_json_get(values, vo_metrics[columns[i].metric].name);
        if (vo_json_type(column) == VO_JSON_ARRAY)
            read_column(report, piece, i, column);
    }
    piece->next = report->pieces;
    report->pieces = piece;
}

/* --- putting together
 * --------------------------------------------------------------------------------------- */

static double piece_end_s(const struct vo_series_piece *piece, vo_time from)
{
    return vo_report_seconds(from, piece->start) + (double)piece->rows * piece->step_s;
}

/* Pieces were read last first. */
void vo_series_measure(struct vo_series *series, const struct vo_series_piece *piece)
{
    if (series->step_s <= 0) {
        series->start = piece->start;
        series->step_s = piece->step_s;
        series->rows = piece->rows;
        return;
    }
    double end = piece_end_s(piece, series->start);
    double rows = (double)series->rows;
    if (piece->start < series->start) {
        double earlier = vo_report_seconds(piece->start, series->start);
        rows += earlier / series->step_s;
        end += earlier;
        series->start = piece->start;
    }
    rows = fmax(rows, end / series->step_s);
    series->rows = rows < SERIES_ROWS_MAX ? (size_t)(rows + 0.5) : SERIES_ROWS_MAX;
}

static double met(double there, double value, enum meeting meeting)
{
    if (isnan(there) || meeting == LATER)
        return value;
    if (isnan(value))
        return there;
    return meeting == SUM ? there + value : fmin(there, value);
}

void vo_series_copy(struct vo_report *report, struct vo_series *series, const struct vo_series_piece *piece)
{
    double offset = vo_report_seconds(series->start, piece->start) / series->step_s;
    size_t first = offset < SERIES_ROWS_MAX ? (size_t)(offset + 0.5) : SERIES_ROWS_MAX;
    if (piece->step_s < series->step_s || piece->step_s > series->step_s)
        return;
    for (size_t i = 0; i < VO_SERIES_COLUMNS; i++) {
        if (!piece->column[i])
            continue;
        if (!series->column[i]) {
            series->column[i] = vo_store_take(report->store, (series->rows + 1) * sizeof(double));
            if (!series->column[i])
                return;
            for (size_t row = 0; row < series->rows; row++)
                series->column[i][row] = NAN;
        }
        double *column = series->column[i];
        for (size_t row = 0; row < piece->rows && first + row < series->rows; row++)
            column[first + row] = met(column[first + row], piece->column[i][row], columns[i].meeting);
    }
}
