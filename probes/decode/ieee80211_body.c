/* The bodies of management and block acknowledgement frames. */
#include "probes/decode/ieee80211.h"

/* --- Fixed fields of management frames ------------------------------------------------------------ */

static const uint8_t field_size[VO_MANAGEMENT_FIELDS] = {
    [VO_MANAGEMENT_TIMESTAMP] = 8,   [VO_MANAGEMENT_INTERVAL] = 2,   [VO_MANAGEMENT_CAPABILITY] = 2,
    [VO_MANAGEMENT_LISTEN] = 2,      [VO_MANAGEMENT_CURRENT_AP] = 6, [VO_MANAGEMENT_STATUS] = 2,
    [VO_MANAGEMENT_REASON] = 2,      [VO_MANAGEMENT_AID] = 2,        [VO_MANAGEMENT_ALGORITHM] = 2,
    [VO_MANAGEMENT_TRANSACTION] = 2, [VO_MANAGEMENT_CATEGORY] = 1,   [VO_MANAGEMENT_ACTION] = 1,
};

/* In their order, by subtype (9.3.3). */
static const struct {
    uint8_t field[3];
    bool elements;
} bodies[16] = {
    [VO_IEEE80211_ASSOCIATION_REQUEST] = {{VO_MANAGEMENT_CAPABILITY, VO_MANAGEMENT_LISTEN}, true},
    [VO_IEEE80211_ASSOCIATION_RESPONSE] = {{VO_MANAGEMENT_CAPABILITY, VO_MANAGEMENT_STATUS,
                                            VO_MANAGEMENT_AID},
                                           true},
    [VO_IEEE80211_REASSOCIATION_REQUEST] = {{VO_MANAGEMENT_CAPABILITY, VO_MANAGEMENT_LISTEN,
                                             VO_MANAGEMENT_CURRENT_AP},
                                            true},
    [VO_IEEE80211_REASSOCIATION_RESPONSE] = {{VO_MANAGEMENT_CAPABILITY, VO_MANAGEMENT_STATUS,
                                              VO_MANAGEMENT_AID},
                                             true},
    [VO_IEEE80211_PROBE_REQUEST] = {{VO_MANAGEMENT_NONE}, true},
    [VO_IEEE80211_PROBE_RESPONSE] = {{VO_MANAGEMENT_TIMESTAMP, VO_MANAGEMENT_INTERVAL,
                                      VO_MANAGEMENT_CAPABILITY},
                                     true},
    [VO_IEEE80211_TIMING_ADVERTISEMENT] = {{VO_MANAGEMENT_TIMESTAMP, VO_MANAGEMENT_CAPABILITY}, true},
    [VO_IEEE80211_BEACON] = {{VO_MANAGEMENT_TIMESTAMP, VO_MANAGEMENT_INTERVAL, VO_MANAGEMENT_CAPABILITY},
                             true},
    [VO_IEEE80211_DISASSOCIATION] = {{VO_MANAGEMENT_REASON}, true},
    [VO_IEEE80211_AUTHENTICATION] = {{VO_MANAGEMENT_ALGORITHM, VO_MANAGEMENT_TRANSACTION,
                                      VO_MANAGEMENT_STATUS},
                                     true},
    [VO_IEEE80211_DEAUTHENTICATION] = {{VO_MANAGEMENT_REASON}, true},
    [VO_IEEE80211_ACTION] = {{VO_MANAGEMENT_CATEGORY, VO_MANAGEMENT_ACTION}, false},
    [VO_IEEE80211_ACTION_NO_ACK] = {{VO_MANAGEMENT_CATEGORY, VO_MANAGEMENT_ACTION}, false},
};

static uint64_t load_field(const uint8_t *at, enum vo_management_field field)
{
    if (field == VO_MANAGEMENT_CURRENT_AP)
        return vo_wlan_address_of(at);
    uint64_t value = 0;
    for (unsigned i = field_size[field]; i-- > 0;)
        value = value << 8 | at[i];
    return field == VO_MANAGEMENT_AID ? value & 0x3fff : value; /* its two highest bits are always set */
}

bool vo_ieee80211_management_decode(const struct vo_ieee80211 *frame, struct vo_ieee80211_management *to)
{
    enum { SAE = 3 };
    memset(to, 0, sizeof *to);
    if (frame->type != VO_IEEE80211_MANAGEMENT || frame->control & VO_IEEE80211_PROTECTED || !frame->body ||
        frame->fragment)
        return false;
    to->cut = frame->body_size < frame->body_length || frame->control & VO_IEEE80211_MORE_FRAGMENTS;
    struct vo_bytes bytes = vo_bytes_of(frame->body, frame->body_size);
    const uint8_t *fields = bodies[frame->kind].field;
    for (unsigned i = 0; i < sizeof bodies->field && fields[i] != VO_MANAGEMENT_NONE; i++) {
        const uint8_t *at = vo_bytes_take(&bytes, field_size[fields[i]]);
        if (!at)
            return true;
        to->value[fields[i]] = load_field(at, (enum vo_management_field)fields[i]);
        to->has |= (uint16_t)(1u << fields[i]);
    }
    /* Behind the fixed fields of SAE there are scalars and elements of a curve. */
    bool sae = to->has >> VO_MANAGEMENT_ALGORITHM & 1 && to->value[VO_MANAGEMENT_ALGORITHM] == SAE;
    if (bodies[frame->kind].elements && !sae) {
        to->elements = bytes.at;
        to->elements_size = bytes.left;
    }
    return true;
}

