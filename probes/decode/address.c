/* Addresses as text (RFC 4291 2.2, RFC 5952), and back. */
#include "probes/decode/packet.h"

#include <arpa/inet.h>
#include <stdio.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

char *vo_address_format(const uint8_t address[16], char *text)
{
    bool ipv4 = memcmp(address, mapped, sizeof mapped) == 0;
    inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? address + sizeof mapped : address, text, VO_ADDRESS_TEXT);
    return text;
}

char *vo_endpoint_format(const uint8_t address[16], uint16_t port, char *text)
{
    char bare[VO_ADDRESS_TEXT];
    bool bracketed = memcmp(address, mapped, sizeof mapped) != 0;
    snprintf(text, VO_ENDPOINT_TEXT, bracketed ? "[%s]:%u" : "%s:%u", vo_address_format(address, bare),
             (unsigned)port);
    return text;
}

bool vo_address_parse(const char *text, size_t size, uint8_t address[16])
{
    char copy[VO_ADDRESS_TEXT];
    if (size == 0 || size >= sizeof copy || memchr(text, '\0', size))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    uint8_t parsed[16];
    memcpy(parsed, mapped, sizeof mapped);
    if (inet_pton(AF_INET, copy, parsed + sizeof mapped) != 1 && inet_pton(AF_INET6, copy, parsed) != 1)
        return false;
    memcpy(address, parsed, sizeof parsed);
    return true;
}
