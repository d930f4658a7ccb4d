#include "probes/flow/call.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS    VO_NS_PER_MS
#define S     VO_NS_PER_S
#define BEGIN (1700000000 * S) /* of every capture here */

enum { CALLER, CALLEE };

struct fixture {
    struct vo_calls *calls;
    unsigned bound, evicted;
    struct vo_binding last_bound;
};

static void on_bound(void *context, const struct vo_binding *binding)
{
    struct fixture *fixture = context;
    fixture->bound++;
    fixture->last_bound = *binding;
    assert_ptr_equal(vo_calls_binding(fixture->calls, binding->address, binding->port), binding);
}

static void on_evicted(void *context, struct vo_call *call)
{
    struct fixture *fixture = context;
    fixture->evicted++;
    free(call->user);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    const struct vo_calls_handler handler = {fixture, on_bound, on_evicted};
    fixture->calls = vo_calls_new(&handler);
    *state = fixture;
    return fixture->calls ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    size_t count = vo_calls_count(fixture->calls);
    vo_calls_free(fixture->calls);
    bool all = fixture->evicted == count;
    free(fixture);
    return all ? 0 : -1;
}

static void parse(const char *text, uint8_t address[16])
{
    assert_true(vo_address_parse(text, strlen(text), address));
}

static const struct vo_binding *binding_at(const struct fixture *fixture, const char *text, uint16_t port)
{
    uint8_t address[16];
    parse(text, address);
    return vo_calls_binding(fixture->calls, address, port);
}

/* ---- messages ---- */

/* Who sends to whom: hosts by name, port 5060. */
#define A     "192.0.2.1" /* the caller's phone */
#define B     "192.0.2.2" /* the callee's */
#define PROXY "192.0.2.9"

/* One message. Members that are NULL take what is usual in a call of alice to bob. */
struct message {
    const char *start;             /* "INVITE sip:bob@b SIP/2.0" or "SIP/2.0 180 Ringing" */
    const char *cseq;              /* "1 INVITE" */
    const char *from_tag, *to_tag; /* NULL: "a" and none */
    const char *branch, *call_id, *headers, *body;
    const char *source, *destination;
    uint8_t dscp;
    bool by_bob; /* From is bob: a request of the callee, or its response */
    enum vo_sip_transport transport;
};

static void tell(struct fixture *fixture, int64_t ms, const struct message *m)
{
    char text[4096];
    const char *alice = m->by_bob ? "sip:bob@b.example" : "sip:alice@a.example";
    const char *bob = m->by_bob ? "sip:alice@a.example" : "sip:bob@b.example";
    int size = snprintf(text, sizeof text,
                        "%s\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%s\r\nFrom: <%s>%s%s\r\nTo: <%s>%s%s\r\n"
                        "Call-ID: %s\r\nCSeq: %s\r\n%s%s\r\n%s",
                        m->start, m->branch ? m->branch : m->cseq, alice,
                        m->from_tag && !*m->from_tag ? "" : ";tag=", m->from_tag ? m->from_tag : "a", bob,
                        m->to_tag ? ";tag=" : "", m->to_tag ? m->to_tag : "",
                        m->call_id ? m->call_id : "one@a.example", m->cseq, m->headers ? m->headers : "",
                        m->body ? "Content-Type: application/sdp\r\n" : "", m->body ? m->body : "");
    assert_in_range(size, 1, sizeof text - 1);
    uint8_t *exact = malloc((size_t)size); /* so that the sanitizer sees what is kept beyond the call */
    memcpy(exact, text, (size_t)size);
    struct vo_sip sip;
    assert_int_equal(vo_sip_decode(exact, (uint32_t)size, false, &sip), VO_SIP_MESSAGE);
    struct vo_packet packet = {
        .source_port = 5060, .destination_port = 5060, .protocol = 17, .dscp = m->dscp};
    parse(m->source, packet.source);
    parse(m->destination, packet.destination);
    vo_calls_add(fixture->calls, &sip, &packet, BEGIN + ms * MS, m->transport);
    free(exact);
}

#define INVITE  "INVITE sip:bob@b.example SIP/2.0"
#define ACK     "ACK sip:bob@b.example SIP/2.0"
#define BYE     "BYE sip:bob@b.example SIP/2.0"
#define CANCEL  "CANCEL sip:bob@b.example SIP/2.0"
#define OK      "SIP/2.0 200 OK"
#define TRYING  "SIP/2.0 100 Trying"
#define RINGING "SIP/2.0 180 Ringing"

/* tell_a(…): from alice's host to bob's; tell_b(…): the other way. The rest are members of struct message. */
#define tell_a(ms, line, number, ...)                                                                        \
    tell(fixture, ms,                                                                                        \
         &(struct message){.start = line, .cseq = number, .source = A, .destination = B, __VA_ARGS__})
#define tell_b(ms, line, number, ...)                                                                        \
    tell(fixture, ms,                                                                                        \
         &(struct message){.start = line, .cseq = number, .source = B, .destination = A, __VA_ARGS__})

#define SDP(user, version, address, port, lines)                                                             \
    "v=0\r\no=" user " 7 " version " IN IP4 " address "\r\ns=-\r\nc=IN IP4 " address "\r\nt=0 0\r\n"         \
    "m=audio " port " RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n" lines

#define OFFER  SDP("alice", "1", "198.51.100.1", "4000", "a=ptime:20\r\n")
#define ANSWER SDP("bob", "1", "198.51.100.2", "5000", "a=ptime:20\r\n")

/* INVITE at 0, 100 at 10, 180 at 100, 200 at 3000, ACK at 3020. */
static void answered_call(struct fixture *fixture)
{
    tell_a(0, INVITE, "1 INVITE", .body = OFFER);
    tell_b(10, TRYING, "1 INVITE");
    tell_b(100, RINGING, "1 INVITE", .to_tag = "b");
    tell_b(3000, OK, "1 INVITE", .to_tag = "b", .body = ANSWER);
    tell_a(3020, ACK, "1 ACK", .to_tag = "b");
}

static struct vo_call *only_call(const struct fixture *fixture)
{
    assert_int_equal(vo_calls_count(fixture->calls), 1);
    return vo_calls_first(fixture->calls);
}

#define assert_time(time, ms) assert_int_equal(time, BEGIN + (int64_t)(ms)*MS)
#define assert_unknown(time)  assert_int_equal(time, VO_TIME_UNKNOWN)

#define assert_close(value, expected) assert_true(fabs((value) - (expected)) < 1e-9)

/* ---- outcomes ---- */

static void test_answered(void **state)
{
    struct fixture *fixture = *state;
    answered_call(fixture);
    tell_a(63000, BYE, "2 BYE", .to_tag = "b", .headers = "Reason: Q.850;cause=16;text=\"Normal\"\r\n");
    tell_b(63010, OK, "2 BYE", .to_tag = "b");
    struct vo_call *call = only_call(fixture);
    assert_string_equal(call->id, "one@a.example");
    assert_string_equal(call->caller, "sip:alice@a.example");
    assert_string_equal(call->callee, "sip:bob@b.example");
    assert_true(call->invite);
    assert_time(call->first, 0);
    assert_time(call->invited, 0);
    assert_time(call->progressed, 100);
    assert_time(call->ringing, 100);
    assert_time(call->answered, 3000);
    assert_time(call->acknowledged, 3020);
    assert_time(call->ended, 63000);
    assert_time(call->last, 63010);
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_int_equal(call->final_code, 200);
    assert_int_equal(call->hangup, VO_HANGUP_CALLER);
    assert_string_equal(call->hangup_reason, "Q.850;cause=16;text=\"Normal\"");
    assert_int_equal(call->packets[CALLER], 3); /* INVITE, ACK, BYE */
    assert_int_equal(call->packets[CALLEE], 4); /* 100, 180, 200, 200 */
    assert_int_equal(call->retransmissions, 0);
    assert_close(vo_call_post_dial_ms(call), 100);
    assert_string_equal(call->origin[CALLER], "alice 7 198.51.100.1");
    assert_string_equal(call->origin[CALLEE], "bob 7 198.51.100.2");
    assert_true(call->media_announced[CALLER] && call->media_announced[CALLEE]);
    assert_int_equal(call->holds, 0);
}

