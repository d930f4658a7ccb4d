#include "probes/reach/table.h"

#include "core/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS   32
#define ROWS_ALL 60 /* of a group with more, those in its commonest state are only counted */

/* The groups in their order; others come after these, by their own name. What is tried comes first, what is
 * known of this host and of names after it. */
static const struct {
    const char *name, *title;
} titles[] = {
    {"sbc", "SBC"},
    {"haproxy", "HAProxy"},
    {"uc", "UC server"},
    {"openscape_voice", "OpenScape Voice"},
    {"bcom", "BCOM"},
    {"apns_device", "Apple's push service, for phones"},
    {"fcm_device", "Google's push service, for phones"},
    {"apns_provider", "Apple's push service, for the SBC"},
    {"fcm_provider", "Google's push service, for the SBC"},
    {"responder", "Responder"},
    {"target", "Targets"},
    {"portal", "Captive portal"},
    {"this host", "This host"},
    {"routes", "Routes"},
    {"names", "Names"},
};
#define TITLES (sizeof titles / sizeof *titles)
#define TRIED  11 /* of them */

enum { STATE_WORDS = 9, STATES_SAID = 6 /* that say what was found */ };
static const char *const state_words[STATE_WORDS] = {
    "open", "closed", "rejected", "filtered", "intercepted", "unresolved", "-", "not applicable", "other"};

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

/* What is said before and after a value. Left out: reach_state and the times of connecting, which stand in
 * columns. */
static const struct {
    const char *metric, *before, *after;
} phrases[] = {
    {"dns_agreement", "the DNS servers' answers: ", ""},
    {"tls_protocol", "", ""},
    {"tls_verified", "certificate ", ""},
    {"tls_days_left", "", " days left"},
    {"tls_interception", "interception: ", ""},
    {"tls_client_certificate", "client certificate: ", ""},
    {"tls_ocsp", "stapled OCSP: ", ""},
    {"tls_same_issuer", "issuer: ", ""},
    {"http_status", "HTTP status ", ""},
    {"http_status_kept", "status code: ", ""},
    {"http2_state", "HTTP/2 ", ""},
    {"websocket_state", "WebSocket ", ""},
    {"websocket_held_s", "idle for ", " s"},
    {"sip_options_code", "OPTIONS ", ""},
    {"sip_options_ms", "in ", " ms"},
    {"sip_register_state", "REGISTER: ", ""},
    {"sip_register_code", "code ", ""},
    {"sip_server_authentication", "server authentication: ", ""},
    {"sip_expires_s", "expires in ", " s"},
    {"net_tunnel", "tunnel: ", ""},
    {"net_mtu_bytes", "MTU ", ""},
    {"net_proxy", "proxy: ", ""},
    {"net_portal", "captive portal: ", ""},
    {"net_clock", "clock ", ""},
    {"nat_mapping", "NAT: ", ""},
    {"nat_binding_lifetime_s", "an idle flow lives for ", " s"},
    {"sip_alg_state", "SIP-ALG: ", ""},
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
    {"changed", "changed: "},
    {"changed_in", "in "},
    {"lost", "lost: "},
    {"at_least", "longer was not tried: "},
    {"resolvers", "DNS servers "},
};

static unsigned place_of(const char *name)
{
    unsigned at = 0;
    while (at < TITLES && strcmp(titles[at].name, name) != 0)
        at++;
    return at;
}

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
    bool inapplicable = vo_json_get_text(vo_json_get(record, "subject"), "not_applicable") != NULL;
    return word ? word : inapplicable ? "not applicable" : "-";
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

