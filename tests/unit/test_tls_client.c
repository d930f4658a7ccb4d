#include "tests/unit/tls_scene.h"

/* One PKI for all tests: a root that ca_file trusts, an intermediate, a leaf; and another root, not trusted.
 */
static struct certificate root, middle, leaf, stranger, strange_leaf;
static char folder[] = "/tmp/voready-tls-XXXXXX";
static char ca_file[64], system_file[64];
static struct vo_tls_trust *trust;

static char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    root = make((struct making){.name = "Root", .ca = true, .begin = -100, .end = 1000});
    middle = make((struct making){.name = "Middle", .ca = true, .begin = -50, .end = 500, .issuer = &root});
    leaf = make((struct making){.name = "SBC", .alternative = NAMES, .issuer = &middle});
    stranger = make((struct making){.name = "Stranger", .ca = true, .begin = -100, .end = 1000});
    strange_leaf = make((struct making){.name = "SBC", .alternative = NAMES, .issuer = &stranger});
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", folder);
    snprintf(system_file, sizeof system_file, "%s/system.pem", folder);
    write_pem(ca_file, &root.x509, 1, NULL, NULL);
    struct certificate public = make((struct making){.name = "Public", .ca = true});
    write_pem(system_file, &public.x509, 1, NULL, NULL);
    drop(public);
    setenv("SSL_CERT_FILE", system_file, 1); /* the system of these tests trusts one CA that nobody uses */
    setenv("SSL_CERT_DIR", folder, 1);
    struct vo_error error;
    return vo_tls_trust_new(ca_file, &trust, &error) == VO_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    const struct certificate all[] = {root, middle, leaf, stranger, strange_leaf};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        drop(all[i]);
    vo_tls_trust_free(trust);
    unlink(ca_file);
    unlink(system_file);
    return rmdir(folder);
}

static struct vo_tls_config config_for(const char *name)
{
    return (struct vo_tls_config){.name = name, .trust = trust, .now = NOW * VO_NS_PER_S};
}

static struct vo_tls_client *client_of(const struct vo_tls_config *config)
{
    struct vo_tls_client *client;
    struct vo_error error;
    assert_int_equal(vo_tls_client_new(config, &client, &error), VO_OK);
    return client;
}

/* The proper server of most tests. */
static struct server proper(void)
{
    return (struct server){.leaf = &leaf, .chain = &middle.x509, .chain_count = 1};
}

/* The result of one handshake with all that follows at once. */
static struct vo_tls_result meet(struct server server, struct vo_tls_config config)
{
    struct vo_tls_client *client = client_of(&config);
    server_start(&server);
    talk(client, &server, 100000);
    struct vo_tls_result result = *vo_tls_client_result(client);
    vo_tls_client_free(client);
    server_stop(&server);
    return result;
}

