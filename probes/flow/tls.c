#include "probes/flow/tls.h"
#include "probes/decode/bytes.h"
#include "probes/flow/tls_private.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUFFER_MAX (VO_TLS_HEADER_SIZE + VO_TLS_RECORD_MAX)
#define HELLO_MAX  32768     /* bytes of a hello; post-quantum key shares take about 2,000 */
#define TRIAL_MAX  (1 << 20) /* bytes that may fail to open while another key may be in force */

enum message { CLIENT_HELLO = 1, SERVER_HELLO = 2, FINISHED = 20, KEY_UPDATE = 24 };

/* Which keys protect a direction. TLS 1.2 goes from PLAIN to APPLICATION. */
enum epoch { PLAIN, HANDSHAKE, APPLICATION };

struct direction {
    uint8_t *buffer; /* records not taken yet: incomplete, or waiting for a key or the other side */
    uint32_t used, capacity;
    uint8_t header[4]; /* of the handshake message in progress */
    uint32_t header_used, body_size, body_used;
    uint8_t *body; /* hellos only; other messages are passed over */
    enum epoch epoch;
    struct vo_tls_protection protection;
    bool trial; /* records that do not open are passed over: early data, or handshake without its secret */
    uint32_t trial_bytes;
    bool overflowed; /* early data is not kept any more */
};

struct vo_tls {
    const struct vo_keylog *keylog;
    enum vo_tls_state state;
    bool over;  /* nothing more will come out */
    int client; /* the direction of the client, -1: not known */
    bool server_hello, retry, tls13, early, encrypt_then_mac;
    struct vo_tls_randoms randoms;
    const struct vo_tls_suite *suite;
    struct direction directions[2];
    vo_tls_plaintext *plaintext;
    void *context;
    char explanation[256], server_name[256];
};

bool vo_tls_likely(const uint8_t *data, uint32_t size)
{
    if (size < VO_TLS_HEADER_SIZE)
        return false;
    uint32_t length = vo_load16(data + 3);
    return (data[0] == VO_TLS_MESSAGES || data[0] == VO_TLS_DATA) && data[1] == 3 && data[2] <= 4 && length &&
           length <= VO_TLS_RECORD_MAX;
}

struct vo_tls *vo_tls_new(const struct vo_keylog *keylog)
{
    struct vo_tls *tls = calloc(1, sizeof *tls);
    if (tls) {
        tls->keylog = keylog;
        tls->client = -1;
        snprintf(tls->explanation, sizeof tls->explanation,
                 "the TLS handshake is not complete in the capture");
    }
    return tls;
}

static void release(struct vo_tls *tls)
{
    for (int i = 0; i < 2; i++) {
        struct direction *direction = &tls->directions[i];
        free(direction->buffer);
        free(direction->body);
        vo_tls_protection_clear(&direction->protection);
        *direction = (struct direction){0};
    }
}

void vo_tls_free(struct vo_tls *tls)
{
    if (!tls)
        return;
    release(tls);
    OPENSSL_cleanse(tls, sizeof *tls);
    free(tls);
}

enum vo_tls_state vo_tls_state(const struct vo_tls *tls)
{
    return tls->state;
}

const char *vo_tls_explain(const struct vo_tls *tls)
{
    return tls->explanation;
}

const char *vo_tls_server_name(const struct vo_tls *tls)
{
    return tls->server_name[0] ? tls->server_name : NULL;
}

__attribute__((format(printf, 3, 4))) static void set_state(struct vo_tls *tls, enum vo_tls_state state,
                                                            const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tls->state = state;
    vsnprintf(tls->explanation, sizeof tls->explanation, format, arguments);
    va_end(arguments);
}

/* Ends the session. What it holds is released by vo_tls_feed(): a record of it is still in use. */
#define end_session(tls, ...) (set_state(tls, __VA_ARGS__), (tls)->over = true)

static void missed_start(struct vo_tls *tls)
{
    end_session(tls, VO_TLS_MISSED_START,
                "the capture began after the TLS handshake: start it before the phones register");
}

