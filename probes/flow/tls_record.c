/* Keys from secrets (RFC 5246 6.3, RFC 8446 7) and the protection of records (RFC 5246 6.2.3, RFC 7366, RFC
 * 8446 5.2). */
#include "probes/decode/bytes.h"
#include "probes/flow/tls_private.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#define BLOCK      16 /* of AES */
#define NONCE_SIZE 12

static OSSL_PARAM octets(const char *name, const void *data, size_t size)
{
    /* OpenSSL's parameters have no const; a KDF only reads them. */
    return OSSL_PARAM_construct_octet_string(name, (void *)data, size);
}

static bool derive(const char *kdf_name, const OSSL_PARAM *parameters, uint8_t *out, size_t size)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, kdf_name, NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool derived = context && EVP_KDF_derive(context, out, size, parameters) > 0;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return derived;
}

static OSSL_PARAM digest_of(const struct vo_tls_suite *suite)
{
    return OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                            (char *)EVP_MD_get0_name(suite->cipher->digest()), 0);
}

/* HKDF-Expand-Label with an empty context (RFC 8446 7.1). */
static bool expand_label(const struct vo_tls_protection *protection, const char *label, uint8_t *out,
                         uint8_t size)
{
    uint8_t info[32] = {0, size};
    uint8_t label_size = (uint8_t)(6 + strlen(label));
    info[2] = label_size;
    memcpy(info + 3, "tls13 ", 6);
    memcpy(info + 9, label, strlen(label));
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        digest_of(protection->suite),
        octets(OSSL_KDF_PARAM_KEY, protection->secret.bytes, protection->secret.size),
        octets(OSSL_KDF_PARAM_INFO, info, 4u + label_size),
        OSSL_PARAM_construct_end(),
    };
    return derive("HKDF", parameters, out, size);
}

/* Gives the cipher its key; what OpenSSL wants before it depends on the mode. */
static bool set_key(struct vo_tls_protection *protection, const uint8_t *key)
{
    const struct vo_tls_cipher *cipher = protection->suite->cipher;
    if (!protection->context && !(protection->context = EVP_CIPHER_CTX_new()))
        return false;
    EVP_CIPHER_CTX *context = protection->context;
    if (EVP_DecryptInit_ex(context, cipher->cipher(), NULL, NULL, NULL) != 1)
        return false;
    if (!cipher->mac && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, NONCE_SIZE, NULL) != 1)
        return false;
    if (cipher->counter_mode_mac &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, cipher->tag_size, NULL) != 1)
        return false;
    return EVP_DecryptInit_ex(context, NULL, NULL, key, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(context, 0) == 1;
}

void vo_tls_protection_clear(struct vo_tls_protection *protection)
{
    EVP_CIPHER_CTX_free(protection->context); /* wipes its key schedule */
    OPENSSL_cleanse(protection, sizeof *protection);
    *protection = (struct vo_tls_protection){0};
}

/* Key and nonce from protection->secret. */
static bool traffic_keys(struct vo_tls_protection *protection)
{
    uint8_t key[32];
    protection->sequence = 0;
    bool done = expand_label(protection, "key", key, protection->suite->cipher->key_size) &&
                expand_label(protection, "iv", protection->iv, NONCE_SIZE) && set_key(protection, key);
    OPENSSL_cleanse(key, sizeof key);
    if (!done)
        vo_tls_protection_clear(protection);
    return done;
}

bool vo_tls_protection_13(struct vo_tls_protection *protection, const struct vo_tls_suite *suite,
                          const struct vo_tls_secret *secret)
{
    vo_tls_protection_clear(protection);
    protection->suite = suite;
    protection->tls13 = true;
    protection->secret = *secret;
    return traffic_keys(protection);
}

bool vo_tls_protection_update(struct vo_tls_protection *protection)
{
    struct vo_tls_secret next = {.size = protection->secret.size};
    bool done = expand_label(protection, "traffic upd", next.bytes, next.size);
    protection->secret = next;
    OPENSSL_cleanse(&next, sizeof next);
    if (!done)
        vo_tls_protection_clear(protection);
    return done && traffic_keys(protection);
}

