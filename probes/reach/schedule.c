#include "probes/reach/schedule.h"

#include "probes/reach/check_dns.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK (200 * VO_NS_PER_MS)

struct entry { /* the check is first: vo_check pointers are entries */
    struct vo_check check;
    struct entry *next, *before; /* in the list that it is in */
    bool started;
};

struct list {
    struct entry *first, *last;
};

struct schedule {
    struct vo_reach *reach;
    const struct vo_schedule_options *options;
    struct vo_lookups *lookups;
    struct list pending, active, finished;
    unsigned active_count, made, done;
    struct vo_timer reaper, tick;
    bool resolved; /* nothing is asked of DNS any more */
    bool last;     /* the checks that compare others have begun */
    bool has_family[2];
    bool failed; /* out of memory */
};

static void append(struct list *list, struct entry *entry)
{
    entry->next = NULL;
    entry->before = list->last;
    if (list->last)
        list->last->next = entry;
    else
        list->first = entry;
    list->last = entry;
}

static void take(struct list *list, struct entry *entry)
{
    if (entry->before)
        entry->before->next = entry->next;
    else
        list->first = entry->next;
    if (entry->next)
        entry->next->before = entry->before;
    else
        list->last = entry->before;
}

static struct vo_check check_of(struct schedule *schedule, const struct vo_demand *demand,
                                const struct sockaddr_storage *address)
{
    struct vo_check check = {.reach = schedule->reach, .demand = demand};
    if (address) {
        check.address = *address;
        if (address->ss_family == AF_INET6)
            ((struct sockaddr_in6 *)(void *)&check.address)->sin6_port = htons(demand->port);
        else
            ((struct sockaddr_in *)(void *)&check.address)->sin_port = htons(demand->port);
    }
    vo_check_name(&check);
    return check;
}

static void add_check(struct schedule *schedule, const struct vo_demand *demand,
                      const struct sockaddr_storage *address)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) {
        schedule->failed = true;
        return;
    }
    entry->check = check_of(schedule, demand, address);
    append(&schedule->pending, entry);
    schedule->reach->left++;
    schedule->made++;
}

static void wake(struct schedule *schedule)
{
    struct vo_loop *loop = schedule->reach->loop;
    if (!vo_loop_set(loop, &schedule->reaper, vo_loop_now(loop)))
        schedule->failed = true;
}

static void start_pending(struct schedule *schedule)
{
    struct entry *entry;
    while ((entry = schedule->pending.first) && schedule->active_count < schedule->options->limit) {
        take(&schedule->pending, entry);
        append(&schedule->active, entry);
        schedule->active_count++;
        entry->started = true;
        entry->check.demand->kind->start(&entry->check);
    }
}

/* A check is done, in the middle of its own work: what it holds is freed in the next round. */
static void on_finished(struct vo_check *check)
{
    struct schedule *schedule = check->reach->context;
    struct entry *entry = (struct entry *)(void *)check;
    take(&schedule->active, entry);
    append(&schedule->finished, entry);
    schedule->active_count--;
    schedule->done++;
    wake(schedule);
}

static void free_list(struct list *list)
{
    struct entry *entry = list->first, *next;
    list->first = list->last = NULL;
    for (; entry; entry = next) {
        next = entry->next;
        if (entry->started)
            entry->check.demand->kind->free(&entry->check);
        free(entry);
    }
}

/* Whether it begins when the others are done. */
static bool compares(const struct schedule *schedule, const struct vo_demand *demand)
{
    return demand->last && !demand->lacks && demand->vantage == schedule->options->vantage;
}

static void add_last(struct schedule *schedule)
{
    const struct vo_plan *plan = schedule->options->plan;
    schedule->last = true;
    for (size_t i = 0; i < plan->count; i++)
        if (compares(schedule, &plan->demands[i]))
            add_check(schedule, &plan->demands[i], NULL);
}

/* Frees what is done, starts what waits, and ends the run when there is nothing left. */
static void on_reaper(void *context)
{
    struct schedule *schedule = context;
    free_list(&schedule->finished);
    if (schedule->resolved && schedule->reach->left == 0 && !schedule->last)
        add_last(schedule);
    start_pending(schedule);
    if (schedule->resolved && schedule->last && schedule->reach->left == 0 && !schedule->finished.first)
        vo_loop_quit(schedule->reach->loop);
}

