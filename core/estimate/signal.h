/*
 * Received power over several readings: mean, minimum, quantiles, spread.
 *
 * The mean is that of the power (in mW), written in dBm again: what the guide asks for ("measure several
 * times and average"). It lies above the mean of the dBm values, because strong readings count for more: -60
 * and -80 dBm have a mean of -62.97 dBm. So the minimum, the tenth percentile and the spread (of the dBm
 * values, in dB) stand beside it.
 *
 * Absent readings. Drivers without a number write 0, 127, -128 or -256; no receiver reads 0 dBm or more. Only
 * what lies between -128 and 0, both excluded, is a reading; vo_signal_add() refuses everything else, NAN
 * too.
 *
 * A zeroed struct is empty. Quantiles are exact for whole and half dBm, else within 0.25 dB.
 */
#ifndef VO_CORE_ESTIMATE_SIGNAL_H
#define VO_CORE_ESTIMATE_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#define VO_SIGNAL_BUCKETS 256 /* 0.5 dB each, from -128 dBm */

struct vo_signal {
    uint64_t count;
    uint64_t refused;            /* readings that were none */
    double power_mw;             /* sum */
    double sum_dbm, squares_dbm; /* of the dBm values */
    double minimum, maximum;     /* dBm; valid when count > 0 */
    uint32_t buckets[VO_SIGNAL_BUCKETS];
};

bool vo_signal_is_level(double dbm);
/* False: it was no reading, and is only counted as refused. */
bool vo_signal_add(struct vo_signal *signal, double dbm);
/* The same reading `times` times. */
bool vo_signal_add_many(struct vo_signal *signal, double dbm, uint32_t times);
/* Exact: the same as adding all of both to one. */
void vo_signal_merge(struct vo_signal *into, const struct vo_signal *from);

/* NAN when empty; the standard deviation with fewer than two readings. */
double vo_signal_mean_dbm(const struct vo_signal *signal);
double vo_signal_minimum_dbm(const struct vo_signal *signal);
double vo_signal_deviation_db(const struct vo_signal *signal);
/* The level that `fraction` (0 to 1) of the readings do not exceed (nearest rank); 0.1: the tenth percentile.
 */
double vo_signal_quantile_dbm(const struct vo_signal *signal, double fraction);

/* Kernel values: a signed byte that was stored unsigned (164 is -92 dBm), hundredths of dBm. NAN: no reading.
 */
double vo_signal_of_byte(uint8_t value);
double vo_signal_of_mbm(int32_t value);

/* Signal above noise in dB; NAN unless both are readings. There is no SNR without a noise that was measured.
 */
double vo_signal_snr_db(double signal_dbm, double noise_dbm);
/* The power of both together; NAN unless both are readings. */
double vo_signal_sum_dbm(double one_dbm, double other_dbm);

#endif
