/* A client certificate with its key, from PKCS#12 or PEM. */
#include "probes/io/tls_private.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1 << 20)

struct source { /* what is read, and where its errors go */
    const char *file, *key_file, *password;
    struct vo_error *error;
};

static enum vo_status read_file(const char *path, BIO **bytes, struct vo_error *error)
{
    char chunk[4096];
    size_t total = 0, got = 0;
    *bytes = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return vo_error_set(error, VO_ERR_IO, "%s: %s: check the client certificate's files", path,
                            strerror(errno));
    BIO *memory = BIO_new(BIO_s_mem());
    while (memory && total <= FILE_MAX && (got = fread(chunk, 1, sizeof chunk, file)) > 0) {
        total += got;
        if (BIO_write(memory, chunk, (int)got) != (int)got)
            total = SIZE_MAX / 2;
    }
    OPENSSL_cleanse(chunk, sizeof chunk);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (memory && !failed && total > 0 && total <= FILE_MAX) {
        *bytes = memory;
        return VO_OK;
    }
    BIO_free(memory);
    if (!memory)
        return vo_error_memory(error, "a client certificate");
    return vo_error_set(error, failed ? VO_ERR_IO : VO_ERR_INPUT, "%s: %s", path,
                        failed       ? "it cannot be read: is it a file?"
                        : total == 0 ? "it is empty: give a PKCS#12 or PEM file"
                                     : "larger than 1 MiB: that is no certificate");
}

/* OpenSSL would ask on the terminal if there were none. */
static int give_password(char *to, int room, int writing, void *password)
{
    size_t size = password ? strlen(password) : 0;
    (void)writing;
    if (!password || room < 0 || size > (size_t)room)
        return -1;
    memcpy(to, password, size);
    return (int)size;
}

static bool parse_pkcs12(PKCS12 *box, const char *password, struct vo_tls_identity *identity)
{
    ERR_clear_error();
    return PKCS12_parse(box, password, &identity->key, &identity->certificate, &identity->chain) == 1;
}

/* Many tools still encrypt with RC2-40, which OpenSSL 3 has in its legacy provider only. */
static bool parse_old_pkcs12(PKCS12 *box, const char *password, struct vo_tls_identity *identity)
{
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
    bool good = legacy && parse_pkcs12(box, password, identity);
    if (legacy)
        OSSL_PROVIDER_unload(legacy);
    return good;
}

static enum vo_status load_pkcs12(PKCS12 *box, const struct source *source, struct vo_tls_identity *identity)
{
    const char *password = source->password;
    if (PKCS12_mac_present(box) && PKCS12_verify_mac(box, password, -1) != 1 &&
        !(password == NULL && PKCS12_verify_mac(box, "", 0) == 1))
        return vo_error_set(source->error, VO_ERR_INPUT, "%s: %s", source->file,
                            password ? "its password is another one: check the password file"
                                     : "it has a password: name a password_file");
    if (!parse_pkcs12(box, password, identity) && !parse_old_pkcs12(box, password, identity))
        return vo_error_set(source->error, VO_ERR_INPUT,
                            "%s: its content cannot be decrypted (%s): export it again with AES",
                            source->file, ERR_reason_error_string(ERR_peek_last_error()));
    if (!identity->certificate)
        return vo_error_set(source->error, VO_ERR_INPUT,
                            identity->key ? "%s: there is no certificate of its key in it: export both"
                                          : "%s: there is no key with its certificate: export both",
                            source->file);
    return VO_OK;
}

static enum vo_status load_key(BIO *bytes, const struct source *source, struct vo_tls_identity *identity)
{
    const char *path = source->key_file ? source->key_file : source->file;
    char *data = NULL;
    long size = BIO_get_mem_data(bytes, &data);
    if (!memmem(data, (size_t)size, "PRIVATE KEY-----", 16))
        return vo_error_set(source->error, VO_ERR_INPUT,
                            "%s: there is no PEM private key in it: name the key_file of the certificate",
                            path);
    identity->key = PEM_read_bio_PrivateKey(bytes, NULL, give_password, (void *)source->password);
    if (identity->key)
        return VO_OK;
    return vo_error_set(source->error, VO_ERR_INPUT, "%s: %s", path,
                        source->password ? "its key cannot be decrypted or read: check the password file"
                                         : "its key has a password or cannot be read: name a password_file");
}

