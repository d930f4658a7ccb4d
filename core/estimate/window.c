#include "core/estimate/window.h"

#include <math.h>
#include <string.h>

static unsigned slot(int64_t second)
{
    return (unsigned)(second % VO_WINDOW_RING);
}

static void keep_worst(struct vo_window_worst *worst, uint64_t expected, uint64_t lost, int64_t start_s)
{
    /* lost / expected > worst, without dividing */
    if (worst->expected == 0
            ? expected > 0
            : (unsigned __int128)lost * worst->expected > (unsigned __int128)worst->lost * expected)
        *worst = (struct vo_window_worst){expected, lost, start_s};
}

/* Takes second `judged` into the window and judges the window that ends with it. */
static void judge(struct vo_window *window)
{
    int64_t second = window->judged++;
    uint32_t lost = window->lost_in[slot(second)];
    window->expected += (uint64_t)window->received_in[slot(second)] + lost;
    window->lost += lost;
    if (second >= VO_WINDOW_S) {
        unsigned gone = slot(second - VO_WINDOW_S);
        window->expected -= (uint64_t)window->received_in[gone] + window->lost_in[gone];
        window->lost -= window->lost_in[gone];
    }
    if (second < VO_WINDOW_S - 1)
        return;
    if (window->expected >= VO_WINDOW_SAMPLES)
        keep_worst(&window->worst, window->expected, window->lost, second - VO_WINDOW_S + 1);
    keep_worst(&window->worst_small, window->expected, window->lost, second - VO_WINDOW_S + 1);
}

void vo_window_settle(struct vo_window *window, int64_t second)
{
    if (second > window->newest)
        second = window->newest;
    while (window->judged < second)
        judge(window);
}

/* Makes `second` the newest. Its slot and those skipped are cleared; what they held has to be judged before.
 */
static void advance(struct vo_window *window, int64_t second)
{
    int64_t ahead = second - window->newest;
    if (ahead > 2 * VO_WINDOW_RING) {
        /* a long pause: the windows empty, then nothing happens until shortly before its end */
        advance(window, window->newest + VO_WINDOW_RING);
        vo_window_settle(window, window->newest);
        window->newest = second - VO_WINDOW_RING;
        window->judged = window->newest;
        window->expected = window->lost = 0;
        memset(window->received_in, 0, sizeof window->received_in);
        memset(window->lost_in, 0, sizeof window->lost_in);
    }
    while (window->newest < second) {
        if (window->newest - window->judged >= VO_WINDOW_LAG)
            judge(window);
        window->newest++;
        window->received_in[slot(window->newest)] = 0;
        window->lost_in[slot(window->newest)] = 0;
    }
}

void vo_window_received(struct vo_window *window, int64_t second, unsigned count)
{
    if (second > window->newest)
        advance(window, second);
    if (second < window->judged)
        second = window->judged;
    uint32_t received = window->received_in[slot(second)] + count;
    window->received_in[slot(second)] = received > UINT16_MAX ? UINT16_MAX : (uint16_t)received;
}

uint64_t vo_window_share(uint64_t count, double before, double after, double from, double to)
{
    double span = after - before;
    if (!(span > 0))
        return before >= from && before < to ? count : 0;
    /* place(i) = before + span * i / (count + 1); the number of i in 1..count with place(i) < x */
    double scale = ((double)count + 1) / span;
    double low = ceil((from - before) * scale), high = ceil((to - before) * scale);
    double last = (double)count + 1;
    low = fmin(fmax(low, 1), last);
    high = fmin(fmax(high, 1), last);
    return (uint64_t)(high - low);
}

void vo_window_lost(struct vo_window *window, uint64_t count, double before_s, double after_s)
{
    if (after_s < before_s)
        after_s = before_s;
    int64_t first = (int64_t)floor(before_s), last = (int64_t)floor(after_s);
    if (first < window->judged)
        first = window->judged;
    if (last < first)
        last = first;
    uint64_t placed = 0;
    for (int64_t second = first; second <= last; second++) {
        bool skip = second > first + VO_WINDOW_RING && second < last - VO_WINDOW_RING;
        if (skip) {
            /* hours of loss: every window within is like the ones already judged */
            int64_t next = last - VO_WINDOW_RING;
            placed += vo_window_share(count, before_s, after_s, (double)second, (double)next);
            second = next;
        }
        if (second > window->newest)
            advance(window, second);
        double from =
            second == first ? before_s : (double)second; /* what belongs before goes to the first open one */
        uint64_t share = second >= last ? count - placed
                                        : vo_window_share(count, before_s, after_s, from, (double)second + 1);
        placed += share;
        uint32_t *lost = &window->lost_in[slot(second)];
        *lost = share > UINT32_MAX - *lost ? UINT32_MAX : *lost + (uint32_t)share;
    }
}

bool vo_window_finish(struct vo_window *window, struct vo_window_worst *worst)
{
    vo_window_settle(window, window->newest);
    judge(window);
    if (window->newest < VO_WINDOW_S - 1)
        *worst = (struct vo_window_worst){window->expected, window->lost, 0};
    else
        *worst = window->worst.expected ? window->worst : window->worst_small;
    return worst->expected > 0;
}
