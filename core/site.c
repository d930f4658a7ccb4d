#include "core/site.h"

#include "core/metric.h"
#include "core/site_syntax.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SITE_FILE_LIMIT ((size_t)16 * 1024 * 1024)
#define WHERE_SIZE      240
#define KEYS_MAX        32
#define LIST_MAX        1000
#define FOREVER_S       31536000 /* a year */

const char *const vo_vantage_names[VO_VANTAGES] = {"wifi", "sbc", "uc"};
const char *const vo_sip_transport_names[VO_SIP_TRANSPORTS] = {"udp", "tcp", "tls", "mtls"};
static const char *const modes[] = {"voice", "uc", "integrated", NULL};
static const char *const transports[] = {"udp", "tcp", "tls", "mtls", NULL};

enum type {
    TEXT,      /* const char * */
    FILE_NAME, /* const char *, resolved against the folder of the site file */
    NUMBER,    /* uint32_t within low..high */
    PORT,      /* uint16_t within low..65535 */
    RANGE,     /* struct vo_port_range: [first, last] */
    WORD,      /* const char *, one of `words` */
    INDEX,     /* enum, the index in `words` */
    YES_NO,    /* const char *: "yes" for true, "no" for false */
    LIST,      /* struct vo_site_list of texts */
    SECTION,   /* an object with `keys`; without it nothing of it is set, no default either */
    DEFAULTED, /* the same, but its defaults hold without it too */
    LEFT,      /* a list that analyze reads */
};

struct key {
    const char *name;
    enum type type;
    size_t offset; /* in struct vo_site */
    bool mandatory;
    uint32_t low, high, number;             /* `number`: of NUMBER and PORT, when the key is absent */
    const char *text;                       /* default of TEXT, WORD */
    const char *const *words, *const *list; /* of WORD and INDEX; default of LIST; NULL-terminated */
    vo_syntax *syntax;
    const struct key *keys; /* a row without name ends them */
};

#define AT(member) offsetof(struct vo_site, member)
#define PINS(at)                                                                                             \
    {                                                                                                        \
        .name = "issuer_pins", .type = LIST, .offset = (at), .syntax = vo_syntax_pin                         \
    }
#define ADDRESS(at)                                                                                          \
    {                                                                                                        \
        .name = "address", .type = TEXT, .offset = (at), .mandatory = true, .syntax = vo_syntax_host         \
    }
#define PORT_KEY(key, at, usual)                                                                             \
    {                                                                                                        \
        .name = (key), .type = PORT, .offset = (at), .low = 1, .number = (usual)                             \
    }
#define SIP_PORT(key, at, usual)                                                                             \
    {                                                                                                        \
        .name = (key), .type = PORT, .offset = (at), .number = (usual)                                       \
    }

static const struct key call_keys[] = {
    {.name = "per_ap", .type = NUMBER, .offset = AT(calls_per_ap), .low = 1, .high = 1000},
    {.name = "total", .type = NUMBER, .offset = AT(calls), .low = 1, .high = 1000000},
    {0},
};
static const struct key sip_port_keys[] = {
    SIP_PORT("udp", AT(sbc.ports[VO_SIP_UDP]), 5060),
    SIP_PORT("tcp", AT(sbc.ports[VO_SIP_TCP]), 5060),
    SIP_PORT("tls", AT(sbc.ports[VO_SIP_TLS]), 5061),
    SIP_PORT("mtls", AT(sbc.ports[VO_SIP_MTLS]), 5161),
    {0},
};
static const struct key sbc_keys[] = {
    ADDRESS(AT(sbc.address)),
    {.name = "transport", .type = INDEX, .offset = AT(sbc.transport), .mandatory = true, .words = transports},
    {.name = "ports", .type = DEFAULTED, .keys = sip_port_keys},
    {.name = "rtp_ports", .type = RANGE, .offset = AT(sbc.rtp)},
    PINS(AT(sbc.issuer_pins)),
    {0},
};
static const struct key haproxy_keys[] = {
    ADDRESS(AT(haproxy.address)),
    PORT_KEY("https_port", AT(haproxy.https), 8443),
    PORT_KEY("http_port", AT(haproxy.http), 8081),
    {.name = "path",
     .type = TEXT,
     .offset = AT(haproxy.path),
     .text = "/axis/services",
     .syntax = vo_syntax_path},
    {.name = "websocket_path", .type = TEXT, .offset = AT(haproxy.websocket_path), .syntax = vo_syntax_path},
    {.name = "hold_s", .type = NUMBER, .offset = AT(haproxy.hold_s), .low = 1, .high = 86400, .number = 60},
    PINS(AT(haproxy.issuer_pins)),
    {0},
};
static const struct key uc_keys[] = {
    ADDRESS(AT(uc.address)),
    PORT_KEY("https_port", AT(uc.https), 8443),
    {.name = "path", .type = TEXT, .offset = AT(uc.path), .text = "/axis/services", .syntax = vo_syntax_path},
    PINS(AT(uc.issuer_pins)),
    {0},
};
static const struct key voice_keys[] = {
    ADDRESS(AT(openscape_voice.address)),
    PORT_KEY("soap_port", AT(openscape_voice.soap), 8758),
    PINS(AT(openscape_voice.issuer_pins)),
    {0},
};
static const struct key bcom_keys[] = {
    ADDRESS(AT(bcom.address)),
    {.name = "soap_port", .type = PORT, .offset = AT(bcom.soap), .mandatory = true, .low = 1},
    PINS(AT(bcom.issuer_pins)),
    {0},
};

