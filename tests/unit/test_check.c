/* What a check writes: names, labels, states and reasons, of connections as conn.c tells them. */
#include "probes/reach/check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/voready-check-XXXXXX";
static struct vo_site site;
static struct vo_reach reach;
static struct vo_json *line; /* the last observation that was read */
static const enum vo_metric gives_metrics[] = {VO_METRIC_REACH_STATE, VO_METRIC_REACH_CONNECT_MS};
static const struct vo_gives gives = {.metrics = gives_metrics, .count = 2};

static int set_up(void **state)
{
    (void)state;
    struct vo_run run = {.probe = "test"};
    reach = (struct vo_reach){.site = &site, .timeout = VO_NS_PER_S};
    return vo_record_open(path, &run, &reach.writer, NULL) == VO_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    vo_json_free(line);
    line = NULL;
    free(reach.heard);
    free(reach.seen);
    vo_record_close(reach.writer, true, NULL, NULL);
    return 0;
}

static struct vo_check check_of(const struct vo_demand *demand, const char *address)
{
    struct vo_check check = {.reach = &reach, .demand = demand};
    if (address)
        assert_true(vo_sockaddr_parse(address, demand->port, &check.address));
    vo_check_name(&check);
    return check;
}

/* The observation that was written last. */
static const struct vo_json *last(void)
{
    struct vo_record_reader *reader;
    struct vo_record record = {0};
    struct vo_json_writer copy = {0};
    static vo_time ahead; /* each time later by more than the second that the writer waits */
    vo_record_tick(reach.writer, vo_clock_monotonic() + (ahead += 2 * VO_NS_PER_S));
    assert_int_equal(vo_record_reader_open(path, &reader, NULL), VO_OK);
    while (vo_record_read(reader, &record, NULL) == VO_OK)
        if (strcmp(record.kind, "observation") == 0) {
            copy.size = 0;
            copy.comma = false;
            vo_json_copy(&copy, record.json);
        }
    vo_record_reader_free(reader);
    vo_json_free(line);
    assert_int_equal(vo_json_parse(copy.data, copy.size, &line, NULL), VO_OK);
    vo_json_writer_release(&copy);
    return line;
}

static const char *label(const char *name)
{
    return vo_json_get_text(vo_json_get(line, "subject"), name);
}

static const char *word(const char *name)
{
    return vo_json_get_text(vo_json_get(line, "states"), name);
}

static double number(const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(line, "metrics"), name));
}

static const char *missing(const char *name)
{
    return vo_json_get_text(vo_json_get(line, "missing"), name);
}

static void put(const struct vo_check *check, const struct vo_conn_result *result)
{
    vo_check_observe(check);
    vo_check_put_conn(check, result);
    vo_observe_end(reach.writer);
    last();
}

static void test_names(void **state)
{
    (void)state;
    struct vo_demand demand = {.gives = &gives,
                               .row = "fw.sip.tls",
                               .role = "sbc",
                               .host = "sbc.example.com",
                               .transport = "tls",
                               .port = 5061,
                               .judged = true};
    assert_string_equal(check_of(&demand, "192.0.2.10").id, "sbc.example.com 192.0.2.10:5061/tls");
    assert_string_equal(check_of(&demand, "2001:db8::1").id, "sbc.example.com [2001:db8::1]:5061/tls");
    assert_string_equal(check_of(&demand, NULL).id, "sbc.example.com port 5061/tls");
    demand.twin = true;
    assert_string_equal(check_of(&demand, "192.0.2.10").id,
                        "sbc.example.com 192.0.2.10:5061/tls for fw.sip.tls");
    demand.twin = false;
    demand.vantage = VO_VANTAGE_UC;
    assert_string_equal(check_of(&demand, "192.0.2.10").id, "sbc.example.com 192.0.2.10:5061/tls seen by uc");
    demand.vantage = VO_VANTAGE_WIFI;
    /* An address is not said twice; local port and direction tell media checks apart. */
    demand.host = "192.0.2.10";
    demand.transport = "udp";
    demand.local_port = 5008;
    demand.direction = "in";
    assert_string_equal(check_of(&demand, "192.0.2.10").id, "192.0.2.10:5061/udp from 5008 in");
}

