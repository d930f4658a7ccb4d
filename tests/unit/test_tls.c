/* Real sessions, made here with OpenSSL over memory BIOs, are read again from their bytes and their key log.
 */
#include "probes/flow/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define CLIENT     0
#define SERVER     1
#define CHUNKS_MAX 400
#define LARGE      40000 /* three records */

static X509 *certificates[2];
static EVP_PKEY *keys[2];

/* What a capture and a key log would hold, and what was said. */
struct session {
    struct {
        int direction;
        uint8_t *data;
        uint32_t size;
    } chunks[CHUNKS_MAX];
    unsigned count;
    char log[8192];
    uint8_t *said[2];
    uint32_t said_size[2];
    SSL_CTX *contexts[2];
    SSL *ends[2];
    SSL_SESSION *ticket;
    bool psk; /* the cipher wants it */
};

/* What came out of the reader. */
struct result {
    uint8_t *data[2];
    uint32_t size[2];
    enum vo_tls_state state;
    char explanation[256];
};

static void make_certificate(int which, EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    assert_true(key && certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    certificates[which] = certificate;
    keys[which] = key;
}

static int make_certificates(void **state)
{
    (void)state;
    make_certificate(0, EVP_RSA_gen(2048));
    make_certificate(1, EVP_EC_gen("P-256"));
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        X509_free(certificates[i]);
        EVP_PKEY_free(keys[i]);
    }
    return 0;
}

static void on_key(const SSL *ssl, const char *line)
{
    struct session *session = SSL_get_app_data(ssl);
    size_t used = strlen(session->log);
    snprintf(session->log + used, sizeof session->log - used, "%s\n", line);
}

static unsigned client_psk(SSL *ssl, const char *hint, char *identity, unsigned identity_max,
                           unsigned char *psk, unsigned psk_max)
{
    (void)ssl;
    (void)hint;
    assert_true(psk_max >= 16);
    snprintf(identity, identity_max, "phone");
    memset(psk, 7, 16);
    return 16;
}

static unsigned server_psk(SSL *ssl, const char *identity, unsigned char *psk, unsigned psk_max)
{
    (void)ssl;
    (void)identity;
    assert_true(psk_max >= 16);
    memset(psk, 7, 16);
    return 16;
}

static int on_ticket(SSL *ssl, SSL_SESSION *ticket)
{
    struct session *session = SSL_get_app_data(ssl);
    SSL_SESSION_free(session->ticket);
    session->ticket = ticket;
    return 1;
}

