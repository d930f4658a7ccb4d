/* Plans of streams, their RTP packets, and the truth counted from the plan. */
#include "samples/gen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COPY_AFTER  (300 * 1000LL) /* ns between a packet and its copy */
#define WINDOW_S    300
#define RTP_HEADER  12
#define TAG_SIZE    10 /* SRTP: HMAC-SHA1-80 */
#define CODEC_COUNT (sizeof codecs / sizeof *codecs)

static const struct gen_codec codecs[] = {
    {"PCMU", "PCMU/8000", 0, 8000, 160, 160},
    {"PCMA", "PCMA/8000", 8, 8000, 160, 160},
    {"G722", "G722/8000", 9, 8000, 160, 160}, /* RFC 3551 4.5.2: samples at 16,000, clock 8000 */
    {"opus", "opus/48000/2", 111, 48000, 960, 80},
    {"telephone-event", "telephone-event/8000", 101, 8000, 160, 4},
    {"CN", "CN/8000", 13, 8000, 160, 1},
};

const struct gen_codec *gen_codec(const char *name)
{
    for (size_t i = 0; i < CODEC_COUNT; i++)
        if (strcmp(codecs[i].name, name) == 0)
            return &codecs[i];
    gen_die("no codec %s", name);
}

void gen_use_codec(struct gen_stream *stream, const char *codec)
{
    const struct gen_codec *it = gen_codec(codec);
    if (!stream->codec)
        stream->codec = it->name;
    stream->type = it->type;
    stream->clock_hz = it->clock_hz;
    stream->step = it->step;
    stream->size = it->size;
}

static struct gen_stream *new_stream(struct gen *gen)
{
    struct gen_stream *stream = calloc(1, sizeof *stream);
    if (!stream || gen->stream_count == GEN_STREAMS)
        gen_die("too many streams");
    gen->streams[gen->stream_count++] = stream;
    stream->gen = gen;
    return stream;
}

struct gen_stream *gen_stream(struct gen *gen, const struct gen_path *path, const char *codec, uint32_t ssrc,
                              vo_time start)
{
    struct gen_stream *stream = new_stream(gen);
    stream->path = *path;
    stream->ssrc = ssrc;
    stream->interval = 20 * GEN_MS;
    stream->jitter_ms = 2;
    stream->next_exact = (double)(start - GEN_START);
    stream->next = start;
    stream->position = 1000 + (int64_t)(gen_random(&gen->random) * 20000);
    stream->timestamp = (uint32_t)(gen_random(&gen->random) * 0x1p32);
    stream->marker = true;
    gen_use_codec(stream, codec);
    return stream;
}

struct gen_stream *gen_stream_again(const struct gen_stream *stream, const struct gen_path *path,
                                    vo_time delay)
{
    struct gen_stream *again = new_stream(stream->gen);
    *again = *stream;
    again->path = *path;
    again->expected_count = 0;
    again->packets = calloc(stream->capacity, sizeof *again->packets);
    if (!again->packets)
        gen_die("out of memory");
    memcpy(again->packets, stream->packets, stream->count * sizeof *again->packets);
    for (size_t i = 0; i < again->count; i++) {
        again->packets[i].time += delay;
        again->packets[i].ideal += delay;
    }
    return again;
}

static void advance(struct gen_stream *stream, double intervals)
{
    stream->next_exact += intervals * (double)stream->interval / (1 + stream->fast);
    stream->next = GEN_START + (vo_time)llround(stream->next_exact);
}

struct gen_packet *gen_talk(struct gen_stream *stream, size_t count)
{
    size_t first = stream->count;
    for (size_t i = 0; i < count; i++) {
        stream->packets =
            gen_room(stream->packets, stream->count, &stream->capacity, sizeof *stream->packets);
        double jitter_ns = gen_random(&stream->gen->random) * stream->jitter_ms * 1e6;
        stream->packets[stream->count++] = (struct gen_packet){
            .time = stream->next + (vo_time)jitter_ns,
            .ideal = stream->next,
            .position = stream->position++,
            .timestamp = stream->timestamp,
            .size = stream->size,
            .type = stream->type,
            .marker = stream->marker,
            .segment = stream->segment,
        };
        stream->marker = false;
        stream->timestamp += stream->step;
        advance(stream, 1);
    }
    return stream->packets + first;
}

