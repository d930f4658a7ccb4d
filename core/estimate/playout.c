#include "core/estimate/playout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 2000

static bool read_ms(const char **at, double *value)
{
    char *end;
    *value = strtod(*at, &end);
    bool read = end != *at && *value >= 0 && *value <= LIMIT_MS;
    *at = end;
    return read;
}

bool vo_playout_parse(const char *text, struct vo_playout_config *config)
{
    if (strncmp(text, "fixed:", 6) == 0) {
        text += 6;
        if (!read_ms(&text, &config->minimum_ms) || *text)
            return false;
        config->maximum_ms = config->minimum_ms;
        snprintf(config->name, sizeof config->name, "fixed %g ms", config->minimum_ms);
        return true;
    }
    if (strncmp(text, "adaptive:", 9) == 0) {
        text += 9;
        if (!read_ms(&text, &config->minimum_ms) || *text++ != '-' || !read_ms(&text, &config->maximum_ms) ||
            *text || config->minimum_ms >= config->maximum_ms)
            return false;
        snprintf(config->name, sizeof config->name, "adaptive %g-%g ms", config->minimum_ms,
                 config->maximum_ms);
        return true;
    }
    return false;
}

/* Where the adaptive buffer wants to be. */
static void move(struct vo_playout *playout, const struct vo_playout_config *config, vo_time time)
{
    double wanted = playout->mean_ns + 4 * playout->deviation_ns;
    playout->buffer_ns = fmin(fmax(wanted, config->minimum_ms * 1e6), config->maximum_ms * 1e6);
    playout->moved = time;
}

static void adapt(struct vo_playout *playout, const struct vo_playout_config *config, double above_ns,
                  vo_time time, bool talkspurt)
{
    const double alpha = 0.998002;
    if (playout->packets == 0 || talkspurt || time - playout->moved >= VO_NS_PER_S)
        move(playout, config, time);
    playout->mean_ns = alpha * playout->mean_ns + (1 - alpha) * above_ns;
    playout->deviation_ns = alpha * playout->deviation_ns + (1 - alpha) * fabs(playout->mean_ns - above_ns);
    playout->buffer_sum_ms += playout->buffer_ns / 1e6;
}

bool vo_playout_add(struct vo_playout *playout, const struct vo_playout_config *config, double above_ns,
                    vo_time time, bool talkspurt)
{
    if (config->minimum_ms != config->maximum_ms)
        adapt(playout, config, above_ns, time, talkspurt);
    else if (playout->packets == 0)
        playout->buffer_ns = config->minimum_ms * 1e6;
    playout->packets++;
    bool late = above_ns > playout->buffer_ns;
    playout->discarded += late;
    return late;
}

double vo_playout_mean_ms(const struct vo_playout *playout, const struct vo_playout_config *config)
{
    if (playout->packets == 0)
        return NAN;
    bool fixed = config->minimum_ms == config->maximum_ms;
    return fixed ? config->minimum_ms : playout->buffer_sum_ms / (double)playout->packets;
}
