#include "probes/reach/sip_client.h"

#include "probes/decode/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define T1 (500 * VO_NS_PER_MS) /* RFC 3261 17.1.1.1 */
#define T2 (4 * VO_NS_PER_S)
/* So long an ICMP error may take to tell why the system refused to send. */
#define GRACE (100 * VO_NS_PER_MS)

void vo_sip_random(char text[VO_SIP_RANDOM])
{
    uint8_t bytes[(VO_SIP_RANDOM - 1) / 2];
    for (size_t got = 0; got < sizeof bytes;) { /* fails only by a signal before the pool is filled */
        ssize_t more = getrandom(bytes + got, sizeof bytes - got, 0);
        got += more > 0 ? (size_t)more : 0;
    }
    vo_sip_write_hex(bytes, sizeof bytes, text);
}

char *vo_sip_text(struct vo_span span, char *to, size_t room)
{
    size_t size = span.size < room ? span.size : room - 1;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)span.at[i];
        to[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    if (size < span.size) /* not in the middle of a character */
        while (size > 0 && ((unsigned char)span.at[size] & 0xC0) == 0x80)
            size--;
    to[size] = '\0';
    return to;
}

size_t vo_sip_client_uri(const struct vo_sip_client *client, const char *user, const char *transport,
                         char *to, size_t room)
{
    char host[VO_SOCKADDR_TEXT];
    memcpy(host, client->sent_by, sizeof host);
    char *port = strrchr(host, ':');
    if (!port)
        return 0;
    *port++ = '\0';
    return vo_sip_write_uri(user, host, (uint16_t)strtoul(port, NULL, 10), transport, to, room);
}

/* ---- transactions ---- */

void vo_sip_client_forget(struct vo_sip_transaction *transaction)
{
    struct vo_sip_client *client = transaction->client;
    if (!transaction->pending)
        return;
    transaction->pending = false;
    vo_loop_cancel(client->loop, &transaction->timer);
    for (size_t i = 0; i < VO_SIP_TRANSACTIONS; i++)
        if (client->pending[i] == transaction)
            client->pending[i] = NULL;
}

static void fail(struct vo_sip_transaction *transaction, bool asked, const char *why)
{
    vo_sip_client_forget(transaction);
    transaction->failed(transaction->context, asked, why);
}

/* What is to be said of the client itself ends all its transactions. */
static void fail_all(struct vo_sip_client *client, bool asked, const char *why)
{
    client->is_over = true;
    for (size_t i = 0; i < VO_SIP_TRANSACTIONS; i++)
        if (client->pending[i])
            fail(client->pending[i], asked, why);
}

static void time_out(struct vo_sip_transaction *transaction)
{
    const struct vo_sip_client *client = transaction->client;
    char why[VO_SIP_WHY];
    int size = snprintf(why, sizeof why, "no %sanswer to %s within %.1f s",
                        transaction->provisional ? "final " : "", transaction->method,
                        (double)(transaction->deadline - transaction->sent) / (double)VO_NS_PER_S);
    if (client->garbage[0])
        snprintf(why + size, sizeof why - (size_t)size, "; what came is not SIP: \"%s\"", client->garbage);
    else if (client->strangers)
        snprintf(why + size, sizeof why - (size_t)size,
                 "; SIP came that answers other requests (another branch, Call-ID or CSeq)");
    else if (client->used > 0)
        snprintf(why + size, sizeof why - (size_t)size, "; %u bytes of a message came, and not its end",
                 client->used);
    fail(transaction, true, why);
}

/* 0, or why the system refuses. A full queue is as a lost datagram, and ECONNREFUSED is an ICMP error that
 * is told elsewhere. */
static int transmit(struct vo_sip_transaction *transaction)
{
    struct vo_sip_client *client = transaction->client;
    if (!client->udp)
        return vo_conn_send(client->conn, transaction->request, transaction->size) ? 0 : EPIPE;
    if (vo_udp_send(client->udp, transaction->request, transaction->size) || errno == ECONNREFUSED ||
        errno == EAGAIN || errno == ENOBUFS)
        return 0;
    return errno;
}

