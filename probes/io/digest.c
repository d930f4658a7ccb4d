#include "probes/io/digest.h"

#include "probes/decode/sip_response.h"
#include "probes/decode/sip_write.h"
#include "probes/decode/text.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>

static const struct algorithm {
    const char *name, *session_name;
    const EVP_MD *(*hash)(void);
} algorithms[] = {
    [VO_DIGEST_MD5] = {"MD5", "MD5-sess", EVP_md5},
    [VO_DIGEST_SHA_256] = {"SHA-256", "SHA-256-sess", EVP_sha256},
    [VO_DIGEST_SHA_512_256] = {"SHA-512-256", "SHA-512-256-sess", EVP_sha512_256},
};
#define ALGORITHMS (sizeof algorithms / sizeof *algorithms)

const char *vo_digest_name(const struct vo_digest_challenge *challenge)
{
    const struct algorithm *row = &algorithms[challenge->algorithm];
    return challenge->session ? row->session_name : row->name;
}

/* ---- the challenge ---- */

static enum vo_status read_algorithm(struct vo_span value, struct vo_digest_challenge *challenge,
                                     struct vo_error *error)
{
    challenge->has_algorithm = value.at != NULL;
    if (!value.at)
        return VO_OK; /* RFC 7616 3.3: MD5 */
    for (size_t i = 0; i < ALGORITHMS; i++) {
        challenge->session = vo_span_is(value, algorithms[i].session_name);
        if (!challenge->session && !vo_span_is(value, algorithms[i].name))
            continue;
        challenge->algorithm = (enum vo_digest_algorithm)i;
        return VO_OK;
    }
    return vo_error_set(error, VO_ERR_INPUT,
                        "the digest algorithm offered is none of MD5, SHA-256, SHA-512-256");
}

static enum vo_status read_qop(struct vo_span value, struct vo_digest_challenge *challenge,
                               struct vo_error *error)
{
    struct vo_span option;
    while (value.at && vo_sip_list_next(&value, &option))
        challenge->qop |= vo_span_is(option, "auth");
    if (value.at && !challenge->qop)
        return vo_error_set(error, VO_ERR_INPUT,
                            "the digest challenge offers no qop \"auth\" (auth-int is not supported)");
    if (challenge->session && !challenge->qop)
        return vo_error_set(error, VO_ERR_INPUT, "the digest challenge has a -sess algorithm but no qop");
    return VO_OK;
}

/* Copies what goes back to the server as it is. */
static enum vo_status keep(struct vo_span value, const char *name, char *to, struct vo_error *error)
{
    if (value.size >= VO_DIGEST_TEXT)
        return vo_error_set(error, VO_ERR_INPUT, "the digest challenge's %s is longer than %d bytes", name,
                            VO_DIGEST_TEXT - 1);
    for (uint32_t i = 0; i < value.size; i++)
        if ((unsigned char)value.at[i] < ' ' || value.at[i] == 0x7f)
            return vo_error_set(error, VO_ERR_INPUT, "the digest challenge's %s has control characters",
                                name);
    if (value.size)
        memcpy(to, value.at, value.size);
    to[value.size] = '\0';
    return VO_OK;
}

enum vo_status vo_digest_read(struct vo_span value, struct vo_digest_challenge *challenge,
                              struct vo_error *error)
{
    memset(challenge, 0, sizeof *challenge);
    if (!value.at || !vo_span_is(vo_span_word(&value), "Digest"))
        return vo_error_set(error, VO_ERR_INPUT, "the challenge is not a digest challenge");
    struct vo_span realm = vo_sip_auth_parameter(value, "realm");
    struct vo_span nonce = vo_sip_auth_parameter(value, "nonce");
    struct vo_span opaque = vo_sip_auth_parameter(value, "opaque");
    struct vo_span stale = vo_sip_auth_parameter(value, "stale");
    if (!realm.at || nonce.size == 0)
        return vo_error_set(error, VO_ERR_INPUT, "the digest challenge has no realm or no nonce");
    challenge->stale = stale.at && vo_span_is(stale, "true");
    challenge->has_opaque = opaque.at != NULL;
    enum vo_status status = read_algorithm(vo_sip_auth_parameter(value, "algorithm"), challenge, error);
    if (status == VO_OK)
        status = read_qop(vo_sip_auth_parameter(value, "qop"), challenge, error);
    if (status == VO_OK)
        status = keep(realm, "realm", challenge->realm, error);
    if (status == VO_OK)
        status = keep(nonce, "nonce", challenge->nonce, error);
    if (status == VO_OK)
        status = keep(opaque, "opaque", challenge->opaque, error);
    return status;
}

/* ---- hashes ---- */

/* H(a:b:c…) in lower-case hexadecimal, of `count` parts. */
static bool hash_parts(enum vo_digest_algorithm algorithm, char *hex, size_t count, ...)
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestInit_ex(context, algorithms[algorithm].hash(), NULL) == 1;
    va_list parts;
    va_start(parts, count);
    for (size_t i = 0; i < count && good; i++) {
        const char *part = va_arg(parts, const char *);
        good = (i == 0 || EVP_DigestUpdate(context, ":", 1) == 1) &&
               EVP_DigestUpdate(context, part, strlen(part)) == 1;
    }
    va_end(parts);
    good = good && EVP_DigestFinal_ex(context, bytes, &size) == 1 && 2 * size < VO_DIGEST_HEX;
    EVP_MD_CTX_free(context);
    vo_sip_write_hex(bytes, good ? size : 0, hex);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return good;
}

