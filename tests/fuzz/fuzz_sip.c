/* SIP messages, as a datagram or a stream by the first bit: all spans lie inside, and the size leads on. */
#include "probes/decode/sip_response.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct vo_span span, const uint8_t *data, uint32_t size)
{
    const uint8_t *at = (const uint8_t *)span.at;
    if (at && (at < data || at > data + size || span.size > (size_t)(data + size - at)))
        abort();
}

/* What a client reads of a response lies inside the head. */
static void check_response(const struct vo_sip *m)
{
    const uint8_t *head = (const uint8_t *)m->head.at;
    struct vo_sip_bindings walk = {0};
    struct vo_sip_binding binding;
    struct vo_span value;
    unsigned count = 0;
    while (vo_sip_binding_next(m, &walk, &binding)) {
        check(binding.uri, head, m->head.size);
        if (binding.expires < -1 || binding.expires > UINT32_MAX || ++count > m->head.size)
            abort();
    }
    for (const char *at = NULL; vo_sip_header(m, "WWW-Authenticate", &at, &value);) {
        check(value, head, m->head.size);
        check(vo_sip_auth_parameter(value, "nonce"), head, m->head.size);
    }
    check(vo_sip_seen(m).received, head, m->head.size);
    vo_sip_seconds(m, "Expires");
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
        check(m.head, data, m.size);
        check_response(&m);
        for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
            check(spans[i], data, m.size);
        if (m.sdp.at)
            check(m.sdp, (const uint8_t *)m.body.at, m.body.size);
    }
    return 0;
}
