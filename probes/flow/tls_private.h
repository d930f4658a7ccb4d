/*
 * What the files of the TLS reader share; not for others.
 *
 *   tls.c          the session: records, handshake messages, which keys are in force
 *   tls_hello.c    ClientHello and ServerHello
 *   tls_suites.c   the table of cipher suites
 *   tls_keylog.c   the key log
 *   tls_record.c   keys from secrets, and the protection of records
 */
#ifndef VO_PROBES_FLOW_TLS_PRIVATE_H
#define VO_PROBES_FLOW_TLS_PRIVATE_H

#include "probes/flow/tls.h"

#include <openssl/evp.h>

#define VO_TLS_RANDOM_SIZE 32
#define VO_TLS_SECRET_MAX  48
#define VO_TLS_HEADER_SIZE 5
#define VO_TLS_RECORD_MAX  (16384 + 2048) /* RFC 5246 6.2.3 */

enum vo_tls_content {
    VO_TLS_CHANGE_CIPHER = 20,
    VO_TLS_ALERT,
    VO_TLS_MESSAGES,
    VO_TLS_DATA,
    VO_TLS_HEARTBEAT
};

enum vo_tls_label {
    VO_TLS_CLIENT_RANDOM,
    VO_TLS_CLIENT_HANDSHAKE,
    VO_TLS_SERVER_HANDSHAKE,
    VO_TLS_CLIENT_TRAFFIC,
    VO_TLS_SERVER_TRAFFIC,
    VO_TLS_LABELS
};

struct vo_tls_secret {
    uint8_t size, bytes[VO_TLS_SECRET_MAX];
};

/* NULL if the key log (which may be NULL) has no such line. */
const struct vo_tls_secret *vo_keylog_find(const struct vo_keylog *keylog, enum vo_tls_label label,
                                           const uint8_t random[VO_TLS_RANDOM_SIZE]);

/* What several suites have in common. `digest` is that of the PRF or HKDF; `mac` NULL: AEAD. */
struct vo_tls_cipher {
    const EVP_CIPHER *(*cipher)(void);
    const EVP_MD *(*digest)(void);
    const EVP_MD *(*mac)(void);
    uint8_t key_size, tag_size;
    uint8_t salt_size; /* the part of the nonce from the key block of TLS 1.2; the rest is in the record */
    bool counter_mode_mac; /* CCM, which OpenSSL drives in its own order */
};

struct vo_tls_suite {
    uint16_t id;
    const char *name; /* IANA */
    const struct vo_tls_cipher *cipher;
};

/* NULL: not known. */
const struct vo_tls_suite *vo_tls_suite_find(uint16_t id);

struct vo_tls_client_hello {
    const uint8_t *random; /* borrowed */
    bool early_data;
    char server_name[256]; /* empty: none, or not printable */
};

struct vo_tls_server_hello {
    const uint8_t *random; /* borrowed */
    bool retry;            /* a HelloRetryRequest */
    uint16_t version, suite;
    bool compressed, encrypt_then_mac;
};

/* The bodies of the handshake messages; false if malformed. */
bool vo_tls_client_hello_decode(const uint8_t *data, uint32_t size, struct vo_tls_client_hello *hello);
bool vo_tls_server_hello_decode(const uint8_t *data, uint32_t size, struct vo_tls_server_hello *hello);

/* Keys of one direction in one epoch. Zeroed: none. */
struct vo_tls_protection {
    const struct vo_tls_suite *suite; /* NULL: no keys */
    bool tls13, encrypt_then_mac;
    uint64_t sequence;
    struct vo_tls_secret secret; /* 1.3: for the next KeyUpdate */
    uint8_t iv[12], mac_key[VO_TLS_SECRET_MAX];
    EVP_CIPHER_CTX *context;
};

struct vo_tls_randoms {
    uint8_t client[VO_TLS_RANDOM_SIZE], server[VO_TLS_RANDOM_SIZE];
};

/* All of these return false if the primitive refuses; `protection` is then without keys. */
bool vo_tls_protection_12(struct vo_tls_protection *protection, const struct vo_tls_suite *suite,
                          const struct vo_tls_secret *master, const struct vo_tls_randoms *randoms,
                          bool from_client);
bool vo_tls_protection_13(struct vo_tls_protection *protection, const struct vo_tls_suite *suite,
                          const struct vo_tls_secret *secret);
bool vo_tls_protection_update(struct vo_tls_protection *protection);
void vo_tls_protection_clear(struct vo_tls_protection *protection);

/* Opens a record (header and `size` bytes after it) into `plain`, which holds `size` + 16 bytes. *type comes
 * from the header and is replaced by the inner one in 1.3. False if its tag, MAC or padding is wrong; nothing
 * has changed then. */
bool vo_tls_protection_open(struct vo_tls_protection *protection, const uint8_t *record, uint32_t size,
                            uint8_t *plain, uint32_t *plain_size, uint8_t *type);

#endif