static void test_ladder(void **state)
{
    struct fixture *fixture = *state;
    answered_call(fixture);
    static const char *const texts[] = {"INVITE", "100 Trying", "180 Ringing", "200 OK", "ACK"};
    const struct vo_call *call = only_call(fixture);
    uint8_t a[16], b[16];
    parse(A, a);
    parse(B, b);
    assert_int_equal(call->ladder_count, 5);
    for (unsigned i = 0; i < 5; i++) {
        const struct vo_ladder *line = &call->ladder[i];
        bool from_a = i == 0 || i == 4;
        assert_string_equal(line->text, texts[i]);
        assert_int_equal(line->cseq, 1);
        assert_int_equal(line->sdp, i == 0 || i == 3);
        assert_memory_equal(line->source, from_a ? a : b, 16);
        assert_memory_equal(line->destination, from_a ? b : a, 16);
        assert_int_equal(line->source_port, 5060);
        assert_int_equal(line->status, i == 1 ? 100 : i == 2 ? 180 : i == 3 ? 200 : 0);
        assert_false(line->retransmission);
    }
    assert_time(call->ladder[3].time, 3000);
}

static void test_ladder_text_is_printable(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    /* BEL, a lone lead byte, CSI as C1, then é that is well-formed */
    tell_b(1,
           "SIP/2.0 480 a\ab\xC3"
           "c\xC2\x9B"
           "d\xC3\xA9",
           "1 INVITE");
    /* "486 " and 42 more bytes are 46: with the two of é there were none left for the NUL */
    tell_b(2, "SIP/2.0 486 0123456789012345678901234567890123456789ab\xC3\xA9z", "1 INVITE");
    const struct vo_call *call = only_call(fixture);
    assert_string_equal(call->ladder[1].text, "480 a?b?c??d\xC3\xA9");
    assert_string_equal(call->ladder[2].text, "486 0123456789012345678901234567890123456789ab");
}

static void test_ladder_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    for (int i = 1; i <= 300; i++) {
        char cseq[32];
        snprintf(cseq, sizeof cseq, "%d INFO", i + 1);
        tell_a(i, "INFO sip:bob@b.example SIP/2.0", cseq, .to_tag = "b");
    }
    tell_a(301, "INFO sip:bob@b.example SIP/2.0", "301 INFO", .to_tag = "b"); /* the last one again */
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->ladder_count, VO_CALL_LADDER);
    assert_int_equal(call->ladder_left_out, 302 - VO_CALL_LADDER);
    assert_int_equal(call->packets[CALLER], 302);
    assert_int_equal(call->retransmissions, 1); /* told beyond the ladder's end, too */
}

static void test_callee_hangs_up(void **state)
{
    struct fixture *fixture = *state;
    answered_call(fixture);
    tell_b(9000, BYE, "77 BYE", .by_bob = true, .from_tag = "b", .to_tag = "a");
    tell_a(9010, OK, "77 BYE", .by_bob = true, .from_tag = "b", .to_tag = "a");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->hangup, VO_HANGUP_CALLEE);
    assert_time(call->ended, 9000);
    assert_null(call->hangup_reason);
    assert_int_equal(call->packets[CALLER], 3); /* INVITE, ACK, 200 to the BYE */
    assert_int_equal(call->packets[CALLEE], 4); /* 100, 180, 200, BYE */
}

static void test_challenges(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE", .body = OFFER);
    tell_b(20, "SIP/2.0 407 Proxy Authentication Required", "1 INVITE", .to_tag = "p");
    assert_int_equal(only_call(fixture)->state, VO_CALL_REJECTED); /* as long as the caller does not go on */
    assert_int_equal(only_call(fixture)->final_code, 407);
    tell_a(21, ACK, "1 ACK", .to_tag = "p");
    tell_a(40, INVITE, "2 INVITE", .body = OFFER);
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->state, VO_CALL_IN_PROGRESS);
    assert_int_equal(call->final_code, 0);
    assert_unknown(call->ended);
    tell_b(50, "SIP/2.0 407 Proxy Authentication Required", "1 INVITE", .to_tag = "p", .branch = "late");
    assert_int_equal(call->final_code, 0);
    tell_b(60, "SIP/2.0 401 Unauthorized", "2 INVITE", .to_tag = "q");
    tell_a(70, INVITE, "3 INVITE", .to_tag = "q", .body = OFFER); /* some keep the tag */
    assert_int_equal(call->final_code, 0);
    tell_b(250, RINGING, "3 INVITE", .to_tag = "b");
    tell_b(900, OK, "3 INVITE", .to_tag = "b", .body = ANSWER);
    tell_a(910, ACK, "3 ACK", .to_tag = "b");
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_int_equal(call->final_code, 200);
    assert_time(call->invited, 0);
    assert_time(call->answered, 900);
    assert_time(call->acknowledged, 910);
    assert_unknown(call->ended);
    assert_close(vo_call_post_dial_ms(call), 250); /* what the caller waited, challenges included */
}

static void test_redirected(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    tell_b(20, "SIP/2.0 302 Moved Temporarily", "1 INVITE", .to_tag = "r");
    tell_a(40, INVITE, "2 INVITE");
    tell_b(90, "SIP/2.0 480 Temporarily Unavailable", "2 INVITE", .to_tag = "s");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->final_code, 480);
    assert_int_equal(call->state, VO_CALL_REJECTED);
    assert_time(call->ended, 90);
    assert_close(vo_call_post_dial_ms(call), 90);
}

static void test_cancelled(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    tell_b(100, RINGING, "1 INVITE", .to_tag = "b");
    tell_a(5000, CANCEL, "1 CANCEL", .branch = "1 INVITE", .headers = "Reason: SIP;cause=200\r\n");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->state, VO_CALL_CANCELLED); /* already without a 487 */
    assert_int_equal(call->final_code, 0);
    tell_b(5010, OK, "1 CANCEL");
    tell_b(5020, "SIP/2.0 487 Request Terminated", "1 INVITE", .to_tag = "b");
    tell_a(5030, ACK, "1 ACK", .to_tag = "b");
    assert_int_equal(call->state, VO_CALL_CANCELLED);
    assert_int_equal(call->final_code, 487);
    assert_time(call->ended, 5000);
    assert_unknown(call->answered);
    assert_unknown(call->acknowledged);
    assert_string_equal(call->hangup_reason, "SIP;cause=200");
    assert_int_equal(call->hangup, VO_HANGUP_UNSEEN); /* no BYE */
    assert_close(vo_call_post_dial_ms(call), 100);
}

