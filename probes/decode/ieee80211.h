/*
 * 802.11 frames: the MAC header of every type and subtype, the fixed fields of management frames, the frames
 * inside an A-MSDU, block acknowledgements, the FCS.
 *
 * Source: IEEE 802.11-2020 9.2.4 (fields), 9.3.1 (control), 9.3.2 (data, A-MSDU), 9.3.3 and 9.4.1
 * (management), 9.3.4 (extension), 802.11ax-2021 9.3.1.8 and 802.11be-2024 9.3.1.8 (BlockAck).
 *
 * Addresses are told by role, which depends on type, subtype, To DS and From DS. A role that the frame does
 * not carry is VO_WLAN_NO_ADDRESS: the transmitter of an ACK or CTS is not in it.
 *
 * Invariants: views borrow from the caller's bytes and never reach beyond them, nor into a told FCS. Of a
 * frame whose FCS is bad nothing here is reliable, addresses least of all; the caller knows that from
 * radiotap.
 */
#ifndef VO_PROBES_DECODE_IEEE80211_H
#define VO_PROBES_DECODE_IEEE80211_H

#include "probes/decode/bytes.h"

/* 48 bits, the first byte on the air highest. */
typedef uint64_t vo_wlan_address;
#define VO_WLAN_NO_ADDRESS UINT64_MAX
#define VO_WLAN_BROADCAST  UINT64_C(0xffffffffffff)

static inline vo_wlan_address vo_wlan_address_of(const uint8_t at[6])
{
    return (uint64_t)vo_load16(at) << 32 | vo_load32(at + 2);
}
/* Broadcast or multicast. */
static inline bool vo_wlan_address_is_group(vo_wlan_address address)
{
    return address != VO_WLAN_NO_ADDRESS && (address >> 40 & 1);
}
enum { VO_WLAN_ADDRESS_TEXT = 18 };
/* "02:00:00:00:01:00", or "-" for VO_WLAN_NO_ADDRESS; returns `text`. */
char *vo_wlan_address_text(vo_wlan_address address, char text[VO_WLAN_ADDRESS_TEXT]);

enum vo_ieee80211_type {
    VO_IEEE80211_MANAGEMENT,
    VO_IEEE80211_CONTROL,
    VO_IEEE80211_DATA,
    VO_IEEE80211_EXTENSION,
};

/* Type and subtype together, as vo_ieee80211.kind. */
#define VO_IEEE80211_KIND(type, subtype) ((type) << 4 | (subtype))
enum vo_ieee80211_kind {
    VO_IEEE80211_ASSOCIATION_REQUEST = VO_IEEE80211_KIND(0, 0),
    VO_IEEE80211_ASSOCIATION_RESPONSE = VO_IEEE80211_KIND(0, 1),
    VO_IEEE80211_REASSOCIATION_REQUEST = VO_IEEE80211_KIND(0, 2),
    VO_IEEE80211_REASSOCIATION_RESPONSE = VO_IEEE80211_KIND(0, 3),
    VO_IEEE80211_PROBE_REQUEST = VO_IEEE80211_KIND(0, 4),
    VO_IEEE80211_PROBE_RESPONSE = VO_IEEE80211_KIND(0, 5),
    VO_IEEE80211_TIMING_ADVERTISEMENT = VO_IEEE80211_KIND(0, 6),
    VO_IEEE80211_BEACON = VO_IEEE80211_KIND(0, 8),
    VO_IEEE80211_ATIM = VO_IEEE80211_KIND(0, 9),
    VO_IEEE80211_DISASSOCIATION = VO_IEEE80211_KIND(0, 10),
    VO_IEEE80211_AUTHENTICATION = VO_IEEE80211_KIND(0, 11),
    VO_IEEE80211_DEAUTHENTICATION = VO_IEEE80211_KIND(0, 12),
    VO_IEEE80211_ACTION = VO_IEEE80211_KIND(0, 13),
    VO_IEEE80211_ACTION_NO_ACK = VO_IEEE80211_KIND(0, 14),
    VO_IEEE80211_TRIGGER = VO_IEEE80211_KIND(1, 2),
    VO_IEEE80211_TACK = VO_IEEE80211_KIND(1, 3),
    VO_IEEE80211_BEAMFORMING_POLL = VO_IEEE80211_KIND(1, 4),
    VO_IEEE80211_NDP_ANNOUNCEMENT = VO_IEEE80211_KIND(1, 5),
    VO_IEEE80211_CONTROL_EXTENSION = VO_IEEE80211_KIND(1, 6),
    VO_IEEE80211_CONTROL_WRAPPER = VO_IEEE80211_KIND(1, 7),
    VO_IEEE80211_BLOCK_ACK_REQUEST = VO_IEEE80211_KIND(1, 8),
    VO_IEEE80211_BLOCK_ACK = VO_IEEE80211_KIND(1, 9),
    VO_IEEE80211_PS_POLL = VO_IEEE80211_KIND(1, 10),
    VO_IEEE80211_RTS = VO_IEEE80211_KIND(1, 11),
    VO_IEEE80211_CTS = VO_IEEE80211_KIND(1, 12),
    VO_IEEE80211_ACK = VO_IEEE80211_KIND(1, 13),
    VO_IEEE80211_CF_END = VO_IEEE80211_KIND(1, 14),
    VO_IEEE80211_CF_END_ACK = VO_IEEE80211_KIND(1, 15),
    VO_IEEE80211_DATA_PLAIN = VO_IEEE80211_KIND(2, 0),
    VO_IEEE80211_NULL = VO_IEEE80211_KIND(2, 4),
    VO_IEEE80211_QOS_DATA = VO_IEEE80211_KIND(2, 8),
    VO_IEEE80211_QOS_NULL = VO_IEEE80211_KIND(2, 12),
    VO_IEEE80211_DMG_BEACON = VO_IEEE80211_KIND(3, 0),
    VO_IEEE80211_S1G_BEACON = VO_IEEE80211_KIND(3, 1),
};
/* "beacon", "QoS data", …; "reserved" where the standard has none. Never NULL. */
const char *vo_ieee80211_kind_name(unsigned kind);

