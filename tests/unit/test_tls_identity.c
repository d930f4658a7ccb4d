/* Client certificates and trusted CAs from files. Their dates are checked against this host's clock. */
#include "tests/unit/tls_scene.h"

#include <openssl/provider.h>

static struct certificate root;
static char folder[] = "/tmp/voready-tls-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    root = make_at((struct making){.name = "Root", .ca = true}, vo_clock_now() / VO_NS_PER_S);
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    drop(root);
    return rmdir(folder);
}

static void identities(void **state)
{
    (void)state;
    const int64_t today = vo_clock_now() / VO_NS_PER_S;
    struct certificate good = make_at((struct making){.name = "Phone", .issuer = &root}, today);
    struct certificate old =
        make_at((struct making){.name = "P", .begin = -9, .end = -2, .issuer = &root}, today);
    struct certificate early =
        make_at((struct making){.name = "P", .begin = 2, .end = 9, .issuer = &root}, today);
    X509 *with_chain[] = {root.x509, good.x509}; /* the key's certificate need not be the first */
    const struct {
        X509 *const *x509;
        size_t count;
        EVP_PKEY *key, *key_file;
        const char *locked, *password, *says; /* says NULL: good */
    } rows[] = {
        {&good.x509, 1, good.key, NULL, NULL, NULL, NULL},
        {with_chain, 2, good.key, NULL, NULL, NULL, NULL},
        {&good.x509, 1, NULL, good.key, NULL, NULL, NULL},
        {&good.x509, 1, good.key, NULL, "secret", "secret", NULL},
        {&good.x509, 1, good.key, NULL, "secret", "wrong", "check the password file"},
        {&good.x509, 1, good.key, NULL, "secret", NULL, "name a password_file"},
        {&good.x509, 1, NULL, NULL, NULL, NULL, "no PEM private key in it"},
        {&good.x509, 1, old.key, NULL, NULL, NULL, "belongs to another certificate"},
        {&good.x509, 1, NULL, old.key, NULL, NULL, "key.pem belongs to another certificate"},
        {NULL, 0, good.key, NULL, NULL, NULL, "neither PKCS#12 nor PEM with a certificate"},
        {NULL, 0, NULL, NULL, NULL, NULL, "it is empty"},
        {&old.x509, 1, old.key, NULL, NULL, NULL, "has expired"},
        {&early.x509, 1, early.key, NULL, NULL, NULL, "not valid yet"},
    };
    char file[128], key_file[128];
    snprintf(file, sizeof file, "%s/client.pem", folder);
    snprintf(key_file, sizeof key_file, "%s/key.pem", folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_tls_identity *identity;
        struct vo_error error = {0};
        write_pem(file, rows[i].x509, rows[i].count, rows[i].key, rows[i].locked);
        if (rows[i].key_file)
            write_pem(key_file, NULL, 0, rows[i].key_file, NULL);
        enum vo_status status = vo_tls_identity_load(file, rows[i].key_file ? key_file : NULL,
                                                     rows[i].password, &identity, &error);
        if ((status == VO_OK) != (rows[i].says == NULL) ||
            (rows[i].says && !strstr(error.message, rows[i].says)))
            fail_msg("row %zu: %d %s", i, status, error.message);
        assert_int_equal(identity != NULL, status == VO_OK);
        if (status != VO_OK) {
            assert_non_null(strstr(error.message, folder));
            assert_null(strstr(error.message, "secret"));
        }
        vo_tls_identity_free(identity);
    }
    unlink(file);
    unlink(key_file);
    drop(good);
    drop(old);
    drop(early);
}

static void pkcs12_identities(void **state)
{
    (void)state;
    struct certificate good =
        make_at((struct making){.name = "Phone", .issuer = &root}, vo_clock_now() / VO_NS_PER_S);
    const struct {
        X509 *x509;
        EVP_PKEY *key;
        int encryption; /* NID; 0: today's */
        const char *locked, *password, *says;
    } rows[] = {
        {good.x509, good.key, 0, "secret", "secret", NULL},
        {good.x509, good.key, 0, "", NULL, NULL},
        {good.x509, good.key, NID_pbe_WithSHA1And40BitRC2_CBC, "secret", "secret", NULL},
        {good.x509, good.key, 0, "secret", "wrong", "its password is another one"},
        {good.x509, good.key, 0, "secret", NULL, "name a password_file"},
        {good.x509, NULL, 0, "secret", "secret", "no key with its certificate"},
        {NULL, good.key, 0, "secret", "secret", "no certificate of its key"},
    };
    char file[128];
    snprintf(file, sizeof file, "%s/client.p12", folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OSSL_PROVIDER *legacy = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
        PKCS12 *box = PKCS12_create(rows[i].locked, "phone", rows[i].key, rows[i].x509, NULL,
                                    rows[i].encryption, rows[i].encryption, 0, 0, 0);
        assert_non_null(box);
        FILE *out = fopen(file, "wb");
        i2d_PKCS12_fp(out, box);
        fclose(out);
        PKCS12_free(box);
        OSSL_PROVIDER_unload(legacy);
        struct vo_tls_identity *identity;
        struct vo_error error = {0};
        enum vo_status status = vo_tls_identity_load(file, NULL, rows[i].password, &identity, &error);
        if ((status == VO_OK) != (rows[i].says == NULL) ||
            (rows[i].says && !strstr(error.message, rows[i].says)))
            fail_msg("row %zu: %d %s", i, status, error.message);
        vo_tls_identity_free(identity);
    }
    unlink(file);
    drop(good);
}

static void files_that_are_none(void **state)
{
    (void)state;
    struct vo_tls_identity *identity;
    struct vo_tls_trust *other;
    struct vo_error error;
    assert_int_equal(vo_tls_identity_load("/nowhere/client.pem", NULL, NULL, &identity, &error), VO_ERR_IO);
    assert_int_equal(vo_tls_identity_load(folder, NULL, NULL, &identity, &error), VO_ERR_IO);
    assert_int_equal(vo_tls_trust_new("/nowhere/ca.pem", &other, &error), VO_ERR_IO);
    assert_null(other);
    char path[128];
    snprintf(path, sizeof path, "%s/noise", folder);
    FILE *file = fopen(path, "wb");
    fputs("0 this is no certificate", file); /* begins with the byte of a DER SEQUENCE */
    fclose(file);
    assert_int_equal(vo_tls_identity_load(path, NULL, NULL, &identity, &error), VO_ERR_INPUT);
    assert_non_null(strstr(error.message, "neither PKCS#12 nor PEM"));
    assert_int_equal(vo_tls_trust_new(path, &other, &error), VO_ERR_INPUT);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities),
        cmocka_unit_test(pkcs12_identities),
        cmocka_unit_test(files_that_are_none),
    };
    return cmocka_run_group_tests_name("tls_identity", tests, set_up, tear_down);
}