static struct session *new_session(int version, const char *cipher)
{
    struct session *session = calloc(1, sizeof *session);
    for (int side = 0; side < 2; side++) {
        SSL_CTX *context = SSL_CTX_new(side == CLIENT ? TLS_client_method() : TLS_server_method());
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
        assert_int_equal(SSL_CTX_set_cipher_list(context, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"), 1);
        if (cipher && version == TLS1_3_VERSION)
            assert_int_equal(SSL_CTX_set_ciphersuites(context, cipher), 1);
        else if (cipher) {
            char list[128];
            snprintf(list, sizeof list, "%s:@SECLEVEL=0", cipher);
            assert_int_equal(SSL_CTX_set_cipher_list(context, list), 1);
        }
        session->contexts[side] = context;
    }
    session->psk = cipher && strstr(cipher, "PSK");
    SSL_CTX *client = session->contexts[CLIENT], *server = session->contexts[SERVER];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(SSL_CTX_use_certificate(server, certificates[i]), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(server, keys[i]), 1);
    }
    SSL_CTX_set_dh_auto(server, 1);
    if (session->psk)
        SSL_CTX_set_psk_server_callback(server, server_psk);
    SSL_CTX_set_keylog_callback(client, on_key);
    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(client, on_ticket);
    return session;
}

/* What a connection made is forgotten; the contexts and the ticket stay. */
static void reset_session(struct session *session)
{
    for (unsigned i = 0; i < session->count; i++)
        free(session->chunks[i].data);
    session->count = 0;
    session->log[0] = '\0';
    for (int side = 0; side < 2; side++) {
        free(session->said[side]);
        session->said[side] = NULL;
        session->said_size[side] = 0;
        if (session->ends[side]) /* else OpenSSL takes the ticket for spoiled */
            SSL_set_shutdown(session->ends[side], SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(session->ends[side]);
        session->ends[side] = NULL;
    }
}

static void free_session(struct session *session)
{
    reset_session(session);
    SSL_SESSION_free(session->ticket);
    for (int side = 0; side < 2; side++)
        SSL_CTX_free(session->contexts[side]);
    free(session);
}

static void start(struct session *session)
{
    for (int side = 0; side < 2; side++) {
        session->ends[side] = SSL_new(session->contexts[side]);
        SSL_set_app_data(session->ends[side], session);
        SSL_set_bio(session->ends[side], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    }
    SSL_set_connect_state(session->ends[CLIENT]);
    SSL_set_accept_state(session->ends[SERVER]);
    SSL_set_tlsext_host_name(session->ends[CLIENT], "sip.example.org");
    if (session->psk)
        SSL_set_psk_client_callback(session->ends[CLIENT], client_psk);
}

/* Moves what one side has written to the other, through the capture. */
static bool carry(struct session *session, int from)
{
    BIO *out = SSL_get_wbio(session->ends[from]);
    uint32_t size = (uint32_t)BIO_pending(out);
    if (!size)
        return false;
    assert_true(session->count < CHUNKS_MAX);
    uint8_t *data = malloc(size);
    assert_int_equal(BIO_read(out, data, (int)size), size);
    assert_int_equal(BIO_write(SSL_get_rbio(session->ends[!from]), data, (int)size), size);
    session->chunks[session->count].direction = from;
    session->chunks[session->count].data = data;
    session->chunks[session->count++].size = size;
    return true;
}

static bool handshake(struct session *session)
{
    bool moved = true, done[2] = {false, false};
    while (moved) {
        moved = false;
        for (int side = 0; side < 2; side++) {
            done[side] = SSL_do_handshake(session->ends[side]) == 1;
            moved |= carry(session, side);
        }
    }
    return done[0] && done[1];
}

/* One side says `size` bytes, the other reads them. */
static void say(struct session *session, int side, const void *data, uint32_t size)
{
    uint8_t *got = malloc(size);
    uint32_t read = 0;
    assert_int_equal(SSL_write(session->ends[side], data, (int)size), size);
    carry(session, side);
    while (read < size) {
        int part = SSL_read(session->ends[!side], got + read, (int)(size - read));
        assert_true(part > 0);
        read += (uint32_t)part;
    }
    carry(session, !side); /* answers to key updates */
    free(got);
    session->said[side] = realloc(session->said[side], session->said_size[side] + size);
    memcpy(session->said[side] + session->said_size[side], data, size);
    session->said_size[side] += size;
}

static void talk(struct session *session)
{
    static uint8_t large[LARGE];
    for (uint32_t i = 0; i < LARGE; i++)
        large[i] = (uint8_t)(i * 31 + i / 253);
    say(session, CLIENT, "REGISTER sip:example.org SIP/2.0\r\n\r\n", 36);
    say(session, SERVER, "SIP/2.0 200 OK\r\n\r\n", 18);
    say(session, SERVER, large, LARGE);
    say(session, CLIENT, large, 1);
    say(session, CLIENT, large, 16384); /* one record, the largest */
    say(session, SERVER, "\r\n", 2);
}

static void say_little(struct session *session)
{
    say(session, CLIENT, "REGISTER sip:example.org SIP/2.0\r\n\r\n", 36);
    say(session, SERVER, "SIP/2.0 200 OK\r\n\r\n", 18);
    say(session, CLIENT, "\r\n\r\n", 4);
}

static void on_plaintext(void *context, int direction, const uint8_t *data, uint32_t size)
{
    struct result *result = context;
    assert_true(size > 0);
    result->data[direction] = realloc(result->data[direction], result->size[direction] + size);
    memcpy(result->data[direction] + result->size[direction], data, size);
    result->size[direction] += size;
}

static struct vo_keylog *keylog_of(const char *text)
{
    struct vo_keylog *keylog = NULL;
    assert_int_equal(vo_keylog_add(&keylog, text, strlen(text), NULL), VO_OK);
    return keylog;
}

/* Feeds exactly sized copies, so that the sanitizer sees any read beyond them. */
static void feed(struct vo_tls *tls, int direction, const uint8_t *data, uint32_t size, uint32_t piece,
                 struct result *result)
{
    while (size) {
        uint32_t part = piece && piece < size ? piece : size;
        uint8_t *copy = malloc(part);
        memcpy(copy, data, part);
        vo_tls_feed(tls, direction, copy, part, on_plaintext, result);
        free(copy);
        data += part;
        size -= part;
    }
}

static void finish(struct vo_tls *tls, struct result *result)
{
    result->state = vo_tls_state(tls);
    snprintf(result->explanation, sizeof result->explanation, "%s", vo_tls_explain(tls));
    vo_tls_free(tls);
}

static void free_result(struct result *result)
{
    free(result->data[0]);
    free(result->data[1]);
}

/* Reads the first `limit` bytes of the session, in pieces of `piece` bytes (0: as they were sent). */
static struct result read_session(const struct session *session, const struct vo_keylog *keylog,
                                  uint32_t piece, uint32_t limit)
{
    struct result result = {0};
    struct vo_tls *tls = vo_tls_new(keylog);
    assert_int_equal(vo_tls_state(tls), VO_TLS_HANDSHAKE);
    for (unsigned i = 0; i < session->count && limit; i++) {
        uint32_t size = session->chunks[i].size < limit ? session->chunks[i].size : limit;
        /* byte by byte takes long, so not the large ones */
        uint32_t part = piece == 1 && size > 8192 ? 0 : piece;
        feed(tls, session->chunks[i].direction, session->chunks[i].data, size, part, &result);
        limit -= size;
        if (i == 0 && limit)
            assert_string_equal(vo_tls_server_name(tls), "sip.example.org");
    }
    finish(tls, &result);
    return result;
}

static void assert_all_said(const struct session *session, const struct result *result)
{
    for (int side = 0; side < 2; side++) {
        assert_int_equal(result->size[side], session->said_size[side]);
        if (result->size[side])
            assert_memory_equal(result->data[side], session->said[side], result->size[side]);
    }
}

/* Whatever happens, what comes out is what was said, perhaps not all of it. */
static void assert_only_said(const struct session *session, const struct result *result)
{
    for (int side = 0; side < 2; side++) {
        assert_true(result->size[side] <= session->said_size[side]);
        if (result->size[side])
            assert_memory_equal(result->data[side], session->said[side], result->size[side]);
    }
}

static void assert_decrypted(const struct session *session, const char *log)
{
    static const uint32_t pieces[] = {0, 1, 7, 1000};
    struct vo_keylog *keylog = keylog_of(log);
    for (int i = 0; i < 4; i++) {
        struct result result = read_session(session, keylog, pieces[i], UINT32_MAX);
        if (result.state != VO_TLS_DECRYPTED)
            print_error("%s\n", result.explanation);
        assert_int_equal(result.state, VO_TLS_DECRYPTED);
        assert_all_said(session, &result);
        free_result(&result);
    }
    vo_keylog_free(keylog);
}

static void test_every_suite_13(void **state)
{
    static const char *const names[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                        "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
                                        "TLS_AES_128_CCM_8_SHA256"};
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct session *session = new_session(TLS1_3_VERSION, names[i]);
        start(session);
        assert_true(handshake(session));
        talk(session);
        assert_decrypted(session, session->log);
        struct vo_keylog *keylog = keylog_of(session->log);
        struct result result = read_session(session, keylog, 0, UINT32_MAX);
        assert_non_null(strstr(result.explanation, names[i]));
        assert_non_null(strstr(result.explanation, "TLS 1.3"));
        free_result(&result);
        vo_keylog_free(keylog);
        free_session(session);
    }
}

static bool ours(const SSL_CIPHER *cipher)
{
    static const int known[] = {NID_aes_128_gcm,       NID_aes_256_gcm, NID_aes_128_ccm, NID_aes_256_ccm,
                                NID_chacha20_poly1305, NID_aes_128_cbc, NID_aes_256_cbc};
    const char *name = SSL_CIPHER_get_name(cipher);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (SSL_CIPHER_get_cipher_nid(cipher) == known[i])
            return true;
    return strstr(name, "CCM8") != NULL; /* OpenSSL names them by another number */
}

static void check_suite_12(const SSL_CIPHER *cipher, uint64_t options)
{
    struct session *session = new_session(TLS1_2_VERSION, SSL_CIPHER_get_name(cipher));
    SSL_CTX_set_options(session->contexts[SERVER], options);
    start(session);
    assert_true(handshake(session));
    talk(session);
    if (ours(cipher)) {
        assert_decrypted(session, session->log);
    } else {
        struct vo_keylog *keylog = keylog_of(session->log);
        struct result result = read_session(session, keylog, 0, UINT32_MAX);
        assert_int_equal(result.state, VO_TLS_UNSUPPORTED);
        assert_int_equal(result.size[0] + result.size[1], 0);
        vo_keylog_free(keylog);
    }
    free_session(session);
}

/* All that OpenSSL can do with the certificates here: all but DSS and SRP. CBC with and without
 * encrypt-then-MAC. */
static void test_every_suite_12(void **state)
{
    (void)state;
    unsigned decrypted = 0, unsupported = 0;
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    assert_int_equal(SSL_CTX_set_cipher_list(context, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"), 1);
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(context);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
        int authentication = SSL_CIPHER_get_auth_nid(cipher), exchange = SSL_CIPHER_get_kx_nid(cipher);
        if (authentication == NID_auth_dss || exchange == NID_kx_srp || authentication == NID_auth_any)
            continue; /* the last: TLS 1.3 */
        check_suite_12(cipher, 0);
        if (SSL_CIPHER_get_cipher_nid(cipher) == NID_aes_128_cbc ||
            SSL_CIPHER_get_cipher_nid(cipher) == NID_aes_256_cbc)
            check_suite_12(cipher, SSL_OP_NO_ENCRYPT_THEN_MAC);
        decrypted += ours(cipher);
        unsupported += !ours(cipher);
    }
    /* Debian 12's OpenSSL 3.0 has 81 of ours; builds without some of them exist, none without these 20 */
    assert_true(decrypted >= 20);
    assert_true(unsupported > 0);
    SSL_CTX_free(context);
}

static void test_old_version(void **state)
{
    (void)state;
    struct session *session = new_session(TLS1_1_VERSION, NULL);
    start(session);
    if (handshake(session)) { /* the system's OpenSSL may have left it out */
        struct vo_keylog *keylog = keylog_of(session->log);
        struct result result = read_session(session, keylog, 0, UINT32_MAX);
        assert_int_equal(result.state, VO_TLS_UNSUPPORTED);
        assert_non_null(strstr(result.explanation, "0x0302"));
        vo_keylog_free(keylog);
    }
    free_session(session);
}

static void test_key_update(void **state)
{
    (void)state;
    struct session *session = new_session(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384");
    start(session);
    assert_true(handshake(session));
    talk(session);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(SSL_key_update(session->ends[i % 2], SSL_KEY_UPDATE_REQUESTED), 1);
        talk(session);
    }
    assert_int_equal(SSL_key_update(session->ends[SERVER], SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    talk(session);
    assert_decrypted(session, session->log);
    free_session(session);
}

static void test_hello_retry(void **state)
{
    (void)state;
    struct session *session = new_session(TLS1_3_VERSION, NULL);
    SSL_CTX_set1_groups_list(session->contexts[CLIENT], "X25519:P-256");
    SSL_CTX_set1_groups_list(session->contexts[SERVER], "P-256");
    start(session);
    assert_true(handshake(session));
    talk(session);
    assert_decrypted(session, session->log);
    free_session(session);
}

static void check_resumption(int version)
{
    struct session *session = new_session(version, NULL);
    start(session);
    assert_true(handshake(session));
    talk(session);
    assert_non_null(session->ticket);
    SSL_SESSION *ticket = session->ticket;
    SSL_SESSION_up_ref(ticket);
    reset_session(session);
    start(session);
    SSL_set_session(session->ends[CLIENT], ticket);
    assert_true(handshake(session));
    assert_int_equal(SSL_session_reused(session->ends[CLIENT]), 1);
    talk(session);
    assert_decrypted(session, session->log);
    SSL_SESSION_free(ticket);
    free_session(session);
}

static void test_resumption(void **state)
{
    (void)state;
    check_resumption(TLS1_2_VERSION);
    check_resumption(TLS1_3_VERSION);
}

/* 0-RTT data is under a key that the reader does not use: it is passed over, the rest is read. */
static void check_early_data(bool retry, uint32_t size)
{
    static uint8_t early[60000], got[60000];
    struct session *session = new_session(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_max_early_data(session->contexts[SERVER], sizeof early);
    SSL_CTX_set_recv_max_early_data(session->contexts[SERVER], sizeof early);
    SSL_CTX_set_options(session->contexts[SERVER], SSL_OP_NO_ANTI_REPLAY);
    start(session);
    assert_true(handshake(session));
    talk(session);
    SSL_SESSION *ticket = session->ticket;
    SSL_SESSION_up_ref(ticket);
    reset_session(session);
    if (retry)
        SSL_CTX_set1_groups_list(session->contexts[SERVER], "P-384");
    start(session);
    SSL_set_session(session->ends[CLIENT], ticket);
    size_t done = 0;
    assert_int_equal(SSL_write_early_data(session->ends[CLIENT], early, size, &done), 1);
    carry(session, CLIENT);
    int read = SSL_READ_EARLY_DATA_SUCCESS;
    while (read == SSL_READ_EARLY_DATA_SUCCESS)
        read = SSL_read_early_data(session->ends[SERVER], got, sizeof got, &done);
    carry(session, SERVER);
    assert_true(handshake(session));
    assert_int_equal(SSL_get_early_data_status(session->ends[CLIENT]),
                     retry ? SSL_EARLY_DATA_REJECTED : SSL_EARLY_DATA_ACCEPTED);
    talk(session);
    assert_decrypted(session, session->log);
    SSL_SESSION_free(ticket);
    free_session(session);
}

static void test_early_data(void **state)
{
    (void)state;
    check_early_data(false, 500);
    check_early_data(true, 500);
    check_early_data(false, 50000); /* more than may wait for the ServerHello */
    check_early_data(true, 16000);  /* the most that OpenSSL passes over itself */
}

static void test_renegotiation(void **state)
{
    (void)state;
    for (int cipher = 0; cipher < 2; cipher++) {
        struct session *session =
            new_session(TLS1_2_VERSION, cipher ? "ECDHE-RSA-AES128-SHA" : "ECDHE-RSA-AES128-GCM-SHA256");
        SSL_CTX_set_options(session->contexts[SERVER], SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
        start(session);
        assert_true(handshake(session));
        talk(session);
        assert_int_equal(SSL_renegotiate(session->ends[CLIENT]), 1);
        uint8_t byte;
        for (int i = 0; i < 3; i++) {
            SSL_do_handshake(session->ends[CLIENT]);
            carry(session, CLIENT);
            SSL_read(session->ends[SERVER], &byte, 1);
            carry(session, SERVER);
        }
        talk(session);
        assert_non_null(strstr(strchr(session->log, '\n'), "CLIENT_RANDOM")); /* there were two */
        assert_decrypted(session, session->log);
        free_session(session);
    }
}

static struct session *short_session(int version, const char *cipher)
{
    struct session *session = new_session(version, cipher);
    start(session);
    assert_true(handshake(session));
    say_little(session);
    return session;
}

static void test_no_key(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct session *session = short_session(version, NULL), *other = short_session(version, NULL);
        struct vo_keylog *keylog = keylog_of(other->log);
        struct result result = read_session(session, keylog, 0, UINT32_MAX);
        assert_int_equal(result.state, VO_TLS_NO_KEY);
        assert_int_equal(result.size[0] + result.size[1], 0);
        /* the explanation names the client random that the key log lacks */
        char *random = strstr(session->log, " ") + 1;
        random[64] = '\0';
        assert_non_null(strstr(result.explanation, random));
        result = read_session(session, NULL, 0, UINT32_MAX);
        assert_int_equal(result.state, VO_TLS_NO_KEY);
        assert_int_equal(result.size[0] + result.size[1], 0);
        assert_non_null(strstr(result.explanation, random));
        vo_keylog_free(keylog);
        free_session(session);
        free_session(other);
    }
}

/* Changes the last digit of each secret. */
static void test_wrong_key(void **state)
{
    (void)state;
    static const char *const ciphers[] = {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256",
                                          "ECDHE-ECDSA-AES128-CCM8", "TLS_AES_128_GCM_SHA256"};
    for (int i = 0; i < 4; i++) {
        struct session *session = short_session(i < 3 ? TLS1_2_VERSION : TLS1_3_VERSION, ciphers[i]);
        for (char *end = session->log; (end = strchr(end, '\n')); end++)
            end[-1] = end[-1] == '0' ? '1' : '0';
        struct vo_keylog *keylog = keylog_of(session->log);
        struct result result = read_session(session, keylog, 0, UINT32_MAX);
        assert_int_equal(result.state, VO_TLS_BROKEN);
        assert_int_equal(result.size[0] + result.size[1], 0);
        assert_non_null(strstr(result.explanation, "does not open"));
        vo_keylog_free(keylog);
        free_session(session);
    }
}

/* Copies the lines that do not begin with either word. */
static void without(const char *log, const char *first, const char *second, char *out)
{
    *out = '\0';
    while (*log) {
        size_t size = strcspn(log, "\n") + 1;
        if (strncmp(log, first, strlen(first)) != 0 && strncmp(log, second, strlen(second)) != 0)
            strncat(out, log, size);
        log += size;
    }
}

static void test_without_handshake_secrets(void **state)
{
    (void)state;
    char log[8192];
    struct session *session = new_session(TLS1_3_VERSION, NULL);
    start(session);
    assert_true(handshake(session));
    talk(session);
    without(session->log, "CLIENT_HANDSHAKE", "SERVER_HANDSHAKE", log);
    assert_true(strlen(log) < strlen(session->log));
    assert_decrypted(session, log);
    /* and with handshake secrets alone, there is no data */
    without(session->log, "CLIENT_TRAFFIC", "SERVER_TRAFFIC", log);
    struct vo_keylog *keylog = keylog_of(log);
    struct result result = read_session(session, keylog, 0, UINT32_MAX);
    assert_int_equal(result.state, VO_TLS_NO_KEY);
    assert_int_equal(result.size[0] + result.size[1], 0);
    vo_keylog_free(keylog);
    free_session(session);
}

/* The lines come after most of the session: what waited (less than 18 KiB a direction) is read then. */
static void test_late_key(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct session *session = short_session(version, NULL);
        struct vo_keylog *keylog = keylog_of("# nothing yet\n");
        struct vo_tls *tls = vo_tls_new(keylog);
        struct result result = {0};
        for (unsigned i = 0; i < session->count; i++) {
            if (i == session->count - 1) {
                assert_int_equal(vo_tls_state(tls), VO_TLS_NO_KEY);
                assert_int_equal(result.size[0] + result.size[1], 0);
                vo_keylog_add(&keylog, session->log, strlen(session->log), NULL);
            }
            feed(tls, session->chunks[i].direction, session->chunks[i].data, session->chunks[i].size, 0,
                 &result);
        }
        finish(tls, &result);
        assert_int_equal(result.state, VO_TLS_DECRYPTED);
        assert_all_said(session, &result);
        free_result(&result);
        vo_keylog_free(keylog);
        free_session(session);
    }
}

static void test_too_late_key(void **state)
{
    (void)state;
    struct session *session = new_session(TLS1_3_VERSION, NULL);
    start(session);
    assert_true(handshake(session));
    talk(session); /* 40 KB of the server */
    struct vo_keylog *keylog = keylog_of("");
    struct vo_tls *tls = vo_tls_new(keylog);
    struct result result = {0};
    for (unsigned i = 0; i < session->count; i++)
        feed(tls, session->chunks[i].direction, session->chunks[i].data, session->chunks[i].size, 0, &result);
    vo_keylog_add(&keylog, session->log, strlen(session->log), NULL);
    feed(tls, session->chunks[0].direction, session->chunks[0].data, session->chunks[0].size, 0, &result);
    finish(tls, &result);
    assert_int_equal(result.state, VO_TLS_NO_KEY);
    assert_int_equal(result.size[0] + result.size[1], 0);
    vo_keylog_free(keylog);
    free_session(session);
}

static uint32_t total(const struct session *session)
{
    uint32_t size = 0;
    for (unsigned i = 0; i < session->count; i++)
        size += session->chunks[i].size;
    return size;
}

static void check_every_length(int version, const char *cipher)
{
    struct session *session = short_session(version, cipher);
    struct vo_keylog *keylog = keylog_of(session->log);
    uint32_t size = total(session), before = 0;
    for (uint32_t limit = 0; limit <= size; limit++) {
        struct result result = read_session(session, keylog, 0, limit);
        assert_true(result.state == VO_TLS_HANDSHAKE || result.state == VO_TLS_DECRYPTED);
        assert_only_said(session, &result);
        assert_true(result.size[0] + result.size[1] >= before); /* more bytes never mean less text */
        before = result.size[0] + result.size[1];
        free_result(&result);
    }
    assert_int_equal(before, 36 + 18 + 4);
    vo_keylog_free(keylog);
    free_session(session);
}

static void test_every_length(void **state)
{
    (void)state;
    check_every_length(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384");
    check_every_length(TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305");
    check_every_length(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384");
}

/* One bit of each byte is changed in turn. Nothing but what was said may come out. */
static void check_damage(int version, const char *cipher)
{
    struct session *session = short_session(version, cipher);
    struct vo_keylog *keylog = keylog_of(session->log);
    unsigned broken = 0;
    for (unsigned i = 0; i < session->count; i++) {
        for (uint32_t at = 0; at < session->chunks[i].size; at++) {
            struct result result = {0};
            struct vo_tls *tls = vo_tls_new(keylog);
            session->chunks[i].data[at] ^= (uint8_t)(1 << at % 8);
            for (unsigned j = 0; j < session->count; j++)
                feed(tls, session->chunks[j].direction, session->chunks[j].data, session->chunks[j].size, 0,
                     &result);
            session->chunks[i].data[at] ^= (uint8_t)(1 << at % 8);
            finish(tls, &result);
            assert_only_said(session, &result);
            broken += result.state != VO_TLS_DECRYPTED;
            free_result(&result);
        }
    }
    assert_true(broken > total(session) / 10); /* certificates and key shares may be anything */
    vo_keylog_free(keylog);
    free_session(session);
}

static void test_damage(void **state)
{
    (void)state;
    check_damage(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA");
    check_damage(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM8");
    check_damage(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256");
}

static void test_hole(void **state)
{
    (void)state;
    struct session *session = short_session(TLS1_3_VERSION, NULL);
    struct vo_keylog *keylog = keylog_of(session->log);
    struct vo_tls *tls = vo_tls_new(keylog);
    struct result result = {0};
    for (unsigned i = 0; i < session->count; i++) {
        if (i == session->count - 1)
            vo_tls_hole(tls, SERVER, 123);
        feed(tls, session->chunks[i].direction, session->chunks[i].data, session->chunks[i].size, 0, &result);
    }
    assert_non_null(strstr(vo_tls_explain(tls), "lacks 123 bytes of the server"));
    finish(tls, &result);
    assert_int_equal(result.state, VO_TLS_BROKEN);
    assert_int_equal(result.size[CLIENT], 36); /* what came before the hole */
    assert_int_equal(result.size[SERVER], 18);
    assert_only_said(session, &result);
    free_result(&result);
    tls = vo_tls_new(keylog);
    vo_tls_hole(tls, CLIENT, 0);
    assert_int_equal(vo_tls_state(tls), VO_TLS_HANDSHAKE);
    vo_tls_hole(tls, CLIENT, 1);
    assert_int_equal(vo_tls_state(tls), VO_TLS_MISSED_START);
    vo_tls_free(tls);
    vo_keylog_free(keylog);
    free_session(session);
}

static void test_missed_start(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct session *session = short_session(version, NULL);
        struct vo_keylog *keylog = keylog_of(session->log);
        for (unsigned first = 1; first < session->count; first++) {
            struct vo_tls *tls = vo_tls_new(keylog);
            struct result result = {0};
            for (unsigned i = first; i < session->count; i++)
                feed(tls, session->chunks[i].direction, session->chunks[i].data, session->chunks[i].size, 0,
                     &result);
            assert_null(vo_tls_server_name(tls));
            finish(tls, &result);
            assert_int_equal(result.state, VO_TLS_MISSED_START);
            assert_int_equal(result.size[0] + result.size[1], 0);
        }
        vo_keylog_free(keylog);
        free_session(session);
    }
}

/* The client's side of the capture may come first as a whole: it waits for the ServerHello. */
static void test_one_side_first(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct session *session = short_session(version, NULL);
        struct vo_keylog *keylog = keylog_of(session->log);
        struct vo_tls *tls = vo_tls_new(keylog);
        struct result result = {0};
        for (int side = 0; side < 2; side++)
            for (unsigned i = 0; i < session->count; i++)
                if (session->chunks[i].direction == side)
                    feed(tls, side, session->chunks[i].data, session->chunks[i].size, 0, &result);
        finish(tls, &result);
        assert_int_equal(result.state, VO_TLS_DECRYPTED);
        assert_all_said(session, &result);
        free_result(&result);
        vo_keylog_free(keylog);
        free_session(session);
    }
}

static void test_not_tls_any_more(void **state)
{
    (void)state;
    struct session *session = short_session(TLS1_3_VERSION, NULL);
    struct vo_keylog *keylog = keylog_of(session->log);
    struct vo_tls *tls = vo_tls_new(keylog);
    struct result result = {0};
    for (unsigned i = 0; i < session->count; i++)
        feed(tls, session->chunks[i].direction, session->chunks[i].data, session->chunks[i].size, 0, &result);
    feed(tls, CLIENT, (const uint8_t *)"INVITE sip:a", 12, 0, &result);
    assert_int_equal(vo_tls_state(tls), VO_TLS_BROKEN);
    assert_non_null(strstr(vo_tls_explain(tls), "not TLS"));
    finish(tls, &result);
    assert_all_said(session, &result);
    free_result(&result);
    vo_keylog_free(keylog);
    free_session(session);
}

static void test_likely(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[5];
        uint32_t size;
        bool likely;
    } rows[] = {
        {{22, 3, 1, 2, 0}, 5, true},           {{23, 3, 3, 0x48, 0}, 5, true}, /* 18,432 bytes, the most */
        {{23, 3, 3, 0x48, 1}, 5, false},       {{22, 3, 1, 0, 0}, 5, false},   {{22, 3, 1, 2, 0}, 4, false},
        {{21, 3, 3, 0, 2}, 5, false},          {{22, 2, 0, 2, 0}, 5, false},   {{22, 3, 5, 2, 0}, 5, false},
        {{'R', 'E', 'G', 'I', 'S'}, 5, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t *copy = malloc(rows[i].size);
        memcpy(copy, rows[i].bytes, rows[i].size);
        assert_int_equal(vo_tls_likely(copy, rows[i].size), rows[i].likely);
        free(copy);
    }
    assert_false(vo_tls_likely(NULL, 0));
}

#define RANDOM_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define RANDOM_B "FF0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"
#define HEX_48   RANDOM_A "202122232425262728292a2b2c2d2e2f"

static void test_keylog_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
    } rows[] = {
        {"", 0},
        {"# a comment\n\n", 0},
        {"CLIENT_RANDOM " RANDOM_A " " HEX_48 "\n", 1},
        {"CLIENT_RANDOM " RANDOM_A " " HEX_48, 1},
        {"CLIENT_RANDOM " RANDOM_A " " HEX_48 "\r\nCLIENT_RANDOM " RANDOM_B " " HEX_48 "\r\n", 2},
        {"CLIENT_RANDOM " RANDOM_A " " HEX_48 "\nCLIENT_RANDOM " RANDOM_A " " HEX_48 "\n", 1}, /* the same */
        {"CLIENT_RANDOM " RANDOM_A " " RANDOM_A "\n", 0}, /* a master secret has 48 bytes */
        {"CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " RANDOM_A "\n", 1},
        {"SERVER_TRAFFIC_SECRET_0 " RANDOM_A " " HEX_48 "\n", 1},
        {"CLIENT_HANDSHAKE_TRAFFIC_SECRET " RANDOM_A " " RANDOM_A "\n", 1},
        {"SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM_A " " RANDOM_A "\n", 1},
        {"EXPORTER_SECRET " RANDOM_A " " RANDOM_A "\n", 0},
        {"CLIENT_RANDOM " RANDOM_A "\n", 0},
        {"CLIENT_RANDOM " RANDOM_A "00 " HEX_48 "\n", 0},
        {"CLIENT_RANDOM " RANDOM_A " " HEX_48 "00\n", 0},
        {"CLIENT_RANDOM " RANDOM_A " " HEX_48 "0\n", 0},
        {"CLIENT_RANDOM x" RANDOM_A " " HEX_48 "\n", 0},
        {"CLIENT_RANDOM", 0},
        {"CLIENT_RANDOM ", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size = strlen(rows[i].text);
        char *copy = malloc(size + !size);
        memcpy(copy, rows[i].text, size);
        struct vo_keylog *keylog = NULL;
        assert_int_equal(vo_keylog_add(&keylog, copy, size, NULL), VO_OK);
        assert_non_null(keylog);
        assert_int_equal(vo_keylog_count(keylog), rows[i].count);
        vo_keylog_free(keylog);
        for (size_t cut = 0; cut < size; cut++) { /* any prefix is read without harm */
            char *prefix = malloc(cut + !cut);
            memcpy(prefix, copy, cut);
            keylog = NULL;
            assert_int_equal(vo_keylog_add(&keylog, prefix, cut, NULL), VO_OK);
            assert_true(vo_keylog_count(keylog) <= rows[i].count + 1);
            vo_keylog_free(keylog);
            free(prefix);
        }
        free(copy);
    }
    assert_int_equal(vo_keylog_count(NULL), 0);
    vo_keylog_free(NULL);
    vo_tls_free(NULL);
}

/* The lines of a real session are found among 100,000 others, from a file and from a text. */
static void test_keylog_file(void **state)
{
    (void)state;
    struct vo_error error = {0};
    struct vo_keylog *keylog = NULL;
    assert_int_equal(vo_keylog_load("/nonexistent/keys.log", &keylog, &error), VO_ERR_IO);
    assert_null(keylog);
    assert_non_null(strstr(error.message, "/nonexistent/keys.log"));
    assert_int_equal(vo_keylog_load("/", &keylog, &error), VO_ERR_IO); /* a folder */
    struct session *session = short_session(TLS1_3_VERSION, NULL);
    char path[] = "/tmp/voready-keys-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    for (unsigned i = 0; i < 100000; i++) {
        fprintf(file, "CLIENT_RANDOM %08x%s %s\n", i, &RANDOM_A[8], HEX_48);
        if (i == 50000)
            fputs(session->log, file);
    }
    fclose(file);
    assert_int_equal(vo_keylog_load(path, &keylog, &error), VO_OK);
    unlink(path);
    assert_int_equal(vo_keylog_count(keylog), 100004);
    struct result result = read_session(session, keylog, 0, UINT32_MAX);
    assert_int_equal(result.state, VO_TLS_DECRYPTED);
    assert_all_said(session, &result);
    free_result(&result);
    vo_keylog_free(keylog);
    free_session(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_suite_13),
        cmocka_unit_test(test_every_suite_12),
        cmocka_unit_test(test_old_version),
        cmocka_unit_test(test_key_update),
        cmocka_unit_test(test_hello_retry),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_early_data),
        cmocka_unit_test(test_renegotiation),
        cmocka_unit_test(test_no_key),
        cmocka_unit_test(test_wrong_key),
        cmocka_unit_test(test_without_handshake_secrets),
        cmocka_unit_test(test_late_key),
        cmocka_unit_test(test_too_late_key),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_hole),
        cmocka_unit_test(test_missed_start),
        cmocka_unit_test(test_one_side_first),
        cmocka_unit_test(test_not_tls_any_more),
        cmocka_unit_test(test_likely),
        cmocka_unit_test(test_keylog_lines),
        cmocka_unit_test(test_keylog_file),
    };
    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