/* The certificate of the key may stand anywhere in the file; the others are its chain. */
static enum vo_status load_certificates(BIO *bytes, const struct source *source,
                                        struct vo_tls_identity *identity)
{
    bool any = false, memory = true;
    identity->chain = sk_X509_new_null();
    for (X509 *x509; identity->chain && (x509 = PEM_read_bio_X509(bytes, NULL, give_password, NULL));) {
        any = true;
        if (!identity->certificate && X509_check_private_key(x509, identity->key) == 1) {
            identity->certificate = x509;
        } else if (!sk_X509_push(identity->chain, x509)) {
            X509_free(x509);
            memory = false;
        }
    }
    if (!identity->chain || !memory)
        return vo_error_memory(source->error, "a client certificate");
    if (!any)
        return vo_error_set(source->error, VO_ERR_INPUT,
                            "%s: neither PKCS#12 nor PEM with a certificate: give one of both", source->file);
    return VO_OK;
}

static enum vo_status load_pem(BIO *bytes, const struct source *source, struct vo_tls_identity *identity)
{
    char *data = NULL;
    long size = BIO_get_mem_data(bytes, &data);
    BIO *again = BIO_new_mem_buf(data, (int)size), *other = NULL;
    if (!again)
        return vo_error_memory(source->error, "a client certificate");
    enum vo_status status = VO_OK;
    if (!memmem(data, (size_t)size, "-----BEGIN ", 11))
        status = vo_error_set(source->error, VO_ERR_INPUT, "%s: neither PKCS#12 nor PEM: give one of both",
                              source->file);
    else if (source->key_file)
        status = read_file(source->key_file, &other, source->error);
    if (status == VO_OK)
        status = load_key(other ? other : again, source, identity);
    BIO_free(other);
    BIO_free(again);
    return status == VO_OK ? load_certificates(bytes, source, identity) : status;
}

static enum vo_status judge(const struct source *source, const struct vo_tls_identity *identity)
{
    if (!identity->certificate || X509_check_private_key(identity->certificate, identity->key) != 1)
        return vo_error_set(
            source->error, VO_ERR_INPUT,
            "%s: the key%s%s belongs to another certificate: give the one that was made with it",
            source->file, source->key_file ? " of " : "", source->key_file ? source->key_file : "");
    const ASN1_TIME *begin = X509_get0_notBefore(identity->certificate);
    const ASN1_TIME *end = X509_get0_notAfter(identity->certificate);
    if (X509_cmp_current_time(end) < 0)
        return vo_error_set(source->error, VO_ERR_INPUT,
                            "%s: the client certificate has expired: have a new one issued", source->file);
    if (X509_cmp_current_time(begin) > 0)
        return vo_error_set(source->error, VO_ERR_INPUT,
                            "%s: the client certificate is not valid yet: check this host's clock",
                            source->file);
    return VO_OK;
}

enum vo_status vo_tls_identity_load(const char *file, const char *key_file, const char *password,
                                    struct vo_tls_identity **made, struct vo_error *error)
{
    const struct source source = {file, key_file, password, error};
    BIO *bytes = NULL;
    *made = NULL;
    struct vo_tls_identity *identity = calloc(1, sizeof *identity);
    if (!identity)
        return vo_error_memory(error, "a client certificate");
    enum vo_status status = read_file(file, &bytes, error);
    if (status == VO_OK) {
        char *data = NULL;
        long size = BIO_get_mem_data(bytes, &data);
        const uint8_t *at = (const uint8_t *)data;
        PKCS12 *box = size > 0 && data[0] == 0x30 ? d2i_PKCS12(NULL, &at, size) : NULL;
        status = box ? load_pkcs12(box, &source, identity) : load_pem(bytes, &source, identity);
        PKCS12_free(box);
    }
    if (status == VO_OK)
        status = judge(&source, identity);
    BIO_free(bytes);
    ERR_clear_error();
    if (status != VO_OK) {
        vo_tls_identity_free(identity);
        return status;
    }
    *made = identity;
    return VO_OK;
}

void vo_tls_identity_free(struct vo_tls_identity *identity)
{
    if (!identity)
        return;
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    sk_X509_pop_free(identity->chain, X509_free);
    free(identity);
}
