/*
 * OPTIONS over any transport (RFC 3261 11), and for the site's own transport one registration
 * (sip_register.h). Both go at once: a border controller may be silent to OPTIONS of a stranger.
 *
 * Whatever comes back proves that the port is reached. Silence of a UDP port proves nothing.
 */
#include "probes/decode/sip_response.h"
#include "probes/reach/check.h"
#include "probes/reach/sip_client.h"
#include "probes/reach/sip_register.h"

#include <stdio.h>
#include <stdlib.h>

#define LABEL_MAX 160
#define SILENCE   "no answer: the port may be open or filtered"

struct sip_check {
    struct vo_check *check;
    struct vo_sip_client client;
    struct vo_timer end;
    bool judged;    /* by its registration too: the site's own transport */
    bool registers; /* and there is an account */
    bool options_over, register_over, stopping;
    bool unsent;              /* this host would not send */
    char failure[VO_SIP_WHY]; /* the transport could not be had */
    struct vo_sip_transaction options;
    char call_id[VO_SIP_RANDOM], tag[VO_SIP_RANDOM];
    unsigned code; /* of OPTIONS, 0: none */
    vo_time took;
    char why[VO_SIP_WHY]; /* there is none */
    char server[LABEL_MAX], allow[LABEL_MAX], seen_as[LABEL_MAX], redirected_to[LABEL_MAX];
    struct vo_sip_registration registration;
};

/* ---- the observation ---- */

static void put_options(const struct sip_check *sip)
{
    struct vo_record_writer *writer = sip->check->reach->writer;
    const char *why = sip->failure[0] ? sip->failure : sip->why;
    if (sip->code) {
        vo_observe_metric(writer, VO_METRIC_SIP_OPTIONS_CODE, sip->code);
        vo_observe_metric(writer, VO_METRIC_SIP_OPTIONS_MS, (double)sip->took / (double)VO_NS_PER_MS);
    } else {
        vo_observe_missing(writer, VO_METRIC_SIP_OPTIONS_CODE, "%s", why);
        vo_observe_missing(writer, VO_METRIC_SIP_OPTIONS_MS, "%s", why);
    }
    const char *const labels[][2] = {{"sip_server", sip->server},
                                     {"sip_allow", sip->allow},
                                     {"sip_seen_as", sip->seen_as},
                                     {"sip_redirected_to", sip->redirected_to}};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        vo_observe_label(writer, labels[i][0], labels[i][1][0] ? labels[i][1] : NULL);
}

static void put_word(const struct sip_check *sip, enum vo_metric metric, const char *word, const char *why)
{
    if (word)
        vo_observe_state(sip->check->reach->writer, metric, word);
    else
        vo_observe_missing(sip->check->reach->writer, metric, "%s", why);
}

static void put_number(const struct sip_check *sip, enum vo_metric metric, double value, bool known,
                       const char *why)
{
    if (known)
        vo_observe_metric(sip->check->reach->writer, metric, value);
    else
        vo_observe_missing(sip->check->reach->writer, metric, "%s", why);
}

static void put_registration(const struct sip_check *sip)
{
    const struct vo_sip_registration *registration = &sip->registration;
    const char *why = !sip->registers           ? "the site file has no account to register with"
                      : sip->failure[0]         ? sip->failure
                      : registration->why[0]    ? registration->why
                      : registration->code == 0 ? "stopped before it was over"
                                                : NULL;
    bool unchallenged = registration->state && !registration->algorithm;
    put_word(sip, VO_METRIC_SIP_REGISTER_STATE, registration->state, why);
    put_number(sip, VO_METRIC_SIP_REGISTER_CODE, registration->code, registration->code != 0, why);
    put_number(sip, VO_METRIC_SIP_EXPIRES_S, (double)registration->expires,
               registration->expires >= 0 && !why, why ? why : "the response to REGISTER tells no expiry");
    if (registration->expires >= registration->asked_s && !why)
        vo_observe_basis(sip->check->reach->writer, VO_METRIC_SIP_EXPIRES_S, "lower_bound");
    put_word(sip, VO_METRIC_SIP_SERVER_AUTHENTICATION, registration->proof,
             why            ? why
             : unchallenged ? "the registrar asked for no credentials, so that there is nothing to verify"
                            : "not known");
    if (!sip->registers)
        return;
    vo_observe_label(sip->check->reach->writer, "digest_algorithm", registration->algorithm);
    vo_observe_label(sip->check->reach->writer, "sip_unregistered",
                     !registration->bound            ? NULL
                     : registration->unregistered[0] ? registration->unregistered
                                                     : "no answer");
}