void gen_silence(struct gen_stream *stream, double seconds, bool timestamps_run)
{
    double intervals = seconds * 1e9 / (double)stream->interval;
    advance(stream, intervals);
    if (timestamps_run)
        stream->timestamp += (uint32_t)(int64_t)llround(intervals * stream->step);
    stream->marker = true;
}

void gen_expect(struct gen_stream *stream, const char *metric, double value)
{
    if (stream->expected_count == GEN_EXPECTED)
        gen_die("too many expectations");
    stream->expected[stream->expected_count++] = (struct gen_expected){.metric = metric, .value = value};
}

void gen_expect_state(struct gen_stream *stream, const char *metric, const char *state)
{
    gen_expect(stream, metric, 0);
    stream->expected[stream->expected_count - 1].state = state;
}

/* Payload bytes: a repeating pattern, so that captures compress; noise where it is encrypted. */
static void fill(const struct gen_stream *stream, const struct gen_packet *packet, uint8_t *at)
{
    uint64_t noise = (uint64_t)packet->position * 77 + stream->ssrc;
    for (size_t i = 0; i < packet->size; i++)
        at[i] = stream->secure ? (uint8_t)(gen_random(&noise) * 256) : (uint8_t)(0xd5 ^ (i * 7 & 0x1f));
    if (packet->type == 111 && !stream->secure)
        at[0] = 15 << 3; /* Opus TOC: hybrid, fullband, 20 ms, one frame (RFC 6716 3.1) */
    memcpy(at, packet->head, packet->head_size);
}

static size_t put_rtp(const struct gen_stream *stream, const struct gen_packet *packet, uint8_t *at)
{
    at[0] = 2 << 6;
    at[1] = (uint8_t)(packet->marker << 7 | packet->type);
    gen_store16(at + 2, (unsigned)packet->position & 0xffff);
    gen_store32(at + 4, packet->timestamp);
    gen_store32(at + 8, stream->ssrc);
    fill(stream, packet, at + RTP_HEADER);
    size_t size = RTP_HEADER + packet->size;
    if (stream->secure) {
        uint64_t noise = (uint64_t)packet->position + stream->ssrc;
        for (size_t i = 0; i < TAG_SIZE; i++)
            at[size++] = (uint8_t)(gen_random(&noise) * 256);
    }
    return size;
}

void gen_stream_put(const struct gen_stream *stream)
{
    uint8_t rtp[GEN_FRAME_MAX], frame[GEN_FRAME_MAX];
    for (size_t i = 0; i < stream->count; i++) {
        const struct gen_packet *packet = &stream->packets[i];
        if (packet->dropped)
            continue;
        size_t size = gen_udp(frame, &stream->path, rtp, put_rtp(stream, packet, rtp));
        for (unsigned copy = 0; copy <= packet->copies; copy++)
            gen_put(stream->gen, packet->time + copy * COPY_AFTER, &stream->path, frame, size);
    }
}

/* --- truth --- */

struct arrival {
    vo_time time;
    size_t order;
    const struct gen_packet *packet;
};

struct counts {
    uint64_t packets, unique, expected, duplicates, reordered, restarts;
    uint64_t jitter_updates;
    double jitter_ms, jitter_max_ms, jitter_sum_ms;
};

static int by_time(const void *left, const void *right)
{
    const struct arrival *a = left, *b = right;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static vo_time shown(const struct gen_stream *stream, vo_time time)
{
    vo_time (*clock)(vo_time) = stream->gen->clock_of_b;
    return stream->path.point == 1 && clock ? clock(time) : time;
}

static struct arrival *arrivals_of(const struct gen_stream *stream, size_t *count)
{
    struct arrival *arrivals = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t i = 0; i < stream->count; i++) {
        const struct gen_packet *packet = &stream->packets[i];
        for (unsigned copy = 0; !packet->dropped && copy <= packet->copies; copy++) {
            arrivals = gen_room(arrivals, *count, &capacity, sizeof *arrivals);
            arrivals[*count] =
                (struct arrival){shown(stream, packet->time + copy * COPY_AFTER), *count, packet};
            ++*count;
        }
    }
    if (arrivals)
        qsort(arrivals, *count, sizeof *arrivals, by_time);
    return arrivals;
}