static const char *const apns_device[] = {"1-courier.push.apple.com", NULL};
static const char *const apns_provider[] = {"api.push.apple.com", "api.development.push.apple.com", NULL};
static const char *const fcm_device[] = {"mtalk.google.com", NULL};
static const char *const fcm_provider[] = {"fcm.googleapis.com", NULL};
#define PUSH(key, at, hosts)                                                                                 \
    {                                                                                                        \
        .name = (key), .type = LIST, .offset = (at), .syntax = vo_syntax_host, .list = (hosts)               \
    }
static const struct key push_keys[] = {
    PUSH("apns_device", AT(push.apns_device), apns_device),
    PUSH("apns_provider", AT(push.apns_provider), apns_provider),
    PUSH("fcm_device", AT(push.fcm_device), fcm_device),
    PUSH("fcm_provider", AT(push.fcm_provider), fcm_provider),
    PINS(AT(push.issuer_pins)),
    {0},
};
static const struct key responder_keys[] = {
    ADDRESS(AT(responder.address)),
    PORT_KEY("port", AT(responder.port), 8620),
    {.name = "key_file", .type = FILE_NAME, .offset = AT(responder.key_file), .mandatory = true},
    {0},
};
static const struct key account_keys[] = {
    {.name = "user", .type = TEXT, .offset = AT(account.user), .mandatory = true, .syntax = vo_syntax_user},
    {.name = "domain", .type = TEXT, .offset = AT(account.domain), .syntax = vo_syntax_host},
    {.name = "password_file", .type = FILE_NAME, .offset = AT(account.password_file), .mandatory = true},
    {.name = "expires_s",
     .type = NUMBER,
     .offset = AT(account.expires_s),
     .low = 60,
     .high = FOREVER_S,
     .number = 604800},
    {0},
};
static const struct key certificate_keys[] = {
    {.name = "file", .type = FILE_NAME, .offset = AT(client_certificate.file), .mandatory = true},
    {.name = "key_file", .type = FILE_NAME, .offset = AT(client_certificate.key_file)},
    {.name = "password_file", .type = FILE_NAME, .offset = AT(client_certificate.password_file)},
    {0},
};
static const struct key site_keys[] = {
    {.name = "name", .type = TEXT, .offset = AT(name), .mandatory = true, .syntax = vo_syntax_label},
    {.name = "mode", .type = WORD, .offset = AT(mode), .mandatory = true, .words = modes},
    {.name = "direct", .type = YES_NO, .offset = AT(direct), .text = "no"},
    {.name = "ssids", .type = LIST, .offset = AT(ssids), .syntax = vo_syntax_ssid},
    {.name = "calls", .type = SECTION, .keys = call_keys},
    {.name = "resolvers", .type = LIST, .offset = AT(resolvers), .syntax = vo_syntax_resolver},
    {.name = "sbc", .type = SECTION, .keys = sbc_keys},
    {.name = "account", .type = SECTION, .keys = account_keys},
    {.name = "haproxy", .type = SECTION, .keys = haproxy_keys},
    {.name = "uc", .type = SECTION, .keys = uc_keys},
    {.name = "openscape_voice", .type = SECTION, .keys = voice_keys},
    {.name = "bcom", .type = SECTION, .keys = bcom_keys},
    {.name = "push", .type = DEFAULTED, .keys = push_keys},
    {.name = "responder", .type = SECTION, .keys = responder_keys},
    {.name = "client_certificate", .type = SECTION, .keys = certificate_keys},
    {.name = "ca_file", .type = FILE_NAME, .offset = AT(ca_file)},
    {.name = "portal_url", .type = TEXT, .offset = AT(portal_url), .syntax = vo_syntax_url},
    {.name = "proxy_exempt", .type = LIST, .offset = AT(proxy_exempt), .syntax = vo_syntax_host},
    {.name = "overrides", .type = LEFT},
    {.name = "waivers", .type = LEFT},
    {0},
};