/* The key block is: both MAC keys, both keys, both salts; the client's always first. */
bool vo_tls_protection_12(struct vo_tls_protection *protection, const struct vo_tls_suite *suite,
                          const struct vo_tls_secret *master, const struct vo_tls_randoms *randoms,
                          bool from_client)
{
    const struct vo_tls_cipher *cipher = suite->cipher;
    size_t mac_size = cipher->mac ? cipher->tag_size : 0, side = from_client ? 0 : 1;
    uint8_t block[2 * (VO_TLS_SECRET_MAX + 32 + NONCE_SIZE)], seed[13 + 2 * VO_TLS_RANDOM_SIZE];
    memcpy(seed, "key expansion", 13);
    memcpy(seed + 13, randoms->server, VO_TLS_RANDOM_SIZE);
    memcpy(seed + 13 + VO_TLS_RANDOM_SIZE, randoms->client, VO_TLS_RANDOM_SIZE);
    vo_tls_protection_clear(protection);
    protection->suite = suite;
    OSSL_PARAM parameters[] = {
        digest_of(suite),
        octets(OSSL_KDF_PARAM_SECRET, master->bytes, master->size),
        octets(OSSL_KDF_PARAM_SEED, seed, sizeof seed),
        OSSL_PARAM_construct_end(),
    };
    const uint8_t *keys = block + 2 * mac_size, *salts = keys + 2 * (size_t)cipher->key_size;
    bool done =
        derive("TLS1-PRF", parameters, block, 2 * (mac_size + cipher->key_size + cipher->salt_size)) &&
        set_key(protection, keys + side * cipher->key_size);
    if (done) {
        memcpy(protection->mac_key, block + side * mac_size, mac_size);
        memcpy(protection->iv, salts + side * cipher->salt_size, cipher->salt_size);
    } else {
        vo_tls_protection_clear(protection);
    }
    OPENSSL_cleanse(block, sizeof block);
    return done;
}

/* What is authenticated besides the content in TLS 1.2: sequence, type, version and this length. */
static void pseudo_header(const struct vo_tls_protection *protection, const uint8_t *record, uint32_t length,
                          uint8_t out[13])
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (uint8_t)(protection->sequence >> (56 - 8 * i));
    memcpy(out + 8, record, 3);
    out[11] = (uint8_t)(length >> 8);
    out[12] = (uint8_t)length;
}

struct sealed {
    const uint8_t *nonce, *extra, *data, *tag;
    uint32_t extra_size, size;
};

static bool open_aead(const struct vo_tls_protection *protection, const struct sealed *sealed, uint8_t *plain)
{
    const struct vo_tls_cipher *cipher = protection->suite->cipher;
    EVP_CIPHER_CTX *context = protection->context;
    void *tag = (void *)sealed->tag; /* only read */
    int size = (int)sealed->size, got = 0;
    if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, cipher->tag_size, tag) != 1 ||
        EVP_DecryptInit_ex(context, NULL, NULL, NULL, sealed->nonce) != 1)
        return false;
    if (cipher->counter_mode_mac && EVP_DecryptUpdate(context, NULL, &got, NULL, size) != 1)
        return false;
    if (EVP_DecryptUpdate(context, NULL, &got, sealed->extra, (int)sealed->extra_size) != 1 ||
        EVP_DecryptUpdate(context, plain, &got, sealed->data, size) != 1)
        return false;
    /* CCM has checked the tag with the data; a second step is not defined for it. */
    return cipher->counter_mode_mac || EVP_DecryptFinal_ex(context, plain + got, &got) == 1;
}

