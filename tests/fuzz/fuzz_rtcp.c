/* RTCP compounds: no item may point outside the datagram, and SRTCP must yield none. */
#include "probes/decode/rtcp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct range {
    const uint8_t *start, *end;
    size_t items;
};

static void check(void *context, const struct vo_rtcp_item *item)
{
    struct range *range = context;
    range->items++;
    if (item->kind != VO_RTCP_SDES_CNAME && item->kind != VO_RTCP_BYE)
        return;
    const uint8_t *text = (const uint8_t *)item->text.at;
    if (text && (text < range->start || text + item->text.size > range->end))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 65536)
        return 0;
    struct range range = {data, data + size, 0};
    if (vo_rtcp_decode(data, (uint32_t)size, true, check, &range) == VO_RTCP_OK || range.items)
        abort();
    enum vo_rtcp_result result = vo_rtcp_decode(data, (uint32_t)size, false, check, &range);
    if ((result == VO_RTCP_OK && size % 4 != 0) || (result == VO_RTCP_ENCRYPTED && range.items) ||
        range.items > size)
        abort();
    return 0;
}
