#include "probes/io/tls_private.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Old servers must be told, not just failed: everything that encrypts and authenticates is offered. */
#define CIPHERS "ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0"

static struct vo_tls_client *client_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

/* OpenSSL calls it only when the server sent a CertificateRequest. */
static int on_certificate_request(SSL *ssl, void *unused)
{
    (void)unused;
    client_of(ssl)->asked = true;
    return 1;
}

static void on_info(const SSL *ssl, int where, int value)
{
    struct vo_tls_client *client = client_of(ssl);
    if (!client || (where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT)
        return;
    bool fatal = value >> 8 == SSL3_AL_FATAL;
    int alert = value & 0xff;
    if (alert != SSL3_AD_CLOSE_NOTIFY && (fatal || client->result.alert < 0))
        client->result.alert = alert;
}

static SSL_CTX *context_new(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return NULL;
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_max_cert_list(context, VO_TLS_CHAIN_BYTES);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, vo_tls_verify, NULL);
    SSL_CTX_set_cert_cb(context, on_certificate_request, NULL);
    SSL_CTX_set_info_callback(context, on_info);
    SSL_CTX_set_tlsext_status_type(context, TLSEXT_STATUSTYPE_ocsp);
    if (SSL_CTX_set_cipher_list(context, CIPHERS) == 1)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static enum vo_status load_authorities(struct vo_tls_trust *trust, const char *ca_file,
                                       struct vo_error *error)
{
    BIO *file = BIO_new_file(ca_file, "r");
    if (!file)
        return vo_error_set(error, VO_ERR_IO, "%s: the file of trusted CAs cannot be read: check its name",
                            ca_file);
    BIO_free(file);
    trust->system = X509_STORE_new();
    if (!trust->system || X509_STORE_set_default_paths(trust->system) != 1)
        return vo_error_memory(error, "trusted CAs");
    if (X509_STORE_load_file(SSL_CTX_get_cert_store(trust->context), ca_file) != 1)
        return vo_error_set(error, VO_ERR_INPUT, "%s: no PEM certificate in it: give trusted CAs as PEM",
                            ca_file);
    return VO_OK;
}

enum vo_status vo_tls_trust_new(const char *ca_file, struct vo_tls_trust **made, struct vo_error *error)
{
    *made = NULL;
    struct vo_tls_trust *trust = calloc(1, sizeof *trust);
    if (trust)
        trust->context = context_new();
    enum vo_status status = VO_OK;
    if (!trust || !trust->context || SSL_CTX_set_default_verify_paths(trust->context) != 1)
        status = vo_error_memory(error, "TLS");
    else if (ca_file)
        status = load_authorities(trust, ca_file, error);
    ERR_clear_error();
    if (status != VO_OK) {
        vo_tls_trust_free(trust);
        return status;
    }
    *made = trust;
    return VO_OK;
}

void vo_tls_trust_free(struct vo_tls_trust *trust)
{
    if (!trust)
        return;
    SSL_CTX_free(trust->context);
    X509_STORE_free(trust->system);
    free(trust);
}

/* SNI must be a host name (RFC 6066 3); an address is verified as such. A root dot belongs to neither. */
static bool set_name(SSL *ssl, const char *given)
{
    char name[256];
    int size = snprintf(name, sizeof name, "%s", given);
    if (size <= 0 || (size_t)size >= sizeof name)
        return false;
    if (name[size - 1] == '.')
        name[size - 1] = '\0';
    X509_VERIFY_PARAM *verify = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(verify, name) == 1)
        return true;
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                                X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(verify, name, 0) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

static bool set_alpn(SSL *ssl, const struct vo_tls_config *config)
{
    uint8_t list[256];
    size_t used = 0;
    for (size_t i = 0; i < config->alpn_count; i++) {
        size_t size = strlen(config->alpn[i]);
        if (size == 0 || size > 31 || used + 1 + size > sizeof list)
            return false;
        list[used++] = (uint8_t)size;
        memcpy(list + used, config->alpn[i], size);
        used += size;
    }
    return used == 0 || SSL_set_alpn_protos(ssl, list, (unsigned)used) == 0;
}

static bool set_identity(SSL *ssl, const struct vo_tls_identity *identity)
{
    return !identity ||
           SSL_use_cert_and_key(ssl, identity->certificate, identity->key, identity->chain, 1) == 1;
}

static bool session_new(struct vo_tls_client *client)
{
    const struct vo_tls_config *config = &client->config;
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    client->ssl = SSL_new(config->trust->context);
    if (!client->ssl || !in || !out) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(client->ssl, in, out);
    SSL_set_app_data(client->ssl, client);
    SSL_set_connect_state(client->ssl);
    client->in = in;
    client->out = out;
    X509_VERIFY_PARAM *verify = SSL_get0_param(client->ssl);
    X509_VERIFY_PARAM_set_time(verify, config->now / VO_NS_PER_S);
    /* An issuing CA that the site trusts by its ca_file is enough, even if its own root is not there. */
    X509_VERIFY_PARAM_set_flags(verify, X509_V_FLAG_PARTIAL_CHAIN);
    return true;
}

static void advance(struct vo_tls_client *client);

enum vo_status vo_tls_client_new(const struct vo_tls_config *config, struct vo_tls_client **made,
                                 struct vo_error *error)
{
    *made = NULL;
    struct vo_tls_client *client = calloc(1, sizeof *client);
    if (!client)
        return vo_error_memory(error, "TLS");
    client->config = *config;
    client->result.alert = -1;
    enum vo_status status = VO_OK;
    if (!session_new(client))
        status = vo_error_memory(error, "TLS");
    else if (config->name && !set_name(client->ssl, config->name))
        status =
            vo_error_set(error, VO_ERR_USAGE, "%.64s: no name that TLS can ask for: check it", config->name);
    else if (!set_alpn(client->ssl, config))
        status = vo_error_set(error, VO_ERR_USAGE, "the ALPN list is too long, or a name in it is");
    else if (!set_identity(client->ssl, config->identity))
        status = vo_error_set(error, VO_ERR_USAGE, "the client certificate cannot be used: %s",
                              ERR_reason_error_string(ERR_peek_error()));
    if (status != VO_OK) {
        ERR_clear_error();
        vo_tls_client_free(client);
        return status;
    }
    *made = client;
    advance(client);
    return VO_OK;
}

void vo_tls_client_free(struct vo_tls_client *client)
{
    if (!client)
        return;
    SSL_free(client->ssl);
    sk_X509_pop_free(client->presented, X509_free);
    sk_X509_pop_free(client->verified, X509_free);
    free(client);
}

/* SSL_version() tells what was offered until the ServerHello has chosen. */
static void note_choice(struct vo_tls_client *client)
{
    static const struct {
        int version;
        const char *word;
    } words[] = {{TLS1_VERSION, "tls1.0"},
                 {TLS1_1_VERSION, "tls1.1"},
                 {TLS1_2_VERSION, "tls1.2"},
                 {TLS1_3_VERSION, "tls1.3"}};
    struct vo_tls_result *result = &client->result;
    const SSL_CIPHER *cipher = SSL_get_pending_cipher(client->ssl);
    if (!cipher)
        cipher = SSL_get_current_cipher(client->ssl);
    if (!cipher || result->protocol[0])
        return;
    snprintf(result->cipher, sizeof result->cipher, "%s", SSL_CIPHER_get_name(cipher));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].version == SSL_version(client->ssl))
            snprintf(result->protocol, sizeof result->protocol, "%s", words[i].word);
}

