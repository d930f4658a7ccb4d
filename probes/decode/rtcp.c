#include "probes/decode/rtcp.h"

#define HEADER     4
#define BLOCK      24 /* of SR and RR */
#define SDES_CNAME 1

enum packet_type { SR = 200, RR = 201, SDES = 202, BYE = 203, XR = 207 };
enum xr_type { XR_RRT = 4, XR_DLRR = 5, XR_VOIP = 7 };

/* One packet of a compound, as its header frames it. */
struct packet {
    uint8_t type, count; /* count: the five bits after version and padding */
    bool padding;
    struct vo_bytes body; /* after the header, with padding */
};

struct delivery {
    vo_rtcp_visit *visit;
    void *context;
};

/* Takes the next packet off *bytes; false if there is no RTCP header or it claims more bytes than there are.
 */
static bool next_packet(struct vo_bytes *bytes, struct packet *packet)
{
    if (bytes->left < HEADER || bytes->at[0] >> 6 != 2 || bytes->at[1] < 192 || bytes->at[1] > 223)
        return false;
    uint32_t body = 4u * vo_load16(bytes->at + 2);
    if (body > bytes->left - HEADER)
        return false;
    const uint8_t *at = vo_bytes_take(bytes, HEADER);
    packet->type = at[1];
    packet->count = at[0] & 0x1F;
    packet->padding = at[0] & 0x20;
    packet->body = vo_bytes_of(vo_bytes_take(bytes, body), body);
    return true;
}

/* Takes padding off the body; false if the count cannot be (RFC 3550 6.4.1: a multiple of four, itself
 * included). */
static bool strip_padding(struct packet *packet)
{
    if (!packet->padding)
        return true;
    struct vo_bytes *body = &packet->body;
    uint8_t count = body->left ? body->at[body->left - 1] : 0;
    if (count == 0 || count % 4 != 0 || count > body->left)
        return false;
    body->left -= count;
    return true;
}

/* ---- reports ---- */

static int32_t signed24(uint32_t value)
{
    return value & 0x800000 ? (int32_t)value - 0x1000000 : (int32_t)value;
}

static struct vo_rtcp_report_block read_block(struct vo_bytes *body)
{
    struct vo_rtcp_report_block block;
    block.source = vo_bytes_u32(body);
    block.fraction_lost = vo_bytes_u8(body);
    block.lost = signed24(vo_bytes_u24(body));
    block.highest = vo_bytes_u32(body);
    block.jitter = vo_bytes_u32(body);
    block.lsr = vo_bytes_u32(body);
    block.dlsr = vo_bytes_u32(body);
    return block;
}

/* What follows the blocks is an extension of some profile. */
static bool read_blocks(const struct packet *packet, struct vo_bytes body, uint32_t ssrc,
                        const struct delivery *to)
{
    for (unsigned i = 0; i < packet->count; i++) {
        struct vo_rtcp_item item = {.kind = VO_RTCP_REPORT_BLOCK, .ssrc = ssrc, .block = read_block(&body)};
        if (body.short_read)
            return false;
        to->visit(to->context, &item);
    }
    return true;
}

static bool read_sr(const struct packet *packet, const struct delivery *to)
{
    struct vo_bytes body = packet->body;
    struct vo_rtcp_item item = {.kind = VO_RTCP_SENDER_REPORT};
    item.ssrc = vo_bytes_u32(&body);
    item.sender.ntp = vo_bytes_u64(&body);
    item.sender.rtp_timestamp = vo_bytes_u32(&body);
    item.sender.packets = vo_bytes_u32(&body);
    item.sender.octets = vo_bytes_u32(&body);
    if (body.short_read)
        return false;
    to->visit(to->context, &item);
    return read_blocks(packet, body, item.ssrc, to);
}

static bool read_rr(const struct packet *packet, const struct delivery *to)
{
    struct vo_bytes body = packet->body;
    uint32_t ssrc = vo_bytes_u32(&body);
    return !body.short_read && read_blocks(packet, body, ssrc, to);
}

/* ---- descriptions and goodbyes ---- */

/* Items of one chunk up to its zero byte, then the fill to a whole word. */
static bool read_chunk(struct vo_bytes *body, const struct delivery *to)
{
    struct vo_rtcp_item item = {.kind = VO_RTCP_SDES_CNAME};
    uint32_t start = body->left;
    item.ssrc = vo_bytes_u32(body);
    while (body->left > 0) { /* a last chunk without its zero byte is let pass */
        uint8_t type = vo_bytes_u8(body);
        if (type == 0)
            break;
        item.text.size = vo_bytes_u8(body);
        item.text.at = (const char *)vo_bytes_take(body, item.text.size);
        if (body->short_read)
            return false;
        if (type == SDES_CNAME)
            to->visit(to->context, &item);
    }
    vo_bytes_take(body, (4 - (start - body->left) % 4) % 4);
    return !body->short_read;
}