/* The flags of frame control, in vo_ieee80211.control. Those that a kind does not have are not set, whatever
 * it has in their place: the first four of a control frame extension, all of an S1G beacon. */
enum {
    VO_IEEE80211_TO_DS = 0x0100,
    VO_IEEE80211_FROM_DS = 0x0200,
    VO_IEEE80211_MORE_FRAGMENTS = 0x0400,
    VO_IEEE80211_RETRY = 0x0800,
    VO_IEEE80211_POWER_MANAGEMENT = 0x1000,
    VO_IEEE80211_MORE_DATA = 0x2000,
    VO_IEEE80211_PROTECTED = 0x4000,
    VO_IEEE80211_ORDER = 0x8000, /* +HTC: an HT control field */
};

/* What else the header has, in vo_ieee80211.has. */
enum {
    VO_IEEE80211_HAS_SEQUENCE = 0x01, /* sequence and fragment */
    VO_IEEE80211_HAS_QOS = 0x02,      /* qos_control and tid */
    VO_IEEE80211_HAS_PRIORITY = 0x04, /* tid is a user priority, 0 to 7 */
    VO_IEEE80211_HAS_HT_CONTROL = 0x08,
    VO_IEEE80211_HAS_DURATION = 0x10, /* duration_us; without it the field is an AID or reserved */
    VO_IEEE80211_IS_AMSDU = 0x20,     /* the body is an A-MSDU; it may be protected */
    VO_IEEE80211_NO_BODY = 0x40,      /* data without data: Null and its like */
    /* The transmitter was written as a group address, which says that the bandwidth is signalled
     * (9.3.1.2); `transmitter` has the bit cleared. */
    VO_IEEE80211_BANDWIDTH_SIGNALLED = 0x80,
};

struct vo_ieee80211 {
    vo_wlan_address receiver, transmitter, bssid, source, destination;
    const uint8_t *body;  /* behind the header (and its padding), before the FCS */
    uint32_t body_size;   /* captured bytes of it */
    uint32_t body_length; /* bytes of it on the air */
    uint32_t header_size; /* with HT control and padding */
    uint32_t ht_control;
    uint16_t control;  /* frame control: first byte low */
    uint16_t sequence; /* 0 to 4095 */
    uint16_t duration_us;
    uint16_t qos_control;
    uint8_t type, kind; /* vo_ieee80211_type, vo_ieee80211_kind */
    uint8_t fragment;   /* 0 to 15 */
    uint8_t tid;        /* 0 to 15 */
    uint8_t padding;    /* bytes before the body that were not on the air, in header_size too */
    uint8_t has;
};

enum vo_ieee80211_result {
    VO_IEEE80211_OK,
    /* The capture ends within the header. What `has` and the addresses tell is there, and if two bytes were
     * captured, type, kind and control. */
    VO_IEEE80211_CUT,
    VO_IEEE80211_MALFORMED, /* the frame itself ends within its header */
    VO_IEEE80211_UNKNOWN,   /* protocol version not 0 */
};

/* How the frame was captured. */
enum { VO_IEEE80211_WITH_FCS = 1, VO_IEEE80211_PADDED = 2 };

/* Reads the header of a frame of `length` bytes on the air (FCS included if `options` says so) of which
 * `captured` are at `data`. Fills `frame` in any case. */
enum vo_ieee80211_result vo_ieee80211_decode(const uint8_t *data, uint32_t captured, uint32_t length,
                                             unsigned options, struct vo_ieee80211 *frame);

/* The FCS of a frame (9.2.4.8), over what precedes it. It costs some 5 ns a byte: not for every frame of a
 * long file. */