/* That DNS servers agree is no news, and that one of them was silent stands in its own rows. */
static bool is_dull(const struct vo_json *record)
{
    const struct vo_json *subject = vo_json_get(record, "subject");
    const char *word = vo_json_get_text(vo_json_get(record, "states"), "dns_agreement");
    return strcmp(group_of(subject), "names") == 0 && !vo_json_get_text(subject, "server") &&
           !(word && strcmp(word, "differs") == 0);
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

/* not_asked: not asked */
static void print_word(FILE *stream, const char *before, const char *word, const char *after)
{
    fputs(before, stream);
    for (; *word; word++)
        fputc(*word == '_' ? ' ' : *word, stream);
    fputs(after, stream);
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
        if (word)
            print_word(table->stream, phrases[i].before, word, phrases[i].after);
        else
            fprintf(table->stream, "%s%g%s", phrases[i].before, number, phrases[i].after);
        double half = vo_json_double(vo_json_get(vo_json_get(record, "uncertainty"), phrases[i].metric));
        if (!word && !isnan(half))
            fprintf(table->stream, " (± %g)", half);
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

/* "REGISTER not measured: ", by what stands before the metric's value; nothing if that stands in the first
 * column (`alone`). */
static void print_lack(FILE *stream, const char *metric, bool alone)
{
    size_t i = 0, count = sizeof phrases / sizeof *phrases;
    while (i < count && strcmp(phrases[i].metric, metric) != 0)
        i++;
    const char *before = i < count ? phrases[i].before : "";
    size_t size = strcspn(before, ":");
    while (size && before[size - 1] == ' ')
        size--;
    fputs("\n           ", stream);
    if (!alone)
        fprintf(stream, "%.*s%snot measured: ", (int)size, before, size ? " " : "");
}

/* Each reason once: many metrics are missing for the same one. Of a port that is not open the state says it.
 */
static void print_missing(const struct table *table, const struct vo_json *record)
{
    const struct vo_json *missing = vo_json_get(record, "missing");
    const char *word = state_of(record);
    const struct vo_json *subject = vo_json_get(record, "subject");
    const char *detail = vo_json_get_text(subject, "icmp") ? NULL : vo_json_get_text(subject, "detail");
    if (index_of_state(word) < STATES_SAID && strcmp(word, "open") != 0 && strcmp(word, "intercepted") != 0) {
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
        print_lack(table->stream, vo_json_key_of(item), untried(record) != NULL);
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
    if (strcmp(state_of(record), "unresolved") == 0)
        why = vo_json_get_text(vo_json_get(record, "subject"), "detail");
    if (why && table->last_why && strcmp(why, table->last_why) == 0) {
        table->repeat++;
        return true;
    }
    print_repeat(table);
    free(table->last_why);
    table->last_why = why ? strdup(why) : NULL;
    return false;
}

/* The first column. */
static const char *word_of(const struct vo_json *record)
{
    const char *state = state_of(record);
    return strcmp(state, "-") != 0 ? state : untried(record) ? "not measured" : "";
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
    fprintf(table->stream, "  %-14s", word_of(record));
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

static const char *word_of_state(int state)
{
    return strcmp(state_words[state], "-") == 0 ? "not measured" : state_words[state];
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
    unsigned place = place_of(group->name);
    paint(table, "1;4");
    print_safe(table->stream, place < TITLES ? titles[place].title : group->name);
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
    free(table->last_why);
    table->last_why = NULL;
    if (crowd >= 0)
        fprintf(table->stream, "  %-14s%12s  %u%s\n", word_of_state(crowd), "", group->states[crowd],
                group->states[crowd] < group->rows ? " more" : "");
    fputc('\n', table->stream);
    return status;
}

static int compare_groups(const void *a, const void *b)
{
    unsigned left = place_of(((const struct group *)a)->name),
             right = place_of(((const struct group *)b)->name);
    return left < right ? -1 : left > right;
}

/* The figures of all that was tried, before the rows. */
static void print_sum(const struct table *table)
{
    unsigned states[STATE_WORDS] = {0}, all = 0;
    bool any = false;
    for (unsigned i = 0; i < table->group_count; i++) {
        const struct group *group = &table->groups[i];
        unsigned place = place_of(group->name);
        for (unsigned j = 0; j < STATE_WORDS && (place < TRIED || place == TITLES); j++) {
            states[j] += group->states[j];
            all += group->states[j];
        }
    }
    fprintf(table->stream, "%u to try", all);
    for (unsigned i = 0; i < STATE_WORDS; i++)
        if (states[i]) {
            fprintf(table->stream, "%s%u %s", any ? ", " : ": ", states[i], word_of_state((int)i));
            any = true;
        }
    fputs("\n\n", table->stream);
}

enum vo_status vo_reach_print_table(const char *records, FILE *stream, bool colour, struct vo_error *error)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return vo_error_memory(error, "the table");
    table->stream = stream;
    table->colour = colour;
    enum vo_status status = pass(table, records, NULL, error);
    if (status == VO_OK)
        print_sum(table);
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