static const char *sender(const struct vo_tls *tls, int direction)
{
    return tls->client < 0 ? "one side" : direction == tls->client ? "the client" : "the server";
}

/* -- keys -- */

static void no_key(struct vo_tls *tls)
{
    char random[2 * VO_TLS_RANDOM_SIZE + 1];
    for (unsigned i = 0; i < VO_TLS_RANDOM_SIZE; i++)
        snprintf(random + 2 * (size_t)i, 3, "%02x", tls->randoms.client[i]);
    if (tls->keylog)
        set_state(tls, VO_TLS_NO_KEY, "the key log has no usable line for client random %s", random);
    else
        end_session(tls, VO_TLS_NO_KEY, "no TLS key log was given; the client random is %s", random);
}

/* A secret of the size that the suite's hash function makes. */
static const struct vo_tls_secret *secret_13(const struct vo_tls *tls, enum vo_tls_label label)
{
    const struct vo_tls_secret *secret = vo_keylog_find(tls->keylog, label, tls->randoms.client);
    return secret && secret->size == EVP_MD_get_size(tls->suite->cipher->digest()) ? secret : NULL;
}

static bool keys_12(struct vo_tls *tls, struct direction *direction, bool client, bool *found)
{
    const struct vo_tls_secret *master =
        vo_keylog_find(tls->keylog, VO_TLS_CLIENT_RANDOM, tls->randoms.client);
    *found = master != NULL;
    if (!master)
        return false;
    bool good = vo_tls_protection_12(&direction->protection, tls->suite, master, &tls->randoms, client);
    direction->protection.encrypt_then_mac = tls->encrypt_then_mac;
    return good;
}

static bool keys_13(struct vo_tls *tls, struct direction *direction, bool client, bool *found)
{
    const struct vo_tls_secret *handshake =
        secret_13(tls, client ? VO_TLS_CLIENT_HANDSHAKE : VO_TLS_SERVER_HANDSHAKE);
    const struct vo_tls_secret *traffic =
        secret_13(tls, client ? VO_TLS_CLIENT_TRAFFIC : VO_TLS_SERVER_TRAFFIC);
    if (direction->epoch == HANDSHAKE && !handshake && traffic) {
        direction->epoch = APPLICATION; /* the handshake stays closed, what follows it opens */
        direction->trial = true;
    }
    const struct vo_tls_secret *secret = direction->epoch == HANDSHAKE ? handshake : traffic;
    *found = secret != NULL;
    return secret && vo_tls_protection_13(&direction->protection, tls->suite, secret);
}

/* Looks the keys up when they are first needed, because the key log may grow. False: not there (yet). */
static bool have_keys(struct vo_tls *tls, int side)
{
    struct direction *direction = &tls->directions[side];
    bool client = side == tls->client, found;
    if (direction->protection.suite)
        return true;
    if (tls->tls13 ? keys_13(tls, direction, client, &found) : keys_12(tls, direction, client, &found)) {
        if (tls->state == VO_TLS_NO_KEY)
            set_state(tls, VO_TLS_HANDSHAKE, "no application data has been decrypted yet");
        return true;
    }
    if (found)
        end_session(tls, VO_TLS_BROKEN, "OpenSSL cannot use %s: check its configuration", tls->suite->name);
    else
        no_key(tls);
    return false;
}

/* -- handshake messages -- */

static void take_client_hello(struct vo_tls *tls, int side, const uint8_t *body, uint32_t size)
{
    struct vo_tls_client_hello hello;
    if (tls->tls13 && tls->server_hello)
        return;
    if ((tls->client >= 0 && tls->client != side) || !vo_tls_client_hello_decode(body, size, &hello)) {
        end_session(tls, VO_TLS_BROKEN, "the ClientHello is malformed or comes from both sides");
        return;
    }
    tls->client = side;
    tls->early |= hello.early_data;
    memcpy(tls->randoms.client, hello.random, VO_TLS_RANDOM_SIZE);
    if (!tls->server_name[0])
        memcpy(tls->server_name, hello.server_name, sizeof tls->server_name);
}

