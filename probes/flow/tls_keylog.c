/* The key log: lines of "LABEL CLIENT_RANDOM SECRET" in hexadecimal, found again by label and random. */
#include "probes/decode/bytes.h"
#include "probes/flow/tls_private.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX (256u << 20)
#define NONE     UINT32_MAX

struct line {
    uint8_t random[VO_TLS_RANDOM_SIZE];
    uint8_t label;
    struct vo_tls_secret secret;
    uint32_t next; /* of the same bucket, or NONE */
};

/* There are as many buckets as there is room for lines, a power of two. */
struct vo_keylog {
    uint32_t count, capacity;
    struct line *lines;
    uint32_t *buckets;
};

static const char *const label_names[VO_TLS_LABELS] = {
    [VO_TLS_CLIENT_RANDOM] = "CLIENT_RANDOM",
    [VO_TLS_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    [VO_TLS_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    [VO_TLS_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
    [VO_TLS_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
};

static uint32_t bucket_of(const struct vo_keylog *keylog, unsigned label, const uint8_t *random)
{
    uint64_t hash =
        vo_load64(random) ^ vo_load64(random + 8) ^ vo_load64(random + 16) ^ vo_load64(random + 24);
    hash = (hash + label) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32) & (keylog->capacity - 1);
}

static struct line *find_line(const struct vo_keylog *keylog, unsigned label, const uint8_t *random)
{
    if (!keylog || !keylog->count)
        return NULL;
    for (uint32_t i = keylog->buckets[bucket_of(keylog, label, random)]; i != NONE; i = keylog->lines[i].next)
        if (keylog->lines[i].label == label && !memcmp(keylog->lines[i].random, random, VO_TLS_RANDOM_SIZE))
            return &keylog->lines[i];
    return NULL;
}

const struct vo_tls_secret *vo_keylog_find(const struct vo_keylog *keylog, enum vo_tls_label label,
                                           const uint8_t random[VO_TLS_RANDOM_SIZE])
{
    const struct line *line = find_line(keylog, label, random);
    return line ? &line->secret : NULL;
}

size_t vo_keylog_count(const struct vo_keylog *keylog)
{
    return keylog ? keylog->count : 0;
}

static void free_lines(struct line *lines, uint32_t capacity)
{
    if (lines)
        OPENSSL_cleanse(lines, capacity * sizeof *lines);
    free(lines);
}

void vo_keylog_free(struct vo_keylog *keylog)
{
    if (!keylog)
        return;
    free_lines(keylog->lines, keylog->capacity);
    free(keylog->buckets);
    free(keylog);
}

static void link_line(struct vo_keylog *keylog, uint32_t at)
{
    struct line *line = &keylog->lines[at];
    uint32_t *bucket = &keylog->buckets[bucket_of(keylog, line->label, line->random)];
    line->next = *bucket;
    *bucket = at;
}

/* Not realloc(): the old copy of the secrets must be wiped. */
static bool grow(struct vo_keylog *keylog)
{
    uint32_t capacity = keylog->capacity ? keylog->capacity * 2 : 64;
    struct line *lines = calloc(capacity, sizeof *lines);
    uint32_t *buckets = malloc(capacity * sizeof *buckets);
    if (!lines || !buckets) {
        free(lines);
        free(buckets);
        return false;
    }
    if (keylog->count)
        memcpy(lines, keylog->lines, keylog->count * sizeof *lines);
    free_lines(keylog->lines, keylog->capacity);
    free(keylog->buckets);
    memset(buckets, 0xff, capacity * sizeof *buckets); /* NONE */
    keylog->lines = lines;
    keylog->buckets = buckets;
    keylog->capacity = capacity;
    for (uint32_t i = 0; i < keylog->count; i++)
        link_line(keylog, i);
    return true;
}

static int digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}

/* Reads hexadecimal digits up to a blank or the end; the number of bytes, or 0 if it is none or too long. */
static uint32_t hexadecimal(struct vo_span *text, uint8_t *bytes, uint32_t max)
{
    uint32_t size = 0;
    while (text->size && *text->at == ' ') {
        text->at++;
        text->size--;
    }
    while (text->size && *text->at != ' ' && *text->at != '\t' && *text->at != '\r') {
        int high = digit(text->at[0]), low = text->size > 1 ? digit(text->at[1]) : -1;
        if (high < 0 || low < 0 || size == max)
            return 0;
        bytes[size++] = (uint8_t)(high << 4 | low);
        text->at += 2;
        text->size -= 2;
    }
    return size;
}

/* False if the line is none of ours. */
static bool parse_line(struct vo_span text, struct line *line)
{
    for (unsigned label = 0; label < VO_TLS_LABELS; label++) {
        uint32_t size = (uint32_t)strlen(label_names[label]);
        if (text.size <= size || memcmp(text.at, label_names[label], size) != 0 || text.at[size] != ' ')
            continue;
        text.at += size;
        text.size -= size;
        line->label = (uint8_t)label;
        if (hexadecimal(&text, line->random, VO_TLS_RANDOM_SIZE) != VO_TLS_RANDOM_SIZE)
            return false;
        line->secret.size = (uint8_t)hexadecimal(&text, line->secret.bytes, VO_TLS_SECRET_MAX);
        return line->secret.size == 48 || (line->secret.size == 32 && label != VO_TLS_CLIENT_RANDOM);
    }
    return false;
}

/* A second line for the same secret replaces the first. */
static bool keep(struct vo_keylog *keylog, const struct line *line)
{
    struct line *known = find_line(keylog, line->label, line->random);
    if (known) {
        known->secret = line->secret;
        return true;
    }
    if (keylog->count == keylog->capacity && !grow(keylog))
        return false;
    keylog->lines[keylog->count] = *line;
    link_line(keylog, keylog->count++);
    return true;
}

enum vo_status vo_keylog_add(struct vo_keylog **keylog, const char *text, size_t size, struct vo_error *error)
{
    if (!*keylog && !(*keylog = calloc(1, sizeof **keylog)))
        return vo_error_memory(error, "the TLS key log");
    if (size > FILE_MAX)
        return vo_error_set(error, VO_ERR_LIMIT,
                            "the TLS key log is larger than %u MiB: keep the lines of this capture only",
                            FILE_MAX >> 20);
    bool fits = true;
    while (size && fits) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        struct line line = {0};
        if (parse_line((struct vo_span){text, (uint32_t)length}, &line))
            fits = keep(*keylog, &line);
        OPENSSL_cleanse(&line, sizeof line);
        text += length + !!end;
        size -= length + !!end;
    }
    return fits ? VO_OK : vo_error_memory(error, "the TLS key log");
}

static enum vo_status add_file(FILE *file, const char *path, struct vo_keylog **keylog,
                               struct vo_error *error)
{
    size_t size = 0, capacity = 0;
    char *text = NULL;
    enum vo_status status = VO_OK;
    while (status == VO_OK && !feof(file)) {
        if (size == capacity) {
            char *larger = capacity <= FILE_MAX ? OPENSSL_malloc(capacity ? capacity * 2 : 65536) : NULL;
            if (larger && text)
                memcpy(larger, text, size);
            if (!larger) {
                status = vo_error_set(
                    error, VO_ERR_LIMIT,
                    "%s is too large for a TLS key log: keep the lines of this capture only", path);
                break;
            }
            OPENSSL_clear_free(text, capacity);
            text = larger;
            capacity = capacity ? capacity * 2 : 65536;
        }
        size += fread(text + size, 1, capacity - size, file);
        if (ferror(file))
            status =
                vo_error_set(error, VO_ERR_IO, "cannot read the TLS key log %s: %s", path, strerror(errno));
    }
    if (status == VO_OK)
        status = vo_keylog_add(keylog, text, size, error);
    OPENSSL_clear_free(text, capacity);
    return status;
}

enum vo_status vo_keylog_load(const char *path, struct vo_keylog **keylog, struct vo_error *error)
{
    *keylog = NULL;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return vo_error_set(error, VO_ERR_IO, "cannot open the TLS key log %s: %s", path, strerror(errno));
    enum vo_status status = add_file(file, path, keylog, error);
    fclose(file);
    if (status != VO_OK) {
        vo_keylog_free(*keylog);
        *keylog = NULL;
    }
    return status;
}
