/*
 * Many calls at once, written as fast as the disk takes them. Every frame of a stream is the same but for its
 * IP id, sequence number, timestamp and the checksums that follow; so one frame a stream is built, and
 * changed.
 */
#include "samples/gen.h"

#include "probes/io/capture.h"

#include <stdlib.h>
#include <string.h>

#define PAYLOAD     160
#define FRAME       (14 + 20 + 8 + 12 + PAYLOAD)
#define IP_AT       14
#define UDP_AT      34
#define RTP_AT      42
#define TICK        (20 * GEN_MS)
#define JITTER      (2 * GEN_MS)
#define SETUP       (2 * GEN_S)  /* all calls are set up within this time */
#define MESSAGE_GAP (4 * GEN_MS) /* between the messages of a dialogue */

struct side {
    uint8_t frame[FRAME];
    uint32_t ip_sum, udp_sum; /* of the frame with zeros where it changes */
    uint32_t timestamp;
    uint16_t sequence, id;
    unsigned skipped; /* not written since the last packet: lost once another one follows */
    vo_time phase;    /* within a tick */
    uint64_t written;
};

struct due {
    vo_time at; /* within the tick */
    uint32_t side;
};

struct bench {
    const struct gen_bench *wish;
    struct vo_capture_writer *writer;
    struct side *sides; /* two a call */
    size_t count;
    uint64_t random, written, lost;
};

static struct gen_path call_path(size_t call, uint16_t port)
{
    struct gen_path path = {.from = gen_ip("10.1.0.0", port), .to = gen_ip("10.2.0.0", port), .dscp = 46};
    uint8_t host[] = {(uint8_t)(call / 250), (uint8_t)(call % 250 + 1)};
    memcpy(path.from.bytes + 2, host, 2);
    memcpy(path.to.bytes + 2, host, 2);
    return path;
}

static void write_frame(struct bench *bench, vo_time time, const uint8_t *frame, size_t size)
{
    struct vo_error error;
    if (vo_capture_write(bench->writer, time, frame, (uint32_t)size, (uint32_t)size, &error) != VO_OK)
        gen_die("%s", error.message);
}

/* Messages `from` to before `to` of all calls, in order of time: a call's messages all follow within its
 * slot. */
static void write_dialogues(struct bench *bench, vo_time start, unsigned from, unsigned to)
{
    size_t calls = bench->count / 2;
    if (calls == 0)
        return;
    vo_time slot = (SETUP - 100 * GEN_MS) / (vo_time)calls,
            gap = slot / 8 < MESSAGE_GAP ? slot / 8 : MESSAGE_GAP;
    for (size_t i = 0; i < calls; i++) {
        char id[32], text[GEN_TEXT_MAX];
        uint8_t frame[GEN_FRAME_MAX];
        snprintf(id, sizeof id, "bench-%zu", i);
        struct gen_call call = {.id = id, .path = call_path(i, 5060), .codecs = "PCMU", .ptime_ms = 20};
        call.path.dscp = 40;
        call.cseq = from < GEN_CALL_SETUP ? 1 : 2;
        call.media[0] = call_path(i, 20000).from;
        call.media[1] = call_path(i, 20000).to;
        for (unsigned step = from; step < to; step++) {
            bool from_caller;
            size_t size = gen_call_text(&call, step, text, &from_caller);
            struct gen_path path = from_caller ? call.path : gen_reverse(call.path);
            write_frame(bench, start + (vo_time)i * slot + (step - from) * gap, frame,
                        gen_udp(frame, &path, text, size));
        }
    }
}

static uint32_t sum_of(const uint8_t *bytes, size_t size)
{
    return (uint16_t)~gen_checksum(0, bytes, size);
}

static void prepare(struct bench *bench, size_t index)
{
    struct side *side = &bench->sides[index];
    struct gen_path path = call_path(index / 2, 20000);
    uint8_t rtp[12 + PAYLOAD] = {2 << 6};
    if (index & 1)
        path = gen_reverse(path);
    gen_store32(rtp + 8, 0x40000000u + (uint32_t)index);
    for (size_t i = 0; i < PAYLOAD; i++)
        rtp[12 + i] = (uint8_t)(gen_random(&bench->random) * 256);
    gen_udp(side->frame, &path, rtp, sizeof rtp);
    gen_store16(side->frame + IP_AT + 4, 0);
    gen_store16(side->frame + IP_AT + 10, 0);
    side->ip_sum = sum_of(side->frame + IP_AT, 20);
    side->udp_sum = (uint16_t) ~((unsigned)side->frame[UDP_AT + 6] << 8 | side->frame[UDP_AT + 7]);
    side->sequence = (uint16_t)(gen_random(&bench->random) * 65536);
    side->timestamp = (uint32_t)(gen_random(&bench->random) * 0x1p32);
    side->phase = (vo_time)(gen_random(&bench->random) * (double)(TICK - JITTER));
}

