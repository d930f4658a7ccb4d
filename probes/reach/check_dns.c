#include "probes/reach/check_dns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct question {
    struct vo_lookups *lookups;
    struct host *host;
    const struct vo_resolver *resolver;
    enum vo_dns_type type;
    char name[256];
    bool answered;
    const char *state; /* as answered; NULL: this host could not ask */
    unsigned count;
    struct sockaddr_storage *addresses; /* of an A or AAAA answer, sorted; owned */
};

struct host {
    const struct vo_demand *demand;
    unsigned waiting; /* questions for addresses */
    bool over;
    struct sockaddr_storage *found; /* owned */
    unsigned found_count;
};

struct vo_lookups {
    struct vo_reach *reach;
    struct vo_lookups_user user;
    struct host **hosts; /* each by itself, for questions point to them */
    size_t host_count;
    struct question *questions; /* made by vo_lookups_ask(), and not moved after that */
    size_t question_count;
    unsigned answered;
    bool over;         /* all_over() was called */
    char unasked[200]; /* why this host could not ask a server; "" if it could */
};

/* What is asked of a name. Only SIP has services: by transport (RFC 3263 4.2). */
static const struct {
    const char *word, *prefix;
    enum vo_dns_type type;
    bool address, sip;
} types[] = {
    {"A", "", VO_DNS_A, true, false},
    {"AAAA", "", VO_DNS_AAAA, true, false},
    {"NAPTR", "", VO_DNS_NAPTR, false, true},
    {"SRV", "_sips._tcp.", VO_DNS_SRV, false, true},
    {"SRV", "_sip._tcp.", VO_DNS_SRV, false, true},
    {"SRV", "_sip._udp.", VO_DNS_SRV, false, true},
};
#define TYPES (sizeof types / sizeof *types)

static const char *word_of(enum vo_dns_type type)
{
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].type == type)
            return types[i].word;
    return "?";
}

static bool asks_address(enum vo_dns_type type)
{
    return type == VO_DNS_A || type == VO_DNS_AAAA;
}

struct vo_lookups *vo_lookups_new(struct vo_reach *reach, const struct vo_lookups_user *user)
{
    struct vo_lookups *lookups = calloc(1, sizeof *lookups);
    if (lookups) {
        lookups->reach = reach;
        lookups->user = *user;
    }
    return lookups;
}

void vo_lookups_free(struct vo_lookups *lookups)
{
    if (!lookups)
        return;
    for (size_t i = 0; i < lookups->question_count; i++)
        free(lookups->questions[i].addresses);
    for (size_t i = 0; i < lookups->host_count; i++) {
        free(lookups->hosts[i]->found);
        free(lookups->hosts[i]);
    }
    free(lookups->questions);
    free(lookups->hosts);
    free(lookups);
}

bool vo_lookups_add(struct vo_lookups *lookups, const struct vo_demand *demand)
{
    for (size_t i = lookups->host_count; i-- > 0;) {
        struct host *known = lookups->hosts[i];
        if (strcmp(known->demand->host, demand->host) != 0)
            continue;
        if (demand->judged && !known->demand->judged)
            known->demand = demand;
        return true;
    }
    struct host **grown = realloc(lookups->hosts, (lookups->host_count + 1) * sizeof *grown);
    struct host *host = grown ? calloc(1, sizeof *host) : NULL;
    if (grown)
        lookups->hosts = grown;
    if (!host)
        return false;
    host->demand = demand;
    lookups->hosts[lookups->host_count++] = host;
    return true;
}

static int compare_addresses(const void *left, const void *right)
{
    const struct sockaddr_storage *a = left, *b = right;
    if (a->ss_family != b->ss_family)
        return a->ss_family < b->ss_family ? -1 : 1;
    if (a->ss_family == AF_INET)
        return memcmp(&((const struct sockaddr_in *)left)->sin_addr,
                      &((const struct sockaddr_in *)right)->sin_addr, sizeof(struct in_addr));
    return memcmp(&((const struct sockaddr_in6 *)left)->sin6_addr,
                  &((const struct sockaddr_in6 *)right)->sin6_addr, sizeof(struct in6_addr));
}

