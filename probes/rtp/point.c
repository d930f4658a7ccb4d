#include "probes/rtp/point.h"

#include <stdlib.h>
#include <string.h>

/* Splits the list after the colon in place, at its commas. */
static enum vo_status split_files(const char *text, char *list, struct vo_point *point,
                                  struct vo_error *error)
{
    size_t count = 1;
    for (const char *at = list; *at; at++)
        count += *at == ',';
    point->files = calloc(count, sizeof *point->files);
    if (!point->files)
        return vo_error_memory(error, "the names of files");
    for (char *rest = list, *file; (file = strsep(&rest, ",")) != NULL;) {
        if (!*file)
            return vo_error_set(error, VO_ERR_USAGE, "--point: '%s' lacks a file name after ':' or ','",
                                text);
        point->files[point->file_count++] = file;
    }
    return VO_OK;
}

enum vo_status vo_point_parse(const char *text, struct vo_point *point, struct vo_error *error)
{
    *point = (struct vo_point){.first = VO_TIME_UNKNOWN, .last = VO_TIME_UNKNOWN};
    size_t size = strcspn(text, ":");
    if (size == 0 || !text[size])
        return vo_error_set(
            error, VO_ERR_USAGE,
            "--point: '%s' is not NAME:FILE[,FILE...], such as phone:a.pcap or sbc:b1.pcap,b2.pcap", text);
    for (size_t i = 0; i < size; i++)
        if (text[i] == '>' || (unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return vo_error_set(error, VO_ERR_USAGE,
                                "--point: the name in '%s' may not hold '>' or control characters", text);
    point->name = strdup(text);
    if (!point->name)
        return vo_error_memory(error, "the name of a point");
    point->name[size] = '\0';
    return split_files(text, point->name + size + 1, point, error);
}

void vo_point_release(struct vo_point *point)
{
    free(point->name);
    free(point->files);
    free(point->packets);
    free(point->streams);
    *point = (struct vo_point){.first = VO_TIME_UNKNOWN, .last = VO_TIME_UNKNOWN};
}

static bool grow(struct vo_point *point)
{
    if (point->count < point->room)
        return true;
    size_t room = point->room ? 2 * point->room : 4096;
    struct vo_point_packet *packets = reallocarray(point->packets, room, sizeof *packets);
    if (!packets)
        return false;
    point->packets = packets;
    point->room = room;
    return true;
}

/* FNV-1a, which is enough to tell packets apart whose SSRC, sequence number and timestamp agree. */
static uint32_t hash_of(const uint8_t *data, uint32_t size)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 16777619u;
    return hash;
}

bool vo_point_keep(struct vo_point *point, struct vo_stream *stream, const struct vo_packet *packet,
                   const struct vo_rtp *rtp, vo_time time)
{
    if (!grow(point))
        return false;
    if (!stream->user) {
        if (point->stream_count == UINT32_MAX)
            return false;
        stream->user = (void *)(uintptr_t)++point->stream_count;
    }
    struct vo_point_packet *kept = &point->packets[point->count++];
    *kept = (struct vo_point_packet){.time = time,
                                     .stream = vo_point_number(stream),
                                     .ssrc = rtp->ssrc,
                                     .timestamp = rtp->timestamp,
                                     .sequence = rtp->sequence};
    /* padding counts as payload: a cut packet does not show how much of it there is */
    uint32_t length = packet->payload_length - rtp->payload_offset;
    uint32_t wanted = length < VO_POINT_PAYLOAD ? length : VO_POINT_PAYLOAD;
    if (rtp->payload_offset <= packet->payload_size && packet->payload_size - rtp->payload_offset >= wanted) {
        kept->hashed = true;
        kept->hash = hash_of(packet->payload + rtp->payload_offset, wanted);
    }
    return true;
}

static bool keep(void *context, struct vo_stream *stream, const struct vo_packet *packet,
                 const struct vo_rtp *rtp, vo_time time)
{
    return vo_point_keep(context, stream, packet, rtp, time);
}

struct vo_rtp_keeper vo_point_keeper(struct vo_point *point)
{
    return (struct vo_rtp_keeper){point, keep};
}

uint32_t vo_point_number(const struct vo_stream *stream)
{
    return (uint32_t)(uintptr_t)stream->user;
}

enum vo_status vo_point_settle(struct vo_point *point, const struct vo_streams *streams, vo_time first,
                               vo_time last, struct vo_error *error)
{
    point->first = first;
    point->last = last;
    point->streams = calloc((size_t)point->stream_count + 1, sizeof *point->streams);
    if (!point->streams)
        return vo_error_memory(error, "the streams of a capture point");
    for (size_t i = 0; i < vo_streams_count(streams); i++) {
        const struct vo_stream *stream = vo_streams_at(streams, i);
        if (vo_point_number(stream))
            point->streams[vo_point_number(stream)].stream = stream;
    }
    size_t kept = 0;
    for (size_t i = 0; i < point->count; i++)
        if (point->streams[point->packets[i].stream].stream)
            point->packets[kept++] = point->packets[i];
    point->count = kept;
    return VO_OK;
}