/* Which arrivals bring a sequence number that had come already. */
static bool *find_duplicates(const struct arrival *arrivals, size_t count)
{
    int64_t lowest = INT64_MAX, highest = INT64_MIN;
    unsigned segments = 0;
    for (size_t i = 0; i < count; i++) {
        const struct gen_packet *packet = arrivals[i].packet;
        lowest = packet->position < lowest ? packet->position : lowest;
        highest = packet->position > highest ? packet->position : highest;
        segments = packet->segment >= segments ? packet->segment + 1 : segments;
    }
    size_t range = count ? (size_t)(highest - lowest + 1) : 0;
    bool *seen = calloc(range * segments + 1, 1), *duplicate = calloc(count + 1, 1);
    if (!seen || !duplicate)
        gen_die("out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct gen_packet *packet = arrivals[i].packet;
        bool *cell = &seen[packet->segment * range + (size_t)(packet->position - lowest)];
        duplicate[i] = *cell;
        *cell = true;
    }
    free(seen);
    return duplicate;
}

/* RFC 3550 A.8 in floating point, over first copies of media in order of arrival. */
static void update_jitter(const struct gen_stream *stream, struct counts *counts,
                          const struct arrival *arrival, const struct arrival *previous)
{
    double clock = stream->clock_hz;
    double ticks = (double)(arrival->time - previous->time) * clock / 1e9 -
                   (double)(int32_t)(arrival->packet->timestamp - previous->packet->timestamp);
    counts->jitter_ms += (fabs(ticks) * 1000 / clock - counts->jitter_ms) / 16;
    counts->jitter_max_ms = fmax(counts->jitter_max_ms, counts->jitter_ms);
    counts->jitter_sum_ms += counts->jitter_ms;
    counts->jitter_updates++;
}

static struct counts count(const struct gen_stream *stream)
{
    struct counts counts = {0};
    size_t total;
    struct arrival *arrivals = arrivals_of(stream, &total);
    const struct arrival *media = NULL;
    bool *duplicate = find_duplicates(arrivals, total);
    int64_t lowest = 0, highest = 0;
    for (size_t i = 0; i < total; i++) {
        const struct gen_packet *packet = arrivals[i].packet;
        counts.packets++;
        if (i == 0 || packet->segment != arrivals[i - 1].packet->segment) {
            counts.expected += i == 0 ? 0 : (uint64_t)(highest - lowest + 1);
            counts.restarts += i > 0;
            lowest = highest = packet->position;
            media = NULL;
        }
        counts.duplicates += duplicate[i];
        counts.unique += !duplicate[i];
        counts.reordered += !duplicate[i] && packet->position < highest;
        lowest = packet->position < lowest ? packet->position : lowest;
        highest = packet->position > highest ? packet->position : highest;
        if (duplicate[i] || packet->untimed)
            continue;
        if (media)
            update_jitter(stream, &counts, &arrivals[i], media);
        media = &arrivals[i];
    }
    counts.expected += total ? (uint64_t)(highest - lowest + 1) : 0;
    free(arrivals);
    free(duplicate);
    return counts;
}

/* Worst loss of any 300 s that begin at a whole second; lost packets stand where they would have come.
 * Duplicates are not looked for: scenarios that ask for this have none. */
