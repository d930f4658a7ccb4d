#include "probes/reach/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS(ns) ((double)(ns) / (double)VO_NS_PER_MS)

/* tls_handshake_ms is not here: it is the connection's. */
static const enum vo_metric tls_metrics[] = {
    VO_METRIC_TLS_PROTOCOL,     VO_METRIC_TLS_VERIFIED,           VO_METRIC_TLS_DAYS_LEFT,
    VO_METRIC_TLS_INTERCEPTION, VO_METRIC_TLS_CLIENT_CERTIFICATE, VO_METRIC_TLS_OCSP,
};
#define TLS_METRICS (sizeof tls_metrics / sizeof *tls_metrics)

/* From the one that says most of what is wrong to the one that says least. */
static const struct {
    enum vo_tls_fault fault;
    const char *word;
} faults[] = {
    {VO_TLS_REVOKED, "revoked"},
    {VO_TLS_EXPIRED, "expired"},
    {VO_TLS_NOT_YET_VALID, "not_yet_valid"},
    {VO_TLS_SELF_SIGNED, "self_signed"},
    {VO_TLS_INCOMPLETE_CHAIN, "incomplete_chain"},
    {VO_TLS_UNKNOWN_ISSUER, "unknown_issuer"},
    {VO_TLS_WRONG_NAME, "wrong_name"},
    {VO_TLS_WEAK, "weak"},
    {VO_TLS_OTHER_FAULT, "invalid"},
};
#define FAULTS (sizeof faults / sizeof *faults)

bool vo_demand_has_tls(const struct vo_demand *demand)
{
    static const char *const with_tls[] = {"tls", "mtls", "https", "wss", "h2"};
    for (size_t i = 0; i < sizeof with_tls / sizeof *with_tls; i++)
        if (demand->transport && strcmp(demand->transport, with_tls[i]) == 0)
            return true;
    return false;
}

/* Push services are public: their chains lead to public CAs, and there are several of a kind. */
static bool is_public(const struct vo_demand *demand)
{
    return demand->role && (strncmp(demand->role, "apns_", 5) == 0 || strncmp(demand->role, "fcm_", 4) == 0);
}

void vo_check_name(struct vo_check *check)
{
    const struct vo_demand *demand = check->demand;
    char address[VO_SOCKADDR_TEXT] = "", port[32] = "", local[32] = "";
    struct sockaddr_storage literal;
    const char *name = demand->host ? demand->host : demand->role ? demand->role : "this host";
    if (check->address.ss_family != AF_UNSPEC)
        vo_sockaddr_format(&check->address, address);
    else if (demand->port)
        snprintf(port, sizeof port, "port %u", demand->port);
    if (demand->local_port)
        snprintf(local, sizeof local, " from %u", demand->local_port);
    if (address[0] && vo_sockaddr_parse(name, 0, &literal))
        name = ""; /* it is the address */
    bool wifi = demand->vantage == VO_VANTAGE_WIFI;
    snprintf(check->id, sizeof check->id, "%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s", name,
             name[0] && (address[0] || port[0]) ? " " : "", address, port, demand->transport ? "/" : "",
             demand->transport ? demand->transport : "", local, demand->direction ? " " : "",
             demand->direction ? demand->direction : "", demand->traffic ? " " : "",
             demand->traffic ? demand->traffic : "", demand->twin ? " for " : "",
             demand->twin ? demand->row : "", wifi ? "" : " seen by ",
             wifi ? "" : vo_vantage_names[demand->vantage]);
}

static const char *family_of(const struct vo_check *check)
{
    switch (check->address.ss_family) {
    case AF_INET:
        return "ipv4";
    case AF_INET6:
        return "ipv6";
    default:
        return NULL;
    }
}

/* What stays the same between runs: no addresses, which DNS may change. */
static void make_key(const struct vo_check *check, char *key, size_t size)
{
    const struct vo_demand *demand = check->demand;
    const char *family = family_of(check);
    char port[48] = "", local[32] = "";
    bool wifi = demand->vantage == VO_VANTAGE_WIFI;
    if (demand->transport)
        snprintf(port, sizeof port, " %s/%u", demand->transport, demand->port);
    if (demand->local_port)
        snprintf(local, sizeof local, " from %u", demand->local_port);
    snprintf(key, size, "%s %s%s%s%s%s%s%s%s%s%s%s%s%s", demand->row, demand->role ? demand->role : "host",
             is_public(demand) ? " " : "", is_public(demand) ? demand->host : "", port, local,
             demand->direction ? " " : "", demand->direction ? demand->direction : "",
             demand->traffic ? " " : "", demand->traffic ? demand->traffic : "", family ? " " : "",
             family ? family : "", wifi ? "" : " seen by ", wifi ? "" : vo_vantage_names[demand->vantage]);
}