/* The observation of one question or, without `question->resolver`, of the agreement of all servers. */
static void observe(const struct question *question)
{
    struct vo_record_writer *writer = question->lookups->reach->writer;
    const struct vo_demand *demand = question->host->demand;
    char id[400], key[512];
    const char *server = question->resolver ? vo_resolver_name(question->resolver) : NULL;
    snprintf(id, sizeof id, "%s %s%s%s", question->name, word_of(question->type), server ? " @" : "",
             server ? server : "");
    snprintf(key, sizeof key, "dns %s %s", demand->role ? demand->role : "host", id);
    vo_observe_begin(writer, vo_clock_now(), &(struct vo_subject){"target", id, key});
    vo_observe_label(writer, "demand", "dns");
    vo_observe_label(writer, "role", demand->role);
    vo_observe_label(writer, "host", question->name);
    vo_observe_label(writer, "type", word_of(question->type));
    vo_observe_label(writer, "server", server);
    vo_observe_label(writer, "vantage", vo_vantage_names[demand->vantage]);
    vo_observe_label(writer, "judged", demand->judged ? "yes" : "no");
}

static size_t put_record(char *text, size_t room, enum vo_dns_type type, const struct vo_dns_record *record)
{
    char address[VO_SOCKADDR_TEXT];
    int size;
    if (asks_address(type))
        size = snprintf(text, room, "%s", vo_sockaddr_format(&record->address, address));
    else if (type == VO_DNS_SRV)
        size =
            snprintf(text, room, "%u %u %u %s", record->priority, record->weight, record->port, record->name);
    else
        size = snprintf(text, room, "%u %u %s %s", record->priority, record->weight, record->service,
                        record->name);
    return size > 0 ? (size_t)size : 0;
}

/* Whether something came back. */
static bool answered(const char *state)
{
    return state && strcmp(state, "silent") != 0;
}

/* TLS and MTLS share their SRV records. */
static bool is_tried(const struct vo_site *site, uint16_t port)
{
    const uint16_t *ports = site->sbc.ports;
    bool tls = site->sbc.transport == VO_SIP_TLS || site->sbc.transport == VO_SIP_MTLS;
    return port && (tls ? port == ports[VO_SIP_TLS] || port == ports[VO_SIP_MTLS]
                        : port == ports[site->sbc.transport]);
}

/* Phones that follow RFC 3263 go where the SRV records of the site's transport lead. What is tried here is
 * what the site file says: whether that is the same. */
static void observe_service(const struct question *question, const struct vo_dns_answer *answer)
{
    struct vo_record_writer *writer = question->lookups->reach->writer;
    const struct vo_site *site = question->lookups->reach->site;
    const char *host = question->host->demand->host;
    static const char *const prefixes[VO_SIP_TRANSPORTS] = {"_sip._udp.", "_sip._tcp.", "_sips._tcp.",
                                                            "_sips._tcp."};
    const char *prefix = prefixes[site->sbc.transport];
    if (question->type != VO_DNS_SRV || strncmp(question->name, prefix, strlen(prefix)) != 0)
        return;
    bool same = answer->more == 0;
    for (unsigned i = 0; i < answer->count; i++)
        same =
            same && is_tried(site, answer->records[i].port) && strcasecmp(answer->records[i].name, host) == 0;
    bool none = answer->state &&
                (strcmp(answer->state, "no_data") == 0 || strcmp(answer->state, "no_such_name") == 0);
    if (answer->count)
        vo_observe_state(writer, VO_METRIC_DNS_SRV, same ? "same" : "differs");
    else if (none)
        vo_observe_state(writer, VO_METRIC_DNS_SRV, "none");
    else
        vo_observe_missing(writer, VO_METRIC_DNS_SRV, "no answer tells: %s",
                           answer->state ? answer->state : "not asked");
}

static void observe_answer(const struct question *question, const struct vo_dns_answer *answer)
{
    struct vo_record_writer *writer = question->lookups->reach->writer;
    char all[512] = "";
    size_t used = 0;
    observe(question);
    for (unsigned i = 0; i < answer->count && i < VO_DNS_RECORDS && used + 2 < sizeof all; i++) {
        used += (size_t)snprintf(all + used, sizeof all - used, "%s", i ? ", " : "");
        used += put_record(all + used, sizeof all - used, question->type, &answer->records[i]);
    }
    vo_observe_label(writer, "answer", all[0] ? all : NULL);
    vo_observe_label(writer, "canonical", answer->canonical[0] ? answer->canonical : NULL);
    vo_observe_label(writer, "detail", answer->state ? answer->why : NULL);
    if (answer->state)
        vo_observe_state(writer, VO_METRIC_DNS_STATE, answer->state);
    else
        vo_observe_missing(writer, VO_METRIC_DNS_STATE, "not asked: DNS server %s", answer->why);
    if (answered(answer->state)) {
        vo_observe_metric(writer, VO_METRIC_DNS_MS, (double)answer->took / (double)VO_NS_PER_MS);
        vo_observe_metric(writer, VO_METRIC_DNS_RECORDS, answer->count + answer->more);
    } else {
        const char *none = answer->state ? "no answer came" : "not asked: DNS server ";
        const char *why = answer->state ? "" : answer->why;
        vo_observe_missing(writer, VO_METRIC_DNS_MS, "%s%s", none, why);
        vo_observe_missing(writer, VO_METRIC_DNS_RECORDS, "%s%s", none, why);
    }
    observe_service(question, answer);
    vo_observe_end(writer);
}

