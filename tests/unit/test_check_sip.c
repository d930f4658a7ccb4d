#include "tests/unit/sip_scene.h"

static void options_over_udp(void **state)
{
    (void)state;
    run_udp();
    assert_state("reach_state", "open");
    assert_code("sip_options_code", 200);
    assert_true(number("sip_options_ms") > 0 && number("sip_options_ms") < 200);
    assert_true(number("reach_connect_ms") > 0 && number("reach_connect_ms") <= number("sip_options_ms"));
    assert_label("sip_server", "peer/1");
    assert_label("sip_allow", "OPTIONS,REGISTER");
    assert_int_equal(scene.peer.options, 1);
    assert_int_equal(scene.peer.registers, 0); /* not the judged transport */
    assert_state("sip_register_state", NULL);
    assert_null(text_in("missing", "sip_register_state"));
    char line[128], local[64];
    snprintf(line, sizeof line,
             "OPTIONS sip:127.0.0.1:%u SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:", scene.demand.port);
    assert_memory_equal(scene.peer.last, line, strlen(line));
    snprintf(local, sizeof local, "Contact: <sip:voready@127.0.0.1:%u>\r\n",
             ntohs(((struct sockaddr_in *)(void *)&scene.peer.from)->sin_port));
    assert_non_null(strstr(scene.peer.last, local)); /* where we really are */
}

static void options_over_ipv6(void **state)
{
    (void)state;
    scene.demand.host = "::1";
    run_with(false, true);
    assert_state("reach_state", "open");
    assert_code("sip_options_code", 200);
    assert_non_null(strstr(scene.peer.last, "OPTIONS sip:[::1]:"));
    assert_non_null(strstr(scene.peer.last, "Via: SIP/2.0/UDP [::1]:"));
}

static void any_final_response_proves_it(void **state)
{
    static const struct {
        const char *status;
        unsigned code;
    } cases[] = {{"401 Unauthorized", 401},
                 {"404 Not Found", 404},
                 {"405 Method Not Allowed", 405},
                 {"503 Service Unavailable", 503},
                 {"302 Moved", 302},
                 {"600 Busy", 600},
                 {"407 Proxy Auth", 407},
                 {"299", 299}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (i > 0) {
            tear_down(state);
            set_up(state);
        }
        scene.peer.script = send_text;
        scene.peer.text = cases[i].status;
        run_udp();
        assert_state("reach_state", "open");
        assert_code("sip_options_code", cases[i].code);
        assert_int_equal(scene.peer.options, 1); /* told, neither answered nor followed */
        if (cases[i].code == 302)
            assert_label("sip_redirected_to", "sip:away@192.0.2.5");
    }
}

static void a_closed_udp_port(void **state)
{
    (void)state;
    scene.demand.judged = true;
    peer_open(&scene.peer, scene.loop, false, false);
    peer_close(&scene.peer); /* the port was ours, so that nobody else has it */
    scene.demand.port = peer_port(&scene.peer);
    scene.reach.timeout = 5000 * MS;
    run_to(&scene.peer.address);
    assert_state("reach_state", "closed");
    assert_missing("sip_options_code", "ICMP 3/3");
    assert_missing("sip_register_state", "ICMP 3/3");
    assert_true(scene.took < 1000 * MS);
}

static void an_unusable_local_port(void **state)
{
    (void)state;
    struct peer other = {0};
    peer_open(&other, scene.loop, false, false);
    scene.demand.local_port = peer_port(&other);
    scene.demand.judged = true;
    run_udp();
    peer_close(&other);
    assert_state("reach_state", NULL);
    assert_missing("reach_state", "UDP to 127.0.0.1");
    assert_missing("sip_options_code", "UDP to 127.0.0.1");
    assert_missing("sip_register_state", "UDP to 127.0.0.1");
}

static void hostile_texts(struct peer *peer, const struct vo_sip *request)
{
    char headers[4096];
    snprintf(headers, sizeof headers, "Server: a\x01\x1b[2J%0300d\xc3\xa4\r\nAllow: %0300d\r\nAllow: X\r\n",
             1, 2);
    respond(peer, request, "200 \x1b[0mOK", headers);
}

