/*
 * A session from arbitrary bytes: the size of a key log (2) and its text, then chunks: direction in the
 * highest bit and size (2), bytes. A chunk of size 0 is a hole. The seeds are sessions that OpenSSL made, so
 * that decryption is reached.
 */
#include "probes/decode/bytes.h"
#include "probes/flow/tls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_plaintext(void *context, int direction, const uint8_t *data, uint32_t size)
{
    uint32_t *sum = context;
    if (!size || direction >> 1)
        abort();
    for (uint32_t i = 0; i < size; i++)
        *sum += data[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vo_bytes bytes = vo_bytes_of(data, (uint32_t)size);
    struct vo_keylog *keylog = NULL;
    uint32_t log_size = vo_bytes_u16(&bytes), sum = 0;
    const uint8_t *log = vo_bytes_take(&bytes, log_size);
    if (!log || vo_keylog_add(&keylog, (const char *)log, log_size, NULL) != VO_OK)
        return 0;
    struct vo_tls *tls = vo_tls_new(keylog);
    while (bytes.left >= 2) {
        uint32_t head = vo_bytes_u16(&bytes), part = head & 0x7fff;
        int direction = (int)(head >> 15);
        const uint8_t *chunk = vo_bytes_take(&bytes, part < bytes.left ? part : bytes.left);
        vo_tls_likely(chunk, part < bytes.left ? part : 0);
        if (part)
            vo_tls_feed(tls, direction, chunk, (uint32_t)(bytes.at - chunk), on_plaintext, &sum);
        else
            vo_tls_hole(tls, direction, 1);
        if (vo_tls_state(tls) > VO_TLS_BROKEN || !vo_tls_explain(tls)[0])
            abort();
    }
    vo_tls_free(tls);
    vo_keylog_free(keylog);
    return 0;
}
