/* The stapled OCSP response (RFC 6066 8, RFC 6960): is it about this leaf, by its issuer, and of now? */
#include "probes/io/tls_private.h"

#include <openssl/ocsp.h>

#define CLOCK_SKEW 300 /* s */

/* Trusting the leaf's issuer alone makes OCSP_basic_verify() accept what it signed or delegated (RFC 6960
 * 4.2.2.2), whether or not that issuer is trusted for TLS: that is told elsewhere. */
static bool signed_for(OCSP_BASICRESP *basic, X509 *issuer, vo_time now)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *certificates = sk_X509_new_null();
    bool good = false;
    if (store && certificates && X509_STORE_add_cert(store, issuer) == 1 &&
        sk_X509_push(certificates, issuer)) {
        X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
        X509_VERIFY_PARAM_set_time(param, now / VO_NS_PER_S);
        good = OCSP_basic_verify(basic, certificates, store, 0) == 1;
    }
    sk_X509_free(certificates);
    X509_STORE_free(store);
    return good;
}

/* The responder chose the digest by which certificates are named. */
static bool is_about(OCSP_SINGLERESP *single, const X509 *leaf, const X509 *issuer)
{
    const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(single);
    ASN1_OBJECT *digest = NULL;
    OCSP_id_get0_info(NULL, &digest, NULL, NULL, (OCSP_CERTID *)id);
    const EVP_MD *method = EVP_get_digestbyobj(digest);
    OCSP_CERTID *own = method ? OCSP_cert_to_id(method, leaf, issuer) : NULL;
    bool same = own && OCSP_id_cmp(own, id) == 0;
    OCSP_CERTID_free(own);
    return same;
}

static bool is_current(const ASN1_GENERALIZEDTIME *from, const ASN1_GENERALIZEDTIME *to, vo_time now)
{
    int64_t second = now / VO_NS_PER_S, begin = vo_tls_unix_time(from);
    int64_t end = to ? vo_tls_unix_time(to) : INT64_MAX - CLOCK_SKEW;
    return begin != INT64_MIN && end != INT64_MIN && begin <= second + CLOCK_SKEW &&
           end >= second - CLOCK_SKEW;
}

static const char *judge(OCSP_BASICRESP *basic, X509 *leaf, X509 *issuer, vo_time now)
{
    static const char *const words[] = {[V_OCSP_CERTSTATUS_GOOD] = "good",
                                        [V_OCSP_CERTSTATUS_REVOKED] = "revoked",
                                        [V_OCSP_CERTSTATUS_UNKNOWN] = "unknown"};
    if (!signed_for(basic, issuer, now))
        return "invalid";
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        ASN1_GENERALIZEDTIME *from, *to;
        if (!is_about(single, leaf, issuer))
            continue;
        int status = OCSP_single_get0_status(single, NULL, NULL, &from, &to);
        return status >= 0 && status <= V_OCSP_CERTSTATUS_UNKNOWN && is_current(from, to, now) ? words[status]
                                                                                               : "invalid";
    }
    return "invalid";
}

const char *vo_tls_staple_judge(const struct vo_tls_client *client)
{
    const uint8_t *bytes = NULL;
    long size = SSL_get_tlsext_status_ocsp_resp(client->ssl, &bytes);
    if (!bytes || size <= 0)
        return "none";
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &bytes, size);
    OCSP_BASICRESP *basic = NULL;
    if (response && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
        basic = OCSP_response_get1_basic(response);
    OCSP_RESPONSE_free(response);
    if (!basic)
        return "invalid";
    X509 *leaf = sk_X509_value(client->verified, 0), *issuer = sk_X509_value(client->verified, 1);
    const char *word = leaf && issuer ? judge(basic, leaf, issuer, client->config.now) : NULL;
    OCSP_BASICRESP_free(basic);
    return word;
}
