/* Collects the frames of a scenario, writes them in order of time, and the truth beside them. */
#include "samples/gen.h"

#include "probes/io/capture.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LINKTYPE_ETHERNET 1
#define SNAPLEN           65535

void gen_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("generate: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void *gen_room(void *array, size_t count, size_t *capacity, size_t item)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 1024;
    array = realloc(array, *capacity * item);
    if (!array)
        gen_die("out of memory");
    return array;
}

double gen_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

void gen_put(struct gen *gen, vo_time time, const struct gen_path *path, const uint8_t *frame, size_t size)
{
    gen->frames = gen_room(gen->frames, gen->frame_count, &gen->frame_capacity, sizeof *gen->frames);
    while (gen->byte_count + size > gen->byte_capacity)
        gen->bytes = gen_room(gen->bytes, gen->byte_capacity, &gen->byte_capacity, 1);
    memcpy(gen->bytes + gen->byte_count, frame, size);
    if (path->point == 1 && gen->clock_of_b)
        time = gen->clock_of_b(time);
    gen->frames[gen->frame_count] = (struct gen_frame){.time = time,
                                                       .order = gen->frame_count,
                                                       .at = gen->byte_count,
                                                       .size = (uint32_t)size,
                                                       .point = path->point,
                                                       .interface = path->interface};
    gen->frame_count++;
    gen->byte_count += size;
}

static int by_time(const void *left, const void *right)
{
    const struct gen_frame *a = left, *b = right;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void write_pcap(const struct gen *gen, unsigned point, const char *path)
{
    struct vo_error error;
    struct vo_capture_writer *writer;
    uint32_t snaplen = gen->snaplen ? gen->snaplen : SNAPLEN;
    enum vo_status status = vo_capture_create(path, LINKTYPE_ETHERNET, snaplen, &writer, &error);
    for (size_t i = 0; status == VO_OK && i < gen->frame_count; i++) {
        const struct gen_frame *frame = &gen->frames[i];
        uint32_t captured = frame->size < snaplen ? frame->size : snaplen;
        if (frame->point == point)
            status =
                vo_capture_write(writer, frame->time, gen->bytes + frame->at, captured, frame->size, &error);
    }
    if (status != VO_OK || vo_capture_finish(writer, &error) != VO_OK)
        gen_die("%s", error.message);
}

/* --- pcapng (draft-ietf-opsawg-pcapng): big-endian, which few writers use and every reader must know --- */

struct block {
    uint8_t bytes[GEN_FRAME_MAX + 256];
    size_t size;
};

static void add32(struct block *block, uint32_t value)
{
    gen_store32(block->bytes + block->size, value);
    block->size += 4;
}

static void add_padded(struct block *block, const void *bytes, size_t size)
{
    memcpy(block->bytes + block->size, bytes, size);
    memset(block->bytes + block->size + size, 0, 3);
    block->size += (size + 3) & ~(size_t)3;
}

static void add_option(struct block *block, unsigned code, const void *bytes, size_t size)
{
    add32(block, code << 16 | (uint32_t)size);
    add_padded(block, bytes, size);
}

static void add_time(struct block *block, vo_time time, bool nanoseconds)
{
    uint64_t units = (uint64_t)time / (nanoseconds ? 1 : 1000);
    add32(block, (uint32_t)(units >> 32));
    add32(block, (uint32_t)units);
}

static void begin(struct block *block, uint32_t type)
{
    block->size = 0;
    add32(block, type);
    add32(block, 0);
}

static void end_block(struct block *block, FILE *file)
{
    add32(block, (uint32_t)block->size + 4);
    gen_store32(block->bytes + 4, (uint32_t)block->size);
    if (fwrite(block->bytes, 1, block->size, file) != block->size)
        gen_die("cannot write the capture");
}

static void write_head(struct block *block, FILE *file)
{
    begin(block, 0x0a0d0d0a);
    add32(block, 0x1a2b3c4d);
    add32(block, 1u << 16);
    add32(block, UINT32_MAX);
    add32(block, UINT32_MAX);
    end_block(block, file);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t resolution = i == 0 ? 9 : 6;
        begin(block, 1);
        add32(block, LINKTYPE_ETHERNET << 16);
        add32(block, SNAPLEN);
        add_option(block, 2, i == 0 ? "eth0" : "eth1", 4);
        add_option(block, 9, &resolution, 1);
        add32(block, 0);
        end_block(block, file);
    }
}

