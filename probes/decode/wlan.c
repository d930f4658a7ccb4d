/*
 * 802.11 data frames (IEEE 802.11-2020 9.2.4, 9.3.2), bare or behind radiotap (www.radiotap.org), PPI, Prism
 * or AVS.
 *
 * Short A-MSDU, that of a mesh, and fragments of an MSDU are not taken apart. A trailing FCS is cut off only
 * where a header tells of it; an untold one is harmless, because IP tells its own length.
 */
#include "probes/decode/ieee80211.h"
#include "probes/decode/layers.h"

/* One MSDU; the ones behind it are left for vo_decode_next(). */
enum vo_decoded vo_layer_amsdu(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 14 }; /* destination, source, length */
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    uint32_t length = vo_load16(layer.at + 12);
    if (length > layer.length - HEADER)
        return VO_DECODED_MALFORMED;
    uint32_t next = (HEADER + length + 3) & ~3u;
    /* An A-MSDU inside another one's tunnel: the outer one is followed. Less than a header is padding. */
    if (!packet->rest && next < layer.size && layer.length - next >= HEADER) {
        packet->rest = layer.at + next;
        packet->rest_size = layer.size - next;
        packet->rest_length = layer.length - next;
        packet->rest_encap_count = packet->encap_count;
        packet->rest_flags = packet->flags;
        packet->rest_user_priority = packet->user_priority;
    }
    return vo_layer_llc(packet, vo_layer_trim(vo_layer_after(layer, HEADER), length));
}

struct vo_encap vo_encap_of_air(unsigned control, vo_wlan_address transmitter, vo_wlan_address receiver)
{
    bool to_ds = control & VO_IEEE80211_TO_DS, from_ds = control & VO_IEEE80211_FROM_DS;
    if (from_ds && !to_ds && !vo_wlan_address_is_group(receiver))
        return (struct vo_encap){VO_ENCAP_FROM_AP, receiver};
    return (struct vo_encap){to_ds && from_ds ? VO_ENCAP_WDS
                             : to_ds          ? VO_ENCAP_TO_AP
                             : from_ds        ? VO_ENCAP_GROUP
                                              : VO_ENCAP_DIRECT,
                             transmitter};
}

enum vo_decoded vo_layer_wlan_body(struct vo_packet *packet, struct vo_layer layer, unsigned control,
                                   bool amsdu, const struct vo_mpdu *mpdu)
{
    if (control & VO_IEEE80211_PROTECTED)
        return VO_DECODED_ENCRYPTED;
    if (mpdu) {
        packet->flags |= VO_PACKET_ON_AIR;
        packet->mpdu = *mpdu;
        packet->mpdu.retry = control & VO_IEEE80211_RETRY;
        packet->mpdu.body = layer.at;
        packet->mpdu.size = layer.size;
        struct vo_encap way = vo_encap_of_air(control, mpdu->transmitter, mpdu->receiver);
        (void)vo_encap_add(packet, way.kind, way.id); /* the first: there is room */
    }
    return amsdu ? vo_layer_amsdu(packet, layer) : vo_layer_llc(packet, layer);
}

struct wlan_header {
    uint32_t size; /* with padding */
    uint16_t qos;
    bool fragment, amsdu;
    uint8_t tid;           /* VO_MPDU_NO_TID: none */
    uint8_t user_priority; /* 0xff: none */
};