static void every_version_is_spoken(void **state)
{
    (void)state;
    static const struct {
        int version;
        const char *word;
    } rows[] = {{TLS1_VERSION, "tls1.0"},
                {TLS1_1_VERSION, "tls1.1"},
                {TLS1_2_VERSION, "tls1.2"},
                {TLS1_3_VERSION, "tls1.3"},
                {0, "tls1.3"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct server server = proper();
        server.version = rows[i].version;
        struct vo_tls_result r = meet(server, config_for("sbc.example.com"));
        assert_int_equal(r.phase, VO_TLS_OPEN);
        assert_string_equal(r.protocol, rows[i].word);
        assert_true(r.cipher[0] != '\0');
        assert_string_equal(r.failure, "");
        assert_string_equal(r.client_certificate, "not_asked");
        assert_string_equal(r.ocsp, "none");
        assert_int_equal(r.alert, -1);
        assert_int_equal(r.faults, 0);
        assert_string_equal(r.verify_text, "");
    }
}

static void tells_the_chain(void **state)
{
    (void)state;
    struct vo_tls_result r = meet(proper(), config_for("sbc.example.com"));
    assert_int_equal(r.presented_count, 2);
    assert_int_equal(r.verified_count, 3);
    assert_string_equal(r.presented[0].subject, "CN=SBC");
    assert_string_equal(r.presented[0].issuer, "CN=Middle");
    assert_string_equal(r.presented[0].names, "sbc.example.com 192.0.2.10 2001:db8::10");
    assert_int_equal(r.presented[0].not_before, NOW - DAY);
    assert_int_equal(r.presented[0].not_after, NOW + 30 * DAY);
    assert_string_equal(r.presented[1].subject, "CN=Middle");
    assert_string_equal(r.verified[2].subject, "CN=Root");
    assert_string_equal(r.verified[2].names, "");
    assert_int_equal(strlen(r.verified[2].pin), 51); /* "sha256/" and 44 of BASE64 */
    assert_int_equal(r.days_left, 30);
    assert_null(r.interception); /* no pins: nothing is claimed */
}

static void counts_days_to_the_first_end(void **state)
{
    (void)state;
    static const struct {
        int64_t now, days; /* seconds after NOW; the leaf ends 30 days after NOW */
    } rows[] = {{0, 30},        {1, 29},           {DAY, 29}, {30 * DAY, 0}, {30 * DAY + 1, -1},
                {31 * DAY, -1}, {31 * DAY + 1, -2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_tls_config config = config_for("sbc.example.com");
        config.now = (NOW + rows[i].now) * VO_NS_PER_S;
        assert_int_equal(meet(proper(), config).days_left, rows[i].days);
    }
    /* an intermediate that ends before the leaf */
    struct certificate early =
        make((struct making){.name = "E", .ca = true, .begin = -9, .end = 3, .issuer = &root});
    struct certificate under = make((struct making){.name = "SBC", .alternative = NAMES, .issuer = &early});
    struct server server = {.leaf = &under, .chain = &early.x509, .chain_count = 1};
    assert_int_equal(meet(server, config_for("sbc.example.com")).days_left, 3);
    drop(early);
    drop(under);
}

static void names_every_fault(void **state)
{
    (void)state;
    const struct {
        struct making making;
        const char *name; /* asked for */
        X509 *chain;      /* sent with the leaf */
        unsigned faults;
    } rows[] = {
        {{.begin = -20, .end = -3, .issuer = &root}, "sbc.example.com", NULL, VO_TLS_EXPIRED},
        {{.begin = 2, .end = 20, .issuer = &root}, "sbc.example.com", NULL, VO_TLS_NOT_YET_VALID},
        {{.issuer = &root}, "other.example.com", NULL, VO_TLS_WRONG_NAME},
        {{.issuer = &root}, "192.0.2.11", NULL, VO_TLS_WRONG_NAME},
        {{.issuer = &root}, "192.0.2.10", NULL, 0},
        {{.issuer = &root}, "2001:db8:0::10", NULL, 0},
        {{.issuer = &root}, "sbc.example.com.", NULL, 0}, /* root dot */
        {{.issuer = &root}, "SBC.Example.Com", NULL, 0},
        {{.issuer = NULL}, "sbc.example.com", NULL, VO_TLS_SELF_SIGNED},
        {{.issuer = &stranger}, "sbc.example.com", stranger.x509, VO_TLS_UNKNOWN_ISSUER},
        {{.issuer = &stranger, .names_root = true}, "sbc.example.com", NULL, VO_TLS_UNKNOWN_ISSUER},
        {{.issuer = &middle}, "sbc.example.com", NULL, VO_TLS_INCOMPLETE_CHAIN},
        {{.issuer = &root, .weak_key = true}, "sbc.example.com", NULL, VO_TLS_WEAK},
        {{.issuer = &root, .weak_digest = true}, "sbc.example.com", NULL, VO_TLS_WEAK},
        {{.begin = -20, .end = -3, .issuer = &stranger},
         "other.example.com",
         stranger.x509,
         VO_TLS_EXPIRED | VO_TLS_WRONG_NAME | VO_TLS_UNKNOWN_ISSUER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct making making = rows[i].making;
        making.name = "sbc.example.com"; /* a common name does not count (RFC 9525 6.3) */
        making.alternative = NAMES;
        struct certificate made = make(making);
        struct server server = {.leaf = &made, .chain = &rows[i].chain, .chain_count = rows[i].chain != NULL};
        struct vo_tls_result r = meet(server, config_for(rows[i].name));
        if (r.faults != rows[i].faults)
            fail_msg("row %zu: faults %u (%s), not %u", i, r.faults, r.verify_text, rows[i].faults);
        assert_int_equal(r.phase, VO_TLS_OPEN); /* a fault never ends it */
        assert_int_equal(r.verify_text[0] != '\0', r.faults != 0);
        drop(made);
    }
}

static void a_common_name_is_no_name(void **state)
{
    (void)state;
    struct certificate made = make((struct making){.name = "sbc.example.com", .issuer = &root});
    struct server server = {.leaf = &made};
    assert_int_equal(meet(server, config_for("sbc.example.com")).faults, VO_TLS_WRONG_NAME);
    drop(made);
}

static void a_root_that_is_not_sent_is_an_unknown_issuer(void **state)
{
    (void)state;
    struct certificate between = make((struct making){.name = "Between", .ca = true, .issuer = &stranger});
    struct certificate made = make((struct making){.name = "SBC", .alternative = NAMES, .issuer = &between});
    struct server server = {.leaf = &made, .chain = &between.x509, .chain_count = 1};
    struct vo_tls_result r = meet(server, config_for("sbc.example.com"));
    assert_int_equal(r.faults, VO_TLS_UNKNOWN_ISSUER);
    assert_string_equal(r.verify_text, "issuer not trusted: CN=Stranger");
    drop(between);
    drop(made);
}

static void hostile_names_stay_text(void **state)
{
    (void)state;
    char long_name[65];
    memset(long_name, 'x', 64);
    long_name[64] = '\0';
    long_name[0] = '\n';
    long_name[1] = '\x1b';
    struct certificate made = make((struct making){.name = long_name, .alternative = NAMES, .issuer = &root});
    struct server server = {.leaf = &made};
    struct vo_tls_result r = meet(server, config_for("sbc.example.com"));
    assert_null(strchr(r.presented[0].subject, '\n'));
    assert_null(strchr(r.presented[0].subject, '\x1b'));
    drop(made);
    struct certificate umlaut = make((struct making){.name = "M\xc3\xbcnchen", .issuer = &root});
    server.leaf = &umlaut;
    assert_string_equal(meet(server, config_for("sbc.example.com")).presented[0].subject,
                        "CN=M\xc3\xbcnchen");
    drop(umlaut);
}

static struct vo_tls_identity *identity_of(struct certificate certificate)
{
    struct vo_tls_identity *identity;
    struct vo_error error;
    char *path = path_of("client.pem");
    write_pem(path, &certificate.x509, 1, certificate.key, NULL);
    enum vo_status status = vo_tls_identity_load(path, NULL, NULL, &identity, &error);
    unlink(path);
    if (status != VO_OK)
        fail_msg("%s", error.message);
    return identity;
}

static void client_certificates(void **state)
{
    (void)state;
    const int64_t today = vo_clock_now() / VO_NS_PER_S;
    struct certificate good = make_at((struct making){.name = "Phone", .issuer = &root}, today);
    struct certificate bad = make_at((struct making){.name = "Phone", .issuer = &stranger}, today);
    struct vo_tls_identity *accepted = identity_of(good), *refused = identity_of(bad);
    const struct {
        int version;
        const struct vo_tls_identity *identity;
        bool optional;
        const char *word; /* NULL: not known before the server says something */
        enum vo_tls_phase phase;
        int alert;
    } rows[] = {
        {TLS1_VERSION, accepted, false, "accepted", VO_TLS_OPEN, -1},
        {TLS1_2_VERSION, accepted, false, "accepted", VO_TLS_OPEN, -1},
        {TLS1_2_VERSION, refused, false, "refused", VO_TLS_FAILED, 48},
        {TLS1_2_VERSION, NULL, false, "missing", VO_TLS_FAILED, 40},
        {TLS1_2_VERSION, NULL, true, "missing", VO_TLS_OPEN, -1},
        {TLS1_3_VERSION, accepted, false, NULL, VO_TLS_OPEN, -1},
        {TLS1_3_VERSION, refused, false, "refused", VO_TLS_FAILED, 48},
        {TLS1_3_VERSION, NULL, false, "missing", VO_TLS_FAILED, 116},
        {TLS1_3_VERSION, NULL, true, "missing", VO_TLS_OPEN, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct server server = proper();
        server.version = rows[i].version;
        server.client_ca = root.x509;
        server.optional = rows[i].optional;
        struct vo_tls_config config = config_for("sbc.example.com");
        config.identity = rows[i].identity;
        config.now = today * VO_NS_PER_S;
        struct vo_tls_result r = meet(server, config);
        if (rows[i].word)
            assert_string_equal(r.client_certificate, rows[i].word);
        else
            assert_null(r.client_certificate);
        assert_int_equal(r.phase, rows[i].phase);
        assert_int_equal(r.alert, rows[i].alert);
        assert_int_equal(r.failure[0] != '\0', r.phase == VO_TLS_FAILED);
        if (rows[i].alert == 48)
            assert_non_null(strstr(r.failure, "refused the client certificate: alert 48 (unknown_ca)"));
        if (rows[i].alert == 116)
            assert_non_null(strstr(r.failure, "none is configured: alert 116 (certificate_required)"));
    }
    vo_tls_identity_free(accepted);
    vo_tls_identity_free(refused);
    drop(good);
    drop(bad);
}

/* The trap of TLS 1.3: the client's handshake is over before the server has looked at its certificate. */
static void tls13_judges_after_the_first_data(void **state)
{
    (void)state;
    const int64_t today = vo_clock_now() / VO_NS_PER_S;
    struct certificate certificates[2] = {
        make_at((struct making){.name = "Phone", .issuer = &root}, today),
        make_at((struct making){.name = "Phone", .issuer = &stranger}, today)};
    for (int refused = 0; refused < 2; refused++) {
        struct vo_tls_identity *identity = identity_of(certificates[refused]);
        struct server server = proper();
        server.version = TLS1_3_VERSION;
        server.client_ca = root.x509;
        server_start(&server);
        struct vo_tls_config config = config_for("sbc.example.com");
        config.identity = identity;
        struct vo_tls_client *client = client_of(&config);
        const struct vo_tls_result *r = vo_tls_client_result(client);
        to_server(client, &server, 100000);
        SSL_do_handshake(server.ssl); /* ServerHello to Finished */
        to_client(&server, client, 100000);
        assert_int_equal(r->phase, VO_TLS_OPEN);
        assert_null(r->client_certificate);
        talk(client, &server, 100000); /* the certificate arrives; tickets or an alert come back */
        if (refused) {
            assert_int_equal(r->phase, VO_TLS_FAILED);
            assert_string_equal(r->client_certificate, "refused");
            assert_non_null(strstr(r->failure, "after the handshake"));
        } else {
            assert_null(r->client_certificate); /* tickets prove nothing: some servers send them early */
            assert_int_equal(SSL_write(server.ssl, "hello", 5), 5);
            talk(client, &server, 100000);
            uint8_t text[8];
            assert_int_equal(vo_tls_client_read(client, text, sizeof text), 5);
            assert_string_equal(r->client_certificate, "accepted");
        }
        vo_tls_client_free(client);
        server_stop(&server);
        vo_tls_identity_free(identity);
        drop(certificates[refused]);
    }
}

static void a_clean_close_accepts_and_a_cut_says_nothing(void **state)
{
    (void)state;
    const int64_t today = vo_clock_now() / VO_NS_PER_S;
    struct certificate good = make_at((struct making){.name = "Phone", .issuer = &root}, today);
    struct vo_tls_identity *identity = identity_of(good);
    for (int clean = 0; clean < 2; clean++) {
        struct server server = proper();
        server.version = TLS1_3_VERSION;
        server.client_ca = root.x509;
        server_start(&server);
        struct vo_tls_config config = config_for("sbc.example.com");
        config.identity = identity;
        struct vo_tls_client *client = client_of(&config);
        const struct vo_tls_result *r = vo_tls_client_result(client);
        talk(client, &server, 100000);
        if (clean)
            SSL_shutdown(server.ssl);
        to_client(&server, client, 100000);
        vo_tls_client_feed(client, NULL, 0);
        assert_int_equal(r->phase, VO_TLS_CLOSED);
        assert_int_equal(r->alert, -1);
        if (clean)
            assert_string_equal(r->client_certificate, "accepted");
        else
            assert_null(r->client_certificate);
        vo_tls_client_free(client);
        server_stop(&server);
    }
    vo_tls_identity_free(identity);
    drop(good);
}

/* The pins of a certificate, as the client writes them, checked against openssl's own way once. */
static void pins(void **state)
{
    (void)state;
    char root_pin[52], middle_pin[52], stranger_pin[52];
    struct vo_tls_result r = meet(proper(), config_for("sbc.example.com"));
    memcpy(middle_pin, r.verified[1].pin, 52);
    memcpy(root_pin, r.verified[2].pin, 52);
    struct server strange = {.leaf = &strange_leaf, .chain = &stranger.x509, .chain_count = 1};
    r = meet(strange, config_for("sbc.example.com"));
    memcpy(stranger_pin, r.presented[1].pin, 52);
    uint8_t *der = NULL, digest[32];
    char own[52] = "sha256/";
    int size = i2d_PUBKEY(root.key, &der);
    EVP_Digest(der, (size_t)size, digest, NULL, EVP_sha256(), NULL);
    EVP_EncodeBlock((uint8_t *)own + 7, digest, 32);
    OPENSSL_free(der);
    assert_string_equal(root_pin, own);

    X509 *disguise[] = {stranger.x509, root.x509, middle.x509};
    struct server disguised = {.leaf = &strange_leaf, .chain = disguise, .chain_count = 3};
    struct server bare = {.leaf = &leaf}; /* nothing but the leaf */
    struct certificate own_signed = make((struct making){.name = "SBC", .alternative = NAMES});
    struct server self = {.leaf = &own_signed};
    const struct {
        struct server server;
        const char *pins[2];
        const char *word;
    } rows[] = {
        {proper(), {root_pin}, "none"}, /* the root was not presented: from the verified chain */
        {proper(), {middle_pin}, "none"},
        {proper(), {stranger_pin, middle_pin}, "none"},
        {proper(), {stranger_pin}, "intercepted"}, /* though it is trusted */
        {strange, {root_pin}, "intercepted"},
        {strange, {stranger_pin}, "none"},      /* not trusted, and yet the expected one */
        {disguised, {root_pin}, "intercepted"}, /* presented, but it signed nothing here */
        {disguised, {middle_pin}, "intercepted"},
        {self, {root_pin}, "intercepted"},
        {bare, {root_pin}, "suspected"}, /* who signed it does not show */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_tls_config config = config_for("sbc.example.com");
        config.pins = rows[i].pins;
        config.pin_count = rows[i].pins[1] ? 2 : 1;
        r = meet(rows[i].server, config);
        if (!r.interception || strcmp(r.interception, rows[i].word) != 0)
            fail_msg("row %zu: %s", i, r.interception ? r.interception : "NULL");
    }
    drop(own_signed);
}

static void a_private_ca_before_a_public_service_is_suspected(void **state)
{
    (void)state;
    struct vo_tls_config config = config_for("sbc.example.com");
    config.public_service = true;
    assert_string_equal(meet(proper(), config).interception, "suspected");
    struct server strange = {.leaf = &strange_leaf, .chain = &stranger.x509, .chain_count = 1};
    assert_null(meet(strange, config).interception); /* mere distrust */
    write_pem(system_file, &root.x509, 1, NULL, NULL);
    struct vo_tls_trust *both;
    struct vo_error error;
    assert_int_equal(vo_tls_trust_new(ca_file, &both, &error), VO_OK);
    config.trust = both;
    assert_null(meet(proper(), config).interception); /* the system trusts it as well */
    vo_tls_trust_free(both);
    assert_int_equal(vo_tls_trust_new(NULL, &both, &error), VO_OK);
    config.trust = both;
    assert_null(meet(proper(), config).interception);
    assert_int_equal(meet(proper(), config).faults, 0);
    vo_tls_trust_free(both);
}

/* A staple about `about`, signed by `signer`; `digest` names the certificate in it. */
static void staple(struct server *server, const struct certificate *about, const struct certificate *issuer,
                   const struct certificate *signer, int status, const EVP_MD *digest, int64_t from)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(digest, about->x509, issuer->x509);
    ASN1_TIME *begin = ASN1_TIME_set(NULL, NOW + from), *end = ASN1_TIME_set(NULL, NOW + from + DAY);
    assert_non_null(OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_NOSTATUS,
                                           status == V_OCSP_CERTSTATUS_REVOKED ? begin : NULL, begin, end));
    assert_int_equal(OCSP_basic_sign(basic, signer->x509, signer->key, EVP_sha256(), NULL, 0), 1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    server->staple = NULL;
    server->staple_size = i2d_OCSP_RESPONSE(response, &server->staple);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(begin);
    ASN1_TIME_free(end);
}

static void stapled_responses(void **state)
{
    (void)state;
    const struct {
        const struct certificate *about, *signer;
        int status;
        const EVP_MD *digest;
        int64_t from;
        const char *word;
    } rows[] = {
        {&leaf, &middle, V_OCSP_CERTSTATUS_GOOD, EVP_sha1(), -3600, "good"},
        {&leaf, &middle, V_OCSP_CERTSTATUS_GOOD, EVP_sha256(), -3600, "good"},
        {&leaf, &middle, V_OCSP_CERTSTATUS_REVOKED, EVP_sha1(), -3600, "revoked"},
        {&leaf, &middle, V_OCSP_CERTSTATUS_UNKNOWN, EVP_sha1(), -3600, "unknown"},
        {&leaf, &stranger, V_OCSP_CERTSTATUS_GOOD, EVP_sha1(), -3600, "invalid"},  /* not by the issuer */
        {&leaf, &leaf, V_OCSP_CERTSTATUS_GOOD, EVP_sha1(), -3600, "invalid"},      /* by itself */
        {&middle, &middle, V_OCSP_CERTSTATUS_GOOD, EVP_sha1(), -3600, "invalid"},  /* about another */
        {&leaf, &middle, V_OCSP_CERTSTATUS_GOOD, EVP_sha1(), -2 * DAY, "invalid"}, /* a day old */
        {&leaf, &middle, V_OCSP_CERTSTATUS_GOOD, EVP_sha1(), 3600, "invalid"},     /* of tomorrow */
        {&leaf, &middle, V_OCSP_CERTSTATUS_GOOD, EVP_sha1(), -DAY - 200, "good"},  /* within clock skew */
    };
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct server server = proper();
            server.version = version;
            staple(&server, rows[i].about, &middle, rows[i].signer, rows[i].status, rows[i].digest,
                   rows[i].from);
            struct vo_tls_result r = meet(server, config_for("sbc.example.com"));
            if (r.phase != VO_TLS_OPEN)
                fail_msg("row %zu: %s", i, r.failure);
            if (!r.ocsp || strcmp(r.ocsp, rows[i].word) != 0)
                fail_msg("row %zu: %s", i, r.ocsp ? r.ocsp : "NULL");
            assert_int_equal(r.faults, strcmp(rows[i].word, "revoked") == 0 ? VO_TLS_REVOKED : 0);
            OPENSSL_free(server.staple);
        }
}

static void staples_that_cannot_be_judged(void **state)
{
    (void)state;
    struct server server = proper();
    server.staple = OPENSSL_memdup("no DER at all", 13);
    server.staple_size = 13;
    assert_string_equal(meet(server, config_for("sbc.example.com")).ocsp, "invalid");
    OPENSSL_free(server.staple);
    server.chain_count = 0; /* its issuer is not at hand: neither good nor bad is known */
    staple(&server, &leaf, &middle, &middle, V_OCSP_CERTSTATUS_GOOD, EVP_sha1(), 0);
    assert_null(meet(server, config_for("sbc.example.com")).ocsp);
    OPENSSL_free(server.staple);
}

static void application_protocols(void **state)
{
    (void)state;
    static const char *const offered[] = {"h2", "http/1.1"};
    struct vo_tls_config config = config_for("sbc.example.com");
    config.alpn = offered;
    config.alpn_count = 2;
    struct server server = proper();
    assert_string_equal(meet(server, config).alpn, ""); /* the server does not know it */
    server.protocol = "h2";
    assert_string_equal(meet(server, config).alpn, "h2");
    server.protocol = "http/1.1";
    assert_string_equal(meet(server, config).alpn, "http/1.1");
    server.protocol = "spdy/3";
    struct vo_tls_result r = meet(server, config);
    assert_int_equal(r.phase, VO_TLS_FAILED);
    assert_int_equal(r.alert, 120);
    assert_non_null(strstr(r.failure, "alert 120 (no_application_protocol) before its ServerHello"));
}

static void data_flows_both_ways_in_any_cut(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 7, 1000, 100000};
    static uint8_t sent[40000], got[40000];
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 31);
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        struct server server = proper();
        server_start(&server);
        struct vo_tls_config config = config_for("sbc.example.com");
        struct vo_tls_client *client = client_of(&config);
        assert_false(vo_tls_client_write(client, "early", 5));
        talk(client, &server, steps[s]);
        assert_int_equal(vo_tls_client_result(client)->phase, VO_TLS_OPEN);
        assert_true(vo_tls_client_write(client, sent, sizeof sent));
        to_server(client, &server, steps[s]);
        size_t have = 0, part;
        while (SSL_read_ex(server.ssl, got + have, sizeof got - have, &part) == 1)
            have += part;
        assert_int_equal(have, sizeof sent);
        assert_memory_equal(got, sent, sizeof sent);
        assert_int_equal(SSL_write(server.ssl, sent, sizeof sent), (int)sizeof sent);
        SSL_shutdown(server.ssl);
        to_client(&server, client, steps[s]);
        memset(got, 0, sizeof got);
        for (have = 0; (part = vo_tls_client_read(client, got + have, 999)) > 0;)
            have += part;
        assert_int_equal(have, sizeof sent);
        assert_memory_equal(got, sent, sizeof sent);
        assert_int_equal(vo_tls_client_result(client)->phase, VO_TLS_CLOSED);
        vo_tls_client_close(client);
        to_server(client, &server, steps[s]);
        assert_int_equal(SSL_read_ex(server.ssl, got, 1, &part), 0);
        assert_true(SSL_get_shutdown(server.ssl) & SSL_RECEIVED_SHUTDOWN); /* ours came */
        vo_tls_client_free(client);
        server_stop(&server);
    }
}

