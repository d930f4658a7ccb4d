/* Segments from 6 bytes each: side and connection, sequence, acknowledgement, flags, size, bytes not captured
 * and milliseconds since the one before. Byte n of a stream, by its sequence number, is n * 7. */
#include "probes/flow/tcp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_accept(void *context, struct vo_tcp_connection *at, int side, const uint8_t *data, uint32_t n)
{
    at->user = data[n - 1] % 8 ? malloc(1) : context; /* a leak tells of a closed() too few */
    return at->user && side >> 1 == 0;
}

static void on_data(void *context, struct vo_tcp_connection *at, int side, const uint8_t *data, uint32_t size,
                    const struct vo_packet *packet, vo_time time)
{
    uint32_t end = packet->tcp.sequence + !!(packet->tcp.flags & 2) + packet->payload_size;
    for (uint32_t i = 0; i < size; i++)
        if (data[i] != (uint8_t)((end - size + i) * 7) || !at->user || side >> 1 || time < 0 || context)
            abort();
}

static void on_hole(void *context, struct vo_tcp_connection *at, int side, uint32_t size, vo_time time)
{
    if (!size || !at->user || side >> 1 || time < 0 || context)
        abort();
}

static void on_closed(void *context, struct vo_tcp_connection *at)
{
    free(context ? NULL : at->user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vo_tcp *tcp = vo_tcp_new(&(struct vo_tcp_handler){on_accept, on_data, on_hole, on_closed}, NULL);
    vo_time time = 0;
    for (const uint8_t *at = data; size - (size_t)(at - data) >= 6; at += 6) {
        uint8_t content[256], missing = (uint8_t)(at[5] >> 4);
        struct vo_packet packet = {.source_port = at[0] & 1, .destination_port = !(at[0] & 1)};
        packet.encap_hash = at[0] & 6, packet.payload = content, packet.payload_length = at[4];
        packet.tcp.sequence = (at[1] - 128u) << (at[0] & 8 ? 24 : 0);
        packet.tcp.acknowledgement = at[2] - 128u, packet.tcp.flags = at[3];
        packet.payload_size = at[4] > missing ? (uint32_t)at[4] - (uint32_t)missing : 0u;
        for (uint32_t i = 0; i < packet.payload_size; i++)
            content[i] = (uint8_t)((packet.tcp.sequence + !!(at[3] & 2) + i) * 7);
        vo_tcp_add(tcp, &packet, time += (at[5] & 15) * VO_NS_PER_MS);
    }
    vo_tcp_free(tcp);
    return 0;
}
