/* pcapng: draft-ietf-opsawg-pcapng, block by block. Numbers are in the section's byte order. */
#include "probes/io/capture_private.h"

#include <stdlib.h>

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define BLOCK_OVERHEAD   12u /* type, length, length again */
#define SECTION_MIN      28u
#define PACKET_BLOCK_MAX (2 * VO_FRAME_MAX) /* leaves as much for the options */
#define OTHER_BLOCK_MAX  (1024u * 1024)
#define TLS_KEY_LOG      0x544c534bu

enum {
    INTERFACE = 1,
    PACKET = 2, /* obsolete */
    SIMPLE_PACKET = 3,
    STATISTICS = 5,
    ENHANCED_PACKET = 6,
    SECRETS = 10,
    SECTION = 0x0a0d0d0a, /* the same in both byte orders */
};

struct block {
    uint64_t offset; /* in the file, for messages */
    const uint8_t *body;
    uint32_t size; /* of the body */
};

struct option {
    uint16_t code, size;
    const uint8_t *value;
};

/* The next option of a block; false at their end, or where they do not fit the block. */
static bool next_option(struct vo_bytes *left, bool big_endian, struct option *option)
{
    const uint8_t *at = vo_bytes_take(left, 4);
    if (!at)
        return false;
    option->code = vo_file16(at, big_endian);
    option->size = vo_file16(at + 2, big_endian);
    option->value = vo_bytes_take(left, option->size);
    if (option->code == 0 || !option->value)
        return false;
    uint32_t padding = -option->size & 3;
    vo_bytes_take(left, left->left < padding ? left->left : padding);
    return true;
}

static uint64_t file64(const uint8_t *at, bool big_endian)
{
    uint64_t first = vo_file32(at, big_endian), second = vo_file32(at + 4, big_endian);
    return big_endian ? first << 32 | second : second << 32 | first;
}

