/*
 * Message authentication (HMAC-SHA256, RFC 2104, RFC 4231) and unpredictable bytes, both from OpenSSL and the
 * kernel.
 */
#ifndef VO_PROBES_IO_MAC_H
#define VO_PROBES_IO_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_MAC_SIZE 32

/* False only if the library fails; `mac` is all zeros then, and must not be sent or compared. */
bool vo_mac(const void *key, size_t key_size, const void *data, size_t size, uint8_t mac[VO_MAC_SIZE]);
/* Whether `mac` holds the first `mac_size` bytes of the data's MAC; takes the same time whatever differs. */
bool vo_mac_holds(const void *key, size_t key_size, const void *data, size_t size, const uint8_t *mac,
                  size_t mac_size);
/* Bytes that nobody can foretell. False if the kernel gives none. */
bool vo_random_bytes(void *to, size_t size);

#endif
