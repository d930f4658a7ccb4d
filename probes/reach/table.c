#include "probes/reach/table.h"

#include "core/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS   32
#define ROWS_ALL 60 /* of a group with more, those in its commonest state are only counted */

/* The groups' order; others come after these. */
static const char *const order[] = {"sbc",          "haproxy",     "uc",         "openscape_voice",
                                    "bcom",         "apns_device", "fcm_device", "apns_provider",
                                    "fcm_provider", "responder",   "portal",     "this host",
                                    "routes",       "names",       NULL};

enum { STATE_WORDS = 8 };
static const char *const state_words[STATE_WORDS] = {"open",        "closed",     "rejected", "filtered",
                                                     "intercepted", "unresolved", "-",        "other"};

struct group {
    char name[32];
    unsigned rows, states[STATE_WORDS];
};

struct table {
    FILE *stream;
    bool colour;
    struct group groups[GROUPS];
    unsigned group_count;
    unsigned elsewhere;
    char where[64];        /* the vantages that those belong to */
    char *last_why;        /* why the row before was not tried; owned */
    unsigned repeat;       /* rows after it for the same reason */
    struct vo_json **kept; /* rows of the present group; owned */
    size_t kept_count;
};

/* How a value is said; "%s" takes a word, "%g" a number. Left out: reach_state and the times of connecting,
 * which stand in columns. */
static const struct {
    const char *metric, *format;
} phrases[] = {
    {"dns_agreement", "the DNS servers' answers: %s"},
    {"tls_protocol", "%s"},
    {"tls_verified", "certificate %s"},
    {"tls_days_left", "%g days left"},
    {"tls_interception", "interception: %s"},
    {"tls_client_certificate", "client certificate: %s"},
    {"tls_ocsp", "stapled OCSP: %s"},
    {"tls_same_issuer", "issuer: %s"},
    {"http_status", "HTTP status %g"},
    {"http_status_kept", "status code: %s"},
    {"http2_state", "HTTP/2 %s"},
    {"websocket_state", "WebSocket %s"},
    {"websocket_held_s", "idle for %g s"},
    {"sip_options_code", "OPTIONS %g"},
    {"sip_options_ms", "in %g ms"},
    {"sip_register_state", "REGISTER: %s"},
    {"sip_register_code", "code %g"},
    {"sip_server_authentication", "server authentication: %s"},
    {"sip_expires_s", "expires in %g s"},
    {"net_tunnel", "tunnel: %s"},
    {"net_mtu_bytes", "MTU %g"},
    {"net_proxy", "proxy: %s"},
    {"net_portal", "captive portal: %s"},
    {"net_clock", "clock %s"},
    {"nat_mapping", "NAT: %s"},
};

/* Labels worth a person's time, with the word before them. */
static const struct {
    const char *label, *before;
} told[] = {
    {"answer", ""},
    {"icmp", ""},
    {"tls_fault_text", ""},
    {"tls_issuer", "issuer "},
    {"interface", "by "},
    {"gateway", "gateway "},
    {"source", "from "},
    {"proxy", ""},
    {"addresses", "has "},
    {"mapped", "seen as "},
    {"resolvers", "DNS servers "},
};

/* Texts come from servers and go to a terminal: no control characters. */
static void print_safe(FILE *stream, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; at && *at; at++)
        fputc(*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0) ? '?' : *at, stream);
}

static void paint(const struct table *table, const char *code)
{
    if (table->colour)
        fprintf(table->stream, "\033[%sm", code);
}

static const char *group_of(const struct vo_json *subject)
{
    const char *demand = vo_json_get_text(subject, "demand"), *role = vo_json_get_text(subject, "role");
    const char *kind = vo_json_get_text(subject, "kind");
    if (demand && strcmp(demand, "dns") == 0)
        return "names";
    if (kind && strcmp(kind, "path") == 0)
        return "routes";
    return role ? role : "this host";
}

static const char *state_of(const struct vo_json *record)
{
    const struct vo_json *states = vo_json_get(record, "states");
    const char *word = vo_json_get_text(states, "reach_state");
    word = word ? word : vo_json_get_text(states, "dns_state");
    return word ? word : "-";
}

static unsigned index_of_state(const char *word)
{
    for (unsigned i = 0; i < STATE_WORDS; i++)
        if (strcmp(word, state_words[i]) == 0)
            return i;
    return STATE_WORDS - 1;
}

/* Why nothing at all was measured; NULL if something was. */
static const char *untried(const struct vo_json *record)
{
    if (vo_json_count(vo_json_get(record, "metrics")) || vo_json_count(vo_json_get(record, "states")))
        return NULL;
    return vo_json_text(vo_json_child(vo_json_get(record, "missing")));
}

static bool is_elsewhere(const struct vo_json *subject)
{
    return vo_json_get_text(subject, "elsewhere") != NULL;
}

/* That DNS servers agree is no news. */
static bool is_dull(const struct vo_json *record)
{
    const char *word = vo_json_get_text(vo_json_get(record, "states"), "dns_agreement");
    return word && strcmp(word, "differs") != 0;
}