uint32_t vo_ieee80211_fcs(const uint8_t *data, uint32_t size);
/* Whether the last four of `size` bytes are the FCS of those before; `size` at least 4. `frame`: as it was
 * decoded from them, for the padding, which the FCS does not cover; NULL: there is none. */
bool vo_ieee80211_fcs_holds(const uint8_t *data, uint32_t size, const struct vo_ieee80211 *frame);

/* The EtherType behind the LLC and SNAP header of a data frame's body. False if there is none: no data, an
 * A-MSDU, protected, a later fragment, no SNAP. */
bool vo_ieee80211_ethertype(const struct vo_ieee80211 *frame, uint16_t *ethertype);

/* Bytes of the mesh control field (9.2.4.7.3) in front of the body of a data frame with these flags of frame
 * control and this QoS control; 0: there is none. Outside of a mesh the bit that announces it means something
 * else, so it is believed only if LLC and SNAP follow it. */
uint32_t vo_ieee80211_mesh_control(unsigned flags, uint16_t qos_control, const uint8_t *body, uint32_t size);

/* One frame of an A-MSDU. */
struct vo_ieee80211_msdu {
    vo_wlan_address destination, source;
    const uint8_t *at; /* behind its header: LLC */
    uint32_t size;
};
/* Takes the next one off `left`, which began as the body of a frame that IS_AMSDU. False at the end;
 * left->short_read then says whether one was cut or its length lied. */
bool vo_ieee80211_msdu_next(struct vo_bytes *left, struct vo_ieee80211_msdu *msdu);

/* Fixed fields of management frames, as indices of vo_ieee80211_management.value. */
enum vo_management_field {
    VO_MANAGEMENT_NONE,
    VO_MANAGEMENT_TIMESTAMP, /* microseconds of the BSS's clock */
    VO_MANAGEMENT_INTERVAL,  /* beacon interval, in units of 1024 us */
    VO_MANAGEMENT_CAPABILITY,
    VO_MANAGEMENT_LISTEN,     /* listen interval, in beacon intervals */
    VO_MANAGEMENT_CURRENT_AP, /* a vo_wlan_address: where a reassociation comes from */
    VO_MANAGEMENT_STATUS,
    VO_MANAGEMENT_REASON,
    VO_MANAGEMENT_AID,
    VO_MANAGEMENT_ALGORITHM, /* of authentication: 0 open, 1 shared key, 2 FT, 3 SAE, 4 to 6 FILS */
    VO_MANAGEMENT_TRANSACTION,
    VO_MANAGEMENT_CATEGORY, /* of an action frame */
    VO_MANAGEMENT_ACTION,
    VO_MANAGEMENT_FIELDS,
};
/* Bits of the capability field. */
enum { VO_CAPABILITY_ESS = 1, VO_CAPABILITY_PRIVACY = 0x10, VO_CAPABILITY_SPECTRUM = 0x100 };

struct vo_ieee80211_management {
    uint16_t has; /* bits by vo_management_field */
    uint64_t value[VO_MANAGEMENT_FIELDS];
    const uint8_t *elements; /* what follows, for element.h; NULL where it is not elements (action, SAE) */
    uint32_t elements_size;
    bool cut; /* the body goes on: beyond what was captured, or in another fragment */
};
/* False for frames that are no management, for protected ones, whose body cannot be read, and for fragments
 * behind the first, whose body begins anywhere. Fields beyond the captured bytes are not in `has`. */
bool vo_ieee80211_management_decode(const struct vo_ieee80211 *frame, struct vo_ieee80211_management *to);

/* One station's and TID's part of a block acknowledgement. Bit n of the bitmap is sequence number
 * start + n (mod 4096); a missing bitmap acknowledges all that it was about. */
struct vo_ieee80211_block_ack {
    uint16_t aid; /* multi-STA only, else 0 */
    uint8_t tid;
    bool all; /* everything was received: no sequence and bitmap follow */
    uint16_t start;
    const uint8_t *bitmap;
    uint32_t bitmap_size; /* 0 to 128 bytes */
};
struct vo_ieee80211_block_acks {
    struct vo_bytes left;
    uint8_t type; /* BA type of the BA control field */
    uint8_t tid;  /* its TID_INFO */
};
/* Begins with a frame that is a BLOCK_ACK. False: it is not one, or its control field is not there. Of the
 * types, compressed, extended compressed, multi-TID and multi-STA have parts; basic and GCR have none here.
 */
bool vo_ieee80211_block_acks_begin(const struct vo_ieee80211 *frame, struct vo_ieee80211_block_acks *acks);
/* False at the end; acks->left.short_read says whether the frame ended too early. */
bool vo_ieee80211_block_ack_next(struct vo_ieee80211_block_acks *acks, struct vo_ieee80211_block_ack *ack);
/* Whether this sequence number was received, so far as this part says. */
bool vo_ieee80211_block_ack_covers(const struct vo_ieee80211_block_ack *ack, uint16_t sequence);

#endif