static void put_all(const struct sip_check *sip)
{
    struct vo_conn_result result = *vo_sip_client_result(&sip->client);
    const char *why = sip->failure[0]               ? sip->failure
                      : sip->unsent                 ? sip->why
                      : sip->check->reach->stopping ? "stopped before an answer came"
                                                    : SILENCE;
    if (!result.state && !result.text[0])
        vo_sip_text((struct vo_span){why, (uint32_t)strlen(why)}, result.text, sizeof result.text);
    vo_check_observe(sip->check);
    vo_check_put_conn(sip->check, &result);
    put_options(sip);
    if (sip->judged)
        put_registration(sip);
    vo_observe_end(sip->check->reach->writer);
}

static void end_now(struct sip_check *sip)
{
    struct vo_check *check = sip->check;
    vo_loop_cancel(check->reach->loop, &sip->end);
    if (check->done)
        return;
    put_all(sip);
    vo_sip_client_close(&sip->client);
    vo_sip_register_clear(&sip->registration);
    vo_check_done(check); /* may free `sip` */
}

static void end_due(void *context)
{
    end_now(context);
}

/* Ends in the loop's next round, not within a callback of the client that is to be closed. */
static void end_if_over(struct sip_check *sip)
{
    struct vo_loop *loop = sip->check->reach->loop;
    if (sip->stopping && sip->register_over)
        vo_loop_quit(loop);
    else if (!sip->stopping && sip->options_over && (sip->register_over || !sip->registers))
        vo_loop_set(loop, &sip->end, vo_loop_now(loop));
}

/* ---- OPTIONS ---- */

static void read_allow(struct sip_check *sip, const struct vo_sip *response)
{
    const char *at = NULL;
    struct vo_span value;
    size_t used = 0;
    while (used < sizeof sip->allow - 3 && vo_sip_header(response, "Allow", &at, &value)) {
        if (used)
            used += (size_t)snprintf(sip->allow + used, sizeof sip->allow - used, ", ");
        vo_sip_text(value, sip->allow + used, sizeof sip->allow - used);
        used += strlen(sip->allow + used);
    }
}

static void read_seen_as(struct sip_check *sip, const struct vo_sip *response)
{
    const struct vo_sip_seen seen = vo_sip_seen(response);
    char received[64] = "";
    if (seen.received.at)
        vo_sip_text(seen.received, received, sizeof received);
    if (received[0] && seen.rport)
        snprintf(sip->seen_as, sizeof sip->seen_as,
                 strchr(received, ':') && received[0] != '[' ? "[%s]:%u" : "%s:%u", received, seen.rport);
}

static void options_answered(void *context, const struct vo_sip *response)
{
    struct sip_check *sip = context;
    sip->options_over = true;
    sip->code = response->status;
    sip->took = vo_clock_monotonic() - sip->options.sent;
    vo_sip_text(response->user_agent, sip->server, sizeof sip->server);
    read_allow(sip, response);
    read_seen_as(sip, response);
    if (response->status / 100 == 3)
        vo_sip_text(response->contact_uri, sip->redirected_to, sizeof sip->redirected_to);
    end_if_over(sip);
}

static void options_failed(void *context, bool asked, const char *why)
{
    struct sip_check *sip = context;
    sip->options_over = true;
    sip->unsent = !asked;
    snprintf(sip->why, sizeof sip->why, "%s", why);
    end_if_over(sip);
}

/* "tcp", "tls"; NULL for UDP, which is the default (RFC 3261 19.1.2). */
static const char *uri_transport(const struct vo_demand *demand)
{
    if (strcmp(demand->transport, "udp") == 0)
        return NULL;
    return vo_demand_has_tls(demand) ? "tls" : "tcp";
}

