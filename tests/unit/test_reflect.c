#include "probes/decode/reflect.h"
#include "probes/decode/rtcp.h"
#include "probes/decode/rtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct vo_reflect_body body = {
    .kind = VO_REFLECT_REPLY,
    .dscp = 46,
    .seen_dscp = 0,
    .seen_ttl = 57,
    .token = 0x1122334455667788,
    .sequence = 0x00010203,
    .port = 5008,
    .seen_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9},
    .seen_port = 40001,
    .t1 = 1795365884123456789,
    .t2 = -1,
    .t3 = 7,
    .received = 0xfffffffe,
    .delay_ms = 1800000,
};

/* An exact copy on the heap: the sanitizer sees one byte too far. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

/* The places that the header gives. */
static void writes_a_body_where_the_format_has_it(void **state)
{
    uint8_t data[VO_REFLECT_BODY];
    (void)state;
    memset(data, 0xee, sizeof data);
    vo_reflect_body_write(&body, data);
    assert_memory_equal(data, "VOR1", 4);
    assert_int_equal(data[4], 2);
    assert_int_equal(data[5], 46);
    assert_int_equal(data[6], 0);
    assert_int_equal(data[7], 57);
    assert_true(vo_load64(data + 8) == 0x1122334455667788);
    assert_int_equal(vo_load32(data + 16), 0x00010203);
    assert_int_equal(vo_load16(data + 20), 5008);
    assert_int_equal(vo_load16(data + 22), 40001);
    assert_true((int64_t)vo_load64(data + 24) == 1795365884123456789);
    assert_int_equal(data[63], 9);
    assert_int_equal(vo_load32(data + 68), 1800000);
    for (size_t i = 72; i < sizeof data; i++)
        assert_int_equal(data[i], 0); /* reserved, and the MAC is the caller's */
}

static void reads_what_it_wrote(void **state)
{
    uint8_t data[VO_REFLECT_BODY];
    struct vo_reflect_body read;
    (void)state;
    vo_reflect_body_write(&body, data);
    assert_true(vo_reflect_body_read(data, sizeof data, &read));
    assert_int_equal(read.kind, VO_REFLECT_REPLY);
    assert_int_equal(read.dscp, 46);
    assert_int_equal(read.seen_ttl, 57);
    assert_true(read.token == body.token);
    assert_int_equal(read.sequence, body.sequence);
    assert_int_equal(read.port, 5008);
    assert_int_equal(read.seen_port, 40001);
    assert_memory_equal(read.seen_address, body.seen_address, 16);
    assert_true(read.t1 == body.t1 && read.t2 == -1 && read.t3 == 7);
    assert_int_equal(read.received, 0xfffffffe);
    assert_int_equal(read.delay_ms, 1800000);
}

static void refuses_what_is_no_body(void **state)
{
    uint8_t data[VO_REFLECT_BODY + 1] = {0};
    struct vo_reflect_body read;
    (void)state;
    vo_reflect_body_write(&body, data);
    for (uint32_t size = 0; size <= sizeof data; size++) {
        uint8_t *copy = copy_of(data, size);
        assert_int_equal(vo_reflect_body_read(copy, size, &read), size == VO_REFLECT_BODY);
        free(copy);
    }
    for (unsigned kind = 0; kind < 256; kind++) {
        data[4] = (uint8_t)kind;
        assert_int_equal(vo_reflect_body_read(data, VO_REFLECT_BODY, &read), kind >= 1 && kind <= 4);
    }
    data[4] = 1;
    data[3] = '2'; /* another version */
    assert_false(vo_reflect_body_read(data, VO_REFLECT_BODY, &read));
}