/* The request digest, or with an empty method rspauth (RFC 7616 3.4.1, 3.5). */
static bool respond(const struct vo_digest *digest, const char *method, const char *uri, char *hex)
{
    enum vo_digest_algorithm algorithm = digest->challenge.algorithm;
    const char *nonce = digest->challenge.nonce;
    char ha2[VO_DIGEST_HEX], count[9];
    snprintf(count, sizeof count, "%08x", (unsigned)digest->count);
    if (!hash_parts(algorithm, ha2, 2, method, uri))
        return false;
    if (!digest->challenge.qop)
        return hash_parts(algorithm, hex, 3, digest->ha1, nonce, ha2);
    return hash_parts(algorithm, hex, 6, digest->ha1, nonce, count, digest->cnonce, "auth", ha2);
}

static bool can_be_quoted(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f || *text == '"' || *text == '\\')
            return false;
    return true;
}

enum vo_status vo_digest_begin(struct vo_digest *digest, const struct vo_digest_challenge *challenge,
                               const char *user, const char *password, const char *cnonce,
                               struct vo_error *error)
{
    vo_digest_clear(digest);
    if (strlen(user) >= sizeof digest->user || !can_be_quoted(user))
        return vo_error_set(error, VO_ERR_USAGE,
                            "the account's user is longer than %d bytes, or has quotes or control characters",
                            VO_DIGEST_USER - 1);
    if (strlen(cnonce) >= sizeof digest->cnonce || !can_be_quoted(cnonce))
        return vo_error_set(error, VO_ERR_USAGE, "the client nonce is too long or cannot be quoted");
    digest->challenge = *challenge;
    memcpy(digest->user, user, strlen(user) + 1);
    memcpy(digest->cnonce, cnonce, strlen(cnonce) + 1);
    bool good = hash_parts(challenge->algorithm, digest->ha1, 3, user, challenge->realm, password);
    if (good && challenge->session) {
        char base[VO_DIGEST_HEX];
        memcpy(base, digest->ha1, sizeof base);
        good = hash_parts(challenge->algorithm, digest->ha1, 3, base, challenge->nonce, cnonce);
        OPENSSL_cleanse(base, sizeof base);
    }
    if (good)
        return VO_OK;
    vo_digest_clear(digest);
    return vo_error_set(error, VO_ERR_IO, "OpenSSL of this system refuses the digest algorithm %s",
                        vo_digest_name(challenge));
}

size_t vo_digest_authorize(struct vo_digest *digest, const char *method, const char *uri, char *to,
                           size_t room)
{
    const struct vo_digest_challenge *challenge = &digest->challenge;
    char response[VO_DIGEST_HEX], algorithm[40] = "", qop[VO_DIGEST_CNONCE + 48] = "";
    digest->count++;
    if (!can_be_quoted(uri) || !respond(digest, method, uri, response))
        return 0;
    if (challenge->has_algorithm)
        snprintf(algorithm, sizeof algorithm, ", algorithm=%s", vo_digest_name(challenge));
    if (challenge->qop)
        snprintf(qop, sizeof qop, ", qop=auth, nc=%08x, cnonce=\"%s\"", (unsigned)digest->count,
                 digest->cnonce);
    int size = snprintf(
        to, room, "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\"%s%s%s%s%s",
        digest->user, challenge->realm, challenge->nonce, uri, response, algorithm, qop,
        challenge->has_opaque ? ", opaque=\"" : "", challenge->opaque, challenge->has_opaque ? "\"" : "");
    return size > 0 && (size_t)size < room ? (size_t)size : 0;
}

/* ---- the server's proof ---- */

enum vo_digest_proof vo_digest_verify(const struct vo_digest *digest, const char *uri, struct vo_span info)
{
    char expected[VO_DIGEST_HEX], count[9];
    struct vo_span proof = vo_sip_auth_parameter(info, "rspauth");
    if (!proof.at)
        return VO_DIGEST_ABSENT;
    snprintf(count, sizeof count, "%08x", (unsigned)digest->count);
    const struct {
        const char *name, *value;
    } same[] = {{"qop", "auth"}, {"cnonce", digest->cnonce}, {"nc", count}};
    for (size_t i = 0; i < sizeof same / sizeof *same && digest->challenge.qop; i++) {
        struct vo_span value = vo_sip_auth_parameter(info, same[i].name);
        if (value.at && !vo_span_is(value, same[i].value))
            return VO_DIGEST_WRONG;
    }
    bool right = respond(digest, "", uri, expected) && vo_span_is(proof, expected);
    return right ? VO_DIGEST_VERIFIED : VO_DIGEST_WRONG;
}

void vo_digest_advance(struct vo_digest *digest, struct vo_span info)
{
    char nonce[VO_DIGEST_TEXT];
    struct vo_span next = vo_sip_auth_parameter(info, "nextnonce");
    if (next.size == 0 || keep(next, "nextnonce", nonce, NULL) != VO_OK)
        return;
    memcpy(digest->challenge.nonce, nonce, strlen(nonce) + 1);
    digest->count = 0;
}

void vo_digest_clear(struct vo_digest *digest)
{
    OPENSSL_cleanse(digest, sizeof *digest);
}
