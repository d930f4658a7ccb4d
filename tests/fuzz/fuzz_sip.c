/* SIP messages, as a datagram or a stream by the first bit: all spans lie inside, and the size leads on. */
#include "probes/decode/sip.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct vo_span span, const uint8_t *data, uint32_t size)
{
    const uint8_t *at = (const uint8_t *)span.at;
    if (at && (at < data || at > data + size || span.size > (size_t)(data + size - at)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 70000)
        return 0;
    bool stream = data[0] & 1;
    data++;
    uint32_t left = (uint32_t)size - 1;
    vo_sip_likely(data, left);
    for (struct vo_sip m; left > 0; data += m.size, left -= m.size) {
        enum vo_sip_result result = vo_sip_decode(data, left, stream, &m);
        if (result == VO_SIP_INCOMPLETE && !stream)
            abort();
        if (result != VO_SIP_MESSAGE && result != VO_SIP_KEEPALIVE)
            return 0;
        if (m.size == 0 || m.size > left)
            abort();
        const struct vo_span spans[] = {m.method_text, m.uri,           m.reason,       m.call_id,
                                        m.from_uri,    m.from_tag,      m.to_uri,       m.to_tag,
                                        m.branch,      m.contact_uri,   m.content_type, m.user_agent,
                                        m.session_id,  m.reason_header, m.body};
        for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
            check(spans[i], data, m.size);
        if (m.sdp.at)
            check(m.sdp, (const uint8_t *)m.body.at, m.body.size);
    }
    return 0;
}
