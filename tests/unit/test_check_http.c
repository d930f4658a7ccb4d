/* The checks over HTTP, each against a server in a process of its own, and the observation that comes out. */
#include "probes/decode/websocket.h"
#include "probes/io/websocket_key.h"
#include "probes/reach/check.h"
#include "tests/unit/tls_scene.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/wait.h>

#define MS VO_NS_PER_MS

static struct scene {
    char folder[64], records[96], ca[96];
    struct certificate certificate;
    struct vo_loop *loop;
    struct vo_site site;
    struct vo_demand demand;
    struct vo_reach reach;
    struct vo_check check;
    struct vo_timer stop;
    vo_time stop_after, took; /* stop_after 0: it is not stopped */
    struct vo_record_reader *reader;
    const struct vo_json *observation;
} scene;

/* ---- servers ---- */

struct peer { /* in the server's process */
    int fd;
    SSL *ssl; /* NULL: plain */
    char request[4096];
};

static ssize_t peer_read(struct peer *peer, void *to, size_t room)
{
    return peer->ssl ? SSL_read(peer->ssl, to, (int)room) : read(peer->fd, to, room);
}

static void say_bytes(struct peer *peer, const void *data, size_t size)
{
    if (peer->ssl)
        SSL_write(peer->ssl, data, (int)size);
    else
        (void)!write(peer->fd, data, size);
}

static void say(struct peer *peer, const char *text)
{
    say_bytes(peer, text, strlen(text));
}

static void hear_request(struct peer *peer)
{
    size_t used = 0;
    ssize_t got;
    while (!strstr(peer->request, "\r\n\r\n") &&
           (got = peer_read(peer, peer->request + used, sizeof peer->request - 1 - used)) > 0)
        used += (size_t)got;
}

/* Until the client goes. */
static void wait_for_close(struct peer *peer)
{
    char ignored[512];
    while (peer_read(peer, ignored, sizeof ignored) > 0)
        ;
}

static void serve_401(struct peer *peer)
{
    hear_request(peer);
    bool good = strncmp(peer->request, "GET /axis/services HTTP/1.1\r\nHost: 127.0.0.1:", 45) == 0 &&
                strstr(peer->request, "\r\nConnection: close\r\n");
    say(peer, good ? "HTTP/1.1 401 Unauthorized\r\nServer: Coyote\r\nContent-Length: 100\r\n\r\n"
                   : "HTTP/1.1 400 Bad Request\r\n\r\n");
    wait_for_close(peer);
}

static void serve_silence(struct peer *peer)
{
    wait_for_close(peer);
}

static void serve_close(struct peer *peer)
{
    hear_request(peer);
}

