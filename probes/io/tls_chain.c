/* The chain: what is wrong with it, what is in it, and whose it is. */
#include "core/utf8.h"
#include "probes/io/tls_private.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define STRENGTH_MIN 112 /* bits: RSA 2048, SHA-224 (NIST SP 800-57 part 1, 5.6.1; until 2030) */

void vo_tls_fault_add(struct vo_tls_client *client, unsigned fault, const char *text)
{
    struct vo_tls_result *result = &client->result;
    result->faults |= fault;
    if (!result->verify_text[0])
        snprintf(result->verify_text, sizeof result->verify_text, "%s", text);
}

int64_t vo_tls_unix_time(const ASN1_TIME *time)
{
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return INT64_MIN;
    return timegm(&parts);
}

/* Copies text that a certificate holds: what is no printable UTF-8 becomes '?', and the end is cut between
 * characters. Returns how many bytes were written before the NUL. */
static size_t copy_text(char *to, size_t room, const char *from, size_t size)
{
    size_t used = 0;
    while (size > 0) {
        size_t length = vo_utf8_length(from, size);
        bool good = length > 1 || (length == 1 && from[0] >= ' ' && from[0] != 0x7f);
        size_t step = length ? length : 1;
        if (used + step >= room)
            break;
        if (good)
            memcpy(to + used, from, step);
        else
            memset(to + used, '?', step);
        used += step;
        from += step;
        size -= step;
    }
    to[used] = '\0';
    return used;
}

static void write_name(const X509_NAME *name, char *to, size_t room)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *data = NULL;
    to[0] = '\0';
    if (text &&
        X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        long size = BIO_get_mem_data(text, &data);
        if (size > 0)
            copy_text(to, room, data, (size_t)size);
    }
    BIO_free(text);
}

static size_t name_text(const GENERAL_NAME *name, char *to, size_t room)
{
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    if (type != GEN_DNS && type != GEN_IPADD)
        return 0;
    const uint8_t *data = ASN1_STRING_get0_data(value);
    int size = ASN1_STRING_length(value);
    if (type == GEN_DNS)
        return copy_text(to, room, (const char *)data, (size_t)size);
    char address[INET6_ADDRSTRLEN];
    if ((size != 4 && size != 16) ||
        !inet_ntop(size == 4 ? AF_INET : AF_INET6, data, address, sizeof address))
        return 0;
    return copy_text(to, room, address, strlen(address));
}

static void write_alternative_names(X509 *x509, char *to, size_t room)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;
    to[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && used + 2 < room; i++) {
        size_t gap = used > 0;
        size_t added = name_text(sk_GENERAL_NAME_value(names, i), to + used + gap, room - used - gap);
        if (added > 0) {
            if (gap)
                to[used] = ' ';
            used += gap + added;
        }
        to[used] = '\0';
    }
    GENERAL_NAMES_free(names);
}

/* RFC 7469 2.4: the SHA-256 of the SubjectPublicKeyInfo as the certificate has it. */
static void write_pin(const X509 *x509, char pin[52])
{
    uint8_t *key = NULL, digest[32];
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &key);
    pin[0] = '\0';
    if (size > 0 && EVP_Digest(key, (size_t)size, digest, NULL, EVP_sha256(), NULL) == 1) {
        memcpy(pin, "sha256/", 7);
        EVP_EncodeBlock((uint8_t *)pin + 7, digest, sizeof digest);
    }
    OPENSSL_free(key);
}

static void describe(X509 *x509, struct vo_tls_certificate *certificate)
{
    write_name(X509_get_subject_name(x509), certificate->subject, sizeof certificate->subject);
    write_name(X509_get_issuer_name(x509), certificate->issuer, sizeof certificate->issuer);
    write_alternative_names(x509, certificate->names, sizeof certificate->names);
    certificate->not_before = vo_tls_unix_time(X509_get0_notBefore(x509));
    certificate->not_after = vo_tls_unix_time(X509_get0_notAfter(x509));
    write_pin(x509, certificate->pin);
}

static unsigned describe_all(const STACK_OF(X509) * chain, struct vo_tls_certificate *certificates)
{
    int count = sk_X509_num(chain);
    count = count < 0 ? 0 : count > VO_TLS_CHAIN ? VO_TLS_CHAIN : count;
    for (int i = 0; i < count; i++)
        describe(sk_X509_value(chain, i), &certificates[i]);
    return (unsigned)count;
}

