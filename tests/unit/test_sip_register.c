#include "tests/unit/sip_scene.h"

/* Nothing of ours is left, and neither the password nor its hash is written anywhere. */
static void assert_clean(void)
{
    char text[16384], hash[130];
    FILE *file = fopen(scene.records, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    assert_null(strstr(text, "horse"));
    assert_null(strstr(text, hash_text("MD5", hash, "4912345:r:%s", PASSWORD)));
    assert_false(scene.peer.bound);
}

static void registers_and_takes_it_back(void **state)
{
    (void)state;
    char contact[128];
    use_registrar("MD5", MD5, NULL);
    scene.peer.registrar.info = "right";
    run_udp();
    assert_state("sip_register_state", "registered");
    assert_code("sip_register_code", 200);
    assert_code("sip_expires_s", 600);
    assert_null(text_in("basis", "sip_expires_s")); /* 604800 were asked for: that is all it grants */
    assert_state("sip_server_authentication", "verified");
    assert_label("digest_algorithm", "MD5");
    assert_label("sip_unregistered", "yes");
    assert_true(scene.peer.ever_bound);
    assert_int_equal(scene.peer.registers, 3); /* without credentials, with them, Expires: 0 */
    assert_non_null(strstr(scene.peer.last, "REGISTER sip:example.com SIP/2.0\r\n"));
    assert_non_null(strstr(scene.peer.last, "\r\nTo: <sip:4912345@example.com>\r\n"));
    assert_non_null(strstr(scene.peer.last, "\r\nExpires: 0\r\n"));
    assert_non_null(strstr(scene.peer.last, "\r\nCSeq: 3 REGISTER\r\n"));
    assert_non_null(strstr(scene.peer.last, "nc=00000002"));
    assert_null(strstr(scene.peer.last, "Contact: *"));
    snprintf(contact, sizeof contact, "sip:4912345@127.0.0.1:%u",
             ntohs(((struct sockaddr_in *)(void *)&scene.peer.from)->sin_port));
    assert_string_equal(scene.peer.contact, contact);
    assert_clean();
}

static void the_strongest_algorithm_is_taken(void **state)
{
    static const char *const orders[][2] = {{MD5, SHA256}, {SHA256, MD5}};
    for (size_t i = 0; i < 2; i++) {
        if (i > 0) {
            tear_down(state);
            set_up(state);
        }
        use_registrar("SHA256", orders[i][0], orders[i][1]);
        scene.peer.registrar.info = "right";
        run_tcp();
        assert_state("sip_register_state", "registered");
        assert_label("digest_algorithm", "SHA-256");
        assert_state("sip_server_authentication", "verified");
        assert_non_null(strstr(scene.peer.authorization, "opaque=\"o\""));
        assert_clean();
    }
    tear_down(state);
    set_up(state);
    use_registrar("SHA512-256", "Digest realm=\"r\", nonce=\"%s\", qop=\"auth\", algorithm=SHA-512-256",
                  SHA256);
    scene.peer.registrar.challenges[2] =
        "Digest realm=\"r\", nonce=\"%s\", qop=\"auth\", algorithm=AKAv9-SHA9";
    run_udp();
    assert_label("digest_algorithm", "SHA-512-256");
    assert_state("sip_register_state", "registered");
}

static void the_server_proves_itself_or_not(void **state)
{
    static const struct {
        const char *info, *next, *word;
    } cases[] = {{"right", NULL, "verified"},
                 {"wrong", NULL, "wrong"},
                 {NULL, NULL, "absent"},
                 {"right", "fresh", "verified"}};
    for (size_t i = 0; i < 4; i++) {
        if (i > 0) {
            tear_down(state);
            set_up(state);
        }
        use_registrar("MD5", MD5, NULL);
        scene.peer.registrar.info = cases[i].info;
        scene.peer.registrar.next_nonce = cases[i].next;
        run_udp();
        assert_state("sip_register_state", "registered");
        assert_state("sip_server_authentication", cases[i].word);
        assert_int_equal(scene.peer.registers, 3); /* nextnonce is used: no challenge more */
        if (cases[i].next)
            assert_non_null(strstr(scene.peer.authorization, "nonce=\"fresh\""));
    }
}

static void a_registrar_that_does_not_ask(void **state)
{
    (void)state;
    scene.demand.judged = true;
    run_udp();
    assert_state("sip_register_state", "unchallenged");
    assert_code("sip_register_code", 200);
    assert_code("sip_expires_s", 600);
    assert_missing("sip_server_authentication", "asked for no credentials");
    assert_null(text_in("subject", "digest_algorithm"));
    assert_label("sip_unregistered", "yes");
    assert_int_equal(scene.peer.registers, 2);
    assert_clean();
}

static void refusals(void **state)
{
    use_registrar("MD5", MD5, NULL);
    scene.peer.registrar.final = 403;
    run_udp();
    assert_state("sip_register_state", "refused");
    assert_code("sip_register_code", 403);
    assert_missing("sip_expires_s", "refused with credentials: 403 Because");
    assert_null(text_in("subject", "sip_unregistered")); /* there is nothing to take back */
    assert_int_equal(scene.peer.registers, 2);
    tear_down(state);
    set_up(state); /* a wrong password: challenged again, which is not answered (RFC 3261 22.2) */
    write_secret("wrong\n", 0600);
    use_registrar("MD5", MD5, NULL);
    run_udp();
    assert_state("sip_register_state", "refused");
    assert_code("sip_register_code", 401);
    assert_int_equal(scene.peer.registers, 2);
    tear_down(state);
    set_up(state);
    scene.peer.script = send_text;
    scene.peer.text = "403 Forbidden";
    scene.demand.judged = true;
    run_udp();
    assert_missing("sip_register_state", "refused before any challenge: 403 Forbidden");
    assert_code("sip_register_code", 403);
    tear_down(state);
    set_up(state);
    scene.peer.script = send_text;
    scene.peer.text = "302 Moved";
    scene.demand.judged = true;
    run_udp();
    assert_missing("sip_register_state",
                   "redirected (302 Moved) to sip:away@192.0.2.5, which is not followed");
    assert_int_equal(scene.peer.registers, 1);
}

static void challenges_that_cannot_be_answered(void **state)
{
    static const struct {
        const char *challenge, *why;
    } cases[] = {
        {"Digest realm=\"r\", nonce=\"%s\", qop=\"auth-int\"", "auth-int is not supported"},
        {"Digest realm=\"r\", nonce=\"%s\", algorithm=AKAv1-MD5", "none of MD5, SHA-256, SHA-512-256"},
        {"Basic realm=\"%s\"", "not a digest challenge"},
    };
    for (size_t i = 0; i < 3; i++) {
        use_registrar("MD5", cases[i].challenge, NULL);
        run_udp();
        assert_missing("sip_register_state", "the challenge (401 Unauthorized) cannot be answered");
        assert_missing("sip_register_state", cases[i].why);
        assert_code("sip_register_code", 401);
        assert_int_equal(scene.peer.registers, 1);
        tear_down(state);
        set_up(state);
    }
    scene.demand.judged = true;
    scene.peer.script = send_text;
    scene.peer.text = "401 Unauthorized";
    run_udp();
    assert_missing("sip_register_state", "it has no WWW-Authenticate");
}

static void accounts_that_do_not_serve(void **state)
{
    use_registrar("MD5", MD5, NULL);
    chmod(scene.secret, 0644);
    run_udp();
    assert_missing("sip_register_state", scene.secret);
    assert_missing("sip_register_state", "chmod 600");
    assert_clean();
    tear_down(state);
    set_up(state);
    use_registrar("MD5", MD5, NULL);
    unlink(scene.secret);
    run_udp();
    assert_missing("sip_register_state", scene.secret);
    tear_down(state);
    set_up(state);
    scene.demand.judged = true;
    scene.site.account.user = NULL;
    run_udp();
    assert_missing("sip_register_state", "no account");
    assert_int_equal(scene.peer.registers, 0);
    tear_down(state);
    set_up(state);
    use_registrar("MD5", MD5, NULL);
    scene.site.account.user = "a\r\nEvil: x";
    run_udp();
    assert_missing("sip_register_state", "cannot stand in a SIP URI");
    assert_int_equal(scene.peer.registers, 0);
    assert_code("sip_options_code", 200);
}

static void stale_nonces(void **state)
{
    use_registrar("MD5", MD5, NULL);
    scene.peer.registrar.stale = 1;
    run_udp();
    assert_state("sip_register_state", "registered");
    assert_int_equal(scene.peer.registers, 4);
    assert_clean();
    tear_down(state);
    set_up(state); /* once, and no more */
    use_registrar("MD5", MD5, NULL);
    scene.peer.registrar.stale = 2;
    run_udp();
    assert_state("sip_register_state", "refused");
    assert_int_equal(scene.peer.registers, 3);
}

static void intervals_too_brief(void **state)
{
    use_registrar("MD5", MD5, NULL);
    scene.site.account.expires_s = 60;
    scene.peer.registrar.min_expires = 3600;
    scene.peer.registrar.granted = "Expires: 3600\r\n";
    run_udp();
    assert_state("sip_register_state", "registered");
    assert_code("sip_expires_s", 3600);
    assert_string_equal(text_in("basis", "sip_expires_s"), "lower_bound"); /* no more was asked for */
    assert_int_equal(scene.peer.registers, 4);                             /* 401, 423, 200, and back */
    assert_clean();
    tear_down(state);
    set_up(state);
    use_registrar("MD5", MD5, NULL);
    scene.peer.registrar.final = 423; /* without Min-Expires */
    run_udp();
    assert_state("sip_register_state", "refused");
    assert_code("sip_register_code", 423);
}

static void ask_for_ever_more(struct peer *peer, const struct vo_sip *request)
{
    if (request->method == VO_SIP_REGISTER)
        peer->registrar.min_expires = (unsigned)vo_sip_seconds(request, "Expires") + 1;
    serve(peer, request);
}

static void a_longer_interval_is_asked_for_once(void **state)
{
    (void)state;
    use_registrar("MD5", MD5, NULL);
    scene.peer.script = ask_for_ever_more;
    run_udp();
    assert_state("sip_register_state", "refused");
    assert_code("sip_register_code", 423);
    assert_int_equal(scene.peer.registers, 3); /* 401, 423, 423 */
}

static void expiries(void **state)
{
    static const struct {
        const char *granted;
        int expires; /* -1: missing */
    } cases[] = {
        {"Contact: <sip:other@192.0.2.1>;expires=7, <%s>;expires=8\r\nExpires: 9\r\n", 8},
        {"Contact: <sip:other@192.0.2.1>;expires=7\r\nContact: <%s;ob>;q=1;expires=8\r\n", 8},
        {"Contact: <%s>\r\nExpires: 9\r\n", 9},
        {"Contact: <sip:other@192.0.2.1>;expires=7\r\nExpires: 9\r\n", 9},
        {"Contact: <%s>;expires=604800\r\n", 604800},
        {"Contact: <%s>\r\n", -1},
        {"Contact: <%s>;expires=soon\r\nExpires: -3\r\n", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        use_registrar("MD5", MD5, NULL);
        scene.peer.registrar.granted = cases[i].granted;
        run_udp();
        assert_state("sip_register_state", "registered");
        if (cases[i].expires >= 0)
            assert_code("sip_expires_s", (unsigned)cases[i].expires);
        else
            assert_missing("sip_expires_s", "tells no expiry");
        tear_down(state);
        set_up(state);
    }
}

static void proxies_that_ask(void **state)
{
    scene.demand.judged = true;
    scene.peer.registrar.algorithm = "MD5";
    scene.peer.registrar.proxy_too = true;
    scene.peer.registrar.challenges[0] = MD5;
    run_udp();
    assert_state("sip_register_state", "registered");
    assert_int_equal(scene.peer.registers, 4); /* 407, 401, 200, and back */
    assert_non_null(strstr(scene.peer.last, "\r\nProxy-Authorization: Digest "));
    assert_non_null(strstr(scene.peer.last, "\r\nAuthorization: Digest "));
    assert_clean();
    (void)state;
}

static void registrars_that_are_silent(void **state)
{
    scene.demand.judged = true;
    scene.peer.registrar.silent = true;
    run_udp();
    assert_code("sip_options_code", 200);
    assert_state("sip_register_state", "no_answer");
    assert_missing("sip_register_code", "no answer to REGISTER");
    tear_down(state);
    set_up(state); /* the answer is lost, but the binding is there: it is taken back */
    use_registrar("MD5", MD5, NULL);
    scene.peer.registrar.silent_to_credentials = true;
    run_udp();
    assert_state("sip_register_state", "no_answer");
    assert_code("sip_register_code", 401);
    assert_true(scene.peer.ever_bound);
    assert_label("sip_unregistered", "yes");
    assert_clean();
    tear_down(state);
    set_up(state); /* the binding stays, and that is said */
    use_registrar("MD5", MD5, NULL);
    scene.peer.registrar.silent_to_unregister = true;
    run_udp();
    assert_state("sip_register_state", "registered");
    assert_label("sip_unregistered", "no answer to REGISTER within 0.3 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(registers_and_takes_it_back),
        SCENE(the_strongest_algorithm_is_taken),
        SCENE(the_server_proves_itself_or_not),
        SCENE(a_registrar_that_does_not_ask),
        SCENE(refusals),
        SCENE(challenges_that_cannot_be_answered),
        SCENE(accounts_that_do_not_serve),
        SCENE(stale_nonces),
        SCENE(intervals_too_brief),
        SCENE(a_longer_interval_is_asked_for_once),
        SCENE(expiries),
        SCENE(proxies_that_ask),
        SCENE(registrars_that_are_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