static void set_timer(struct vo_sip_transaction *transaction, vo_time now)
{
    vo_time at = transaction->deadline;
    if (transaction->refused)
        at = now + GRACE;
    else if (transaction->client->udp && now + transaction->interval < at)
        at = now + transaction->interval;
    if (!vo_loop_set(transaction->client->loop, &transaction->timer, at))
        fail(transaction, true, "out of memory");
}

/* Timer E; timer F is the deadline. */
static void timer_due(void *context)
{
    struct vo_sip_transaction *transaction = context;
    vo_time now = vo_clock_monotonic();
    if (transaction->refused) {
        char why[VO_SIP_WHY];
        snprintf(why, sizeof why, "this host refuses to send it: %s", strerror(transaction->refused));
        fail(transaction, false, why);
        return;
    }
    if (now >= transaction->deadline) {
        time_out(transaction);
        return;
    }
    transmit(transaction); /* a refusal shows as silence */
    vo_time twice = 2 * transaction->interval;
    transaction->interval = transaction->provisional || twice > T2 ? T2 : twice;
    set_timer(transaction, now);
}

bool vo_sip_client_send(struct vo_sip_client *client, struct vo_sip_transaction *transaction,
                        struct vo_sip_request *request, vo_time deadline)
{
    size_t place = 0;
    while (place < VO_SIP_TRANSACTIONS && client->pending[place])
        place++;
    if (place == VO_SIP_TRANSACTIONS || transaction->pending || !client->is_ready || client->is_over)
        return false;
    vo_sip_random(transaction->branch);
    request->branch = transaction->branch;
    request->transport = client->transport;
    request->sent_by = client->sent_by;
    transaction->size = vo_sip_write_request(request, transaction->request, sizeof transaction->request);
    if (transaction->size == 0)
        return false;
    transaction->client = client;
    transaction->timer.due = timer_due;
    transaction->timer.context = transaction;
    transaction->method = request->method;
    transaction->call_id = request->call_id;
    transaction->cseq = request->cseq;
    transaction->provisional = false;
    transaction->interval = T1;
    transaction->sent = vo_clock_monotonic();
    if (!client->result.began)
        client->result.began = transaction->sent;
    transaction->deadline = deadline;
    transaction->pending = true;
    client->pending[place] = transaction;
    transaction->refused = transmit(transaction);
    set_timer(transaction, transaction->sent);
    return true;
}

/* ---- what comes ---- */

static bool is_ours(const struct vo_sip_transaction *transaction, const struct vo_sip *response)
{
    char branch[VO_SIP_RANDOM + 8];
    snprintf(branch, sizeof branch, "z9hG4bK%s", transaction->branch);
    return response->branch.at && vo_span_is(response->branch, branch) &&
           response->cseq == transaction->cseq &&
           strcmp(vo_sip_method_name(response->cseq_method), transaction->method) == 0 &&
           response->call_id.size == strlen(transaction->call_id) &&
           memcmp(response->call_id.at, transaction->call_id, response->call_id.size) == 0;
}

static void take_message(struct vo_sip_client *client, const struct vo_sip *message)
{
    if (message->request)
        return;
    for (size_t i = 0; i < VO_SIP_TRANSACTIONS; i++) {
        struct vo_sip_transaction *transaction = client->pending[i];
        if (!transaction || !is_ours(transaction, message))
            continue;
        if (message->status < 200) {
            transaction->provisional = true;
            return;
        }
        vo_sip_client_forget(transaction);
        transaction->answered(transaction->context, message);
        return;
    }
    client->strangers = true;
}

static void note_garbage(struct vo_sip_client *client, const uint8_t *data, size_t size)
{
    if (client->garbage[0])
        return;
    if (size == 0) {
        memcpy(client->garbage, "(an empty datagram)", 20);
        return;
    }
    for (size_t i = 0; i < size && i < sizeof client->garbage - 1; i++) {
        client->garbage[i] = data[i] >= ' ' && data[i] < 0x7f ? (char)data[i] : '.';
        client->garbage[i + 1] = '\0';
    }
}