static bool read_sdes(const struct packet *packet, const struct delivery *to)
{
    struct vo_bytes body = packet->body;
    for (unsigned i = 0; i < packet->count; i++)
        if (!read_chunk(&body, to))
            return false;
    return true;
}

/* One item for each source, all with the same reason. */
static bool read_bye(const struct packet *packet, const struct delivery *to)
{
    struct vo_bytes sources = packet->body, body = packet->body;
    if (!vo_bytes_take(&body, 4u * packet->count))
        return packet->count == 0;
    struct vo_span reason = {NULL, 0};
    if (body.left > 0) {
        reason.size = vo_bytes_u8(&body);
        reason.at = (const char *)vo_bytes_take(&body, reason.size);
    }
    if (body.short_read)
        return false;
    for (unsigned i = 0; i < packet->count; i++) {
        struct vo_rtcp_item item = {.kind = VO_RTCP_BYE, .ssrc = vo_bytes_u32(&sources), .text = reason};
        to->visit(to->context, &item);
    }
    return true;
}

/* ---- extended reports ---- */

static bool read_xr_rrt(struct vo_bytes block, uint32_t ssrc, const struct delivery *to)
{
    struct vo_rtcp_item item = {.kind = VO_RTCP_XR_RRT, .ssrc = ssrc};
    item.rrt.ntp = vo_bytes_u64(&block);
    if (!block.short_read)
        to->visit(to->context, &item);
    return !block.short_read;
}

static bool read_xr_dlrr(struct vo_bytes block, uint32_t ssrc, const struct delivery *to)
{
    struct vo_rtcp_item item = {.kind = VO_RTCP_XR_DLRR, .ssrc = ssrc};
    while (block.left > 0) {
        item.dlrr.source = vo_bytes_u32(&block);
        item.dlrr.lrr = vo_bytes_u32(&block);
        item.dlrr.dlrr = vo_bytes_u32(&block);
        if (block.short_read)
            return false;
        to->visit(to->context, &item);
    }
    return true;
}

static bool read_xr_voip(struct vo_bytes block, uint32_t ssrc, const struct delivery *to)
{
    struct vo_rtcp_item item = {.kind = VO_RTCP_XR_VOIP, .ssrc = ssrc};
    struct vo_rtcp_xr_voip *voip = &item.voip;
    voip->source = vo_bytes_u32(&block);
    voip->loss_rate = vo_bytes_u8(&block);
    voip->discard_rate = vo_bytes_u8(&block);
    voip->burst_density = vo_bytes_u8(&block);
    voip->gap_density = vo_bytes_u8(&block);
    voip->burst_ms = vo_bytes_u16(&block);
    voip->gap_ms = vo_bytes_u16(&block);
    voip->round_trip_ms = vo_bytes_u16(&block);
    voip->end_system_ms = vo_bytes_u16(&block);
    voip->signal_dbm = (int8_t)vo_bytes_u8(&block);
    voip->noise_dbm = (int8_t)vo_bytes_u8(&block);
    voip->rerl = vo_bytes_u8(&block);
    voip->gmin = vo_bytes_u8(&block);
    voip->r_factor = vo_bytes_u8(&block);
    voip->external_r = vo_bytes_u8(&block);
    voip->mos_lq = vo_bytes_u8(&block);
    voip->mos_cq = vo_bytes_u8(&block);
    voip->rx_config = vo_bytes_u8(&block);
    vo_bytes_u8(&block); /* reserved */
    voip->jb_nominal_ms = vo_bytes_u16(&block);
    voip->jb_maximum_ms = vo_bytes_u16(&block);
    voip->jb_absolute_ms = vo_bytes_u16(&block);
    if (!block.short_read)
        to->visit(to->context, &item);
    return !block.short_read;
}

static const struct {
    uint8_t type;
    bool (*read)(struct vo_bytes block, uint32_t ssrc, const struct delivery *to);
} xr_blocks[] = {
    {XR_RRT, read_xr_rrt},
    {XR_DLRR, read_xr_dlrr},
    {XR_VOIP, read_xr_voip},
};