/* On even ports the network sees RTP with G.711 and 20 ms: 12 + 160 bytes. */
static void has_the_shape_of_rtp(void **state)
{
    uint8_t datagram[VO_REFLECT_DATAGRAM];
    struct vo_rtp rtp;
    enum vo_reflect_shape shape;
    uint32_t size, ssrc;
    (void)state;
    assert_int_equal(vo_reflect_shape_of(5008), VO_REFLECT_RTP);
    uint8_t *at = vo_reflect_wrap(VO_REFLECT_RTP, 0xcafe1234, 0x10002, datagram, &size);
    vo_reflect_body_write(&body, at);
    assert_int_equal(size, 172);
    assert_ptr_equal(at, datagram + 12);
    assert_int_equal(vo_media_classify(datagram, size, size), VO_MEDIA_RTP);
    assert_true(vo_rtp_decode(datagram, size, size, &rtp));
    assert_int_equal(datagram[0], 0x80);
    assert_int_equal(rtp.payload_type, 0);
    assert_int_equal(rtp.sequence, 2); /* the low 16 bits */
    assert_int_equal(rtp.timestamp, 0x10002 * 160);
    assert_int_equal(rtp.ssrc, 0xcafe1234);
    assert_int_equal(rtp.payload_length, 160);
    assert_ptr_equal(vo_reflect_unwrap(datagram, size, &shape, &ssrc), at);
    assert_int_equal(shape, VO_REFLECT_RTP);
    assert_int_equal(ssrc, 0xcafe1234);
    datagram[2] ^= 0xff; /* a box that counts RTP anew must not cost us the packet */
    assert_ptr_equal(vo_reflect_unwrap(datagram, size, &shape, &ssrc), at);
    datagram[1] = 0x80 | 8;
    assert_null(vo_reflect_unwrap(datagram, size, &shape, &ssrc));
}

static void count_item(void *context, const struct vo_rtcp_item *item)
{
    assert_int_equal(item->kind, VO_RTCP_SDES_CNAME);
    assert_int_equal(item->ssrc, 7);
    ++*(unsigned *)context;
}

/* On odd ports: RR (8), SDES (12), APP (12 + 160), a compound as RFC 3550 6.1 wants it. */
static void has_the_shape_of_rtcp(void **state)
{
    uint8_t datagram[VO_REFLECT_DATAGRAM];
    enum vo_reflect_shape shape;
    uint32_t size, ssrc;
    unsigned items = 0;
    (void)state;
    assert_int_equal(vo_reflect_shape_of(5009), VO_REFLECT_RTCP);
    uint8_t *at = vo_reflect_wrap(VO_REFLECT_RTCP, 7, 1, datagram, &size);
    vo_reflect_body_write(&body, at);
    assert_int_equal(size, 192);
    assert_ptr_equal(at, datagram + 32);
    assert_int_equal(vo_media_classify(datagram, size, size), VO_MEDIA_RTCP);
    assert_int_equal(vo_rtcp_decode(datagram, size, false, count_item, &items), VO_RTCP_OK);
    assert_int_equal(items, 1);
    assert_int_equal(datagram[1], 201);
    assert_int_equal(datagram[21], 204);
    assert_int_equal(vo_load16(datagram + 22), 172 / 4 - 1);
    assert_ptr_equal(vo_reflect_unwrap(datagram, size, &shape, &ssrc), at);
    assert_int_equal(shape, VO_REFLECT_RTCP);
    assert_int_equal(ssrc, 7);
    for (uint32_t i = 0; i < 32; i++) { /* every byte of the header counts; SSRCs must agree */
        datagram[i] ^= 1;
        assert_null(vo_reflect_unwrap(datagram, size, &shape, &ssrc));
        datagram[i] ^= 1;
    }
}

static void refuses_other_datagrams(void **state)
{
    uint8_t datagram[VO_REFLECT_DATAGRAM + 1] = {0};
    enum vo_reflect_shape shape;
    uint32_t used, ssrc;
    (void)state;
    for (int which = VO_REFLECT_RTP; which <= VO_REFLECT_RTCP; which++) {
        vo_reflect_wrap((enum vo_reflect_shape)which, 1, 1, datagram, &used);
        for (uint32_t size = 0; size <= sizeof datagram; size++) {
            uint8_t *copy = copy_of(datagram, size);
            assert_int_equal(vo_reflect_unwrap(copy, size, &shape, &ssrc) != NULL, size == used);
            free(copy);
        }
    }
}

static uint8_t frame_data[VO_REFLECT_FRAME_OF(VO_REFLECT_PAYLOAD)];