static void test_cancel_comes_too_late(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    tell_a(500, CANCEL, "1 CANCEL", .branch = "1 INVITE", .headers = "Reason: SIP;cause=200\r\n");
    tell_b(510, OK, "1 INVITE", .to_tag = "b");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_unknown(call->ended);
    assert_null(call->hangup_reason);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *line;
        uint16_t code;
        enum vo_call_state state;
    } cases[] = {
        {"SIP/2.0 486 Busy Here", 486, VO_CALL_REJECTED},
        {"SIP/2.0 603 Decline", 603, VO_CALL_REJECTED},
        {"SIP/2.0 404 Not Found", 404, VO_CALL_REJECTED},
        {"SIP/2.0 480 Gone", 480, VO_CALL_REJECTED},
        {"SIP/2.0 600 Busy Everywhere", 600, VO_CALL_REJECTED},
        {"SIP/2.0 302 Moved", 302, VO_CALL_REJECTED},
        {"SIP/2.0 408 Request Timeout", 408, VO_CALL_FAILED},
        {"SIP/2.0 500 Error", 500, VO_CALL_FAILED},
        {"SIP/2.0 503 Service Unavailable", 503, VO_CALL_FAILED},
        {"SIP/2.0 487 Terminated", 487, VO_CALL_CANCELLED},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char id[32];
        snprintf(id, sizeof id, "refused-%zu", i);
        tell_a(0, INVITE, "1 INVITE", .call_id = id);
        tell_b(30, cases[i].line, "1 INVITE", .call_id = id, .to_tag = "b");
        tell_a(31, ACK, "1 ACK", .call_id = id, .to_tag = "b");
    }
    const struct vo_call *call = vo_calls_first(fixture->calls);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++, call = call->next) {
        assert_int_equal(call->final_code, cases[i].code);
        assert_int_equal(call->state, cases[i].state);
        assert_time(call->ended, 30);
        assert_unknown(call->answered);
        if (cases[i].code == 487) /* it answers the CANCEL: nothing told how the call went before */
            assert_true(isnan(vo_call_post_dial_ms(call)));
        else
            assert_close(vo_call_post_dial_ms(call), 30);
    }
    assert_null(call);
}

static void test_unanswered(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    tell_a(500, INVITE, "1 INVITE"); /* T1 */
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->retransmissions, 1);
    vo_calls_finish(fixture->calls, BEGIN + 31999 * MS);
    assert_int_equal(call->state, VO_CALL_IN_PROGRESS);
    vo_calls_finish(fixture->calls, BEGIN + 32000 * MS);
    assert_int_equal(call->state, VO_CALL_UNANSWERED);
    assert_true(isnan(vo_call_post_dial_ms(call)));
    assert_unknown(call->ended);
}

static void test_messages_of_others_tell_the_time(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    tell_a(0, INVITE, "1 INVITE", .call_id = "tried");
    tell_b(5, TRYING, "1 INVITE", .call_id = "tried");
    tell_a(40000, INVITE, "1 INVITE", .call_id = "new");
    vo_calls_finish(fixture->calls, VO_TIME_UNKNOWN);
    const struct vo_call *call = vo_calls_first(fixture->calls);
    assert_int_equal(call->state, VO_CALL_UNANSWERED);
    assert_int_equal(call->next->state, VO_CALL_IN_PROGRESS);       /* somebody responded */
    assert_int_equal(call->next->next->state, VO_CALL_IN_PROGRESS); /* it is too early */
}

static void test_challenged_then_unanswered(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    tell_b(10, "SIP/2.0 407 Auth", "1 INVITE", .to_tag = "p");
    tell_a(20, INVITE, "2 INVITE");
    vo_calls_finish(fixture->calls, BEGIN + 32019 * MS);
    assert_int_equal(only_call(fixture)->state, VO_CALL_IN_PROGRESS);
    vo_calls_finish(fixture->calls, BEGIN + 32020 * MS); /* 32 s after the INVITE that got no response */
    assert_int_equal(only_call(fixture)->state, VO_CALL_UNANSWERED);
}

static void test_early_media(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE", .body = OFFER);
    tell_b(200, "SIP/2.0 183 Session Progress", "1 INVITE", .to_tag = "b", .body = ANSWER);
    const struct vo_call *call = only_call(fixture);
    assert_time(call->progressed, 200);
    assert_unknown(call->ringing);
    assert_close(vo_call_post_dial_ms(call), 200);
    assert_int_equal(call->state, VO_CALL_IN_PROGRESS);
    assert_non_null(binding_at(fixture, "198.51.100.2", 5000)); /* before any answer */
    unsigned bound = fixture->bound;
    tell_b(900, RINGING, "1 INVITE", .to_tag = "b");
    tell_b(2000, OK, "1 INVITE", .to_tag = "b", .body = ANSWER);
    assert_time(call->ringing, 900);
    assert_time(call->progressed, 200);
    assert_int_equal(fixture->bound, bound); /* nothing new */
}

static void test_answer_without_ringing(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    tell_b(10, TRYING, "1 INVITE");
    tell_b(42, OK, "1 INVITE", .to_tag = "b");
    assert_close(vo_call_post_dial_ms(only_call(fixture)), 42);
    assert_unknown(only_call(fixture)->progressed);
}

static void test_time_that_steps_back(void **state)
{
    struct fixture *fixture = *state;
    tell_a(1000, INVITE, "1 INVITE");
    tell_b(900, RINGING, "1 INVITE", .to_tag = "b");
    const struct vo_call *call = only_call(fixture);
    assert_true(isnan(vo_call_post_dial_ms(call))); /* no negative delay */
    assert_time(call->first, 900);
    assert_time(call->last, 1000);
}

/* ---- captures that begin late ---- */

static void test_begins_with_bye(void **state)
{
    struct fixture *fixture = *state;
    tell_b(0, BYE, "9 BYE", .by_bob = true, .from_tag = "b", .to_tag = "a");
    tell_a(10, OK, "9 BYE", .by_bob = true, .from_tag = "b", .to_tag = "a");
    const struct vo_call *call = only_call(fixture);
    assert_false(call->invite);
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_string_equal(call->caller, "sip:bob@b.example"); /* who spoke first in the capture */
    assert_int_equal(call->hangup, VO_HANGUP_CALLER);
    assert_time(call->ended, 0);
    assert_unknown(call->invited);
    assert_unknown(call->answered);
    assert_int_equal(call->final_code, 0);
    assert_true(isnan(vo_call_post_dial_ms(call)));
}

static void test_begins_with_response_to_bye(void **state)
{
    struct fixture *fixture = *state;
    tell_b(0, OK, "9 BYE", .to_tag = "b");
    const struct vo_call *call = only_call(fixture);
    assert_string_equal(call->caller, "sip:alice@a.example"); /* From stays the requester's */
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_int_equal(call->hangup, VO_HANGUP_CALLER);
    assert_int_equal(call->packets[CALLEE], 1);
    assert_int_equal(call->packets[CALLER], 0);
}

static void test_begins_before_the_answer(void **state)
{
    struct fixture *fixture = *state;
    tell_b(0, RINGING, "1 INVITE", .to_tag = "b");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->state, VO_CALL_IN_PROGRESS);
    tell_b(700, OK, "1 INVITE", .to_tag = "b", .body = ANSWER);
    tell_a(720, ACK, "1 ACK", .to_tag = "b");
    assert_false(call->invite);
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_time(call->answered, 700);
    assert_time(call->acknowledged, 720);
    assert_true(isnan(vo_call_post_dial_ms(call)));
    assert_false(binding_at(fixture, "198.51.100.2", 5000)->caller);
}