static void other_protocols_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *says, *protocol;
    } rows[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 28,
         "does not speak TLS here: it sent \"HTTP/1.1 400 Bad Request\"", ""},
        {"SIP/2.0 400 Bad\r\n", 17, "it sent \"SIP/2.0 400 Bad\"", ""},
        {"SSH-2.0-OpenSSH_9.2\r\n", 21, "it sent \"SSH-2.0-OpenSSH_9.2\"", ""},
        {"\0\0\0\0\0\0\0\0", 8, "its first bytes are no TLS record", ""},
        {"", 0, "closed the connection before its ServerHello", ""},
        {"\x15\x03\x01\x00\x02\x02\x46", 7, "alert 70 (protocol_version) before its ServerHello", ""},
        {"\x16\x03\x00\x00\x2a\x02\x00\x00\x26\x03\x00"
         "0123456789abcdef0123456789abcdef\x00\x00\x2f\x00",
         47, "SSL 3.0", "ssl3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_tls_config config = config_for("sbc.example.com");
        struct vo_tls_client *client = client_of(&config);
        const struct vo_tls_result *r = vo_tls_client_result(client);
        if (rows[i].size > 0)
            vo_tls_client_feed(client, (const uint8_t *)rows[i].bytes, rows[i].size);
        assert_int_equal(vo_tls_client_feed(client, NULL, 0), VO_TLS_FAILED);
        if (!strstr(r->failure, rows[i].says))
            fail_msg("row %zu: %s", i, r->failure);
        assert_string_equal(r->protocol, rows[i].protocol);
        assert_int_equal(r->presented_count, 0);
        assert_null(r->client_certificate);
        assert_null(r->ocsp);
        vo_tls_client_free(client);
    }
}