static void labels_are_cut_and_harmless(void **state)
{
    (void)state;
    scene.peer.script = hostile_texts;
    run_udp();
    const char *server = text_in("subject", "sip_server"), *allow = text_in("subject", "sip_allow");
    assert_int_equal(strlen(server), 159);
    assert_memory_equal(server, "a  [2J000", 9);
    assert_true(strlen(allow) <= 159);
}

static void seen_from_behind_nat(struct peer *peer, const struct vo_sip *request)
{
    char text[4096];
    size_t size = make_response(request, "200 OK", NULL, text, sizeof text);
    char *at = strstr(text, ";rport");
    assert_non_null(at);
    static const char seen[] = ";rport=40001;received=203.0.113.7";
    memmove(at + sizeof seen - 1, at + 6, size - (size_t)(at + 6 - text));
    memcpy(at, seen, sizeof seen - 1);
    peer_send(peer, text, size + sizeof seen - 1 - 6);
}

static void the_server_tells_where_we_come_from(void **state)
{
    (void)state;
    scene.peer.script = seen_from_behind_nat;
    run_udp();
    assert_label("sip_seen_as", "203.0.113.7:40001");
}

static void only_the_sites_own_sip_row_registers(void **state)
{
    (void)state;
    scene.demand.judged = true;
    scene.demand.row = "path.sbc"; /* the same port, asked for another reason */
    run_udp();
    assert_int_equal(scene.peer.registers, 0);
    assert_null(text_in("missing", "sip_register_state"));
}

/* A border controller that does not answer a stranger's OPTIONS still registers, in the same time. */
static void registers_beside_silent_options(void **state)
{
    (void)state;
    use_registrar("MD5", MD5, NULL);
    scene.peer.script = silent_to_options;
    run_udp();
    assert_state("reach_state", "open");
    assert_missing("sip_options_code", "no answer to OPTIONS");
    assert_state("sip_register_state", "registered");
    assert_in_range(scene.took, 290 * MS, 600 * MS);
}

/* ---- stopped ---- */

static void stopped_while_registered(void **state)
{
    (void)state;
    use_registrar("MD5", MD5, NULL);
    scene.peer.script = silent_to_options; /* OPTIONS keeps the check alive */
    scene.peer.registrar.silent_to_credentials = true;
    scene.reach.timeout = 5000 * MS;
    scene.stop_after = 200 * MS;
    run_udp();
    assert_true(scene.peer.ever_bound);
    assert_false(scene.peer.bound);
    assert_label("sip_unregistered", "yes");
    assert_missing("sip_register_state", "stopped before REGISTER was answered");
    assert_missing("sip_options_code", "stopped before an answer came");
    assert_true(scene.took < 600 * MS);
}

static void stopped_and_the_registrar_is_silent(void **state)
{
    (void)state;
    use_registrar("MD5", MD5, NULL);
    scene.peer.registrar.silent_to_credentials = scene.peer.registrar.silent_to_unregister = true;
    scene.reach.timeout = 5000 * MS;
    scene.stop_after = 100 * MS;
    run_udp();
    assert_label("sip_unregistered", "no answer to REGISTER within 1.0 s");
    assert_in_range(scene.took, 1090 * MS, 1400 * MS);
}

static void stopped_before_anything(void **state)
{
    (void)state;
    scene.peer.script = NULL;
    scene.stop_after = 50 * MS;
    scene.reach.timeout = 5000 * MS;
    run_udp();
    assert_missing("reach_state", "stopped before an answer came");
    assert_missing("sip_options_code", "stopped before an answer came");
    assert_true(scene.took < 300 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(options_over_udp),
        SCENE(options_over_ipv6),
        SCENE(any_final_response_proves_it),
        SCENE(a_closed_udp_port),
        SCENE(an_unusable_local_port),
        SCENE(labels_are_cut_and_harmless),
        SCENE(the_server_tells_where_we_come_from),
        SCENE(only_the_sites_own_sip_row_registers),
        SCENE(registers_beside_silent_options),
        SCENE(stopped_while_registered),
        SCENE(stopped_and_the_registrar_is_silent),
        SCENE(stopped_before_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
