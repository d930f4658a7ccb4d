/* Session descriptions: counts stay in their arrays, texts end, spans lie inside. */
#include "probes/decode/sdp.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_media(const struct vo_sdp_media *media, const char *text, size_t size)
{
    if (media->payload_count > VO_SDP_PAYLOADS || media->candidate_count > VO_SDP_CANDIDATES)
        abort();
    if (!memchr(media->kind, '\0', sizeof media->kind) || !(media->ptime_ms >= 0 && media->ptime_ms <= 60000))
        abort();
    for (unsigned i = 0; i < media->payload_count; i++) {
        const struct vo_sdp_payload *payload = &media->payloads[i];
        if (payload->type > 127 || !memchr(payload->codec, '\0', sizeof payload->codec) ||
            payload->channels == 0)
            abort();
        if (vo_sdp_find_payload(media, payload->type) != payload)
            abort();
        if (payload->fmtp.at &&
            (payload->fmtp.at < text || payload->fmtp.at + payload->fmtp.size > text + size))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vo_sdp sdp;
    if (size > 70000 || !vo_sdp_decode((const char *)data, (uint32_t)size, &sdp))
        return 0;
    if (sdp.media_count > VO_SDP_MEDIA)
        abort();
    for (unsigned i = 0; i < sdp.media_count; i++)
        check_media(&sdp.media[i], (const char *)data, size);
    return 0;
}