static void giant_chains_are_given_up(void **state)
{
    (void)state;
    static X509 *chain[200]; /* 200 times about 400 bytes: above 64 KiB */
    for (size_t i = 0; i < 200; i++)
        chain[i] = middle.x509;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct server server = {.leaf = &leaf, .chain = chain, .chain_count = 200, .version = version};
        struct vo_tls_result r = meet(server, config_for("sbc.example.com"));
        assert_int_equal(r.phase, VO_TLS_FAILED);
        assert_non_null(strstr(r.failure, "too large"));
        server.chain_count = 30; /* large, but honest: what fits is told */
        r = meet(server, config_for("sbc.example.com"));
        assert_int_equal(r.phase, VO_TLS_OPEN);
        assert_int_equal(r.presented_count, VO_TLS_CHAIN);
    }
}

static void endless_handshakes_are_given_up(void **state)
{
    (void)state;
    /* HelloRequest, which a client must ignore while it negotiates (RFC 5246 7.4.1.1), without end. */
    static const uint8_t request[] = {0x16, 3, 3, 0, 4, 0, 0, 0, 0};
    struct vo_tls_config config = config_for("sbc.example.com");
    struct vo_tls_client *client = client_of(&config);
    size_t fed = 0;
    while (vo_tls_client_feed(client, request, sizeof request) == VO_TLS_OPENING && fed < 1 << 20)
        fed += sizeof request;
    assert_true(fed <= 256 * 1024);
    assert_true(vo_tls_client_result(client)->failure[0] != '\0');
    vo_tls_client_free(client);
}

