/*
 * Fragments from arbitrary bytes. Each takes 8: id and key (1), offset / 8 (2), bytes on the wire (2), bytes
 * missing (1), more (1), seconds since the one before (1). What comes out must be the bytes that went in:
 * byte i is i * 7.
 */
#include "probes/flow/fragments.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t content[65536 * 2];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vo_fragments *fragments = vo_fragments_new();
    struct vo_bytes bytes = vo_bytes_of(data, (uint32_t)size);
    vo_time time = 0;
    for (uint32_t i = 0; !content[sizeof content - 1] && i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7);
    while (bytes.left >= 8) {
        struct vo_packet packet = {0};
        uint8_t key = vo_bytes_u8(&bytes);
        packet.fragment.id = key & 15;
        packet.fragment.protocol = key & 16;
        packet.source[0] = key & 32;
        packet.encap_hash = key & 64;
        packet.fragment.offset = vo_bytes_u16(&bytes) * 8u;
        packet.payload_length = vo_bytes_u16(&bytes);
        uint8_t missing = vo_bytes_u8(&bytes);
        packet.payload_size = packet.payload_length > missing ? packet.payload_length - missing : 0;
        packet.payload = content + packet.fragment.offset % 65536;
        packet.fragment.more = vo_bytes_u8(&bytes) & 1;
        time += vo_bytes_u8(&bytes) * VO_NS_PER_S;
        const uint8_t *out;
        uint32_t out_size;
        if (vo_fragments_add(fragments, &packet, time, &out, &out_size) &&
            (!out_size || out_size > 65535 || memcmp(out, content, out_size) != 0))
            abort();
    }
    vo_fragments_free(fragments);
    return 0;
}
