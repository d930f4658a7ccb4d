#include "probes/io/resolve_answer.h"

#include "probes/decode/bytes.h"
#include "probes/io/sockaddr.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME_TEXT   256
#define JUMPS_MAX   32u /* compression pointers in a name */
#define ALIASES_MAX 16u /* CNAMEs in a row */
#define TYPE_CNAME  5u
#define CLASS_IN    1u

struct message {
    const uint8_t *data;
    uint32_t size;
};

struct record {
    char owner[NAME_TEXT];
    uint16_t type, class;
    uint32_t data_at; /* in the message, for names in it */
    struct vo_bytes data;
};

/* One label as text: what is not plain is written \DDD (RFC 1035 5.1). */
static bool add_label(const uint8_t *label, unsigned size, char *text, size_t *used)
{
    if (*used && *used + 1 < NAME_TEXT)
        text[(*used)++] = '.';
    for (unsigned i = 0; i < size; i++) {
        bool plain = label[i] > ' ' && label[i] < 127 && label[i] != '.' && label[i] != '\\';
        if (*used + (plain ? 1 : 4) >= NAME_TEXT)
            return false;
        if (plain)
            text[(*used)++] = (char)label[i];
        else
            *used += (size_t)snprintf(text + *used, 5, "\\%03u", label[i]);
    }
    text[*used] = '\0';
    return true;
}

/* Reads the name at `*at` and moves `*at` behind it. The root is ".". A pointer must lead backwards (RFC 1035
 * 4.1.4: "prior occurrence"), so that there is no loop. */
static bool read_name(const struct message *message, uint32_t *at, char *text)
{
    uint32_t here = *at, start = *at;
    unsigned jumps = 0;
    size_t used = 0;
    text[0] = '\0';
    for (;;) {
        struct vo_bytes rest = vo_bytes_of(message->data + here, message->size - here);
        uint8_t size = vo_bytes_u8(&rest);
        if (rest.short_read)
            return false;
        if (size >= 0xc0) {
            uint32_t to = (size & 0x3fu) << 8 | vo_bytes_u8(&rest);
            if (rest.short_read || to >= start || ++jumps > JUMPS_MAX)
                return false;
            if (jumps == 1)
                *at = here + 2;
            here = start = to;
            continue;
        }
        const uint8_t *label = vo_bytes_take(&rest, size);
        if (size > 63 || rest.short_read || (size && !add_label(label, size, text, &used)))
            return false;
        here += 1u + size;
        if (size == 0)
            break;
    }
    if (!jumps)
        *at = here;
    if (!used)
        memcpy(text, ".", 2);
    return true;
}

static bool read_record(const struct message *message, uint32_t *at, struct record *record)
{
    if (!read_name(message, at, record->owner))
        return false;
    struct vo_bytes rest = vo_bytes_of(message->data + *at, message->size - *at);
    record->type = vo_bytes_u16(&rest);
    record->class = vo_bytes_u16(&rest);
    vo_bytes_u32(&rest); /* time to live */
    uint16_t size = vo_bytes_u16(&rest);
    const uint8_t *data = vo_bytes_take(&rest, size);
    if (rest.short_read)
        return false;
    record->data = vo_bytes_of(data, size);
    record->data_at = *at + 10;
    *at = record->data_at + size;
    return true;
}

/* Where the answers begin; false if the questions are cut. */
static bool skip_questions(const struct message *message, unsigned count, uint32_t *at)
{
    char name[NAME_TEXT];
    for (*at = 12; count; count--) {
        if (!read_name(message, at, name) || message->size - *at < 4)
            return false;
        *at += 4;
    }
    return true;
}

static bool read_address(const struct message *message, const struct record *record, struct vo_dns_record *to)
{
    (void)message;
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (record->type == VO_DNS_A && record->data.left == sizeof in.sin_addr) {
        memcpy(&in.sin_addr, record->data.at, sizeof in.sin_addr);
        memcpy(&to->address, &in, sizeof in);
        return true;
    }
    if (record->type == VO_DNS_AAAA && record->data.left == sizeof in6.sin6_addr) {
        memcpy(&in6.sin6_addr, record->data.at, sizeof in6.sin6_addr);
        memcpy(&to->address, &in6, sizeof in6);
        return true;
    }
    return false;
}

/* The name that the record's data ends with. */
static bool read_last_name(const struct message *message, const struct record *record,
                           const struct vo_bytes *rest, char *text)
{
    uint32_t end = record->data_at + (uint32_t)(record->data.left), at = end - rest->left;
    return !rest->short_read && read_name(message, &at, text) && at == end;
}