/* All bytes of a server's flight in a handshake that goes well. */
static size_t record_flight(int version, uint8_t *flight, size_t room, struct vo_tls_client *client,
                            struct server *server)
{
    *server = proper();
    server->version = version;
    server_start(server);
    to_server(client, server, 100000);
    SSL_do_handshake(server->ssl);
    return (size_t)BIO_read(SSL_get_wbio(server->ssl), flight, (int)room);
}

static void ends_well(struct vo_tls_client *client)
{
    vo_tls_client_feed(client, NULL, 0);
    uint8_t text[64];
    while (vo_tls_client_read(client, text, sizeof text) > 0)
        ;
    const struct vo_tls_result *r = vo_tls_client_result(client);
    assert_true(r->phase == VO_TLS_FAILED || r->phase == VO_TLS_CLOSED);
    assert_int_equal(r->failure[0] != '\0', r->phase == VO_TLS_FAILED);
}

static void cut_and_damaged_handshakes_end_in_words(void **state)
{
    (void)state;
    static uint8_t flight[8192];
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        size_t size = 1;
        for (size_t cut = 0; cut < size; cut += 3) {
            struct vo_tls_config config = config_for("sbc.example.com");
            struct vo_tls_client *client = client_of(&config);
            struct server server;
            size = record_flight(version, flight, sizeof flight, client, &server);
            uint8_t *exact = malloc(cut + 1);
            memcpy(exact, flight, cut);
            if (cut > 0)
                assert_int_not_equal(vo_tls_client_feed(client, exact, cut), VO_TLS_OPEN);
            ends_well(client);
            assert_int_equal(vo_tls_client_result(client)->phase, VO_TLS_FAILED);
            free(exact);
            vo_tls_client_free(client);
            server_stop(&server);
        }
        for (size_t at = 0; at < size; at += 3) {
            struct vo_tls_config config = config_for("sbc.example.com");
            struct vo_tls_client *client = client_of(&config);
            struct server server;
            size = record_flight(version, flight, sizeof flight, client, &server);
            if (at < size)
                flight[at] ^= (uint8_t)(1u << (at % 8));
            vo_tls_client_feed(client, flight, size);
            ends_well(client);
            vo_tls_client_free(client);
            server_stop(&server);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_is_spoken),
        cmocka_unit_test(tells_the_chain),
        cmocka_unit_test(counts_days_to_the_first_end),
        cmocka_unit_test(names_every_fault),
        cmocka_unit_test(a_common_name_is_no_name),
        cmocka_unit_test(a_root_that_is_not_sent_is_an_unknown_issuer),
        cmocka_unit_test(hostile_names_stay_text),
        cmocka_unit_test(client_certificates),
        cmocka_unit_test(tls13_judges_after_the_first_data),
        cmocka_unit_test(a_clean_close_accepts_and_a_cut_says_nothing),
        cmocka_unit_test(pins),
        cmocka_unit_test(stapled_responses),
        cmocka_unit_test(staples_that_cannot_be_judged),
        cmocka_unit_test(application_protocols),
        cmocka_unit_test(data_flows_both_ways_in_any_cut),
        cmocka_unit_test(other_protocols_are_named),
        cmocka_unit_test(giant_chains_are_given_up),
        cmocka_unit_test(endless_handshakes_are_given_up),
        cmocka_unit_test(cut_and_damaged_handshakes_end_in_words),
        cmocka_unit_test(
            a_private_ca_before_a_public_service_is_suspected), /* changes the system's CAs: last */
    };
    return cmocka_run_group_tests_name("tls_client", tests, set_up, tear_down);
}