void vo_check_observe(const struct vo_check *check)
{
    struct vo_record_writer *writer = check->reach->writer;
    const struct vo_demand *demand = check->demand;
    char key[512], address[VO_SOCKADDR_TEXT];
    make_key(check, key, sizeof key);
    struct vo_subject subject = {
        .kind = demand->gives && demand->gives->subject ? demand->gives->subject : "target",
        .id = check->id,
        .key = key,
    };
    vo_observe_begin(writer, vo_clock_now(), &subject);
    vo_observe_label(writer, "demand", demand->row);
    vo_observe_label(writer, "role", demand->role);
    vo_observe_label(writer, "host", demand->host);
    if (check->address.ss_family != AF_UNSPEC) {
        struct sockaddr_storage alone = vo_sockaddr_host(&check->address);
        vo_observe_label(writer, "address", vo_sockaddr_format(&alone, address));
    }
    if (demand->port)
        vo_observe_label_number(writer, "port", demand->port);
    vo_observe_label(writer, "transport", demand->transport);
    vo_observe_label(writer, "family", family_of(check));
    vo_observe_label(writer, "vantage", vo_vantage_names[demand->vantage]);
    vo_observe_label(writer, "judged", demand->judged ? "yes" : "no");
    if (demand->local_port)
        vo_observe_label_number(writer, "local_port", demand->local_port);
    vo_observe_label(writer, "direction", demand->direction);
    vo_observe_label(writer, "traffic", demand->traffic);
}

/* All that the check would have measured. A metric that the observation has already is left as it is. */
static void put_missing(const struct vo_check *check, bool but_state, const char *why)
{
    struct vo_record_writer *writer = check->reach->writer;
    const struct vo_gives *gives = check->demand->gives;
    for (size_t i = 0; gives && i < gives->count; i++)
        if (!but_state || gives->metrics[i] != VO_METRIC_REACH_STATE)
            vo_observe_missing(writer, gives->metrics[i], "%s", why);
    if (!vo_demand_has_tls(check->demand))
        return;
    for (size_t i = 0; i < TLS_METRICS; i++)
        vo_observe_missing(writer, tls_metrics[i], "%s", why);
    vo_observe_missing(writer, VO_METRIC_TLS_HANDSHAKE_MS, "%s", why);
}

void vo_check_put_untried(const struct vo_check *check, const char *label, const char *value, const char *why)
{
    vo_check_observe(check);
    if (label)
        vo_observe_label(check->reach->writer, label, value);
    put_missing(check, false, why);
    vo_observe_end(check->reach->writer);
}

static bool gives_state(const struct vo_demand *demand)
{
    for (size_t i = 0; demand->gives && i < demand->gives->count; i++)
        if (demand->gives->metrics[i] == VO_METRIC_REACH_STATE)
            return true;
    return false;
}

void vo_check_put_unresolved(const struct vo_check *check, const char *why)
{
    bool has_state = gives_state(check->demand);
    vo_check_observe(check);
    if (has_state)
        vo_observe_state(check->reach->writer, VO_METRIC_REACH_STATE, "unresolved");
    vo_observe_label(check->reach->writer, "detail", why);
    put_missing(check, has_state, why);
    vo_observe_end(check->reach->writer);
}

static bool was_heard(const struct vo_reach *reach, const struct sockaddr_storage *address)
{
    for (size_t i = reach->heard_count; i-- > 0;)
        if (vo_sockaddr_same_host(&reach->heard[i], address))
            return true;
    return false;
}

/* Grows an array whose room is the next power of two. NULL: no memory, nothing has changed. */
static void *grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1))
        return array;
    return realloc(array, (count ? 2 * count : 1) * size);
}

/* Silence of one port says more if the address is known to answer on another. */
static void note_heard(struct vo_reach *reach, const struct sockaddr_storage *address)
{
    if (was_heard(reach, address))
        return;
    struct sockaddr_storage *grown = grow(reach->heard, reach->heard_count, sizeof *grown);
    if (!grown)
        return; /* a label less */
    reach->heard = grown;
    reach->heard[reach->heard_count++] = *address;
}

static void put_offender(struct vo_record_writer *writer, const struct vo_icmp_error *icmp)
{
    char text[VO_ICMP_TEXT], offender[VO_SOCKADDR_TEXT];
    if (!icmp->known)
        return;
    vo_observe_label(writer, "icmp", vo_icmp_format(icmp, text));
    if (icmp->has_offender)
        vo_observe_label(writer, "offender", vo_sockaddr_format(&icmp->offender, offender));
}