static bool open_aead_record(struct vo_tls_protection *protection, const uint8_t *record, uint32_t size,
                             uint8_t *plain, uint32_t *plain_size)
{
    const struct vo_tls_cipher *cipher = protection->suite->cipher;
    uint32_t explicit_size = protection->tls13 ? 0 : NONCE_SIZE - cipher->salt_size;
    uint8_t nonce[NONCE_SIZE], extra[13];
    if (size < explicit_size + cipher->tag_size)
        return false;
    *plain_size = size - explicit_size - cipher->tag_size;
    const uint8_t *data = record + VO_TLS_HEADER_SIZE + explicit_size;
    memcpy(nonce, protection->iv, NONCE_SIZE);
    if (explicit_size)
        memcpy(nonce + cipher->salt_size, record + VO_TLS_HEADER_SIZE, explicit_size);
    else
        for (unsigned i = 0; i < 8; i++)
            nonce[4 + i] ^= (uint8_t)(protection->sequence >> (56 - 8 * i));
    pseudo_header(protection, record, *plain_size, extra);
    return open_aead(protection,
                     &(struct sealed){.nonce = nonce,
                                      .extra = protection->tls13 ? record : extra,
                                      .extra_size = protection->tls13 ? VO_TLS_HEADER_SIZE : sizeof extra,
                                      .data = data,
                                      .size = *plain_size,
                                      .tag = data + *plain_size},
                     plain);
}

static bool mac_matches(const struct vo_tls_protection *protection, const uint8_t *record,
                        const uint8_t *data, uint32_t size, const uint8_t *expected)
{
    const struct vo_tls_cipher *cipher = protection->suite->cipher;
    uint8_t header[13], found[EVP_MAX_MD_SIZE];
    size_t found_size = 0;
    pseudo_header(protection, record, size, header);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)EVP_MD_get0_name(cipher->mac()), 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    bool done = context && EVP_MAC_init(context, protection->mac_key, cipher->tag_size, parameters) == 1 &&
                EVP_MAC_update(context, header, sizeof header) == 1 &&
                EVP_MAC_update(context, data, size) == 1 &&
                EVP_MAC_final(context, found, &found_size, sizeof found) == 1;
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return done && found_size == cipher->tag_size && !CRYPTO_memcmp(found, expected, cipher->tag_size);
}

static bool open_cbc_record(struct vo_tls_protection *protection, const uint8_t *record, uint32_t size,
                            uint8_t *plain, uint32_t *plain_size)
{
    uint32_t mac_size = protection->suite->cipher->tag_size;
    const uint8_t *iv = record + VO_TLS_HEADER_SIZE;
    uint32_t outer_mac = protection->encrypt_then_mac ? mac_size : 0;
    int got = 0;
    if (size < 2 * BLOCK + outer_mac || (size - outer_mac) % BLOCK)
        return false;
    uint32_t length = size - BLOCK - outer_mac;
    if (outer_mac && !mac_matches(protection, record, iv, BLOCK + length, iv + BLOCK + length))
        return false;
    if (EVP_DecryptInit_ex(protection->context, NULL, NULL, NULL, iv) != 1 ||
        EVP_DecryptUpdate(protection->context, plain, &got, iv + BLOCK, (int)length) != 1 ||
        (uint32_t)got != length)
        return false;
    uint32_t padding = plain[length - 1], inner_mac = mac_size - outer_mac;
    if (padding + 1 + inner_mac > length)
        return false;
    for (uint32_t i = 0; i < padding; i++)
        if (plain[length - 2 - i] != padding)
            return false;
    *plain_size = length - padding - 1 - inner_mac;
    return outer_mac || mac_matches(protection, record, plain, *plain_size, plain + *plain_size);
}

bool vo_tls_protection_open(struct vo_tls_protection *protection, const uint8_t *record, uint32_t size,
                            uint8_t *plain, uint32_t *plain_size, uint8_t *type)
{
    bool good = protection->suite->cipher->mac
                    ? open_cbc_record(protection, record, size, plain, plain_size)
                    : open_aead_record(protection, record, size, plain, plain_size);
    if (!good)
        return false;
    *type = record[0];
    if (protection->tls13) { /* the type is the last byte that is not zero */
        while (*plain_size && !plain[*plain_size - 1])
            --*plain_size;
        if (!*plain_size)
            return false;
        *type = plain[--*plain_size];
    }
    protection->sequence++;
    return true;
}