static void serve_reset(struct peer *peer)
{
    struct linger linger = {1, 0};
    hear_request(peer);
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static void serve_half_a_head(struct peer *peer)
{
    hear_request(peer);
    say(peer, "HTTP/1.1 200 OK\r\nServ");
}

static void serve_drips(struct peer *peer)
{
    hear_request(peer);
    say(peer, "HTTP/1.1 200 OK\r\nX: ");
    for (int i = 0; i < 500; i++) {
        say(peer, "x");
        usleep(20000);
    }
}

static void serve_endless_head(struct peer *peer)
{
    hear_request(peer);
    say(peer, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 100000; i++)
        say(peer, "X-Filler: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
}

static void serve_banner(struct peer *peer)
{
    say(peer, "SSH-2.0-OpenSSH_9.2\r\n");
    wait_for_close(peer);
}

static bool upgrade(struct peer *peer, const char *accept_for, const char *extra)
{
    char key[VO_WEBSOCKET_KEY] = "", accept[VO_WEBSOCKET_ACCEPT], text[512];
    hear_request(peer);
    const char *found = strstr(peer->request, "Sec-WebSocket-Key: ");
    if (!found || !strstr(peer->request, "Upgrade: websocket\r\n") ||
        !strstr(peer->request, "Sec-WebSocket-Version: 13\r\n") || strncmp(peer->request, "GET /ws ", 8) != 0)
        return false;
    memcpy(key, found + 19, 24);
    vo_websocket_accept(accept_for ? accept_for : key, accept);
    snprintf(text, sizeof text,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n%s\r\n",
             accept, extra);
    say(peer, text);
    return true;
}

/* Answers pings, and counts what else came: 1000 plus pongs, and anything that is neither is a fault. */
static void answer_pings(struct peer *peer, bool answers)
{
    struct vo_websocket websocket = {.from_client = true};
    uint8_t bytes[512], frame[256];
    ssize_t got;
    while ((got = peer_read(peer, bytes, sizeof bytes)) > 0)
        for (size_t at = 0; at < (size_t)got;) {
            enum vo_websocket_event event;
            at += vo_websocket_feed(&websocket, bytes + at, (size_t)got - at, &event);
            if (event == VO_WEBSOCKET_BROKEN)
                return;
            if (event == VO_WEBSOCKET_CONTROL && websocket.opcode == VO_WEBSOCKET_PING && answers)
                say_bytes(peer, frame,
                          vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_PONG, NULL, websocket.payload,
                                             websocket.payload_size));
        }
}

static void ws_holds(struct peer *peer)
{
    if (upgrade(peer, NULL, ""))
        answer_pings(peer, true);
}

/* Pushes a message and pings, demands the pong, and sends a pong that nobody asked for. */
static void ws_pings_first(struct peer *peer)
{
    uint8_t bytes[64];
    if (!upgrade(peer, NULL, ""))
        return;
    say_bytes(peer, "\x81\x05hello\x89\x04ping\x8a\x03odd", 18);
    ssize_t got = peer_read(peer, bytes, sizeof bytes);
    if (got == 10 && bytes[0] == 0x8a && (bytes[6] ^ bytes[2]) == 'p')
        answer_pings(peer, true);
}

static void ws_is_deaf(struct peer *peer)
{
    if (upgrade(peer, NULL, ""))
        answer_pings(peer, false);
}

static void ws_closes(struct peer *peer)
{
    if (!upgrade(peer, NULL, ""))
        return;
    usleep(400000);
    say_bytes(peer, "\x88\x02\x03\xe9", 4);
    wait_for_close(peer);
}

static void ws_drops(struct peer *peer)
{
    if (upgrade(peer, NULL, ""))
        usleep(400000);
}

static void ws_wrong_accept(struct peer *peer)
{
    upgrade(peer, "AAAAAAAAAAAAAAAAAAAAAA==", "");
    wait_for_close(peer);
}

static void ws_unasked_extension(struct peer *peer)
{
    upgrade(peer, NULL, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    wait_for_close(peer);
}

static void ws_masks(struct peer *peer)
{
    upgrade(peer, NULL, "");
    say_bytes(peer, "\x81\x85zzzzhello", 11);
    wait_for_close(peer);
}

static void ws_refuses(struct peer *peer)
{
    hear_request(peer);
    say(peer, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    wait_for_close(peer);
}

/* SETTINGS, and the response 403 to stream 1 by HPACK's literal ":status: 403" (RFC 7541 6.2.2, index 8). */
static void h2_answers(struct peer *peer)
{
    char bytes[256];
    say_bytes(peer, "\0\0\0\4\0\0\0\0\0", 9);
    while (peer_read(peer, bytes, sizeof bytes) <= 0)
        ;
    say_bytes(peer,
              "\0\0\5\1\5\0\0\0\1\x08\x03"
              "403",
              14);
    wait_for_close(peer);
}

static void h2_only_settings(struct peer *peer)
{
    say_bytes(peer, "\0\0\0\4\0\0\0\0\0", 9);
    wait_for_close(peer);
}

static void h2_speaks_http1(struct peer *peer)
{
    say(peer, "HTTP/1.1 400 Bad Request\r\n\r\n");
    wait_for_close(peer);
}

enum with { PLAIN, TLS, TLS_H2, TLS_OTHER };

static void serve(int listener, void (*script)(struct peer *peer), enum with with)
{
    struct server server = {.leaf = &scene.certificate, .protocol = with == TLS_OTHER ? "spdy/3" : "h2"};
    struct peer peer = {.fd = accept(listener, NULL, NULL)};
    alarm(20);
    if (with == TLS)
        server.protocol = NULL;
    if (with != PLAIN) {
        server_start(&server);
        peer.ssl = SSL_new(server.context);
        SSL_set_fd(peer.ssl, peer.fd);
        if (SSL_accept(peer.ssl) != 1)
            _exit(0);
    }
    script(&peer);
    close(peer.fd);
    _exit(0);
}

/* ---- the check ---- */

static int set_up(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof scene);
    snprintf(scene.folder, sizeof scene.folder, "/tmp/voready-http-XXXXXX");
    assert_non_null(mkdtemp(scene.folder));
    snprintf(scene.records, sizeof scene.records, "%s/records.jsonl", scene.folder);
    snprintf(scene.ca, sizeof scene.ca, "%s/ca.pem", scene.folder);
    scene.certificate = make_at((struct making){.name = "web", .alternative = "IP:127.0.0.1", .ca = true},
                                vo_clock_now() / VO_NS_PER_S);
    write_pem(scene.ca, &scene.certificate.x509, 1, NULL, NULL);
    assert_int_equal(vo_loop_new(&scene.loop, NULL), VO_OK);
    assert_int_equal(vo_tls_trust_new(scene.ca, &scene.reach.trust, NULL), VO_OK);
    scene.site.haproxy.path = "/axis/services";
    scene.site.haproxy.websocket_path = "/ws";
    scene.site.haproxy.hold_s = 1;
    scene.reach.timeout = 300 * MS;
    return 0;
}

static void forget_run(void)
{
    vo_record_reader_free(scene.reader);
    scene.reader = NULL;
    free(scene.reach.heard);
    free(scene.reach.seen);
    scene.reach.heard = NULL;
    scene.reach.seen = NULL;
    scene.reach.heard_count = scene.reach.seen_count = 0;
}

static int tear_down(void **state)
{
    (void)state;
    forget_run();
    vo_loop_free(scene.loop);
    vo_tls_trust_free(scene.reach.trust);
    drop(scene.certificate);
    unlink(scene.records);
    unlink(scene.ca);
    return rmdir(scene.folder);
}

static void quit(void *context)
{
    vo_loop_quit(context);
}

static void finished(struct vo_check *check)
{
    (void)check;
    vo_loop_quit(scene.loop);
}

static void read_back(void)
{
    struct vo_record record = {0};
    assert_int_equal(vo_record_reader_open(scene.records, &scene.reader, NULL), VO_OK);
    do
        assert_int_equal(vo_record_read(scene.reader, &record, NULL), VO_OK);
    while (strcmp(record.kind, "observation") != 0);
    scene.observation = record.json;
}

static void run_check(const struct sockaddr_storage *to)
{
    const char *source = "site.json";
    const struct vo_run run = {.probe = "voready-reach", .source = &source, .source_count = 1};
    forget_run();
    assert_int_equal(vo_record_open(scene.records, &run, &scene.reach.writer, NULL), VO_OK);
    scene.reach.loop = scene.loop;
    scene.reach.site = &scene.site;
    scene.reach.left = 1;
    scene.reach.stopping = false;
    scene.reach.finished = finished;
    scene.check =
        (struct vo_check){.reach = &scene.reach, .demand = &scene.demand, .address = *to, .id = "web"};
    scene.stop = (struct vo_timer){.due = quit, .context = scene.loop};
    vo_time began = vo_clock_monotonic();
    scene.demand.kind->start(&scene.check);
    if (scene.stop_after)
        vo_loop_set(scene.loop, &scene.stop, began + scene.stop_after);
    if (!scene.check.done)
        vo_loop_run(scene.loop, NULL, NULL);
    vo_loop_cancel(scene.loop, &scene.stop);
    if (!scene.check.done) {
        assert_true(scene.stop_after > 0);
        scene.reach.stopping = true;
        scene.demand.kind->stop(&scene.check);
    }
    scene.took = vo_clock_monotonic() - began;
    assert_true(scene.check.done);
    scene.demand.kind->stop(&scene.check); /* once is enough */
    scene.demand.kind->free(&scene.check);
    assert_int_equal(scene.reach.left, 0);
    assert_int_equal(vo_record_close(scene.reach.writer, true, NULL, NULL), VO_OK);
    read_back();
}

static void run_with(const struct vo_check_kind *kind, void (*script)(struct peer *peer), enum with with)
{
    struct sockaddr_storage at = {.ss_family = AF_INET};
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&at;
    socklen_t size = sizeof *in;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)in, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)in, &size);
    pid_t child = fork();
    if (child == 0)
        serve(listener, script, with);
    close(listener);
    scene.demand = (struct vo_demand){.kind = kind,
                                      .row = "fw.haproxy",
                                      .role = "haproxy",
                                      .host = "127.0.0.1",
                                      .transport = with == PLAIN ? "tcp" : "https",
                                      .port = ntohs(in->sin_port)};
    run_check(&at);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static const char *text_in(const char *section, const char *name)
{
    return vo_json_text(vo_json_get(vo_json_get(scene.observation, section), name));
}

