#include "probes/decode/reflect.h"

#define RTP_HEADER  12
#define RTCP_RR     8  /* header, SSRC */
#define RTCP_SDES   12 /* header, SSRC, CNAME "v" and its end */
#define RTCP_APP    12 /* header, SSRC, name */
#define RTCP_HEADER (RTCP_RR + RTCP_SDES + RTCP_APP)
#define VERSION     1

static const uint8_t body_magic[4] = {'V', 'O', 'R', '1'};
static const uint8_t frame_magic[4] = {'V', 'O', 'R', 'C'};
static const uint8_t app_name[4] = {'V', 'O', 'R', 'D'};
static const uint8_t app_cname[4] = {1, 1, 'v', 0};
static const char session_label[] = "voready reflect session";
static const char mark_label[] = "voready sip";
_Static_assert(sizeof session_label - 1 + 2 * VO_REFLECT_NONCE == VO_REFLECT_SESSION, "size of the label");
_Static_assert(sizeof mark_label - 1 + 1 + 2 + 8 + 4 == VO_REFLECT_MARKED, "size of what a mark covers");
_Static_assert(2 + 2 * (8 + 4 + VO_REFLECT_MARK_MAC) == VO_REFLECT_MARK, "size of a mark");
_Static_assert(VO_REFLECT_MESSAGE_SIZE(VO_REFLECT_TEXT) <= VO_REFLECT_PAYLOAD, "rows are the largest frame");
_Static_assert(RTP_HEADER + VO_REFLECT_BODY == 172, "the size of 20 ms of G.711 in RTP");
_Static_assert(RTCP_HEADER + VO_REFLECT_BODY == VO_REFLECT_DATAGRAM, "the larger shape");

static void store16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void store32(uint8_t *to, uint32_t value)
{
    store16(to, (uint16_t)(value >> 16));
    store16(to + 2, (uint16_t)value);
}

static void store64(uint8_t *to, uint64_t value)
{
    store32(to, (uint32_t)(value >> 32));
    store32(to + 4, (uint32_t)value);
}

void vo_reflect_body_write(const struct vo_reflect_body *body, uint8_t *to)
{
    memset(to, 0, VO_REFLECT_BODY);
    memcpy(to, body_magic, sizeof body_magic);
    to[4] = (uint8_t)body->kind;
    to[5] = body->dscp;
    to[6] = body->seen_dscp;
    to[7] = body->seen_ttl;
    store64(to + 8, body->token);
    store32(to + 16, body->sequence);
    store16(to + 20, body->port);
    store16(to + 22, body->seen_port);
    store64(to + 24, (uint64_t)body->t1);
    store64(to + 32, (uint64_t)body->t2);
    store64(to + 40, (uint64_t)body->t3);
    memcpy(to + 48, body->seen_address, 16);
    store32(to + 64, body->received);
    store32(to + 68, body->delay_ms);
}

bool vo_reflect_body_read(const uint8_t *data, uint32_t size, struct vo_reflect_body *body)
{
    if (size != VO_REFLECT_BODY || memcmp(data, body_magic, sizeof body_magic) != 0 ||
        data[4] < VO_REFLECT_REQUEST || data[4] > VO_REFLECT_LATER)
        return false;
    *body = (struct vo_reflect_body){
        .kind = (enum vo_reflect_kind)data[4],
        .dscp = data[5],
        .seen_dscp = data[6],
        .seen_ttl = data[7],
        .token = vo_load64(data + 8),
        .sequence = vo_load32(data + 16),
        .port = vo_load16(data + 20),
        .seen_port = vo_load16(data + 22),
        .t1 = (int64_t)vo_load64(data + 24),
        .t2 = (int64_t)vo_load64(data + 32),
        .t3 = (int64_t)vo_load64(data + 40),
        .received = vo_load32(data + 64),
        .delay_ms = vo_load32(data + 68),
    };
    memcpy(body->seen_address, data + 48, 16);
    return true;
}

enum vo_reflect_shape vo_reflect_shape_of(uint16_t port)
{
    return port % 2 ? VO_REFLECT_RTCP : VO_REFLECT_RTP;
}