/* `control` is the frame control, first byte low. False: layer.size is less than header->size. */
static bool read_header(struct vo_layer layer, unsigned control, unsigned flags, struct wlan_header *header)
{
    enum { BASIC = 24, SEQUENCE = 22, ADDRESS = 6, QOS_CONTROL = 2, HT_CONTROL = 4 };
    enum { QOS = 0x0080, TO_AND_FROM_DS = VO_IEEE80211_TO_DS | VO_IEEE80211_FROM_DS };
    enum { QOS_TID = 0x0f, QOS_AMSDU = 0x80 };
    *header = (struct wlan_header){.size = BASIC, .tid = VO_MPDU_NO_TID, .user_priority = 0xff};
    if ((control & TO_AND_FROM_DS) == TO_AND_FROM_DS)
        header->size += ADDRESS;
    uint32_t qos = header->size;
    if (control & QOS)
        header->size += QOS_CONTROL + (control & VO_IEEE80211_ORDER ? HT_CONTROL : 0);
    if (flags & VO_WLAN_PADDED)
        header->size = (header->size + 3) & ~3u;
    if (layer.size < header->size)
        return false;
    header->fragment = control & VO_IEEE80211_MORE_FRAGMENTS;
    /* Then the sequence control is exchanged too; of the QoS control it is not known. */
    if (flags & VO_WLAN_SWAPPED)
        return true;
    header->fragment |= (layer.at[SEQUENCE] & 15) != 0;
    if (control & QOS) {
        header->tid = layer.at[qos] & QOS_TID;
        header->qos = vo_load16_le(layer.at + qos);
        header->amsdu = layer.at[qos] & QOS_AMSDU;
        header->user_priority =
            header->tid < 8 ? header->tid : 0xff; /* from 8: a traffic stream, no priority */
    }
    return true;
}

static struct vo_mpdu mpdu_of(const uint8_t *header, uint8_t tid)
{
    enum { RECEIVER = 4, TRANSMITTER = 10, SEQUENCE = 22 };
    return (struct vo_mpdu){
        .transmitter = vo_wlan_address_of(header + TRANSMITTER),
        .receiver = vo_wlan_address_of(header + RECEIVER),
        .sequence = vo_load16_le(header + SEQUENCE) >> 4,
        .tid = tid,
    };
}

enum vo_decoded vo_layer_wlan_frame(struct vo_packet *packet, struct vo_layer layer, unsigned flags)
{
    enum { CONTROL = 2, FCS = 4 };
    enum { VERSION_AND_TYPE = 0x000f, DATA = 0x0008, NO_DATA = 0x0040 };
    if (flags & VO_WLAN_BAD_FCS)
        return VO_DECODED_DAMAGED;
    if (flags & VO_WLAN_FCS) {
        if (layer.length < FCS)
            return VO_DECODED_MALFORMED;
        layer = vo_layer_trim(layer, layer.length - FCS);
    }
    if (layer.size < CONTROL)
        return vo_layer_lacks(layer, CONTROL);
    unsigned control = flags & VO_WLAN_SWAPPED ? vo_load16(layer.at) : vo_load16_le(layer.at);
    if ((control & VERSION_AND_TYPE) != DATA)
        return VO_DECODED_OTHER;
    packet->flags |= VO_PACKET_WLAN | (control & VO_IEEE80211_RETRY ? VO_PACKET_WLAN_RETRY : 0);
    struct wlan_header header;
    if (!read_header(layer, control, flags, &header))
        return vo_layer_lacks(layer, header.size);
    if (header.user_priority != 0xff)
        packet->user_priority = header.user_priority;
    if (control & NO_DATA || header.fragment)
        return VO_DECODED_OTHER;
    /* In a tunnel (CAPWAP) it was received elsewhere, and came by wire. */
    bool on_air = packet->encap_count == 0 && !(flags & VO_WLAN_SWAPPED);
    struct vo_mpdu mpdu = mpdu_of(layer.at, header.tid);
    layer = vo_layer_after(layer, header.size);
    if (!(control & VO_IEEE80211_PROTECTED) && !header.amsdu)
        layer = vo_layer_after(layer, vo_ieee80211_mesh_control(control, header.qos, layer.at, layer.size));
    return vo_layer_wlan_body(packet, layer, control, header.amsdu, on_air ? &mpdu : NULL);
}

enum vo_decoded vo_layer_wlan(struct vo_packet *packet, struct vo_layer layer)
{
    return vo_layer_wlan_frame(packet, layer, 0);
}

/* Radiotap fields by their bit: alignment and size. Bits without a row have no known size and end the walk;
 * so do bit 28 (type-length-value fields, always last) and what is reserved. */