static void test_begins_in_the_middle(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, "UPDATE sip:bob@b.example SIP/2.0", "4 UPDATE", .to_tag = "b");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->state, VO_CALL_IN_PROGRESS); /* it may still ring */
    tell_a(100, INVITE, "5 INVITE", .to_tag = "b");
    tell_b(110, "SIP/2.0 488 Not Acceptable Here", "5 INVITE", .to_tag = "b");
    assert_int_equal(call->state, VO_CALL_IN_PROGRESS); /* a refused change does not end a call */
    assert_int_equal(call->final_code, 0);
    tell_b(200, INVITE, "8 INVITE", .by_bob = true, .from_tag = "b", .to_tag = "a");
    tell_a(210, OK, "8 INVITE", .by_bob = true, .from_tag = "b", .to_tag = "a");
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_unknown(call->answered); /* when, nobody saw */
    assert_false(call->invite);
    assert_unknown(call->invited);
}

static void test_response_captured_before_its_invite(void **state)
{
    struct fixture *fixture = *state;
    tell_b(1, TRYING, "1 INVITE");
    tell_a(0, INVITE, "1 INVITE", .body = OFFER);
    tell_b(80, RINGING, "1 INVITE", .to_tag = "b");
    const struct vo_call *call = only_call(fixture);
    assert_true(call->invite);
    assert_time(call->invited, 0);
    assert_close(vo_call_post_dial_ms(call), 80);
    vo_calls_finish(fixture->calls, BEGIN + 60 * S);
    assert_int_equal(call->state, VO_CALL_IN_PROGRESS);
}

static void test_answer_not_captured(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    tell_b(100, RINGING, "1 INVITE", .to_tag = "b");
    tell_a(5000, BYE, "2 BYE", .to_tag = "b");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_unknown(call->answered);
    /* but an early dialog is ended so, too: then the INVITE is refused */
    tell_b(5010, "SIP/2.0 487 Request Terminated", "1 INVITE", .to_tag = "b");
    assert_int_equal(call->state, VO_CALL_CANCELLED);
    assert_time(call->ended, 5000);
}

/* ---- hops, retransmissions, forks ---- */

#define hop(ms, from, to, line, number, via, ...)                                                            \
    tell(fixture, ms,                                                                                        \
         &(struct message){                                                                                  \
             .start = line, .cseq = number, .branch = via, .source = from, .destination = to, __VA_ARGS__})

static void test_proxy_path(void **state)
{
    struct fixture *fixture = *state;
    hop(0, A, PROXY, INVITE, "1 INVITE", "a1", .body = OFFER);
    hop(1, PROXY, A, TRYING, "1 INVITE", "a1");
    hop(2, PROXY, B, INVITE, "1 INVITE", "p1", .body = OFFER);
    hop(5, B, PROXY, TRYING, "1 INVITE", "p1");
    hop(80, B, PROXY, RINGING, "1 INVITE", "p1", .to_tag = "b");
    hop(82, PROXY, A, RINGING, "1 INVITE", "a1", .to_tag = "b");
    hop(900, B, PROXY, OK, "1 INVITE", "p1", .to_tag = "b", .body = ANSWER);
    hop(902, PROXY, A, OK, "1 INVITE", "a1", .to_tag = "b", .body = ANSWER);
    hop(920, A, PROXY, ACK, "1 ACK", "a2", .to_tag = "b");
    hop(922, PROXY, B, ACK, "1 ACK", "p2", .to_tag = "b");
    hop(5000, B, PROXY, BYE, "1 BYE", "b3", .by_bob = true, .from_tag = "b", .to_tag = "a");
    hop(5002, PROXY, A, BYE, "1 BYE", "p3", .by_bob = true, .from_tag = "b", .to_tag = "a");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->retransmissions, 0);
    assert_close(vo_call_post_dial_ms(call), 80); /* first INVITE, first sight of 180 */
    assert_time(call->answered, 900);
    assert_time(call->acknowledged, 920);
    assert_time(call->ended, 5000);
    assert_int_equal(call->hangup, VO_HANGUP_CALLEE);
    assert_int_equal(call->packets[CALLER], 4); /* INVITE and ACK on two hops */
    assert_int_equal(call->packets[CALLEE], 8);
    assert_int_equal(fixture->bound, 4); /* RTP and RTCP of either side, once */
    assert_int_equal(call->ladder_count, 12);
}

static void test_retransmissions(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 3; i++)
        tell_a(500 * i, INVITE, "1 INVITE", .body = OFFER);
    tell_b(1100, OK, "1 INVITE", .to_tag = "b", .body = ANSWER);
    tell_b(1600, OK, "1 INVITE", .to_tag = "b", .body = ANSWER);
    tell_a(1610, ACK, "1 ACK", .to_tag = "b", .branch = "ack");
    tell_a(1620, ACK, "1 ACK", .to_tag = "b", .branch = "ack");
    tell_a(3000, BYE, "2 BYE", .to_tag = "b");
    tell_a(3500, BYE, "2 BYE", .to_tag = "b");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->retransmissions, 5); /* 2 INVITE, 200, ACK, BYE */
    assert_int_equal(call->packets[CALLER], 7);
    assert_int_equal(call->packets[CALLEE], 2);
    assert_time(call->invited, 0);
    assert_time(call->answered, 1100);
    assert_time(call->acknowledged, 1610);
    assert_time(call->ended, 3000);
    static const bool again[] = {false, true, true, false, true, false, true, false, true};
    for (unsigned i = 0; i < 9; i++)
        assert_int_equal(call->ladder[i].retransmission, again[i]);
    assert_int_equal(fixture->bound, 4);
}

static void test_other_branch_is_another_message(void **state)
{
    struct fixture *fixture = *state;
    hop(0, PROXY, B, INVITE, "1 INVITE", "p1");
    hop(400, PROXY, B, INVITE, "1 INVITE", "p2"); /* came to the proxy a second time, on another way */
    assert_int_equal(only_call(fixture)->retransmissions, 0);
    hop(900, PROXY, B, INVITE, "1 INVITE", "p2");
    assert_int_equal(only_call(fixture)->retransmissions, 1);
}

static void test_same_message_in_another_tunnel(void **state)
{
    struct fixture *fixture = *state;
    char text[] =
        INVITE "\r\nVia: SIP/2.0/UDP h;branch=1\r\nFrom: <sip:x@x>;tag=a\r\nTo: <sip:y@y>\r\nCall-ID: t\r\n"
               "CSeq: 1 INVITE\r\n\r\n";
    struct vo_sip sip;
    assert_int_equal(vo_sip_decode((const uint8_t *)text, sizeof text - 1, false, &sip), VO_SIP_MESSAGE);
    struct vo_packet packet = {.source_port = 5060, .destination_port = 5060};
    vo_calls_add(fixture->calls, &sip, &packet, BEGIN, VO_SIP_UDP);
    packet.encap_hash = 99;
    vo_calls_add(fixture->calls, &sip, &packet, BEGIN, VO_SIP_UDP);
    assert_int_equal(only_call(fixture)->retransmissions, 0);
    vo_calls_add(fixture->calls, &sip, &packet, BEGIN, VO_SIP_UDP);
    assert_int_equal(only_call(fixture)->retransmissions, 1);
}

