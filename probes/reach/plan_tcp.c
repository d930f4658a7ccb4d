/* The plan of --tcp: plain ports, without a site file. */
#include "probes/reach/plan.h"

#include <string.h>

static const enum vo_metric metrics[] = {VO_METRIC_REACH_STATE, VO_METRIC_REACH_CONNECT_MS};
static const struct vo_gives gives_connection = {.metrics = metrics, .count = 2};

static enum vo_status add_target(struct vo_plan *plan, const char *target, struct vo_error *error)
{
    char host[256];
    struct vo_port_range range;
    const char *colon = strrchr(target, ':'), *end;
    size_t size = colon ? (size_t)(colon - target) : 0;
    bool bracketed = size > 2 && target[0] == '[' && target[size - 1] == ']';
    if (!colon || size == 0 || size > 255 || !vo_port_range_parse(colon + 1, &range, &end) || *end ||
        (!bracketed && (memchr(target, ':', size) || target[0] == '[')))
        return vo_error_set(
            error, VO_ERR_USAGE,
            "--tcp: '%.200s' is not HOST:PORT or HOST:PORT-PORT, such as sbc.example.com:5061 "
            "or [2001:db8::1]:5060-5061",
            target);
    memcpy(host, target + bracketed, size - 2 * bracketed);
    host[size - 2 * bracketed] = '\0';
    const char *kept = vo_plan_keep(plan, host);
    for (unsigned port = range.first; port <= range.last; port++)
        vo_plan_add(plan, (struct vo_demand){.kind = &vo_check_tcp,
                                             .gives = &gives_connection,
                                             .row = "tcp",
                                             .role = "target",
                                             .host = kept,
                                             .transport = "tcp",
                                             .port = (uint16_t)port,
                                             .judged = true});
    return plan->failed ? vo_error_memory(error, "the list of targets") : VO_OK;
}

enum vo_status vo_plan_tcp(struct vo_plan *plan, const char *const *targets, size_t count,
                           struct vo_error *error)
{
    enum vo_status status = VO_OK;
    for (size_t i = 0; i < count && status == VO_OK; i++)
        status = add_target(plan, targets[i], error);
    return status;
}
