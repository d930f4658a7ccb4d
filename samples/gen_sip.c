/* SIP dialogues with their SDP, over UDP or TCP, and RTCP. */
#include "samples/gen.h"

#include <stdarg.h>
#include <string.h>

#define ACK       16
#define ACK_PUSH  24
#define SYN       2
#define TCP_SPLIT 200 /* larger messages go in two segments */
#define MTU_PART  552 /* of IP payload, for fragments */
#define NTP_EPOCH 2208988800LL

struct text {
    char *at;
    size_t size;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text->at + text->size, GEN_TEXT_MAX - text->size, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= GEN_TEXT_MAX - text->size)
        gen_die("a SIP message is too long");
    text->size += (size_t)size;
}

/* RFC 8866; `side` 0 is the caller. */
static void add_sdp(struct text *text, const struct gen_call *call, int side, const char *direction)
{
    char address[64], names[256], *rest = NULL;
    const struct gen_address *media = &call->media[side];
    const char *family = media->six ? "IP6" : "IP4";
    gen_address_text(media, false, address);
    add(text, "v=0\r\no=- %u 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", 1000u + (unsigned)side, family,
        address, family, address);
    add(text, "m=audio %u %s", (unsigned)media->port, call->profile ? call->profile : "RTP/AVP");
    snprintf(names, sizeof names, "%s", call->codecs);
    for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        add(text, " %u", (unsigned)gen_codec(name)->type);
    add(text, "\r\n");
    snprintf(names, sizeof names, "%s", call->codecs);
    for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        add(text, "a=rtpmap:%u %s\r\n", (unsigned)gen_codec(name)->type, gen_codec(name)->rtpmap);
    if (call->ptime_ms)
        add(text, "a=ptime:%u\r\n", call->ptime_ms);
    add(text, "%sa=%s\r\n", call->attributes ? call->attributes : "", direction);
}

struct message {
    const char *method;             /* of the request or of what a response answers */
    const char *reason, *direction; /* direction NULL: no SDP */
    unsigned status;                /* 0: a request */
    bool from_caller;
};

static void add_headers(struct text *text, const struct gen_call *call, const struct message *message)
{
    char caller[64], callee[64], sender[64];
    gen_address_text(&call->path.from, true, caller);
    gen_address_text(&call->path.to, true, callee);
    gen_address_text(message->from_caller ? &call->path.from : &call->path.to, true, sender);
    if (message->status)
        add(text, "SIP/2.0 %u %s\r\n", message->status, message->reason);
    else
        add(text, "%s sip:bob@%s SIP/2.0\r\n", message->method, callee);
    add(text, "Via: SIP/2.0/%s %s;branch=z9hG4bK%s-%u%s\r\n", call->tcp ? "TCP" : "UDP", caller, call->id,
        call->cseq, strcmp(message->method, "ACK") == 0 ? "a" : "");
    if (!message->status)
        add(text, "Max-Forwards: 70\r\n");
    add(text, "From: <sip:alice@%s>;tag=a-%s\r\n", caller, call->id);
    bool first = !message->status && message->direction && call->cseq == 1;
    bool tagged = !first && message->status != 100;
    add(text, "To: <sip:bob@%s>%s%s\r\n", callee, tagged ? ";tag=b-" : "", tagged ? call->id : "");
    add(text, "Call-ID: %s\r\nCSeq: %u %s\r\n", call->id, call->cseq, message->method);
    add(text, "Contact: <sip:%s>\r\n", sender);
    if (call->padded && first)
        for (unsigned i = 0; i < 20; i++)
            add(text, "X-Padding-%02u: %060u\r\n", i, i);
}

static size_t compose(const struct gen_call *call, const struct message *message, char out[GEN_TEXT_MAX])
{
    char body[GEN_TEXT_MAX];
    struct text text = {.at = out}, sdp = {.at = body};
    if (message->direction)
        add_sdp(&sdp, call, message->from_caller ? 0 : 1, message->direction);
    add_headers(&text, call, message);
    if (sdp.size)
        add(&text, "Content-Type: application/sdp\r\n");
    add(&text, "Content-Length: %zu\r\n\r\n%.*s", sdp.size, (int)sdp.size, body);
    return text.size;
}