/* Every length of a frame but the whole is a beginning; what follows it belongs to the next. */
static void cuts_frames_from_a_stream(void **state)
{
    uint8_t nonce[VO_REFLECT_NONCE];
    struct vo_reflect_frame frame;
    (void)state;
    memset(nonce, 0x5a, sizeof nonce);
    uint32_t size = vo_reflect_frame_write(VO_REFLECT_HELLO, 3, nonce, sizeof nonce, frame_data);
    assert_int_equal(size, 12 + 32 + 32);
    for (uint32_t cut = 0; cut < size; cut++) {
        uint8_t *copy = copy_of(frame_data, cut);
        assert_int_equal(vo_reflect_frame_read(copy, cut, &frame), VO_REFLECT_MORE);
        free(copy);
    }
    uint8_t *copy = copy_of(frame_data, size);
    assert_int_equal(vo_reflect_frame_read(copy, size, &frame), VO_REFLECT_FRAME);
    assert_int_equal(frame.type, VO_REFLECT_HELLO);
    assert_int_equal(frame.sequence, 3);
    assert_int_equal(frame.payload_size, 32);
    assert_int_equal(frame.size, size);
    assert_memory_equal(frame.payload, nonce, 32);
    free(copy);
    assert_int_equal(vo_reflect_frame_read(frame_data, size + 5, &frame), VO_REFLECT_FRAME);
    assert_int_equal(frame.size, size);
}

/* The first wrong byte is enough; nobody waits for the rest of what cannot be right. */
static void knows_a_bad_frame_early(void **state)
{
    struct vo_reflect_frame frame;
    (void)state;
    assert_int_equal(vo_reflect_frame_read((const uint8_t *)"G", 1, &frame), VO_REFLECT_BAD);
    assert_int_equal(vo_reflect_frame_read((const uint8_t *)"VORX", 4, &frame), VO_REFLECT_BAD);
    vo_reflect_frame_write(VO_REFLECT_COUNT, 0, NULL, 0, frame_data);
    frame_data[4] = 2; /* version */
    assert_int_equal(vo_reflect_frame_read(frame_data, 12, &frame), VO_REFLECT_BAD);
}

/* Every type with every length that 16 bits can say: only those that fit. */
static void refuses_lengths_that_lie(void **state)
{
    static const uint32_t fixed[] = {
        [VO_REFLECT_HELLO] = 32, [VO_REFLECT_CHALLENGE] = 64, [VO_REFLECT_PROOF] = 64,
        [VO_REFLECT_READY] = 36, [VO_REFLECT_SEND] = 8,       [VO_REFLECT_COUNT] = 0,
        [VO_REFLECT_FETCH] = 8,  [VO_REFLECT_TRIALS] = 0};
    struct vo_reflect_frame frame;
    (void)state;
    for (unsigned type = 0; type < 256; type++)
        for (uint32_t size = 0; size <= 65535; size++) {
            vo_reflect_frame_write((enum vo_reflect_type)type, 0, NULL, 0, frame_data);
            frame_data[6] = (uint8_t)(size >> 8);
            frame_data[7] = (uint8_t)size;
            bool fits = type == VO_REFLECT_PORTS ? size >= 4 && size <= 4 + 128 * 4 && size % 4 == 0
                        : type == VO_REFLECT_REPORT
                            ? size >= 4 && size <= 4 + 128 * 68 && (size - 4) % 68 == 0
                        : type == VO_REFLECT_MESSAGE ? size >= 12 && size <= 12 + 2048
                        : type == VO_REFLECT_HELD    ? size >= 4 && size <= 4 + 64 * 8 && size % 8 == 4
                        : type >= VO_REFLECT_HELLO && type <= VO_REFLECT_HELD ? size == fixed[type]
                                                                              : false;
            enum vo_reflect_got got = vo_reflect_frame_read(frame_data, 12, &frame);
            assert_int_equal(got, fits ? VO_REFLECT_MORE : VO_REFLECT_BAD);
        }
    /* a count that is not that of the items */
    uint8_t payload[8];
    vo_reflect_count_write(2, payload);
    vo_reflect_port_write(VO_REFLECT_UDP, 5008, payload + 4);
    uint32_t size = vo_reflect_frame_write(VO_REFLECT_PORTS, 0, payload, sizeof payload, frame_data);
    assert_int_equal(vo_reflect_frame_read(frame_data, size, &frame), VO_REFLECT_BAD);
}

