/* Certificates, files and a TLS server in memory, for the tests of the TLS client. */
#ifndef VO_TESTS_UNIT_TLS_SCENE_H
#define VO_TESTS_UNIT_TLS_SCENE_H

#include "probes/io/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define NOW   1764000000LL /* Unix seconds: 2025-11-24T16:00:00Z */
#define DAY   86400LL
#define NAMES "DNS:sbc.example.com,IP:192.0.2.10,IP:2001:db8::10"

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

struct making {
    const char *name, *alternative; /* NULL alternative: no subjectAltName */
    int64_t begin, end;             /* days from NOW; both 0: -1 to 30 */
    bool ca, weak_key, weak_digest, names_root;
    const struct certificate *issuer; /* NULL: itself */
};

static inline void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline struct certificate make_at(struct making m, int64_t now)
{
    static long serial = 1;
    struct certificate made = {X509_new(), m.weak_key ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256")};
    X509 *issuer = m.issuer ? m.issuer->x509 : made.x509;
    assert_true(made.x509 && made.key);
    if (m.begin == 0 && m.end == 0) {
        m.begin = -1;
        m.end = 30;
    }
    X509_set_version(made.x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.x509), serial++);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.x509), "CN", MBSTRING_UTF8, (const uint8_t *)m.name,
                               -1, -1, 0);
    X509_set_issuer_name(made.x509, X509_get_subject_name(issuer));
    ASN1_TIME_set(X509_getm_notBefore(made.x509), now + m.begin * DAY);
    ASN1_TIME_set(X509_getm_notAfter(made.x509), now + m.end * DAY);
    X509_set_pubkey(made.x509, made.key);
    add_extension(made.x509, issuer, NID_basic_constraints, m.ca ? "critical,CA:TRUE" : "CA:FALSE");
    add_extension(made.x509, issuer, NID_subject_key_identifier, "hash");
    if (m.names_root)
        add_extension(made.x509, issuer, NID_authority_key_identifier, "keyid,issuer:always");
    if (m.alternative)
        add_extension(made.x509, issuer, NID_subject_alt_name, m.alternative);
    assert_true(X509_sign(made.x509, m.issuer ? m.issuer->key : made.key,
                          m.weak_digest ? EVP_sha1() : EVP_sha256()) > 0);
    return made;
}

static inline struct certificate make(struct making m)
{
    return make_at(m, NOW);
}

static inline void drop(struct certificate certificate)
{
    X509_free(certificate.x509);
    EVP_PKEY_free(certificate.key);
}

static inline void write_pem(const char *path, X509 *const *x509, size_t count, EVP_PKEY *key,
                             const char *password)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    if (key)
        assert_int_equal(PEM_write_PrivateKey(file, key, password ? EVP_aes_128_cbc() : NULL,
                                              (const uint8_t *)password, password ? (int)strlen(password) : 0,
                                              NULL, NULL),
                         1);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(PEM_write_X509(file, x509[i]), 1);
    fclose(file);
}

/* A server: what it presents and demands, and its session with one client. */
struct server {
    const struct certificate *leaf;
    X509 *const *chain;
    size_t chain_count;
    int version;     /* the only one; 0: any */
    X509 *client_ca; /* demands a client certificate of it */
    bool optional;   /* asks, and goes on without */
    uint8_t *staple; /* DER; given to OpenSSL */
    int staple_size;
    const char *protocol; /* ALPN that it chooses */
    SSL_CTX *context;
    SSL *ssl;
};

static inline int give_staple(SSL *ssl, void *context)
{
    const struct server *server = context;
    if (!server->staple)
        return SSL_TLSEXT_ERR_NOACK;
    uint8_t *copy = OPENSSL_memdup(server->staple, (size_t)server->staple_size);
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, server->staple_size);
    return SSL_TLSEXT_ERR_OK;
}

static inline int choose_protocol(SSL *ssl, const uint8_t **out, uint8_t *size, const uint8_t *in,
                                  unsigned in_size, void *context)
{
    const struct server *server = context;
    (void)ssl;
    for (unsigned i = 0; i < in_size; i += 1u + in[i])
        if (in[i] == strlen(server->protocol) && memcmp(in + i + 1, server->protocol, in[i]) == 0) {
            *out = in + i + 1;
            *size = in[i];
            return SSL_TLSEXT_ERR_OK;
        }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static inline void server_start(struct server *server)
{
    SSL_CTX *context = server->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, server->version ? server->version : TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, server->version);
    assert_int_equal(SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0"), 1);
    assert_int_equal(SSL_CTX_use_certificate(context, server->leaf->x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, server->leaf->key), 1);
    for (size_t i = 0; i < server->chain_count; i++)
        SSL_CTX_add1_chain_cert(context, server->chain[i]);
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_tlsext_status_cb(context, give_staple);
    SSL_CTX_set_tlsext_status_arg(context, server);
    if (server->protocol)
        SSL_CTX_set_alpn_select_cb(context, choose_protocol, server);
    if (server->client_ca) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), server->client_ca);
        SSL_CTX_set_verify(context,
                           SSL_VERIFY_PEER | (server->optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT), NULL);
    }
    server->ssl = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_set_bio(server->ssl, in, out);
    SSL_set_accept_state(server->ssl);
}

static inline void server_stop(struct server *server)
{
    SSL_free(server->ssl);
    SSL_CTX_free(server->context);
}

/* Moves what the client has to send into the server, at most `step` bytes a time. */
static inline bool to_server(struct vo_tls_client *client, struct server *server, size_t step)
{
    size_t size;
    bool any = false;
    const uint8_t *data = vo_tls_client_output(client, &size);
    while (size > 0) {
        size_t part = size < step ? size : step;
        BIO_write(SSL_get_rbio(server->ssl), data, (int)part);
        vo_tls_client_sent(client, part);
        any = true;
        data = vo_tls_client_output(client, &size);
    }
    return any;
}

static inline bool to_client(struct server *server, struct vo_tls_client *client, size_t step)
{
    uint8_t part[16384];
    int got;
    bool any = false;
    while ((got = BIO_read(SSL_get_wbio(server->ssl), part, (int)(step < sizeof part ? step : sizeof part))) >
           0) {
        uint8_t *exact = malloc((size_t)got);
        assert_non_null(exact);
        memcpy(exact, part, (size_t)got);
        vo_tls_client_feed(client, exact, (size_t)got);
        free(exact);
        any = true;
    }
    return any;
}

/* Lets both talk until neither has anything to say. The server reads into `heard` (may be NULL). */
static inline void talk(struct vo_tls_client *client, struct server *server, size_t step)
{
    for (bool more = true; more;) {
        more = to_server(client, server, step);
        if (!SSL_is_init_finished(server->ssl))
            SSL_do_handshake(server->ssl);
        else {
            char ignored;
            SSL_peek(server->ssl, &ignored, 1);
        }
        more = to_client(server, client, step) || more;
    }
}

#endif
