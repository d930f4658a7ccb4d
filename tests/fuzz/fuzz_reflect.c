/* What the responder reads from strangers: datagrams and control frames. Nothing read may lie outside the
 * input, and what was read is written again as it was. */
#include "probes/decode/reflect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_datagram(const uint8_t *data, uint32_t size)
{
    enum vo_reflect_shape shape;
    struct vo_reflect_body body, again;
    uint8_t copy[VO_REFLECT_BODY];
    uint32_t ssrc;
    const uint8_t *at = vo_reflect_unwrap(data, size, &shape, &ssrc);
    if (at && (at < data || at + VO_REFLECT_BODY != data + size))
        abort();
    if (!at || !vo_reflect_body_read(at, VO_REFLECT_BODY, &body))
        return;
    vo_reflect_body_write(&body, copy);
    if (!vo_reflect_body_read(copy, sizeof copy, &again) || memcmp(copy, at, 72) != 0)
        abort();
}

static void check_rows(const struct vo_reflect_frame *frame)
{
    struct vo_reflect_row row;
    uint8_t copy[VO_REFLECT_ROW_SIZE];
    uint32_t count = vo_reflect_count(frame);
    if (count > VO_REFLECT_ROWS || vo_reflect_row_read(frame, count, &row))
        abort();
    for (uint32_t i = 0; i < count; i++) {
        if (!vo_reflect_row_read(frame, i, &row) || frame->type != VO_REFLECT_REPORT)
            continue;
        vo_reflect_row_write(&row, copy);
        const uint8_t *at = frame->payload + 4 + i * VO_REFLECT_ROW_SIZE;
        if (memcmp(copy, at, 9) != 0 || memcmp(copy + 12, at + 12, VO_REFLECT_ROW_SIZE - 12) != 0)
            abort();
    }
}

static void check_messages(const struct vo_reflect_frame *frame)
{
    static uint8_t bytes[VO_REFLECT_TEXT], copy[VO_REFLECT_MESSAGE_SIZE(VO_REFLECT_TEXT)];
    struct vo_reflect_message message;
    struct vo_reflect_hold hold;
    if (vo_reflect_message_read(frame, &message, bytes)) {
        bool whole = frame->type == VO_REFLECT_MESSAGE;
        if (message.size > VO_REFLECT_TEXT)
            abort();
        vo_reflect_message_write(&message, bytes, copy);
        const uint8_t *body = frame->payload + VO_REFLECT_MESSAGE_SIZE(0);
        if (whole && memcmp(copy + VO_REFLECT_MESSAGE_SIZE(0), body, message.size) != 0)
            abort();
    }
    for (uint32_t i = 0; i <= VO_REFLECT_HOLDS; i++)
        if (vo_reflect_hold_read(frame, i, &hold) &&
            (hold.state >= VO_REFLECT_HOLD_STATES || i >= vo_reflect_count(frame)))
            abort();
}

static void check_marks(const uint8_t *data, uint32_t size)
{
    struct vo_reflect_mark mark;
    char text[VO_REFLECT_MARK + 1];
    uint32_t from = 0, before = 0;
    while (vo_reflect_mark_find(data, size, &from, &mark)) {
        vo_reflect_mark_write(&mark, text);
        if (from > size || from < before + VO_REFLECT_MARK ||
            memcmp(text, data + from - VO_REFLECT_MARK, VO_REFLECT_MARK) != 0)
            abort();
        before = from;
    }
}

static void check_frames(const uint8_t *data, uint32_t size)
{
    static uint8_t copy[VO_REFLECT_FRAME_OF(VO_REFLECT_PAYLOAD)];
    struct vo_reflect_frame frame;
    struct vo_reflect_send send;
    struct vo_reflect_ready ready;
    while (vo_reflect_frame_read(data, size, &frame) == VO_REFLECT_FRAME) {
        if (frame.size > size || frame.size > sizeof copy || frame.payload < data ||
            frame.payload + frame.payload_size + VO_REFLECT_FRAME_MAC != data + frame.size)
            abort();
        if (vo_reflect_frame_write(frame.type, frame.sequence, frame.payload, frame.payload_size, copy) !=
                frame.size ||
            memcmp(copy, data, frame.size - VO_REFLECT_FRAME_MAC) != 0)
            abort();
        check_rows(&frame);
        check_messages(&frame);
        if (vo_reflect_send_read(&frame, &send) != (frame.type == VO_REFLECT_SEND) ||
            vo_reflect_ready_read(&frame, &ready) != (frame.type == VO_REFLECT_READY))
            abort();
        data += frame.size;
        size -= frame.size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 65536)
        return 0;
    check_datagram(data, (uint32_t)size);
    check_marks(data, (uint32_t)size);
    check_frames(data, (uint32_t)size);
    return 0;
}
