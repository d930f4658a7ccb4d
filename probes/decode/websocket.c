#include "probes/decode/websocket.h"

#define FIN    0x80
#define RSV    0x70
#define MASKED 0x80

static bool is_control(unsigned opcode)
{
    return opcode >= VO_WEBSOCKET_CLOSE;
}

static size_t write_length(uint8_t *to, size_t size)
{
    if (size < 126) {
        to[0] = (uint8_t)size;
        return 1;
    }
    unsigned bytes = size <= UINT16_MAX ? 2 : 8;
    to[0] = bytes == 2 ? 126 : 127;
    for (unsigned i = 0; i < bytes; i++)
        to[1 + i] = (uint8_t)((uint64_t)size >> 8 * (bytes - 1 - i));
    return 1 + bytes;
}

size_t vo_websocket_write(uint8_t *to, size_t room, enum vo_websocket_opcode opcode, const uint8_t mask[4],
                          const void *payload, size_t size)
{
    uint8_t head[VO_WEBSOCKET_OVERHEAD] = {(uint8_t)(FIN | opcode)};
    size_t head_size = 1 + write_length(head + 1, size);
    if (mask) {
        head[1] |= MASKED;
        memcpy(head + head_size, mask, 4);
        head_size += 4;
    }
    if ((is_control(opcode) && size > VO_WEBSOCKET_CONTROL_MAX) || room < head_size ||
        room - head_size < size)
        return 0;
    memcpy(to, head, head_size);
    for (size_t i = 0; i < size; i++)
        to[head_size + i] = ((const uint8_t *)payload)[i] ^ (mask ? mask[i % 4] : 0);
    return head_size + size;
}

/* How long the header is, as far as its first bytes tell. */
static unsigned head_wanted(const struct vo_websocket *websocket)
{
    if (websocket->head_size < 2)
        return 2;
    unsigned length = websocket->head[1] & 0x7f;
    return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + (websocket->head[1] & MASKED ? 4 : 0);
}

static uint64_t head_length(const uint8_t *head)
{
    unsigned length = head[1] & 0x7f;
    return length == 126 ? vo_load16(head + 2) : length == 127 ? vo_load64(head + 2) : length;
}

/* What a frame may not be; NULL: it is well. The first two bytes are there. */
static const char *fault_of(const struct vo_websocket *websocket)
{
    unsigned first = websocket->head[0], opcode = first & 0x0f, length = websocket->head[1] & 0x7f;
    if (first & RSV)
        return "a reserved bit is set, though no extension was agreed";
    if ((opcode > VO_WEBSOCKET_BINARY && opcode < VO_WEBSOCKET_CLOSE) || opcode > VO_WEBSOCKET_PONG)
        return "a frame of an unknown kind";
    if (((websocket->head[1] & MASKED) != 0) != websocket->from_client)
        return websocket->from_client ? "a client's frame that is not masked"
                                      : "a server's frame that is masked";
    if (is_control(opcode) && (!(first & FIN) || length > VO_WEBSOCKET_CONTROL_MAX))
        return "a control frame that is in fragments or too long";
    if (opcode == VO_WEBSOCKET_CONTINUATION && !websocket->in_message)
        return "a continuation of nothing";
    if (!is_control(opcode) && opcode != VO_WEBSOCKET_CONTINUATION && websocket->in_message)
        return "a new message within another one";
    return NULL;
}

static const char *fault_of_length(const struct vo_websocket *websocket)
{
    unsigned form = websocket->head[1] & 0x7f;
    uint64_t length = head_length(websocket->head);
    if (length > INT64_MAX)
        return "a frame whose length has its highest bit set";
    if ((form == 126 && length < 126) || (form == 127 && length <= UINT16_MAX))
        return "a frame whose length is not in its shortest form";
    return NULL;
}

static void begin_frame(struct vo_websocket *websocket)
{
    unsigned opcode = websocket->head[0] & 0x0f;
    websocket->in_frame = true;
    websocket->left = head_length(websocket->head);
    websocket->opcode = (enum vo_websocket_opcode)opcode;
    websocket->payload_size = 0;
    websocket->last = websocket->head[0] & FIN;
    if (!is_control(opcode))
        websocket->in_message = !websocket->last;
}

static size_t take_head(struct vo_websocket *websocket, const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size && !websocket->in_frame && !websocket->problem) {
        websocket->head[websocket->head_size++] = data[at++];
        if (websocket->head_size == 2)
            websocket->problem = fault_of(websocket);
        if (!websocket->problem && websocket->head_size >= 2 &&
            websocket->head_size == head_wanted(websocket)) {
            websocket->problem = fault_of_length(websocket);
            if (!websocket->problem)
                begin_frame(websocket);
        }
    }
    return at;
}

static void end_frame(struct vo_websocket *websocket)
{
    websocket->in_frame = false;
    websocket->head_size = 0;
}

/* The mask stands before the payload, at the end of the header. */
static size_t take_control(struct vo_websocket *websocket, const uint8_t *data, size_t size,
                           enum vo_websocket_event *event)
{
    const uint8_t *mask = websocket->head + websocket->head_size - 4;
    bool masked = websocket->head[1] & MASKED;
    size_t part = size < websocket->left ? size : (size_t)websocket->left;
    for (size_t i = 0; i < part; i++) {
        unsigned at = websocket->payload_size++;
        websocket->payload[at] = (uint8_t)(data[i] ^ (masked ? mask[at % 4] : 0));
    }
    websocket->left -= part;
    if (websocket->left > 0)
        return part;
    end_frame(websocket);
    *event = VO_WEBSOCKET_CONTROL;
    websocket->close_code = websocket->payload_size >= 2 ? vo_load16(websocket->payload) : 1005;
    if (websocket->opcode == VO_WEBSOCKET_CLOSE && websocket->payload_size == 1) {
        websocket->problem = "a close frame with half a code";
        *event = VO_WEBSOCKET_BROKEN;
    }
    return part;
}

static size_t take_data(struct vo_websocket *websocket, const uint8_t *data, size_t size,
                        enum vo_websocket_event *event)
{
    size_t part = size < websocket->left ? size : (size_t)websocket->left;
    if (part == 0 && websocket->left > 0)
        return 0;
    websocket->data = data;
    websocket->size = part;
    websocket->left -= part;
    websocket->last = websocket->left == 0 && !websocket->in_message;
    if (websocket->left == 0)
        end_frame(websocket);
    *event = VO_WEBSOCKET_DATA;
    return part;
}

size_t vo_websocket_feed(struct vo_websocket *websocket, const uint8_t *data, size_t size,
                         enum vo_websocket_event *event)
{
    *event = VO_WEBSOCKET_MORE;
    size_t at = take_head(websocket, data, size);
    if (websocket->problem)
        *event = VO_WEBSOCKET_BROKEN;
    else if (websocket->in_frame && is_control(websocket->opcode))
        at += take_control(websocket, data + at, size - at, event);
    else if (websocket->in_frame)
        at += take_data(websocket, data + at, size - at, event);
    return at;
}