static double worst_percent(const struct gen_stream *stream)
{
    vo_time first = stream->packets[0].time;
    int64_t seconds = (stream->packets[stream->count - 1].time - first) / GEN_S + 1;
    uint32_t *expected = calloc((size_t)seconds + 1, sizeof *expected),
             *lost = calloc((size_t)seconds + 1, sizeof *lost);
    double worst = 0;
    if (!expected || !lost)
        gen_die("out of memory");
    for (size_t i = 0; i < stream->count; i++) {
        const struct gen_packet *packet = &stream->packets[i];
        int64_t second = ((packet->dropped ? packet->ideal : packet->time) - first) / GEN_S;
        expected[second]++;
        lost[second] += packet->dropped;
    }
    for (int64_t start = 0; start == 0 || start + WINDOW_S <= seconds; start++) {
        uint64_t all = 0, gone = 0;
        for (int64_t s = start; s < start + WINDOW_S && s < seconds; s++) {
            all += expected[s];
            gone += lost[s];
        }
        if (all)
            worst = fmax(worst, 100.0 * (double)gone / (double)all);
    }
    free(expected);
    free(lost);
    return worst;
}

static void write_metrics(const struct gen_stream *stream, struct vo_json_writer *json)
{
    struct counts counts = count(stream);
    uint64_t lost = counts.expected - counts.unique;
    vo_json_key(json, "metrics");
    vo_json_begin_object(json);
    vo_json_put_integer(json, "rtp_packets", (int64_t)counts.packets);
    vo_json_put_integer(json, "rtp_unique_packets", (int64_t)counts.unique);
    vo_json_put_integer(json, "rtp_expected_packets", (int64_t)counts.expected);
    vo_json_put_integer(json, "rtp_lost_packets", (int64_t)lost);
    vo_json_put_integer(json, "rtp_duplicate_packets", (int64_t)counts.duplicates);
    vo_json_put_integer(json, "rtp_reordered_packets", (int64_t)counts.reordered);
    vo_json_put_integer(json, "rtp_restarts", (int64_t)counts.restarts);
    if (counts.expected)
        vo_json_put_number(json, "rtp_loss_percent", 100.0 * (double)lost / (double)counts.expected);
    if (stream->peak)
        vo_json_put_number(json, "rtp_loss_peak_5min_percent", worst_percent(stream));
    if (counts.jitter_updates && !stream->no_jitter) {
        vo_json_put_number(json, "rtp_jitter_ms", counts.jitter_ms);
        vo_json_put_number(json, "rtp_jitter_mean_ms", counts.jitter_sum_ms / (double)counts.jitter_updates);
        vo_json_put_number(json, "rtp_jitter_max_ms", counts.jitter_max_ms);
    }
    vo_json_put_number(json, "rtp_dscp_46_percent", stream->path.dscp == 46 ? 100 : 0);
    for (size_t i = 0; i < stream->expected_count; i++)
        if (!stream->expected[i].state)
            vo_json_put_number(json, stream->expected[i].metric, stream->expected[i].value);
    vo_json_end_object(json);
}

static void write_labels(const struct gen_stream *stream, struct vo_json_writer *json)
{
    vo_json_key(json, "labels");
    vo_json_begin_object(json);
    vo_json_put_string(json, "codec", stream->codec);
    vo_json_put_integer(json, "clock_hz", stream->clock_hz);
    if (stream->call_id)
        vo_json_put_string(json, "call_id", stream->call_id);
    vo_json_end_object(json);
}

void gen_stream_truth(const struct gen_stream *stream, struct vo_json_writer *json)
{
    static const char *const tunnels[] = {"", "@vlan100", "@vlan100/vlan200", "@vxlan5001", "@gre"};
    char id[256], from[64], to[64];
    snprintf(id, sizeof id, "%s>%s#0x%08x%s", gen_address_text(&stream->path.from, true, from),
             gen_address_text(&stream->path.to, true, to), (unsigned)stream->ssrc,
             tunnels[stream->path.tunnel]);
    vo_json_begin_object(json);
    vo_json_put_string(json, "id", id);
    vo_json_put_string(json, "point", stream->path.point ? "b" : "a");
    vo_json_put_integer(json, "dscp", stream->path.dscp);
    write_labels(stream, json);
    write_metrics(stream, json);
    vo_json_key(json, "states");
    vo_json_begin_object(json);
    for (size_t i = 0; i < stream->expected_count; i++)
        if (stream->expected[i].state)
            vo_json_put_string(json, stream->expected[i].metric, stream->expected[i].state);
    vo_json_end_object(json);
    vo_json_end_object(json);
}