/* RTCP lengths count 32-bit words less one. */
static void put_rtcp(uint8_t *to, uint8_t first, uint8_t type, uint32_t size, uint32_t ssrc)
{
    to[0] = first;
    to[1] = type;
    store16(to + 2, (uint16_t)(size / 4 - 1));
    store32(to + 4, ssrc);
}

uint8_t *vo_reflect_wrap(enum vo_reflect_shape shape, uint32_t ssrc, uint32_t sequence, uint8_t *datagram,
                         uint32_t *size)
{
    if (shape == VO_REFLECT_RTP) {
        datagram[0] = 0x80;
        datagram[1] = 0;
        store16(datagram + 2, (uint16_t)sequence);
        store32(datagram + 4, sequence * VO_REFLECT_BODY); /* 160 samples a packet */
        store32(datagram + 8, ssrc);
        *size = RTP_HEADER + VO_REFLECT_BODY;
        return datagram + RTP_HEADER;
    }
    uint8_t *sdes = datagram + RTCP_RR, *app = sdes + RTCP_SDES;
    put_rtcp(datagram, 0x80, 201, RTCP_RR, ssrc);
    put_rtcp(sdes, 0x81, 202, RTCP_SDES, ssrc);
    memcpy(sdes + 8, app_cname, sizeof app_cname);
    put_rtcp(app, 0x80, 204, RTCP_APP + VO_REFLECT_BODY, ssrc);
    memcpy(app + 8, app_name, sizeof app_name);
    *size = VO_REFLECT_DATAGRAM;
    return app + RTCP_APP;
}

const uint8_t *vo_reflect_unwrap(const uint8_t *datagram, uint32_t size, enum vo_reflect_shape *shape,
                                 uint32_t *ssrc)
{
    uint8_t expected[VO_REFLECT_DATAGRAM];
    uint32_t expected_size;
    if (size == RTP_HEADER + VO_REFLECT_BODY && datagram[0] == 0x80 && datagram[1] == 0) {
        *shape = VO_REFLECT_RTP; /* sequence and timestamp belong to the network's view, not to ours */
        *ssrc = vo_load32(datagram + 8);
        return datagram + RTP_HEADER;
    }
    if (size != VO_REFLECT_DATAGRAM)
        return NULL;
    *shape = VO_REFLECT_RTCP;
    *ssrc = vo_load32(datagram + 4);
    vo_reflect_wrap(VO_REFLECT_RTCP, *ssrc, 0, expected, &expected_size);
    return memcmp(expected, datagram, RTCP_HEADER) == 0 ? datagram + RTCP_HEADER : NULL;
}

/* What a payload of each type may be: a fixed size, and a list of up to `most` items, which the first two
 * bytes count. */
static const struct {
    uint32_t fixed, item, most;
} payloads[VO_REFLECT_TYPES] = {
    [VO_REFLECT_HELLO] = {VO_REFLECT_NONCE, 0, 0},
    [VO_REFLECT_CHALLENGE] = {2 * VO_REFLECT_NONCE, 0, 0},
    [VO_REFLECT_PROOF] = {2 * VO_REFLECT_NONCE, 0, 0},
    [VO_REFLECT_READY] = {VO_REFLECT_READY_SIZE, 0, 0},
    [VO_REFLECT_PORTS] = {4, 4, VO_REFLECT_ROWS},
    [VO_REFLECT_SEND] = {VO_REFLECT_SEND_SIZE, 0, 0},
    [VO_REFLECT_COUNT] = {0, 0, 0},
    [VO_REFLECT_REPORT] = {4, VO_REFLECT_ROW_SIZE, VO_REFLECT_ROWS},
    [VO_REFLECT_FETCH] = {VO_REFLECT_FETCH_SIZE, 0, 0},
    [VO_REFLECT_MESSAGE] = {VO_REFLECT_MESSAGE_SIZE(0), 1, VO_REFLECT_TEXT},
    [VO_REFLECT_TRIALS] = {0, 0, 0},
    [VO_REFLECT_HELD] = {4, VO_REFLECT_HOLD_SIZE, VO_REFLECT_HOLDS},
};

