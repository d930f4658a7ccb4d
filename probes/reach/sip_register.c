#include "probes/reach/sip_register.h"

#include "probes/decode/sip_response.h"
#include "probes/decode/text.h"

#include <stdio.h>
#include <stdlib.h>

#define AUTHORIZATION_MAX 3072
#define PASSWORD_MAX      256
#define LAST_WAIT         VO_NS_PER_S /* for the answer to unregistering, where time is up */
#define EXPIRES_DEFAULT   604800u     /* guide 4.3.5 */
#define USER_AGENT        "voready"

static const struct slot {
    unsigned status;
    const char *challenge, *info;
} slot_rows[] = {
    {401, "WWW-Authenticate", "Authentication-Info"},
    {407, "Proxy-Authenticate", "Proxy-Authentication-Info"},
};
#define SLOTS (sizeof slot_rows / sizeof *slot_rows)

static void finish(struct vo_sip_registration *registration)
{
    vo_sip_register_clear(registration);
    registration->finished(registration->context);
}

/* ---- requests ---- */

static bool send_register(struct vo_sip_registration *registration)
{
    char values[SLOTS][AUTHORIZATION_MAX];
    for (size_t i = 0; i < SLOTS; i++)
        if (registration->slots[i].used &&
            vo_digest_authorize(&registration->slots[i].digest, "REGISTER", registration->uri, values[i],
                                sizeof values[i]) == 0)
            return false;
    struct vo_sip_request request = {
        .method = "REGISTER",
        .uri = registration->uri,
        .from = registration->aor,
        .from_tag = registration->tag,
        .to = registration->aor,
        .call_id = registration->call_id,
        .cseq = ++registration->cseq,
        .contact = registration->contact,
        .expires = registration->unregistering ? 0 : registration->asked_s,
        .authorization = registration->slots[0].used ? values[0] : NULL,
        .proxy_authorization = registration->slots[1].used ? values[1] : NULL,
        .user_agent = USER_AGENT,
    };
    vo_time deadline = vo_clock_monotonic() + registration->timeout;
    if (deadline > registration->until)
        deadline = registration->until;
    return vo_sip_client_send(registration->client, &registration->transaction, &request, deadline);
}

static void unregister(struct vo_sip_registration *registration, vo_time wait)
{
    registration->bound = true;
    registration->unregistering = true;
    registration->until = vo_clock_monotonic() + wait;
    for (size_t i = 0; i < SLOTS; i++)
        registration->slots[i].renewed = false;
    if (send_register(registration))
        return;
    snprintf(registration->unregistered, sizeof registration->unregistered,
             "the connection had ended before");
    finish(registration);
}

/* ---- challenges ---- */

/* The strongest challenge that we can answer; `why` says what is wrong with the others. */
static bool choose(const struct vo_sip *response, const char *header, struct vo_digest_challenge *best,
                   struct vo_error *why)
{
    bool found = false;
    const char *at = NULL;
    struct vo_span value;
    struct vo_digest_challenge challenge;
    vo_error_set(why, VO_ERR_INPUT, "it has no %s", header);
    while (vo_sip_header(response, header, &at, &value)) {
        if (vo_digest_read(value, &challenge, why) != VO_OK ||
            (found && challenge.algorithm <= best->algorithm))
            continue;
        *best = challenge;
        found = true;
    }
    return found;
}

static enum vo_status take_up(struct vo_sip_registration *registration, size_t slot,
                              const struct vo_digest_challenge *challenge, struct vo_error *error)
{
    char password[PASSWORD_MAX], cnonce[VO_SIP_RANDOM];
    const struct vo_site_account *account = registration->account;
    if (!account->password_file)
        return vo_error_set(error, VO_ERR_USAGE, "the site file's account has no password_file");
    enum vo_status status = vo_secret_read(account->password_file, password, sizeof password, error);
    vo_sip_random(cnonce);
    if (status == VO_OK)
        status = vo_digest_begin(&registration->slots[slot].digest, challenge, account->user, password,
                                 cnonce, error);
    explicit_bzero(password, sizeof password);
    return status;
}

/* Answers a challenge by one more request. False: that cannot be, or would not help; `why` is set if it could
 * not. */
static bool answer_challenge(struct vo_sip_registration *registration, const struct vo_sip *response,
                             struct vo_error *why)
{
    struct vo_digest_challenge challenge;
    size_t slot = response->status == slot_rows[0].status ? 0 : 1;
    if (!choose(response, slot_rows[slot].challenge, &challenge, why))
        return false;
    bool again = registration->slots[slot].used; /* with the same credentials (RFC 3261 22.2) */
    if (again && (registration->slots[slot].renewed || !(challenge.stale || registration->unregistering))) {
        why->message[0] = '\0';
        return false;
    }
    if (take_up(registration, slot, &challenge, why) != VO_OK)
        return false;
    registration->slots[slot].used = true;
    registration->slots[slot].renewed = again;
    registration->algorithm = vo_digest_name(&registration->slots[slot].digest.challenge);
    if (send_register(registration))
        return true;
    vo_error_set(why, VO_ERR_IO, "the answer to it could not be sent");
    return false;
}

/* 423: the registrar wants more than we asked for. */
static bool ask_for_longer(struct vo_sip_registration *registration, const struct vo_sip *response)
{
    int64_t least = vo_sip_seconds(response, "Min-Expires");
    if (response->status != 423 || registration->raised || registration->unregistering ||
        least <= registration->asked_s)
        return false;
    registration->raised = true;
    registration->asked_s = (uint32_t)least;
    return send_register(registration);
}

/* ---- answers ---- */

/* URIs are compared up to their parameters, which registrars add. */
static bool is_own(struct vo_span uri, const char *own)
{
    size_t size = strcspn(own, ";");
    struct vo_span bare = vo_span_trim(vo_span_cut(&uri, ';'));
    return bare.size == size && strncasecmp(bare.at, own, size) == 0;
}