static uint64_t ten_to(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* Units of `resolution` (if_tsresol) since the epoch and an offset to ns, towards zero. False beyond an
 * int64_t. */
static bool time_of(uint64_t units, uint8_t resolution, int64_t offset_s, vo_time *time)
{
    unsigned exponent = resolution & 0x7f;
    unsigned __int128 ns; /* at most 2^64 * 1e9 < 2^94 */
    if (resolution & 0x80)
        ns = ((unsigned __int128)units * VO_NS_PER_S) >> exponent;
    else if (exponent <= 9)
        ns = (unsigned __int128)units * ten_to(9 - exponent);
    else
        ns = exponent - 9 <= 19 ? units / ten_to(exponent - 9) : 0; /* 10^20 is more than any `units` */
    __int128 sum = (__int128)ns + (__int128)offset_s * VO_NS_PER_S;
    if (sum > INT64_MAX || sum <= INT64_MIN) /* INT64_MIN means unknown */
        return false;
    *time = (vo_time)sum;
    return true;
}

static enum vo_status take_section(struct vo_source *source, const struct block *block,
                                   struct vo_frame *frame, struct vo_error *error)
{
    (void)frame;
    (void)error;
    if (block->size < 16)
        return vo_source_lies(source, block->offset, "a section header of %u bytes", block->size);
    uint16_t major = vo_file16(block->body + 4, source->pcapng.big_endian);
    if (major != 1)
        return vo_source_lies(source, block->offset, "a section of pcapng version %u, only 1 is known",
                              major);
    source->pcapng.count = 0;
    return VO_OK;
}

/* The interface of a block, or NULL. */
static struct vo_section_interface *interface_of(struct vo_source *source, uint32_t number)
{
    struct vo_pcapng_state *pcapng = &source->pcapng;
    return number < pcapng->count ? &pcapng->interfaces[number] : NULL;
}

static enum vo_status no_interface(struct vo_source *source, const struct block *block, uint32_t number)
{
    return vo_source_lies(source, block->offset, "a block names interface %u, which is not described",
                          number);
}

static bool make_room(struct vo_pcapng_state *pcapng)
{
    if (pcapng->count < pcapng->room)
        return true;
    uint32_t room = pcapng->room ? pcapng->room * 2 : 4;
    void *grown = realloc(pcapng->interfaces, room * sizeof pcapng->interfaces[0]);
    if (!grown)
        return false;
    pcapng->interfaces = grown;
    pcapng->room = room;
    return true;
}

static enum vo_status take_interface(struct vo_source *source, const struct block *block,
                                     struct vo_frame *frame, struct vo_error *error)
{
    (void)frame;
    struct vo_pcapng_state *pcapng = &source->pcapng;
    bool big = pcapng->big_endian;
    if (block->size < 8)
        return vo_source_lies(source, block->offset, "an interface description of %u bytes", block->size);
    if (pcapng->count == VO_INTERFACES_MAX)
        return vo_source_lies(source, block->offset, "more than %u interfaces in a section",
                              VO_INTERFACES_MAX);
    if (!make_room(pcapng))
        return vo_error_memory(error, "the interfaces of a capture file");
    struct vo_section_interface it = {
        .linktype = vo_file16(block->body, big), .snaplen = vo_file32(block->body + 4, big), .resolution = 6};
    struct vo_bytes options = vo_bytes_of(block->body + 8, block->size - 8);
    struct option option;
    char name[256] = "";
    while (next_option(&options, big, &option)) {
        if (option.code == 2) { /* if_name */
            size_t size = option.size < sizeof name ? option.size : sizeof name - 1;
            memcpy(name, option.value, size);
            name[size] = '\0';
        } else if (option.code == 9 && option.size == 1) {
            it.resolution = option.value[0];
        } else if (option.code == 13 && option.size == 1) {
            /* if_fcslen: the drafts say bits, their example and some writers mean bytes; no FCS has 8 bytes.
             */
            it.fcs = option.value[0] < 8 ? option.value[0] : option.value[0] / 8;
        } else if (option.code == 14 && option.size == 8) {
            it.offset_s = (int64_t)file64(option.value, big);
        }
    }
    enum vo_status status =
        vo_capture_add_interface(source->capture, name, it.linktype, it.snaplen, &it.index, error);
    if (status == VO_OK)
        pcapng->interfaces[pcapng->count++] = it;
    return status;
}

/* Statistics blocks and packets' drop counts tell the same drops in two ways: the larger of both counts. */
static void account_drops(struct vo_source *source, struct vo_section_interface *interface)
{
    struct vo_capture_interface *shown = &source->capture->interfaces[interface->index]->shown;
    uint64_t drops = interface->lost > interface->reported ? interface->lost : interface->reported;
    shown->dropped += drops - interface->added; /* unsigned: also right when a later block says less */
    interface->added = drops;
    shown->has_statistics = true;
}

/* A packet's flags word (FCS length in bits 5 to 8) and drop count. */
static void packet_options(struct vo_source *source, struct vo_section_interface *interface,
                           struct vo_bytes options, uint32_t *fcs)
{
    struct option option;
    bool big = source->pcapng.big_endian;
    while (next_option(&options, big, &option)) {
        if (option.code == 2 && option.size == 4) {
            uint32_t told = vo_file32(option.value, big) >> 5 & 15;
            if (told)
                *fcs = told;
        } else if (option.code == 4 && option.size == 8) {
            uint64_t lost = file64(option.value, big);
            interface->lost = interface->lost + lost < lost ? UINT64_MAX : interface->lost + lost;
            account_drops(source, interface);
        }
    }
}

/* What the enhanced and the obsolete packet block share: from the time stamp (20 bytes before the data) on.
 */
static enum vo_status take_packet(struct vo_source *source, const struct block *block, uint32_t number,
                                  struct vo_frame *frame)
{
    bool big = source->pcapng.big_endian;
    struct vo_section_interface *interface = interface_of(source, number);
    if (!interface)
        return no_interface(source, block, number);
    const uint8_t *body = block->body;
    uint32_t captured = vo_file32(body + 12, big), length = vo_file32(body + 16, big);
    if (captured > block->size - 20 || captured > VO_FRAME_MAX)
        return vo_source_lies(source, block->offset, "a packet claims %u captured bytes in a block of %u",
                              captured, block->size + BLOCK_OVERHEAD);
    uint64_t units = (uint64_t)vo_file32(body + 4, big) << 32 | vo_file32(body + 8, big);
    vo_time time;
    if (!time_of(units, interface->resolution, interface->offset_s, &time))
        return vo_source_lies(source, block->offset, "a packet's time is beyond the year 2262");
    uint32_t fcs = interface->fcs;
    uint32_t data_end = 20 + ((captured + 3) & ~3u);
    if (data_end + 4 <= block->size)
        packet_options(source, interface, vo_bytes_of(body + data_end, block->size - data_end), &fcs);
    *frame = (struct vo_frame){.data = body + 20,
                               .captured = captured,
                               .length = length > captured ? length : captured,
                               .linktype = interface->linktype,
                               .interface = interface->index,
                               .time = time};
    if (fcs && vo_linktype_has_fcs(interface->linktype))
        vo_frame_strip(frame, fcs);
    return VO_OK;
}

static enum vo_status take_enhanced(struct vo_source *source, const struct block *block,
                                    struct vo_frame *frame, struct vo_error *error)
{
    (void)error;
    if (block->size < 20)
        return vo_source_lies(source, block->offset, "a packet block of %u bytes", block->size);
    return take_packet(source, block, vo_file32(block->body, source->pcapng.big_endian), frame);
}

static enum vo_status take_obsolete(struct vo_source *source, const struct block *block,
                                    struct vo_frame *frame, struct vo_error *error)
{
    (void)error;
    bool big = source->pcapng.big_endian;
    if (block->size < 20)
        return vo_source_lies(source, block->offset, "a packet block of %u bytes", block->size);
    enum vo_status status = take_packet(source, block, vo_file16(block->body, big), frame);
    uint16_t lost = vo_file16(block->body + 2, big);
    if (status == VO_OK && lost != 0xffff) { /* which means: not told */
        struct vo_section_interface *interface = interface_of(source, vo_file16(block->body, big));
        interface->lost += lost;
        account_drops(source, interface);
    }
    return status;
}

static enum vo_status take_simple(struct vo_source *source, const struct block *block, struct vo_frame *frame,
                                  struct vo_error *error)
{
    (void)error;
    struct vo_section_interface *interface = interface_of(source, 0);
    if (!interface)
        return no_interface(source, block, 0);
    if (block->size < 4)
        return vo_source_lies(source, block->offset, "a simple packet block of %u bytes", block->size);
    uint32_t length = vo_file32(block->body, source->pcapng.big_endian), captured = length;
    if (interface->snaplen && captured > interface->snaplen)
        captured = interface->snaplen;
    if (captured > block->size - 4 || captured > VO_FRAME_MAX)
        return vo_source_lies(source, block->offset, "a packet claims %u captured bytes in a block of %u",
                              captured, block->size + BLOCK_OVERHEAD);
    *frame = (struct vo_frame){.data = block->body + 4,
                               .captured = captured,
                               .length = length,
                               .linktype = interface->linktype,
                               .interface = interface->index,
                               .time = VO_TIME_UNKNOWN};
    if (interface->fcs && vo_linktype_has_fcs(interface->linktype))
        vo_frame_strip(frame, interface->fcs);
    return VO_OK;
}

/* The counts run from the start of the capture, so within a section the latest block holds. */
static enum vo_status take_statistics(struct vo_source *source, const struct block *block,
                                      struct vo_frame *frame, struct vo_error *error)
{
    (void)frame;
    (void)error;
    bool big = source->pcapng.big_endian;
    if (block->size < 12)
        return vo_source_lies(source, block->offset, "a statistics block of %u bytes", block->size);
    struct vo_section_interface *interface = interface_of(source, vo_file32(block->body, big));
    if (!interface)
        return no_interface(source, block, vo_file32(block->body, big));
    struct vo_bytes options = vo_bytes_of(block->body + 12, block->size - 12);
    struct option option;
    uint64_t drops = 0;
    bool told = false;
    while (next_option(&options, big, &option)) {
        if (option.size != 8)
            continue;
        uint64_t value = file64(option.value, big);
        if (option.code == 4) { /* isb_ifrecv */
            source->capture->interfaces[interface->index]->shown.received += value - interface->received;
            interface->received = value;
        } else if (option.code == 5 || option.code == 7) { /* isb_ifdrop, isb_osdrop */
            drops = drops + value < value ? UINT64_MAX : drops + value;
            told = true;
        }
    }
    if (told) {
        interface->reported = drops;
        account_drops(source, interface);
    }
    return VO_OK;
}

static enum vo_status take_secrets(struct vo_source *source, const struct block *block,
                                   struct vo_frame *frame, struct vo_error *error)
{
    (void)frame;
    bool big = source->pcapng.big_endian;
    if (block->size < 8 || vo_file32(block->body + 4, big) > block->size - 8)
        return vo_source_lies(source, block->offset, "a decryption secrets block whose lengths do not agree");
    if (vo_file32(block->body, big) != TLS_KEY_LOG)
        return VO_OK;
    return vo_capture_add_secrets(source->capture, block->body + 8, vo_file32(block->body + 4, big), error);
}

/* Most frequent first. A block of another type is passed over. */
static const struct kind {
    uint32_t type;
    size_t largest; /* as told by its length */
    enum vo_status (*take)(struct vo_source *source, const struct block *block, struct vo_frame *frame,
                           struct vo_error *error);
} kinds[] = {
    {ENHANCED_PACKET, PACKET_BLOCK_MAX, take_enhanced},
    {SIMPLE_PACKET, PACKET_BLOCK_MAX, take_simple},
    {PACKET, PACKET_BLOCK_MAX, take_obsolete},
    {SECTION, OTHER_BLOCK_MAX, take_section},
    {INTERFACE, OTHER_BLOCK_MAX, take_interface},
    {STATISTICS, OTHER_BLOCK_MAX, take_statistics},
    {SECRETS, VO_STREAM_ROOM, take_secrets},
};

static const struct kind *kind_of(uint32_t type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

/* Reads type and length. A section header brings its own byte order. */
static enum vo_status read_head(struct vo_source *source, uint32_t *type, uint32_t *length,
                                struct vo_error *error)
{
    struct vo_stream *stream = &source->stream;
    struct vo_pcapng_state *pcapng = &source->pcapng;
    if (!vo_stream_need(stream, BLOCK_OVERHEAD))
        return vo_source_ended(source, error);
    *type = vo_file32(stream->at, pcapng->big_endian);
    if (*type == SECTION) {
        pcapng->big_endian = vo_load32(stream->at + 8) == BYTE_ORDER_MAGIC;
        if (vo_file32(stream->at + 8, pcapng->big_endian) != BYTE_ORDER_MAGIC)
            return vo_source_lies(source, vo_stream_offset(stream),
                                  "a section header without byte-order magic");
    }
    *length = vo_file32(stream->at + 4, pcapng->big_endian);
    if (*length < BLOCK_OVERHEAD || *length % 4 != 0)
        return vo_source_lies(source, vo_stream_offset(stream), "a block claims a length of %u", *length);
    return VO_OK;
}

static enum vo_status check_trailer(struct vo_source *source, uint64_t offset, const uint8_t *at,
                                    uint32_t length)
{
    uint32_t again = vo_file32(at, source->pcapng.big_endian);
    if (again == length)
        return VO_OK;
    return vo_source_lies(source, offset, "a block claims a length of %u at its start and %u at its end",
                          length, again);
}

static enum vo_status pass_over(struct vo_source *source, uint32_t length, struct vo_error *error)
{
    struct vo_stream *stream = &source->stream;
    uint64_t offset = vo_stream_offset(stream);
    if (!vo_stream_skip(stream, length - 4) || !vo_stream_need(stream, 4))
        return vo_source_cut(source, error);
    enum vo_status status = check_trailer(source, offset, stream->at, length);
    stream->at += 4;
    return status;
}

/* One block; a packet fills `frame`, all others leave its data NULL. */
static enum vo_status read_block(struct vo_source *source, struct vo_frame *frame, struct vo_error *error)
{
    struct vo_stream *stream = &source->stream;
    uint32_t type = 0, length = 0;
    enum vo_status status = read_head(source, &type, &length, error);
    if (status != VO_OK)
        return status;
    const struct kind *kind = kind_of(type);
    if (!kind)
        return pass_over(source, length, error);
    if (length > kind->largest)
        return vo_source_lies(source, vo_stream_offset(stream), "a block of type %u claims a length of %u",
                              type, length);
    if (!vo_stream_need(stream, length))
        return vo_source_ended(source, error);
    struct block block = {vo_stream_offset(stream), stream->at + 8, length - BLOCK_OVERHEAD};
    status = check_trailer(source, block.offset, stream->at + length - 4, length);
    if (status != VO_OK)
        return status;
    stream->at += length;
    return kind->take(source, &block, frame, error);
}

static enum vo_status next_packet(struct vo_source *source, struct vo_frame *frame, struct vo_error *error)
{
    enum vo_status status = VO_OK;
    frame->data = NULL;
    while (status == VO_OK && !frame->data)
        status = read_block(source, frame, error);
    return status;
}

bool vo_pcapng_begins(const uint8_t *magic)
{
    return vo_load32(magic) == SECTION;
}

enum vo_status vo_pcapng_open(struct vo_source *source, struct vo_error *error)
{
    struct vo_stream *stream = &source->stream;
    if (!vo_stream_need(stream, SECTION_MIN))
        return vo_error_set(error, VO_END, "%s is empty: it ends within its header", source->path);
    if (vo_load32(stream->at + 8) != BYTE_ORDER_MAGIC && vo_load32_le(stream->at + 8) != BYTE_ORDER_MAGIC)
        return vo_error_set(error, VO_ERR_INPUT,
                            "%s is not a capture file: it begins like pcapng, but without byte-order magic",
                            source->path);
    source->next = next_packet;
    return VO_OK;
}

void vo_pcapng_close(struct vo_source *source)
{
    free(source->pcapng.interfaces);
}