static void carries_ports_and_sends(void **state)
{
    uint8_t payload[12];
    struct vo_reflect_frame frame;
    struct vo_reflect_row row;
    struct vo_reflect_send send = {5010, 5008, 312, 3, 46}, read;
    (void)state;
    vo_reflect_count_write(2, payload);
    vo_reflect_port_write(VO_REFLECT_UDP, 5008, payload + 4);
    vo_reflect_port_write(VO_REFLECT_TCP, 2195, payload + 8);
    uint32_t size = vo_reflect_frame_write(VO_REFLECT_PORTS, 2, payload, sizeof payload, frame_data);
    assert_int_equal(vo_reflect_frame_read(frame_data, size, &frame), VO_REFLECT_FRAME);
    assert_int_equal(vo_reflect_count(&frame), 2);
    assert_true(vo_reflect_row_read(&frame, 1, &row));
    assert_int_equal(row.protocol, VO_REFLECT_TCP);
    assert_int_equal(row.port, 2195);
    assert_false(vo_reflect_row_read(&frame, 2, &row));
    frame_data[12 + 4] = VO_REFLECT_INBOUND; /* only SEND makes these */
    assert_false(vo_reflect_row_read(&frame, 0, &row));

    vo_reflect_send_write(&send, payload);
    size = vo_reflect_frame_write(VO_REFLECT_SEND, 3, payload, VO_REFLECT_SEND_SIZE, frame_data);
    assert_int_equal(vo_reflect_frame_read(frame_data, size, &frame), VO_REFLECT_FRAME);
    assert_true(vo_reflect_send_read(&frame, &read));
    assert_memory_equal(&read, &send, sizeof send);
}

static void carries_a_full_report(void **state)
{
    struct vo_reflect_row row = {.protocol = VO_REFLECT_INBOUND,
                                 .state = VO_REFLECT_REFUSED,
                                 .port = 5010,
                                 .to = 5008,
                                 .accepted = 1,
                                 .received = 2,
                                 .duplicates = 3,
                                 .foreign = 4,
                                 .answered = 5,
                                 .sent = 6,
                                 .foreign_address = {[15] = 1},
                                 .icmp_family = 4,
                                 .icmp_type = 3,
                                 .icmp_code = 13,
                                 .icmp_offender = {[15] = 2}};
    struct vo_reflect_row read;
    struct vo_reflect_frame frame;
    (void)state;
    uint8_t *payload = frame_data + VO_REFLECT_FRAME_HEADER;
    vo_reflect_count_write(VO_REFLECT_ROWS, payload);
    for (uint32_t i = 0; i < VO_REFLECT_ROWS; i++) {
        row.to = (uint16_t)i;
        vo_reflect_row_write(&row, payload + 4 + i * VO_REFLECT_ROW_SIZE);
    }
    uint32_t size = vo_reflect_frame_write(VO_REFLECT_REPORT, 9, payload, VO_REFLECT_PAYLOAD, frame_data);
    assert_int_equal(size, sizeof frame_data);
    uint8_t *copy = copy_of(frame_data, size);
    assert_int_equal(vo_reflect_frame_read(copy, size - 1, &frame), VO_REFLECT_MORE);
    assert_int_equal(vo_reflect_frame_read(copy, size, &frame), VO_REFLECT_FRAME);
    assert_int_equal(vo_reflect_count(&frame), 128);
    assert_true(vo_reflect_row_read(&frame, 127, &read));
    row.to = 127;
    assert_int_equal(read.protocol, row.protocol);
    assert_int_equal(read.state, row.state);
    assert_int_equal(read.port, 5010);
    assert_int_equal(read.to, 127);
    assert_int_equal(read.accepted, 1);
    assert_int_equal(read.received, 2);
    assert_int_equal(read.duplicates, 3);
    assert_int_equal(read.foreign, 4);
    assert_int_equal(read.answered, 5);
    assert_int_equal(read.sent, 6);
    assert_int_equal(read.icmp_family, 4);
    assert_int_equal(read.icmp_type, 3);
    assert_int_equal(read.icmp_code, 13);
    assert_memory_equal(read.foreign_address, row.foreign_address, 16);
    assert_memory_equal(read.icmp_offender, row.icmp_offender, 16);
    assert_false(vo_reflect_row_read(&frame, 128, &read));
    uint8_t *first = copy + VO_REFLECT_FRAME_HEADER + 4;
    static const struct {
        size_t place;
        uint8_t value;
    } wrong[] = {{0, 3}, {1, 3}, {6, 5}}; /* no such protocol, state, ICMP family */
    for (size_t i = 0; i < 3; i++) {
        uint8_t right = first[wrong[i].place];
        first[wrong[i].place] = wrong[i].value;
        assert_false(vo_reflect_row_read(&frame, 0, &read));
        first[wrong[i].place] = right;
        assert_true(vo_reflect_row_read(&frame, 0, &read));
    }
    free(copy);
}