static const struct {
    uint8_t align, size;
} radiotap_fields[] = {
    {8, 8},  /* TSFT */
    {1, 1},  /* flags */
    {1, 1},  /* rate */
    {2, 4},  /* channel */
    {2, 2},  /* FHSS */
    {1, 1},  /* signal, dBm */
    {1, 1},  /* noise, dBm */
    {2, 2},  /* lock quality */
    {2, 2},  /* transmit attenuation */
    {2, 2},  /* transmit attenuation, dB */
    {1, 1},  /* transmit power, dBm */
    {1, 1},  /* antenna */
    {1, 1},  /* signal, dB */
    {1, 1},  /* noise, dB */
    {2, 2},  /* receive flags */
    {2, 2},  /* transmit flags */
    {1, 1},  /* RTS retries */
    {1, 1},  /* data retries */
    {4, 8},  /* extended channel */
    {1, 3},  /* MCS */
    {4, 8},  /* A-MPDU */
    {2, 12}, /* VHT */
    {8, 12}, /* timestamp */
    {2, 12}, /* HE */
    {2, 12}, /* HE-MU */
    {2, 6},  /* HE-MU, other user */
    {1, 1},  /* zero-length PSDU */
    {2, 4},  /* L-SIG */
};
enum {
    RADIOTAP_FLAGS = 1,
    RADIOTAP_ZERO_LENGTH = 26,
    RADIOTAP_FIELDS = sizeof radiotap_fields / sizeof *radiotap_fields,
    RADIOTAP_RESET = 29,
    RADIOTAP_VENDOR = 30,
    RADIOTAP_MORE = 31,
};

/* What the walk of a radiotap header is about. */
struct radiotap {
    const uint8_t *header;
    uint32_t size;
    uint32_t at;         /* where the next field begins, before alignment */
    bool vendor, resume; /* in a vendor's namespace; in the standard one, but behind its first 32 bits */
    uint8_t flags;
    bool no_frame; /* a PSDU of length zero: nothing but its preamble was received */
};

/* Takes a field; NULL when it is not in the header. */
static const uint8_t *take_field(struct radiotap *radiotap, uint32_t align, uint32_t size)
{
    uint32_t at = (radiotap->at + align - 1) & ~(align - 1);
    if (at > radiotap->size || size > radiotap->size - at)
        return NULL;
    radiotap->at = at + size;
    return radiotap->header + at;
}

/* The fields of one present word; false ends the walk. */
static bool walk_word(struct radiotap *radiotap, uint32_t present)
{
    enum { VENDOR_ALIGN = 2, VENDOR_SIZE = 6, VENDOR_SKIP = 4 };
    /* A vendor's fields were skipped as a whole. */
    uint32_t fields = radiotap->vendor ? 0 : present & ((1u << RADIOTAP_RESET) - 1);
    for (unsigned bit = 0; fields >> bit; bit++) {
        if (!(fields >> bit & 1))
            continue;
        if (radiotap->resume || bit >= RADIOTAP_FIELDS)
            return false;
        const uint8_t *field = take_field(radiotap, radiotap_fields[bit].align, radiotap_fields[bit].size);
        if (!field)
            return false;
        if (bit == RADIOTAP_FLAGS)
            radiotap->flags |= *field;
        radiotap->no_frame |= bit == RADIOTAP_ZERO_LENGTH;
    }
    radiotap->resume = true;
    if (present >> RADIOTAP_RESET & 1)
        radiotap->vendor = radiotap->resume = false;
    if (present >> RADIOTAP_VENDOR & 1) {
        const uint8_t *field = take_field(radiotap, VENDOR_ALIGN, VENDOR_SIZE);
        if (!field || !take_field(radiotap, 1, vo_load16_le(field + VENDOR_SKIP)))
            return false;
        radiotap->vendor = true;
    }
    return present >> RADIOTAP_MORE & 1;
}