static struct group *find_group(struct table *table, const char *name)
{
    for (unsigned i = 0; i < table->group_count; i++)
        if (strncmp(table->groups[i].name, name, sizeof table->groups[i].name - 1) == 0)
            return &table->groups[i];
    if (table->group_count == GROUPS)
        return &table->groups[GROUPS - 1];
    struct group *group = &table->groups[table->group_count++];
    snprintf(group->name, sizeof group->name, "%s", name);
    return group;
}

static void count(struct table *table, const struct vo_json *record)
{
    const struct vo_json *subject = vo_json_get(record, "subject");
    const char *elsewhere = vo_json_get_text(subject, "elsewhere");
    if (!elsewhere) {
        struct group *group = find_group(table, group_of(subject));
        group->rows++;
        group->states[index_of_state(state_of(record))]++;
        return;
    }
    size_t used = strlen(table->where);
    table->elsewhere++;
    if (!strstr(table->where, elsewhere))
        snprintf(table->where + used, sizeof table->where - used, "%s%s", used ? ", " : "", elsewhere);
}

static void separate(FILE *stream, bool *any)
{
    fputs(*any ? ", " : "\n           ", stream);
    *any = true;
}

static void print_values(const struct table *table, const struct vo_json *record, bool *any)
{
    const struct vo_json *metrics = vo_json_get(record, "metrics"), *states = vo_json_get(record, "states");
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        const char *word = vo_json_get_text(states, phrases[i].metric);
        double number = vo_json_double(vo_json_get(metrics, phrases[i].metric));
        if (!word && isnan(number))
            continue;
        separate(table->stream, any);
        if (strstr(phrases[i].format, "%s") && word)
            fprintf(table->stream, phrases[i].format, word);
        else if (!word)
            fprintf(table->stream, phrases[i].format, number);
    }
}

static void print_labels(const struct table *table, const struct vo_json *subject, bool *any)
{
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const char *text = vo_json_get_text(subject, told[i].label);
        if (!text)
            continue;
        separate(table->stream, any);
        fputs(told[i].before, table->stream);
        print_safe(table->stream, text);
    }
}

/* Missing, and nothing to tell a person: that the site pins no issuer is its own choice, and a state without
 * a time is whole. */
static bool is_idle(const char *metric, const char *state)
{
    return strcmp(metric, "tls_interception") == 0 ||
           ((strcmp(metric, "reach_connect_ms") == 0 || strcmp(metric, "dns_ms") == 0) &&
            strcmp(state, "-") != 0);
}

/* Each reason once: many metrics are missing for the same one. Of a port that is not open the state says it.
 */
static void print_missing(const struct table *table, const struct vo_json *record)
{
    const struct vo_json *missing = vo_json_get(record, "missing");
    const char *word = state_of(record);
    const char *detail = vo_json_get_text(vo_json_get(record, "subject"), "detail");
    if (index_of_state(word) < STATE_WORDS - 2 && strcmp(word, "open") != 0 &&
        strcmp(word, "intercepted") != 0) {
        if (detail && strcmp(word, "closed") != 0) {
            fputs("\n           ", table->stream);
            print_safe(table->stream, detail);
        }
        return;
    }
    for (const struct vo_json *item = vo_json_child(missing); item; item = vo_json_next(item)) {
        const char *why = vo_json_text(item);
        bool before = !why || is_idle(vo_json_key_of(item), word);
        for (const struct vo_json *at = vo_json_child(missing); at != item && !before; at = vo_json_next(at))
            before = vo_json_text(at) && strcmp(vo_json_text(at), why) == 0;
        if (before)
            continue;
        fprintf(table->stream, "\n           %s not measured: ", vo_json_key_of(item));
        print_safe(table->stream, why);
    }
}

static void print_repeat(struct table *table)
{
    if (table->repeat)
        fprintf(table->stream, "  %-14s%12s  and %u more for the same reason\n", "", "", table->repeat);
    table->repeat = 0;
}

/* Whether the row would say only what the one before said. */
static bool is_repeat(struct table *table, const struct vo_json *record)
{
    const char *why = untried(record);
    if (why && table->last_why && strcmp(why, table->last_why) == 0) {
        table->repeat++;
        return true;
    }
    print_repeat(table);
    free(table->last_why);
    table->last_why = why ? strdup(why) : NULL;
    return false;
}

