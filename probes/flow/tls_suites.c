/* Cipher suites (RFC 5246, 5288, 5289, 5487, 6655, 7251, 7905, 8442, 8446; the registry of IANA). */
#include "probes/flow/tls_private.h"

/* Hash functions of TLS 1.2: SHA-256, or SHA-384 where the suite says so. */
static const struct vo_tls_cipher gcm_128 = {EVP_aes_128_gcm, EVP_sha256, NULL, 16, 16, 4, false};
static const struct vo_tls_cipher gcm_256 = {EVP_aes_256_gcm, EVP_sha384, NULL, 32, 16, 4, false};
static const struct vo_tls_cipher ccm_128 = {EVP_aes_128_ccm, EVP_sha256, NULL, 16, 16, 4, true};
static const struct vo_tls_cipher ccm_256 = {EVP_aes_256_ccm, EVP_sha256, NULL, 32, 16, 4, true};
static const struct vo_tls_cipher ccm_128_8 = {EVP_aes_128_ccm, EVP_sha256, NULL, 16, 8, 4, true};
static const struct vo_tls_cipher ccm_256_8 = {EVP_aes_256_ccm, EVP_sha256, NULL, 32, 8, 4, true};
static const struct vo_tls_cipher chacha = {EVP_chacha20_poly1305, EVP_sha256, NULL, 32, 16, 12, false};
static const struct vo_tls_cipher cbc_128 = {EVP_aes_128_cbc, EVP_sha256, EVP_sha1, 16, 20, 0, false};
static const struct vo_tls_cipher cbc_256 = {EVP_aes_256_cbc, EVP_sha256, EVP_sha1, 32, 20, 0, false};
static const struct vo_tls_cipher cbc_128_256 = {EVP_aes_128_cbc, EVP_sha256, EVP_sha256, 16, 32, 0, false};
static const struct vo_tls_cipher cbc_256_256 = {EVP_aes_256_cbc, EVP_sha256, EVP_sha256, 32, 32, 0, false};
static const struct vo_tls_cipher cbc_256_384 = {EVP_aes_256_cbc, EVP_sha384, EVP_sha384, 32, 48, 0, false};

