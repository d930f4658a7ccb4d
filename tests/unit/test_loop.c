/* The event loop: order of timers, and callbacks that take away what is due in the same round. */
#include "probes/io/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct vo_loop *loop;

static int make(void **state)
{
    (void)state;
    return vo_loop_new(&loop, NULL) == VO_OK ? 0 : -1;
}
static int unmake(void **state)
{
    (void)state;
    vo_loop_free(loop);
    return 0;
}
static void run(void)
{
    struct vo_error error;
    assert_int_equal(vo_loop_run(loop, NULL, &error), VO_OK);
}

/* --- timers --- */

static char journal[64];
struct mark {
    struct vo_timer timer;
    char letter;
};
static void mark_due(void *context)
{
    const struct mark *mark = context;
    journal[strlen(journal)] = mark->letter;
}
static struct mark mark_of(char letter)
{
    return (struct mark){.letter = letter};
}
static void set(struct mark *mark, vo_time at)
{
    mark->timer.due = mark_due;
    mark->timer.context = mark;
    assert_true(vo_loop_set(loop, &mark->timer, at));
}

static void timers_come_in_order_of_time(void **state)
{
    (void)state;
    memset(journal, 0, sizeof journal);
    struct mark a = mark_of('a'), b = mark_of('b'), c = mark_of('c'), d = mark_of('d'), e = mark_of('e');
    vo_time now = vo_clock_monotonic();
    set(&d, now + 4 * VO_NS_PER_MS);
    set(&b, now + 2 * VO_NS_PER_MS);
    set(&a, now + 9 * VO_NS_PER_MS);
    set(&c, now + 3 * VO_NS_PER_MS);
    set(&e, now + 5 * VO_NS_PER_MS);
    set(&a, now + 1 * VO_NS_PER_MS); /* moved to the front */
    set(&b, now + 6 * VO_NS_PER_MS); /* moved to the back */
    vo_loop_cancel(loop, &d.timer);
    vo_loop_cancel(loop, &d.timer); /* twice is once */
    run();
    assert_string_equal(journal, "aceb");
    assert_int_equal(a.timer.place, 0);
    assert_true(vo_clock_monotonic() >= now + 6 * VO_NS_PER_MS);
}

#define MANY 10000
static struct vo_timer many[MANY];
static size_t many_fired;
static vo_time many_last;
static void many_due(void *context)
{
    const struct vo_timer *timer = context;
    assert_true(timer->at >= many_last);
    many_last = timer->at;
    many_fired++;
}

/* Times of a linear congruential generator (Numerical Recipes' constants), all past; every third is cancelled
 * and every fifth moved, so that removal from the middle of the heap is proven: 10000 - 3334 fire. */
static void ten_thousand_timers_keep_their_order(void **state)
{
    (void)state;
    uint32_t random = 1;
    memset(many, 0, sizeof many);
    many_fired = 0;
    many_last = 0;
    for (int i = 0; i < MANY; i++) {
        random = random * 1664525u + 1013904223u;
        many[i] = (struct vo_timer){.due = many_due, .context = &many[i]};
        assert_true(vo_loop_set(loop, &many[i], 1 + random % 100000));
    }
    for (int i = 0; i < MANY; i += 5) {
        random = random * 1664525u + 1013904223u;
        assert_true(vo_loop_set(loop, &many[i], 1 + random % 100000));
    }
    for (int i = 0; i < MANY; i += 3)
        vo_loop_cancel(loop, &many[i]);
    run();
    assert_int_equal(many_fired, 6666);
}

static struct vo_timer *victim;
static int killings;
static void kill_other(void *context)
{
    (void)context;
    killings++;
    vo_loop_cancel(loop, victim);
    free(victim);
    victim = NULL;
}
static void must_not_come(void *context)
{
    (void)context;
    fail();
}
static void a_timer_may_free_another_that_is_due(void **state)
{
    (void)state;
    struct vo_timer killer = {.due = kill_other};
    victim = calloc(1, sizeof *victim);
    assert_non_null(victim);
    victim->due = must_not_come;
    killings = 0;
    assert_true(vo_loop_set(loop, &killer, 1));
    assert_true(vo_loop_set(loop, victim, 2));
    run();
    assert_int_equal(killings, 1);
}

/* --- descriptors --- */

struct tube {
    int ends[2];
    struct vo_watch watch;
    struct tube *other;
    int calls;
};
static struct tube *tube_new(void (*ready)(void *context, uint32_t events))
{
    struct tube *tube = calloc(1, sizeof *tube);
    assert_non_null(tube);
    assert_int_equal(pipe2(tube->ends, O_NONBLOCK | O_CLOEXEC), 0);
    tube->watch = (struct vo_watch){.ready = ready, .context = tube, .fd = tube->ends[0]};
    assert_int_equal(vo_loop_watch(loop, &tube->watch, EPOLLIN, NULL), VO_OK);
    return tube;
}
static void tube_free(struct tube *tube)
{
    vo_loop_unwatch(loop, &tube->watch);
    close(tube->ends[0]);
    close(tube->ends[1]);
    free(tube);
}
static void tube_write(const struct tube *tube)
{
    assert_int_equal(write(tube->ends[1], "x", 1), 1);
}

static int survivors;
static void free_both(void *context, uint32_t events)
{
    struct tube *tube = context;
    assert_true(events & EPOLLIN);
    survivors++;
    tube_free(tube->other);
    tube_free(tube);
}
/* Both are ready in one round; whichever comes first frees both, so the other one's memory must not be used.
 */