/* The alerts by which servers refuse a certificate (RFC 8446 6.2; older ones answer 40). */
static bool is_refusal(int alert)
{
    static const uint8_t refusals[] = {40, 42, 43, 44, 45, 46, 48, 49, 51, 116};
    return alert >= 0 && memchr(refusals, alert, sizeof refusals) != NULL;
}

static void judge_client_certificate(struct vo_tls_client *client)
{
    struct vo_tls_result *result = &client->result;
    bool over = result->phase != VO_TLS_OPENING;
    if (!client->asked) {
        if (over && result->phase != VO_TLS_FAILED)
            result->client_certificate = "not_asked";
        return;
    }
    bool proven =
        client->heard ||
        (result->phase == VO_TLS_CLOSED && (SSL_get_shutdown(client->ssl) & SSL_RECEIVED_SHUTDOWN)) ||
        SSL_version(client->ssl) < TLS1_3_VERSION;
    if (!client->config.identity)
        result->client_certificate = "missing";
    else if (result->phase == VO_TLS_FAILED && is_refusal(result->alert))
        result->client_certificate = "refused";
    else if (over && result->phase != VO_TLS_FAILED && proven)
        result->client_certificate = "accepted";
}

static void set_phase(struct vo_tls_client *client, enum vo_tls_phase phase)
{
    client->result.phase = phase;
    judge_client_certificate(client);
}

static void opened(struct vo_tls_client *client)
{
    struct vo_tls_result *result = &client->result;
    const uint8_t *alpn;
    unsigned size;
    client->secured = true;
    SSL_get0_alpn_selected(client->ssl, &alpn, &size);
    if (size > 0 && size < sizeof result->alpn && !memchr(alpn, 0, size))
        memcpy(result->alpn, alpn, size);
    result->ocsp = vo_tls_staple_judge(client);
    if (result->ocsp && strcmp(result->ocsp, "revoked") == 0)
        vo_tls_fault_add(client, VO_TLS_REVOKED, "certificate revoked, says its stapled OCSP response");
    ERR_clear_error(); /* a bad staple is no failure of what is read next */
    set_phase(client, VO_TLS_OPEN);
}

