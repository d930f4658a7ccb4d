/* Addresses as text (RFC 4291 2.2, RFC 5952), and back. */
#include "probes/decode/packet.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* Decimal digits of a number below 100,000; returns where they end. Records hold endpoints by the ten
 * thousand, and inet_ntop() goes through sprintf(). */
static char *put_number(char *at, unsigned value)
{
    char digits[5];
    unsigned count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (count)
        *at++ = digits[--count];
    return at;
}

static char *put_address(char *at, const uint8_t address[16])
{
    if (memcmp(address, mapped, sizeof mapped) != 0) {
        inet_ntop(AF_INET6, address, at, VO_ADDRESS_TEXT);
        return at + strlen(at);
    }
    for (unsigned i = sizeof mapped; i < 16; i++) {
        at = put_number(at, address[i]);
        *at++ = '.';
    }
    return at - 1;
}

char *vo_address_format(const uint8_t address[16], char *text)
{
    *put_address(text, address) = '\0';
    return text;
}

char *vo_endpoint_format(const uint8_t address[16], uint16_t port, char *text)
{
    bool bracketed = memcmp(address, mapped, sizeof mapped) != 0;
    char *at = text;
    if (bracketed)
        *at++ = '[';
    at = put_address(at, address);
    if (bracketed)
        *at++ = ']';
    *at++ = ':';
    *put_number(at, port) = '\0';
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