static void write_statistics(const struct gen *gen, struct block *block, FILE *file, unsigned interface)
{
    uint64_t received = gen->interface_drops[interface];
    uint8_t number[8] = {0};
    for (size_t i = 0; i < gen->frame_count; i++)
        received += gen->frames[i].interface == interface;
    begin(block, 5);
    add32(block, interface);
    add_time(block, gen->frames[gen->frame_count - 1].time, interface == 0);
    gen_store32(number + 4, (uint32_t)received);
    add_option(block, 4, number, 8);
    gen_store32(number + 4, (uint32_t)gen->interface_drops[interface]);
    add_option(block, 5, number, 8);
    add32(block, 0);
    end_block(block, file);
}

static void write_pcapng(const struct gen *gen, const char *path)
{
    static struct block block;
    FILE *file = fopen(path, "wb");
    if (!file)
        gen_die("cannot write %s", path);
    write_head(&block, file);
    for (size_t i = 0; i < gen->frame_count; i++) {
        const struct gen_frame *frame = &gen->frames[i];
        begin(&block, 6);
        add32(&block, frame->interface);
        add_time(&block, frame->time, frame->interface == 0);
        add32(&block, frame->size);
        add32(&block, frame->size);
        add_padded(&block, gen->bytes + frame->at, frame->size);
        end_block(&block, file);
    }
    for (unsigned i = 0; i < 2; i++)
        write_statistics(gen, &block, file, i);
    if (fclose(file) != 0)
        gen_die("cannot write %s", path);
}

/* --- truth --- */

static void write_truth(const struct gen *gen, const char *scenario, const char *what, const char *path)
{
    struct vo_json_writer json = {0};
    vo_json_begin_object(&json);
    vo_json_put_string(&json, "scenario", scenario);
    vo_json_put_string(&json, "what", what);
    vo_json_key(&json, "streams");
    vo_json_begin_array(&json);
    for (size_t i = 0; i < gen->stream_count; i++)
        gen_stream_truth(gen->streams[i], &json);
    vo_json_end_array(&json);
    vo_json_key(&json, "facts");
    struct vo_json_writer facts = gen->facts;
    char *closed = malloc(facts.size + 3);
    if (!closed)
        gen_die("out of memory");
    int size = snprintf(closed, facts.size + 3, "{%.*s}", (int)facts.size, facts.data ? facts.data : "");
    vo_json_raw(&json, closed, (size_t)size);
    vo_json_end_object(&json);
    FILE *file = fopen(path, "w");
    if (!file || json.failed || fprintf(file, "%.*s\n", (int)json.size, json.data) < 0 || fclose(file) != 0)
        gen_die("cannot write %s", path);
    free(closed);
    vo_json_writer_release(&json);
}

/* OUT.pcap → OUT.b.pcap */
static void name_of_b(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);
    snprintf(name, size, "%.*s.b%s", (int)stem, path, path + stem);
}

void gen_finish(struct gen *gen, const char *scenario, const char *what, const char *path, const char *truth)
{
    bool two = false;
    for (size_t i = 0; i < gen->stream_count; i++)
        gen_stream_put(gen->streams[i]);
    qsort(gen->frames, gen->frame_count, sizeof *gen->frames, by_time);
    for (size_t i = 0; i < gen->frame_count; i++)
        two = two || gen->frames[i].point == 1;
    if (gen->pcapng)
        write_pcapng(gen, path);
    else
        write_pcap(gen, 0, path);
    if (two) {
        char name[4096];
        name_of_b(path, name, sizeof name);
        write_pcap(gen, 1, name);
    }
    if (truth)
        write_truth(gen, scenario, what, truth);
}

void gen_release(struct gen *gen)
{
    for (size_t i = 0; i < gen->stream_count; i++) {
        free(gen->streams[i]->packets);
        free(gen->streams[i]);
    }
    free(gen->frames);
    free(gen->bytes);
    vo_json_writer_release(&gen->facts);
}
