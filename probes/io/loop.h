/*
 * One thread's event loop: file descriptors (epoll) and timers. Everything that a probe does at once goes
 * through it.
 *
 * Times are monotonic nanoseconds (vo_clock_monotonic()). Callbacks may watch, unwatch, set and cancel
 * anything, also what is due in the same round; what was unwatched or cancelled is not called any more, and
 * its memory may be freed.
 */
#ifndef VO_PROBES_IO_LOOP_H
#define VO_PROBES_IO_LOOP_H

#include "core/clock.h"
#include "core/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vo_loop;

/* Both are embedded in what uses them, zero-initialised; ready, due and context are set by the user. */
struct vo_watch {
    void (*ready)(void *context, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */
    void *context;
    int fd;
    bool watched; /* the loop's */
};
struct vo_timer {
    void (*due)(void *context);
    void *context;
    vo_time at;
    size_t place; /* the loop's: 0 when not set */
};

enum vo_status vo_loop_new(struct vo_loop **loop, struct vo_error *error);
void vo_loop_free(struct vo_loop *loop);
/* The time of the present round. */
vo_time vo_loop_now(const struct vo_loop *loop);
/* Begins to watch watch->fd, or changes the events. */
enum vo_status vo_loop_watch(struct vo_loop *loop, struct vo_watch *watch, uint32_t events,
                             struct vo_error *error);
void vo_loop_unwatch(struct vo_loop *loop, struct vo_watch *watch);
/* Sets or moves a timer. False: out of memory. */
bool vo_loop_set(struct vo_loop *loop, struct vo_timer *timer, vo_time at);
void vo_loop_cancel(struct vo_loop *loop, struct vo_timer *timer);
/* Runs until vo_loop_quit(), nothing is watched and no timer is set, or *stop (may be NULL; set by a signal
 * handler). VO_ERR_IO if waiting fails. */
enum vo_status vo_loop_run(struct vo_loop *loop, const volatile sig_atomic_t *stop, struct vo_error *error);
void vo_loop_quit(struct vo_loop *loop);

#endif