struct reader {
    struct vo_site *site;
    struct vo_error *error;
    unsigned depth; /* of sections */
};

/* What the site owns besides the document: blocks in a chain. */
struct block {
    struct block *next;
    max_align_t data[];
};

static void *take(struct vo_site *site, size_t size)
{
    struct block *block = calloc(1, sizeof *block + size);
    if (!block)
        return NULL;
    block->next = site->text;
    site->text = block;
    return block->data;
}

void vo_site_free(struct vo_site *site)
{
    struct block *next = site->text;
    while (next) {
        struct block *block = next;
        next = block->next;
        free(block);
    }
    vo_json_free(site->document);
    *site = (struct vo_site){0};
}

static enum vo_status wrong(struct reader *reader, const char *where, const struct key *key, const char *what)
{
    return vo_error_set(reader->error, VO_ERR_USAGE, "%s: key '%s' must be %s", where, key->name, what);
}

/* One text of a key: there, and of its syntax. */
static enum vo_status check_text(struct reader *reader, const char *where, const struct key *key,
                                 const struct vo_json *node)
{
    const char *text = vo_json_text(node);
    if (!text)
        return wrong(reader, where, key, key->type == LIST ? "a list of texts" : "a text");
    vo_syntax *syntax = key->syntax ? key->syntax : vo_syntax_file;
    const char *problem = syntax(text);
    return problem ? vo_error_set(reader->error, VO_ERR_USAGE, "%s: key '%s': '%.80s' %s", where, key->name,
                                  text, problem)
                   : VO_OK;
}

/* `name` beside the site file, unless it is absolute. */
static enum vo_status resolve_file(struct reader *reader, const char *name, const char **path)
{
    const char *slash = strrchr(reader->site->path, '/');
    size_t folder = name[0] == '/' || !slash ? 0 : (size_t)(slash - reader->site->path) + 1;
    size_t size = folder + strlen(name) + 1;
    char *made = take(reader->site, size);
    if (!made)
        return vo_error_memory(reader->error, "the site file");
    snprintf(made, size, "%.*s%s", (int)folder, reader->site->path, name);
    *path = made;
    return VO_OK;
}

static bool whole_within(const struct vo_json *node, double low, double high, uint32_t *number)
{
    double value = vo_json_double(node);
    if (!(value >= low && value <= high))
        return false;
    *number = (uint32_t)value;
    return value - *number <= 0;
}

static enum vo_status read_number(struct reader *reader, const char *where, const struct key *key,
                                  const struct vo_json *node, uint32_t *number)
{
    uint32_t high = key->type == PORT ? 65535 : key->high;
    char what[80];
    if (whole_within(node, key->low, high, number))
        return VO_OK;
    snprintf(what, sizeof what, "a whole number from %u to %u%s", key->low, high,
             key->type == PORT && !key->low ? " (0: not used)" : "");
    return wrong(reader, where, key, what);
}

static enum vo_status read_range(struct reader *reader, const char *where, const struct key *key,
                                 const struct vo_json *node, struct vo_port_range *range)
{
    uint32_t first, last;
    const struct vo_json *low = vo_json_child(node), *high = vo_json_next(low);
    if (vo_json_type(node) != VO_JSON_ARRAY || vo_json_count(node) != 2 ||
        !whole_within(low, 1, 65535, &first) || !whole_within(high, first, 65535, &last))
        return wrong(reader, where, key, "two ports, the lower one first: [16384, 32767]");
    *range = (struct vo_port_range){(uint16_t)first, (uint16_t)last};
    return VO_OK;
}