static bool payload_fits(uint8_t type, uint32_t size)
{
    if (type < VO_REFLECT_HELLO || type >= VO_REFLECT_TYPES || size < payloads[type].fixed)
        return false;
    uint32_t rest = size - payloads[type].fixed, item = payloads[type].item;
    return item ? rest % item == 0 && rest / item <= payloads[type].most : rest == 0;
}

enum vo_reflect_got vo_reflect_frame_read(const uint8_t *data, uint32_t size, struct vo_reflect_frame *frame)
{
    uint32_t begun = size < sizeof frame_magic ? size : sizeof frame_magic;
    if (begun > 0 && memcmp(data, frame_magic, begun) != 0)
        return VO_REFLECT_BAD;
    if (size < VO_REFLECT_FRAME_HEADER)
        return VO_REFLECT_MORE;
    uint32_t payload_size = vo_load16(data + 6);
    if (data[4] != VERSION || !payload_fits(data[5], payload_size))
        return VO_REFLECT_BAD;
    if (size < VO_REFLECT_FRAME_OF(payload_size))
        return VO_REFLECT_MORE;
    *frame = (struct vo_reflect_frame){(enum vo_reflect_type)data[5], vo_load32(data + 8),
                                       data + VO_REFLECT_FRAME_HEADER, payload_size,
                                       VO_REFLECT_FRAME_OF(payload_size)};
    if (payloads[frame->type].item &&
        vo_load16(frame->payload) !=
            (payload_size - payloads[frame->type].fixed) / payloads[frame->type].item)
        return VO_REFLECT_BAD;
    return VO_REFLECT_FRAME;
}

uint32_t vo_reflect_frame_write(enum vo_reflect_type type, uint32_t sequence, const uint8_t *payload,
                                uint32_t payload_size, uint8_t *to)
{
    memcpy(to, frame_magic, sizeof frame_magic);
    to[4] = VERSION;
    to[5] = (uint8_t)type;
    store16(to + 6, (uint16_t)payload_size);
    store32(to + 8, sequence);
    if (payload_size > 0)
        memmove(to + VO_REFLECT_FRAME_HEADER, payload, payload_size);
    memset(to + VO_REFLECT_FRAME_HEADER + payload_size, 0, VO_REFLECT_FRAME_MAC);
    return VO_REFLECT_FRAME_OF(payload_size);
}

void vo_reflect_session_text(const uint8_t *client_nonce, const uint8_t *server_nonce, uint8_t *to)
{
    memcpy(to, session_label, sizeof session_label - 1);
    memcpy(to + sizeof session_label - 1, client_nonce, VO_REFLECT_NONCE);
    memcpy(to + sizeof session_label - 1 + VO_REFLECT_NONCE, server_nonce, VO_REFLECT_NONCE);
}

void vo_reflect_ready_write(const struct vo_reflect_ready *ready, uint8_t *payload)
{
    memset(payload, 0, VO_REFLECT_READY_SIZE);
    store64(payload, ready->token);
    memcpy(payload + 8, ready->seen_address, 16);
    store16(payload + 24, ready->seen_port);
    store64(payload + 28, (uint64_t)ready->time);
}

bool vo_reflect_ready_read(const struct vo_reflect_frame *frame, struct vo_reflect_ready *ready)
{
    if (frame->type != VO_REFLECT_READY || frame->payload_size != VO_REFLECT_READY_SIZE)
        return false;
    ready->token = vo_load64(frame->payload);
    memcpy(ready->seen_address, frame->payload + 8, 16);
    ready->seen_port = vo_load16(frame->payload + 24);
    ready->time = (int64_t)vo_load64(frame->payload + 28);
    return true;
}

void vo_reflect_send_write(const struct vo_reflect_send *send, uint8_t *payload)
{
    store16(payload, send->from);
    store16(payload + 2, send->to);
    store16(payload + 4, send->interval_ms);
    payload[6] = send->count;
    payload[7] = send->dscp;
}

