/* RTP headers and the classifier. The first byte says how many bytes the snap length cut. */
#include "probes/decode/rtp.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    uint32_t captured = (uint32_t)size - 1, length = captured + data[0];
    enum vo_media_packet kind = vo_media_classify(data + 1, captured, length);
    struct vo_rtp rtp;
    if (!vo_rtp_decode(data + 1, captured, length, &rtp))
        return 0;
    if (kind != VO_MEDIA_RTP && kind != VO_MEDIA_RTCP)
        abort();
    if (rtp.payload_offset < 12 || rtp.payload_offset > length ||
        rtp.payload_length > length - rtp.payload_offset)
        abort();
    return 0;
}
