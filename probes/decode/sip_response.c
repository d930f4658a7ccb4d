#include "probes/decode/sip_response.h"

#include "probes/decode/sip_parts.h"
#include "probes/decode/text.h"

/* Where the element at `at` ends. What is opened and not closed is taken as it stands. */
static const char *element_end(const char *at, const char *end)
{
    bool quotes = true;
    for (; at < end && *at != ','; at++) {
        const char *close = NULL;
        if (*at == '"' && quotes) {
            close = vo_sip_closing_quote(at, end);
            quotes = close != NULL;
        } else if (*at == '<') {
            close = memchr(at, '>', (size_t)(end - at));
        }
        at = close ? close : at;
    }
    return at;
}

bool vo_sip_list_next(struct vo_span *rest, struct vo_span *element)
{
    while (rest->size > 0) {
        const char *end = vo_span_end(*rest), *stop = element_end(rest->at, end);
        *element = vo_span_trim(vo_span_between(rest->at, stop));
        *rest = vo_span_between(stop < end ? stop + 1 : end, end);
        if (element->size > 0)
            return true;
    }
    return false;
}

static int64_t seconds_of(struct vo_span text)
{
    uint64_t number;
    if (!text.at || !vo_span_number(text, &number) || number > UINT32_MAX)
        return -1;
    return (int64_t)number;
}

bool vo_sip_binding_next(const struct vo_sip *message, struct vo_sip_bindings *walk,
                         struct vo_sip_binding *binding)
{
    struct vo_span element, parameters;
    while (!vo_sip_list_next(&walk->rest, &element))
        if (!vo_sip_header(message, "Contact", &walk->at, &walk->rest))
            return false;
    binding->uri = vo_sip_address(element, false, &parameters);
    binding->expires = seconds_of(vo_sip_parameter(parameters, "expires"));
    return true;
}

int64_t vo_sip_seconds(const struct vo_sip *message, const char *name)
{
    const char *at = NULL;
    struct vo_span value;
    return vo_sip_header(message, name, &at, &value) ? seconds_of(value) : -1;
}

struct vo_span vo_sip_auth_parameter(struct vo_span parameters, const char *name)
{
    struct vo_span element;
    while (vo_sip_list_next(&parameters, &element)) {
        struct vo_span value = element;
        if (!vo_span_is(vo_span_trim(vo_span_cut(&value, '=')), name))
            continue;
        value = vo_span_trim(value);
        if (value.size == 0 || value.at[0] != '"')
            return value;
        if (vo_sip_closing_quote(value.at, vo_span_end(value)) == vo_span_end(value) - 1)
            return (struct vo_span){value.at + 1, value.size - 2};
        break;
    }
    return (struct vo_span){NULL, 0};
}

struct vo_sip_seen vo_sip_seen(const struct vo_sip *message)
{
    struct vo_sip_seen seen = {{NULL, 0}, 0};
    const char *at = NULL;
    struct vo_span via;
    uint64_t port;
    if (!vo_sip_header(message, "Via", &at, &via))
        return seen;
    seen.received = vo_sip_parameter(via, "received");
    struct vo_span rport = vo_sip_parameter(via, "rport");
    if (rport.at && vo_span_number(rport, &port) && port <= UINT16_MAX)
        seen.rport = (uint16_t)port;
    return seen;
}
