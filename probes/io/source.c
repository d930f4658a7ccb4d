/* One capture file: which format it has, and what is said when it is none, is cut or contradicts itself. */
#include "probes/io/capture_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What people hand over instead of a capture. */
static const struct stranger {
    size_t size;
    const char *begins;
    const char *what;
    const char *decompressor; /* NULL: not compression */
    bool convertible;         /* editcap reads it */
} strangers[] = {
    {4, "\x28\xb5\x2f\xfd", "zstd compression", "zstd", false},
    {4, "\x04\x22\x4d\x18", "lz4 compression", "lz4", false},
    {3, "BZh", "bzip2 compression", "bzip2", false},
    {6,
     "\xfd"
     "7zXZ",
     "xz compression", "xz", false},
    {8, "snoop\0\0", "a snoop header", NULL, true},
    {4, "\177ver", "an EtherPeek or AiroPeek header", NULL, true},
    {4, "GMBU", "a Network Monitor header", NULL, true},
    {4, "RTSS", "a Network Monitor header", NULL, true},
    {7, "TRSNIFF", "a Sniffer header", NULL, true},
    {4, "\xa1\xe2\xcb\x12", "the magic of a Navtel pcap", NULL, true},
    {4, "\x12\xcb\xe2\xa1", "the magic of a Navtel pcap", NULL, true},
    {4, "\xa1\xb2\x34\xcd", "the magic of a Nokia pcap", NULL, true},
    {4, "\x34\xcd\xb2\xa1", "the magic of a Nokia pcap", NULL, true},
    {4, "\177ELF", "the header of a program (ELF)", NULL, false},
    {4, "PK\3\4", "the header of a ZIP archive", NULL, false},
    {4, "RIFF", "the header of a sound file (RIFF)", NULL, false},
    {1, "{", "JSON", NULL, false},
    {1, "[", "JSON", NULL, false},
};

static bool looks_like_text(const uint8_t *at, size_t size)
{
    if (at[0] >= 0x80 && at[0] != 0xef) /* the first byte of a byte-order mark */
        return false;
    for (size_t i = 0; i < size; i++)
        if ((at[i] < 0x20 && at[i] != '\n' && at[i] != '\r' && at[i] != '\t') || at[i] == 0x7f)
            return false;
    return true;
}

static enum vo_status not_a_capture(const struct vo_source *source, struct vo_error *error)
{
    const uint8_t *at = source->stream.at;
    size_t left = vo_stream_left(&source->stream);
    char bytes[3 * 4 + 1] = "";
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        const struct stranger *s = &strangers[i];
        if (left < s->size || memcmp(at, s->begins, s->size) != 0)
            continue;
        if (s->decompressor)
            return vo_error_set(error, VO_ERR_INPUT,
                                "%s begins with %s, which is not read here: %s -dc FILE | voready-rtp -",
                                source->path, s->what, s->decompressor);
        return vo_error_set(error, VO_ERR_INPUT,
                            "%s is not a capture file (pcap or pcapng): it begins with %s%s", source->path,
                            s->what, s->convertible ? "; convert it first: editcap FILE FILE.pcapng" : "");
    }
    if (looks_like_text(at, left < 64 ? left : 64))
        return vo_error_set(error, VO_ERR_INPUT,
                            "%s is not a capture file (pcap or pcapng): it begins with text", source->path);
    for (size_t i = 0; i < 4 && i < left; i++)
        snprintf(bytes + 3 * i, 4, " %02x", at[i]);
    return vo_error_set(error, VO_ERR_INPUT,
                        "%s is not a capture file (pcap or pcapng): it begins with the bytes%s", source->path,
                        bytes);
}

