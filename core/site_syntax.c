#include "core/site_syntax.h"

#include "core/site.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_SIZE  253 /* of a DNS name in text */
#define LABEL_MAX_SIZE 63
#define LINE_MAX_SIZE  1024
#define PIN_PREFIX     "sha256/"
#define PIN_BASE64     44 /* 32 bytes, the last character is the padding */

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

static const char *check_size(const char *text, size_t most)
{
    if (!*text)
        return "is empty: write something or leave it out";
    return strlen(text) > most ? "is too long" : NULL;
}

const char *vo_syntax_label(const char *text)
{
    for (const char *at = text; *at; at++)
        if (is_control((unsigned char)*at))
            return "has control characters: leave them out";
    return check_size(text, 128);
}

const char *vo_syntax_ssid(const char *text)
{
    const char *problem = vo_syntax_label(text);
    return !problem && strlen(text) > 32 ? "is longer than the 32 bytes of an SSID" : problem;
}

const char *vo_syntax_file(const char *text)
{
    return check_size(text, 4000);
}

static bool is_ipv6(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_ipv4(const char *text)
{
    struct in_addr address;
    return inet_pton(AF_INET, text, &address) == 1;
}

/* A DNS name, whose last label is not a number: that would be a broken IPv4 address. */
static const char *check_name(const char *text)
{
    bool number = true;
    size_t size = 0;
    for (const char *at = text;; at++) {
        if (*at == '.' || !*at) {
            if (size == 0)
                return *at ? "has an empty part between two dots" : "ends with a dot: leave it out";
            if (size > LABEL_MAX_SIZE || at[-1] == '-' || at[-(ptrdiff_t)size] == '-')
                return "is no DNS name: a part has 1 to 63 characters and no hyphen at its ends";
            if (!*at)
                break;
            size = 0;
            number = true;
            continue;
        }
        unsigned char c = (unsigned char)*at;
        if (c >= 0x80)
            return "has characters beyond ASCII: write the name in its xn-- form";
        if (!isalnum(c) && c != '-' && c != '_')
            return "is no name or address: only letters, digits, hyphens and dots";
        number = number && isdigit(c);
        size++;
    }
    return number ? "is no IPv4 address: write four numbers up to 255" : NULL;
}

const char *vo_syntax_host(const char *text)
{
    const char *problem = check_size(text, NAME_MAX_SIZE);
    if (problem)
        return problem;
    if (is_ipv4(text) || is_ipv6(text))
        return NULL;
    if (strstr(text, "://"))
        return "is a URL: write only the name or the address";
    if (strchr(text, '/'))
        return "has a path: write only the name or the address";
    if (text[0] == '[')
        return "has brackets: write the address without them, and the port in its own key";
    const char *colon = strchr(text, ':');
    if (colon && strchr(colon + 1, ':'))
        return "is no IPv6 address";
    if (colon)
        return "has a port: write the port in its own key";
    return check_name(text);
}

static bool is_port(const char *text)
{
    size_t size = strlen(text);
    return size > 0 && size <= 5 && strspn(text, "0123456789") == size && atoi(text) > 0 &&
           atoi(text) <= 65535;
}

const char *vo_syntax_resolver(const char *text)
{
    static const char *const problem =
        "is no DNS server: write its numeric address, such as 192.0.2.53, 192.0.2.53:5353 or "
        "[2001:db8::53]:53";
    char address[64];
    if (is_ipv4(text) || is_ipv6(text))
        return NULL;
    bool six = text[0] == '[';
    const char *end = six ? strstr(text, "]:") : strchr(text, ':');
    if (!end || (size_t)(end - text) >= sizeof address)
        return problem;
    snprintf(address, sizeof address, "%.*s", (int)(end - text - six), text + six);
    bool good = (six ? is_ipv6(address) : is_ipv4(address)) && is_port(end + 1 + six);
    return good ? NULL : problem;
}

static bool is_escape(const char *at)
{
    return at[0] == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]);
}

const char *vo_syntax_user(const char *text)
{
    for (const char *at = text; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("-_.!~*'()&=+$,;?/", *at) && !is_escape(at))
            return *at == '@' ? "has a domain: write only what stands before the @"
                              : "is no user of a SIP address: letters, digits and -_.!~*'()&=+$,;?/";
    return check_size(text, 128);
}

/* Printable ASCII without what no URL has (RFC 3986 2). */
static bool is_url_text(const char *text)
{
    for (const char *at = text; *at; at++)
        if (*at <= 0x20 || *at >= 0x7f || strchr("\"<>\\^`{|}#", *at) || (*at == '%' && !is_escape(at)))
            return false;
    return true;
}

const char *vo_syntax_path(const char *text)
{
    const char *problem = check_size(text, LINE_MAX_SIZE);
    if (problem)
        return problem;
    if (text[0] != '/')
        return "is no path: begin it with /";
    return is_url_text(text) ? NULL : "has characters that a path may not have: write them as %XX";
}

const char *vo_syntax_url(const char *text)
{
    static const char scheme[] = "http://";
    char host[NAME_MAX_SIZE + 8];
    const char *problem = check_size(text, LINE_MAX_SIZE);
    if (problem)
        return problem;
    if (strncmp(text, scheme, sizeof scheme - 1) != 0)
        return "is no plain URL: begin it with http://, for a portal shows only without TLS";
    const char *rest = text + sizeof scheme - 1;
    if (!is_url_text(text))
        return "has characters that a URL may not have: write them as %XX";
    bool six = rest[0] == '[';
    size_t size = six ? strcspn(rest, "]") : strcspn(rest, ":/?");
    const char *after = rest + size + (six && rest[size]);
    if (size >= sizeof host)
        return "has a host that is too long";
    snprintf(host, sizeof host, "%.*s", (int)(size - six), rest + six);
    if (six ? !is_ipv6(host) : vo_syntax_host(host) != NULL)
        return "has no good host";
    size_t digits = strcspn(after, "/?");
    char port[8];
    snprintf(port, sizeof port, "%.*s", (int)(digits < 7 ? digits : 7), after);
    return digits == 0 || (port[0] == ':' && is_port(port + 1)) ? NULL : "has no good port";
}

const char *vo_syntax_pin(const char *text)
{
    static const char *const problem =
        "is no pin: write sha256/ and the base64 of the issuer's public key hash, as voready-reach shows it";
    size_t prefix = strlen(PIN_PREFIX);
    if (strncmp(text, PIN_PREFIX, prefix) != 0 || strlen(text) != prefix + PIN_BASE64)
        return problem;
    for (const char *at = text + prefix; at[1]; at++)
        if (!isalnum((unsigned char)*at) && *at != '+' && *at != '/')
            return problem;
    return text[prefix + PIN_BASE64 - 1] == '=' ? NULL : problem;
}

bool vo_port_range_parse(const char *text, struct vo_port_range *range, const char **end)
{
    char *after;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long first = strtoul(text, &after, 10), last = first;
    if (*after == '-' && after[1] >= '0' && after[1] <= '9')
        last = strtoul(after + 1, &after, 10);
    *end = after;
    if (first == 0 || last < first || last > 65535)
        return false;
    *range = (struct vo_port_range){(uint16_t)first, (uint16_t)last};
    return true;
}
