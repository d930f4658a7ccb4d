/* Classic pcap: draft-ietf-opsawg-pcap, and the magics of its relatives. */
#include "probes/io/capture_private.h"

#define FILE_HEADER     24u
#define RECORD_HEADER   16u
#define MODIFIED_HEADER 24u /* Kuznetzov's: interface index, protocol and packet type follow the lengths */
#define LINKTYPE_MASK   0x0000ffffu
#define FCS_PRESENT     0x04000000u

static const struct magic {
    uint32_t value;
    uint32_t ns_per_unit, record_header;
} magics[] = {
    {0xa1b2c3d4, 1000, RECORD_HEADER},
    {0xa1b23c4d, 1, RECORD_HEADER},
    {0xa1b2cd34, 1000, MODIFIED_HEADER},
};

static const struct magic *magic_of(const uint8_t *at, bool *big_endian)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        *big_endian = vo_load32(at) == magics[i].value;
        if (*big_endian || vo_load32_le(at) == magics[i].value)
            return &magics[i];
    }
    return NULL;
}

bool vo_pcap_begins(const uint8_t *magic)
{
    bool big_endian;
    return magic_of(magic, &big_endian) != NULL;
}

static enum vo_status next_record(struct vo_source *source, struct vo_frame *frame, struct vo_error *error)
{
    struct vo_stream *stream = &source->stream;
    const struct vo_pcap_state *pcap = &source->pcap;
    if (!vo_stream_need(stream, pcap->record_header))
        return vo_source_ended(source, error);
    uint32_t captured = vo_file32(stream->at + 8, pcap->big_endian);
    uint32_t length = vo_file32(stream->at + 12, pcap->big_endian);
    if (captured > length) {
        if (pcap->lengths_swapped) {
            uint32_t swap = captured;
            captured = length;
            length = swap;
        } else {
            length = captured;
        }
    }
    if (captured > VO_FRAME_MAX)
        return vo_source_lies(source, vo_stream_offset(stream),
                              "a record claims %u captured bytes, more than %u", captured, VO_FRAME_MAX);
    if (!vo_stream_need(stream, (size_t)pcap->record_header + captured))
        return vo_source_ended(source, error);
    const uint8_t *at = stream->at;
    /* Both fields unsigned, of 32 bits: at most 4.3e18 ns + 4.3e12 ns, which an int64_t holds. */
    frame->time = (vo_time)vo_file32(at, pcap->big_endian) * VO_NS_PER_S +
                  (vo_time)vo_file32(at + 4, pcap->big_endian) * pcap->ns_per_unit;
    frame->data = at + pcap->record_header;
    frame->captured = captured;
    frame->length = length;
    frame->linktype = pcap->linktype;
    frame->interface = pcap->interface;
    stream->at = frame->data + captured;
    __builtin_prefetch(stream->at); /* the next record's headers, while this one is measured */
    __builtin_prefetch(stream->at + 64);
    if (pcap->fcs)
        vo_frame_strip(frame, pcap->fcs);
    return VO_OK;
}

enum vo_status vo_pcap_open(struct vo_source *source, struct vo_error *error)
{
    struct vo_stream *stream = &source->stream;
    if (!vo_stream_need(stream, FILE_HEADER))
        return vo_error_set(error, VO_END, "%s is empty: it ends within its header", source->path);
    struct vo_pcap_state *pcap = &source->pcap;
    bool big_endian;
    const struct magic *magic = magic_of(stream->at, &big_endian);
    uint16_t major = vo_file16(stream->at + 4, big_endian), minor = vo_file16(stream->at + 6, big_endian);
    uint32_t snaplen = vo_file32(stream->at + 16, big_endian);
    uint32_t link = vo_file32(stream->at + 20, big_endian);
    if (major != 2)
        return vo_error_set(
            error, VO_ERR_INPUT,
            "%s is pcap of version %u.%u: only version 2 is known; convert it with editcap -F pcap",
            source->path, major, minor);
    *pcap = (struct vo_pcap_state){.big_endian = big_endian,
                                   .lengths_swapped = minor < 4,
                                   .ns_per_unit = magic->ns_per_unit,
                                   .record_header = magic->record_header,
                                   .linktype = link & LINKTYPE_MASK};
    if (link & FCS_PRESENT && vo_linktype_has_fcs(pcap->linktype))
        pcap->fcs = (link >> 28) * 2; /* told in 16-bit words */
    stream->at += FILE_HEADER;
    source->next = next_record;
    return vo_capture_add_interface(source->capture, NULL, pcap->linktype, snaplen, &pcap->interface, error);
}
