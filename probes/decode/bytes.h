/*
 * Bounds-checked reading of untrusted bytes. Every decoder reads through this.
 *
 * A reader that is asked for more than it has sets `short_read`, returns zeros and stays where it is; a
 * decoder reads what it wants and checks once.
 */
#ifndef VO_PROBES_DECODE_BYTES_H
#define VO_PROBES_DECODE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct vo_bytes {
    const uint8_t *at;
    uint32_t left;
    bool short_read;
};

static inline struct vo_bytes vo_bytes_of(const uint8_t *data, uint32_t size)
{
    return (struct vo_bytes){data, size, false};
}

static inline bool vo_bytes_has(struct vo_bytes *bytes, uint32_t size)
{
    if (bytes->left >= size)
        return true;
    bytes->short_read = true;
    return false;
}

/* Skips `size` bytes; returns where they began, or NULL if there are not so many. */
static inline const uint8_t *vo_bytes_take(struct vo_bytes *bytes, uint32_t size)
{
    if (size == 0)
        return bytes->at; /* also of an empty reader, whose `at` may be NULL */
    if (!vo_bytes_has(bytes, size))
        return NULL;
    const uint8_t *at = bytes->at;
    bytes->at += size;
    bytes->left -= size;
    return at;
}

/* Plain loads; the caller has checked. */
static inline uint16_t vo_load16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}
static inline uint32_t vo_load24(const uint8_t *at)
{
    return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}
static inline uint32_t vo_load32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
static inline uint64_t vo_load64(const uint8_t *at)
{
    return (uint64_t)vo_load32(at) << 32 | vo_load32(at + 4);
}
static inline uint16_t vo_load16_le(const uint8_t *at)
{
    return (uint16_t)(at[1] << 8 | at[0]);
}
static inline uint32_t vo_load32_le(const uint8_t *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

/* Big-endian reads; 0 and `short_read` past the end. */
static inline uint8_t vo_bytes_u8(struct vo_bytes *bytes)
{
    const uint8_t *at = vo_bytes_take(bytes, 1);
    return at ? at[0] : 0;
}
static inline uint16_t vo_bytes_u16(struct vo_bytes *bytes)
{
    const uint8_t *at = vo_bytes_take(bytes, 2);
    return at ? vo_load16(at) : 0;
}
static inline uint32_t vo_bytes_u24(struct vo_bytes *bytes)
{
    const uint8_t *at = vo_bytes_take(bytes, 3);
    return at ? vo_load24(at) : 0;
}
static inline uint32_t vo_bytes_u32(struct vo_bytes *bytes)
{
    const uint8_t *at = vo_bytes_take(bytes, 4);
    return at ? vo_load32(at) : 0;
}
static inline uint64_t vo_bytes_u64(struct vo_bytes *bytes)
{
    const uint8_t *at = vo_bytes_take(bytes, 8);
    return at ? vo_load64(at) : 0;
}

/* A part of the packet that was read as text; borrowed, not NUL-terminated. `at` NULL: absent. */
struct vo_span {
    const char *at;
    uint32_t size;
};

#endif