bool vo_reflect_send_read(const struct vo_reflect_frame *frame, struct vo_reflect_send *send)
{
    if (frame->type != VO_REFLECT_SEND || frame->payload_size != VO_REFLECT_SEND_SIZE)
        return false;
    const uint8_t *at = frame->payload;
    *send = (struct vo_reflect_send){vo_load16(at), vo_load16(at + 2), vo_load16(at + 4), at[6], at[7]};
    return true;
}

void vo_reflect_row_write(const struct vo_reflect_row *row, uint8_t *to)
{
    const uint32_t counts[] = {row->accepted, row->received, row->duplicates,
                               row->foreign,  row->answered, row->sent};
    memset(to, 0, VO_REFLECT_ROW_SIZE);
    to[0] = (uint8_t)row->protocol;
    to[1] = (uint8_t)row->state;
    store16(to + 2, row->port);
    store16(to + 4, row->to);
    to[6] = row->icmp_family;
    to[7] = row->icmp_type;
    to[8] = row->icmp_code;
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++)
        store32(to + 12 + 4 * i, counts[i]);
    memcpy(to + 36, row->foreign_address, 16);
    memcpy(to + 52, row->icmp_offender, 16);
}

static bool read_whole_row(const uint8_t *at, struct vo_reflect_row *row)
{
    if (at[0] >= VO_REFLECT_PROTOCOLS || at[1] >= VO_REFLECT_ROW_STATES ||
        (at[6] != 0 && at[6] != 4 && at[6] != 6))
        return false;
    *row = (struct vo_reflect_row){
        .protocol = (enum vo_reflect_protocol)at[0],
        .state = (enum vo_reflect_row_state)at[1],
        .port = vo_load16(at + 2),
        .to = vo_load16(at + 4),
        .accepted = vo_load32(at + 12),
        .received = vo_load32(at + 16),
        .duplicates = vo_load32(at + 20),
        .foreign = vo_load32(at + 24),
        .answered = vo_load32(at + 28),
        .sent = vo_load32(at + 32),
        .icmp_family = at[6],
        .icmp_type = at[7],
        .icmp_code = at[8],
    };
    memcpy(row->foreign_address, at + 36, 16);
    memcpy(row->icmp_offender, at + 52, 16);
    return true;
}

uint32_t vo_reflect_count(const struct vo_reflect_frame *frame)
{
    return payloads[frame->type].item ? vo_load16(frame->payload) : 0;
}

bool vo_reflect_row_read(const struct vo_reflect_frame *frame, uint32_t index, struct vo_reflect_row *row)
{
    if ((frame->type != VO_REFLECT_REPORT && frame->type != VO_REFLECT_PORTS) ||
        index >= vo_reflect_count(frame))
        return false;
    const uint8_t *at = frame->payload + 4 + index * payloads[frame->type].item;
    if (frame->type == VO_REFLECT_REPORT)
        return read_whole_row(at, row);
    *row = (struct vo_reflect_row){.protocol = (enum vo_reflect_protocol)at[0], .port = vo_load16(at + 2)};
    return at[0] == VO_REFLECT_UDP || at[0] == VO_REFLECT_TCP;
}

void vo_reflect_count_write(uint32_t count, uint8_t *payload)
{
    store32(payload, count << 16);
}

void vo_reflect_port_write(enum vo_reflect_protocol protocol, uint16_t port, uint8_t *to)
{
    to[0] = (uint8_t)protocol;
    to[1] = 0;
    store16(to + 2, port);
}

static void write_key(const struct vo_reflect_message *message, uint8_t *to)
{
    vo_reflect_port_write(message->protocol, message->port, to);
    store32(to + 4, message->sequence);
}

void vo_reflect_fetch_write(const struct vo_reflect_message *message, uint8_t *payload)
{
    write_key(message, payload);
}

