/*
 * What the kernel counts and hears of a peer: of its access point if the interface is a station, of each
 * station if it is an access point.
 *
 * Source: Linux' include/uapi/linux/nl80211.h (NL80211_CMD_GET_STATION, enum nl80211_sta_info, enum
 * nl80211_rate_info, enum nl80211_tid_stats).
 *
 * Counters begin at 0 with each association, and wrap at 32 bits where the member is uint32_t: measure by
 * differences. tx_retries is attempts beyond the first, added up; tx_failed is packets that were never
 * acknowledged. So the loss is tx_failed / tx_packets and the retry ratio tx_retries / (tx_packets +
 * tx_retries): two things.
 */
#ifndef VO_PROBES_IO_NL80211_STATION_H
#define VO_PROBES_IO_NL80211_STATION_H

#include "probes/decode/radiotap_rate.h"
#include "probes/io/nl80211.h"

/* Each signal has two bits: the first if it can be true, the one behind it if it is there but is none (0 dBm,
 * positive, -128). */
enum vo_station_field {
    VO_STATION_ADDRESS,
    VO_STATION_SIGNAL, /* of the last PPDU, over all chains */
    VO_STATION_SIGNAL_DOUBTFUL,
    VO_STATION_SIGNAL_AVERAGE, /* the driver's moving average */
    VO_STATION_SIGNAL_AVERAGE_DOUBTFUL,
    VO_STATION_BEACON_AVERAGE, /* of beacons only: the access point's full power */
    VO_STATION_BEACON_AVERAGE_DOUBTFUL,
    VO_STATION_ACK_SIGNAL,
    VO_STATION_ACK_SIGNAL_DOUBTFUL,
    VO_STATION_ACK_AVERAGE,
    VO_STATION_ACK_AVERAGE_DOUBTFUL,
    VO_STATION_CHAINS,
    VO_STATION_CHAINS_AVERAGE,
    VO_STATION_TX_PACKETS,
    VO_STATION_TX_BYTES,
    VO_STATION_TX_RETRIES,
    VO_STATION_TX_FAILED,
    VO_STATION_TX_DURATION,
    VO_STATION_RX_PACKETS,
    VO_STATION_RX_BYTES,
    VO_STATION_RX_DROPPED,
    VO_STATION_RX_MPDUS,
    VO_STATION_RX_FCS_ERRORS,
    VO_STATION_RX_DURATION,
    VO_STATION_BEACONS,
    VO_STATION_BEACON_LOSS,
    VO_STATION_TX_RATE,
    VO_STATION_RX_RATE,
    VO_STATION_THROUGHPUT,
    VO_STATION_INACTIVE,
    VO_STATION_CONNECTED,
    VO_STATION_ASSOCIATED_AT,
    VO_STATION_FLAGS,
    VO_STATION_BEACON_INTERVAL,
    VO_STATION_DTIM_PERIOD,
    VO_STATION_TIDS,
    VO_STATION_GENERATION,
};
/* Bits of flags_known and flags. */
enum {
    VO_STATION_IS_AUTHORIZED = 1 << 1,
    VO_STATION_HAS_SHORT_PREAMBLE = 1 << 2,
    VO_STATION_HAS_WMM = 1 << 3,
    VO_STATION_HAS_PMF = 1 << 4,
    VO_STATION_IS_AUTHENTICATED = 1 << 5,
    VO_STATION_IS_TDLS = 1 << 6, /* another station, directly */
    VO_STATION_IS_ASSOCIATED = 1 << 7,
};
/* By traffic identifier, 0 to 15, and 16 for frames without QoS. MSDUs; a TID's members by its own bits. */
enum { VO_STATION_TIDS_MAX = 17 };
enum { VO_TID_RX, VO_TID_TX, VO_TID_TX_RETRIES, VO_TID_TX_FAILED };
struct vo_station_tid {
    uint64_t has;
    uint64_t rx, tx, tx_retries, tx_failed;
};
enum { VO_STATION_CHAINS_MAX = 8 };
struct vo_station {
    uint64_t has;
    uint32_t malformed;
    vo_wlan_address address;
    uint32_t generation; /* another one: the list of stations has changed since */
    int8_t signal_dbm, signal_average_dbm, beacon_average_dbm, ack_dbm, ack_average_dbm;
    uint8_t chain_mask, chain_average_mask;
    int8_t chain_dbm[VO_STATION_CHAINS_MAX], chain_average_dbm[VO_STATION_CHAINS_MAX];
    uint32_t tx_packets, tx_retries, tx_failed, rx_packets, rx_mpdus, rx_fcs_errors;
    uint64_t tx_bytes, rx_bytes;
    uint64_t rx_dropped;                     /* duplicates and other frames that were of no use */
    uint64_t tx_duration_us, rx_duration_us; /* airtime, as the driver reckons it */
    uint64_t beacons;                        /* received */
    uint32_t beacon_loss;                    /* how often so many in a row were missed that it was noticed */
    struct vo_wlan_rate tx_rate, rx_rate;    /* of the last unicast data frame */
    uint32_t throughput_kbps;                /* that the rate control expects */
    uint32_t inactive_ms, connected_s;
    uint64_t associated_at_ns; /* CLOCK_BOOTTIME */
    uint32_t flags_known, flags;
    uint16_t beacon_interval_tu;
    uint8_t dtim_period;
    struct vo_station_tid tids[VO_STATION_TIDS_MAX];
};
static inline bool vo_station_has(const struct vo_station *station, enum vo_station_field field)
{
    return station->has >> field & 1;
}
/* Of one message of the dump; events of stations that come and go hold the same. */
void vo_station_parse(const void *attributes, size_t size, struct vo_station *station);
/* All peers; none while a station is not associated. */
enum vo_status vo_nl80211_stations(struct vo_nl80211 *nl80211, uint32_t index,
                                   void (*each)(void *context, const struct vo_station *station),
                                   void *context, struct vo_error *error);

#endif
