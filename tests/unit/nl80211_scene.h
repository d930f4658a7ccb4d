/* Answers of nl80211 for tests: recorded ones, and ones made by hand. */
#ifndef VO_TESTS_UNIT_NL80211_SCENE_H
#define VO_TESTS_UNIT_NL80211_SCENE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- made by hand: a list of attributes that grows --- */

struct list {
    uint8_t bytes[8192];
    size_t size;
};

static inline void put(struct list *list, unsigned type, const void *data, size_t size)
{
    uint16_t header[2] = {(uint16_t)(size + 4), (uint16_t)type};
    memcpy(list->bytes + list->size, header, 4);
    if (size)
        memcpy(list->bytes + list->size + 4, data, size);
    memset(list->bytes + list->size + 4 + size, 0, (4 - size % 4) % 4);
    list->size += 4 + (size + 3) / 4 * 4;
}
static inline void put8(struct list *list, unsigned type, int value)
{
    uint8_t byte = (uint8_t)value;
    put(list, type, &byte, 1);
}
static inline void put16(struct list *list, unsigned type, uint16_t value)
{
    put(list, type, &value, sizeof value);
}
static inline void put32(struct list *list, unsigned type, uint32_t value)
{
    put(list, type, &value, sizeof value);
}
static inline void put64(struct list *list, unsigned type, uint64_t value)
{
    put(list, type, &value, sizeof value);
}
static inline void put_list(struct list *list, unsigned type, const struct list *inner)
{
    put(list, type | 0x8000 /* NLA_F_NESTED */, inner->bytes, inner->size);
}

/* Calls parse with every prefix of the list, each in memory of just its size, so that one byte read beyond it
 * is found. */
static inline void at_every_length(const struct list *list,
                                   void (*parse)(const void *attributes, size_t size, void *context),
                                   void *context)
{
    for (size_t size = 0; size <= list->size; size++) {
        uint8_t *copy = malloc(size ? size : 1);
        memcpy(copy, list->bytes, size);
        parse(copy, size, context);
        free(copy);
    }
}

/* --- recorded: tests/fixtures/nl80211/NAME.bin, netlink messages one behind the other --- */

enum { NETLINK_HEADER = 16, GENERIC_HEADER = 4 };

/* Calls `each` with each message; returns how many there are, 0 if there is no such recording. */
static inline unsigned
replay(const char *name, void (*each)(void *context, uint8_t command, const void *attributes, size_t size),
       void *context)
{
    static uint8_t bytes[1 << 17];
    char path[256];
    unsigned count = 0;
    snprintf(path, sizeof path, "tests/fixtures/nl80211/%s.bin", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t left = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t at = 0; left - at >= NETLINK_HEADER + GENERIC_HEADER; count++) {
        uint32_t length;
        memcpy(&length, bytes + at, sizeof length);
        if (length < NETLINK_HEADER + GENERIC_HEADER || length > left - at)
            return 0;
        size_t size = length - NETLINK_HEADER - GENERIC_HEADER;
        uint8_t *copy = malloc(size ? size : 1);
        memcpy(copy, bytes + at + NETLINK_HEADER + GENERIC_HEADER, size);
        each(context, bytes[at + NETLINK_HEADER], copy, size);
        free(copy);
        at += ((size_t)length + 3) & ~(size_t)3;
    }
    return count;
}

#endif
