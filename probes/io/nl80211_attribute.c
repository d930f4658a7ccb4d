#include "probes/io/nl80211_attribute.h"

#include "probes/decode/ieee80211.h"
#include "probes/io/nl80211.h"

#include <string.h>

enum { HEADER = 4, TYPE_MASK = 0x3fff, ADDRESS_SIZE = 6 };

struct vo_nlas vo_nlas_of(const void *attributes, size_t size)
{
    return (struct vo_nlas){.at = attributes, .left = size};
}

bool vo_nla_next(struct vo_nlas *list, struct vo_nla *attribute)
{
    uint16_t length = 0, type = 0;
    if (list->left == 0)
        return false;
    if (list->left >= HEADER) {
        memcpy(&length, list->at, sizeof length);
        memcpy(&type, list->at + sizeof length, sizeof type);
    }
    if (list->left < HEADER || length < HEADER || length > list->left) {
        list->malformed = true;
        list->left = 0;
        return false;
    }
    *attribute = (struct vo_nla){list->at + HEADER, (uint32_t)(length - HEADER), type & TYPE_MASK};
    size_t padded = ((size_t)length + 3) & ~(size_t)3;
    if (padded > list->left) /* the last one need not be padded */
        padded = list->left;
    list->at += padded;
    list->left -= padded;
    return true;
}

static bool copy(const struct vo_nla *attribute, void *to, size_t size)
{
    if (attribute->size != size)
        return false;
    memcpy(to, attribute->data, size);
    return true;
}

bool vo_nla_u8(const struct vo_nla *attribute, uint8_t *value)
{
    return copy(attribute, value, sizeof *value);
}

bool vo_nla_u32(const struct vo_nla *attribute, uint32_t *value)
{
    return copy(attribute, value, sizeof *value);
}

bool vo_nla_u64(const struct vo_nla *attribute, uint64_t *value)
{
    return copy(attribute, value, sizeof *value);
}

bool vo_nla_chains(const struct vo_nla *attribute, uint8_t *mask, int8_t *dbm, unsigned room)
{
    struct vo_nlas list = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla chain;
    bool good = true;
    while (vo_nla_next(&list, &chain)) {
        int8_t signal;
        if (!copy(&chain, &signal, sizeof signal))
            good = false;
        else if (chain.type < room && signal >= VO_DBM_LOWEST && signal <= VO_DBM_HIGHEST) {
            dbm[chain.type] = signal;
            *mask |= (uint8_t)(1u << chain.type);
        }
    }
    return good && !list.malformed;
}

static bool take_address(const struct vo_nla *attribute, void *to)
{
    if (attribute->size != ADDRESS_SIZE)
        return false;
    vo_wlan_address address = vo_wlan_address_of(attribute->data);
    memcpy(to, &address, sizeof address);
    return true;
}

/* Signed, though the attribute is not. Which bit to set is in *bit. */
static bool take_dbm(const struct vo_nla *attribute, void *to, unsigned *bit)
{
    int8_t dbm;
    if (!copy(attribute, &dbm, sizeof dbm))
        return false;
    memcpy(to, &dbm, sizeof dbm);
    *bit += dbm < VO_DBM_LOWEST || dbm > VO_DBM_HIGHEST;
    return true;
}

static bool take(const struct vo_nla_field *field, const struct vo_nla *attribute,
                 struct vo_nla_target target)
{
    static const size_t sizes[] = {[VO_NLA_8] = 1, [VO_NLA_16] = 2, [VO_NLA_32] = 4, [VO_NLA_64] = 8};
    uint8_t *member = (uint8_t *)target.to + field->offset;
    unsigned bit = field->bit;
    bool taken;
    switch (field->kind) {
    case VO_NLA_OTHER:
        return field->take(target.to, attribute);
    case VO_NLA_FLAG:
        memcpy(member, &(bool){true}, sizeof(bool));
        taken = true;
        break;
    case VO_NLA_ADDRESS:
        taken = take_address(attribute, member);
        break;
    case VO_NLA_DBM:
        taken = take_dbm(attribute, member, &bit);
        break;
    default:
        taken = copy(attribute, member, sizes[field->kind]);
        break;
    }
    if (taken && field->kind == VO_NLA_DBM) /* one of the two, also if it is told twice */
        *target.has &= ~(UINT64_C(3) << field->bit);
    if (taken)
        *target.has |= UINT64_C(1) << bit;
    return taken;
}

void vo_nla_fill(const void *attributes, size_t size, const struct vo_nla_field *fields, size_t count,
                 struct vo_nla_target target)
{
    struct vo_nlas list = vo_nlas_of(attributes, size);
    struct vo_nla attribute;
    while (vo_nla_next(&list, &attribute))
        for (size_t i = 0; i < count; i++)
            if (fields[i].type == attribute.type) {
                *target.malformed += !take(&fields[i], &attribute, target);
                break;
            }
    *target.malformed += list.malformed;
}