static void note_answer(struct vo_sip_client *client)
{
    if (client->result.connected)
        return;
    client->result.state = "open";
    client->result.connected = vo_clock_monotonic();
    memset(&client->result.icmp, 0, sizeof client->result.icmp);
}

static void datagram(void *context, const struct vo_udp_packet *packet, const struct sockaddr_storage *from)
{
    struct vo_sip_client *client = context;
    struct vo_sip message;
    (void)from;
    note_answer(client);
    enum vo_sip_result result = vo_sip_decode(packet->data, (uint32_t)packet->size, false, &message);
    if (result == VO_SIP_MESSAGE)
        take_message(client, &message);
    else if (result != VO_SIP_KEEPALIVE)
        note_garbage(client, packet->data, packet->size);
}

static void icmp_error(void *context, const struct vo_icmp_error *icmp)
{
    struct vo_sip_client *client = context;
    char text[VO_ICMP_TEXT];
    const char *state = vo_icmp_state(icmp, &client->to);
    if (client->is_over)
        return;
    if (!client->result.connected)
        client->result.icmp = *icmp;
    if (!state)
        return;
    if (!client->result.connected)
        client->result.state = state;
    fail_all(client, client->result.connected != 0, vo_icmp_format(icmp, text));
}

/* Decoding begins anew with each piece: only where that can lead on. A head is worth it when its blank line
 * comes, a body when it is whole, and before the first line end the look is short. */
static bool is_worthwhile(const struct vo_sip_client *client, uint32_t before)
{
    if (client->need)
        return client->used >= client->need;
    if (client->used == VO_SIP_MESSAGE_MAX || !memchr(client->buffer, '\n', before))
        return true;
    const char *text = (const char *)client->buffer;
    for (uint32_t i = before; i < client->used; i++)
        if (text[i] == '\n' &&
            (text[i - 1] == '\n' || (i >= 2 && text[i - 1] == '\r' && text[i - 2] == '\n')))
            return true;
    return false;
}

static bool ends_in_blank_line(struct vo_span head)
{
    const char *end = vo_span_end(head);
    if (head.size < 2 || end[-1] != '\n')
        return head.size == 1;
    return end[-2] == '\n' || (end[-2] == '\r' && (head.size == 2 || end[-3] == '\n'));
}

/* Of a message whose head is all there; at most what the buffer holds. */
static uint32_t whole_size(const struct vo_sip *message)
{
    uint32_t head = message->size - message->body.size;
    int64_t body = message->content_length;
    return body < (int64_t)(VO_SIP_MESSAGE_MAX - head) ? head + (uint32_t)body : VO_SIP_MESSAGE_MAX;
}

static void drop(struct vo_sip_client *client, uint32_t size)
{
    memmove(client->buffer, client->buffer + size, client->used - size);
    client->used -= size;
    client->need = 0;
}

/* Takes whole messages off the buffer. False when what is there is not SIP, or more than one may be. */
static bool take_buffer(struct vo_sip_client *client)
{
    struct vo_sip message;
    while (client->used > 0 && !client->is_over) { /* a message's receiver may have ended it */
        switch (vo_sip_decode(client->buffer, client->used, true, &message)) {
        case VO_SIP_KEEPALIVE:
            drop(client, message.size);
            break;
        case VO_SIP_MESSAGE:
            if (message.truncated) {
                fail_all(client, true, "a SIP message came that is longer than 64 KiB");
                return false;
            }
            take_message(client, &message);
            drop(client, message.size);
            break;
        case VO_SIP_INCOMPLETE:
            if (ends_in_blank_line(message.head))
                client->need = whole_size(&message);
            return true;
        default:
            note_garbage(client, client->buffer, client->used);
            return false;
        }
    }
    return true;
}

