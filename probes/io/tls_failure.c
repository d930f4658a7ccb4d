/* Why a TLS connection failed, in words that say at which step. */
#include "probes/io/tls_private.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

/* RFC 8446 6, and what older versions had (RFC 5246 7.2, RFC 6066 9). */
static const struct {
    int alert;
    const char *name;
} alerts[] = {
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {120, "no_application_protocol"},
};

static const char *alert_name(int alert)
{
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        if (alerts[i].alert == alert)
            return alerts[i].name;
    return "not known";
}

static const char *step(const struct vo_tls_client *client)
{
    if (client->secured)
        return "after the handshake";
    if (client->presented)
        return client->asked ? "after it had asked for a client certificate" : "after its certificate";
    return client->result.protocol[0] ? "after its ServerHello" : "before its ServerHello";
}

/* A TLS record begins with its content type, 20 to 24, and a version 3.x (RFC 8446 5.1). */
static bool is_tls(const struct vo_tls_client *client)
{
    const uint8_t *head = client->head;
    return client->head_size < 2 || (head[0] >= 20 && head[0] <= 24 && head[1] == 3);
}

/* A ServerHello, alone in its record or first in it, that chooses SSL 3.0 (RFC 6101 5.6.1.3). */
static bool is_ssl3(const struct vo_tls_client *client)
{
    const uint8_t *head = client->head;
    return client->head_size >= 11 && head[0] == 22 && head[5] == 2 && head[9] == 3 && head[10] == 0;
}

static void write_stranger(const struct vo_tls_client *client, char *to, size_t room)
{
    char text[VO_TLS_HEAD + 1];
    size_t size = 0;
    while (size < client->head_size && client->head[size] >= ' ' && client->head[size] < 0x7f) {
        text[size] = (char)client->head[size];
        size++;
    }
    text[size] = '\0';
    if (size >= 4)
        snprintf(to, room, "the server does not speak TLS here: it sent \"%s\"", text);
    else
        snprintf(to, room, "the server does not speak TLS here: its first bytes are no TLS record");
}

static void write_alert(const struct vo_tls_client *client, char *to, size_t room)
{
    const struct vo_tls_result *result = &client->result;
    const char *word = result->client_certificate;
    const char *why = "the server ended TLS";
    if (word && strcmp(word, "refused") == 0)
        why = "the server refused the client certificate";
    else if (word && strcmp(word, "missing") == 0)
        why = "the server wants a client certificate, and none is configured";
    snprintf(to, room, "%s: alert %d (%s) %s", why, result->alert, alert_name(result->alert), step(client));
}

void vo_tls_failure_write(struct vo_tls_client *client, unsigned long error)
{
    struct vo_tls_result *result = &client->result;
    char *to = result->failure;
    size_t room = sizeof result->failure;
    const char *reason = ERR_reason_error_string(error);
    if (result->alert >= 0 && ERR_GET_REASON(error) >= SSL_AD_REASON_OFFSET)
        write_alert(client, to, room);
    else if (!is_tls(client) && !result->protocol[0])
        write_stranger(client, to, room);
    else if (is_ssl3(client)) {
        snprintf(result->protocol, sizeof result->protocol, "ssl3");
        snprintf(to, room, "the server chose SSL 3.0, which is broken (RFC 7568) and not spoken here");
    } else if (ERR_GET_REASON(error) == SSL_R_EXCESSIVE_MESSAGE_SIZE)
        snprintf(to, room, "a message of the server's handshake is too large (a chain may have %d KiB): %s",
                 VO_TLS_CHAIN_BYTES / 1024, step(client));
    else if (error == 0)
        snprintf(to, room, "the server closed the connection %s", step(client));
    else
        snprintf(to, room, "TLS failed %s: %s", step(client), reason ? reason : "an error without a name");
}