enum vo_decoded vo_layer_radiotap(struct vo_packet *packet, struct vo_layer layer)
{
    enum { SMALLEST = 8, LENGTH = 2, PRESENT = 4 };
    enum { FCS_AT_END = 0x10, DATA_PAD = 0x20, BAD_FCS = 0x40 };
    if (layer.size < SMALLEST)
        return vo_layer_lacks(layer, SMALLEST);
    uint32_t size = vo_load16_le(layer.at + LENGTH);
    if (layer.at[0] != 0 || size < SMALLEST)
        return VO_DECODED_MALFORMED;
    if (layer.size < size)
        return vo_layer_lacks(layer, size);
    struct radiotap radiotap = {.header = layer.at, .size = size, .at = PRESENT};
    uint32_t word = PRESENT, present;
    do { /* the fields begin behind the last word */
        const uint8_t *at = take_field(&radiotap, 4, 4);
        if (!at)
            return VO_DECODED_MALFORMED;
        present = vo_load32_le(at);
    } while (present >> RADIOTAP_MORE & 1);
    while (walk_word(&radiotap, vo_load32_le(layer.at + word)))
        word += 4;
    if (radiotap.no_frame)
        return VO_DECODED_OTHER;
    unsigned flags = (radiotap.flags & FCS_AT_END ? VO_WLAN_FCS : 0u) |
                     (radiotap.flags & DATA_PAD ? VO_WLAN_PADDED : 0u) |
                     (radiotap.flags & BAD_FCS ? VO_WLAN_BAD_FCS : 0u);
    return vo_layer_wlan_frame(packet, vo_layer_after(layer, size), flags);
}

/* The 802.11 flags in the fields of a PPI header; `layer` is what follows its first eight bytes, up to its
 * length. `aligned`: each field begins at a multiple of four. */
static unsigned ppi_flags(struct vo_layer layer, bool aligned)
{
    enum { HEADER = 4, COMMON = 2, COMMON_SIZE = 20, FLAGS = 8, FCS_PRESENT = 1, FCS_INVALID = 4 };
    while (layer.size >= HEADER) {
        uint16_t type = vo_load16_le(layer.at), length = vo_load16_le(layer.at + 2);
        layer = vo_layer_after(layer, HEADER);
        if (length > layer.size)
            break;
        if (type == COMMON && length >= COMMON_SIZE) {
            uint16_t flags = vo_load16_le(layer.at + FLAGS);
            return (flags & FCS_PRESENT ? VO_WLAN_FCS : 0u) | (flags & FCS_INVALID ? VO_WLAN_BAD_FCS : 0u);
        }
        uint32_t whole = aligned ? (length + 3u) & ~3u : length;
        layer = vo_layer_after(layer, whole < layer.size ? whole : layer.size);
    }
    return 0;
}

enum vo_decoded vo_layer_ppi(struct vo_packet *packet, struct vo_layer layer)
{
    enum { SMALLEST = 8, FLAGS = 1, LENGTH = 2, LINKTYPE = 4, WLAN = 105, ALIGNED = 1 };
    if (layer.size < SMALLEST)
        return vo_layer_lacks(layer, SMALLEST);
    uint32_t size = vo_load16_le(layer.at + LENGTH), linktype = vo_load32_le(layer.at + LINKTYPE);
    if (layer.at[0] != 0 || size < SMALLEST)
        return VO_DECODED_MALFORMED;
    if (layer.size < size)
        return vo_layer_lacks(layer, size);
    struct vo_layer inside = vo_layer_after(layer, size);
    if (linktype == WLAN)
        return vo_layer_wlan_frame(
            packet, inside,
            ppi_flags((struct vo_layer){layer.at + SMALLEST, size - SMALLEST, size - SMALLEST},
                      layer.at[FLAGS] & ALIGNED));
    vo_layer_decode *decode = vo_layer_of_linktype(linktype);
    return decode && decode != vo_layer_ppi ? decode(packet, inside) : VO_DECODED_OTHER;
}

/* Prism: message code and length in the host's byte order, then items; drivers write AVS under the same link
 * type. */
enum vo_decoded vo_layer_prism(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 8, AVS_MAGIC = 0x80211000 >> 12 };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    if (vo_load32(layer.at) >> 12 == AVS_MAGIC)
        return vo_layer_avs(packet, layer);
    uint32_t size = vo_load32_le(layer.at + 4);
    if (size > 0xffff)
        size = vo_load32(layer.at + 4);
    if (size < HEADER)
        return VO_DECODED_MALFORMED;
    if (layer.size < size)
        return vo_layer_lacks(layer, size);
    return vo_layer_wlan(packet, vo_layer_after(layer, size));
}

enum vo_decoded vo_layer_avs(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 8 };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    uint32_t size = vo_load32(layer.at + 4);
    if (size < HEADER)
        return VO_DECODED_MALFORMED;
    if (layer.size < size)
        return vo_layer_lacks(layer, size);
    return vo_layer_wlan(packet, vo_layer_after(layer, size));
}