static void test_labels(void **state)
{
    (void)state;
    struct vo_demand demand = {.gives = &gives,
                               .row = "fw.apns.device",
                               .role = "apns_device",
                               .host = "push.example.net",
                               .transport = "tcp",
                               .port = 5223,
                               .vantage = VO_VANTAGE_SBC};
    struct vo_check check = check_of(&demand, "2001:db8::1");
    put(&check, &(struct vo_conn_result){.state = "closed"});
    assert_string_equal(label("kind"), "target");
    assert_string_equal(label("demand"), "fw.apns.device");
    assert_string_equal(label("role"), "apns_device");
    assert_string_equal(label("host"), "push.example.net");
    assert_string_equal(label("address"), "2001:db8::1");
    assert_string_equal(label("family"), "ipv6");
    assert_string_equal(label("transport"), "tcp");
    assert_string_equal(label("vantage"), "sbc");
    assert_string_equal(label("judged"), "no");
    assert_int_equal(vo_json_double(vo_json_get(vo_json_get(line, "subject"), "port")), 5223);
    assert_null(label("direction"));
    /* The key has no address, for DNS may give another one in the next run. */
    assert_string_equal(label("key"),
                        "fw.apns.device apns_device push.example.net tcp/5223 ipv6 seen by sbc");
    assert_string_equal(word("reach_state"), "closed");
    assert_non_null(missing("reach_connect_ms"));
    assert_null(missing("tls_protocol")); /* TCP has none of that */
}

static const struct vo_demand tcp = {.gives = &gives,
                                     .row = "fw.http8081",
                                     .role = "haproxy",
                                     .host = "h.example",
                                     .transport = "tcp",
                                     .port = 8081};

/* Silence says more if another port of the same address is known to answer. */
static void test_filtered(void **state)
{
    (void)state;
    struct vo_check check = check_of(&tcp, "192.0.2.10"), other = check_of(&tcp, "192.0.2.11");
    struct vo_conn_result silent = {.state = "filtered"},
                          open = {.state = "open", .began = 1, .connected = 2500001};
    put(&check, &silent);
    assert_string_equal(label("answers"), "no");
    put(&other, &open);
    assert_true(fabs(number("reach_connect_ms") - 2.5) < 1e-9); /* 2,500,000 ns */
    open.answered = 40 * VO_NS_PER_MS / 1000; /* the kernel knows better than this process, which was late */
    put(&other, &open);
    assert_true(fabs(number("reach_connect_ms") - 0.04) < 1e-9);
    assert_null(label("answers"));
    put(&check, &silent);
    assert_string_equal(label("answers"), "no");
    put(&other, &silent);
    assert_string_equal(label("answers"), "yes");
}

/* A router that rejects is not the address itself. */
static void test_rejected(void **state)
{
    (void)state;
    struct vo_check check = check_of(&tcp, "192.0.2.10");
    struct vo_conn_result result = {.state = "rejected"};
    result.icmp =
        (struct vo_icmp_error){.known = true, .family = AF_INET, .type = 3, .code = 13, .has_offender = true};
    assert_true(vo_sockaddr_parse("198.51.100.1", 0, &result.icmp.offender));
    put(&check, &result);
    assert_string_equal(word("reach_state"), "rejected");
    assert_string_equal(label("offender"), "198.51.100.1");
    assert_non_null(strstr(label("icmp"), "3/13"));
    put(&check, &(struct vo_conn_result){.state = "filtered"});
    assert_string_equal(label("answers"), "no");
}

static void test_not_tried(void **state)
{
    (void)state;
    struct vo_check check = check_of(&tcp, "192.0.2.10");
    put(&check, &(struct vo_conn_result){.end = VO_CONN_LOCAL, .text = "no route to it"});
    assert_null(word("reach_state"));
    assert_string_equal(missing("reach_state"), "no route to it");
    reach.stopping = true;
    put(&check, &(struct vo_conn_result){0});
    assert_non_null(strstr(missing("reach_state"), "stopped"));
}

static struct vo_demand tls_demand(const char *transport)
{
    return (struct vo_demand){.gives = &gives,
                              .row = "fw.sip.tls",
                              .role = "sbc",
                              .host = "s.example",
                              .transport = transport,
                              .port = 5061,
                              .judged = true};
}

static struct vo_tls_result good_tls(void)
{
    struct vo_tls_result tls = {.phase = VO_TLS_OPEN,
                                .protocol = "tls1.3",
                                .cipher = "TLS_AES_128_GCM_SHA256",
                                .days_left = 80,
                                .presented_count = 1,
                                .ocsp = "none",
                                .client_certificate = "not_asked",
                                .interception = "none",
                                .alert = -1};
    snprintf(tls.presented[0].issuer, sizeof tls.presented[0].issuer, "CN=Our CA");
    tls.presented[0].not_after = 1767225600; /* 2026-01-01T00:00:00Z */
    return tls;
}