static uint16_t folded(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void write_packet(struct bench *bench, struct side *side, vo_time time)
{
    uint8_t *frame = side->frame;
    unsigned marker = side->written == 0 ? 0x80 : 0;
    side->id++;
    gen_store16(frame + IP_AT + 4, side->id);
    gen_store16(frame + IP_AT + 10, folded(side->ip_sum + side->id));
    frame[RTP_AT + 1] = (uint8_t)marker;
    gen_store16(frame + RTP_AT + 2, side->sequence);
    gen_store32(frame + RTP_AT + 4, side->timestamp);
    uint16_t sum = folded(side->udp_sum + marker + side->sequence + (side->timestamp >> 16) +
                          (side->timestamp & 0xffff));
    gen_store16(frame + UDP_AT + 6, sum ? sum : 0xffff);
    write_frame(bench, time, frame, FRAME);
    bench->lost += side->skipped;
    side->skipped = 0;
    side->written++;
    bench->written++;
}

static int by_time(const void *left, const void *right)
{
    const struct due *a = left, *b = right;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* One packet of every stream, unless it is lost. */
static void write_tick(struct bench *bench, vo_time start, struct due *due)
{
    for (size_t i = 0; i < bench->count; i++)
        due[i] = (struct due){bench->sides[i].phase + (vo_time)(gen_random(&bench->random) * (double)JITTER),
                              (uint32_t)i};
    qsort(due, bench->count, sizeof *due, by_time);
    for (size_t i = 0; i < bench->count && bench->written < (uint64_t)bench->wish->packets; i++) {
        struct side *side = &bench->sides[due[i].side];
        if (side->written == 0 || gen_random(&bench->random) * 100 >= bench->wish->loss_percent)
            write_packet(bench, side, start + due[i].at);
        else
            side->skipped++;
        side->sequence++;
        side->timestamp += PAYLOAD;
    }
}

static void write_truth(const struct bench *bench, const char *path)
{
    struct vo_json_writer json = {0};
    vo_json_begin_object(&json);
    vo_json_put_string(&json, "scenario", "bench");
    vo_json_put_integer(&json, "calls", (int64_t)bench->count / 2);
    vo_json_put_integer(&json, "streams", (int64_t)bench->count);
    vo_json_put_integer(&json, "rtp_packets", (int64_t)bench->written);
    vo_json_put_integer(&json, "rtp_lost_packets", (int64_t)bench->lost);
    vo_json_end_object(&json);
    FILE *file = fopen(path, "w");
    if (!file || json.failed || fprintf(file, "%.*s\n", (int)json.size, json.data) < 0 || fclose(file) != 0)
        gen_die("cannot write %s", path);
    vo_json_writer_release(&json);
}

void gen_bench(const struct gen_bench *wish, const char *path, const char *truth)
{
    struct vo_error error;
    struct bench bench = {
        .wish = wish, .count = (size_t)wish->streams / 2 * 2, .random = (uint64_t)wish->seed};
    bench.sides = calloc(bench.count, sizeof *bench.sides);
    struct due *due = calloc(bench.count, sizeof *due);
    if (!bench.sides || !due)
        gen_die("out of memory");
    if (vo_capture_create(path, 1, 65535, &bench.writer, &error) != VO_OK)
        gen_die("%s", error.message);
    for (size_t i = 0; i < bench.count; i++)
        prepare(&bench, i);
    write_dialogues(&bench, GEN_START, 0, GEN_CALL_SETUP);
    vo_time time = GEN_START + SETUP;
    for (; bench.written < (uint64_t)wish->packets; time += TICK)
        write_tick(&bench, time, due);
    write_dialogues(&bench, time, GEN_CALL_SETUP, GEN_CALL_SETUP + 2);
    if (vo_capture_finish(bench.writer, &error) != VO_OK)
        gen_die("%s", error.message);
    if (truth)
        write_truth(&bench, truth);
    free(bench.sides);
    free(due);
}