static void stream_bytes(void *context, const uint8_t *data, size_t size)
{
    struct vo_sip_client *client = context;
    while (size > 0 && !client->is_over) {
        uint32_t before = client->used, room = VO_SIP_MESSAGE_MAX - before;
        uint32_t part = size < room ? (uint32_t)size : room;
        memcpy(client->buffer + before, data, part);
        client->used += part;
        data += part;
        size -= part;
        if (!is_worthwhile(client, before) || take_buffer(client) || client->is_over)
            continue;
        char why[VO_SIP_WHY];
        snprintf(why, sizeof why, "what answers is not SIP: \"%s\"", client->garbage);
        fail_all(client, true, why);
    }
}

/* ---- opening, ending ---- */

static void opened(void *context)
{
    struct vo_sip_client *client = context;
    vo_sockaddr_format(&vo_conn_result(client->conn)->local, client->sent_by);
    client->is_ready = true;
    client->ready(client->context);
}

static void ended(void *context, enum vo_conn_end end)
{
    struct vo_sip_client *client = context;
    bool asked = end != VO_CONN_TLS_FAILED; /* TLS 1.3 may refuse us after the first request has gone */
    const char *text = vo_conn_result(client->conn)->text;
    const char *why = text[0] ? text : "the connection ended";
    if (!client->is_ready) {
        client->is_over = true;
        client->broken(client->context, why);
    } else if (!client->is_over) {
        fail_all(client, asked, why);
    }
}

static void udp_ready(void *context)
{
    struct vo_sip_client *client = context;
    client->is_ready = true;
    client->ready(client->context);
}

static enum vo_status open_stream(struct vo_sip_client *client, const struct vo_conn_config *config,
                                  struct vo_error *error)
{
    struct vo_conn_config own = *config;
    client->buffer = malloc(VO_SIP_MESSAGE_MAX);
    if (!client->buffer)
        return vo_error_memory(error, "a SIP message");
    own.context = client;
    own.opened = opened;
    own.received = stream_bytes;
    own.ended = ended;
    return vo_conn_open(client->loop, &own, &client->conn, error);
}

static enum vo_status open_udp(struct vo_sip_client *client, const struct vo_conn_config *config,
                               struct vo_error *error)
{
    const struct vo_udp_config udp = {.to = config->to,
                                      .local_port = config->local_port,
                                      .context = client,
                                      .received = datagram,
                                      .icmp = icmp_error};
    enum vo_status status = vo_udp_open(client->loop, &udp, &client->udp, error);
    if (status != VO_OK)
        return status;
    client->result.local = vo_udp_local(client->udp);
    vo_sockaddr_format(&client->result.local, client->sent_by);
    client->start = (struct vo_timer){.due = udp_ready, .context = client};
    if (!vo_loop_set(client->loop, &client->start, vo_loop_now(client->loop)))
        return vo_error_memory(error, "a timer");
    return VO_OK;
}

enum vo_status vo_sip_client_open(struct vo_sip_client *client, const char *transport,
                                  const struct vo_conn_config *config, struct vo_error *error)
{
    bool udp = strcmp(transport, "udp") == 0;
    client->to = config->to;
    client->transport = udp ? "UDP" : config->tls ? "TLS" : "TCP";
    return udp ? open_udp(client, config, error) : open_stream(client, config, error);
}

const struct vo_conn_result *vo_sip_client_result(const struct vo_sip_client *client)
{
    return client->conn ? vo_conn_result(client->conn) : &client->result;
}

void vo_sip_client_close(struct vo_sip_client *client)
{
    for (size_t i = 0; i < VO_SIP_TRANSACTIONS; i++)
        if (client->pending[i])
            vo_sip_client_forget(client->pending[i]);
    if (client->start.due)
        vo_loop_cancel(client->loop, &client->start);
    if (client->udp)
        vo_udp_close(client->udp);
    vo_conn_close(client->conn);
    free(client->buffer);
    client->udp = NULL;
    client->conn = NULL;
    client->buffer = NULL;
    client->is_over = true;
}