static double number(const char *section, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(scene.observation, section), name));
}

static void assert_missing(const char *metric, const char *why)
{
    const char *found = text_in("missing", metric);
    if (!found || !strstr(found, why))
        fail_msg("%s: %s", metric, found ? found : "not missing");
}

static void https_takes_any_status(void **state)
{
    (void)state;
    for (enum with with = PLAIN; with <= TLS; with++) {
        run_with(&vo_check_https, serve_401, with);
        assert_true(number("metrics", "http_status") == 401);
        assert_string_equal(text_in("states", "reach_state"), "open");
        assert_string_equal(text_in("subject", "http_server"), "Coyote");
        assert_int_equal(scene.reach.seen[scene.reach.seen_count - 1].http_status, 401);
    }
    assert_string_equal(text_in("states", "tls_verified"), "trusted");
    assert_string_equal(text_in("states", "tls_client_certificate"), "not_asked");
}

static void https_says_at_which_step_it_failed(void **state)
{
    (void)state;
    static const struct {
        void (*script)(struct peer *peer);
        const char *why;
    } rows[] = {
        {serve_silence, "no response to the request within 0.3 s"},
        {serve_close, "the peer closed the connection"},
        {serve_reset, "the connection was reset"},
        {serve_half_a_head, "the peer closed the connection within the head of its response"},
        {serve_drips, "its response head was not complete after 0.3 s"},
        {serve_endless_head, "more than 100 headers"},
        {serve_banner, "no HTTP/1 response"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run_with(&vo_check_https, rows[i].script, PLAIN);
        assert_missing("http_status", rows[i].why);
        assert_string_equal(text_in("states", "reach_state"), "open");
        assert_true(scene.took < 600 * MS);
    }
}

static void plain_answers_on_a_tls_port_are_named(void **state)
{
    (void)state;
    static const struct vo_check_kind *const kinds[] = {&vo_check_https, &vo_check_websocket,
                                                        &vo_check_http2};
    for (size_t i = 0; i < 3; i++) {
        struct sockaddr_storage at = {.ss_family = AF_INET};
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)&at;
        socklen_t size = sizeof *in;
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(bind(listener, (struct sockaddr *)in, size), 0);
        assert_int_equal(listen(listener, 1), 0);
        getsockname(listener, (struct sockaddr *)in, &size);
        pid_t child = fork();
        if (child == 0)
            serve(listener, serve_banner, PLAIN);
        close(listener);
        scene.demand = (struct vo_demand){.kind = kinds[i],
                                          .row = "fw.haproxy",
                                          .role = "haproxy",
                                          .host = "127.0.0.1",
                                          .transport = "wss"};
        run_check(&at);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        assert_string_equal(text_in("states", "reach_state"), "open");
        static const char *const metrics[] = {"http_status", "websocket_state", "http2_state"};
        assert_missing(metrics[i], "does not speak TLS here: it sent \"SSH-2.0-OpenSSH_9.2\"");
    }
}

