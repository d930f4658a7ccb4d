/*
 * The level at a place from several visits of it: what each told of its readings, as one.
 *
 * A visit tells the mean of the powers of its readings (in mW, written in dBm), how many there were, the
 * smallest, and perhaps the noise. The mean of all is that of the powers, each visit weighted by its readings
 * (guide 13.4: "measure the field strength several times and calculate an average value"): -60 dBm of 10
 * readings and -70 dBm of 30 are 10 log10((10 * 1e-6 + 30 * 1e-7) / 40) = -64.88 dBm.
 *
 * What cannot be had from that, such as quantiles and the spread over all readings, is not here. The noise
 * and the signal above it are of those visits that told the noise: it is a receiver's own, of its channel
 * then.
 *
 * A zeroed struct has no visit. Units: dBm, dB. NAN: not known.
 */
#ifndef VO_CORE_ESTIMATE_LEVEL_H
#define VO_CORE_ESTIMATE_LEVEL_H

#include <stdbool.h>
#include <stddef.h>

struct vo_level_visit {
    double mean_dbm;
    double readings;    /* NAN or below 1: not told, and counts as one */
    double minimum_dbm; /* NAN: not told */
    double noise_dbm;   /* NAN: not told */
};

struct vo_level {
    size_t visits, refused;
    double readings;  /* those that are not told count as one */
    bool no_readings; /* a visit did not tell them */
    double power_mw;  /* times readings */
    double minimum_dbm;
    bool no_minimum; /* a visit did not tell it */
    size_t noise_visits;
    double noise_readings, noise_mw, noise_signal_mw; /* of the visits that told the noise */
};

/* False: its mean is no level (vo_signal_is_level()), or it claims more readings than there can be; it is
 * only counted as refused. */
bool vo_level_add(struct vo_level *level, const struct vo_level_visit *visit);

/* NAN without a visit; of the minimum also if one visit did not tell it, or told one above its mean. */
double vo_level_mean_dbm(const struct vo_level *level);
double vo_level_minimum_dbm(const struct vo_level *level);
/* NAN if no visit told the noise. */
double vo_level_noise_dbm(const struct vo_level *level);
double vo_level_snr_db(const struct vo_level *level);

#endif
