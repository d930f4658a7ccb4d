/* ClientHello and ServerHello (RFC 5246 7.4.1, RFC 8446 4.1). */
#include "probes/decode/bytes.h"
#include "probes/flow/tls_private.h"

enum { SERVER_NAME = 0, ENCRYPT_THEN_MAC = 22, EARLY_DATA = 42, SUPPORTED_VERSIONS = 43 };

/* A vector with a length of one or two bytes before it. */
static struct vo_bytes vector(struct vo_bytes *bytes, unsigned length_size)
{
    uint32_t size = length_size == 1 ? vo_bytes_u8(bytes) : vo_bytes_u16(bytes);
    const uint8_t *at = vo_bytes_take(bytes, size);
    return at ? vo_bytes_of(at, size) : (struct vo_bytes){bytes->at, 0, true};
}

/* The next extension of a list; false at its end or if it is malformed. */
static bool extension(struct vo_bytes *list, uint16_t *type, struct vo_bytes *body)
{
    if (!list->left)
        return false;
    *type = vo_bytes_u16(list);
    *body = vector(list, 2);
    return !list->short_read;
}

/* The host name (RFC 6066 3), if it can be shown as it is. */
static void server_name(struct vo_bytes body, char *name)
{
    struct vo_bytes list = vector(&body, 2);
    uint8_t type = vo_bytes_u8(&list);
    struct vo_bytes host = vector(&list, 2);
    if (list.short_read || type != 0 || !host.left || host.left > 255)
        return;
    for (uint32_t i = 0; i < host.left; i++)
        if (host.at[i] <= ' ' || host.at[i] > '~')
            return;
    memcpy(name, host.at, host.left);
    name[host.left] = '\0';
}

bool vo_tls_client_hello_decode(const uint8_t *data, uint32_t size, struct vo_tls_client_hello *hello)
{
    *hello = (struct vo_tls_client_hello){0};
    struct vo_bytes bytes = vo_bytes_of(data, size);
    vo_bytes_u16(&bytes); /* legacy_version */
    hello->random = vo_bytes_take(&bytes, VO_TLS_RANDOM_SIZE);
    vector(&bytes, 1); /* session id */
    vector(&bytes, 2); /* cipher suites */
    vector(&bytes, 1); /* compression */
    if (bytes.short_read)
        return false;
    if (!bytes.left)
        return true; /* extensions are optional in 1.2 */
    struct vo_bytes list = vector(&bytes, 2), body;
    uint16_t type;
    while (extension(&list, &type, &body)) {
        if (type == SERVER_NAME)
            server_name(body, hello->server_name);
        else if (type == EARLY_DATA)
            hello->early_data = true;
    }
    return !bytes.short_read && !list.short_read;
}

bool vo_tls_server_hello_decode(const uint8_t *data, uint32_t size, struct vo_tls_server_hello *hello)
{
    /* RFC 8446 4.1.3: SHA-256 of "HelloRetryRequest" */
    static const uint8_t retry[VO_TLS_RANDOM_SIZE] = {
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
        0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    *hello = (struct vo_tls_server_hello){0};
    struct vo_bytes bytes = vo_bytes_of(data, size);
    hello->version = vo_bytes_u16(&bytes);
    hello->random = vo_bytes_take(&bytes, VO_TLS_RANDOM_SIZE);
    vector(&bytes, 1); /* session id */
    hello->suite = vo_bytes_u16(&bytes);
    hello->compressed = vo_bytes_u8(&bytes);
    if (bytes.short_read)
        return false;
    hello->retry = !memcmp(hello->random, retry, sizeof retry);
    if (!bytes.left)
        return true;
    struct vo_bytes list = vector(&bytes, 2), body;
    uint16_t type;
    while (extension(&list, &type, &body)) {
        if (type == SUPPORTED_VERSIONS)
            hello->version = vo_bytes_u16(&body);
        else if (type == ENCRYPT_THEN_MAC)
            hello->encrypt_then_mac = true;
    }
    return !bytes.short_read && !list.short_read;
}