static void show(struct schedule *schedule, vo_time now)
{
    unsigned done = schedule->done + vo_lookups_answered(schedule->lookups);
    unsigned all = schedule->made + vo_lookups_asked(schedule->lookups);
    if (schedule->options->progress)
        vo_progress_update(schedule->options->progress, done, done, all, now);
}

static void on_tick(void *context)
{
    struct schedule *schedule = context;
    vo_time now = vo_clock_monotonic();
    vo_record_tick(schedule->reach->writer, now);
    show(schedule, now);
    if (schedule->failed || vo_record_status(schedule->reach->writer, NULL) != VO_OK ||
        !vo_loop_set(schedule->reach->loop, &schedule->tick, now + TICK))
        vo_loop_quit(schedule->reach->loop);
}

/* Lying DNS servers answer with addresses that are nobody's, and which Linux takes for this host. */
static const char *unusable(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6) {
        const struct in6_addr *in6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        return IN6_IS_ADDR_UNSPECIFIED(in6) || IN6_IS_ADDR_MULTICAST(in6)
                   ? "the DNS answer is no host's address"
                   : NULL;
    }
    uint32_t in = ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
    return in >> 24 == 0 || in >> 28 >= 14 ? "the DNS answer is no host's address" : NULL;
}

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
}

static void on_found(void *context, const char *host, const struct sockaddr_storage *address)
{
    struct schedule *schedule = context;
    const struct vo_plan *plan = schedule->options->plan;
    bool six = address->ss_family == AF_INET6;
    bool foreign = !schedule->has_family[six] && schedule->has_family[!six] && !is_loopback(address);
    const char *none = six ? "this host has no IPv6 address" : "this host has no IPv4 address";
    for (size_t i = 0; i < plan->count; i++) {
        const struct vo_demand *demand = &plan->demands[i];
        if (!demand->host || demand->vantage != schedule->options->vantage || strcmp(demand->host, host) != 0)
            continue;
        struct vo_check check = check_of(schedule, demand, address);
        if (unusable(address))
            vo_check_put_unresolved(&check, unusable(address));
        else if (foreign)
            vo_check_put_untried(&check, "not_applicable", none, none);
        else
            add_check(schedule, demand, address);
    }
    wake(schedule);
}

static void on_host_over(void *context, const char *host, const char *why_none, bool asked)
{
    struct schedule *schedule = context;
    const struct vo_plan *plan = schedule->options->plan;
    for (size_t i = 0; why_none && i < plan->count; i++) {
        const struct vo_demand *demand = &plan->demands[i];
        if (!demand->host || demand->vantage != schedule->options->vantage || strcmp(demand->host, host) != 0)
            continue;
        struct vo_check check = check_of(schedule, demand, NULL);
        if (schedule->reach->stopping || !asked)
            vo_check_put_untried(&check, NULL, NULL, why_none);
        else
            vo_check_put_unresolved(&check, why_none);
    }
}

static void on_all_resolved(void *context)
{
    struct schedule *schedule = context;
    schedule->resolved = true;
    wake(schedule);
}

static void put_elsewhere(struct schedule *schedule, const struct vo_demand *demand)
{
    struct vo_check check = check_of(schedule, demand, NULL);
    const char *where = vo_vantage_names[demand->vantage];
    char why[160];
    snprintf(why, sizeof why, "belongs to the vantage %s: run voready-reach there with --vantage %s", where,
             where);
    vo_check_put_untried(&check, "elsewhere", where, why);
}

static void add_demand(struct schedule *schedule, const struct vo_demand *demand)
{
    struct sockaddr_storage address;
    if (demand->vantage != schedule->options->vantage) {
        put_elsewhere(schedule, demand);
    } else if (demand->lacks) {
        struct vo_check check = check_of(schedule, demand, NULL);
        vo_check_put_untried(&check, demand->unwanted ? "not_applicable" : NULL, demand->lacks,
                             demand->lacks);
    } else if (demand->last) {
        return;
    } else if (!demand->host && demand->transport) {
        struct vo_check check = check_of(schedule, demand, NULL);
        char why[200];
        snprintf(why, sizeof why,
                 "the site file names no %s; without it nothing proves what became of a packet",
                 demand->role);
        vo_check_put_untried(&check, NULL, NULL, why);
    } else if (!demand->host) {
        add_check(schedule, demand, NULL);
    } else if (vo_sockaddr_parse(demand->host, demand->port, &address)) {
        add_check(schedule, demand, &address);
    } else if (strcmp(demand->host, "localhost") == 0) { /* never asked of DNS (RFC 6761 6.3) */
        for (int i = 0; i < 2; i++)
            if (vo_sockaddr_parse(i ? "::1" : "127.0.0.1", demand->port, &address))
                add_check(schedule, demand, &address);
    } else if (!vo_lookups_add(schedule->lookups, demand)) {
        schedule->failed = true;
    }
}