static void print_row(const struct table *table, const struct vo_json *record)
{
    const struct vo_json *subject = vo_json_get(record, "subject"), *metrics = vo_json_get(record, "metrics");
    const char *judged = vo_json_get_text(subject, "judged");
    double took = vo_json_double(vo_json_get(metrics, "reach_connect_ms"));
    bool any = false;
    if (isnan(took))
        took = vo_json_double(vo_json_get(metrics, "dns_ms"));
    paint(table, "1");
    fprintf(table->stream, "  %-14s", strcmp(state_of(record), "-") == 0 ? "" : state_of(record));
    paint(table, "0");
    if (isnan(took))
        fprintf(table->stream, "%12s", "");
    else
        fprintf(table->stream, "%9.2f ms", took);
    fputs("  ", table->stream);
    print_safe(table->stream, vo_json_get_text(subject, "id"));
    if (judged && strcmp(judged, "no") == 0)
        fputs(" (for information)", table->stream);
    paint(table, "2");
    print_values(table, record, &any);
    print_labels(table, subject, &any);
    print_missing(table, record);
    paint(table, "0");
    fputc('\n', table->stream);
}

/* The state that most rows of a long group have: those are only counted. -1: all are printed. */
static int crowd_of(const struct group *group)
{
    int most = 0;
    if (group->rows <= ROWS_ALL)
        return -1;
    for (int i = 1; i < STATE_WORDS; i++)
        if (group->states[i] > group->states[most])
            most = i;
    return most;
}

/* A copy of the record, kept until the group's rows are in order. */
static bool keep(struct table *table, const struct vo_json *record)
{
    struct vo_json_writer text = {0};
    struct vo_json **grown = realloc(table->kept, (table->kept_count + 1) * sizeof(*grown));
    if (grown)
        table->kept = grown;
    vo_json_copy(&text, record);
    bool kept = grown && !text.failed &&
                vo_json_parse(text.data, text.size, &grown[table->kept_count], NULL) == VO_OK;
    table->kept_count += kept;
    vo_json_writer_release(&text);
    return kept;
}

/* Reads the records once, and keeps those of `group`; NULL: only counts. */
static enum vo_status pass(struct table *table, const char *records, const struct group *group,
                           struct vo_error *error)
{
    struct vo_record_reader *reader;
    struct vo_record record = {0};
    int crowd = group ? crowd_of(group) : -1;
    enum vo_status status = vo_record_reader_open(records, &reader, error);
    if (status != VO_OK)
        return status;
    while ((status = vo_record_read(reader, &record, error)) == VO_OK) {
        const struct vo_json *subject = vo_json_get(record.json, "subject");
        if (strcmp(record.kind, "observation") != 0 || is_dull(record.json))
            continue;
        if (!group)
            count(table, record.json);
        else if (!is_elsewhere(subject) && find_group(table, group_of(subject)) == group &&
                 (int)index_of_state(state_of(record.json)) != crowd && !keep(table, record.json)) {
            status = vo_error_memory(error, "the table");
            break;
        }
    }
    vo_record_reader_free(reader);
    return status == VO_END ? VO_OK : status;
}

/* By name, and numbers in it by their value. */
static int compare_rows(const void *a, const void *b)
{
    const struct vo_json *const *left = a, *const *right = b;
    const char *one = vo_json_get_text(vo_json_get(*left, "subject"), "id");
    const char *other = vo_json_get_text(vo_json_get(*right, "subject"), "id");
    return strverscmp(one ? one : "", other ? other : "");
}

static enum vo_status print_group(struct table *table, const char *records, const struct group *group,
                                  struct vo_error *error)
{
    int crowd = crowd_of(group);
    paint(table, "1;4");
    print_safe(table->stream, group->name);
    paint(table, "0");
    fputc('\n', table->stream);
    enum vo_status status = pass(table, records, group, error);
    if (table->kept_count)
        qsort(table->kept, table->kept_count, sizeof(*table->kept), compare_rows);
    for (size_t i = 0; i < table->kept_count; i++) {
        if (!is_repeat(table, table->kept[i]))
            print_row(table, table->kept[i]);
        vo_json_free(table->kept[i]);
    }
    table->kept_count = 0;
    print_repeat(table);
    if (crowd >= 0)
        fprintf(table->stream, "  %-14s%12s  %u more\n", state_words[crowd], "", group->states[crowd]);
    fputc('\n', table->stream);
    return status;
}

static unsigned place_of(const char *name)
{
    unsigned at = 0;
    while (order[at] && strcmp(order[at], name) != 0)
        at++;
    return at;
}

static int compare_groups(const void *a, const void *b)
{
    unsigned left = place_of(((const struct group *)a)->name),
             right = place_of(((const struct group *)b)->name);
    return left < right ? -1 : left > right;
}

enum vo_status vo_reach_print_table(const char *records, FILE *stream, bool colour, struct vo_error *error)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return vo_error_memory(error, "the table");
    table->stream = stream;
    table->colour = colour;
    enum vo_status status = pass(table, records, NULL, error);
    qsort(table->groups, table->group_count, sizeof *table->groups, compare_groups);
    for (unsigned i = 0; i < table->group_count && status == VO_OK; i++)
        status = print_group(table, records, &table->groups[i], error);
    if (status == VO_OK && table->elsewhere)
        fprintf(stream, "%u more belong elsewhere: run voready-reach there with --vantage (%s).\n",
                table->elsewhere, table->where);
    free(table->last_why);
    free(table->kept);
    free(table);
    return status;
}
