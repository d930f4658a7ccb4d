/* Memory, text and lookup of the call tracker. */
#include "core/utf8.h"
#include "probes/flow/call_private.h"

#include <stdalign.h>
#include <stdlib.h>

#define CHUNK_SIZE 65536

static size_t round_up(size_t size)
{
    return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

void *vo_call_allocate(struct vo_calls *calls, size_t size)
{
    struct vo_call_chunk *chunk = calls->chunks;
    size = round_up(size);
    if (!chunk || CHUNK_SIZE - chunk->used < size) {
        size_t head = round_up(sizeof *chunk);
        if (size > CHUNK_SIZE - head || !(chunk = calloc(1, CHUNK_SIZE)))
            return NULL;
        chunk->used = head;
        chunk->next = calls->chunks;
        calls->chunks = chunk;
    }
    void *memory = (unsigned char *)chunk + chunk->used;
    chunk->used += size;
    return memory;
}

void vo_call_release_chunks(struct vo_calls *calls)
{
    while (calls->chunks) {
        struct vo_call_chunk *next = calls->chunks->next;
        free(calls->chunks);
        calls->chunks = next;
    }
}

static inline uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)(a ^ 0x9e3779b97f4a7c15ull) * (b ^ 0xe7037ed1a0b428dbull);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t vo_call_hash(uint64_t seed, const void *data, size_t size)
{
    const unsigned char *at = data;
    uint64_t word, hash = mix(seed, size);
    for (; size >= sizeof word; size -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = mix(hash, word);
    }
    if (size > 0) {
        word = 0;
        memcpy(&word, at, size);
        hash = mix(hash, word);
    }
    return hash;
}

uint64_t vo_call_hash_span(struct vo_span span)
{
    return span.at && span.size ? vo_call_hash(0, span.at, span.size) | 1 : 0;
}

/* Bytes of the character that `text` begins with, if it may be shown as it is; else 0. */
static size_t printable(const char *text, size_t size)
{
    unsigned char first = (unsigned char)text[0];
    if (first < 0x20 || first == 0x7f)
        return 0;
    size_t length = vo_utf8_length(text, size);
    bool control = first == 0xC2 && length == 2 && (unsigned char)text[1] < 0xA0; /* U+0080 to U+009F */
    return control ? 0 : length;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void vo_call_print(char *to, size_t room, struct vo_span span)
{
    size_t used = 0, step;
    for (uint32_t i = 0; i < span.size; i += (uint32_t)step) {
        const char *at = span.at + i;
        size_t length = printable(at, span.size - i);
        step = length ? length : 1;
        if (is_space(*at) && used > 0 && to[used - 1] == ' ')
            continue;
        if (used + step >= room)
            break;
        if (length)
            memcpy(to + used, at, length);
        else
            to[used] = is_space(*at) ? ' ' : '?';
        used += step;
    }
    to[used] = '\0';
}

char *vo_call_copy(struct vo_calls *calls, struct vo_span span)
{
    char text[VO_CALL_TEXT];
    if (!span.at || span.size == 0)
        return NULL;
    vo_call_print(text, sizeof text, span);
    size_t size = strlen(text) + 1;
    char *copy = vo_call_allocate(calls, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

struct vo_call_slot *vo_call_table_find(const struct vo_call_table *table, uint64_t hash,
                                        bool (*same)(const void *item, const void *key), const void *key)
{
    if (table->size == 0)
        return NULL;
    for (size_t at = hash & (table->size - 1); table->slots[at].item; at = (at + 1) & (table->size - 1))
        if (table->slots[at].hash == hash && same(table->slots[at].item, key))
            return &table->slots[at];
    return NULL;
}

static void place(struct vo_call_table *table, struct vo_call_slot slot)
{
    size_t at = slot.hash & (table->size - 1);
    while (table->slots[at].item)
        at = (at + 1) & (table->size - 1);
    table->slots[at] = slot;
    table->used++;
}

static bool grow(struct vo_call_table *table)
{
    struct vo_call_table bigger = {.size = table->size ? 2 * table->size : 256};
    bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < table->size; i++)
        if (table->slots[i].item)
            place(&bigger, table->slots[i]);
    free(table->slots);
    *table = bigger;
    return true;
}

bool vo_call_table_add(struct vo_call_table *table, uint64_t hash, void *item)
{
    if (2 * (table->used + 1) > table->size && !grow(table))
        return false;
    place(table, (struct vo_call_slot){hash, item});
    return true;
}