static bool send_options(struct sip_check *sip)
{
    const struct vo_demand *demand = sip->check->demand;
    const char *transport = uri_transport(demand);
    char uri[VO_SIP_URI_MAX], own[VO_SIP_URI_MAX];
    if (!vo_sip_write_uri(NULL, demand->host, demand->port, transport, uri, sizeof uri) ||
        !vo_sip_client_uri(&sip->client, "voready", transport, own, sizeof own))
        return false;
    vo_sip_random(sip->call_id);
    vo_sip_random(sip->tag);
    sip->options.context = sip;
    sip->options.answered = options_answered;
    sip->options.failed = options_failed;
    struct vo_sip_request request = {
        .method = "OPTIONS",
        .uri = uri,
        .from = own,
        .from_tag = sip->tag,
        .to = uri,
        .call_id = sip->call_id,
        .cseq = 1,
        .contact = own,
        .expires = -1,
        .user_agent = "voready",
    };
    return vo_sip_client_send(&sip->client, &sip->options, &request,
                              vo_clock_monotonic() + sip->check->reach->timeout);
}

/* ---- the check ---- */

static void registered(void *context)
{
    struct sip_check *sip = context;
    sip->register_over = true;
    end_if_over(sip);
}

static void begin_registration(struct sip_check *sip)
{
    sip->registration.client = &sip->client;
    sip->registration.account = &sip->check->reach->site->account;
    sip->registration.domain = sip->check->demand->host;
    sip->registration.transport = uri_transport(sip->check->demand);
    sip->registration.timeout = sip->check->reach->timeout;
    sip->registration.context = sip;
    sip->registration.finished = registered;
    vo_sip_register_begin(&sip->registration);
}

static void ready(void *context)
{
    struct sip_check *sip = context;
    if (!send_options(sip)) {
        options_failed(sip, false, "OPTIONS cannot be written: the host cannot stand in a SIP URI");
        if (sip->registers)
            registered(sip);
        return;
    }
    if (sip->registers)
        begin_registration(sip);
}

static void broken(void *context, const char *why)
{
    struct sip_check *sip = context;
    snprintf(sip->failure, sizeof sip->failure, "%s", why);
    sip->options_over = sip->register_over = true;
    end_if_over(sip);
}

static void start(struct vo_check *check)
{
    struct vo_tls_config tls;
    struct vo_error error;
    struct sip_check *sip = calloc(1, sizeof *sip);
    if (!sip) {
        vo_check_put_untried(check, NULL, NULL, "out of memory");
        vo_check_done(check);
        return;
    }
    check->state = sip;
    sip->check = check;
    sip->judged = check->demand->judged && strncmp(check->demand->row, "fw.sip.", 7) == 0;
    sip->registers = sip->judged && check->reach->site->account.user;
    sip->end = (struct vo_timer){.due = end_due, .context = sip};
    sip->client.loop = check->reach->loop;
    sip->client.context = sip;
    sip->client.ready = ready;
    sip->client.broken = broken;
    const struct vo_conn_config config = vo_check_conn_config(check, &tls);
    if (vo_sip_client_open(&sip->client, check->demand->transport, &config, &error) == VO_OK)
        return;
    broken(sip, error.message);
}

/* Called when the loop does not run any more. What is registered must not stay so: the loop is run once more
 * until the registrar has answered, a second at most. */
static void stop(struct vo_check *check)
{
    struct sip_check *sip = check->state;
    if (!sip || check->done)
        return;
    sip->stopping = true;
    if (!sip->options_over) {
        vo_sip_client_forget(&sip->options);
        sip->options_over = true;
        snprintf(sip->why, sizeof sip->why, "stopped before an answer came");
    }
    vo_loop_cancel(check->reach->loop, &sip->end);
    vo_sip_register_stop(&sip->registration);
    if (sip->registration.transaction.pending)
        vo_loop_run(check->reach->loop, NULL, NULL);
    end_now(sip);
}

static void free_state(struct vo_check *check)
{
    struct sip_check *sip = check->state;
    if (!sip)
        return;
    vo_loop_cancel(check->reach->loop, &sip->end);
    vo_sip_client_close(&sip->client);
    vo_sip_register_clear(&sip->registration);
    free(sip);
    check->state = NULL;
}

const struct vo_check_kind vo_check_sip = {.name = "sip", .start = start, .stop = stop, .free = free_state};