static bool supported(struct vo_tls *tls, const struct vo_tls_server_hello *hello)
{
    const struct vo_tls_suite *suite = vo_tls_suite_find(hello->suite);
    if (hello->version != 0x0303 && hello->version != 0x0304)
        end_session(tls, VO_TLS_UNSUPPORTED, "TLS version 0x%04x is not supported, only 1.2 and 1.3",
                    hello->version);
    else if (!suite || (hello->version == 0x0304) != (suite->id >> 8 == 0x13))
        end_session(tls, VO_TLS_UNSUPPORTED, "cipher suite 0x%04X is not supported", hello->suite);
    else if (hello->compressed)
        end_session(tls, VO_TLS_UNSUPPORTED, "TLS compression is not supported");
    return !tls->over;
}

static void take_server_hello(struct vo_tls *tls, int side, const uint8_t *body, uint32_t size)
{
    struct vo_tls_server_hello hello;
    if (tls->tls13 && tls->server_hello)
        return;
    if (side == tls->client || !vo_tls_server_hello_decode(body, size, &hello)) {
        end_session(tls, VO_TLS_BROKEN, "the ServerHello is malformed or comes from the client");
        return;
    }
    if (!supported(tls, &hello))
        return;
    tls->tls13 = hello.version == 0x0304;
    tls->retry = tls->tls13 && hello.retry;
    if (tls->retry)
        return;
    tls->server_hello = true;
    tls->suite = vo_tls_suite_find(hello.suite);
    tls->encrypt_then_mac = hello.encrypt_then_mac;
    memcpy(tls->randoms.server, hello.random, VO_TLS_RANDOM_SIZE);
    if (tls->tls13) {
        tls->directions[0].epoch = tls->directions[1].epoch = HANDSHAKE;
        tls->directions[tls->client].trial = tls->early;
    }
}

static void take_message(struct vo_tls *tls, int side, uint8_t type, const uint8_t *body, uint32_t size)
{
    struct direction *direction = &tls->directions[side];
    if (type == CLIENT_HELLO) {
        take_client_hello(tls, side, body, size);
    } else if (type == SERVER_HELLO) {
        take_server_hello(tls, side, body, size);
    } else if (tls->tls13 && type == FINISHED && direction->epoch == HANDSHAKE) {
        vo_tls_protection_clear(&direction->protection);
        direction->epoch = APPLICATION;
    } else if (tls->tls13 && type == KEY_UPDATE && direction->epoch == APPLICATION &&
               !vo_tls_protection_update(&direction->protection)) {
        end_session(tls, VO_TLS_BROKEN, "OpenSSL cannot renew the keys of %s", tls->suite->name);
    }
}

/* The four bytes before a message are complete: is it one to keep? */
static void begin_message(struct vo_tls *tls, struct direction *direction)
{
    uint8_t type = direction->header[0];
    direction->body_size = vo_load24(direction->header + 1);
    direction->body_used = 0;
    if (tls->client < 0 && type != CLIENT_HELLO) {
        missed_start(tls);
    } else if (type == CLIENT_HELLO || type == SERVER_HELLO) {
        free(direction->body);
        direction->body = direction->body_size <= HELLO_MAX ? malloc(direction->body_size + 1) : NULL;
        if (!direction->body)
            end_session(tls, VO_TLS_BROKEN, "a TLS hello is larger than %d bytes", HELLO_MAX);
    }
}

/* Messages may share a record or span several. */
static void take_messages(struct vo_tls *tls, int side, const uint8_t *data, uint32_t size)
{
    struct direction *direction = &tls->directions[side];
    while (size && !tls->over) {
        if (direction->header_used < 4) {
            direction->header[direction->header_used++] = *data++;
            size--;
            if (direction->header_used == 4)
                begin_message(tls, direction);
        }
        if (direction->header_used < 4 || tls->over)
            continue;
        uint32_t left = direction->body_size - direction->body_used, part = size < left ? size : left;
        if (direction->body && part)
            memcpy(direction->body + direction->body_used, data, part);
        direction->body_used += part;
        data += part;
        size -= part;
        if (direction->body_used < direction->body_size)
            continue;
        uint8_t *body = direction->body;
        direction->body = NULL;
        direction->header_used = 0;
        take_message(tls, side, direction->header[0], body, direction->body_size);
        free(body);
    }
}

