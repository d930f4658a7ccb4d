/* A received frame with its receiver's header, link type by the first byte: nothing may point outside the
 * data, and no rate may be above the fastest that there is. */
#include "probes/decode/ieee80211.h"
#include "probes/decode/radiotap_rate.h"
#include "probes/decode/wlan_received.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void inside(const uint8_t *at, uint32_t length, const uint8_t *data, size_t size)
{
    require(length == 0 || (at >= data && at <= data + size && length <= (size_t)(data + size - at)));
}

static void check_address(vo_wlan_address address)
{
    require(address == VO_WLAN_NO_ADDRESS || address <= VO_WLAN_BROADCAST);
}

static void check_radio(const struct vo_radiotap *radio)
{
    enum { FASTEST = 23058824 }; /* EHT, 320 MHz, MCS 13, eight streams: 3920 x 10 x 8 / 13.6 us */
    struct vo_wlan_rate rate;
    require(radio->chain_count <= VO_RADIOTAP_CHAINS && radio->eht_user_count <= VO_RADIOTAP_EHT_USERS);
    bool known = vo_radiotap_rate(radio, &rate);
    require(known == !!(rate.known & VO_WLAN_RATE_KBPS));
    require(!known || (rate.kbps > 0 && rate.kbps <= FASTEST));
}

static void check_body(const struct vo_ieee80211 *frame, const uint8_t *data, size_t size)
{
    struct vo_ieee80211_management management;
    if (vo_ieee80211_management_decode(frame, &management))
        inside(management.elements, management.elements_size, data, size);
    struct vo_ieee80211_block_acks acks;
    struct vo_ieee80211_block_ack ack;
    if (vo_ieee80211_block_acks_begin(frame, &acks)) {
        while (vo_ieee80211_block_ack_next(&acks, &ack)) {
            inside(ack.bitmap, ack.bitmap_size, data, size);
            (void)vo_ieee80211_block_ack_covers(&ack, (uint16_t)(ack.start + size));
        }
    }
    struct vo_bytes left = vo_bytes_of(frame->body, frame->body_size);
    struct vo_ieee80211_msdu msdu;
    while (vo_ieee80211_msdu_next(&left, &msdu))
        inside(msdu.at, msdu.size, data, size);
    uint16_t ethertype;
    (void)vo_ieee80211_ethertype(frame, &ethertype);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t linktypes[] = {127, 105, 192, 119, 163};
    if (size < 1 || size > 65536)
        return 0;
    uint32_t linktype = linktypes[data[0] % (sizeof linktypes / sizeof *linktypes)];
    data++;
    size--;
    struct vo_wlan_received received;
    enum vo_wlan_received_result result =
        vo_wlan_received_decode(linktype, data, (uint32_t)size, (uint32_t)size, &received);
    if (result != VO_WLAN_RECEIVED_OK)
        return 0;
    check_radio(&received.radio);
    inside(received.at, received.captured, data, size);
    struct vo_ieee80211 frame;
    enum vo_ieee80211_result decoded =
        vo_ieee80211_decode(received.at, received.captured, received.length, received.options, &frame);
    if (decoded == VO_IEEE80211_OK && received.captured >= 4)
        (void)vo_ieee80211_fcs_holds(received.at, received.captured, &frame);
    require(vo_radiotap_signal(&received.radio) <= 0);
    check_address(frame.receiver);
    check_address(frame.transmitter);
    check_address(frame.bssid);
    check_address(frame.source);
    check_address(frame.destination);
    if (decoded != VO_IEEE80211_OK)
        return 0;
    inside(frame.body, frame.body_size, data, size);
    require(frame.body_size <= frame.body_length && frame.header_size >= 4 && frame.padding < 4);
    check_body(&frame, data, size);
    return 0;
}