static const char *state_of(const struct vo_conn_result *result)
{
    const struct vo_tls_result *tls = result->tls;
    if (tls && tls->interception && strcmp(tls->interception, "intercepted") == 0)
        return "intercepted";
    return result->state;
}

static void put_reach(const struct vo_check *check, const struct vo_conn_result *result, const char *why)
{
    struct vo_record_writer *writer = check->reach->writer;
    const char *state = state_of(result);
    if (!state) {
        vo_observe_missing(writer, VO_METRIC_REACH_STATE, "%s", why);
        vo_observe_missing(writer, VO_METRIC_REACH_CONNECT_MS, "%s", why);
        return;
    }
    vo_observe_state(writer, VO_METRIC_REACH_STATE, state);
    if (result->answered)
        vo_observe_metric(writer, VO_METRIC_REACH_CONNECT_MS, MS(result->answered));
    else if (result->connected)
        vo_observe_metric(writer, VO_METRIC_REACH_CONNECT_MS, MS(result->connected - result->began));
    else
        vo_observe_missing(writer, VO_METRIC_REACH_CONNECT_MS, "not connected: %s", state);
    if (strcmp(state, "filtered") == 0)
        vo_observe_label(writer, "answers", was_heard(check->reach, &check->address) ? "yes" : "no");
    else if (strcmp(state, "rejected") != 0)
        note_heard(check->reach, &check->address);
}

void vo_check_put_conn(const struct vo_check *check, const struct vo_conn_result *result)
{
    struct vo_record_writer *writer = check->reach->writer;
    const char *why = result->text[0]          ? result->text
                      : check->reach->stopping ? "stopped before it was over"
                      : result->state          ? result->state
                                               : "the connection was not tried";
    put_reach(check, result, why);
    put_offender(writer, &result->icmp);
    if (result->text[0])
        vo_observe_label(writer, "detail", result->text);
    if (!vo_demand_has_tls(check->demand))
        return;
    if (result->secured && result->connected)
        vo_observe_metric(writer, VO_METRIC_TLS_HANDSHAKE_MS, MS(result->secured - result->connected));
    else
        vo_observe_missing(writer, VO_METRIC_TLS_HANDSHAKE_MS, "no TLS handshake: %s", why);
    vo_check_put_tls(check, result->tls, why);
}

static struct vo_seen *new_seen(const struct vo_check *check)
{
    struct vo_reach *reach = check->reach;
    struct vo_seen *grown = grow(reach->seen, reach->seen_count, sizeof *grown);
    if (!grown)
        return NULL; /* what is compared is then missing */
    reach->seen = grown;
    struct vo_seen *seen = &grown[reach->seen_count++];
    *seen = (struct vo_seen){.demand = check->demand};
    return seen;
}

void vo_check_note_status(const struct vo_check *check, unsigned http_status)
{
    struct vo_seen *seen = new_seen(check);
    if (seen)
        seen->http_status = http_status;
}

/* The issuer's key is known if the issuer was verified or sent. */
static void note_issuer(const struct vo_check *check, const struct vo_tls_result *tls)
{
    struct vo_seen *seen = new_seen(check);
    if (!seen)
        return;
    const struct vo_tls_certificate *issuer = tls->verified_count > 1    ? &tls->verified[1]
                                              : tls->presented_count > 1 ? &tls->presented[1]
                                                                         : NULL;
    snprintf(seen->issuer, sizeof seen->issuer, "%s", tls->presented[0].issuer);
    snprintf(seen->issuer_pin, sizeof seen->issuer_pin, "%s", issuer ? issuer->pin : "");
}

static const char *verified_word(const struct vo_tls_result *tls)
{
    for (size_t i = 0; i < FAULTS; i++)
        if (tls->faults & faults[i].fault)
            return faults[i].word;
    return "trusted";
}

static void put_state(struct vo_record_writer *writer, enum vo_metric metric, const char *word,
                      const char *why)
{
    if (word && word[0])
        vo_observe_state(writer, metric, word);
    else
        vo_observe_missing(writer, metric, "%s", why);
}

static void put_time(struct vo_record_writer *writer, const char *label, int64_t seconds)
{
    char text[VO_TIME_TEXT_SIZE];
    if (seconds > 0 && seconds < INT64_MAX / VO_NS_PER_S)
        vo_observe_label(writer, label, vo_time_format(seconds * VO_NS_PER_S, text));
}

