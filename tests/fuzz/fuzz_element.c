/* Elements of a management frame, heard at the frequency of the first two bytes: nothing may point outside
 * the data, and a channel that is told contains its primary channel. */
#include "probes/decode/bss_info.h"
#include "probes/decode/colocated.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void inside(const uint8_t *at, uint32_t length, const uint8_t *data, size_t size)
{
    require(at >= data && at <= data + size && length <= (size_t)(data + size - at));
}

static void check_list(const uint8_t *data, uint32_t size)
{
    uint8_t joined[600];
    struct vo_elements elements = vo_elements_of(data, size);
    struct vo_element element;
    while (vo_element_next(&elements, &element)) {
        inside(element.data, element.size, data, size);
        if (element.fragments)
            inside(element.fragments, element.fragments_size, data, size);
        require(vo_element_join(&element, joined, sizeof joined) >= element.size);
    }
    require(elements.left.left == 0 || vo_elements_are_malformed(&elements));
}

static void check_info(const struct vo_bss_info *info)
{
    require(info->ssid_size <= VO_SSID_MAX && info->owe_ssid_size <= VO_SSID_MAX &&
            info->rate_count <= VO_BSS_RATES_MAX && info->extended_size <= VO_BSS_EXTENDED_MAX &&
            info->cisco_name_size <= VO_BSS_NAME_MAX);
    require(!info->cut || vo_bss_has(info, VO_BSS_EHT_OPERATION) || !vo_bss_has(info, VO_BSS_WIDTH));
    if (!vo_bss_has(info, VO_BSS_WIDTH))
        return;
    require(vo_bss_has(info, VO_BSS_CHANNEL) && vo_bss_has(info, VO_BSS_CENTER));
    bool two = vo_bss_has(info, VO_BSS_CENTER_2);
    int half = (two ? 80 : info->width_mhz) / 2, distance = info->primary_mhz - info->center_mhz;
    require(abs(distance) <= half - 10);
    require(!two || (info->width_mhz == 160 && info->center_2_mhz != 0));
    require(!vo_bss_has(info, VO_BSS_STREAMS) || (info->rx_streams >= 1 && info->rx_streams <= 15));
}

/* What holds for a BSS without a beacon is a list of whole elements, in no more than the room that there is.
 */
static void check_inherited(const uint8_t *data, uint32_t size, const struct vo_nontransmitted *bss)
{
    enum { ROOM = 512 };
    uint8_t *buffer = malloc(ROOM);
    require(buffer != NULL);
    uint32_t used = vo_nontransmitted_elements(data, size, bss, buffer, ROOM);
    require(used <= ROOM);
    struct vo_elements elements = vo_elements_of(buffer, used);
    struct vo_element element;
    while (vo_element_next(&elements, &element))
        inside(element.data, element.size, buffer, used);
    require(!vo_elements_are_malformed(&elements));
    free(buffer);
}

static void check_colocated(const uint8_t *data, uint32_t size)
{
    struct vo_nontransmitted_list list;
    struct vo_nontransmitted bss;
    struct vo_neighbor_list neighbors;
    struct vo_neighbor neighbor;
    vo_nontransmitted_begin(data, size, UINT64_C(0x0200000000ff), &list);
    while (vo_nontransmitted_next(&list, &bss)) {
        inside(bss.elements, bss.elements_size, data, size);
        if (bss.rest)
            inside(bss.rest, bss.rest_size, data, size);
        check_inherited(data, size, &bss);
        require(bss.index > 0 && bss.bssid <= VO_WLAN_BROADCAST && bss.bssid != UINT64_C(0x0200000000ff));
    }
    vo_neighbors_begin(data, size, &neighbors);
    for (uint32_t count = 0; vo_neighbor_next(&neighbors, &neighbor); count++) {
        require(count <= size);
        require(!(neighbor.has & VO_NEIGHBOR_BSSID) || neighbor.bssid <= VO_WLAN_BROADCAST);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 65536)
        return 0;
    uint16_t frequency = vo_load16_le(data);
    data += 2;
    size -= 2;
    struct vo_bss_info info;
    vo_bss_info_decode(data, (uint32_t)size, frequency, &info);
    check_list(data, (uint32_t)size);
    check_info(&info);
    check_colocated(data, (uint32_t)size);
    return 0;
}