static void test_forked(void **state)
{
    struct fixture *fixture = *state;
    hop(0, A, PROXY, INVITE, "1 INVITE", "a1", .body = OFFER);
    hop(50, PROXY, A, "SIP/2.0 183 Session Progress", "1 INVITE", "a1", .to_tag = "b1", .body = ANSWER);
    hop(60, PROXY, A, "SIP/2.0 183 Session Progress", "1 INVITE", "a1", .to_tag = "b2",
        .body = SDP("carol", "1", "198.51.100.3", "6000", "a=sendonly\r\n"));
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->retransmissions, 0);
    assert_false(binding_at(fixture, "198.51.100.2", 5000)->caller); /* both may send early media */
    assert_false(binding_at(fixture, "198.51.100.3", 6000)->caller);
    hop(70, PROXY, A, "SIP/2.0 486 Busy Here", "1 INVITE", "p1",
        .to_tag = "b1"); /* of one branch, on another hop */
    assert_time(call->ended, 70);
    hop(900, PROXY, A, OK, "1 INVITE", "a1", .to_tag = "b2",
        .body = SDP("carol", "1", "198.51.100.3", "6000", ""));
    hop(905, PROXY, B, CANCEL, "1 CANCEL", "p1");
    hop(910, B, PROXY, "SIP/2.0 487 Request Terminated", "1 INVITE", "p1", .to_tag = "b3");
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_int_equal(call->final_code, 200);
    assert_unknown(call->ended);
    assert_int_equal(call->holds, 0);
}

static void test_branches_refuse_one_after_the_other(void **state)
{
    struct fixture *fixture = *state;
    hop(0, A, PROXY, INVITE, "1 INVITE", "a1");
    hop(70, B, PROXY, "SIP/2.0 486 Busy Here", "1 INVITE", "p1", .to_tag = "b1");
    hop(900, B, PROXY, "SIP/2.0 503 Unavailable", "1 INVITE", "p2", .to_tag = "b2");
    hop(902, PROXY, A, "SIP/2.0 503 Unavailable", "1 INVITE", "a1", .to_tag = "b2");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->final_code, 503);
    assert_int_equal(call->state, VO_CALL_FAILED);
    assert_time(call->ended, 900); /* first sight of what counted in the end */
}

static void test_two_forks_accept(void **state)
{
    struct fixture *fixture = *state;
    hop(0, A, PROXY, INVITE, "1 INVITE", "a1");
    hop(100, PROXY, A, OK, "1 INVITE", "a1", .to_tag = "b1");
    hop(101, PROXY, A, OK, "1 INVITE", "a1", .to_tag = "b2");
    hop(110, A, PROXY, ACK, "1 ACK", "a2", .to_tag = "b1");
    hop(111, A, PROXY, ACK, "1 ACK", "a3", .to_tag = "b2");
    hop(112, A, PROXY, BYE, "2 BYE", "a4", .to_tag = "b2"); /* the one too many */
    hop(113, PROXY, B, BYE, "2 BYE", "p4", .to_tag = "b2");
    const struct vo_call *call = only_call(fixture);
    assert_unknown(call->ended);
    hop(5000, B, PROXY, BYE, "1 BYE", "b5", .by_bob = true, .from_tag = "b1", .to_tag = "a");
    assert_time(call->ended, 5000);
    assert_int_equal(call->hangup, VO_HANGUP_CALLEE);
    assert_time(call->answered, 100);
}

/* ---- media ---- */

static void assert_binding(const struct vo_binding *binding, const struct vo_call *call, bool caller,
                           bool rtcp)
{
    assert_non_null(binding);
    assert_ptr_equal(binding->call, call);
    assert_int_equal(binding->caller, caller);
    assert_int_equal(binding->rtcp, rtcp);
    assert_false(binding->candidate);
    assert_null(binding->older);
}

static void test_bindings(void **state)
{
    struct fixture *fixture = *state;
    answered_call(fixture);
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(fixture->bound, 4);
    assert_binding(binding_at(fixture, "198.51.100.1", 4000), call, true, false);
    assert_binding(binding_at(fixture, "198.51.100.1", 4001), call, true, true);
    assert_binding(binding_at(fixture, "198.51.100.2", 5000), call, false, false);
    assert_binding(binding_at(fixture, "198.51.100.2", 5001), call, false, true);
    assert_null(binding_at(fixture, "198.51.100.1", 5000));
    const struct vo_binding *binding = binding_at(fixture, "198.51.100.1", 4000);
    assert_time(binding->since, 0);
    assert_string_equal(binding->media->kind, "audio");
    assert_close(binding->media->ptime_ms, 20);
    assert_int_equal(binding->media->payload_count, 2);
    assert_int_equal(binding->media->direction, VO_SDP_SENDRECV);
    assert_false(binding->media->secure);
    const struct vo_media_payload *payload = vo_media_find(binding->media, 101);
    assert_string_equal(payload->codec, "telephone-event");
    assert_int_equal(payload->clock_hz, 8000);
    assert_int_equal(payload->channels, 1);
    assert_null(vo_media_find(binding->media, 8));
    assert_time(binding_at(fixture, "198.51.100.2", 5001)->since, 3000);
}

static void test_codec_and_port_change(void **state)
{
    struct fixture *fixture = *state;
    answered_call(fixture);
    const struct vo_call *call = only_call(fixture);
    /* the session is refreshed: a new version, nothing else */
    tell_a(10000, INVITE, "2 INVITE", .to_tag = "b",
           .body = SDP("alice", "2", "198.51.100.1", "4000", "a=ptime:20\r\n"));
    assert_int_equal(fixture->bound, 4);
    tell_b(10050, OK, "2 INVITE", .to_tag = "b",
           .body = SDP("bob", "2", "198.51.100.2", "5000", "a=ptime:30\r\n"));
    const struct vo_binding *binding = binding_at(fixture, "198.51.100.2", 5000);
    assert_int_equal(fixture->bound, 6); /* ptime changed, of RTP and RTCP */
    assert_close(binding->media->ptime_ms, 30);
    assert_close(binding->older->media->ptime_ms, 20);
    assert_null(binding->older->older);
    /* the callee asks for another port and codec */
    tell_b(20000, INVITE, "50 INVITE", .by_bob = true, .from_tag = "b", .to_tag = "a",
           .body = "v=0\r\no=bob 7 3 IN IP4 198.51.100.2\r\ns=-\r\nc=IN IP4 198.51.100.2\r\nt=0 0\r\n"
                   "m=audio 5500 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n");
    binding = binding_at(fixture, "198.51.100.2", 5500);
    assert_binding(binding, call, false, false);
    assert_string_equal(binding->media->payloads[0].codec, "opus");
    assert_int_equal(binding->media->payloads[0].clock_hz, 48000);
    assert_int_equal(binding->media->payloads[0].channels, 2);
    assert_non_null(binding_at(fixture, "198.51.100.2", 5000)); /* until it is used again */
    tell_a(20010, "SIP/2.0 488 Not Acceptable Here", "50 INVITE", .by_bob = true, .from_tag = "b",
           .to_tag = "a");
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_int_equal(call->final_code, 200);
    assert_unknown(call->ended);
    assert_int_equal(call->holds, 0);
    assert_time(call->answered, 3000);
}

/* A re-INVITE of alice and bob's answer; the two SDP are given. */
static void exchange(struct fixture *fixture, int64_t ms, const char *cseq, const char *offer,
                     const char *answer)
{
    tell(fixture, ms,
         &(struct message){
             .start = INVITE, .cseq = cseq, .to_tag = "b", .source = A, .destination = B, .body = offer});
    tell(fixture, ms + 10,
         &(struct message){
             .start = OK, .cseq = cseq, .to_tag = "b", .source = B, .destination = A, .body = answer});
}