static void a_watch_may_free_another_that_is_ready(void **state)
{
    (void)state;
    struct tube *one = tube_new(free_both), *two = tube_new(free_both);
    one->other = two;
    two->other = one;
    tube_write(one);
    tube_write(two);
    survivors = 0;
    run();
    assert_int_equal(survivors, 1);
}

static struct mark deadline;
static void answer_in_time(void *context, uint32_t events)
{
    struct tube *tube = context;
    (void)events;
    journal[strlen(journal)] = 'r';
    vo_loop_cancel(loop, &deadline.timer);
    tube_free(tube);
}
static void what_came_counts_before_a_time_out_that_is_as_late(void **state)
{
    (void)state;
    memset(journal, 0, sizeof journal);
    struct tube *tube = tube_new(answer_in_time);
    tube_write(tube);
    deadline = mark_of('t');
    set(&deadline, vo_clock_monotonic() - VO_NS_PER_S);
    run();
    assert_string_equal(journal, "r");
}

static struct vo_timer restless;
static int rounds;
static void set_anew(void *context)
{
    (void)context;
    assert_true(++rounds < 100);
    assert_true(vo_loop_set(loop, &restless, 0));
}
static void stop_restless(void *context, uint32_t events)
{
    (void)events;
    vo_loop_cancel(loop, &restless);
    tube_free(context);
}
static void a_timer_that_sets_itself_anew_does_not_starve_the_rest(void **state)
{
    (void)state;
    struct tube *tube = tube_new(stop_restless);
    restless = (struct vo_timer){.due = set_anew};
    rounds = 0;
    set_anew(NULL);
    tube_write(tube);
    run(); /* ends, because the descriptor has its turn */
}

static void count_calls(void *context, uint32_t events)
{
    struct tube *tube = context;
    (void)events;
    tube->calls++;
}
static void quit_loop(void *context)
{
    (void)context;
    vo_loop_quit(loop);
}

static void quitting_ends_the_round_at_once(void **state)
{
    (void)state;
    struct vo_timer quit = {.due = quit_loop}, later = {.due = must_not_come};
    assert_true(vo_loop_set(loop, &quit, 1));
    assert_true(vo_loop_set(loop, &later, 2));
    run();
    vo_loop_cancel(loop, &later);
    run(); /* nothing left: returns */
}

static volatile sig_atomic_t stop;
static void on_alarm(int signal_number)
{
    (void)signal_number;
    stop = 1;
}
/* By then the only timer is over, and nobody sets the clock again: it must not wake the loop over and over.
 * 300 ms of idling cost far less than 100 ms of processor. */
static void a_signal_stops_it_and_idling_costs_nothing(void **state)
{
    (void)state;
    struct tube *tube = tube_new(count_calls);
    struct mark first = mark_of('f');
    memset(journal, 0, sizeof journal);
    set(&first, vo_clock_monotonic() + VO_NS_PER_MS);
    signal(SIGALRM, on_alarm);
    stop = 0;
    struct itimerval soon = {.it_value = {0, 300000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    vo_time before = vo_clock_monotonic();
    clock_t used = clock();
    assert_int_equal(vo_loop_run(loop, &stop, NULL), VO_OK);
    assert_true((double)(clock() - used) / CLOCKS_PER_SEC < 0.1);
    assert_int_equal(stop, 1);
    assert_string_equal(journal, "f");
    assert_int_equal(tube->calls, 0);
    assert_true(vo_clock_monotonic() - before < 2 * VO_NS_PER_S);
    tube_free(tube);
}

static void now_is_the_time_of_the_round(void *context)
{
    const vo_time *set_at = context;
    vo_time now = vo_loop_now(loop);
    assert_true(now >= *set_at && now <= vo_clock_monotonic());
    struct timespec nap = {0, 2000000};
    nanosleep(&nap, NULL);
    assert_int_equal(vo_loop_now(loop), now);
}
static void time_stands_within_a_round(void **state)
{
    (void)state;
    vo_time set_at = vo_clock_monotonic();
    struct vo_timer timer = {.due = now_is_the_time_of_the_round, .context = &set_at};
    assert_true(vo_loop_set(loop, &timer, set_at));
    run();
    assert_true(vo_loop_now(loop) > set_at); /* and goes on between runs */
}

static void a_bad_descriptor_is_an_error(void **state)
{
    (void)state;
    struct vo_error error;
    struct vo_watch watch = {.fd = 999};
    assert_int_equal(vo_loop_watch(loop, &watch, EPOLLIN, &error), VO_ERR_IO);
    assert_string_equal(error.message, "cannot watch descriptor 999: Bad file descriptor");
    assert_false(watch.watched);
    vo_loop_unwatch(loop, &watch);
    run();
    vo_loop_free(NULL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        CASE(timers_come_in_order_of_time),
        CASE(ten_thousand_timers_keep_their_order),
        CASE(a_timer_may_free_another_that_is_due),
        CASE(a_watch_may_free_another_that_is_ready),
        CASE(what_came_counts_before_a_time_out_that_is_as_late),
        CASE(a_timer_that_sets_itself_anew_does_not_starve_the_rest),
        CASE(quitting_ends_the_round_at_once),
        CASE(a_signal_stops_it_and_idling_costs_nothing),
        CASE(time_stands_within_a_round),
        CASE(a_bad_descriptor_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
