/*
 * Timers lie in a binary heap whose root is heap[1], so that place 0 means "not set". The next one is told to
 * the system by a timerfd among the watched descriptors: nanoseconds instead of epoll's milliseconds.
 */
#include "probes/io/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define ROUND_EVENTS 256
#define STOP_LOOK_MS 200 /* how often the stop flag is looked at when nothing happens */

struct vo_loop {
    int epoll, clock;
    bool running, quit;
    vo_time now;
    vo_time armed; /* what `clock` is set to */
    size_t watched;
    struct vo_timer **heap;
    size_t count, room;
    int event_at, event_count; /* of this round */
    struct epoll_event events[ROUND_EVENTS];
};

enum vo_status vo_loop_new(struct vo_loop **loop, struct vo_error *error)
{
    struct vo_loop *made = calloc(1, sizeof *made);
    if (!made)
        return vo_error_memory(error, "the event loop");
    made->epoll = epoll_create1(EPOLL_CLOEXEC);
    made->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    /* Edge-triggered: an expired clock that nobody sets again must not wake the loop forever. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    if (made->epoll < 0 || made->clock < 0 ||
        epoll_ctl(made->epoll, EPOLL_CTL_ADD, made->clock, &event) < 0) {
        int fault = errno;
        vo_loop_free(made);
        return vo_error_set(error, VO_ERR_IO, "cannot make an event loop: %s%s", strerror(fault),
                            fault == EMFILE ? ": raise the limit of open files (ulimit -n)" : "");
    }
    *loop = made;
    return VO_OK;
}

void vo_loop_free(struct vo_loop *loop)
{
    if (!loop)
        return;
    if (loop->epoll >= 0)
        close(loop->epoll);
    if (loop->clock >= 0)
        close(loop->clock);
    free(loop->heap);
    free(loop);
}

vo_time vo_loop_now(const struct vo_loop *loop)
{
    return loop->running ? loop->now : vo_clock_monotonic();
}

enum vo_status vo_loop_watch(struct vo_loop *loop, struct vo_watch *watch, uint32_t events,
                             struct vo_error *error)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    int action = watch->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(loop->epoll, action, watch->fd, &event) < 0)
        return vo_error_set(error, VO_ERR_IO, "cannot watch descriptor %d: %s", watch->fd, strerror(errno));
    loop->watched += !watch->watched;
    watch->watched = true;
    return VO_OK;
}

void vo_loop_unwatch(struct vo_loop *loop, struct vo_watch *watch)
{
    if (!watch->watched)
        return;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->watched = false;
    loop->watched--;
    for (int i = loop->event_at; i < loop->event_count; i++)
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
}

static void put(struct vo_loop *loop, struct vo_timer *timer, size_t place)
{
    loop->heap[place] = timer;
    timer->place = place;
}

/* Finds the timer's place from `place` on: upwards while it is due before its parent, else downwards. */
static void settle(struct vo_loop *loop, struct vo_timer *timer, size_t place)
{
    for (; place > 1 && timer->at < loop->heap[place / 2]->at; place /= 2)
        put(loop, loop->heap[place / 2], place);
    for (size_t child; (child = place * 2) <= loop->count; place = child) {
        if (child < loop->count && loop->heap[child + 1]->at < loop->heap[child]->at)
            child++;
        if (timer->at <= loop->heap[child]->at)
            break;
        put(loop, loop->heap[child], place);
    }
    put(loop, timer, place);
}

bool vo_loop_set(struct vo_loop *loop, struct vo_timer *timer, vo_time at)
{
    if (!timer->place) {
        if (loop->count + 1 >= loop->room) {
            size_t room = loop->room ? loop->room * 2 : 64;
            struct vo_timer **heap = realloc(loop->heap, room * sizeof *heap);
            if (!heap)
                return false;
            loop->heap = heap;
            loop->room = room;
        }
        timer->place = ++loop->count;
    }
    timer->at = at;
    settle(loop, timer, timer->place);
    return true;
}

void vo_loop_cancel(struct vo_loop *loop, struct vo_timer *timer)
{
    size_t place = timer->place;
    if (!place)
        return;
    timer->place = 0;
    struct vo_timer *last = loop->heap[loop->count--];
    if (last != timer)
        settle(loop, last, place);
}

/* Waits for the next thing to happen; VO_OK too when that is nothing but a look at the stop flag. */
static enum vo_status wait_for_events(struct vo_loop *loop, bool stoppable, struct vo_error *error)
{
    int patience = stoppable ? STOP_LOOK_MS : -1;
    if (loop->count) {
        vo_time at = loop->heap[1]->at;
        if (at <= vo_clock_monotonic()) {
            patience = 0;
        } else if (at != loop->armed) {
            struct itimerspec when = {.it_value = {at / VO_NS_PER_S, at % VO_NS_PER_S}};
            if (timerfd_settime(loop->clock, TFD_TIMER_ABSTIME, &when, NULL) < 0)
                return vo_error_set(error, VO_ERR_IO, "cannot set the clock of the event loop: %s",
                                    strerror(errno));
            loop->armed = at;
        }
    }
    loop->event_at = 0;
    loop->event_count = epoll_wait(loop->epoll, loop->events, ROUND_EVENTS, patience);
    if (loop->event_count < 0) {
        loop->event_count = 0;
        if (errno != EINTR)
            return vo_error_set(error, VO_ERR_IO, "cannot wait for events: %s", strerror(errno));
    }
    loop->now = vo_clock_monotonic();
    return VO_OK;
}

static void run_events(struct vo_loop *loop)
{
    while (!loop->quit && loop->event_at < loop->event_count) {
        const struct epoll_event event = loop->events[loop->event_at++];
        struct vo_watch *watch = event.data.ptr; /* NULL: the clock, or not watched any more */
        if (watch)
            watch->ready(watch->context, event.events);
    }
}

/* At most as many as there are now: timers that set themselves anew at once must not keep events waiting. */
static void run_timers(struct vo_loop *loop)
{
    for (size_t left = loop->count; left && !loop->quit && loop->count; left--) {
        struct vo_timer *timer = loop->heap[1];
        if (timer->at > loop->now)
            return;
        vo_loop_cancel(loop, timer);
        timer->due(timer->context);
    }
}

enum vo_status vo_loop_run(struct vo_loop *loop, const volatile sig_atomic_t *stop, struct vo_error *error)
{
    enum vo_status status = VO_OK;
    loop->now = vo_clock_monotonic();
    loop->running = true;
    while (status == VO_OK && !loop->quit && (loop->watched || loop->count) && !(stop && *stop)) {
        status = wait_for_events(loop, stop != NULL, error);
        run_events(loop); /* before the timers: what came in time counts, even if it is seen late */
        run_timers(loop);
    }
    loop->running = false;
    loop->quit = false;
    loop->event_at = loop->event_count = 0;
    return status;
}

void vo_loop_quit(struct vo_loop *loop)
{
    loop->quit = true;
}
