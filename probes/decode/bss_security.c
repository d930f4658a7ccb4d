#include "probes/decode/bss_private.h"

const char *vo_akm_name(unsigned akm)
{
    static const char *const names[] = {
        [1] = "802.1X",
        [2] = "PSK",
        [3] = "FT-802.1X",
        [4] = "FT-PSK",
        [5] = "802.1X-SHA256",
        [6] = "PSK-SHA256",
        [7] = "TDLS",
        [8] = "SAE",
        [9] = "FT-SAE",
        [10] = "AP-PeerKey",
        [11] = "802.1X-SuiteB",
        [12] = "802.1X-SuiteB-192",
        [13] = "FT-802.1X-SHA384",
        [14] = "FILS-SHA256",
        [15] = "FILS-SHA384",
        [16] = "FT-FILS-SHA256",
        [17] = "FT-FILS-SHA384",
        [18] = "OWE",
        [19] = "FT-PSK-SHA384",
        [20] = "PSK-SHA384",
        [21] = "PASN",
        [22] = "FT-802.1X-SHA384-unrestricted",
        [23] = "802.1X-SHA384",
        [24] = "SAE-EXT-KEY",
        [25] = "FT-SAE-EXT-KEY",
    };
    return akm < sizeof names / sizeof *names ? names[akm] : NULL;
}

const char *vo_cipher_name(unsigned cipher)
{
    static const char *const names[] = {
        [0] = "group",         [1] = "WEP-40",       [2] = "TKIP",          [4] = "CCMP-128",
        [5] = "WEP-104",       [6] = "BIP-CMAC-128", [7] = "none",          [8] = "GCMP-128",
        [9] = "GCMP-256",      [10] = "CCMP-256",    [11] = "BIP-GMAC-128", [12] = "BIP-GMAC-256",
        [13] = "BIP-CMAC-256",
    };
    return cipher < sizeof names / sizeof *names ? names[cipher] : NULL;
}

enum { SUITE = 4, PMKID = 16, OTHER = 0xff };

static uint8_t suite_number(const uint8_t *at, uint32_t organisation)
{
    return vo_load24(at) == organisation ? at[3] : OTHER;
}

/* A count and so many suites. False: it is not all there. */
static bool take_suites(struct vo_bytes *bytes, uint32_t organisation, uint32_t *suites, bool *other)
{
    const uint8_t *count = vo_bytes_take(bytes, 2);
    const uint8_t *at = count ? vo_bytes_take(bytes, vo_load16_le(count) * (uint32_t)SUITE) : NULL;
    if (!at)
        return false;
    for (unsigned i = vo_load16_le(count); i-- > 0; at += SUITE) {
        uint8_t number = suite_number(at, organisation);
        if (number < 32)
            *suites |= UINT32_C(1) << number;
        else
            *other = true;
    }
    return true;
}

/* Capabilities, PMKIDs and the cipher of group management frames; each may be missing, with all behind it. */
static bool decode_tail(struct vo_bytes *bytes, uint32_t organisation, struct vo_bss_security *security)
{
    const uint8_t *at;
    if (bytes->left == 0)
        return true;
    if (!(at = vo_bytes_take(bytes, 2)))
        return false;
    security->capabilities = vo_load16_le(at);
    security->parts |= VO_BSS_SECURITY_CAPABILITIES;
    if (bytes->left == 0)
        return true;
    if (!(at = vo_bytes_take(bytes, 2)) || !vo_bytes_take(bytes, vo_load16_le(at) * (uint32_t)PMKID))
        return false;
    if (bytes->left == 0)
        return true;
    if (!(at = vo_bytes_take(bytes, SUITE)))
        return false;
    security->group_management = suite_number(at, organisation);
    security->parts |= VO_BSS_SECURITY_GROUP_MANAGEMENT;
    return true;
}

static bool decode(const uint8_t *data, uint32_t size, uint32_t organisation,
                   struct vo_bss_security *security)
{
    struct vo_bytes bytes = vo_bytes_of(data, size);
    const uint8_t *at = vo_bytes_take(&bytes, 2);
    if (!at)
        return false;
    security->version = vo_load16_le(at);
    if (bytes.left == 0)
        return true;
    if (!(at = vo_bytes_take(&bytes, SUITE)))
        return false;
    security->group = suite_number(at, organisation);
    security->parts |= VO_BSS_SECURITY_GROUP;
    if (bytes.left == 0)
        return true;
    if (!take_suites(&bytes, organisation, &security->pairwise, &security->other_pairwise))
        return false;
    security->parts |= VO_BSS_SECURITY_PAIRWISE;
    if (bytes.left == 0)
        return true;
    if (!take_suites(&bytes, organisation, &security->akms, &security->other_akm))
        return false;
    security->parts |= VO_BSS_SECURITY_AKM;
    return decode_tail(&bytes, organisation, security);
}

bool vo_bss_security_decode(const uint8_t *data, uint32_t size, uint32_t organisation,
                            struct vo_bss_security *security)
{
    security->broken = !decode(data, size, organisation, security);
    return !security->broken;
}