static const struct message dialogue[] = {
    {"INVITE", NULL, "sendrecv", 0, true},
    {"INVITE", "Trying", NULL, 100, false},
    {"INVITE", "Ringing", NULL, 180, false},
    {"INVITE", "OK", "sendrecv", 200, false},
    {"ACK", NULL, NULL, 0, true},
    {"BYE", NULL, NULL, 0, true},
    {"BYE", "OK", NULL, 200, false},
};

size_t gen_call_text(const struct gen_call *call, unsigned step, char text[GEN_TEXT_MAX], bool *from_caller)
{
    if (step >= sizeof dialogue / sizeof *dialogue)
        return 0;
    *from_caller = dialogue[step].from_caller;
    return compose(call, &dialogue[step], text);
}

/* --- sending --- */

static void send_segment(struct gen_call *call, vo_time time, bool from_caller, uint8_t flags,
                         const char *text, size_t size)
{
    uint8_t frame[GEN_FRAME_MAX];
    int side = from_caller ? 0 : 1;
    struct gen_path path = from_caller ? call->path : gen_reverse(call->path);
    struct gen_segment segment = {.sequence = call->tcp_next[side],
                                  .acknowledgement = flags & ACK ? call->tcp_next[!side] : 0,
                                  .flags = flags};
    gen_put(call->gen, time, &path, frame, gen_tcp(frame, &path, &segment, text, size));
    call->tcp_next[side] += (uint32_t)size + (flags & SYN ? 1 : 0);
}

/* A provisional 100 waits and shares the segment of the next message; a long message is cut in two. */
static void send_tcp(struct gen_call *call, vo_time time, const struct message *message, const char *text,
                     size_t size)
{
    char both[2 * GEN_TEXT_MAX];
    if (message->status == 100) {
        memcpy(call->held, text, size);
        call->held_size = size;
        return;
    }
    memcpy(both, call->held, call->held_size);
    memcpy(both + call->held_size, text, size);
    size += call->held_size;
    size_t first = call->held_size == 0 && size > TCP_SPLIT ? TCP_SPLIT : size;
    call->held_size = 0;
    send_segment(call, time, message->from_caller, ACK_PUSH, both, first);
    if (first < size)
        send_segment(call, time + GEN_MS / 2, message->from_caller, ACK_PUSH, both + first, size - first);
    send_segment(call, time + GEN_MS, !message->from_caller, ACK, NULL, 0);
}

static void send_udp(struct gen_call *call, vo_time time, const struct message *message, const char *text,
                     size_t size)
{
    uint8_t frame[GEN_FRAME_MAX];
    struct gen_path path = message->from_caller ? call->path : gen_reverse(call->path);
    size_t length;
    if (!call->fragments || size + 8 <= MTU_PART) {
        gen_put(call->gen, time, &path, frame, gen_udp(frame, &path, text, size));
        return;
    }
    /* The last fragment comes first. */
    unsigned count = (unsigned)((size + 8 + MTU_PART - 1) / MTU_PART);
    for (unsigned i = 0; (length = gen_fragment(frame, &path, text, size, MTU_PART, i)) != 0; i++)
        gen_put(call->gen, time + (i == count - 1 ? 0 : (i + 1) * GEN_MS / 20), &path, frame, length);
}

static void deliver(struct gen_call *call, vo_time time, const struct message *message)
{
    char text[GEN_TEXT_MAX];
    size_t size = compose(call, message, text);
    time += call->offset[message->from_caller ? 0 : 1];
    if (call->tcp)
        send_tcp(call, time, message, text, size);
    else
        send_udp(call, time, message, text, size);
}

static void shake_hands(struct gen_call *call, vo_time time)
{
    call->tcp_next[0] = 0xfffffe00u; /* the sequence numbers wrap within the dialogue */
    call->tcp_next[1] = 7000;
    send_segment(call, time, true, SYN, NULL, 0);
    send_segment(call, time + GEN_MS, false, SYN | ACK, NULL, 0);
    send_segment(call, time + 2 * GEN_MS, true, ACK, NULL, 0);
}

