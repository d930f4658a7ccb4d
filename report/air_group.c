#include "report/model_air.h"

#include "report/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_numbers(double a, double b) /* NaN last */
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

static void sort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    if (count)
        qsort(items, count, size, compare);
}

static double of(const struct vo_air_item *item, enum vo_metric metric)
{
    return item ? vo_facts_number(&item->seen.facts, metric) : NAN;
}

/* --- BSSs
 * --------------------------------------------------------------------------------------------------- */

static int compare_items(const void *left, const void *right)
{
    const struct vo_air_item *a = *(struct vo_air_item *const *)left,
                             *b = *(struct vo_air_item *const *)right;
    int order = compare_text(a->seen.id, b->seen.id);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static bool is_newer(const struct vo_air_item *item, const struct vo_air_item *than)
{
    if (item->seen.time == VO_TIME_UNKNOWN || than->seen.time == VO_TIME_UNKNOWN ||
        item->seen.time == than->seen.time)
        return item->order > than->order;
    return item->seen.time > than->seen.time;
}

/* The mean of all announcements: that of each observation by how many it has. */
struct load {
    double sum, frames;
};

static void add_load(struct vo_air_bss *bss, struct load *load, const struct vo_air_item *item)
{
    double percent = of(item, VO_METRIC_WLAN_UTILIZATION_PERCENT);
    double frames = of(item, VO_METRIC_WLAN_LOAD_FRAMES);
    double most = of(item, VO_METRIC_WLAN_UTILIZATION_MAX_PERCENT);
    const char *missing = vo_facts_of(&item->seen.facts, VO_METRIC_WLAN_UTILIZATION_PERCENT)->missing;
    if (missing)
        bss->load_missing = missing;
    if (isnan(percent))
        return;
    frames = frames >= 1 ? frames : 1;
    load->sum += percent * frames;
    load->frames += frames;
    bss->load_max_percent = fmax(bss->load_max_percent, isnan(most) ? percent : most);
}

static void add_item(struct vo_air_bss *bss, struct load *load, const struct vo_air_item *item)
{
    if (item->derived) {
        bss->derived = item;
        return;
    }
    if (!bss->newest || is_newer(item, bss->newest))
        bss->newest = item;
    if (!isnan(of(item, VO_METRIC_WLAN_SIGNAL_DBM)) &&
        (!bss->strongest ||
         of(item, VO_METRIC_WLAN_SIGNAL_DBM) > of(bss->strongest, VO_METRIC_WLAN_SIGNAL_DBM)))
        bss->strongest = item;
    bss->surveyed = bss->surveyed || item->surveyed;
    add_load(bss, load, item);
}

static int compare_bsss(const void *left, const void *right)
{
    const struct vo_air_bss *a = *(struct vo_air_bss *const *)left, *b = *(struct vo_air_bss *const *)right;
    if (a->surveyed != b->surveyed)
        return a->surveyed ? -1 : 1;
    int order =
        compare_numbers(vo_air_number(a->newest, "frequency_mhz"), vo_air_number(b->newest, "frequency_mhz"));
    if (!order)
        order = compare_numbers(-of(a->strongest, VO_METRIC_WLAN_SIGNAL_DBM),
                                -of(b->strongest, VO_METRIC_WLAN_SIGNAL_DBM));
    return order ? order : compare_text(a->newest->seen.id, b->newest->seen.id);
}

static bool group_bsss(struct vo_report *report)
{
    struct vo_air *air = report->air;
    struct vo_air_list *list = &air->list[VO_AIR_BSS];
    struct vo_air_item **sorted = vo_store_take(report->store, (list->count + 1) * sizeof *sorted);
    struct vo_air_bss *bsss = vo_store_take(report->store, (list->count + 1) * sizeof *bsss);
    air->bsss = vo_store_take(report->store, (list->count + 1) * sizeof *air->bsss);
    if (!sorted || !bsss || !air->bsss)
        return false;
    for (size_t i = 0; i < list->count; i++)
        sorted[i] = list->items[i];
    sort(sorted, list->count, sizeof *sorted, compare_items);
    for (size_t i = 0; i < list->count;) {
        struct vo_air_bss *bss = bsss++;
        struct load load = {0};
        bss->load_max_percent = NAN;
        size_t first = i;
        for (; i < list->count && compare_text(sorted[i]->seen.id, sorted[first]->seen.id) == 0; i++)
            add_item(bss, &load, sorted[i]);
        bss->load_percent = load.frames > 0 ? load.sum / load.frames : NAN;
        bss->worst = sorted[first]->worst;
        if (!bss->newest) /* derived, but its records were not given */
            continue;
        air->bsss[air->bss_count++] = bss;
        air->surveyed_count += bss->surveyed;
    }
    air->told_surveyed = air->surveyed_count > 0 && air->surveyed_count < air->bss_count;
    sort(air->bsss, air->bss_count, sizeof *air->bsss, compare_bsss);
    return true;
}

/* --- radios
 * ------------------------------------------------------------------------------------------------- */

static const char *access_point(const struct vo_air_bss *bss)
{
    const char *ap = vo_report_label(&bss->newest->seen, "ap");
    return ap ? ap : bss->newest->seen.id;
}

/* Same access point, same channel; surveyed BSSs first. */
static int compare_radio(const struct vo_air_bss *a, const struct vo_air_bss *b)
{
    static const char *const labels[] = {"frequency_mhz", "width_mhz", "center_mhz", "center_2_mhz",
                                         "punctured"};
    int order = compare_text(access_point(a), access_point(b));
    for (size_t i = 0; i < sizeof labels / sizeof *labels && !order; i++)
        order = compare_text(vo_report_label(&a->newest->seen, labels[i]),
                             vo_report_label(&b->newest->seen, labels[i]));
    return order;
}

static int compare_into_radios(const void *left, const void *right)
{
    const struct vo_air_bss *a = *(struct vo_air_bss *const *)left, *b = *(struct vo_air_bss *const *)right;
    int order = compare_radio(a, b);
    return order ? order : compare_bsss(left, right);
}

static double level(const struct vo_air_radio *radio)
{
    return radio->strongest ? of(radio->strongest->strongest, VO_METRIC_WLAN_SIGNAL_DBM) : NAN;
}

static int compare_radios(const void *left, const void *right)
{
    const struct vo_air_radio *a = left, *b = right;
    int order = compare_numbers(a->mhz, b->mhz);
    if (!order && a->surveyed != b->surveyed)
        order = a->surveyed ? -1 : 1;
    if (!order)
        order = compare_numbers(-level(a), -level(b));
    return order ? order : compare_text(a->bsss[0]->newest->seen.id, b->bsss[0]->newest->seen.id);
}

static uint16_t channel_number(const struct vo_air_item *item, const char *label)
{
    double number = vo_air_number(item, label);
    return number >= 0 && number <= UINT16_MAX ? (uint16_t)number : 0;
}

static void describe_radio(struct vo_air_radio *radio)
{
    const struct vo_air_item *first = radio->bsss[0]->newest;
    radio->mhz = vo_air_number(first, "frequency_mhz");
    radio->channel = (struct vo_channel){.center_mhz = channel_number(first, "center_mhz"),
                                         .width_mhz = channel_number(first, "width_mhz"),
                                         .center_2_mhz = channel_number(first, "center_2_mhz"),
                                         .punctured = channel_number(first, "punctured")};
    for (size_t i = 0; i < radio->count; i++) {
        const struct vo_air_bss *bss = radio->bsss[i];
        radio->surveyed = radio->surveyed || bss->surveyed;
        if (bss->strongest &&
            (!radio->strongest || of(bss->strongest, VO_METRIC_WLAN_SIGNAL_DBM) > level(radio)))
            radio->strongest = bss;
        if (!isnan(bss->load_percent) && (!radio->load || bss->load_percent > radio->load->load_percent))
            radio->load = bss;
    }
}

static bool group_radios(struct vo_report *report)
{
    struct vo_air *air = report->air;
    struct vo_air_bss **sorted = vo_store_take(report->store, (air->bss_count + 1) * sizeof *sorted);
    air->radios = vo_store_take(report->store, (air->bss_count + 1) * sizeof *air->radios);
    if (!sorted || !air->radios)
        return false;
    for (size_t i = 0; i < air->bss_count; i++)
        sorted[i] = air->bsss[i];
    sort(sorted, air->bss_count, sizeof *sorted, compare_into_radios);
    for (size_t i = 0; i < air->bss_count;) {
        struct vo_air_radio *radio = &air->radios[air->radio_count++];
        *radio = (struct vo_air_radio){.bsss = &sorted[i]};
        for (; i < air->bss_count && compare_radio(sorted[i], radio->bsss[0]) == 0; i++)
            radio->count++;
        describe_radio(radio);
    }
    sort(air->radios, air->radio_count, sizeof *air->radios, compare_radios);
    return true;
}

/* --- channels
 * ----------------------------------------------------------------------------------------------- */

static double frequency(const struct vo_air_item *item)
{
    double mhz = vo_air_number(item, "frequency_mhz");
    return isnan(mhz) ? strtod(item->seen.id, NULL) : mhz;
}

/* Whether it says more of the metric than `than`: a number before a reason, the channel in use before samples
 * of scans, the larger number. */
static bool says_more(const struct vo_air_item *item, const struct vo_air_item *than, enum vo_metric metric)
{
    const struct vo_reported *told = vo_facts_of(&item->seen.facts, metric);
    if (isnan(told->number) && !told->missing)
        return false;
    if (!than)
        return true;
    if (isnan(told->number) != isnan(of(than, metric)))
        return !isnan(told->number);
    if (item->surveyed != than->surveyed)
        return item->surveyed;
    return told->number > of(than, metric);
}

static int compare_channels(const void *left, const void *right)
{
    return compare_numbers(((const struct vo_air_channel *)left)->mhz,
                           ((const struct vo_air_channel *)right)->mhz);
}

static struct vo_air_channel *channel_at(struct vo_air *air, double mhz)
{
    if (!(mhz >= 1))
        return NULL;
    for (size_t i = 0; i < air->channel_count; i++)
        if (fabs(air->channels[i].mhz - mhz) < 0.5)
            return &air->channels[i];
    struct vo_air_channel *channel = &air->channels[air->channel_count++];
    *channel = (struct vo_air_channel){.mhz = mhz, .worst = VO_RESULT_STATUSES};
    return channel;
}

static bool group_channels(struct vo_report *report)
{
    struct vo_air *air = report->air;
    struct vo_air_list *list = &air->list[VO_AIR_CHANNEL];
    air->channels =
        vo_store_take(report->store, (list->count + air->radio_count + 1) * sizeof *air->channels);
    if (!air->channels)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct vo_air_item *item = list->items[i];
        struct vo_air_channel *channel = channel_at(air, frequency(item));
        if (!channel)
            continue;
        if (says_more(item, channel->busy, VO_METRIC_WLAN_BUSY_PERCENT))
            channel->busy = item;
        if (says_more(item, channel->airtime, VO_METRIC_WLAN_AIRTIME_PERCENT))
            channel->airtime = item;
        if (item->worst < channel->worst)
            channel->worst = item->worst;
    }
    for (size_t i = 0; i < air->radio_count; i++) {
        struct vo_air_channel *channel = channel_at(air, air->radios[i].mhz);
        if (channel && air->radios[i].surveyed)
            channel->surveyed++;
        else if (channel)
            channel->foreign++;
    }
    sort(air->channels, air->channel_count, sizeof *air->channels, compare_channels);
    return true;
}

const char *vo_air_name(const struct vo_air *air, const char *address)
{
    for (size_t i = 0; address && i < air->bss_count; i++) {
        const struct vo_observation *seen = &air->bsss[i]->newest->seen;
        const char *ap = vo_report_label(seen, "ap"), *name = vo_report_label(seen, "ap_name");
        if (name && (strcmp(seen->id, address) == 0 || (ap && strcmp(ap, address) == 0)))
            return name;
    }
    return NULL;
}

bool vo_air_group(struct vo_report *report)
{
    return group_bsss(report) && group_radios(report) && group_channels(report);
}