static void carries_ready(void **state)
{
    uint8_t payload[VO_REFLECT_READY_SIZE];
    struct vo_reflect_ready ready = {.token = 0xfedcba9876543210,
                                     .seen_address = {[0] = 0x20, [15] = 5},
                                     .seen_port = 33000,
                                     .time = 42},
                            read;
    struct vo_reflect_frame frame;
    (void)state;
    vo_reflect_ready_write(&ready, payload);
    uint32_t size = vo_reflect_frame_write(VO_REFLECT_READY, 1, payload, sizeof payload, frame_data);
    assert_int_equal(vo_reflect_frame_read(frame_data, size, &frame), VO_REFLECT_FRAME);
    assert_true(vo_reflect_ready_read(&frame, &read));
    assert_true(read.token == ready.token && read.time == 42 && read.seen_port == 33000);
    assert_memory_equal(read.seen_address, ready.seen_address, 16);
}

/* What a responder heard: every byte, and on the wire none of them, so that nothing takes it for SIP. */
static void carries_messages(void **state)
{
    static uint8_t bytes[VO_REFLECT_TEXT], back[VO_REFLECT_TEXT];
    uint8_t payload[VO_REFLECT_MESSAGE_SIZE(VO_REFLECT_TEXT)], asked[VO_REFLECT_FETCH_SIZE];
    struct vo_reflect_message message = {VO_REFLECT_TCP, 5060, 0xfffffffe, sizeof bytes}, read;
    struct vo_reflect_frame frame;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    vo_reflect_message_write(&message, bytes, payload);
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(payload[12 + i], 255 - bytes[i]);
    uint32_t size = vo_reflect_frame_write(VO_REFLECT_MESSAGE, 3, payload, sizeof payload, frame_data);
    assert_int_equal(size, 12 + 12 + 2048 + 32);
    assert_int_equal(vo_reflect_frame_read(frame_data, size, &frame), VO_REFLECT_FRAME);
    assert_int_equal(vo_reflect_count(&frame), 2048);
    assert_true(vo_reflect_message_read(&frame, &read, back));
    assert_true(read.protocol == VO_REFLECT_TCP && read.port == 5060 && read.sequence == 0xfffffffe &&
                read.size == 2048);
    assert_memory_equal(back, bytes, sizeof bytes);
    struct vo_reflect_row row; /* its bytes are no rows */
    assert_false(vo_reflect_row_read(&frame, 0, &row));
    frame_data[24 - 8] = VO_REFLECT_INBOUND; /* the protocol, after header and count */
    assert_false(vo_reflect_message_read(&frame, &read, back));
    /* the question has its key alone */
    vo_reflect_fetch_write(&message, asked);
    size = vo_reflect_frame_write(VO_REFLECT_FETCH, 2, asked, sizeof asked, frame_data);
    assert_int_equal(vo_reflect_frame_read(frame_data, size, &frame), VO_REFLECT_FRAME);
    assert_true(vo_reflect_message_read(&frame, &read, NULL));
    assert_true(read.port == 5060 && read.sequence == 0xfffffffe && read.size == 0);
    /* one byte more than may be */
    uint8_t longer[12] = {'V', 'O', 'R', 'C', 1, VO_REFLECT_MESSAGE, 0, 0, 0, 0, 0, 3};
    longer[6] = (VO_REFLECT_MESSAGE_SIZE(2049)) >> 8;
    longer[7] = (VO_REFLECT_MESSAGE_SIZE(2049)) & 0xff;
    assert_int_equal(vo_reflect_frame_read(longer, sizeof longer, &frame), VO_REFLECT_BAD);
}