static void keep_addresses(struct question *question, const struct vo_dns_answer *answer)
{
    unsigned count = answer->count < VO_DNS_RECORDS ? answer->count : VO_DNS_RECORDS;
    if (!asks_address(question->type) || count == 0)
        return;
    question->addresses = calloc(count, sizeof *question->addresses);
    if (!question->addresses)
        return;
    for (unsigned i = 0; i < count; i++)
        question->addresses[i] = answer->records[i].address;
    question->count = count;
    qsort(question->addresses, count, sizeof *question->addresses, compare_addresses);
}

static void tell_new(struct question *question)
{
    struct host *host = question->host;
    struct vo_lookups *lookups = question->lookups;
    for (unsigned i = 0; i < question->count; i++) {
        bool known = false;
        for (unsigned j = 0; j < host->found_count && !known; j++)
            known = compare_addresses(&host->found[j], &question->addresses[i]) == 0;
        struct sockaddr_storage *grown =
            known ? NULL : realloc(host->found, (host->found_count + 1) * sizeof *grown);
        if (!grown)
            continue;
        host->found = grown;
        host->found[host->found_count++] = question->addresses[i];
        lookups->user.found(lookups->user.context, host->demand->host, &question->addresses[i]);
    }
}

static bool same_answer(const struct question *a, const struct question *b)
{
    if (strcmp(a->state, b->state) != 0 || a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (compare_addresses(&a->addresses[i], &b->addresses[i]) != 0)
            return false;
    return true;
}

/* Whether the servers agree on one type of a host's addresses. */
static void observe_agreement(struct vo_lookups *lookups, struct host *host, enum vo_dns_type type)
{
    struct vo_record_writer *writer = lookups->reach->writer;
    const struct question *first = NULL;
    const char *word = "single", *without = NULL;
    for (size_t i = 0; i < lookups->question_count; i++) {
        const struct question *question = &lookups->questions[i];
        if (question->host != host || question->type != type)
            continue;
        if (!question->answered || !answered(question->state))
            without = vo_resolver_name(question->resolver);
        else if (!first)
            first = question;
        else if (!same_answer(first, question))
            word = "differs";
        else if (strcmp(word, "differs") != 0)
            word = "same";
    }
    struct question all = {.lookups = lookups, .host = host, .type = type};
    snprintf(all.name, sizeof all.name, "%s", host->demand->host);
    observe(&all);
    if (without && strcmp(word, "differs") != 0)
        vo_observe_missing(writer, VO_METRIC_DNS_AGREEMENT, "the DNS server %s did not answer", without);
    else
        vo_observe_state(writer, VO_METRIC_DNS_AGREEMENT, word);
    vo_observe_end(writer);
}

/* Whether any of the servers was asked for the host's addresses. */
static bool was_asked(const struct vo_lookups *lookups, const struct host *host)
{
    for (size_t i = 0; i < lookups->question_count; i++)
        if (lookups->questions[i].host == host && lookups->questions[i].answered &&
            lookups->questions[i].state && asks_address(lookups->questions[i].type))
            return true;
    return false;
}

/* "no DNS server resolves the name, 192.0.2.53: A silent" */
static void explain_none(struct vo_lookups *lookups, const struct host *host, char *text, size_t size)
{
    const struct vo_reach *reach = lookups->reach;
    bool asked = was_asked(lookups, host);
    if (!asked && !reach->stopping && lookups->unasked[0]) {
        snprintf(text, size, "the name cannot be asked for: DNS server %s", lookups->unasked);
        return;
    }
    size_t used = (size_t)snprintf(text, size, "%s",
                                   reach->stopping          ? "stopped before it was resolved"
                                   : !reach->resolver_count ? "no DNS server is configured"
                                   : asked                  ? "no DNS server resolves the name"
                                           : "this host has no memory or files to ask for it");
    for (size_t i = 0; i < lookups->question_count && used < size; i++) {
        const struct question *question = &lookups->questions[i];
        if (question->host == host && asks_address(question->type) && question->answered)
            used += (size_t)snprintf(text + used, size - used, ", %s: %s %s",
                                     vo_resolver_name(question->resolver), word_of(question->type),
                                     question->state ? question->state : "not asked");
    }
}

static void end_host(struct vo_lookups *lookups, struct host *host)
{
    char why[400];
    if (host->over)
        return;
    host->over = true;
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].address && lookups->reach->resolver_count)
            observe_agreement(lookups, host, types[i].type);
    explain_none(lookups, host, why, sizeof why);
    lookups->user.over(lookups->user.context, host->demand->host, host->found_count ? NULL : why,
                       was_asked(lookups, host));
}

