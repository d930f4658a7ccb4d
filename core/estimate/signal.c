#include "core/estimate/signal.h"

#include <math.h>

enum { LOWEST = -128, PER_DB = 2 };

static double to_mw(double dbm)
{
    return pow(10, dbm / 10);
}

static double to_dbm(double mw)
{
    return 10 * log10(mw);
}

bool vo_signal_is_level(double dbm)
{
    return dbm > LOWEST && dbm < 0; /* false for NAN */
}

static unsigned bucket_of(double dbm)
{
    long bucket = lround((dbm - LOWEST) * PER_DB);
    return bucket >= VO_SIGNAL_BUCKETS ? VO_SIGNAL_BUCKETS - 1 : (unsigned)bucket;
}

bool vo_signal_add_many(struct vo_signal *signal, double dbm, uint32_t times)
{
    if (!vo_signal_is_level(dbm)) {
        signal->refused += times;
        return false;
    }
    if (signal->count == 0 || dbm < signal->minimum)
        signal->minimum = dbm;
    if (signal->count == 0 || dbm > signal->maximum)
        signal->maximum = dbm;
    signal->count += times;
    signal->power_mw += times * to_mw(dbm);
    signal->sum_dbm += times * dbm;
    signal->squares_dbm += times * dbm * dbm;
    uint32_t *bucket = &signal->buckets[bucket_of(dbm)], room = UINT32_MAX - *bucket;
    *bucket += times < room ? times : room;
    return true;
}

bool vo_signal_add(struct vo_signal *signal, double dbm)
{
    return vo_signal_add_many(signal, dbm, 1);
}

void vo_signal_merge(struct vo_signal *into, const struct vo_signal *from)
{
    if (from->count && (into->count == 0 || from->minimum < into->minimum))
        into->minimum = from->minimum;
    if (from->count && (into->count == 0 || from->maximum > into->maximum))
        into->maximum = from->maximum;
    into->count += from->count;
    into->refused += from->refused;
    into->power_mw += from->power_mw;
    into->sum_dbm += from->sum_dbm;
    into->squares_dbm += from->squares_dbm;
    for (unsigned i = 0; i < VO_SIGNAL_BUCKETS; i++) {
        uint32_t room = UINT32_MAX - into->buckets[i];
        into->buckets[i] += from->buckets[i] < room ? from->buckets[i] : room;
    }
}

double vo_signal_mean_dbm(const struct vo_signal *signal)
{
    return signal->count ? to_dbm(signal->power_mw / (double)signal->count) : NAN;
}

double vo_signal_minimum_dbm(const struct vo_signal *signal)
{
    return signal->count ? signal->minimum : NAN;
}

double vo_signal_deviation_db(const struct vo_signal *signal)
{
    if (signal->count < 2)
        return NAN;
    double count = (double)signal->count, mean = signal->sum_dbm / count;
    return sqrt(fmax(signal->squares_dbm - count * mean * mean, 0) / (count - 1));
}

double vo_signal_quantile_dbm(const struct vo_signal *signal, double fraction)
{
    if (signal->count == 0)
        return NAN;
    double rank = fmax(ceil(fraction * (double)signal->count), 1), seen = 0, level = signal->maximum;
    for (unsigned i = 0; i < VO_SIGNAL_BUCKETS; i++) {
        seen += signal->buckets[i];
        if (seen >= rank) {
            level = LOWEST + (double)i / PER_DB;
            break;
        }
    }
    return fmin(fmax(level, signal->minimum), signal->maximum);
}

double vo_signal_of_byte(uint8_t value)
{
    double dbm = value < 128 ? value : value - 256;
    return vo_signal_is_level(dbm) ? dbm : NAN;
}

double vo_signal_of_mbm(int32_t value)
{
    double dbm = value / 100.0;
    return vo_signal_is_level(dbm) ? dbm : NAN;
}

double vo_signal_snr_db(double signal_dbm, double noise_dbm)
{
    return vo_signal_is_level(signal_dbm) && vo_signal_is_level(noise_dbm) ? signal_dbm - noise_dbm : NAN;
}

double vo_signal_sum_dbm(double one_dbm, double other_dbm)
{
    if (!vo_signal_is_level(one_dbm) || !vo_signal_is_level(other_dbm))
        return NAN;
    return to_dbm(to_mw(one_dbm) + to_mw(other_dbm));
}
