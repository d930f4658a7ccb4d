#include "core/estimate/level.h"

#include "core/estimate/signal.h"

#include <math.h>

#define READINGS_LIMIT 1e12
#define ROUNDING_DB    0.01 /* of what records tell */

static double to_mw(double dbm)
{
    return pow(10, dbm / 10);
}

static double to_dbm(double mw)
{
    return 10 * log10(mw);
}

bool vo_level_add(struct vo_level *level, const struct vo_level_visit *visit)
{
    double readings = visit->readings >= 1 ? visit->readings : 1, power = to_mw(visit->mean_dbm);
    if (!vo_signal_is_level(visit->mean_dbm) || !(readings < READINGS_LIMIT)) {
        level->refused++;
        return false;
    }
    if (!vo_signal_is_level(visit->minimum_dbm) || visit->minimum_dbm > visit->mean_dbm + ROUNDING_DB)
        level->no_minimum = true;
    else if (level->visits == 0 || visit->minimum_dbm < level->minimum_dbm)
        level->minimum_dbm = visit->minimum_dbm;
    level->visits++;
    level->no_readings = level->no_readings || !(visit->readings >= 1);
    level->readings += readings;
    level->power_mw += readings * power;
    if (!vo_signal_is_level(visit->noise_dbm))
        return true;
    level->noise_visits++;
    level->noise_readings += readings;
    level->noise_mw += readings * to_mw(visit->noise_dbm);
    level->noise_signal_mw += readings * power;
    return true;
}

double vo_level_mean_dbm(const struct vo_level *level)
{
    return level->visits ? to_dbm(level->power_mw / level->readings) : NAN;
}

double vo_level_minimum_dbm(const struct vo_level *level)
{
    return level->visits && !level->no_minimum ? level->minimum_dbm : NAN;
}

double vo_level_noise_dbm(const struct vo_level *level)
{
    return level->noise_visits ? to_dbm(level->noise_mw / level->noise_readings) : NAN;
}

double vo_level_snr_db(const struct vo_level *level)
{
    return level->noise_visits ? to_dbm(level->noise_signal_mw) - to_dbm(level->noise_mw) : NAN;
}