static enum vo_status read_word(struct reader *reader, const char *where, const struct key *key,
                                const struct vo_json *node, size_t *index)
{
    const char *text = vo_json_text(node);
    char hint[200];
    size_t count = 0;
    *index = SIZE_MAX;
    for (; key->words[count]; count++)
        if (text && strcmp(key->words[count], text) == 0)
            *index = count;
    if (*index != SIZE_MAX)
        return VO_OK;
    return vo_error_set(reader->error, VO_ERR_USAGE, "%s: unknown %s '%.60s' %s", where, key->name,
                        text ? text : "(not a text)",
                        vo_unknown_hint(text ? text : "", key->words, count, hint, sizeof hint));
}

static enum vo_status read_list(struct reader *reader, const char *where, const struct key *key,
                                const struct vo_json *node, struct vo_site_list *list)
{
    size_t count = vo_json_count(node);
    if (vo_json_type(node) != VO_JSON_ARRAY || count > LIST_MAX)
        return wrong(reader, where, key, count > LIST_MAX ? "a list of at most 1000" : "a list of texts");
    const char **items = take(reader->site, (count + 1) * sizeof *items);
    if (!items)
        return vo_error_memory(reader->error, "the site file");
    *list = (struct vo_site_list){items, 0};
    for (const struct vo_json *item = vo_json_child(node); item; item = vo_json_next(item)) {
        enum vo_status status = check_text(reader, where, key, item);
        if (status != VO_OK)
            return status;
        items[list->count++] = vo_json_text(item);
    }
    return VO_OK;
}

static enum vo_status read_keys(struct reader *reader, const char *where, const struct key *keys,
                                const struct vo_json *object);

static enum vo_status read_section(struct reader *reader, const char *where, const struct key *key,
                                   const struct vo_json *node)
{
    char place[WHERE_SIZE];
    /* "site.json: sbc", and a section in it "site.json: sbc.ports" */
    snprintf(place, sizeof place, "%s%s%s", where, reader->depth ? "." : ": ", key->name);
    reader->depth++;
    enum vo_status status = read_keys(reader, place, key->keys, node);
    reader->depth--;
    return status;
}

static enum vo_status read_key(struct reader *reader, const char *where, const struct key *key,
                               const struct vo_json *node)
{
    void *member = (char *)reader->site + key->offset;
    enum vo_status status = VO_OK;
    uint32_t number = 0;
    size_t index = 0;
    switch (key->type) {
    case TEXT:
        *(const char **)member = vo_json_text(node);
        return check_text(reader, where, key, node);
    case FILE_NAME:
        status = check_text(reader, where, key, node);
        return status == VO_OK ? resolve_file(reader, vo_json_text(node), member) : status;
    case NUMBER:
        return read_number(reader, where, key, node, member);
    case PORT:
        status = read_number(reader, where, key, node, &number);
        *(uint16_t *)member = (uint16_t)number;
        return status;
    case RANGE:
        return read_range(reader, where, key, node, member);
    case WORD:
        status = read_word(reader, where, key, node, &index);
        if (status == VO_OK)
            *(const char **)member = key->words[index];
        return status;
    case INDEX:
        status = read_word(reader, where, key, node, &index);
        if (status == VO_OK)
            *(enum vo_sip_transport *)member = (enum vo_sip_transport)index;
        return status;
    case YES_NO:
        *(const char **)member = vo_json_true(node) ? "yes" : "no";
        return vo_json_type(node) == VO_JSON_BOOL ? VO_OK : wrong(reader, where, key, "true or false");
    case LIST:
        return read_list(reader, where, key, node, member);
    case LEFT:
        return vo_json_type(node) == VO_JSON_ARRAY ? VO_OK : wrong(reader, where, key, "a list");
    case SECTION:
    case DEFAULTED:
        break;
    }
    return read_section(reader, where, key, node);
}