/* Families of which this host has an address that leads further than the link. */
static void find_families(struct schedule *schedule)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0) {
        schedule->has_family[0] = schedule->has_family[1] = true;
        return;
    }
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        if (!at->ifa_addr || (at->ifa_addr->sa_family != AF_INET && at->ifa_addr->sa_family != AF_INET6))
            continue;
        const struct sockaddr_storage *address = (const struct sockaddr_storage *)(const void *)at->ifa_addr;
        bool six = address->ss_family == AF_INET6;
        if (!is_loopback(address) &&
            !(six &&
              IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)at->ifa_addr)->sin6_addr)))
            schedule->has_family[six] = true;
    }
    freeifaddrs(all);
}

/* Everything ends with what is known; what did not begin says so. */
static void stop_all(struct schedule *schedule)
{
    const struct vo_plan *plan = schedule->options->plan;
    struct entry *entry;
    schedule->reach->stopping = true;
    vo_lookups_stop(schedule->lookups);
    while ((entry = schedule->active.first)) {
        entry->check.demand->kind->stop(&entry->check);
        vo_check_done(&entry->check); /* a kind that forgets it must not hold the others */
    }
    while ((entry = schedule->pending.first)) {
        take(&schedule->pending, entry);
        append(&schedule->finished, entry);
        schedule->reach->left--;
        vo_check_put_untried(&entry->check, NULL, NULL, "stopped before it was tried");
    }
    for (size_t i = 0; i < plan->count && !schedule->last; i++) {
        struct vo_check check = check_of(schedule, &plan->demands[i], NULL);
        if (compares(schedule, &plan->demands[i]))
            vo_check_put_untried(&check, NULL, NULL, "stopped before it was tried");
    }
}

static enum vo_status run(struct schedule *schedule, struct vo_error *error)
{
    struct vo_loop *loop = schedule->reach->loop;
    const struct vo_plan *plan = schedule->options->plan;
    for (size_t i = 0; i < plan->count; i++)
        add_demand(schedule, &plan->demands[i]);
    start_pending(schedule);
    vo_lookups_ask(schedule->lookups);
    wake(schedule);
    if (!vo_loop_set(loop, &schedule->tick, vo_loop_now(loop) + TICK))
        schedule->failed = true;
    enum vo_status status = vo_loop_run(loop, schedule->options->stop, error);
    if (schedule->reach->left || !schedule->resolved || !schedule->last)
        stop_all(schedule);
    if (status == VO_OK && schedule->failed)
        status = vo_error_memory(error, "the checks");
    return status == VO_OK ? vo_record_status(schedule->reach->writer, error) : status;
}

enum vo_status vo_schedule_run(struct vo_reach *reach, const struct vo_schedule_options *options,
                               struct vo_error *error)
{
    struct schedule schedule = {.reach = reach, .options = options};
    struct vo_lookups_user user = {&schedule, on_found, on_host_over, on_all_resolved};
    schedule.reaper = (struct vo_timer){.due = on_reaper, .context = &schedule};
    schedule.tick = (struct vo_timer){.due = on_tick, .context = &schedule};
    schedule.lookups = vo_lookups_new(reach, &user);
    if (!schedule.lookups)
        return vo_error_memory(error, "the names");
    reach->context = &schedule; /* cppcheck-suppress autoVariables; it is taken back below */
    reach->finished = on_finished;
    find_families(&schedule);
    enum vo_status status = run(&schedule, error);
    free_list(&schedule.active);
    free_list(&schedule.finished);
    free_list(&schedule.pending);
    vo_loop_cancel(reach->loop, &schedule.reaper);
    vo_loop_cancel(reach->loop, &schedule.tick);
    vo_lookups_free(schedule.lookups);
    free(reach->heard);
    free(reach->seen);
    reach->context = NULL;
    reach->finished = NULL;
    reach->heard = NULL;
    reach->seen = NULL;
    reach->heard_count = reach->seen_count = 0;
    return status;
}