/* What a call of OpenSSL that did not succeed means. */
static void judge(struct vo_tls_client *client, int returned)
{
    int kind = SSL_get_error(client->ssl, returned);
    unsigned long code = ERR_peek_error();
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
        return;
    bool ended = kind == SSL_ERROR_ZERO_RETURN || (kind == SSL_ERROR_SYSCALL && code == 0) ||
                 ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    if (ended && client->result.phase == VO_TLS_OPEN) {
        set_phase(client, VO_TLS_CLOSED);
        return;
    }
    set_phase(client, VO_TLS_FAILED);
    vo_tls_failure_write(client, ended ? 0 : code);
}

static void advance(struct vo_tls_client *client)
{
    ERR_clear_error();
    if (client->result.phase == VO_TLS_OPENING) {
        int done = SSL_do_handshake(client->ssl);
        note_choice(client);
        if (done == 1)
            opened(client);
        else
            judge(client, done);
    }
    if (client->result.phase == VO_TLS_OPEN) { /* tickets, alerts and the close are read on the way */
        char first;
        int got = SSL_peek(client->ssl, &first, 1);
        client->heard = client->heard || got > 0;
        if (got > 0)
            judge_client_certificate(client);
        else
            judge(client, got);
    }
    ERR_clear_error();
}

static void fail_flooded(struct vo_tls_client *client)
{
    set_phase(client, VO_TLS_FAILED);
    snprintf(client->result.failure, sizeof client->result.failure,
             "the server's TLS handshake is longer than %d KiB: given up", VO_TLS_HANDSHAKE_MAX / 1024);
}

enum vo_tls_phase vo_tls_client_feed(struct vo_tls_client *client, const uint8_t *data, size_t size)
{
    enum vo_tls_phase phase = client->result.phase;
    if (phase == VO_TLS_FAILED || phase == VO_TLS_CLOSED)
        return phase;
    size_t room = VO_TLS_HEAD - client->head_size;
    size_t part = size < room ? size : room;
    if (part > 0)
        memcpy(client->head + client->head_size, data, part);
    client->head_size += part;
    if (size == 0)
        BIO_set_mem_eof_return(client->in, 0);
    if (phase == VO_TLS_OPENING && (client->taken += size) > VO_TLS_HANDSHAKE_MAX) {
        fail_flooded(client);
        return VO_TLS_FAILED;
    }
    size_t written;
    if (size > 0 && BIO_write_ex(client->in, data, size, &written) != 1) {
        set_phase(client, VO_TLS_FAILED);
        snprintf(client->result.failure, sizeof client->result.failure, "out of memory for TLS");
        return VO_TLS_FAILED;
    }
    advance(client);
    return client->result.phase;
}

const uint8_t *vo_tls_client_output(struct vo_tls_client *client, size_t *size)
{
    char *data = NULL;
    long waiting = BIO_get_mem_data(client->out, &data);
    *size = waiting > 0 ? (size_t)waiting : 0;
    return (const uint8_t *)data;
}

void vo_tls_client_sent(struct vo_tls_client *client, size_t size)
{
    uint8_t gone[4096];
    while (size > 0) {
        int got = BIO_read(client->out, gone, (int)(size < sizeof gone ? size : sizeof gone));
        if (got <= 0)
            return;
        size -= (size_t)got;
    }
}

size_t vo_tls_client_read(struct vo_tls_client *client, uint8_t *to, size_t room)
{
    if (client->result.phase != VO_TLS_OPEN || room == 0)
        return 0;
    size_t got = 0;
    ERR_clear_error();
    int done = SSL_read_ex(client->ssl, to, room, &got);
    if (done == 1) {
        client->heard = true;
        judge_client_certificate(client);
    } else {
        got = 0;
        judge(client, done);
    }
    ERR_clear_error();
    return got;
}

bool vo_tls_client_write(struct vo_tls_client *client, const void *data, size_t size)
{
    if (client->result.phase != VO_TLS_OPEN)
        return false;
    size_t written = 0;
    ERR_clear_error();
    bool done = size == 0 || (SSL_write_ex(client->ssl, data, size, &written) == 1 && written == size);
    ERR_clear_error();
    return done;
}

void vo_tls_client_close(struct vo_tls_client *client)
{
    if (client->result.phase == VO_TLS_OPEN || client->result.phase == VO_TLS_CLOSED)
        SSL_shutdown(client->ssl);
    ERR_clear_error();
}

const struct vo_tls_result *vo_tls_client_result(const struct vo_tls_client *client)
{
    return &client->result;
}
