#include "probes/decode/ieee80211.h"

enum { ADDRESS = 6, CONTROL = 2, DURATION = 2, SEQUENCE = 2, QOS = 2, HT_CONTROL = 4, FCS = 4 };
enum { QOS_SUBTYPE = 8, NO_DATA_SUBTYPE = 4 };

char *vo_wlan_address_text(vo_wlan_address address, char text[VO_WLAN_ADDRESS_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    if (address == VO_WLAN_NO_ADDRESS) {
        memcpy(text, "-", 2);
        return text;
    }
    for (unsigned i = 0; i < ADDRESS; i++) {
        unsigned byte = address >> (8 * (ADDRESS - 1 - i)) & 0xff;
        text[3 * i] = digits[byte >> 4];
        text[3 * i + 1] = digits[byte & 15];
        text[3 * i + 2] = i + 1 < ADDRESS ? ':' : 0;
    }
    return text;
}

/* What the header of a kind consists of, behind frame control and duration. */
enum layout {
    RESERVED, /* nothing is known of it */
    RECEIVER,
    BOTH,         /* receiver, transmitter */
    BOTH_BSSID,   /* the receiver is a BSSID (PS-Poll: an AID in place of the duration) */
    BSSID_BOTH,   /* the transmitter is a BSSID (CF-End) */
    WRAPPER,      /* receiver, the carried frame's control, HT control */
    EXTENDED,     /* receiver and, but for DMG DTS, transmitter */
    THREE,        /* management: receiver, transmitter, BSSID, sequence control */
    OF_DATA,      /* three or four addresses, by To DS and From DS */
    BSSID_ALONE,  /* DMG beacon */
    SOURCE_ALONE, /* S1G beacon */
};

static const struct {
    const char *name;
    uint8_t layout;
} kinds[64] = {
    [VO_IEEE80211_ASSOCIATION_REQUEST] = {"association request", THREE},
    [VO_IEEE80211_ASSOCIATION_RESPONSE] = {"association response", THREE},
    [VO_IEEE80211_REASSOCIATION_REQUEST] = {"reassociation request", THREE},
    [VO_IEEE80211_REASSOCIATION_RESPONSE] = {"reassociation response", THREE},
    [VO_IEEE80211_PROBE_REQUEST] = {"probe request", THREE},
    [VO_IEEE80211_PROBE_RESPONSE] = {"probe response", THREE},
    [VO_IEEE80211_TIMING_ADVERTISEMENT] = {"timing advertisement", THREE},
    [VO_IEEE80211_KIND(0, 7)] = {NULL, THREE},
    [VO_IEEE80211_BEACON] = {"beacon", THREE},
    [VO_IEEE80211_ATIM] = {"ATIM", THREE},
    [VO_IEEE80211_DISASSOCIATION] = {"disassociation", THREE},
    [VO_IEEE80211_AUTHENTICATION] = {"authentication", THREE},
    [VO_IEEE80211_DEAUTHENTICATION] = {"deauthentication", THREE},
    [VO_IEEE80211_ACTION] = {"action", THREE},
    [VO_IEEE80211_ACTION_NO_ACK] = {"action without acknowledgement", THREE},
    [VO_IEEE80211_KIND(0, 15)] = {NULL, THREE},
    [VO_IEEE80211_TRIGGER] = {"trigger", BOTH},
    [VO_IEEE80211_TACK] = {"TACK", BOTH},
    [VO_IEEE80211_BEAMFORMING_POLL] = {"beamforming report poll", BOTH},
    [VO_IEEE80211_NDP_ANNOUNCEMENT] = {"NDP announcement", BOTH},
    [VO_IEEE80211_CONTROL_EXTENSION] = {"control frame extension", EXTENDED},
    [VO_IEEE80211_CONTROL_WRAPPER] = {"control wrapper", WRAPPER},
    [VO_IEEE80211_BLOCK_ACK_REQUEST] = {"block ack request", BOTH},
    [VO_IEEE80211_BLOCK_ACK] = {"block ack", BOTH},
    [VO_IEEE80211_PS_POLL] = {"PS-Poll", BOTH_BSSID},
    [VO_IEEE80211_RTS] = {"RTS", BOTH},
    [VO_IEEE80211_CTS] = {"CTS", RECEIVER},
    [VO_IEEE80211_ACK] = {"ACK", RECEIVER},
    [VO_IEEE80211_CF_END] = {"CF-End", BSSID_BOTH},
    [VO_IEEE80211_CF_END_ACK] = {"CF-End with CF-Ack", BSSID_BOTH},
    [VO_IEEE80211_DATA_PLAIN] = {"data", OF_DATA},
    [VO_IEEE80211_KIND(2, 1)] = {"data with CF-Ack", OF_DATA},
    [VO_IEEE80211_KIND(2, 2)] = {"data with CF-Poll", OF_DATA},
    [VO_IEEE80211_KIND(2, 3)] = {"data with CF-Ack and CF-Poll", OF_DATA},
    [VO_IEEE80211_NULL] = {"null", OF_DATA},
    [VO_IEEE80211_KIND(2, 5)] = {"CF-Ack", OF_DATA},
    [VO_IEEE80211_KIND(2, 6)] = {"CF-Poll", OF_DATA},
    [VO_IEEE80211_KIND(2, 7)] = {"CF-Ack with CF-Poll", OF_DATA},
    [VO_IEEE80211_QOS_DATA] = {"QoS data", OF_DATA},
    [VO_IEEE80211_KIND(2, 9)] = {"QoS data with CF-Ack", OF_DATA},
    [VO_IEEE80211_KIND(2, 10)] = {"QoS data with CF-Poll", OF_DATA},
    [VO_IEEE80211_KIND(2, 11)] = {"QoS data with CF-Ack and CF-Poll", OF_DATA},
    [VO_IEEE80211_QOS_NULL] = {"QoS null", OF_DATA},
    [VO_IEEE80211_KIND(2, 13)] = {NULL, OF_DATA},
    [VO_IEEE80211_KIND(2, 14)] = {"QoS CF-Poll", OF_DATA},
    [VO_IEEE80211_KIND(2, 15)] = {"QoS CF-Ack with CF-Poll", OF_DATA},
    [VO_IEEE80211_DMG_BEACON] = {"DMG beacon", BSSID_ALONE},
    [VO_IEEE80211_S1G_BEACON] = {"S1G beacon", SOURCE_ALONE},
};

const char *vo_ieee80211_kind_name(unsigned kind)
{
    return kind < 64 && kinds[kind].name ? kinds[kind].name : "reserved";
}

static vo_wlan_address take_address(struct vo_bytes *bytes)
{
    const uint8_t *at = vo_bytes_take(bytes, ADDRESS);
    return at ? vo_wlan_address_of(at) : VO_WLAN_NO_ADDRESS;
}

static uint16_t take16_le(struct vo_bytes *bytes)
{
    const uint8_t *at = vo_bytes_take(bytes, 2);
    return at ? vo_load16_le(at) : 0;
}

/* The transmitter of a control frame, without the bit that signals the bandwidth. */
static void take_transmitter(struct vo_bytes *bytes, struct vo_ieee80211 *frame)
{
    frame->transmitter = take_address(bytes);
    if (vo_wlan_address_is_group(frame->transmitter)) {
        frame->transmitter &= ~(UINT64_C(1) << 40);
        frame->has |= VO_IEEE80211_BANDWIDTH_SIGNALLED;
    }
}

static void take_sequence(struct vo_bytes *bytes, struct vo_ieee80211 *frame)
{
    uint16_t sequence = take16_le(bytes);
    if (bytes->short_read)
        return;
    frame->sequence = sequence >> 4;
    frame->fragment = sequence & 15;
    frame->has |= VO_IEEE80211_HAS_SEQUENCE;
}

static void take_ht_control(struct vo_bytes *bytes, struct vo_ieee80211 *frame)
{
    const uint8_t *at = vo_bytes_take(bytes, HT_CONTROL);
    if (!at)
        return;
    frame->ht_control = vo_load32_le(at);
    frame->has |= VO_IEEE80211_HAS_HT_CONTROL;
}

static void read_management(struct vo_bytes *bytes, struct vo_ieee80211 *frame)
{
    frame->receiver = frame->destination = take_address(bytes);
    frame->transmitter = frame->source = take_address(bytes);
    frame->bssid = take_address(bytes);
    take_sequence(bytes, frame);
    if (frame->control & VO_IEEE80211_ORDER)
        take_ht_control(bytes, frame);
}

/* The role of each address, table 9-30. An A-MSDU carries source and destination in itself: where the third
 * and fourth address would tell them, there is the BSSID. */
static void assign_data_roles(struct vo_ieee80211 *frame, vo_wlan_address third, vo_wlan_address fourth)
{
    bool to_ds = frame->control & VO_IEEE80211_TO_DS, from_ds = frame->control & VO_IEEE80211_FROM_DS;
    bool amsdu = frame->has & VO_IEEE80211_IS_AMSDU;
    if (to_ds && from_ds) {
        frame->destination = amsdu ? VO_WLAN_NO_ADDRESS : third;
        frame->source = amsdu ? VO_WLAN_NO_ADDRESS : fourth;
        frame->bssid = amsdu ? third : VO_WLAN_NO_ADDRESS;
        return;
    }
    frame->bssid = to_ds ? frame->receiver : from_ds ? frame->transmitter : third;
    frame->destination = !to_ds ? frame->receiver : amsdu ? VO_WLAN_NO_ADDRESS : third;
    frame->source = !from_ds ? frame->transmitter : amsdu ? VO_WLAN_NO_ADDRESS : third;
}

static void read_data(struct vo_bytes *bytes, struct vo_ieee80211 *frame)
{
    enum { BOTH_DS = VO_IEEE80211_TO_DS | VO_IEEE80211_FROM_DS };
    enum { TID = 0x0f, AMSDU_PRESENT = 0x80, HIGHEST_PRIORITY = 7 };
    frame->receiver = take_address(bytes);
    frame->transmitter = take_address(bytes);
    vo_wlan_address third = take_address(bytes), fourth = VO_WLAN_NO_ADDRESS;
    take_sequence(bytes, frame);
    if ((frame->control & BOTH_DS) == BOTH_DS)
        fourth = take_address(bytes);
    bool has_body = !(frame->kind & NO_DATA_SUBTYPE);
    if (frame->kind & QOS_SUBTYPE) {
        frame->qos_control = take16_le(bytes);
        if (!bytes->short_read) {
            frame->tid = frame->qos_control & TID;
            frame->has |= VO_IEEE80211_HAS_QOS |
                          (frame->tid <= HIGHEST_PRIORITY ? VO_IEEE80211_HAS_PRIORITY : 0) |
                          (has_body && frame->qos_control & AMSDU_PRESENT ? VO_IEEE80211_IS_AMSDU : 0);
        }
        if (frame->control & VO_IEEE80211_ORDER)
            take_ht_control(bytes, frame);
    }
    frame->has |= has_body ? 0 : VO_IEEE80211_NO_BODY;
    /* Without the QoS control it is not known whether the third address is one of these. */
    if (!(frame->kind & QOS_SUBTYPE) || frame->has & VO_IEEE80211_HAS_QOS)
        assign_data_roles(frame, third, fourth);
}

static void read_control(struct vo_bytes *bytes, struct vo_ieee80211 *frame, enum layout layout,
                         unsigned extension)
{
    enum { DMG_DTS = 6, LAST = 10 };
    bool extended = layout == EXTENDED && extension <= LAST && extension != DMG_DTS;
    frame->receiver = take_address(bytes);
    if (layout == BOTH || layout == BOTH_BSSID || layout == BSSID_BOTH || extended)
        take_transmitter(bytes, frame);
    if (layout == BOTH_BSSID)
        frame->bssid = frame->receiver;
    if (layout == BSSID_BOTH)
        frame->bssid = frame->transmitter;
    if (layout == WRAPPER) {
        (void)take16_le(bytes);
        take_ht_control(bytes, frame);
    }
}

/* Everything behind frame control and duration. False: nothing is known of this kind. `extension`: of a
 * control frame extension. */
static bool read_header(struct vo_bytes *bytes, struct vo_ieee80211 *frame, unsigned extension)
{
    enum layout layout = (enum layout)kinds[frame->kind].layout;
    switch (layout) {
    case RESERVED:
        return false;
    case THREE:
        read_management(bytes, frame);
        break;
    case OF_DATA:
        read_data(bytes, frame);
        break;
    case BSSID_ALONE:
        frame->bssid = frame->transmitter = frame->source = take_address(bytes);
        break;
    case SOURCE_ALONE:
        frame->transmitter = frame->source = take_address(bytes);
        break;
    case RECEIVER:
    case BOTH:
    case BOTH_BSSID:
    case BSSID_BOTH:
    case WRAPPER:
    case EXTENDED:
        read_control(bytes, frame, layout, extension);
        break;
    }
    return true;
}

static void clear(struct vo_ieee80211 *frame)
{
    memset(frame, 0, sizeof *frame);
    frame->receiver = frame->transmitter = frame->bssid = frame->source = frame->destination =
        VO_WLAN_NO_ADDRESS;
}

/* Type, subtype and flags. Returns the lower half of the flags, of which a control frame extension makes its
 * own subtype; an S1G beacon has none of the flags, but others in their place (9.2.4.1.1). */
static unsigned read_frame_control(struct vo_ieee80211 *frame)
{
    enum { EXTENSION = 0x0f00, FLAGS = 0xff00 };
    unsigned extension = (frame->control & EXTENSION) >> 8;
    frame->type = frame->control >> 2 & 3;
    frame->kind = (uint8_t)VO_IEEE80211_KIND(frame->type, frame->control >> 4 & 15);
    if (frame->kind == VO_IEEE80211_CONTROL_EXTENSION)
        frame->control &= (uint16_t)~EXTENSION;
    if (frame->kind == VO_IEEE80211_S1G_BEACON)
        frame->control &= (uint16_t)~FLAGS;
    return extension;
}

/* Where the receiver has filled up the header, so that the body begins at a multiple of four. */
static void skip_padding(struct vo_bytes *bytes, struct vo_ieee80211 *frame)
{
    if (frame->type != VO_IEEE80211_DATA || bytes->short_read)
        return;
    frame->padding = (uint8_t)((4 - frame->header_size % 4) % 4);
    (void)vo_bytes_take(bytes, frame->padding);
    frame->header_size += frame->padding;
}

enum vo_ieee80211_result vo_ieee80211_decode(const uint8_t *data, uint32_t captured, uint32_t length,
                                             unsigned options, struct vo_ieee80211 *frame)
{
    enum { VERSION = 3, MOST_DURATION = 0x7fff };
    clear(frame);
    if (options & VO_IEEE80211_WITH_FCS) {
        if (length < FCS)
            return VO_IEEE80211_MALFORMED;
        length -= FCS;
    }
    struct vo_bytes bytes = vo_bytes_of(data, captured < length ? captured : length);
    frame->control = take16_le(&bytes);
    if (bytes.short_read)
        return length < CONTROL ? VO_IEEE80211_MALFORMED : VO_IEEE80211_CUT;
    if (frame->control & VERSION)
        return VO_IEEE80211_UNKNOWN;
    unsigned extension = read_frame_control(frame);
    frame->duration_us = take16_le(&bytes);
    if (!bytes.short_read && frame->duration_us <= MOST_DURATION && frame->kind != VO_IEEE80211_PS_POLL)
        frame->has |= VO_IEEE80211_HAS_DURATION;
    (void)read_header(&bytes, frame, extension);
    frame->header_size = (uint32_t)(bytes.at - data);
    if (options & VO_IEEE80211_PADDED)
        skip_padding(&bytes, frame);
    if (bytes.short_read)
        return captured < length ? VO_IEEE80211_CUT : VO_IEEE80211_MALFORMED;
    frame->body = bytes.at;
    frame->body_size = bytes.left;
    frame->body_length = length - frame->header_size;
    return VO_IEEE80211_OK;
}

static uint32_t add_to_crc(uint32_t crc, const uint8_t *data, uint32_t size)
{
    /* CRC-32, four bits at a time: x^32 + x^26 + … + 1 mirrored, 0xedb88320. */
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    for (uint32_t i = 0; i < size; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

uint32_t vo_ieee80211_fcs(const uint8_t *data, uint32_t size)
{
    return ~add_to_crc(UINT32_MAX, data, size);
}

bool vo_ieee80211_fcs_holds(const uint8_t *data, uint32_t size, const struct vo_ieee80211 *frame)
{
    uint32_t padding = frame ? frame->padding : 0, end = size - FCS;
    uint32_t header = padding ? frame->header_size - padding : end;
    if (padding && header + padding > end)
        return false;
    uint32_t crc = add_to_crc(UINT32_MAX, data, header);
    crc = add_to_crc(crc, data + header + padding, end - header - padding);
    return ~crc == vo_load32_le(data + end);
}

enum { SNAP = 8, SNAP_TYPE = 6 };

static bool is_snap(const uint8_t *at, uint32_t size)
{
    return size >= SNAP && at[0] == 0xaa && at[1] == 0xaa && at[2] == 0x03;
}

uint32_t vo_ieee80211_mesh_control(unsigned flags, uint16_t qos_control, const uint8_t *body, uint32_t size)
{
    enum { MESH_CONTROL_PRESENT = 0x0100, EXTENSION = 3, SHORTEST = 6 };
    bool may_have = flags & VO_IEEE80211_FROM_DS && qos_control & MESH_CONTROL_PRESENT;
    if (!may_have || size <= SHORTEST || is_snap(body, size) || (body[0] & EXTENSION) == EXTENSION)
        return 0;
    uint32_t length = SHORTEST + (uint32_t)(body[0] & EXTENSION) * ADDRESS;
    return length < size && is_snap(body + length, size - length) ? length : 0;
}

bool vo_ieee80211_ethertype(const struct vo_ieee80211 *frame, uint16_t *ethertype)
{
    if (frame->type != VO_IEEE80211_DATA || frame->has & (VO_IEEE80211_NO_BODY | VO_IEEE80211_IS_AMSDU) ||
        frame->control & VO_IEEE80211_PROTECTED || frame->fragment)
        return false;
    uint32_t mesh =
        vo_ieee80211_mesh_control(frame->control, frame->qos_control, frame->body, frame->body_size);
    if (!is_snap(frame->body + mesh, frame->body_size - mesh))
        return false;
    *ethertype = vo_load16(frame->body + mesh + SNAP_TYPE);
    return true;
}

bool vo_ieee80211_msdu_next(struct vo_bytes *left, struct vo_ieee80211_msdu *msdu)
{
    enum { HEADER = 2 * ADDRESS + 2 };
    if (left->left < HEADER) { /* less than a header is padding, if it is no more than that */
        left->short_read |= left->left > 3;
        return false;
    }
    const uint8_t *at = vo_bytes_take(left, HEADER);
    msdu->destination = vo_wlan_address_of(at);
    msdu->source = vo_wlan_address_of(at + ADDRESS);
    msdu->size = vo_load16(at + 2 * ADDRESS);
    msdu->at = vo_bytes_take(left, msdu->size);
    if (!msdu->at)
        return false;
    uint32_t padding = (4 - (HEADER + msdu->size) % 4) % 4;
    (void)vo_bytes_take(left, padding < left->left ? padding : left->left);
    return true;
}