/* Beside the metrics: whose certificate it is, and all that is wrong with it. */
static void put_tls_labels(struct vo_record_writer *writer, const struct vo_tls_result *tls)
{
    char all[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < FAULTS; i++)
        if (tls->faults & faults[i].fault)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", used ? " " : "", faults[i].word);
    vo_observe_label(writer, "tls_faults", used ? all : NULL);
    vo_observe_label(writer, "tls_fault_text", tls->verify_text[0] ? tls->verify_text : NULL);
    vo_observe_label(writer, "tls_cipher", tls->cipher[0] ? tls->cipher : NULL);
    vo_observe_label(writer, "tls_alpn", tls->alpn[0] ? tls->alpn : NULL);
    vo_observe_label(writer, "tls_failure", tls->failure[0] ? tls->failure : NULL);
    if (tls->alert >= 0)
        vo_observe_label_number(writer, "tls_alert", tls->alert);
    if (tls->presented_count == 0)
        return;
    const struct vo_tls_certificate *leaf = &tls->presented[0];
    vo_observe_label_number(writer, "tls_chain_length", tls->presented_count);
    vo_observe_label(writer, "tls_subject", leaf->subject);
    vo_observe_label(writer, "tls_issuer", leaf->issuer);
    vo_observe_label(writer, "tls_names", leaf->names[0] ? leaf->names : NULL);
    put_time(writer, "tls_not_before", leaf->not_before);
    put_time(writer, "tls_not_after", leaf->not_after);
    /* What a site file may pin: the issuer as verified, or as sent by the server. */
    vo_observe_label(writer, "tls_issuer_pin",
                     tls->verified_count > 1    ? tls->verified[1].pin
                     : tls->presented_count > 1 ? tls->presented[1].pin
                                                : NULL);
}

void vo_check_put_tls(const struct vo_check *check, const struct vo_tls_result *tls, const char *why_missing)
{
    struct vo_record_writer *writer = check->reach->writer;
    const char *why = tls && tls->failure[0] ? tls->failure : why_missing ? why_missing : "not known";
    if (!tls) {
        for (size_t i = 0; i < TLS_METRICS; i++)
            vo_observe_missing(writer, tls_metrics[i], "no TLS handshake: %s", why);
        return;
    }
    put_state(writer, VO_METRIC_TLS_PROTOCOL, tls->protocol, why);
    put_state(writer, VO_METRIC_TLS_CLIENT_CERTIFICATE, tls->client_certificate, why);
    if (tls->presented_count) {
        note_issuer(check, tls);
        const char *no_pins =
            is_public(check->demand)
                ? "the site file has no issuer_pins for it: only they tell interception from distrust"
                : "the site file has no issuer_pins for it, and it is no public service";
        vo_observe_state(writer, VO_METRIC_TLS_VERIFIED, verified_word(tls));
        vo_observe_metric(writer, VO_METRIC_TLS_DAYS_LEFT, (double)tls->days_left);
        put_state(writer, VO_METRIC_TLS_INTERCEPTION, tls->interception, no_pins);
        put_state(writer, VO_METRIC_TLS_OCSP, tls->ocsp, why);
    } else {
        for (size_t i = 0; i < TLS_METRICS; i++)
            if (tls_metrics[i] != VO_METRIC_TLS_PROTOCOL &&
                tls_metrics[i] != VO_METRIC_TLS_CLIENT_CERTIFICATE)
                vo_observe_missing(writer, tls_metrics[i], "no certificate was seen: %s", why);
    }
    put_tls_labels(writer, tls);
}

void vo_check_done(struct vo_check *check)
{
    if (check->done)
        return;
    check->done = true;
    check->reach->left--;
    if (check->reach->finished)
        check->reach->finished(check);
}

struct vo_conn_config vo_check_conn_config(const struct vo_check *check, struct vo_tls_config *tls)
{
    const struct vo_demand *demand = check->demand;
    struct vo_conn_config config = {
        .to = check->address,
        .local_port = demand->local_port,
        .timeout = check->reach->timeout,
    };
    if (!vo_demand_has_tls(demand))
        return config;
    *tls = (struct vo_tls_config){
        .name = demand->host,
        .trust = check->reach->trust,
        .identity = strcmp(demand->transport, "mtls") == 0 ? check->reach->identity : NULL,
        .pins = demand->pins ? demand->pins->items : NULL,
        .pin_count = demand->pins ? demand->pins->count : 0,
        .public_service = is_public(demand),
        .now = vo_clock_now(),
    };
    config.tls = tls;
    return config;
}