static enum vo_status put_default(struct reader *reader, const char *where, const struct key *key)
{
    void *member = (char *)reader->site + key->offset;
    if (key->mandatory)
        return vo_error_set(reader->error, VO_ERR_USAGE, "%s: key '%s' is missing", where, key->name);
    if (key->type == TEXT || key->type == WORD || key->type == YES_NO)
        *(const char **)member = key->text;
    else if (key->type == NUMBER)
        *(uint32_t *)member = key->number;
    else if (key->type == PORT)
        *(uint16_t *)member = (uint16_t)key->number;
    else if (key->type == DEFAULTED)
        return read_section(reader, where, key, NULL);
    else if (key->type == LIST && key->list) {
        struct vo_site_list *list = member;
        for (list->items = key->list; list->items[list->count];)
            list->count++;
    }
    return VO_OK;
}

static enum vo_status check_names(struct reader *reader, const char *where, const struct key *keys,
                                  const struct vo_json *object)
{
    const char *names[KEYS_MAX];
    char hint[300];
    size_t count = 0;
    for (; keys[count].name; count++)
        names[count] = keys[count].name;
    for (const struct vo_json *item = vo_json_child(object); item; item = vo_json_next(item)) {
        const char *name = vo_json_key_of(item);
        size_t i = 0;
        while (i < count && strcmp(names[i], name) != 0)
            i++;
        if (i == count)
            return vo_error_set(reader->error, VO_ERR_USAGE, "%s: unknown key '%.60s' %s", where, name,
                                vo_unknown_hint(name, names, count, hint, sizeof hint));
    }
    return VO_OK;
}

/* `object` NULL: the defaults. */
static enum vo_status read_keys(struct reader *reader, const char *where, const struct key *keys,
                                const struct vo_json *object)
{
    if (object && vo_json_type(object) != VO_JSON_OBJECT)
        return vo_error_set(reader->error, VO_ERR_USAGE, "%s: must be an object, {…}", where);
    enum vo_status status = check_names(reader, where, keys, object);
    for (const struct key *key = keys; status == VO_OK && key->name; key++) {
        const struct vo_json *node = vo_json_get(object, key->name);
        status = node ? read_key(reader, where, key, node) : put_default(reader, where, key);
    }
    return status;
}

/* What one key needs of another. */
static enum vo_status check_whole(struct reader *reader)
{
    struct vo_site *site = reader->site;
    const char *path = site->path, *transport = vo_sip_transport_names[site->sbc.transport];
    if (site->sbc.address && !site->sbc.ports[site->sbc.transport])
        return vo_error_set(reader->error, VO_ERR_USAGE,
                            "%s: sbc: the transport is %s, but ports.%s is 0: give its port", path, transport,
                            transport);
    if (site->account.user && !site->account.domain)
        site->account.domain = site->sbc.address;
    if (site->account.user && !site->account.domain)
        return vo_error_set(reader->error, VO_ERR_USAGE,
                            "%s: account: key 'domain' is missing, and there is no sbc to take it from",
                            path);
    return VO_OK;
}

enum vo_status vo_site_read(const char *path, struct vo_json *document, struct vo_site *site,
                            struct vo_error *error)
{
    struct reader reader = {site, error, 0};
    char where[WHERE_SIZE];
    *site = (struct vo_site){.document = document};
    char *copy = take(site, strlen(path) + 1);
    if (!copy) {
        vo_site_free(site);
        return vo_error_memory(error, "the site file");
    }
    site->path = strcpy(copy, path);
    snprintf(where, sizeof where, "%.180s", path);
    enum vo_status status =
        vo_json_type(document) == VO_JSON_OBJECT
            ? read_keys(&reader, where, site_keys, document)
            : vo_error_set(error, VO_ERR_USAGE, "%s: a site file is one JSON object", path);
    if (status == VO_OK)
        status = check_whole(&reader);
    if (status != VO_OK)
        vo_site_free(site);
    return status;
}

enum vo_status vo_site_open(const char *path, struct vo_site *site, struct vo_error *error)
{
    struct vo_json *document = NULL;
    *site = (struct vo_site){0};
    enum vo_status status = vo_json_load(path, SITE_FILE_LIMIT, &document, error);
    if (status == VO_ERR_INPUT) { /* not JSON: the user's to correct, as the rest is */
        status = VO_ERR_USAGE;
        if (error)
            error->status = status;
    }
    return status == VO_OK ? vo_site_read(path, document, site, error) : status;
}
