/* What the files of the TLS client share. */
#ifndef VO_PROBES_IO_TLS_PRIVATE_H
#define VO_PROBES_IO_TLS_PRIVATE_H

#include "probes/io/tls.h"

#include <openssl/ssl.h>

#define VO_TLS_HANDSHAKE_MAX (256 * 1024) /* bytes of ciphertext: far above any honest chain */
#define VO_TLS_CHAIN_BYTES   (64 * 1024)  /* of a Certificate message */
#define VO_TLS_HEAD          24           /* first bytes kept, to tell what speaks if it is not TLS */

struct vo_tls_trust {
    SSL_CTX *context;   /* its store: the system's CAs and those of ca_file */
    X509_STORE *system; /* the system's CAs only; NULL without ca_file: then all are */
};

struct vo_tls_identity {
    X509 *certificate;
    EVP_PKEY *key;
    STACK_OF(X509) * chain; /* without the certificate itself; may be NULL */
};

struct vo_tls_client {
    SSL *ssl;
    BIO *in, *out; /* the session's */
    struct vo_tls_config config;
    struct vo_tls_result result;
    STACK_OF(X509) * presented, *verified; /* owned; NULL before the certificates came */
    bool asked;                            /* the server asked for a client certificate */
    bool secured;                          /* the handshake was over once */
    bool heard;                            /* application data came */
    size_t taken;                          /* ciphertext so far */
    uint8_t head[VO_TLS_HEAD];
    size_t head_size;
};

/* tls_chain.c: SSL_CTX_set_cert_verify_callback()'s; records everything and lets the handshake go on. */
int vo_tls_verify(X509_STORE_CTX *store, void *unused);
/* Notes a fault; `text` is kept if it is the first. */
void vo_tls_fault_add(struct vo_tls_client *client, unsigned fault, const char *text);
int64_t vo_tls_unix_time(const ASN1_TIME *time); /* INT64_MIN if it is none */

/* tls_ocsp.c: a word of tls_ocsp, or NULL. */
const char *vo_tls_staple_judge(const struct vo_tls_client *client);

/* tls_failure.c: writes result.failure; `error` is OpenSSL's code, 0 for a peer that closed. */
void vo_tls_failure_write(struct vo_tls_client *client, unsigned long error);

#endif