static void carries_delayed_replies(void **state)
{
    uint8_t payload[4 + VO_REFLECT_HOLDS * VO_REFLECT_HOLD_SIZE];
    struct vo_reflect_hold hold;
    struct vo_reflect_frame frame;
    (void)state;
    vo_reflect_count_write(VO_REFLECT_HOLDS, payload);
    for (uint32_t i = 0; i < VO_REFLECT_HOLDS; i++) {
        hold = (struct vo_reflect_hold){0x80000000 + i, (enum vo_reflect_protocol)(i % 2),
                                        (enum vo_reflect_hold_state)(i % 3)};
        vo_reflect_hold_write(&hold, payload + 4 + 8 * i);
    }
    uint32_t size = vo_reflect_frame_write(VO_REFLECT_HELD, 9, payload, sizeof payload, frame_data);
    assert_int_equal(vo_reflect_frame_read(frame_data, size, &frame), VO_REFLECT_FRAME);
    assert_int_equal(vo_reflect_count(&frame), 64);
    for (uint32_t i = 0; i < VO_REFLECT_HOLDS; i++) {
        assert_true(vo_reflect_hold_read(&frame, i, &hold));
        assert_int_equal(hold.sequence, 0x80000000 + i);
        assert_int_equal(hold.protocol, i % 2);
        assert_int_equal(hold.state, i % 3);
    }
    assert_false(vo_reflect_hold_read(&frame, 64, &hold));
    frame_data[12 + 4 + 5] = VO_REFLECT_HOLD_STATES;
    assert_false(vo_reflect_hold_read(&frame, 0, &hold));
    frame_data[12 + 4 + 8 + 4] = VO_REFLECT_INBOUND;
    assert_false(vo_reflect_hold_read(&frame, 1, &hold));
}

static void finds_marks(void **state)
{
    static const char written[] = "vo112233445566778800010203"
                                  "a0a1a2a3a4a5a6a7a8a9aaab";
    const struct vo_reflect_mark mark = {
        0x1122334455667788,
        0x00010203,
        {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab}};
    struct vo_reflect_mark read;
    char text[VO_REFLECT_MARK + 1], message[400];
    uint32_t from = 0;
    (void)state;
    vo_reflect_mark_write(&mark, text);
    assert_string_equal(text, written);
    /* wherever it stands, also where another seems to begin; two of them, one after the other */
    uint32_t size = (uint32_t)snprintf(message, sizeof message,
                                       "Via: vovo11;branch=z9hG4bK%s;x\r\nCall-ID: vov%s", text, text);
    uint8_t *copy = copy_of((const uint8_t *)message, size);
    assert_true(vo_reflect_mark_find(copy, size, &from, &read));
    assert_int_equal(from, 26 + VO_REFLECT_MARK); /* what stands before it: 26 characters */
    assert_true(read.token == mark.token && read.sequence == mark.sequence);
    assert_memory_equal(read.mac, mark.mac, sizeof mark.mac);
    assert_true(vo_reflect_mark_find(copy, size, &from, &read));
    assert_int_equal(from, size);
    assert_false(vo_reflect_mark_find(copy, size, &from, &read));
    free(copy);
    for (uint32_t cut = 0; cut <= VO_REFLECT_MARK; cut++) { /* every length */
        copy = copy_of((const uint8_t *)text, cut);
        from = 0;
        assert_int_equal(vo_reflect_mark_find(copy, cut, &from, &read), cut == VO_REFLECT_MARK);
        free(copy);
    }
    for (uint32_t i = 0; i < VO_REFLECT_MARK; i++) { /* any other character */
        memcpy(message, text, sizeof text);
        message[i] = 'G';
        from = 0;
        assert_false(vo_reflect_mark_find((const uint8_t *)message, VO_REFLECT_MARK, &from, &read));
    }
}

/* What the MAC of a mark covers: 11 bytes of a label, then protocol, port, token, sequence. */
static void signs_marks(void **state)
{
    uint8_t text[VO_REFLECT_MARKED];
    (void)state;
    vo_reflect_mark_text(&(struct vo_reflect_mark){.token = 1, .sequence = 2}, VO_REFLECT_TCP, 5060, text);
    assert_memory_equal(text, "voready sip\1\x13\xc4\0\0\0\0\0\0\0\1\0\0\0\2", 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_body_where_the_format_has_it),
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(refuses_what_is_no_body),
        cmocka_unit_test(has_the_shape_of_rtp),
        cmocka_unit_test(has_the_shape_of_rtcp),
        cmocka_unit_test(refuses_other_datagrams),
        cmocka_unit_test(cuts_frames_from_a_stream),
        cmocka_unit_test(knows_a_bad_frame_early),
        cmocka_unit_test(refuses_lengths_that_lie),
        cmocka_unit_test(carries_ports_and_sends),
        cmocka_unit_test(carries_a_full_report),
        cmocka_unit_test(carries_ready),
        cmocka_unit_test(carries_messages),
        cmocka_unit_test(carries_delayed_replies),
        cmocka_unit_test(finds_marks),
        cmocka_unit_test(signs_marks),
    };
    return cmocka_run_group_tests_name("reflect", tests, NULL, NULL);
}