/* The expiry of our own contact, or the header's (RFC 3261 10.3). */
static int64_t granted(const struct vo_sip_registration *registration, const struct vo_sip *response)
{
    struct vo_sip_bindings walk = {0};
    struct vo_sip_binding binding;
    while (vo_sip_binding_next(response, &walk, &binding))
        if (is_own(binding.uri, registration->contact) && binding.expires >= 0)
            return binding.expires;
    return vo_sip_seconds(response, "Expires");
}

static void take_proof(struct vo_sip_registration *registration, const struct vo_sip *response)
{
    static const char *const words[] = {
        [VO_DIGEST_ABSENT] = "absent", [VO_DIGEST_VERIFIED] = "verified", [VO_DIGEST_WRONG] = "wrong"};
    for (size_t i = 0; i < SLOTS; i++) {
        const char *at = NULL;
        struct vo_span info = {NULL, 0};
        if (!registration->slots[i].used)
            continue;
        vo_sip_header(response, slot_rows[i].info, &at, &info);
        if (!registration->proof)
            registration->proof =
                words[vo_digest_verify(&registration->slots[i].digest, registration->uri, info)];
        vo_digest_advance(&registration->slots[i].digest, info);
    }
}

static void take_success(struct vo_sip_registration *registration, const struct vo_sip *response)
{
    bool challenged = registration->slots[0].used || registration->slots[1].used;
    registration->state = challenged ? "registered" : "unchallenged";
    registration->expires = granted(registration, response);
    take_proof(registration, response);
    unregister(registration, registration->timeout);
}

static void take_failure(struct vo_sip_registration *registration, const struct vo_sip *response,
                         const char *challenge)
{
    char reason[64], *why = registration->why;
    size_t room = sizeof registration->why;
    vo_sip_text(response->reason, reason, sizeof reason);
    bool tried = registration->slots[0].used || registration->slots[1].used;
    if (response->status < 400) {
        char target[128];
        vo_sip_text(response->contact_uri, target, sizeof target);
        snprintf(why, room, "REGISTER is redirected (%u %s) to %s, which is not followed", response->status,
                 reason, target[0] ? target : "nowhere");
    } else if (challenge[0]) {
        snprintf(why, room, "the challenge (%u %.60s) cannot be answered: %.300s", response->status, reason,
                 challenge);
    } else {
        snprintf(why, room, "REGISTER was refused %s: %u %s",
                 tried ? "with credentials" : "before any challenge", response->status, reason);
        registration->state = tried ? "refused" : NULL;
    }
    finish(registration);
}

static void answered(void *context, const struct vo_sip *response)
{
    struct vo_sip_registration *registration = context;
    bool challenge = response->status == 401 || response->status == 407, done = response->status < 300;
    struct vo_error why = {0};
    if (!registration->unregistering)
        registration->code = response->status;
    if (challenge && answer_challenge(registration, response, &why))
        return;
    if (ask_for_longer(registration, response))
        return;
    if (registration->unregistering) {
        char *left = registration->unregistered;
        snprintf(left, sizeof registration->unregistered, done ? "yes" : "refused: %u", response->status);
        finish(registration);
    } else if (done) {
        take_success(registration, response);
    } else {
        take_failure(registration, response, why.message);
    }
}

static void failed(void *context, bool asked, const char *why)
{
    struct vo_sip_registration *registration = context;
    if (registration->unregistering) {
        snprintf(registration->unregistered, sizeof registration->unregistered, "%s", why);
        finish(registration);
        return;
    }
    registration->state = asked ? "no_answer" : NULL;
    snprintf(registration->why, sizeof registration->why, "%s", why);
    if (registration->slots[0].used || registration->slots[1].used)
        unregister(registration, LAST_WAIT); /* the answer may have been lost, and not the request */
    else
        finish(registration);
}

/* ---- beginning, stopping ---- */

static bool make_uris(struct vo_sip_registration *registration)
{
    const struct vo_site_account *account = registration->account;
    const char *domain = account->domain ? account->domain : registration->domain;
    return vo_sip_write_uri(NULL, domain, 0, NULL, registration->uri, sizeof registration->uri) &&
           vo_sip_write_uri(account->user, domain, 0, NULL, registration->aor, sizeof registration->aor) &&
           vo_sip_client_uri(registration->client, account->user, registration->transport,
                             registration->contact, sizeof registration->contact);
}

void vo_sip_register_begin(struct vo_sip_registration *registration)
{
    const struct vo_site_account *account = registration->account;
    registration->expires = -1;
    registration->asked_s = account->expires_s ? account->expires_s : EXPIRES_DEFAULT;
    registration->until = vo_clock_monotonic() + 2 * registration->timeout;
    registration->transaction.context = registration;
    registration->transaction.answered = answered;
    registration->transaction.failed = failed;
    vo_sip_random(registration->call_id);
    vo_sip_random(registration->tag);
    if (make_uris(registration) && send_register(registration))
        return;
    snprintf(registration->why, sizeof registration->why,
             "REGISTER cannot be written: the account's user or domain cannot stand in a SIP URI");
    finish(registration);
}

void vo_sip_register_stop(struct vo_sip_registration *registration)
{
    if (!registration->transaction.pending)
        return;
    vo_sip_client_forget(&registration->transaction);
    if (!registration->state)
        snprintf(registration->why, sizeof registration->why, "stopped before REGISTER was answered");
    unregister(registration, LAST_WAIT);
}

void vo_sip_register_clear(struct vo_sip_registration *registration)
{
    for (size_t i = 0; i < SLOTS; i++)
        vo_digest_clear(&registration->slots[i].digest);
}