static void test_hold_and_resume(void **state)
{
    struct fixture *fixture = *state;
    answered_call(fixture);
    const struct vo_call *call = only_call(fixture);
    exchange(fixture, 10000, "2 INVITE", SDP("alice", "2", "198.51.100.1", "4000", "a=sendonly\r\n"),
             SDP("bob", "2", "198.51.100.2", "5000", "a=recvonly\r\n"));
    assert_int_equal(call->holds, 1);
    exchange(fixture, 20000, "3 INVITE",
             SDP("alice", "3", "198.51.100.1", "4000", "a=sendonly\r\n"), /* a refresh */
             SDP("bob", "3", "198.51.100.2", "5000", "a=recvonly\r\n"));
    assert_int_equal(call->holds, 1);
    exchange(fixture, 30000, "4 INVITE", SDP("alice", "4", "198.51.100.1", "4000", ""),
             SDP("bob", "4", "198.51.100.2", "5000", ""));
    assert_int_equal(call->holds, 1);
    exchange(fixture, 40000, "5 INVITE", SDP("alice", "5", "198.51.100.1", "4000", "a=inactive\r\n"),
             SDP("bob", "5", "198.51.100.2", "5000", "a=inactive\r\n")); /* the answer is no hold of bob's */
    assert_int_equal(call->holds, 2);
    exchange(fixture, 50000, "6 INVITE", SDP("alice", "6", "198.51.100.1", "4000", ""),
             SDP("bob", "6", "198.51.100.2", "5000", ""));
    exchange(fixture, 60000, "7 INVITE", SDP("alice", "7", "0.0.0.0", "4000", ""), /* RFC 2543 */
             SDP("bob", "7", "198.51.100.2", "5000", ""));
    assert_int_equal(call->holds, 3);
    assert_null(binding_at(fixture, "0.0.0.0", 4000));
    assert_ptr_equal(binding_at(fixture, "198.51.100.1", 4000)->call, call);
    exchange(fixture, 70000, "8 INVITE", SDP("alice", "8", "198.51.100.1", "4000", ""),
             SDP("bob", "8", "198.51.100.2", "5000", ""));
    tell_b(80000, "UPDATE sip:alice@a.example SIP/2.0", "60 UPDATE", .by_bob = true, .from_tag = "b",
           .to_tag = "a", .body = SDP("bob", "9", "198.51.100.2", "5000", "a=sendonly\r\n"));
    assert_int_equal(call->holds, 4);
}

static void test_hold_with_a_late_offer(void **state)
{
    struct fixture *fixture = *state;
    answered_call(fixture);
    tell_a(10000, INVITE, "2 INVITE", .to_tag = "b");
    tell_b(10010, OK, "2 INVITE", .to_tag = "b", .body = SDP("bob", "2", "198.51.100.2", "5000", ""));
    tell_a(10020, ACK, "2 ACK", .to_tag = "b",
           .body = SDP("alice", "2", "198.51.100.1", "4000", "a=sendonly\r\n"));
    assert_int_equal(only_call(fixture)->holds, 1);
}

static void test_hold_of_unknown_stream(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "9 INVITE", .to_tag = "b",
           .body = SDP("alice", "2", "198.51.100.1", "4000", "a=sendonly\r\n"));
    assert_int_equal(only_call(fixture)->holds, 0); /* it may have been on hold before */
}

static void test_port_used_again(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE", .body = OFFER);
    tell_a(60000, INVITE, "1 INVITE", .call_id = "two", .from_tag = "z", .body = OFFER);
    const struct vo_call *first = vo_calls_first(fixture->calls);
    const struct vo_binding *binding = binding_at(fixture, "198.51.100.1", 4000);
    assert_ptr_equal(binding->call, first->next);
    assert_time(binding->since, 60000);
    assert_ptr_equal(binding->older->call, first);
    assert_null(binding->older->older);
    assert_ptr_equal(binding_at(fixture, "198.51.100.1", 4001)->call, first->next);
    assert_int_equal(fixture->bound, 4);
}

#define HEAD "v=0\r\no=w 1 1 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\n"

static void test_rtcp_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE",
           .body =
               HEAD "m=audio 7000 RTP/SAVP 0\r\na=rtcp:7777 IN IP4 203.0.113.5\r\nm=video 8000 RTP/AVP 31\r\n"
                    "a=rtcp-mux\r\nm=audio 0 RTP/AVP 8\r\n");
    assert_true(binding_at(fixture, "203.0.113.5", 7777)->rtcp);
    assert_null(binding_at(fixture, "203.0.113.1", 7001));
    assert_int_equal(binding_at(fixture, "203.0.113.1", 8000)->media_index, 1);
    assert_string_equal(binding_at(fixture, "203.0.113.1", 8000)->media->kind, "video");
    assert_true(binding_at(fixture, "203.0.113.1", 8000)->media->rtcp_mux);
    assert_true(binding_at(fixture, "203.0.113.1", 7000)->media->secure);
    assert_null(binding_at(fixture, "203.0.113.1", 8001)); /* rtcp-mux */
    assert_int_equal(fixture->bound, 3);
}

static void test_rtcp_gives_way_to_rtp(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cseqs[] = {"1 INVITE", "2 INVITE"};
    for (int i = 0; i < 2; i++) { /* the same again with another o= version, so that it is read again */
        char body[512];
        snprintf(body, sizeof body,
                 "v=0\r\no=w 1 %d IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\n"
                 "m=video 7001 RTP/AVP 31\r\nm=audio 7000 RTP/AVP 0\r\n",
                 i);
        tell_a(i, INVITE, cseqs[i], .body = body);
        assert_false(binding_at(fixture, "203.0.113.1", 7001)->rtcp); /* although 7000 + 1 */
        assert_int_equal(fixture->bound, 3);                          /* 7001, 7002, 7000 */
    }
}

static void test_candidates(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE",
           .body = HEAD "m=audio 7000 RTP/AVP 0\r\n"
                        "a=candidate:1 1 UDP 2130706431 203.0.113.1 7000 typ host\r\n"
                        "a=candidate:1 2 UDP 2130706430 203.0.113.1 7001 typ host\r\n"
                        "a=candidate:2 1 UDP 1694498815 10.0.0.7 9000 typ srflx\r\n"
                        "a=candidate:2 2 UDP 1694498814 10.0.0.7 9001 typ srflx\r\n");
    assert_false(binding_at(fixture, "203.0.113.1", 7000)->candidate); /* m= tells more */
    assert_false(binding_at(fixture, "203.0.113.1", 7001)->candidate);
    assert_true(binding_at(fixture, "10.0.0.7", 9000)->candidate);
    assert_false(binding_at(fixture, "10.0.0.7", 9000)->rtcp);
    assert_true(binding_at(fixture, "10.0.0.7", 9001)->candidate);
    assert_true(binding_at(fixture, "10.0.0.7", 9001)->rtcp);
    assert_int_equal(fixture->bound, 4);
}

static void test_bundle(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE",
           .body = HEAD "m=audio 7000 RTP/AVP 0 96\r\na=rtpmap:96 opus/48000/2\r\na=rtcp-mux\r\n"
                        "m=video 7000 RTP/AVP 97\r\na=rtpmap:97 VP8/90000\r\na=rtcp-mux\r\n");
    const struct vo_binding *binding = binding_at(fixture, "203.0.113.1", 7000);
    assert_int_equal(fixture->bound, 1);
    assert_string_equal(vo_media_find(binding->media, 96)->codec, "opus");
    assert_string_equal(vo_media_find(binding->media, 97)->codec, "VP8");
}

