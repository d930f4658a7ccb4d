/*
 * The proof in a WebSocket's opening handshake (RFC 6455 4.1, 4.2.2) that the peer understood it.
 */
#ifndef VO_PROBES_IO_WEBSOCKET_KEY_H
#define VO_PROBES_IO_WEBSOCKET_KEY_H

#include <stdint.h>

#define VO_WEBSOCKET_KEY    25 /* 16 bytes in BASE64, and NUL */
#define VO_WEBSOCKET_ACCEPT 29 /* a SHA-1 in BASE64, and NUL */

/* Sec-WebSocket-Key of 16 random bytes. */
void vo_websocket_key(const uint8_t random[16], char key[VO_WEBSOCKET_KEY]);
/* The Sec-WebSocket-Accept that answers it; "" if the system has no SHA-1. */
void vo_websocket_accept(const char *key, char accept[VO_WEBSOCKET_ACCEPT]);

#endif