/* -- records -- */

struct record {
    const uint8_t *at; /* its header */
    const uint8_t *data;
    uint32_t size;
};

static void change_cipher(struct vo_tls *tls, int side)
{
    struct direction *direction = &tls->directions[side];
    if (!tls->server_hello) {
        end_session(tls, VO_TLS_BROKEN, "the keys change before the ServerHello");
        return;
    }
    vo_tls_protection_clear(&direction->protection); /* a new handshake makes new keys */
    direction->epoch = APPLICATION;
}

/* Client records other than hellos, before the ServerHello has told what they are. False: they wait. */
static bool take_early(struct vo_tls *tls, int side, const struct record *record)
{
    return record->at[0] == VO_TLS_ALERT || tls->retry || tls->directions[side].overflowed;
}

static void take_plain(struct vo_tls *tls, int side, const struct record *record)
{
    switch (record->at[0]) {
    case VO_TLS_MESSAGES:
        take_messages(tls, side, record->data, record->size);
        break;
    case VO_TLS_CHANGE_CIPHER:
        change_cipher(tls, side);
        break;
    case VO_TLS_DATA:
        end_session(tls, VO_TLS_BROKEN, "data of %s comes before its keys are agreed on", sender(tls, side));
        break;
    default:
        break; /* alerts, heartbeats */
    }
}

static void take_opened(struct vo_tls *tls, int side, uint8_t type, const uint8_t *plain, uint32_t size)
{
    struct direction *direction = &tls->directions[side];
    direction->trial = false;
    if (direction->epoch == APPLICATION && tls->state == VO_TLS_HANDSHAKE)
        set_state(tls, VO_TLS_DECRYPTED, "decrypted: TLS %s, %s", tls->tls13 ? "1.3" : "1.2",
                  tls->suite->name);
    if (type == VO_TLS_MESSAGES)
        take_messages(tls, side, plain, size);
    else if (type == VO_TLS_CHANGE_CIPHER && !tls->tls13)
        change_cipher(tls, side);
    else if (type == VO_TLS_DATA && direction->epoch == APPLICATION && size)
        tls->plaintext(tls->context, side, plain, size);
}

/* False: the record waits for its key. */
static bool take_protected(struct vo_tls *tls, int side, const struct record *record)
{
    struct direction *direction = &tls->directions[side];
    uint8_t type = record->at[0];
    if (tls->tls13 && type == VO_TLS_ALERT)
        return true; /* from before the keys, by a side that gave up */
    if (!have_keys(tls, side))
        return tls->over;
    uint32_t size = 0, room = record->size + 16;
    uint8_t *plain = malloc(room);
    if (!plain) {
        end_session(tls, VO_TLS_BROKEN, "out of memory for a TLS record");
        return true;
    }
    if (vo_tls_protection_open(&direction->protection, record->at, record->size, plain, &size, &type)) {
        take_opened(tls, side, type, plain, size);
    } else {
        direction->trial_bytes += record->size;
        if (!direction->trial || direction->trial_bytes > TRIAL_MAX)
            end_session(
                tls, VO_TLS_BROKEN,
                "a record of %s does not open with the key of the key log (%s): is it of this session?",
                sender(tls, side), tls->suite->name);
    }
    OPENSSL_cleanse(plain, room);
    free(plain);
    return true;
}

static bool take_record(struct vo_tls *tls, int side, const struct record *record)
{
    uint8_t type = record->at[0];
    if (type != VO_TLS_MESSAGES && tls->client < 0) {
        missed_start(tls);
        return true;
    }
    if (type != VO_TLS_MESSAGES && side == tls->client && !tls->server_hello)
        return take_early(tls, side, record);
    if (type == VO_TLS_CHANGE_CIPHER && tls->tls13)
        return true; /* only there for middleboxes */
    if (tls->directions[side].epoch != PLAIN)
        return take_protected(tls, side, record);
    take_plain(tls, side, record);
    return true;
}

