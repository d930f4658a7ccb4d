/*
 * The attributes of an nl80211 message, read from bytes alone: what the modules nl80211_*.c share. A reply is
 * a list of attributes, some of which hold lists of their own; a table says which attribute goes to which
 * member of a plain struct, and which bit tells that it came.
 *
 * Source: Linux' include/uapi/linux/netlink.h (struct nlattr: length with header, type, data padded to four
 * bytes, all in the order of this machine) and include/uapi/linux/nl80211.h.
 *
 * Invariants: no byte beyond the list is read; an attribute that is longer than what is left ends the list; a
 * number of another size than the table says is not taken. Both are counted as malformed. The bytes need no
 * alignment.
 */
#ifndef VO_PROBES_IO_NL80211_ATTRIBUTE_H
#define VO_PROBES_IO_NL80211_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vo_nla {
    const uint8_t *data;
    uint32_t size;
    uint16_t type; /* without the flags for nested and byte order */
};
struct vo_nlas {
    const uint8_t *at;
    size_t left;
    bool malformed; /* once vo_nla_next() has said false: bytes were left that are no attribute */
};

struct vo_nlas vo_nlas_of(const void *attributes, size_t size);
/* Takes the next attribute; false at the end. */
bool vo_nla_next(struct vo_nlas *list, struct vo_nla *attribute);

/* Numbers; false, and nothing written, if the attribute has another size. */
bool vo_nla_u8(const struct vo_nla *attribute, uint8_t *value);
bool vo_nla_u32(const struct vo_nla *attribute, uint32_t *value);
bool vo_nla_u64(const struct vo_nla *attribute, uint64_t *value);

/* A list of signed bytes, dBm, numbered by antenna chain. Fills dbm[] and the mask of those that are there
 * and can be true (VO_DBM_LOWEST to VO_DBM_HIGHEST); false if the list is malformed. */
bool vo_nla_chains(const struct vo_nla *attribute, uint8_t *mask, int8_t *dbm, unsigned room);

/* What the member at `offset` is: (u)int8_t, uint16_t, (u)int32_t, uint64_t, bool, vo_wlan_address. */
enum vo_nla_kind {
    VO_NLA_8,
    VO_NLA_16,
    VO_NLA_32,
    VO_NLA_64,
    VO_NLA_FLAG,    /* there or not; its bit is set, too */
    VO_NLA_ADDRESS, /* six bytes */
    VO_NLA_DBM,     /* int8_t; a number that can be no signal sets the next bit instead */
    VO_NLA_OTHER,   /* take() writes it, and sets the bits; false: malformed */
};
struct vo_nla_field {
    uint16_t type;
    uint8_t kind;
    uint8_t bit; /* of `has` */
    size_t offset;
    bool (*take)(void *to, const struct vo_nla *attribute);
};
struct vo_nla_target {
    void *to;
    uint64_t *has;
    uint32_t *malformed;
};
/* Fills target->to; attributes that the table does not have are passed over. */
void vo_nla_fill(const void *attributes, size_t size, const struct vo_nla_field *fields, size_t count,
                 struct vo_nla_target target);

#endif
