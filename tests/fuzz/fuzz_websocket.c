/* WebSocket frames, whole and in pieces by the first byte, of a server or (highest bit) a client: the same
 * control frames and the same amount of data come out, and each frame written is read again. */
#include "probes/decode/websocket.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
    uint64_t data, controls, messages, hash;
    bool broken;
};

static struct sum run(const uint8_t *data, size_t size, size_t step, bool from_client)
{
    struct vo_websocket websocket = {.from_client = from_client};
    struct sum sum = {0};
    for (size_t at = 0; at < size && !sum.broken;) {
        enum vo_websocket_event event;
        size_t part = size - at < step ? size - at : step;
        size_t taken = vo_websocket_feed(&websocket, data + at, part, &event);
        if (taken == 0 || taken > part)
            abort();
        if (event == VO_WEBSOCKET_DATA) {
            if (websocket.size > 0 &&
                (websocket.data < data || websocket.data + websocket.size > data + size))
                abort();
            sum.data += websocket.size;
            sum.messages += websocket.last;
        } else if (event == VO_WEBSOCKET_CONTROL) {
            sum.controls++;
            for (unsigned i = 0; i < websocket.payload_size; i++)
                sum.hash = sum.hash * 31 + websocket.payload[i];
        }
        sum.broken = event == VO_WEBSOCKET_BROKEN;
        if (sum.broken != (websocket.problem != NULL))
            abort();
        at += taken;
    }
    return sum;
}

static void write_and_read(const uint8_t *data, size_t size, bool masked)
{
    static const uint8_t mask[4] = {0xa5, 0x5a, 0, 0xff};
    static uint8_t frame[70000];
    size_t whole =
        vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_BINARY, masked ? mask : NULL, data, size);
    if (whole == 0)
        return;
    struct sum sum = run(frame, whole, SIZE_MAX, masked);
    if (sum.broken || sum.data != size || sum.messages != 1)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t step = (data[0] & 0x7f) + 1U;
    bool from_client = data[0] & 0x80;
    data++;
    size--;
    struct sum whole = run(data, size, SIZE_MAX, from_client), pieces = run(data, size, step, from_client);
    if (whole.data != pieces.data || whole.controls != pieces.controls || whole.messages != pieces.messages ||
        whole.hash != pieces.hash || whole.broken != pieces.broken)
        abort();
    write_and_read(data, size, from_client);
    return 0;
}