static void test_tls(void **state)
{
    (void)state;
    struct vo_demand demand = tls_demand("tls");
    struct vo_check check = check_of(&demand, "192.0.2.10");
    struct vo_tls_result tls = good_tls();
    struct vo_conn_result result = {
        .state = "open", .connected = 10, .secured = 10 + 7 * VO_NS_PER_MS, .tls = &tls};
    put(&check, &result);
    assert_string_equal(word("reach_state"), "open");
    assert_string_equal(word("tls_protocol"), "tls1.3");
    assert_string_equal(word("tls_verified"), "trusted");
    assert_string_equal(word("tls_client_certificate"), "not_asked");
    assert_string_equal(word("tls_ocsp"), "none");
    assert_true(fabs(number("tls_days_left") - 80) < 1e-9);
    assert_true(fabs(number("tls_handshake_ms") - 7) < 1e-9);
    assert_string_equal(label("tls_issuer"), "CN=Our CA");
    assert_string_equal(label("tls_not_after"), "2026-01-01T00:00:00Z");
    /* All faults are told, and the state is the one that says most. */
    tls.faults = VO_TLS_WRONG_NAME | VO_TLS_EXPIRED;
    put(&check, &result);
    assert_string_equal(word("tls_verified"), "expired");
    assert_string_equal(label("tls_faults"), "expired wrong_name");
    /* A chain without any pinned issuer means that somebody else answers. */
    tls.interception = "intercepted";
    put(&check, &result);
    assert_string_equal(word("reach_state"), "intercepted");
    /* Without pins it is not known, and not denied. */
    tls.interception = NULL;
    put(&check, &result);
    assert_string_equal(word("reach_state"), "open");
    assert_non_null(strstr(missing("tls_interception"), "issuer_pins"));
}

static void test_tls_failed(void **state)
{
    (void)state;
    struct vo_demand demand = tls_demand("tls");
    struct vo_check check = check_of(&demand, "192.0.2.10");
    struct vo_tls_result tls = {
        .phase = VO_TLS_FAILED, .alert = 40, .failure = "alert 40 (handshake_failure)"};
    put(&check, &(struct vo_conn_result){.state = "open", .connected = 1, .tls = &tls});
    assert_string_equal(word("reach_state"), "open"); /* TCP was */
    assert_non_null(strstr(missing("tls_verified"), "handshake_failure"));
    assert_non_null(missing("tls_days_left"));
    assert_non_null(missing("tls_protocol"));
    assert_non_null(missing("tls_handshake_ms"));
    assert_string_equal(label("tls_failure"), "alert 40 (handshake_failure)");
    /* Nothing came: every metric of TLS is missing with the reason. */
    put(&check, &(struct vo_conn_result){.state = "filtered", .text = "nothing came within 5 s"});
    assert_non_null(strstr(missing("tls_client_certificate"), "nothing came within 5 s"));
    assert_non_null(missing("tls_ocsp"));
}

static void test_untried(void **state)
{
    (void)state;
    struct vo_demand demand = tls_demand("tls");
    struct vo_check check = check_of(&demand, NULL);
    vo_check_put_untried(&check, "elsewhere", "uc", "belongs to the vantage uc");
    last();
    assert_string_equal(label("elsewhere"), "uc");
    assert_null(label("address"));
    assert_null(label("family"));
    assert_string_equal(missing("reach_state"), "belongs to the vantage uc");
    assert_string_equal(missing("reach_connect_ms"), "belongs to the vantage uc");
    assert_string_equal(missing("tls_verified"), "belongs to the vantage uc");
    vo_check_put_unresolved(&check, "no DNS server resolves the name");
    last();
    assert_string_equal(word("reach_state"), "unresolved");
    assert_null(missing("reach_state"));
    assert_string_equal(missing("tls_verified"), "no DNS server resolves the name");
    assert_null(label("elsewhere"));
}

static unsigned finished;

static void on_finished(struct vo_check *check)
{
    (void)check;
    finished++;
}

static void test_done_once(void **state)
{
    (void)state;
    struct vo_check check = check_of(&tcp, "192.0.2.10");
    reach.left = 2;
    reach.finished = on_finished;
    vo_check_done(&check);
    vo_check_done(&check);
    assert_int_equal(reach.left, 1);
    assert_int_equal(finished, 1);
}

