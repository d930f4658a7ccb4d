/*
 * Segments from arbitrary bytes. Each takes 6: side and connection (1), sequence and acknowledgement (2), flags (1),
 * bytes (1), of which missing, and milliseconds since the one before (1). Byte n of a stream is n * 7, by its sequence number.
 */
#include "probes/flow/tcp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_accept(void *context, struct vo_tcp_connection *connection, int direction, const uint8_t *data,
                      uint32_t size)
{
    (void)context;
    (void)direction;
    connection->user = data[size - 1] % 8 ? malloc(1) : NULL; /* a leak tells of a closed() too few */
    return connection->user;
}

static void on_data(void *context, struct vo_tcp_connection *connection, int direction, const uint8_t *data,
                    uint32_t size, const struct vo_packet *packet, vo_time time)
{
    (void)context;
    uint32_t end = packet->tcp.sequence + !!(packet->tcp.flags & 2) + packet->payload_size;
    for (uint32_t i = 0; i < size; i++)
        if (data[i] != (uint8_t)((end - size + i) * 7) || !connection->user || direction >> 1 || time < 0)
            abort();
}

static void on_hole(void *context, struct vo_tcp_connection *connection, int direction, uint32_t size,
                    vo_time time)
{
    (void)context;
    if (!size || !connection->user || direction >> 1 || time < 0)
        abort();
}

static void on_closed(void *context, struct vo_tcp_connection *connection)
{
    (void)context;
    free(connection->user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vo_tcp *tcp = vo_tcp_new(&(struct vo_tcp_handler){on_accept, on_data, on_hole, on_closed}, NULL);
    struct vo_bytes bytes = vo_bytes_of(data, (uint32_t)size);
    vo_time time = 0;
    while (bytes.left >= 6) {
        uint8_t content[256], side = vo_bytes_u8(&bytes);
        struct vo_packet packet = {.protocol = 6, .payload = content};
        packet.source_port = side & 1;
        packet.destination_port = !(side & 1);
        packet.encap_hash = side & 6;
        packet.tcp.sequence = (uint32_t)(vo_bytes_u8(&bytes) - 128) << (side & 8 ? 24 : 0);
        packet.tcp.acknowledgement = (uint32_t)(vo_bytes_u8(&bytes) - 128);
        packet.tcp.flags = vo_bytes_u8(&bytes);
        packet.payload_length = vo_bytes_u8(&bytes);
        uint8_t rest = vo_bytes_u8(&bytes);
        packet.payload_size = packet.payload_length - (rest >> 4) % (packet.payload_length + 1);
        for (uint32_t i = 0; i < packet.payload_size; i++)
            content[i] = (uint8_t)((packet.tcp.sequence + !!(packet.tcp.flags & 2) + i) * 7);
        vo_tcp_add(tcp, &packet, time += (rest & 15) * VO_NS_PER_MS);
    }
    vo_tcp_free(tcp);
    return 0;
}