void gen_call_begin(struct gen_call *call, vo_time start, vo_time answer)
{
    const vo_time times[] = {start, start + 5 * GEN_MS, start + 100 * GEN_MS, answer, answer + 10 * GEN_MS};
    call->cseq = 1;
    if (call->tcp)
        shake_hands(call, start - 10 * GEN_MS);
    for (unsigned i = 0; i < GEN_CALL_SETUP; i++)
        deliver(call, times[i], &dialogue[i]);
}

void gen_call_again(struct gen_call *call, vo_time time, const char *direction)
{
    const char *answer = strcmp(direction, "sendonly") == 0 ? "recvonly" : direction;
    call->cseq++;
    deliver(call, time, &(struct message){"INVITE", NULL, direction, 0, true});
    deliver(call, time + 20 * GEN_MS, &(struct message){"INVITE", "OK", answer, 200, false});
    deliver(call, time + 30 * GEN_MS, &(struct message){"ACK", NULL, NULL, 0, true});
}

void gen_call_end(struct gen_call *call, vo_time time)
{
    call->cseq++;
    deliver(call, time, &dialogue[GEN_CALL_SETUP]);
    deliver(call, time + 10 * GEN_MS, &dialogue[GEN_CALL_SETUP + 1]);
}

/* --- RTCP --- */

/* RFC 3550 4, rounded down to 1/65536 s. */
static uint64_t ntp_of(vo_time time)
{
    uint64_t seconds = (uint64_t)(time / GEN_S + NTP_EPOCH), rest = (uint64_t)(time % GEN_S);
    return seconds << 32 | (rest << 32) / GEN_S;
}

uint32_t gen_ntp_middle(vo_time time)
{
    return (uint32_t)(ntp_of(time) >> 16);
}

static size_t put_report(uint8_t *at, const struct gen_report *report)
{
    gen_store32(at, report->about);
    gen_store32(at + 4, (uint32_t)report->fraction << 24 | ((uint32_t)report->lost & 0xffffff));
    gen_store32(at + 8, report->highest);
    gen_store32(at + 12, report->jitter);
    gen_store32(at + 16, report->last_report);
    gen_store32(at + 20, report->delay_since);
    return 24;
}

static size_t put_description(uint8_t *at, uint32_t ssrc)
{
    memset(at, 0, 20);
    gen_store16(at, 0x81ca);
    gen_store16(at + 2, 4);
    gen_store32(at + 4, ssrc);
    at[8] = 1; /* CNAME, and the null item that ends the chunk */
    at[9] = 8;
    snprintf((char *)at + 10, 9, "%08x", (unsigned)ssrc);
    return 20;
}

void gen_rtcp(struct gen *gen, vo_time time, const struct gen_path *path, const struct gen_rtcp *rtcp)
{
    uint8_t bytes[256], frame[GEN_FRAME_MAX];
    size_t size = 8;
    if (rtcp->ntp) {
        uint64_t ntp = ntp_of(rtcp->ntp);
        gen_store32(bytes + 8, (uint32_t)(ntp >> 32));
        gen_store32(bytes + 12, (uint32_t)ntp);
        gen_store32(bytes + 16, rtcp->rtp_timestamp);
        gen_store32(bytes + 20, rtcp->packets);
        gen_store32(bytes + 24, rtcp->octets);
        size = 28;
    }
    if (rtcp->report)
        size += put_report(bytes + size, rtcp->report);
    bytes[0] = (uint8_t)(2 << 6 | (rtcp->report ? 1 : 0));
    bytes[1] = rtcp->ntp ? 200 : 201;
    gen_store16(bytes + 2, (unsigned)size / 4 - 1);
    gen_store32(bytes + 4, rtcp->ssrc);
    size += put_description(bytes + size, rtcp->ssrc);
    if (rtcp->secure) { /* RFC 3711 3.4: E bit and index, then the tag */
        uint64_t noise = (uint64_t)time;
        for (size_t i = 8; i < size; i++)
            bytes[i] = (uint8_t)(gen_random(&noise) * 256);
        gen_store32(bytes + size, 0x80000001u);
        size += 4;
        for (unsigned i = 0; i < 10; i++)
            bytes[size++] = (uint8_t)(gen_random(&noise) * 256);
    }
    gen_put(gen, time, path, frame, gen_udp(frame, path, bytes, size));
}