static void test_conn_config(void **state)
{
    (void)state;
    static const char *const pins[] = {"sha256/AAAA"};
    static const struct vo_site_list list = {pins, 1};
    struct vo_tls_identity *identity = (struct vo_tls_identity *)(void *)&reach;
    struct vo_tls_config tls;
    struct vo_demand demand = tls_demand("mtls");
    demand.pins = &list;
    struct vo_check check = check_of(&demand, "192.0.2.10");
    reach.identity = identity;
    struct vo_conn_config config = vo_check_conn_config(&check, &tls);
    assert_ptr_equal(config.tls, &tls);
    assert_ptr_equal(tls.identity, identity);
    assert_string_equal(tls.name, "s.example");
    assert_int_equal(tls.pin_count, 1);
    assert_false(tls.public_service);
    assert_int_equal(config.timeout, VO_NS_PER_S);
    assert_int_equal(vo_sockaddr_port(&config.to), 5061);
    /* The certificate is shown to nobody who is not meant to have it. */
    demand.transport = "tls";
    vo_check_conn_config(&check, &tls);
    assert_null(tls.identity);
    demand.transport = "h2";
    demand.role = "apns_provider";
    vo_check_conn_config(&check, &tls);
    assert_null(tls.identity);
    assert_true(tls.public_service);
    demand.transport = "tcp";
    assert_null(vo_check_conn_config(&check, &tls).tls);
}

/* One CA: by its key where it is known of both, else by its name. */
static void test_same_issuer(void **state)
{
    (void)state;
    struct vo_demand voice = tls_demand("tls"), bcom = tls_demand("tls");
    struct vo_demand pair = {
        .gives = &gives, .row = "tls.soap", .role = "openscape_voice and bcom", .last = true};
    voice.role = "openscape_voice";
    bcom.role = "bcom";
    struct vo_check of_voice = check_of(&voice, "192.0.2.1"), of_bcom = check_of(&bcom, "192.0.2.2");
    struct vo_tls_result tls = good_tls();
    struct vo_conn_result result = {.state = "open", .tls = &tls};
    put(&of_voice, &result);
    struct vo_check one = check_of(&pair, NULL);
    vo_check_same_issuer.start(&one);
    last();
    assert_non_null(strstr(missing("tls_same_issuer"), "bcom"));
    put(&of_bcom, &result);
    struct vo_check two = check_of(&pair, NULL);
    vo_check_same_issuer.start(&two);
    last();
    assert_string_equal(word("tls_same_issuer"), "same");
    /* The same name with another key is another CA. */
    tls.presented_count = 2;
    snprintf(tls.presented[1].pin, sizeof tls.presented[1].pin, "sha256/one");
    put(&of_voice, &result);
    snprintf(tls.presented[1].pin, sizeof tls.presented[1].pin, "sha256/two");
    put(&of_bcom, &result);
    struct vo_check three = check_of(&pair, NULL);
    vo_check_same_issuer.start(&three);
    last();
    assert_string_equal(word("tls_same_issuer"), "different");
}

static void test_same_status(void **state)
{
    (void)state;
    struct vo_demand through = {.row = "fw.codes", .role = "haproxy"},
                     direct = {.row = "fw.codes", .role = "uc"};
    struct vo_demand phones = {.row = "fw.haproxy", .role = "haproxy"};
    struct vo_demand pair = {.gives = &gives, .row = "fw.codes", .role = "haproxy and uc", .last = true};
    struct vo_check a = check_of(&through, NULL), b = check_of(&direct, NULL), c = check_of(&phones, NULL);
    vo_check_note_status(&c, 200); /* another request, perhaps to another page */
    vo_check_note_status(&b, 401);
    struct vo_check one = check_of(&pair, NULL);
    vo_check_same_status.start(&one);
    last();
    assert_non_null(missing("http_status_kept"));
    vo_check_note_status(&a, 403);
    struct vo_check two = check_of(&pair, NULL);
    vo_check_same_status.start(&two);
    last();
    assert_string_equal(word("http_status_kept"), "changed");
    vo_check_note_status(&a, 401);
    struct vo_check three = check_of(&pair, NULL);
    vo_check_same_status.start(&three);
    last();
    assert_string_equal(word("http_status_kept"), "same");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_names),     CASE(test_labels),      CASE(test_filtered),    CASE(test_rejected),
        CASE(test_not_tried), CASE(test_tls),         CASE(test_tls_failed),  CASE(test_untried),
        CASE(test_done_once), CASE(test_conn_config), CASE(test_same_issuer), CASE(test_same_status),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
