/* Frames of every link type. The first two bytes choose it: a LINKTYPE_ value, or what is left when divided
 * by the known ones. The top bit says that the snap length cut the frame. */
#include "probes/decode/packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t choose_linktype(uint32_t choice)
{
    enum { BEYOND = 300, MOST = 64 };
    static uint32_t known[MOST], count;
    if (count == 0)
        for (uint32_t type = 0; type < BEYOND && count < MOST; type++)
            if (vo_linktype_name(type))
                known[count++] = type;
    return vo_linktype_name(choice) ? choice : known[choice % count];
}

/* Reads what a decoder promises to be readable. */
static void use(enum vo_decoded result, const struct vo_packet *packet)
{
    char text[VO_ENCAP_TEXT];
    uint8_t sum = 0;
    vo_encap_format(packet->encap, packet->encap_count, text);
    if (packet->flags & VO_PACKET_ON_AIR && !vo_encap_is_air(packet->encap, packet->encap_count))
        abort();
    for (uint32_t i = 0; packet->flags & VO_PACKET_ON_AIR && i < packet->mpdu.size; i++)
        sum ^= packet->mpdu.body[i];
    if (result != VO_DECODED_DATAGRAM && result != VO_DECODED_FRAGMENT)
        return;
    for (uint32_t i = 0; i < packet->payload_size; i++)
        sum ^= packet->payload[i];
    vo_endpoint_format(packet->source, (uint16_t)(packet->source_port ^ sum), text);
    if (packet->payload_size > packet->payload_length)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 1 << 20)
        return 0;
    uint32_t choice = vo_load16(data), captured = (uint32_t)size - 2;
    struct vo_packet packet;
    enum vo_decoded result = vo_decode_frame(choose_linktype(choice & 0x7fff), data + 2, captured,
                                             captured + (choice & 0x8000 ? 1000u : 0), &packet);
    for (use(result, &packet); packet.rest; use(result, &packet))
        result = vo_decode_next(&packet);
    if (result == VO_DECODED_FRAGMENT)
        use(vo_decode_transport(&packet, packet.fragment.protocol, packet.payload, packet.payload_size),
            &packet);
    return 0;
}