static void nobody_listens(void **state)
{
    (void)state;
    struct sockaddr_storage at = {.ss_family = AF_INET};
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&at;
    socklen_t size = sizeof *in;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int holder = socket(AF_INET, SOCK_STREAM, 0); /* bound, so that nobody else takes the port */
    assert_int_equal(bind(holder, (struct sockaddr *)in, size), 0);
    getsockname(holder, (struct sockaddr *)in, &size);
    static const struct {
        const struct vo_check_kind *kind;
        const char *metric;
    } rows[] = {{&vo_check_https, "http_status"},
                {&vo_check_websocket, "websocket_state"},
                {&vo_check_websocket, "websocket_held_s"},
                {&vo_check_http2, "http2_state"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene.demand = (struct vo_demand){.kind = rows[i].kind,
                                          .row = "fw.haproxy",
                                          .role = "haproxy",
                                          .host = "127.0.0.1",
                                          .transport = "wss"};
        run_check(&at);
        assert_string_equal(text_in("states", "reach_state"), "closed");
        assert_non_null(text_in("missing", rows[i].metric));
    }
    close(holder);
}

static void a_websocket_is_held(void **state)
{
    (void)state;
    static void (*const scripts[])(struct peer * peer) = {ws_holds, ws_pings_first};
    for (size_t i = 0; i < 2; i++)
        for (enum with with = PLAIN; with <= TLS; with++) {
            run_with(&vo_check_websocket, scripts[i], with);
            const char *word = text_in("states", "websocket_state");
            if (!word || strcmp(word, "held") != 0)
                fail_msg("%s %s", word ? word : "", text_in("subject", "websocket_answer"));
            double held = number("metrics", "websocket_held_s");
            if (!(held >= 1 && held < 1.3))
                fail_msg("held %g s", held);
        }
    assert_true(number("subject", "websocket_server_pings") == 1);
}

static void a_websocket_ends(void **state)
{
    (void)state;
    static const struct {
        void (*script)(struct peer *peer);
        const char *word, *answer;
        double held; /* s, about; 0: missing */
    } rows[] = {
        {ws_closes, "closed", "the server closed it with code 1001", 0.4},
        {ws_drops, "closed", "the peer closed the connection", 0.4},
        {ws_is_deaf, "closed", "no answer to the ping", 0},
        {ws_wrong_accept, "broken", "Sec-WebSocket-Accept", 0},
        {ws_unasked_extension, "broken", "was not offered", 0},
        {ws_masks, "broken", "masked", 0.01},
        {ws_refuses, "refused", "status 403 and no upgrade", 0},
        {serve_banner, "broken", "no HTTP/1 response", 0},
        {serve_endless_head, "broken", "more than 100 headers", 0},
        {serve_drips, "broken", "not complete", 0},
        {serve_silence, "refused", "no response to the request", 0},
        {serve_close, "refused", "closed", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run_with(&vo_check_websocket, rows[i].script, PLAIN);
        const char *word = text_in("states", "websocket_state"),
                   *answer = text_in("subject", "websocket_answer");
        if (!word || strcmp(word, rows[i].word) != 0 || !answer || !strstr(answer, rows[i].answer))
            fail_msg("row %zu: %s %s", i, word ? word : text_in("missing", "websocket_state"), answer);
        double held = number("metrics", "websocket_held_s");
        if (rows[i].held > 0)
            assert_true(held < rows[i].held + 0.25 && held >= rows[i].held - 0.01);
        else
            assert_non_null(text_in("missing", "websocket_held_s"));
    }
}

static void a_stopped_hold_tells_how_far_it_came(void **state)
{
    (void)state;
    scene.stop_after = 500 * MS;
    scene.site.haproxy.hold_s = 60;
    run_with(&vo_check_websocket, ws_holds, PLAIN);
    assert_missing("websocket_state", "stopped before it was over");
    assert_true(number("metrics", "websocket_held_s") > 0.4 && number("metrics", "websocket_held_s") < 0.7);
}

static void a_site_without_websocket_path(void **state)
{
    (void)state;
    scene.site.haproxy.websocket_path = NULL;
    struct sockaddr_storage at = {.ss_family = AF_INET};
    static const enum vo_metric metrics[] = {VO_METRIC_WEBSOCKET_STATE};
    static const struct vo_gives gives = {.metrics = metrics, .count = 1};
    scene.demand = (struct vo_demand){.kind = &vo_check_websocket,
                                      .gives = &gives,
                                      .row = "fw.haproxy",
                                      .role = "haproxy",
                                      .host = "127.0.0.1",
                                      .transport = "wss"};
    run_check(&at);
    assert_missing("websocket_state", "no websocket_path");
}

static void http2_states(void **state)
{
    (void)state;
    static const struct {
        void (*script)(struct peer *peer);
        enum with with;
        const char *word, *answer;
        unsigned status;
    } rows[] = {
        {h2_answers, TLS_H2, "spoken", NULL, 403},
        {h2_only_settings, TLS_H2, "spoken", "no answer to the request within 0.3 s", 0},
        {h2_speaks_http1, TLS_H2, "refused", "does not speak HTTP/2", 0},
        {serve_silence, TLS_H2, "refused", "no HTTP/2 came within 0.3 s", 0},
        {serve_close, TLS, "refused", "did not choose h2", 0},
        {serve_close, TLS_OTHER, "refused", "no_application_protocol", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run_with(&vo_check_http2, rows[i].script, rows[i].with);
        const char *word = text_in("states", "http2_state"), *answer = text_in("subject", "http2_answer");
        if (!word || strcmp(word, rows[i].word) != 0)
            fail_msg("row %zu: %s", i, word ? word : text_in("missing", "http2_state"));
        if (rows[i].answer && (!answer || !strstr(answer, rows[i].answer)))
            fail_msg("row %zu: %s", i, answer ? answer : "no answer");
        if (rows[i].status)
            assert_true(number("metrics", "http_status") == rows[i].status);
        else
            assert_non_null(text_in("missing", "http_status"));
    }
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(https_takes_any_status),
        EACH(https_says_at_which_step_it_failed),
        EACH(plain_answers_on_a_tls_port_are_named),
        EACH(nobody_listens),
        EACH(a_websocket_is_held),
        EACH(a_websocket_ends),
        EACH(a_stopped_hold_tells_how_far_it_came),
        EACH(a_site_without_websocket_path),
        EACH(http2_states),
    };
    return cmocka_run_group_tests_name("check_http", tests, NULL, NULL);
}
