#include "probes/decode/sdp.h"

#include "probes/decode/packet.h"
#include "probes/decode/rtp.h"
#include "probes/decode/text.h"

struct parser {
    struct vo_sdp *sdp;
    struct vo_sdp_media *media; /* the section being read; NULL: the session */
    bool skipping;              /* a media section that is bad or one too many */
    bool own_connection;        /* the section has had its c= */
    struct {                    /* said by the session for every section */
        bool has_address, held, dtls;
        uint8_t address[16];
        enum vo_sdp_direction direction;
    } session;
};

static bool read_port(struct vo_span text, uint16_t *port)
{
    uint64_t number;
    if (!vo_span_number(text, &number) || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

/* "20" or "62.5"; what is no positive number below a minute stays untold. */
static double read_milliseconds(struct vo_span text)
{
    uint64_t whole, part = 0;
    struct vo_span fraction = text, integer = vo_span_cut(&fraction, '.');
    if (!vo_span_number(integer, &whole) || whole >= 60000)
        return 0;
    if (fraction.size > 9)
        fraction.size = 9;
    if (fraction.size > 0 && !vo_span_number(fraction, &part))
        return 0;
    double scaled = (double)part;
    for (uint32_t i = 0; i < fraction.size; i++)
        scaled /= 10;
    return (double)whole + scaled;
}

static void copy_text(char *to, size_t size, struct vo_span text)
{
    size_t count = text.size < size - 1 ? text.size : size - 1;
    memcpy(to, text.at, count);
    to[count] = '\0';
}

static bool contains(struct vo_span text, const char *part)
{
    size_t size = strlen(part);
    for (size_t i = 0; i + size <= text.size; i++)
        if (strncasecmp(text.at + i, part, size) == 0)
            return true;
    return false;
}

/* "IN IP4 224.2.1.1/127": true if it ends in an address literal. */
static bool read_address(struct vo_span *text, uint8_t address[16])
{
    struct vo_span network = vo_span_word(text);
    vo_span_word(text); /* IP4 or IP6: the literal tells by itself */
    struct vo_span rest = vo_span_word(text), literal = vo_span_cut(&rest, '/');
    return vo_span_is(network, "IN") && vo_address_parse(literal.at, literal.size, address);
}

/* 0.0.0.0, and :: as its counterpart */
static bool is_unspecified(const uint8_t address[16])
{
    static const uint8_t v4[16] = {[10] = 0xFF, [11] = 0xFF}, v6[16];
    return memcmp(address, v4, 16) == 0 || memcmp(address, v6, 16) == 0;
}

static struct vo_sdp_payload *find_payload(struct vo_sdp_media *media, struct vo_span text)
{
    uint64_t type;
    if (!vo_span_number(text, &type))
        return NULL;
    for (unsigned i = 0; i < media->payload_count; i++)
        if (media->payloads[i].type == type)
            return &media->payloads[i];
    return NULL;
}

/* ---- attributes ---- */

static void read_direction(struct parser *parser, struct vo_span value, enum vo_sdp_direction direction)
{
    (void)value;
    if (parser->media)
        parser->media->direction = direction;
    else
        parser->session.direction = direction;
}

static void read_sendrecv(struct parser *parser, struct vo_span value)
{
    read_direction(parser, value, VO_SDP_SENDRECV);
}

static void read_sendonly(struct parser *parser, struct vo_span value)
{
    read_direction(parser, value, VO_SDP_SENDONLY);
}

static void read_recvonly(struct parser *parser, struct vo_span value)
{
    read_direction(parser, value, VO_SDP_RECVONLY);
}

static void read_inactive(struct parser *parser, struct vo_span value)
{
    read_direction(parser, value, VO_SDP_INACTIVE);
}

static void read_fingerprint(struct parser *parser, struct vo_span value)
{
    (void)value;
    if (parser->media)
        parser->media->dtls = true;
    else
        parser->session.dtls = true;
}

static void read_crypto(struct parser *parser, struct vo_span value)
{
    (void)value;
    parser->media->sdes = parser->media->secure = true;
}

/* "97 iLBC/8000/1". Without a clock rate it is no rtpmap, and RFC 3551 stands. */
static void read_rtpmap(struct parser *parser, struct vo_span value)
{
    uint64_t clock, channels;
    struct vo_sdp_payload *payload = find_payload(parser->media, vo_span_word(&value));
    struct vo_span codec = vo_span_cut(&value, '/'), rate = vo_span_cut(&value, '/');
    codec = vo_span_trim(codec);
    if (!payload || codec.size == 0 || !vo_span_number(vo_span_trim(rate), &clock) || clock == 0 ||
        clock > UINT32_MAX)
        return;
    copy_text(payload->codec, sizeof payload->codec, codec);
    payload->clock_hz = (uint32_t)clock;
    bool told = vo_span_number(vo_span_trim(value), &channels) && channels > 0 && channels <= UINT8_MAX;
    payload->channels = told ? (uint8_t)channels : 1;
}

static void read_fmtp(struct parser *parser, struct vo_span value)
{
    struct vo_sdp_payload *payload = find_payload(parser->media, vo_span_word(&value));
    if (payload)
        payload->fmtp = vo_span_trim(value);
}

static void read_ptime(struct parser *parser, struct vo_span value)
{
    parser->media->ptime_ms = read_milliseconds(vo_span_word(&value));
}

static void read_maxptime(struct parser *parser, struct vo_span value)
{
    parser->media->maxptime_ms = read_milliseconds(vo_span_word(&value));
}

/* RFC 3605: "53020" or "53020 IN IP4 192.0.2.4" */
static void read_rtcp(struct parser *parser, struct vo_span value)
{
    struct vo_sdp_media *media = parser->media;
    if (read_port(vo_span_word(&value), &media->rtcp_port))
        media->has_rtcp_address = read_address(&value, media->rtcp_address);
}

static void read_rtcp_mux(struct parser *parser, struct vo_span value)
{
    (void)value;
    parser->media->rtcp_mux = true;
}

/* RFC 8839 5.1: "1 1 UDP 2130706431 192.0.2.1 8998 typ host". TCP and names (mDNS) lead to no RTP that is
 * seen. */
static void read_candidate(struct parser *parser, struct vo_span value)
{
    struct vo_sdp_media *media = parser->media;
    struct vo_sdp_candidate candidate;
    uint64_t component = 0;
    vo_span_word(&value); /* foundation */
    bool good = vo_span_number(vo_span_word(&value), &component) && component > 0 && component <= UINT8_MAX;
    good &= vo_span_is(vo_span_word(&value), "UDP");
    vo_span_word(&value); /* priority */
    struct vo_span address = vo_span_word(&value);
    if (!good || !vo_address_parse(address.at, address.size, candidate.address) ||
        !read_port(vo_span_word(&value), &candidate.port) || candidate.port == 0)
        return;
    candidate.component = (uint8_t)component;
    if (media->candidate_count < VO_SDP_CANDIDATES)
        media->candidates[media->candidate_count++] = candidate;
    else
        parser->sdp->truncated = true;
}

static const struct attribute {
    const char *name;
    void (*read)(struct parser *parser, struct vo_span value);
    bool session; /* the session may say it for every section */
} attributes[] = {
    {"rtpmap", read_rtpmap, false},       {"fmtp", read_fmtp, false},
    {"candidate", read_candidate, false}, {"ptime", read_ptime, false},
    {"maxptime", read_maxptime, false},   {"rtcp", read_rtcp, false},
    {"rtcp-mux", read_rtcp_mux, false},   {"rtcp-mux-only", read_rtcp_mux, false}, /* RFC 8858 */
    {"crypto", read_crypto, false},       {"fingerprint", read_fingerprint, true},
    {"sendrecv", read_sendrecv, true},    {"sendonly", read_sendonly, true},
    {"recvonly", read_recvonly, true},    {"inactive", read_inactive, true},
};

static void read_attribute(struct parser *parser, struct vo_span value)
{
    struct vo_span name = vo_span_trim(vo_span_cut(&value, ':'));
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (!vo_span_is(name, attributes[i].name))
            continue;
        if (parser->media || attributes[i].session)
            attributes[i].read(parser, vo_span_trim(value));
        return;
    }
}

/* ---- lines ---- */

/* "alice 2890844526 2890844527 IN IP4 192.0.2.1" */
static void read_origin(struct parser *parser, struct vo_span value)
{
    struct vo_span user = vo_span_word(&value), id = vo_span_word(&value), version = vo_span_word(&value);
    if (version.size == 0)
        return;
    parser->sdp->origin = vo_span_between(user.at, vo_span_end(id));
    if (!vo_span_number(version, &parser->sdp->version))
        parser->sdp->version = 0;
    vo_span_word(&value); /* IN */
    vo_span_word(&value); /* IP4, IP6 */
    struct vo_span address = vo_span_word(&value);
    if (address.size > 0)
        parser->sdp->origin_address = address;
}

/* Of several c= lines of a section (layered multicast) the first counts. */
static void read_connection(struct parser *parser, struct vo_span value)
{
    uint8_t address[16] = {0};
    bool known = read_address(&value, address), held = known && is_unspecified(address);
    if (!parser->media) {
        parser->session.has_address = known;
        parser->session.held = held;
        memcpy(parser->session.address, address, 16);
    } else if (!parser->own_connection) {
        parser->own_connection = true;
        parser->media->has_address = known;
        parser->media->held = held;
        memcpy(parser->media->address, address, 16);
    }
}

/* Payload types of the m= line, with what RFC 3551 says of them until an rtpmap says otherwise. */
static void read_payloads(struct parser *parser, struct vo_span formats)
{
    struct vo_sdp_media *media = parser->media;
    for (struct vo_span word = vo_span_word(&formats); word.size > 0; word = vo_span_word(&formats)) {
        uint64_t type;
        if (!vo_span_number(word, &type) || type > 127 || find_payload(media, word))
            continue;
        if (media->payload_count == VO_SDP_PAYLOADS) {
            parser->sdp->truncated = true;
            return;
        }
        struct vo_sdp_payload *payload = &media->payloads[media->payload_count++];
        const struct vo_rtp_static *known = vo_rtp_static_payload((uint8_t)type);
        payload->type = (uint8_t)type;
        payload->channels = known ? known->channels : 1;
        if (!known)
            continue;
        copy_text(payload->codec, sizeof payload->codec,
                  (struct vo_span){known->codec, (uint32_t)strlen(known->codec)});
        payload->clock_hz = known->clock_hz;
    }
}

/* Settles what depends on several lines of the section that ends. */
static void end_media(struct parser *parser)
{
    struct vo_sdp_media *media = parser->media;
    if (!media)
        return;
    if (media->rtcp_mux || media->port == 0)
        media->rtcp_port = media->port;
    else if (media->rtcp_port == 0 && media->port < UINT16_MAX)
        media->rtcp_port = (uint16_t)(media->port + 1);
}

/* "audio 49170/2 RTP/AVP 0 8 97" */
static void read_media(struct parser *parser, struct vo_span value)
{
    end_media(parser);
    parser->media = NULL;
    parser->skipping = true;
    parser->own_connection = false;
    uint16_t number;
    struct vo_span kind = vo_span_word(&value), count = vo_span_word(&value), port = vo_span_cut(&count, '/');
    struct vo_span profile = vo_span_word(&value);
    if (profile.size == 0 || !read_port(port, &number))
        return;
    if (parser->sdp->media_count == VO_SDP_MEDIA) {
        parser->sdp->truncated = true;
        return;
    }
    struct vo_sdp_media *media = &parser->sdp->media[parser->sdp->media_count++];
    memset(media, 0, sizeof *media);
    parser->media = media;
    parser->skipping = false;
    copy_text(media->kind, sizeof media->kind, kind);
    for (char *at = media->kind; *at; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20) : *at;
    media->port = number;
    media->secure = contains(profile, "SAVP") || contains(profile, "TLS");
    media->has_address = parser->session.has_address;
    media->held = parser->session.held;
    memcpy(media->address, parser->session.address, 16);
    media->direction = parser->session.direction;
    media->dtls = parser->session.dtls;
    if (contains(profile, "AVP"))
        read_payloads(parser, value);
}

static void read_line(struct parser *parser, struct vo_span line)
{
    if (line.size < 2 || line.at[1] != '=')
        return;
    struct vo_span value = vo_span_trim((struct vo_span){line.at + 2, line.size - 2});
    if (line.at[0] == 'm')
        read_media(parser, value);
    else if (parser->skipping)
        return;
    else if (line.at[0] == 'a')
        read_attribute(parser, value);
    else if (line.at[0] == 'c')
        read_connection(parser, value);
    else if (line.at[0] == 'o')
        read_origin(parser, value);
}

bool vo_sdp_decode(const char *text, uint32_t size, struct vo_sdp *sdp)
{
    struct vo_span rest = vo_span_trim((struct vo_span){text, size});
    /* The sections are cleared as they begin: most of them never are used. */
    sdp->origin = sdp->origin_address = (struct vo_span){NULL, 0};
    sdp->version = 0;
    sdp->media_count = 0;
    sdp->truncated = false;
    if (!vo_span_begins(rest, "v="))
        return false;
    struct parser parser = {.sdp = sdp};
    while (rest.size > 0)
        read_line(&parser, vo_span_trim(vo_span_cut(&rest, '\n')));
    end_media(&parser);
    return true;
}

const struct vo_sdp_payload *vo_sdp_find_payload(const struct vo_sdp_media *media, uint8_t type)
{
    for (unsigned i = 0; i < media->payload_count; i++)
        if (media->payloads[i].type == type)
            return &media->payloads[i];
    return NULL;
}
