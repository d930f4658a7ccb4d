/*
 * The SBC's media ports without a responder: one packet in the shape of RTP or RTCP (RFC 3550 5.1, 6.4.2),
 * and once more, to each port of a sample. Only an ICMP error says something: that it was rejected on its
 * way, and by whom, or that nobody listens at the SBC, where ports are open during calls only. Silence proves
 * nothing.
 *
 * Nothing is sent, and nothing written, if there is a responder, which tells more; so this waits until that
 * is known.
 */
#include "probes/reach/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STAGGER (60 * VO_NS_PER_MS)  /* between ports: routers limit their ICMP errors (RFC 1812 4.3.2.8) */
#define SPACING (300 * VO_NS_PER_MS) /* between the two packets to a port */
#define RTP     172                  /* bytes: 20 ms of G.711 */
#define RTCP    8                    /* an empty receiver report */
#define PACKETS 2

struct media {
    struct vo_timer timer;
    struct vo_udp *udp;
    struct vo_icmp_error icmp;
    vo_time give_up; /* waiting for word of the responder */
    unsigned sent;
};

static void end(struct vo_check *check)
{
    struct media *media = check->state;
    vo_loop_cancel(check->reach->loop, &media->timer);
    vo_udp_close(media->udp);
    media->udp = NULL;
    vo_check_done(check);
}

static void end_missing(struct vo_check *check, const char *why)
{
    vo_check_put_untried(check, NULL, NULL, why);
    end(check);
}

static void end_known(struct vo_check *check, const char *state)
{
    const struct media *media = check->state;
    struct vo_record_writer *writer = check->reach->writer;
    char text[VO_ICMP_TEXT], offender[VO_SOCKADDR_TEXT];
    vo_check_observe(check);
    vo_observe_state(writer, VO_METRIC_REACH_STATE, state);
    vo_observe_missing(writer, VO_METRIC_REACH_CONNECT_MS, "no answer: %s", state);
    vo_observe_label_number(writer, "requests", media->sent);
    vo_observe_label(writer, "icmp", vo_icmp_format(&media->icmp, text));
    if (media->icmp.has_offender)
        vo_observe_label(writer, "offender", vo_sockaddr_format(&media->icmp.offender, offender));
    if (strcmp(state, "closed") == 0)
        vo_observe_label(writer, "not_applicable",
                         "the packet reached the SBC's address, where no call has this port open now: "
                         "whether media comes back is known only with a responder");
    vo_observe_end(writer);
    end(check);
}

static void on_icmp(void *context, const struct vo_icmp_error *icmp)
{
    struct vo_check *check = context;
    struct media *media = check->state;
    const char *state = vo_icmp_state(icmp, &check->address);
    if (!state || check->done)
        return;
    media->icmp = *icmp;
    end_known(check, state);
}

static void send_packet(const struct media *media, uint16_t port)
{
    uint8_t packet[RTP] = {0x80};
    bool rtcp = port % 2;
    packet[1] = rtcp ? 201 : 0;
    packet[3] = (uint8_t)(rtcp ? RTCP / 4 - 1 : media->sent);
    memcpy(packet + (rtcp ? 4 : 8), "VORD", 4); /* SSRC */
    memset(packet + 12, 0xd5, sizeof packet - 12);
    vo_udp_send(media->udp, packet, rtcp ? RTCP : RTP);
}

static bool open_socket(struct vo_check *check, struct vo_error *error)
{
    struct media *media = check->state;
    struct vo_udp_config config = {
        .to = check->address, .local_port = check->demand->local_port, .context = check, .icmp = on_icmp};
    return vo_udp_open(check->reach->loop, &config, &media->udp, error) == VO_OK;
}

/* Whether a responder is there; false: not known yet. */
static bool is_decided(const struct vo_check *check, bool *there, vo_time now)
{
    const struct vo_reach *reach = check->reach;
    const struct media *media = check->state;
    *there = reach->responder_heard;
    return *there || !reach->site->responder.address || reach->responder_lost || now >= media->give_up;
}

static void on_due(void *context)
{
    struct vo_check *check = context;
    struct media *media = check->state;
    struct vo_loop *loop = check->reach->loop;
    struct vo_error error;
    vo_time now = vo_loop_now(loop), next = now + SPACING;
    bool there;
    if (!is_decided(check, &there, now)) {
        next = now + STAGGER;
    } else if (there) {
        end(check);
        return;
    } else if (!media->udp) {
        if (!open_socket(check, &error)) {
            end_missing(check, error.message);
            return;
        }
        next = now + check->demand->local_port % 8 * STAGGER;
    } else if (media->sent == PACKETS) {
        end_missing(check, "the SBC's media port was silent, which proves nothing without a responder");
        return;
    } else {
        send_packet(media, check->demand->port);
        media->sent++;
    }
    if (!vo_loop_set(loop, &media->timer, next))
        end_missing(check, "out of memory");
}

static void start(struct vo_check *check)
{
    struct media *media = calloc(1, sizeof *media);
    vo_time now = vo_loop_now(check->reach->loop), timeout = check->reach->timeout;
    check->state = media;
    if (media) {
        media->timer = (struct vo_timer){.due = on_due, .context = check};
        media->give_up = now + timeout + timeout / 4;
    }
    if (media && vo_loop_set(check->reach->loop, &media->timer, now))
        return;
    vo_check_put_untried(check, NULL, NULL, "out of memory");
    vo_check_done(check);
}

static void stop(struct vo_check *check)
{
    if (check->state && !check->done)
        end_missing(check, "stopped before it was known");
}

static void leave(struct vo_check *check)
{
    struct media *media = check->state;
    if (!media)
        return;
    vo_loop_cancel(check->reach->loop, &media->timer);
    vo_udp_close(media->udp);
    free(media);
    check->state = NULL;
}

const struct vo_check_kind vo_check_media = {.name = "media", .start = start, .stop = stop, .free = leave};