static bool read_service(const struct message *message, const struct record *record, struct vo_dns_record *to)
{
    struct vo_bytes rest = record->data;
    to->priority = vo_bytes_u16(&rest);
    to->weight = vo_bytes_u16(&rest);
    to->port = vo_bytes_u16(&rest);
    return read_last_name(message, record, &rest, to->name);
}

/* RFC 3403 4.1: order, preference, flags, services, regexp, replacement. */
static bool read_pointer(const struct message *message, const struct record *record, struct vo_dns_record *to)
{
    struct vo_bytes rest = record->data;
    to->priority = vo_bytes_u16(&rest);
    to->weight = vo_bytes_u16(&rest);
    vo_bytes_take(&rest, vo_bytes_u8(&rest));
    uint8_t size = vo_bytes_u8(&rest);
    const uint8_t *service = vo_bytes_take(&rest, size);
    for (unsigned i = 0; service && i < size && i < sizeof to->service - 1; i++)
        to->service[i] = service[i] >= ' ' && service[i] < 127 ? (char)service[i] : '?';
    vo_bytes_take(&rest, vo_bytes_u8(&rest));
    return read_last_name(message, record, &rest, to->name);
}

static const struct {
    enum vo_dns_type type;
    bool (*read)(const struct message *message, const struct record *record, struct vo_dns_record *to);
} readers[] = {
    {VO_DNS_A, read_address},
    {VO_DNS_AAAA, read_address},
    {VO_DNS_SRV, read_service},
    {VO_DNS_NAPTR, read_pointer},
};

static bool keep(const struct message *message, const struct record *record, struct vo_dns_answer *answer)
{
    if (answer->count == VO_DNS_RECORDS) {
        answer->more++;
        return true;
    }
    struct vo_dns_record *to = &answer->records[answer->count];
    memset(to, 0, sizeof *to);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if ((unsigned)readers[i].type == record->type && !readers[i].read(message, record, to))
            return false;
    answer->count++;
    return true;
}

/* Takes what `name` owns: records of the type, and the name that it is an alias of. False: malformed. */
static bool collect(const struct message *message, uint32_t at, unsigned records, const char *name,
                    enum vo_dns_type type, struct vo_dns_answer *answer, char *alias)
{
    struct record record;
    for (; records; records--) {
        if (!read_record(message, &at, &record))
            return false;
        if (record.class != CLASS_IN || strcasecmp(record.owner, name) != 0)
            continue;
        if (record.type == (unsigned)type) {
            if (!keep(message, &record, answer))
                return false;
        } else if (record.type == TYPE_CNAME) {
            const struct vo_bytes rest = record.data;
            if (!read_last_name(message, &record, &rest, alias))
                return false;
        }
    }
    return true;
}

/* Follows aliases until there are records. False: malformed. */
static bool read_answers(const struct message *message, unsigned questions, unsigned records,
                         const char *name, enum vo_dns_type type, struct vo_dns_answer *answer)
{
    char current[NAME_TEXT], alias[NAME_TEXT];
    uint32_t at;
    if (!skip_questions(message, questions, &at))
        return false;
    snprintf(current, sizeof current, "%s", name);
    for (unsigned i = 0; i < ALIASES_MAX; i++) {
        alias[0] = '\0';
        if (!collect(message, at, records, current, type, answer, alias))
            return false;
        if (answer->count || !alias[0])
            break;
        memcpy(current, alias, sizeof current);
    }
    if (strcasecmp(current, name) != 0)
        memcpy(answer->canonical, current, sizeof current);
    return true;
}

/* RFC 1035 4.1.1: 1 format error and 4 not implemented are failures of the server, too. */
static const char *state_of(unsigned code)
{
    return code == 3 ? "no_such_name" : code == 5 ? "refused" : "server_failure";
}

void vo_resolve_read(const uint8_t *data, size_t size, const char *name, enum vo_dns_type type,
                     struct vo_dns_answer *answer)
{
    struct message message = {data, size < UINT16_MAX ? (uint32_t)size : UINT16_MAX};
    struct vo_bytes header = vo_bytes_of(data, message.size);
    vo_bytes_u16(&header); /* id: c-ares has compared it */
    uint16_t flags = vo_bytes_u16(&header), questions = vo_bytes_u16(&header);
    uint16_t records = vo_bytes_u16(&header);
    vo_bytes_u32(&header);
    answer->count = answer->more = 0;
    answer->canonical[0] = '\0';
    answer->state = "malformed";
    if (header.short_read || !(flags & 0x8000))
        return;
    if (flags & 0xf)
        answer->state = state_of(flags & 0xf);
    else if (read_answers(&message, questions, records, name, type, answer))
        answer->state = answer->count ? "resolved" : "no_data";
    else
        answer->count = answer->more = 0;
}