/* clang-format off */
static const struct vo_tls_suite suites[] = {
    {0x1301, "TLS_AES_128_GCM_SHA256", &gcm_128},
    {0x1302, "TLS_AES_256_GCM_SHA384", &gcm_256},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256", &chacha},
    {0x1304, "TLS_AES_128_CCM_SHA256", &ccm_128},
    {0x1305, "TLS_AES_128_CCM_8_SHA256", &ccm_128_8},
    {0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA", &cbc_128},
    {0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA", &cbc_128},
    {0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", &cbc_128},
    {0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", &cbc_128},
    {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", &cbc_256},
    {0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA", &cbc_256},
    {0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", &cbc_256},
    {0x003A, "TLS_DH_anon_WITH_AES_256_CBC_SHA", &cbc_256},
    {0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256", &cbc_256_256},
    {0x0040, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0x006A, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256", &cbc_256_256},
    {0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", &cbc_256_256},
    {0x006C, "TLS_DH_anon_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0x006D, "TLS_DH_anon_WITH_AES_256_CBC_SHA256", &cbc_256_256},
    {0x008C, "TLS_PSK_WITH_AES_128_CBC_SHA", &cbc_128},
    {0x008D, "TLS_PSK_WITH_AES_256_CBC_SHA", &cbc_256},
    {0x0090, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA", &cbc_128},
    {0x0091, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA", &cbc_256},
    {0x0094, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA", &cbc_128},
    {0x0095, "TLS_RSA_PSK_WITH_AES_256_CBC_SHA", &cbc_256},
    {0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0x00A2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0x00A3, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0x00A6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0x00A7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0x00A8, "TLS_PSK_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0x00A9, "TLS_PSK_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0x00AA, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0x00AB, "TLS_DHE_PSK_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0x00AC, "TLS_RSA_PSK_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0x00AD, "TLS_RSA_PSK_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0x00AE, "TLS_PSK_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0x00AF, "TLS_PSK_WITH_AES_256_CBC_SHA384", &cbc_256_384},
    {0x00B2, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0x00B3, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA384", &cbc_256_384},
    {0x00B6, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0x00B7, "TLS_RSA_PSK_WITH_AES_256_CBC_SHA384", &cbc_256_384},
    {0xC004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", &cbc_128},
    {0xC005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA", &cbc_256},
    {0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", &cbc_128},
    {0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", &cbc_256},
    {0xC00E, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", &cbc_128},
    {0xC00F, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA", &cbc_256},
    {0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", &cbc_128},
    {0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", &cbc_256},
    {0xC018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", &cbc_128},
    {0xC019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", &cbc_256},
    {0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", &cbc_256_384},
    {0xC025, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0xC026, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384", &cbc_256_384},
    {0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", &cbc_256_384},
    {0xC029, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0xC02A, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384", &cbc_256_384},
    {0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0xC02D, "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0xC02E, "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0xC031, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0xC032, "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0xC035, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA", &cbc_128},
    {0xC036, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA", &cbc_256},
    {0xC037, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", &cbc_128_256},
    {0xC038, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384", &cbc_256_384},
    {0xC09C, "TLS_RSA_WITH_AES_128_CCM", &ccm_128},
    {0xC09D, "TLS_RSA_WITH_AES_256_CCM", &ccm_256},
    {0xC09E, "TLS_DHE_RSA_WITH_AES_128_CCM", &ccm_128},
    {0xC09F, "TLS_DHE_RSA_WITH_AES_256_CCM", &ccm_256},
    {0xC0A0, "TLS_RSA_WITH_AES_128_CCM_8", &ccm_128_8},
    {0xC0A1, "TLS_RSA_WITH_AES_256_CCM_8", &ccm_256_8},
    {0xC0A2, "TLS_DHE_RSA_WITH_AES_128_CCM_8", &ccm_128_8},
    {0xC0A3, "TLS_DHE_RSA_WITH_AES_256_CCM_8", &ccm_256_8},
    {0xC0A4, "TLS_PSK_WITH_AES_128_CCM", &ccm_128},
    {0xC0A5, "TLS_PSK_WITH_AES_256_CCM", &ccm_256},
    {0xC0A6, "TLS_DHE_PSK_WITH_AES_128_CCM", &ccm_128},
    {0xC0A7, "TLS_DHE_PSK_WITH_AES_256_CCM", &ccm_256},
    {0xC0A8, "TLS_PSK_WITH_AES_128_CCM_8", &ccm_128_8},
    {0xC0A9, "TLS_PSK_WITH_AES_256_CCM_8", &ccm_256_8},
    {0xC0AA, "TLS_PSK_DHE_WITH_AES_128_CCM_8", &ccm_128_8},
    {0xC0AB, "TLS_PSK_DHE_WITH_AES_256_CCM_8", &ccm_256_8},
    {0xC0AC, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", &ccm_128},
    {0xC0AD, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", &ccm_256},
    {0xC0AE, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", &ccm_128_8},
    {0xC0AF, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", &ccm_256_8},
    {0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", &chacha},
    {0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", &chacha},
    {0xCCAA, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", &chacha},
    {0xCCAB, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256", &chacha},
    {0xCCAC, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", &chacha},
    {0xCCAD, "TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256", &chacha},
    {0xCCAE, "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256", &chacha},
    {0xD001, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", &gcm_128},
    {0xD002, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384", &gcm_256},
    {0xD003, "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256", &ccm_128_8},
    {0xD005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256", &ccm_128},
};
/* clang-format on */

const struct vo_tls_suite *vo_tls_suite_find(uint16_t id)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (suites[i].id == id)
            return &suites[i];
    return NULL;
}
