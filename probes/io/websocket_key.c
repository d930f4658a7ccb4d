#include "probes/io/websocket_key.h"

#include <openssl/evp.h>
#include <stdio.h>

void vo_websocket_key(const uint8_t random[16], char key[VO_WEBSOCKET_KEY])
{
    EVP_EncodeBlock((uint8_t *)key, random, 16);
}

void vo_websocket_accept(const char *key, char accept[VO_WEBSOCKET_ACCEPT])
{
    char text[64];
    uint8_t digest[20];
    int size = snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    accept[0] = '\0';
    if (size == VO_WEBSOCKET_KEY - 1 + 36 &&
        EVP_Digest(text, (size_t)size, digest, NULL, EVP_sha1(), NULL) == 1)
        EVP_EncodeBlock((uint8_t *)accept, digest, sizeof digest);
}