/* Nothing could be read where the format should begin. */
static enum vo_status nothing_there(const struct vo_source *source, struct vo_error *error)
{
    const struct vo_stream *stream = &source->stream;
    if (stream->fault == VO_STREAM_FAILED)
        return vo_error_set(error, VO_ERR_IO, "cannot read %s: %s", source->path,
                            strerror(stream->error_number));
    if (stream->fault == VO_STREAM_STOPPED)
        return vo_error_set(error, VO_ERR_IO, "interrupted while waiting for %s", source->path);
    if (stream->fault == VO_STREAM_GZIP_CORRUPT)
        return vo_error_set(error, VO_ERR_INPUT,
                            "%s is corrupt: its gzip data cannot be decompressed; copy it anew",
                            source->path);
    if (vo_stream_left(stream) > 0)
        return not_a_capture(source, error);
    return vo_error_set(error, VO_END, "%s is empty: no frame was ever written to it", source->path);
}

static enum vo_status read_header(struct vo_source *source, struct vo_error *error)
{
    if (!vo_stream_need(&source->stream, 4))
        return nothing_there(source, error);
    if (vo_pcap_begins(source->stream.at))
        return vo_pcap_open(source, error);
    if (vo_pcapng_begins(source->stream.at))
        return vo_pcapng_open(source, error);
    return not_a_capture(source, error);
}

enum vo_status vo_source_open(struct vo_capture *capture, const char *path, struct vo_source **opened,
                              struct vo_error *error)
{
    struct vo_source *source = calloc(1, sizeof *source);
    if (!source)
        return vo_error_memory(error, "a capture file");
    source->capture = capture;
    source->path = strcmp(path, "-") == 0 ? "standard input" : path;
    enum vo_status status = vo_stream_open(&source->stream, path, &capture->stop, error);
    if (status == VO_OK)
        status = read_header(source, error);
    if (status != VO_OK) {
        vo_source_close(source);
        return status;
    }
    *opened = source;
    return VO_OK;
}

void vo_source_close(struct vo_source *source)
{
    if (!source)
        return;
    vo_pcapng_close(source);
    vo_stream_close(&source->stream);
    free(source);
}

enum vo_status vo_source_cut(struct vo_source *source, struct vo_error *error)
{
    const struct vo_stream *stream = &source->stream;
    struct vo_capture *capture = source->capture;
    unsigned long long offset = vo_stream_offset(stream);
    switch (stream->fault) {
    case VO_STREAM_FAILED:
        return vo_error_set(error, VO_ERR_IO, "cannot read on in %s after byte %llu: %s", source->path,
                            (unsigned long long)stream->stored, strerror(stream->error_number));
    case VO_STREAM_STOPPED:
        break;
    case VO_STREAM_GZIP_CUT:
        vo_capture_tell(capture, "%s is cut: its gzip data ends early; the frames before that are used",
                        source->path);
        break;
    case VO_STREAM_GZIP_CORRUPT:
        vo_capture_tell(capture,
                        "%s is corrupt: its gzip data fails after byte %llu; the frames before that are used",
                        source->path, offset + vo_stream_left(stream));
        break;
    case VO_STREAM_SOUND:
        vo_capture_tell(capture, "%s is cut within the record at byte %llu; the frames before that are used",
                        source->path, offset);
        break;
    }
    capture->cut = true;
    return VO_END;
}

enum vo_status vo_source_ended(struct vo_source *source, struct vo_error *error)
{
    const struct vo_stream *stream = &source->stream;
    if (stream->fault == VO_STREAM_SOUND && vo_stream_left(stream) == 0)
        return VO_END;
    return vo_source_cut(source, error);
}

enum vo_status vo_source_lies(struct vo_source *source, uint64_t offset, const char *format, ...)
{
    char what[VO_ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    vo_capture_tell(source->capture, "%s is damaged at byte %llu: %s; the frames before that are used",
                    source->path, (unsigned long long)offset, what);
    source->capture->cut = true;
    return VO_END;
}

void vo_frame_strip(struct vo_frame *frame, uint32_t fcs)
{
    if (fcs > frame->length)
        return;
    frame->length -= fcs;
    if (frame->captured > frame->length)
        frame->captured = frame->length;
}