void vo_reflect_message_write(const struct vo_reflect_message *message, const uint8_t *bytes,
                              uint8_t *payload)
{
    vo_reflect_count_write(message->size, payload);
    write_key(message, payload + 4);
    for (uint32_t i = 0; i < message->size; i++)
        payload[VO_REFLECT_MESSAGE_SIZE(i)] = (uint8_t)~bytes[i];
}

bool vo_reflect_message_read(const struct vo_reflect_frame *frame, struct vo_reflect_message *message,
                             uint8_t *bytes)
{
    bool whole = frame->type == VO_REFLECT_MESSAGE;
    if (!whole && frame->type != VO_REFLECT_FETCH)
        return false;
    const uint8_t *key = frame->payload + (whole ? 4 : 0);
    if (key[0] != VO_REFLECT_UDP && key[0] != VO_REFLECT_TCP)
        return false;
    *message = (struct vo_reflect_message){(enum vo_reflect_protocol)key[0], vo_load16(key + 2),
                                           vo_load32(key + 4), whole ? vo_reflect_count(frame) : 0};
    for (uint32_t i = 0; bytes && i < message->size; i++)
        bytes[i] = (uint8_t)~frame->payload[VO_REFLECT_MESSAGE_SIZE(i)];
    return true;
}

void vo_reflect_hold_write(const struct vo_reflect_hold *hold, uint8_t *to)
{
    store32(to, hold->sequence);
    to[4] = (uint8_t)hold->protocol;
    to[5] = (uint8_t)hold->state;
    store16(to + 6, 0);
}

bool vo_reflect_hold_read(const struct vo_reflect_frame *frame, uint32_t index, struct vo_reflect_hold *hold)
{
    if (frame->type != VO_REFLECT_HELD || index >= vo_reflect_count(frame))
        return false;
    const uint8_t *at = frame->payload + 4 + index * VO_REFLECT_HOLD_SIZE;
    *hold = (struct vo_reflect_hold){vo_load32(at), (enum vo_reflect_protocol)at[4],
                                     (enum vo_reflect_hold_state)at[5]};
    return at[4] < VO_REFLECT_INBOUND && at[5] < VO_REFLECT_HOLD_STATES;
}

void vo_reflect_mark_text(const struct vo_reflect_mark *mark, enum vo_reflect_protocol protocol,
                          uint16_t port, uint8_t *to)
{
    memcpy(to, mark_label, sizeof mark_label - 1);
    to += sizeof mark_label - 1;
    to[0] = (uint8_t)protocol;
    store16(to + 1, port);
    store64(to + 3, mark->token);
    store32(to + 11, mark->sequence);
}

void vo_reflect_mark_write(const struct vo_reflect_mark *mark, char *to)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[8 + 4 + VO_REFLECT_MARK_MAC];
    store64(bytes, mark->token);
    store32(bytes + 8, mark->sequence);
    memcpy(bytes + 12, mark->mac, VO_REFLECT_MARK_MAC);
    *to++ = 'v';
    *to++ = 'o';
    for (unsigned i = 0; i < sizeof bytes; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = '\0';
}

/* -1: no hexadecimal digit. Letters are small, as they are written. */
static int digit_of(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_mark(const uint8_t *at, struct vo_reflect_mark *mark)
{
    uint8_t bytes[8 + 4 + VO_REFLECT_MARK_MAC];
    if (at[0] != 'v' || at[1] != 'o')
        return false;
    for (unsigned i = 0; i < sizeof bytes; i++) {
        int high = digit_of(at[2 + 2 * i]), low = digit_of(at[3 + 2 * i]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    mark->token = vo_load64(bytes);
    mark->sequence = vo_load32(bytes + 8);
    memcpy(mark->mac, bytes + 12, VO_REFLECT_MARK_MAC);
    return true;
}

bool vo_reflect_mark_find(const uint8_t *data, uint32_t size, uint32_t *from, struct vo_reflect_mark *mark)
{
    for (uint32_t at = *from; size >= VO_REFLECT_MARK && at <= size - VO_REFLECT_MARK; at++)
        if (read_mark(data + at, mark)) {
            *from = at + VO_REFLECT_MARK;
            return true;
        }
    return false;
}