/* RFC 9143 9.2: the payload type tells which of the bundled lines a packet is of. */
static void test_bundle_kinds(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE",
           .body =
               HEAD "m=audio 7000 RTP/AVP 0 96 98\r\na=rtpmap:96 opus/48000/2\r\na=ptime:20\r\n"
                    "a=rtpmap:98 L16/16000\r\na=rtcp-mux\r\n"
                    "m=video 7000 RTP/AVP 97 98\r\na=rtpmap:97 VP8/90000\r\na=rtpmap:98 H264/90000\r\n"
                    "a=rtcp-mux\r\n"
                    "m=audio 7000 RTP/AVP 96\r\na=rtpmap:96 OPUS/48000/2\r\na=ptime:40\r\na=rtcp-mux\r\n");
    const struct vo_binding *binding = binding_at(fixture, "203.0.113.1", 7000);
    const struct vo_media *media = binding->media;
    assert_string_equal(media->kind, "");
    assert_true(media->ptime_ms < 1e-9);
    assert_string_equal(vo_media_find(media, 0)->kind, "audio");
    assert_true(fabs(vo_media_find(media, 0)->ptime_ms - 20) < 1e-9);
    assert_string_equal(vo_media_find(media, 97)->kind, "video");
    /* two lines of one kind list it: no doubt about the kind, nor about a codec that both name */
    assert_string_equal(vo_media_find(media, 96)->kind, "audio");
    assert_string_equal(vo_media_find(media, 96)->codec, "opus");
    assert_true(vo_media_find(media, 96)->ptime_ms < 1e-9);
    /* lines of two kinds list it: nothing is known */
    assert_string_equal(vo_media_find(media, 98)->kind, "");
    assert_string_equal(vo_media_find(media, 98)->codec, "");
    assert_int_equal(vo_media_find(media, 98)->clock_hz, 0);
}

/* The receiver chose the numbers: what it says goes first, even that it cannot be told; what it does not
 * list, or does not name, the sender may. */
static void test_named_by_either_end(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE",
           .body = HEAD "m=audio 7000 RTP/AVP 96 98 100\r\na=rtpmap:96 opus/48000/2\r\n"
                        "a=rtpmap:98 L16/16000\r\n"
                        "m=video 7000 RTP/AVP 98\r\na=rtpmap:98 H264/90000\r\n");
    tell_b(9, OK, "1 INVITE", .to_tag = "b",
           .body = "v=0\r\no=b 2 1 IN IP4 198.51.100.2\r\ns=-\r\nc=IN IP4 198.51.100.2\r\nt=0 0\r\n"
                   "m=video 9000 RTP/AVP 96 97 98 100\r\na=rtpmap:96 VP8/90000\r\n"
                   "a=rtpmap:97 H265/90000\r\na=rtpmap:98 VP9/90000\r\na=rtpmap:100 AV1/90000\r\n");
    const struct vo_binding *to = binding_at(fixture, "203.0.113.1", 7000);
    const struct vo_binding *from = binding_at(fixture, "198.51.100.2", 9000);
    assert_string_equal(vo_media_named(to, from, 96)->codec, "opus");
    assert_string_equal(vo_media_named(from, to, 96)->codec, "VP8");
    assert_string_equal(vo_media_named(to, from, 97)->codec, "H265");
    assert_string_equal(vo_media_named(to, from, 97)->kind, "video");
    assert_true(vo_media_named(to, from, 98)->differs);
    assert_string_equal(vo_media_named(to, from, 100)->codec, "AV1");
    assert_null(vo_media_named(to, from, 99));
    assert_null(vo_media_named(NULL, NULL, 96));
    assert_string_equal(vo_media_named(NULL, from, 96)->codec, "VP8");
}

static void test_capabilities_bind_nothing(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE");
    tell_b(1, "SIP/2.0 488 Not Acceptable Here", "1 INVITE", .to_tag = "b", .body = ANSWER);
    tell_b(2, OK, "2 OPTIONS", .to_tag = "b", .body = ANSWER);
    assert_int_equal(fixture->bound, 0);
    assert_false(only_call(fixture)->media_announced[CALLEE]);
    assert_int_equal(only_call(fixture)->ladder_count, 3);
}

/* ---- who, and what else ---- */

static void test_not_calls(void **state)
{
    struct fixture *fixture = *state;
    static const char *const methods[] = {"OPTIONS", "REGISTER", "SUBSCRIBE", "NOTIFY",
                                          "MESSAGE", "PUBLISH",  "REFER",     "NEWONE"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        char line[64], cseq[32];
        snprintf(line, sizeof line, "%s sip:bob@b.example SIP/2.0", methods[i]);
        snprintf(cseq, sizeof cseq, "1 %s", methods[i]);
        if (strcmp(methods[i], "NEWONE") != 0)
            tell_a(0, line, cseq);
        tell_b(1, OK, cseq, .to_tag = "b");
    }
    assert_int_equal(vo_calls_count(fixture->calls), 0);
    assert_null(vo_calls_first(fixture->calls));
}

static void add_text(struct fixture *fixture, const char *text)
{
    struct vo_sip sip;
    assert_int_equal(vo_sip_decode((const uint8_t *)text, (uint32_t)strlen(text), false, &sip),
                     VO_SIP_MESSAGE);
    struct vo_packet packet = {.source_port = 5060, .destination_port = 5060};
    vo_calls_add(fixture->calls, &sip, &packet, BEGIN, VO_SIP_UDP);
}

static void test_headers_missing(void **state)
{
    struct fixture *fixture = *state;
    add_text(fixture, INVITE "\r\nFrom: <sip:x@x>;tag=a\r\nTo: <sip:y@y>\r\nCSeq: 1 INVITE\r\n\r\n");
    add_text(fixture, INVITE "\r\nCall-ID: \r\nFrom: <sip:x@x>;tag=a\r\n\r\n");
    assert_int_equal(vo_calls_count(fixture->calls), 0);
    assert_int_equal(vo_calls_lost(fixture->calls), 0);
    add_text(fixture, INVITE "\r\nCall-ID: bare\r\n\r\n");
    const struct vo_call *call = only_call(fixture);
    assert_null(call->caller);
    assert_null(call->callee);
    assert_null(call->user_agent[CALLER]);
    assert_null(call->session_id);
    assert_int_equal(call->packets[CALLER], 1);
    add_text(fixture, "SIP/2.0 200 OK\r\nCall-ID: bare\r\n\r\n"); /* a response to who knows what */
    assert_int_equal(call->state, VO_CALL_IN_PROGRESS);
}

static void test_tags_missing(void **state)
{
    struct fixture *fixture = *state; /* RFC 2543: the URIs tell the sides */
    tell_a(0, INVITE, "1 INVITE", .from_tag = "");
    tell_b(10, OK, "1 INVITE", .from_tag = "");
    tell_b(900, BYE, "1 BYE", .by_bob = true, .from_tag = "");
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->hangup, VO_HANGUP_CALLEE);
    assert_int_equal(call->packets[CALLEE], 2);
    assert_time(call->answered, 10);
}

