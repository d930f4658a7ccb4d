/* HTTP responses, whole and in pieces by the first byte: both ways tell the same, and nothing is exceeded. */
#include "probes/decode/http.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct vo_http *http, const uint8_t *data, size_t size, size_t step, uint8_t *body,
                size_t room)
{
    vo_http_begin(http, false);
    http->body = body;
    http->body_room = room;
    for (size_t at = 0; at < size;) {
        size_t part = size - at < step ? size - at : step, taken = vo_http_feed(http, data + at, part);
        if (taken > part || http->body_kept > room || http->body_kept > http->body_size)
            abort();
        at += taken;
        if (http->state != VO_HTTP_HEAD && http->state != VO_HTTP_BODY)
            break;
    }
    vo_http_end(http);
    bool over = http->state == VO_HTTP_DONE || http->state == VO_HTTP_NOT || http->state == VO_HTTP_BROKEN;
    if (!over || (http->state == VO_HTTP_DONE) != (http->problem == NULL) ||
        (http->state == VO_HTTP_DONE && (http->status < 101 || http->status > 999)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vo_http whole, pieces;
    uint8_t body[64], body_of_pieces[64];
    if (size < 1)
        return 0;
    size_t step = data[0] + 1U;
    data++;
    size--;
    run(&whole, data, size, SIZE_MAX, body, sizeof body);
    run(&pieces, data, size, step, body_of_pieces, sizeof body_of_pieces);
    if (whole.state != pieces.state || whole.status != pieces.status || whole.body_size != pieces.body_size ||
        whole.body_kept != pieces.body_kept || memcmp(body, body_of_pieces, whole.body_kept) != 0)
        abort();
    return 0;
}
