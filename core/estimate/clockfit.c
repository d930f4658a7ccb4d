/*
 * The model: B's clock minus A's is a line, theta(t) = offset + skew * (t - reference), t being A's time. A
 * packet from A to B shows y = b - a = theta + delay, one from B to A shows y = a - b = delay - theta (delays
 * measured by A's clock to within the skew, 0.02 % of themselves). Delays are not negative. So theta lies
 * below every point of direction 0 and, mirrored, -theta lies below every point of direction 1, and a line
 * below points lies below their lower convex hull.
 *
 * Offset: the two hulls at the reference are an upper and a lower bound of theta there, whatever the skew is.
 * The middle is the estimate, half the distance the bound. The reference is the middle of the time that both
 * directions cover, where the bounds are tightest; if they share none, it is the middle between them, and a
 * bound is carried there from the nearest end of its hull with a clock rate error of at most RATE_LIMIT.
 *
 * Skew: the line below direction 0 and the one below direction 1 have opposite slopes s and -s. Of all pairs
 * of lines below their points, take the one that minimises the sum of the heights of the points above them
 * (Moon, Skelly and Towsley 1999, there for one direction). For a given s the best lines touch their hulls,
 * so the sum is a function of s alone, F(s) = sum(y0 - s t0) - n0 min(y0 - s t0) + sum(y1 + s t1) - n1 min(y1
 * + s t1), convex and piecewise linear, with its corners where s is the slope of an edge of a hull. Both
 * hulls have their edges in order of slope, so walking them together until the derivative turns positive
 * finds the minimum in one pass. Compared with least squares it does not see queueing: only the fastest
 * packets matter.
 *
 * How good the slope is: let the minima of a direction stand r above its line on average. A queue that grows
 * steadily all along tilts its lowest points by g over the whole time; then the two directions disagree by g,
 * the worse of them has r = g / 2, and the true slope is up to 2 r over the time away. Three times r, for the
 * worse direction, is given as the error. With independent queueing the real error is smaller by about the
 * number of seconds. In one direction alone a growing queue and a fast clock cannot be told apart.
 *
 * Where clocks do not run evenly (they are steered), the residual and, if the hulls cross, their overlap are
 * added to the bound.
 */
#include "core/estimate/clockfit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATE_LIMIT     1e6  /* ns a second: 1000 ppm, twice of what kernels slew at most */
#define RESOLUTION_NS  1000 /* captures are stamped to the microsecond at best, or nearly so */
#define SKEW_SPAN_S    30
#define SKEW_MINIMA    10
#define FIRST_CAPACITY 64

struct minimum {
    int64_t second; /* of A's time */
    vo_time a;
    int64_t y; /* b - a in direction 0, a - b in direction 1 */
};

struct direction {
    struct minimum *minima; /* ascending by second, one for each */
    size_t *hull;           /* room for the corners of the lower hull, so that solving cannot fail */
    size_t count, capacity;
};

struct vo_clockfit {
    struct direction directions[2];
};

struct vo_clockfit *vo_clockfit_new(void)
{
    return calloc(1, sizeof(struct vo_clockfit));
}

void vo_clockfit_free(struct vo_clockfit *fit)
{
    if (!fit)
        return;
    for (int i = 0; i < 2; i++) {
        free(fit->directions[i].minima);
        free(fit->directions[i].hull);
    }
    free(fit);
}

static bool grow(struct direction *direction)
{
    if (direction->count < direction->capacity)
        return true;
    size_t capacity = direction->capacity ? 2 * direction->capacity : FIRST_CAPACITY;
    struct minimum *minima = reallocarray(direction->minima, capacity, sizeof *minima);
    if (!minima)
        return false;
    direction->minima = minima;
    size_t *hull = reallocarray(direction->hull, capacity, sizeof *hull);
    if (!hull)
        return false;
    direction->hull = hull;
    direction->capacity = capacity;
    return true;
}