static void end_if_all(struct vo_lookups *lookups)
{
    if (lookups->over || lookups->answered < lookups->question_count)
        return;
    lookups->over = true;
    lookups->user.all_over(lookups->user.context);
}

static void on_answer(void *context, const struct vo_dns_answer *answer)
{
    struct question *question = context;
    struct vo_lookups *lookups = question->lookups;
    if (question->answered || lookups->reach->stopping)
        return;
    question->answered = true;
    question->state = answer->state;
    if (!answer->state && !lookups->unasked[0])
        snprintf(lookups->unasked, sizeof lookups->unasked, "%s", answer->why);
    lookups->answered++;
    keep_addresses(question, answer);
    observe_answer(question, answer);
    tell_new(question);
    if (asks_address(question->type) && --question->host->waiting == 0)
        end_host(lookups, question->host);
    end_if_all(lookups);
}

static void ask_type(struct vo_lookups *lookups, struct host *host, size_t type, size_t server)
{
    struct question *question = &lookups->questions[lookups->question_count];
    *question = (struct question){.lookups = lookups,
                                  .host = host,
                                  .resolver = lookups->reach->resolvers[server],
                                  .type = types[type].type};
    int size =
        snprintf(question->name, sizeof question->name, "%s%s", types[type].prefix, host->demand->host);
    if (size < 0 || (size_t)size >= sizeof question->name)
        return; /* no service can have that long a name */
    if (!vo_resolver_ask(lookups->reach->resolvers[server], question->name, types[type].type, on_answer,
                         question))
        return;
    lookups->question_count++;
    host->waiting += types[type].address;
}

static void ask_host(struct vo_lookups *lookups, struct host *host)
{
    bool sip = host->demand->role && strcmp(host->demand->role, "sbc") == 0;
    for (size_t type = 0; type < TYPES; type++)
        for (size_t server = 0; server < lookups->reach->resolver_count; server++)
            if (sip || !types[type].sip)
                ask_type(lookups, host, type, server);
}

void vo_lookups_ask(struct vo_lookups *lookups)
{
    size_t room = lookups->host_count * TYPES * lookups->reach->resolver_count;
    lookups->questions = calloc(room ? room : 1, sizeof *lookups->questions);
    for (size_t i = 0; i < lookups->host_count && lookups->questions; i++)
        ask_host(lookups, lookups->hosts[i]);
    for (size_t i = 0; i < lookups->host_count; i++)
        if (lookups->hosts[i]->waiting == 0)
            end_host(lookups, lookups->hosts[i]);
    end_if_all(lookups);
}

void vo_lookups_stop(struct vo_lookups *lookups)
{
    for (size_t i = 0; i < lookups->question_count; i++) {
        struct question *question = &lookups->questions[i];
        struct vo_record_writer *writer = lookups->reach->writer;
        if (question->answered)
            continue;
        observe(question);
        vo_observe_missing(writer, VO_METRIC_DNS_STATE, "stopped before an answer came");
        vo_observe_missing(writer, VO_METRIC_DNS_MS, "stopped before an answer came");
        vo_observe_end(writer);
    }
    for (size_t i = 0; i < lookups->host_count; i++)
        end_host(lookups, lookups->hosts[i]);
}

unsigned vo_lookups_asked(const struct vo_lookups *lookups)
{
    return (unsigned)lookups->question_count;
}

unsigned vo_lookups_answered(const struct vo_lookups *lookups)
{
    return lookups->answered;
}
