/* What two other checks saw, compared: one CA for OpenScape Voice and BCOM (guide 5.1), and one status code
 * through HAProxy and from the UC server itself (guide 12). They begin when the others are done. */
#include "probes/reach/check.h"

#include <stdio.h>
#include <string.h>

/* The latest of this role that saw what is asked for; NULL: none. */
static const struct vo_seen *find(const struct vo_check *check, const char *role, bool status)
{
    const struct vo_reach *reach = check->reach;
    for (size_t i = reach->seen_count; i-- > 0;) {
        const struct vo_seen *seen = &reach->seen[i];
        bool fits = status ? seen->http_status && strcmp(seen->demand->row, check->demand->row) == 0
                           : seen->issuer[0] != '\0';
        if (fits && seen->demand->role && strcmp(seen->demand->role, role) == 0)
            return seen;
    }
    return NULL;
}

static void put_lack(const struct vo_check *check, enum vo_metric metric, const char *what,
                     const char *role_without)
{
    vo_observe_missing(check->reach->writer, metric, "%s: no %s was seen of the role %s",
                       check->reach->stopping ? "stopped before it was over" : "nothing to compare", what,
                       role_without);
}

static bool same_issuer(const struct vo_seen *a, const struct vo_seen *b)
{
    if (a->issuer_pin[0] && b->issuer_pin[0])
        return strcmp(a->issuer_pin, b->issuer_pin) == 0;
    return strcmp(a->issuer, b->issuer) == 0;
}

static void compare_issuers(struct vo_check *check)
{
    struct vo_record_writer *writer = check->reach->writer;
    const struct vo_seen *voice = find(check, "openscape_voice", false), *bcom = find(check, "bcom", false);
    vo_check_observe(check);
    if (voice && bcom)
        vo_observe_state(writer, VO_METRIC_TLS_SAME_ISSUER, same_issuer(voice, bcom) ? "same" : "different");
    else
        put_lack(check, VO_METRIC_TLS_SAME_ISSUER, "certificate", voice ? "bcom" : "openscape_voice");
    vo_observe_label(writer, "issuer_openscape_voice", voice ? voice->issuer : NULL);
    vo_observe_label(writer, "issuer_bcom", bcom ? bcom->issuer : NULL);
    vo_observe_end(writer);
    vo_check_done(check);
}

static void compare_statuses(struct vo_check *check)
{
    struct vo_record_writer *writer = check->reach->writer;
    const struct vo_seen *through = find(check, "haproxy", true), *direct = find(check, "uc", true);
    vo_check_observe(check);
    if (through && direct)
        vo_observe_state(writer, VO_METRIC_HTTP_STATUS_KEPT,
                         through->http_status == direct->http_status ? "same" : "changed");
    else
        put_lack(check, VO_METRIC_HTTP_STATUS_KEPT, "status code", through ? "uc" : "haproxy");
    if (through)
        vo_observe_label_number(writer, "status_haproxy", through->http_status);
    if (direct)
        vo_observe_label_number(writer, "status_uc", direct->http_status);
    vo_observe_end(writer);
    vo_check_done(check);
}

/* Both write and are done at once: there is nothing to stop or to free. */
static void nothing(struct vo_check *check)
{
    (void)check;
}

const struct vo_check_kind vo_check_same_issuer = {
    .name = "same_issuer", .start = compare_issuers, .stop = compare_issuers, .free = nothing};
const struct vo_check_kind vo_check_same_status = {
    .name = "same_status", .start = compare_statuses, .stop = compare_statuses, .free = nothing};