/* Is this the header of a record? Ends the session if not. */
static bool check_header(struct vo_tls *tls, int side, const uint8_t *header)
{
    if (header[0] >= VO_TLS_CHANGE_CIPHER && header[0] <= VO_TLS_HEARTBEAT && header[1] == 3 &&
        vo_load16(header + 3) <= VO_TLS_RECORD_MAX)
        return true;
    if (tls->client < 0)
        missed_start(tls);
    else
        end_session(tls, VO_TLS_BROKEN, "what %s sends is not TLS any more", sender(tls, side));
    return false;
}

/* Takes the complete records of a direction that need not wait. */
static void drain(struct vo_tls *tls, int side)
{
    struct direction *direction = &tls->directions[side];
    uint32_t at = 0;
    while (!tls->over && direction->used - at >= VO_TLS_HEADER_SIZE) {
        const uint8_t *header = direction->buffer + at;
        if (!check_header(tls, side, header))
            break;
        struct record record = {header, header + VO_TLS_HEADER_SIZE, vo_load16(header + 3)};
        if (direction->used - at - VO_TLS_HEADER_SIZE < record.size || !take_record(tls, side, &record))
            break;
        at += VO_TLS_HEADER_SIZE + record.size;
    }
    direction->used -= at;
    if (at && direction->used)
        memmove(direction->buffer, direction->buffer + at, direction->used);
    if (!direction->used) { /* an idle session keeps no buffer */
        free(direction->buffer);
        direction->buffer = NULL;
        direction->capacity = 0;
    }
}

static bool append(struct vo_tls *tls, struct direction *direction, const uint8_t *data, uint32_t size)
{
    uint32_t needed = direction->used + size;
    if (needed > direction->capacity) {
        uint32_t capacity = needed < BUFFER_MAX / 2 ? needed * 2 : BUFFER_MAX;
        uint8_t *buffer = realloc(direction->buffer, capacity);
        if (!buffer) {
            end_session(tls, VO_TLS_BROKEN, "out of memory for TLS records");
            return false;
        }
        direction->buffer = buffer;
        direction->capacity = capacity;
    }
    memcpy(direction->buffer + direction->used, data, size);
    direction->used += size;
    return true;
}

/* The buffer is full of records that wait. */
static void overflow(struct vo_tls *tls, int side)
{
    struct direction *direction = &tls->directions[side];
    if (tls->server_hello) {
        no_key(tls);
        tls->over = true;
    } else if (tls->early && !direction->overflowed) {
        direction->overflowed = true;
    } else {
        end_session(tls, VO_TLS_BROKEN, "%s sends data, but the other side's answer is not in the capture",
                    sender(tls, side));
    }
}

void vo_tls_feed(struct vo_tls *tls, int direction, const uint8_t *data, uint32_t size,
                 vo_tls_plaintext *plaintext, void *context)
{
    struct direction *fed = &tls->directions[direction];
    tls->plaintext = plaintext;
    tls->context = context;
    while (size && !tls->over) {
        uint32_t room = BUFFER_MAX - fed->used, part = size < room ? size : room;
        if (!append(tls, fed, data, part))
            break;
        data += part;
        size -= part;
        /* Either may have waited for the other, or for a key that came meanwhile; requests go before answers.
         */
        int client = tls->client < 0 ? direction : tls->client;
        drain(tls, client);
        drain(tls, !client);
        drain(tls, client);
        if (!tls->over && fed->used == BUFFER_MAX)
            overflow(tls, direction);
        if (fed->overflowed)
            drain(tls, direction);
    }
    if (tls->over)
        release(tls);
}

void vo_tls_hole(struct vo_tls *tls, int direction, uint32_t size)
{
    if (tls->over || !size)
        return;
    if (tls->client < 0)
        missed_start(tls);
    else if (tls->state != VO_TLS_NO_KEY)
        end_session(tls, VO_TLS_BROKEN, "the capture lacks %u bytes of %s: what follows cannot be decrypted",
                    size, sender(tls, direction));
    tls->over = true;
    release(tls);
}