static bool read_xr(const struct packet *packet, const struct delivery *to)
{
    struct vo_bytes body = packet->body;
    uint32_t ssrc = vo_bytes_u32(&body);
    while (body.left > 0 && !body.short_read) {
        uint8_t type = vo_bytes_u8(&body);
        vo_bytes_u8(&body); /* type-specific */
        uint32_t size = 4u * vo_bytes_u16(&body);
        const uint8_t *at = vo_bytes_take(&body, size);
        if (body.short_read)
            break;
        for (size_t i = 0; i < sizeof xr_blocks / sizeof *xr_blocks; i++)
            if (xr_blocks[i].type == type && !xr_blocks[i].read(vo_bytes_of(at, size), ssrc, to))
                return false;
    }
    return !body.short_read;
}

/* APP, feedback and the rest are skipped. */
static const struct {
    uint8_t type;
    bool (*read)(const struct packet *packet, const struct delivery *to);
} packet_types[] = {
    {SR, read_sr}, {RR, read_rr}, {SDES, read_sdes}, {BYE, read_bye}, {XR, read_xr},
};

static bool read_packet(struct packet *packet, const struct delivery *to)
{
    if (!strip_padding(packet))
        return false;
    for (size_t i = 0; i < sizeof packet_types / sizeof *packet_types; i++)
        if (packet_types[i].type == packet->type)
            return packet_types[i].read(packet, to);
    return true;
}

/* ---- SRTCP ---- */

/*
 * An SRTCP packet (RFC 3711 3.4, RFC 7714 9) shows the first header and SSRC. Then come bytes of a cipher,
 * the E bit with a 31-bit index, perhaps a key identifier, and a tag (with AES-GCM the tag stands before the
 * index). The cipher's part is as long as plain packets are, so the index stands on a word of four bytes near
 * the end. It counts packets from 0: after eight million it is no longer recognised here, but then no plain
 * header has such a first word either, as its second byte would be 192 or more.
 */
#define TRAILER_MAX 32 /* index, a key identifier, a tag of 16 */

static bool has_srtcp_trailer(const uint8_t *data, uint32_t size, uint32_t from)
{
    if (size - from < 8)
        return false;
    uint32_t at = size > TRAILER_MAX ? (size - TRAILER_MAX + 3) & ~3u : 0;
    for (at = at < from ? from : at; at + 4 <= size; at += 4)
        if (data[at] == 0x80 && data[at + 1] < 0x80)
            return true;
    return false;
}

/* Could the reports of the first packet be true? Asked only when nothing behind it makes sense: random bytes
 * pass once in 512 for the sender's counts, once in 65,536 for a block. More than 2^24 packets are days, more
 * than 2^24 units of jitter or delay are minutes. */
static bool is_credible(const struct packet *packet)
{
    struct vo_bytes body = packet->body;
    vo_bytes_take(&body, packet->type == SR ? 16 : 4); /* SSRC; NTP and RTP time can be anything */
    if (packet->type == SR) {
        uint32_t packets = vo_bytes_u32(&body), octets = vo_bytes_u32(&body);
        if (packets >> 24 || octets < packets)
            return false;
    }
    bool reports = packet->type == SR || packet->type == RR;
    for (unsigned i = 0; reports && i < packet->count && body.left >= BLOCK; i++) {
        struct vo_rtcp_report_block block = read_block(&body);
        if (block.jitter >> 24 || block.dlsr >> 24)
            return false;
    }
    return true;
}

enum vo_rtcp_result vo_rtcp_decode(const uint8_t *data, uint32_t size, bool secure, vo_rtcp_visit *visit,
                                   void *context)
{
    const struct delivery to = {visit, context};
    struct vo_bytes bytes = vo_bytes_of(data, size);
    struct packet first, packet;
    if (!next_packet(&bytes, &first))
        return VO_RTCP_MALFORMED;
    if (secure)
        return VO_RTCP_ENCRYPTED;
    bool alone = true;
    while (next_packet(&bytes, &packet))
        alone = false;
    bool whole = bytes.left == 0;
    if (!whole && (has_srtcp_trailer(data, size, size - bytes.left) || (alone && !is_credible(&first))))
        return VO_RTCP_ENCRYPTED;
    bytes = vo_bytes_of(data, size);
    while (next_packet(&bytes, &packet))
        if (!read_packet(&packet, &to))
            return VO_RTCP_MALFORMED;
    return whole ? VO_RTCP_OK : VO_RTCP_MALFORMED;
}
