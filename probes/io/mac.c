#include "probes/io/mac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits.h>
#include <string.h>
#include <sys/random.h>

bool vo_mac(const void *key, size_t key_size, const void *data, size_t size, uint8_t mac[VO_MAC_SIZE])
{
    unsigned made = 0;
    memset(mac, 0, VO_MAC_SIZE);
    if (key_size > INT_MAX || !HMAC(EVP_sha256(), key, (int)key_size, data, size, mac, &made) ||
        made != VO_MAC_SIZE) {
        memset(mac, 0, VO_MAC_SIZE);
        return false;
    }
    return true;
}

bool vo_mac_holds(const void *key, size_t key_size, const void *data, size_t size, const uint8_t *mac,
                  size_t mac_size)
{
    uint8_t made[VO_MAC_SIZE];
    return mac_size > 0 && mac_size <= VO_MAC_SIZE && vo_mac(key, key_size, data, size, made) &&
           CRYPTO_memcmp(made, mac, mac_size) == 0;
}

bool vo_random_bytes(void *to, size_t size)
{
    uint8_t *at = to;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}