static void test_agents_and_session_id(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE",
           .headers = "User-Agent: Phone A\r\nSession-ID: AB30317f1a784dc48ff824d0d3715d86;"
                      "remote=00000000000000000000000000000000\r\n");
    tell_b(1, TRYING, "1 INVITE", .headers = "Server: Proxy\r\n");
    tell_b(9, RINGING, "1 INVITE", .to_tag = "b", .headers = "Server: Phone\r\n B\r\n");
    const struct vo_call *call = only_call(fixture);
    assert_string_equal(call->user_agent[CALLER], "Phone A");
    assert_string_equal(call->user_agent[CALLEE], "Phone B"); /* not the proxy; a folded line */
    assert_string_equal(call->session_id, "ab30317f1a784dc48ff824d0d3715d86");
    /* the other leg of the same session, of which only a response was captured */
    tell_b(20, RINGING, "1 INVITE", .call_id = "leg", .to_tag = "c",
           .headers =
               "Session-ID: 47755a9de7794ba387653f2099600ef2;remote=ab30317f1a784dc48ff824d0d3715d86\r\n");
    assert_string_equal(call->next->session_id, call->session_id);
    tell_a(30, INVITE, "1 INVITE", .call_id = "none", .headers = "Session-ID: short\r\n");
    assert_null(call->next->next->session_id);
}

static void test_dscp_by_side(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE", .dscp = 24, .transport = VO_SIP_TLS);
    tell_a(1, INVITE, "1 INVITE", .dscp = 24, .transport = VO_SIP_TLS);
    tell_b(2, OK, "1 INVITE", .to_tag = "b", .dscp = 40, .transport = VO_SIP_TLS);
    tell_a(3, ACK, "1 ACK", .to_tag = "b", .dscp = 0, .transport = VO_SIP_TLS);
    const struct vo_call *call = only_call(fixture);
    assert_int_equal(call->dscp[CALLER][24], 2); /* copies are packets, too */
    assert_int_equal(call->dscp[CALLER][0], 1);
    assert_int_equal(call->dscp[CALLEE][40], 1);
    assert_int_equal(call->ladder[2].dscp, 40);
    assert_int_equal(call->transport, VO_SIP_TLS);
}

static void test_call_ids_are_case_sensitive(void **state)
{
    struct fixture *fixture = *state;
    tell_a(0, INVITE, "1 INVITE", .call_id = "Case");
    tell_a(0, INVITE, "1 INVITE", .call_id = "case");
    assert_int_equal(vo_calls_count(fixture->calls), 2);
}

static void test_long_call_ids(void **state)
{
    struct fixture *fixture = *state;
    char id[1000];
    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    tell_a(0, INVITE, "1 INVITE", .call_id = id);
    id[sizeof id - 2] = 'y'; /* differs where it is cut off */
    tell_a(0, INVITE, "1 INVITE", .call_id = id);
    assert_int_equal(vo_calls_count(fixture->calls), 2);
    assert_int_equal(strlen(vo_calls_first(fixture->calls)->id), VO_CALL_TEXT - 1);
}

static void test_many_calls(void **state)
{
    struct fixture *fixture = *state;
    enum { CALLS = 10000 };
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < CALLS; i++) {
            char id[32], body[400];
            snprintf(id, sizeof id, "%d@load", i);
            snprintf(body, sizeof body,
                     "v=0\r\no=u %d 1 IN IP4 10.1.%d.%d\r\ns=-\r\nc=IN IP4 10.1.%d.%d\r\nt=0 0\r\n"
                     "m=audio 4000 RTP/AVP 8\r\n",
                     i, i / 256, i % 256, i / 256, i % 256);
            if (round == 0)
                tell_a(i, INVITE, "1 INVITE", .call_id = id, .body = body);
            else
                tell_b(20000 + i, OK, "1 INVITE", .call_id = id, .to_tag = "b");
        }
    assert_int_equal(vo_calls_count(fixture->calls), CALLS);
    assert_int_equal(fixture->bound, 2 * CALLS);
    int i = 0;
    for (struct vo_call *call = vo_calls_first(fixture->calls); call; call = call->next, i++) {
        char id[32], address[32];
        snprintf(id, sizeof id, "%d@load", i);
        snprintf(address, sizeof address, "10.1.%d.%d", i / 256, i % 256);
        assert_string_equal(call->id, id); /* in order of first sight */
        assert_time(call->invited, i);
        assert_time(call->answered, 20000 + i);
        assert_ptr_equal(binding_at(fixture, address, 4000)->call, call);
        call->user = malloc(1); /* a leak tells of a call that evicted() did not name */
    }
    assert_int_equal(i, CALLS);
    assert_int_equal(vo_calls_evicted(fixture->calls), 0);
}

static void test_full(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < VO_CALLS_MAX; i++) {
        char text[128];
        snprintf(text, sizeof text, INVITE "\r\nCall-ID: %d\r\nCSeq: 1 INVITE\r\n\r\n", i);
        add_text(fixture, text);
    }
    assert_int_equal(vo_calls_evicted(fixture->calls), 0);
    tell_a(0, INVITE, "1 INVITE", .body = OFFER);
    tell_b(10, OK, "1 INVITE", .to_tag = "b", .body = ANSWER);
    assert_int_equal(vo_calls_count(fixture->calls), VO_CALLS_MAX);
    assert_int_equal(vo_calls_evicted(fixture->calls), 1); /* once, not for each of its messages */
    assert_int_equal(fixture->bound, 0);
    add_text(fixture,
             "SIP/2.0 200 OK\r\nCall-ID: 7\r\nCSeq: 1 INVITE\r\n\r\n"); /* those that are known go on */
    struct vo_call *call = vo_calls_first(fixture->calls);
    for (int i = 0; i < 7; i++)
        call = call->next;
    assert_int_equal(call->state, VO_CALL_ANSWERED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_answered),
        TEST(test_ladder),
        TEST(test_ladder_text_is_printable),
        TEST(test_ladder_is_bounded),
        TEST(test_callee_hangs_up),
        TEST(test_challenges),
        TEST(test_redirected),
        TEST(test_cancelled),
        TEST(test_cancel_comes_too_late),
        TEST(test_refusals),
        TEST(test_unanswered),
        TEST(test_messages_of_others_tell_the_time),
        TEST(test_challenged_then_unanswered),
        TEST(test_early_media),
        TEST(test_answer_without_ringing),
        TEST(test_time_that_steps_back),
        TEST(test_begins_with_bye),
        TEST(test_begins_with_response_to_bye),
        TEST(test_begins_before_the_answer),
        TEST(test_begins_in_the_middle),
        TEST(test_response_captured_before_its_invite),
        TEST(test_answer_not_captured),
        TEST(test_proxy_path),
        TEST(test_retransmissions),
        TEST(test_other_branch_is_another_message),
        TEST(test_same_message_in_another_tunnel),
        TEST(test_forked),
        TEST(test_branches_refuse_one_after_the_other),
        TEST(test_two_forks_accept),
        TEST(test_bindings),
        TEST(test_codec_and_port_change),
        TEST(test_hold_and_resume),
        TEST(test_hold_with_a_late_offer),
        TEST(test_hold_of_unknown_stream),
        TEST(test_port_used_again),
        TEST(test_rtcp_elsewhere),
        TEST(test_rtcp_gives_way_to_rtp),
        TEST(test_candidates),
        TEST(test_bundle),
        TEST(test_bundle_kinds),
        TEST(test_named_by_either_end),
        TEST(test_capabilities_bind_nothing),
        TEST(test_not_calls),
        TEST(test_headers_missing),
        TEST(test_tags_missing),
        TEST(test_agents_and_session_id),
        TEST(test_dscp_by_side),
        TEST(test_call_ids_are_case_sensitive),
        TEST(test_long_call_ids),
        TEST(test_many_calls),
        TEST(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