static int64_t days_left(const STACK_OF(X509) * chain, vo_time now)
{
    int64_t first = INT64_MAX, second = now / VO_NS_PER_S;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        int64_t end = vo_tls_unix_time(X509_get0_notAfter(sk_X509_value(chain, i)));
        if (end != INT64_MIN && end < first)
            first = end;
    }
    int64_t left = first - second;
    return left >= 0 ? left / 86400 : -((-left + 86399) / 86400);
}

/* A certificate that names itself as its own issuer's issuer's tells that the missing issuer is a root (RFC
 * 5280 4.2.1.1). */
static bool issuer_is_root(X509 *x509)
{
    AUTHORITY_KEYID *key = X509_get_ext_d2i(x509, NID_authority_key_identifier, NULL, NULL);
    bool root = false;
    for (int i = 0; key && i < sk_GENERAL_NAME_num(key->issuer); i++) {
        int type;
        const void *name = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(key->issuer, i), &type);
        root = root || (type == GEN_DIRNAME && X509_NAME_cmp(name, X509_get_issuer_name(x509)) == 0);
    }
    AUTHORITY_KEYID_free(key);
    return root;
}

/* Servers leave out the root, not the CA that signed the leaf: if that one is missing, the chain is
 * incomplete, unless the leaf says that a root signed it. */
static void add_missing_issuer(struct vo_tls_client *client, X509_STORE_CTX *store)
{
    X509 *x509 = X509_STORE_CTX_get_current_cert(store);
    char issuer[80], text[160];
    write_name(X509_get_issuer_name(x509), issuer, sizeof issuer);
    bool root = X509_STORE_CTX_get_error_depth(store) > 0 || issuer_is_root(x509);
    if (root)
        snprintf(text, sizeof text, "issuer not trusted: %s", issuer);
    else
        snprintf(text, sizeof text, "issuer not presented and not trusted (intermediate or private CA?): %s",
                 issuer);
    vo_tls_fault_add(client, root ? VO_TLS_UNKNOWN_ISSUER : VO_TLS_INCOMPLETE_CHAIN, text);
}

static const struct {
    int error;
    unsigned fault;
} fault_rows[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, VO_TLS_EXPIRED},
    {X509_V_ERR_CERT_NOT_YET_VALID, VO_TLS_NOT_YET_VALID},
    {X509_V_ERR_HOSTNAME_MISMATCH, VO_TLS_WRONG_NAME},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, VO_TLS_WRONG_NAME},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, VO_TLS_SELF_SIGNED},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, VO_TLS_UNKNOWN_ISSUER},
    {X509_V_ERR_CERT_REVOKED, VO_TLS_REVOKED},
    {X509_V_ERR_EE_KEY_TOO_SMALL, VO_TLS_WEAK},
    {X509_V_ERR_CA_KEY_TOO_SMALL, VO_TLS_WEAK},
    {X509_V_ERR_CA_MD_TOO_WEAK, VO_TLS_WEAK},
};