/* Index of the first minimum whose second is not before `second`; packets mostly come in order of time. */
static size_t find(const struct direction *direction, int64_t second)
{
    size_t low = 0, high = direction->count;
    if (high > 0 && direction->minima[high - 1].second < second)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (direction->minima[middle].second < second)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool vo_clockfit_add(struct vo_clockfit *fit, int direction, vo_time a, vo_time b)
{
    struct minimum new = {a / VO_NS_PER_S, a, 0};
    bool far = direction == 0 ? __builtin_sub_overflow(b, a, &new.y) : __builtin_sub_overflow(a, b, &new.y);
    if (a == VO_TIME_UNKNOWN || b == VO_TIME_UNKNOWN || far || new.y == INT64_MIN)
        return true; /* nothing that could be told from it */
    struct direction *to = &fit->directions[direction != 0];
    size_t at = find(to, new.second);
    if (at < to->count && to->minima[at].second == new.second) {
        if (new.y < to->minima[at].y)
            to->minima[at] = new;
        return true;
    }
    if (!grow(to))
        return false;
    memmove(&to->minima[at + 1], &to->minima[at], (to->count - at) * sizeof new);
    to->minima[at] = new;
    to->count++;
    return true;
}

/* One direction during a solution. Times and values are taken from nearby origins, so that doubles hold them
 * to less than a nanosecond. */
struct envelope {
    const struct minimum *minima;
    const size_t *hull;
    size_t count, corners;
    vo_time reference;
    int64_t base;  /* origin of y: b - a of some packet, negated in direction 1 */
    double sum_t;  /* over all minima, seconds */
    double sum_y;  /* ns */
    size_t corner; /* where a line of the slope in hand touches the hull */
};

static double difference(int64_t from, int64_t to)
{
    int64_t result;
    return __builtin_sub_overflow(to, from, &result) ? (double)to - (double)from : (double)result;
}

static double time_of(const struct envelope *envelope, size_t index)
{
    return difference(envelope->reference, envelope->minima[index].a) / (double)VO_NS_PER_S;
}

static double value_of(const struct envelope *envelope, size_t index)
{
    return difference(envelope->base, envelope->minima[index].y);
}

/* Slope of the hull's edge from corner `i` to the next, ns a second. */
static double edge(const struct envelope *envelope, size_t i)
{
    size_t from = envelope->hull[i], to = envelope->hull[i + 1];
    return (value_of(envelope, to) - value_of(envelope, from)) /
           (time_of(envelope, to) - time_of(envelope, from));
}

/* The minima are in order of time, not only of seconds, because seconds do not overlap. */
static struct envelope envelope_of(const struct direction *direction, vo_time reference, int64_t base)
{
    struct envelope envelope = {
        direction->minima, direction->hull, direction->count, 0, reference, base, 0, 0, 0};
    for (size_t i = 0; i < direction->count; i++) {
        envelope.sum_t += time_of(&envelope, i);
        envelope.sum_y += value_of(&envelope, i);
        direction->hull[envelope.corners++] = i;
        while (envelope.corners > 2 &&
               edge(&envelope, envelope.corners - 3) >= edge(&envelope, envelope.corners - 2)) {
            direction->hull[envelope.corners - 2] = i;
            envelope.corners--;
        }
    }
    return envelope;
}

/* Height of the hull at the reference (t = 0): no line below the points is higher there. */
static double hull_at_reference(const struct envelope *envelope)
{
    size_t i = 0;
    while (i < envelope->corners && time_of(envelope, envelope->hull[i]) < 0)
        i++;
    if (i == 0 || i == envelope->corners) {
        size_t end = envelope->hull[i == 0 ? 0 : i - 1];
        return value_of(envelope, end) + RATE_LIMIT * fabs(time_of(envelope, end));
    }
    size_t before = envelope->hull[i - 1];
    return value_of(envelope, before) - edge(envelope, i - 1) * time_of(envelope, before);
}

/* Derivative of this direction's part of F by the slope of its own line, which touches the hull at `corner`.
 */
static double gain(const struct envelope *envelope)
{
    return (double)envelope->count * time_of(envelope, envelope->hull[envelope->corner]) - envelope->sum_t;
}

/* The slope s of theta that minimises F, ns a second; each envelope's `corner` is left where its line
 * touches. As s grows, the line under direction 0 rolls along its hull to the right, and the one under
 * direction 1, of slope -s, to the left. */
static double joint_slope(struct envelope *up, struct envelope *down)
{
    double slope = 0;
    up->corner = 0;
    down->corner = down->corners > 0 ? down->corners - 1 : 0;
    for (;;) {
        bool up_left = up->corner + 1 < up->corners, down_left = down->corner > 0;
        double derivative = (up->count ? gain(up) : 0) - (down->count ? gain(down) : 0);
        if (derivative >= 0 || (!up_left && !down_left))
            return slope;
        double next_up = up_left ? edge(up, up->corner) : INFINITY;
        double next_down = down_left ? -edge(down, down->corner - 1) : INFINITY;
        slope = fmin(next_up, next_down);
        if (next_up <= next_down)
            up->corner++;
        else
            down->corner--;
    }
}

/* Least height at the reference of a line of the given slope through the points: it lies below all of them.
 */
static double line_below(const struct envelope *envelope, double slope)
{
    double least = INFINITY;
    for (size_t i = 0; i < envelope->corners; i++) {
        size_t index = envelope->hull[i];
        least = fmin(least, value_of(envelope, index) - slope * time_of(envelope, index));
    }
    return least;
}

/* Mean height of the minima above that line. */
static double residual(const struct envelope *envelope, double slope)
{
    if (envelope->count == 0)
        return 0;
    return (envelope->sum_y - slope * envelope->sum_t) / (double)envelope->count -
           line_below(envelope, slope);
}

/* Time that a direction covers if it can give a slope, or 0. */
static double skew_span(const struct envelope *envelope)
{
    if (envelope->count < SKEW_MINIMA)
        return 0;
    double span = time_of(envelope, envelope->count - 1) - time_of(envelope, 0);
    return span >= SKEW_SPAN_S ? span : 0;
}

/* The middle of what both directions cover, or of what lies between them, or of the only one. */
static vo_time reference_of(const struct vo_clockfit *fit)
{
    vo_time first = INT64_MIN, last = INT64_MAX;
    for (int i = 0; i < 2; i++) {
        const struct direction *direction = &fit->directions[i];
        if (direction->count == 0)
            continue;
        if (direction->minima[0].a > first)
            first = direction->minima[0].a;
        if (direction->minima[direction->count - 1].a < last)
            last = direction->minima[direction->count - 1].a;
    }
    return first / 2 + last / 2 + (first % 2 + last % 2) / 2;
}

struct vo_clockfit_result vo_clockfit_solve(const struct vo_clockfit *fit)
{
    struct vo_clockfit_result result = {{false, false}, false, NAN, NAN, false, NAN, NAN, VO_TIME_UNKNOWN};
    const struct direction *there = &fit->directions[0], *back = &fit->directions[1];
    result.directions[0] = there->count > 0;
    result.directions[1] = back->count > 0;
    if (there->count + back->count == 0)
        return result;
    result.reference = reference_of(fit);
    int64_t base = there->count ? there->minima[0].y : -back->minima[0].y;
    struct envelope up = envelope_of(there, result.reference, base);
    struct envelope down = envelope_of(back, result.reference, -base);

    double slope = 0, span = fmax(skew_span(&up), skew_span(&down));
    if (span > 0)
        slope = joint_slope(&up, &down);
    double spread = fmax(residual(&up, slope), residual(&down, -slope));
    if (span > 0) {
        result.has_skew = true;
        result.skew_ppm = slope / 1e3;
        result.skew_error_ppm = (3 * spread + RESOLUTION_NS) / span / 1e3;
    }
    if (result.directions[0] && result.directions[1]) {
        double above = hull_at_reference(&up), below = -hull_at_reference(&down);
        double round_trip = line_below(&up, slope) + line_below(&down, -slope);
        double crossing = round_trip < 0 ? -round_trip : 0;
        result.has_offset = true;
        result.offset_ns = (double)base + (above + below) / 2;
        result.offset_error_ns = fabs(above - below) / 2 + spread + crossing + RESOLUTION_NS;
    }
    return result;
}

double vo_clockfit_delay(const struct vo_clockfit_result *result, int direction, vo_time a, vo_time b)
{
    double theta = result->has_offset ? result->offset_ns : 0;
    if (result->has_skew)
        theta += result->skew_ppm * 1e3 * difference(result->reference, a) / (double)VO_NS_PER_S;
    double shown = difference(a, b) - theta;
    return direction == 0 ? shown : -shown;
}