/* --- Block acknowledgements ----------------------------------------------------------------------- */

enum { EXTENDED_COMPRESSED = 1, COMPRESSED = 2, MULTI_TID = 3, MULTI_STA = 11 };

bool vo_ieee80211_block_acks_begin(const struct vo_ieee80211 *frame, struct vo_ieee80211_block_acks *acks)
{
    enum { BA_CONTROL = 2 };
    *acks = (struct vo_ieee80211_block_acks){.left = vo_bytes_of(frame->body, frame->body_size)};
    if (frame->kind != VO_IEEE80211_BLOCK_ACK)
        return false;
    const uint8_t *at = vo_bytes_take(&acks->left, BA_CONTROL);
    if (!at)
        return false;
    uint16_t control = vo_load16_le(at);
    acks->type = control >> 1 & 15;
    acks->tid = (uint8_t)(control >> 12);
    return true;
}

/* Starting sequence control, whose fragment number tells the size of the bitmap behind it. */
static bool take_bitmap(struct vo_bytes *left, struct vo_ieee80211_block_ack *ack)
{
    static const uint8_t sizes[8] = {8, 16, 32, 4, 64, 128, 0, 0}; /* by its B3 to B1 */
    const uint8_t *at = vo_bytes_take(left, 2);
    if (!at)
        return false;
    uint16_t control = vo_load16_le(at);
    ack->start = control >> 4;
    ack->bitmap_size = sizes[control >> 1 & 7];
    ack->bitmap = vo_bytes_take(left, ack->bitmap_size);
    return ack->bitmap && ack->bitmap_size;
}

static bool next_of_multi_sta(struct vo_ieee80211_block_acks *acks, struct vo_ieee80211_block_ack *ack)
{
    enum {
        AID = 0x7ff,
        ACK_TYPE = 0x800,
        UNASSOCIATED = 2045,
        UNASSOCIATED_SIZE = 10,
        ALL = 14,
        HIGHEST_TID = 7
    };
    const uint8_t *at = vo_bytes_take(&acks->left, 2);
    if (!at)
        return false;
    uint16_t info = vo_load16_le(at);
    ack->aid = info & AID;
    ack->tid = (uint8_t)(info >> 12);
    if (ack->aid == UNASSOCIATED) { /* reserved, and the station's address */
        ack->all = true;
        return vo_bytes_take(&acks->left, UNASSOCIATED_SIZE) != NULL;
    }
    if (info & ACK_TYPE) { /* TID 0 to 7: that one frame; 14: all of the A-MPDU; 15: a management frame */
        ack->all = true;
        return true;
    }
    return take_bitmap(&acks->left, ack);
}

static bool next_of_multi_tid(struct vo_ieee80211_block_acks *acks, struct vo_ieee80211_block_ack *ack)
{
    const uint8_t *at = vo_bytes_take(&acks->left, 2);
    if (!at)
        return false;
    ack->tid = (uint8_t)(vo_load16_le(at) >> 12);
    return take_bitmap(&acks->left, ack);
}

bool vo_ieee80211_block_ack_next(struct vo_ieee80211_block_acks *acks, struct vo_ieee80211_block_ack *ack)
{
    memset(ack, 0, sizeof *ack);
    if (acks->left.left == 0)
        return false;
    if (acks->type == MULTI_TID)
        return next_of_multi_tid(acks, ack);
    if (acks->type == MULTI_STA)
        return next_of_multi_sta(acks, ack);
    if (acks->type != COMPRESSED && acks->type != EXTENDED_COMPRESSED)
        return false;
    ack->tid = acks->tid;
    bool taken = take_bitmap(&acks->left, ack);
    acks->left.left = 0; /* there is only one; an FCS that nobody told of may follow */
    return taken;
}

bool vo_ieee80211_block_ack_covers(const struct vo_ieee80211_block_ack *ack, uint16_t sequence)
{
    enum { SEQUENCES = 4096 };
    if (ack->all)
        return true;
    uint32_t bit = (sequence + SEQUENCES - ack->start) % SEQUENCES;
    return bit < ack->bitmap_size * 8 && (ack->bitmap[bit / 8] >> bit % 8 & 1);
}
