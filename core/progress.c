#include "core/progress.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUIET_TIME VO_NS_PER_S
#define DRAW_EVERY (200 * VO_NS_PER_MS)

#define TEXT_SIZE 32

/* 1234567 as 1,234,567 */
static const char *group_digits(uint64_t value, char text[TEXT_SIZE])
{
    char *at = &text[TEXT_SIZE - 1];
    *at = '\0';
    for (int digits = 0; digits == 0 || value; digits++) {
        if (digits && digits % 3 == 0)
            *--at = ',';
        *--at = (char)('0' + value % 10);
        value /= 10;
    }
    return at;
}

void vo_progress_start(struct vo_progress *progress, FILE *stream, const char *what, bool quiet, vo_time now)
{
    const char *wanted = getenv(VO_PROGRESS_ENVIRONMENT);
    bool off = quiet || (wanted && strcmp(wanted, "off") == 0);
    *progress = (struct vo_progress){
        .stream = stream,
        .what = what,
        .started = now,
        .active = !off && isatty(fileno(stream)) == 1,
    };
}

static void put_time_left(FILE *stream, double seconds)
{
    uint64_t left = seconds < 86400e3 ? (uint64_t)(seconds + 0.5) : (uint64_t)86400e3;
    if (left >= 3600)
        fprintf(stream, ", %u:%02u:%02u left", (unsigned)(left / 3600), (unsigned)(left / 60 % 60),
                (unsigned)(left % 60));
    else
        fprintf(stream, ", %u:%02u left", (unsigned)(left / 60), (unsigned)(left % 60));
}

static void draw(struct vo_progress *progress, uint64_t count, uint64_t done, uint64_t total, double seconds)
{
    char number[TEXT_SIZE], rate[TEXT_SIZE];
    fprintf(progress->stream, "\r%s %s, %s/s", group_digits(count, number), progress->what,
            group_digits((uint64_t)((double)count / seconds), rate));
    if (total && done) {
        double share = done < total ? (double)done / (double)total : 1;
        fprintf(progress->stream, ", %d %%", (int)(share * 100));
        put_time_left(progress->stream, seconds / share - seconds);
    }
    fputs("\033[K", progress->stream); /* what a longer line left */
    fflush(progress->stream);
}

void vo_progress_update(struct vo_progress *progress, uint64_t count, uint64_t done, uint64_t total,
                        vo_time now)
{
    if (!progress->active || now - progress->started < QUIET_TIME ||
        (progress->drawn && now - progress->shown < DRAW_EVERY))
        return;
    progress->shown = now;
    progress->drawn = true;
    draw(progress, count, done, total, (double)(now - progress->started) / (double)VO_NS_PER_S);
}

void vo_progress_finish(struct vo_progress *progress)
{
    if (progress->drawn) {
        fputs("\r\033[K", progress->stream);
        fflush(progress->stream);
    }
    progress->active = progress->drawn = false;
}