static struct vo_tls_client *client_of(X509_STORE_CTX *store)
{
    return SSL_get_app_data((SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

/* OpenSSL's verify callback: notes each fault and goes on. */
static int on_fault(int good, X509_STORE_CTX *store)
{
    if (good)
        return 1;
    struct vo_tls_client *client = client_of(store);
    int error = X509_STORE_CTX_get_error(store);
    unsigned fault = VO_TLS_OTHER_FAULT;
    if (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
        error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT) {
        add_missing_issuer(client, store);
        return 1;
    }
    if (error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE)
        return 1; /* follows from the missing issuer, which was told */
    for (size_t i = 0; i < sizeof fault_rows / sizeof *fault_rows; i++)
        if (fault_rows[i].error == error)
            fault = fault_rows[i].fault;
    vo_tls_fault_add(client, fault, X509_verify_cert_error_string(error));
    return 1;
}

/* A root's own signature proves nothing and is not judged. */
static void judge_strength(struct vo_tls_client *client)
{
    for (int i = 0; i < sk_X509_num(client->verified); i++) {
        X509 *x509 = sk_X509_value(client->verified, i);
        const EVP_PKEY *key = X509_get0_pubkey(x509);
        int bits = -1;
        bool root = X509_get_extension_flags(x509) & EXFLAG_SS;
        if (key && EVP_PKEY_get_security_bits(key) < STRENGTH_MIN)
            vo_tls_fault_add(client, VO_TLS_WEAK, "public key too weak: RSA needs 2048 bits, EC 224");
        if (!root && X509_get_signature_info(x509, NULL, NULL, &bits, NULL) == 1 && bits >= 0 &&
            bits < STRENGTH_MIN)
            vo_tls_fault_add(client, VO_TLS_WEAK, "signature with a broken digest (SHA-1, MD5)");
    }
}

static bool signed_by(X509 *x509, X509 *issuer)
{
    return X509_check_issued(issuer, x509) == X509_V_OK && X509_verify(x509, X509_get0_pubkey(issuer)) == 1;
}

static bool is_pinned(const struct vo_tls_config *config, const X509 *x509)
{
    char pin[52];
    write_pin(x509, pin);
    for (size_t i = 0; i < config->pin_count; i++)
        if (strcmp(config->pins[i], pin) == 0)
            return true;
    return false;
}

/* An interceptor may present the expected issuer beside its own: a certificate counts only if signatures lead
 * from the leaf to it. */
static bool leads_to_pin(const struct vo_tls_client *client)
{
    X509 *all[2 * VO_TLS_CHAIN];
    bool linked[2 * VO_TLS_CHAIN] = {true};
    int count = 0;
    for (int i = 0; i < sk_X509_num(client->presented) && i < VO_TLS_CHAIN; i++)
        all[count++] = sk_X509_value(client->presented, i);
    for (int i = 0; i < sk_X509_num(client->verified) && i < VO_TLS_CHAIN; i++)
        all[count++] = sk_X509_value(client->verified, i);
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < count; i++)
            for (int k = 0; linked[i] && k < count; k++)
                if (!linked[k] && signed_by(all[i], all[k]))
                    linked[k] = more = true;
    }
    for (int i = 0; i < count; i++)
        if (linked[i] && is_pinned(&client->config, all[i]))
            return true;
    return false;
}

static bool system_trusts(const struct vo_tls_trust *trust, X509 *top)
{
    X509_STORE_CTX *store = X509_STORE_CTX_new();
    STACK_OF(X509) *found = NULL;
    bool trusted = false;
    if (store && X509_STORE_CTX_init(store, trust->system, NULL, NULL) == 1)
        found = X509_STORE_CTX_get1_certs(store, X509_get_subject_name(top));
    for (int i = 0; i < sk_X509_num(found) && !trusted; i++)
        trusted = EVP_PKEY_eq(X509_get0_pubkey(sk_X509_value(found, i)), X509_get0_pubkey(top)) == 1;
    sk_X509_pop_free(found, X509_free);
    X509_STORE_CTX_free(store);
    return trusted;
}

static const char *judge_interception(const struct vo_tls_client *client)
{
    const unsigned open_ended = VO_TLS_INCOMPLETE_CHAIN | VO_TLS_UNKNOWN_ISSUER;
    const unsigned untrusted = open_ended | VO_TLS_SELF_SIGNED | VO_TLS_OTHER_FAULT;
    const struct vo_tls_config *config = &client->config;
    X509 *top = sk_X509_value(client->verified, sk_X509_num(client->verified) - 1);
    unsigned faults = client->result.faults;
    if (config->pin_count > 0) {
        if (leads_to_pin(client))
            return "none";
        bool ended = !(faults & open_ended) || !top || (X509_get_extension_flags(top) & EXFLAG_SS);
        return ended ? "intercepted" : "suspected";
    }
    if (!config->public_service || !config->trust->system || !top || (faults & untrusted))
        return NULL;
    return system_trusts(config->trust, top) ? NULL : "suspected";
}

int vo_tls_verify(X509_STORE_CTX *store, void *unused)
{
    (void)unused;
    struct vo_tls_client *client = client_of(store);
    struct vo_tls_result *result = &client->result;
    if (client->presented)
        return 1;
    ERR_set_mark(); /* what is noted here must not look like a failure of the handshake */
    X509_STORE_CTX_set_verify_cb(store, on_fault);
    if (X509_verify_cert(store) < 0)
        vo_tls_fault_add(client, VO_TLS_OTHER_FAULT, "the chain could not be verified");
    client->presented = X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(store));
    client->verified = X509_STORE_CTX_get1_chain(store);
    result->presented_count = describe_all(client->presented, result->presented);
    result->verified_count = describe_all(client->verified, result->verified);
    result->days_left = days_left(client->presented, client->config.now);
    judge_strength(client);
    result->interception = judge_interception(client);
    ERR_pop_to_mark();
    return 1;
}
