#include "probes/wlan/round.h"

static void enter(struct vo_round *round, enum vo_round_state state, int64_t now_ns)
{
    round->state = state;
    round->since_ns = now_ns;
    round->lost = false;
}

void vo_round_asked(struct vo_round *round, int64_t now_ns)
{
    enter(round, VO_ROUND_ASKED, now_ns);
    round->began_ns = now_ns;
}

void vo_round_busy(struct vo_round *round, int64_t now_ns)
{
    if (round->state == VO_ROUND_THEIRS)
        return;
    enter(round, VO_ROUND_THEIRS, now_ns);
    round->began_ns = INT64_MIN;
}

void vo_round_idle(struct vo_round *round, int64_t now_ns)
{
    enter(round, VO_ROUND_IDLE, now_ns);
}

/* Of any interface of the radio. An event that names neither is nobody's. */
static bool is_of_radio(const struct vo_round *round, const struct vo_wlan_event *event)
{
    if (vo_wlan_event_has(event, VO_EVENT_WIPHY))
        return event->wiphy == round->wiphy;
    return vo_wlan_event_has(event, VO_EVENT_INTERFACE) && event->index == round->index;
}

static enum vo_round_news begin(struct vo_round *round, int64_t now_ns)
{
    if (round->state == VO_ROUND_ASKED) {
        enter(round, VO_ROUND_OURS, now_ns);
    } else {
        enter(round, VO_ROUND_THEIRS, now_ns);
        round->began_ns = now_ns;
    }
    return VO_ROUND_NOTHING;
}

static enum vo_round_news end(struct vo_round *round, bool done, int64_t now_ns)
{
    /* an end without its begin: the begin may be among what was lost */
    bool ours = round->state == VO_ROUND_OURS || (round->state == VO_ROUND_ASKED && round->lost);
    bool before_ours = round->state == VO_ROUND_ASKED && !ours;
    bool known = round->state != VO_ROUND_IDLE && !before_ours;
    round->ended_ns = known ? round->began_ns : INT64_MIN;
    if (!before_ours)
        enter(round, VO_ROUND_IDLE, now_ns);
    if (ours)
        return done ? VO_ROUND_DONE : VO_ROUND_ABORTED;
    return done ? VO_ROUND_OTHERS_DONE : VO_ROUND_OTHERS_ABORTED;
}

enum vo_round_news vo_round_hear(struct vo_round *round, const struct vo_wlan_event *event, int64_t now_ns)
{
    bool ours = is_of_radio(round, event);
    switch (event->kind) {
    case VO_WLAN_EVENT_LOST:
        round->losses++;
        if (!round->lost)
            round->since_ns = now_ns;
        round->lost = true;
        return VO_ROUND_NOTHING;
    case VO_WLAN_EVENT_SCAN_STARTED:
        return ours ? begin(round, now_ns) : VO_ROUND_NOTHING;
    case VO_WLAN_EVENT_SCAN_DONE:
    case VO_WLAN_EVENT_SCAN_ABORTED:
        return ours ? end(round, event->kind == VO_WLAN_EVENT_SCAN_DONE, now_ns) : VO_ROUND_NOTHING;
    case VO_WLAN_EVENT_DEL_INTERFACE:
        return vo_wlan_event_has(event, VO_EVENT_INTERFACE) && event->index == round->index
                   ? VO_ROUND_GONE
                   : VO_ROUND_NOTHING;
    case VO_WLAN_EVENT_DEL_WIPHY:
        return ours ? VO_ROUND_GONE : VO_ROUND_NOTHING;
    default:
        return VO_ROUND_NOTHING;
    }
}

bool vo_round_overdue(const struct vo_round *round, int64_t now_ns)
{
    int64_t patience = round->lost ? VO_ROUND_PATIENCE_LOST_NS : VO_ROUND_PATIENCE_NS;
    return round->state != VO_ROUND_IDLE && now_ns - round->since_ns >= patience;
}
