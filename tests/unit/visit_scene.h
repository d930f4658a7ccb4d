/* The kernel's scan results and surveys, made by hand for tests of visits: as netlink attributes, which are
 * parsed as those of a kernel are. Times are milliseconds of CLOCK_BOOTTIME. */
#ifndef VO_TESTS_UNIT_VISIT_SCENE_H
#define VO_TESTS_UNIT_VISIT_SCENE_H

#include <linux/nl80211.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/wlan/visit.h"

#include "tests/unit/nl80211_scene.h"

#define MS(n)  ((int64_t)(n)*1000000)
#define AP(n)  (UINT64_C(0x020000000000) | (uint64_t)(n) << 8)
#define A_YEAR MS(1800000000) /* time of day at boot; any */

enum { NO_LEVEL = 1000000, PERCENT = 2000000 };

/* What a result says. Zeros are left out, but for the level. */
struct reply {
    uint64_t bssid;
    uint32_t mhz;
    int mbm;         /* hundredths of dBm; PERCENT + n: a quality; NO_LEVEL: neither */
    double heard_ms; /* CLOCK_BOOTTIME */
    double age_ms;   /* in its place where heard_ms is 0 */
    const uint8_t *beacon, *response;
    size_t beacon_size, response_size;
    uint64_t beacon_tsf, tsf;
    bool associated;
    const int8_t *chains; /* two */
};

static inline struct list bytes_of(const struct reply *reply)
{
    struct list list = {.size = 0}, bss = {.size = 0};
    uint8_t bssid[6];
    for (unsigned i = 0; i < 6; i++)
        bssid[i] = (uint8_t)(reply->bssid >> 8 * (5 - i));
    if (reply->bssid)
        put(&bss, NL80211_BSS_BSSID, bssid, sizeof bssid);
    if (reply->mhz)
        put32(&bss, NL80211_BSS_FREQUENCY, reply->mhz);
    if (reply->mbm >= PERCENT)
        put8(&bss, NL80211_BSS_SIGNAL_UNSPEC, reply->mbm - PERCENT);
    else if (reply->mbm != NO_LEVEL)
        put32(&bss, NL80211_BSS_SIGNAL_MBM, (uint32_t)reply->mbm);
    if (reply->heard_ms > 0)
        put64(&bss, NL80211_BSS_LAST_SEEN_BOOTTIME, (uint64_t)(reply->heard_ms * 1e6));
    else if (reply->age_ms >= 0)
        put32(&bss, NL80211_BSS_SEEN_MS_AGO, (uint32_t)reply->age_ms);
    put16(&bss, NL80211_BSS_CAPABILITY, 0x0411);
    put16(&bss, NL80211_BSS_BEACON_INTERVAL, 100);
    if (reply->tsf)
        put64(&bss, NL80211_BSS_TSF, reply->tsf);
    if (reply->beacon_tsf)
        put64(&bss, NL80211_BSS_BEACON_TSF, reply->beacon_tsf);
    if (reply->associated)
        put32(&bss, NL80211_BSS_STATUS, NL80211_BSS_STATUS_ASSOCIATED);
    if (reply->chains) {
        struct list chains = {.size = 0};
        put8(&chains, 0, reply->chains[0]);
        put8(&chains, 1, reply->chains[1]);
        put_list(&bss, NL80211_BSS_CHAIN_SIGNAL, &chains);
    }
    if (reply->response) {
        put(&bss, NL80211_BSS_PRESP_DATA, NULL, 0);
        put(&bss, NL80211_BSS_INFORMATION_ELEMENTS, reply->response, reply->response_size);
    } else if (reply->beacon) {
        put(&bss, NL80211_BSS_INFORMATION_ELEMENTS, reply->beacon, reply->beacon_size);
    }
    if (reply->beacon)
        put(&bss, NL80211_BSS_BEACON_IES, reply->beacon, reply->beacon_size);
    put_list(&list, NL80211_ATTR_BSS, &bss);
    return list;
}

/* Read at `at_ms`, in a dump that took no time. The last scan of this program was from 0 to the end of time.
 */
static inline struct vo_visit_moment at(double at_ms)
{
    return (struct vo_visit_moment){.before_ns = MS(at_ms),
                                    .after_ns = MS(at_ms),
                                    .time = A_YEAR + MS(at_ms),
                                    .own_from = 1,
                                    .own_until = INT64_MAX};
}

static inline bool give(struct vo_visit *visit, const struct reply *reply, double at_ms)
{
    struct list list = bytes_of(reply);
    struct vo_scan_bss result;
    struct vo_visit_moment moment = at(at_ms);
    vo_scan_parse(list.bytes, list.size, &result);
    return vo_visit_result(visit, &result, &moment);
}

static inline struct vo_visit_bss *heard(const struct vo_visit *visit, uint64_t bssid, uint16_t mhz)
{
    const struct vo_bss *bss = vo_bsses_find_at(&visit->bsses, bssid, mhz);
    assert_non_null(bss);
    assert_non_null(bss->visited);
    return bss->visited;
}

/* noise 0: none is told; time_ms: UINT64_MAX: none is told. */
static inline void survey(struct vo_visit *visit, uint32_t mhz, int noise, uint64_t time_ms, bool in_use,
                          uint64_t scan_ms)
{
    struct list list = {.size = 0}, info = {.size = 0};
    struct vo_survey entry;
    put32(&info, NL80211_SURVEY_INFO_FREQUENCY, mhz);
    if (noise)
        put8(&info, NL80211_SURVEY_INFO_NOISE, noise);
    if (in_use)
        put(&info, NL80211_SURVEY_INFO_IN_USE, NULL, 0);
    if (time_ms != UINT64_MAX)
        put64(&info, NL80211_SURVEY_INFO_TIME, time_ms);
    put_list(&list, NL80211_ATTR_SURVEY_INFO, &info);
    vo_survey_parse(list.bytes, list.size, &entry);
    vo_visit_survey(visit, &entry, scan_ms);
}

static inline void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.6f is not %.6f", value, expected);
}

#endif
