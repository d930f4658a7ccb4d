/* Whole runs on loopback: what is tried, in what number at once, what waits for what, and what a stop leaves.
 */
#include "probes/reach/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define KINDS 16

static char path[] = "/tmp/voready-schedule-XXXXXX";

/* A kind that only tells what became of it: done at once, or when it is stopped. */
static struct probe {
    unsigned started, running, most, freed, stopped;
    unsigned before_last; /* how many had ended when the last one began */
    bool waits;           /* until it is stopped */
    struct vo_timer timers[KINDS];
} probe;

static void end(struct vo_check *check)
{
    vo_check_observe(check);
    vo_observe_missing(check->reach->writer, VO_METRIC_REACH_STATE, "%s",
                       check->reach->stopping ? "stopped" : "over");
    vo_observe_end(check->reach->writer);
    probe.running--;
    vo_check_done(check);
}

static void on_due(void *context)
{
    end(context);
}

static void start(struct vo_check *check)
{
    struct vo_timer *timer = &probe.timers[probe.started];
    if (check->demand->last)
        probe.before_last = probe.freed;
    probe.started++;
    if (++probe.running > probe.most)
        probe.most = probe.running;
    check->state = timer;
    *timer = (struct vo_timer){.due = on_due, .context = check};
    if (!probe.waits)
        assert_true(vo_loop_set(check->reach->loop, timer, vo_loop_now(check->reach->loop) + VO_NS_PER_MS));
}

static void stop(struct vo_check *check)
{
    probe.stopped++;
    end(check);
}

static void release(struct vo_check *check)
{
    vo_loop_cancel(check->reach->loop, check->state);
    probe.freed++;
}

static const struct vo_check_kind kind = {.name = "probe", .start = start, .stop = stop, .free = release};
static const enum vo_metric metrics[] = {VO_METRIC_REACH_STATE};
static const struct vo_gives gives = {.metrics = metrics, .count = 1};

static struct vo_demand demand_of(const char *host, uint16_t port)
{
    return (struct vo_demand){.kind = &kind,
                              .gives = &gives,
                              .row = "test",
                              .role = "target",
                              .host = host,
                              .transport = "tcp",
                              .port = port};
}

static volatile sig_atomic_t stopped;

/* Runs a plan from the wifi; its records are in `path`. */
static bool run_plan(const struct vo_plan *plan, unsigned limit)
{
    struct vo_site site = {0};
    struct vo_reach reach = {.site = &site, .timeout = VO_NS_PER_S};
    struct vo_run run = {.probe = "test"};
    struct vo_schedule_options options = {.plan = plan, .stop = &stopped, .limit = limit};
    struct vo_error error;
    assert_int_equal(vo_loop_new(&reach.loop, NULL), VO_OK);
    assert_int_equal(vo_record_open(path, &run, &reach.writer, NULL), VO_OK);
    if (vo_schedule_run(&reach, &options, &error) != VO_OK)
        fail_msg("%s", error.message);
    assert_int_equal(reach.left, 0);
    assert_int_equal(vo_record_close(reach.writer, true, NULL, NULL), VO_OK);
    vo_loop_free(reach.loop);
    return reach.stopping;
}

/* How many observations have `text` as the state or reason of reach_state, or as this label. */
static unsigned count(const char *name, const char *text)
{
    struct vo_record_reader *reader;
    struct vo_record record = {0};
    unsigned found = 0;
    assert_int_equal(vo_record_reader_open(path, &reader, NULL), VO_OK);
    while (vo_record_read(reader, &record, NULL) == VO_OK) {
        const char *said = vo_json_get_text(vo_json_get(record.json, name), "reach_state");
        if (strcmp(name, "states") != 0 && strcmp(name, "missing") != 0)
            said = vo_json_get_text(vo_json_get(record.json, "subject"), name);
        found += said && strstr(said, text);
    }
    vo_record_reader_free(reader);
    return found;
}

static int reset(void **state)
{
    (void)state;
    probe = (struct probe){0};
    stopped = 0;
    return 0;
}

static void test_limit(void **state)
{
    (void)state;
    struct vo_demand demands[10];
    for (unsigned i = 0; i < 10; i++)
        demands[i] = demand_of("127.0.0.1", (uint16_t)(1 + i));
    struct vo_plan plan = {.demands = demands, .count = 10};
    assert_false(run_plan(&plan, 3));
    assert_int_equal(probe.started, 10);
    assert_int_equal(probe.freed, 10);
    assert_int_equal(probe.most, 3);
    assert_int_equal(count("missing", "over"), 10);
    reset(NULL);
    run_plan(&plan, 100);
    assert_int_equal(probe.most, 10); /* all at once */
}

static void test_vantage_and_last(void **state)
{
    (void)state;
    struct vo_demand demands[] = {demand_of("127.0.0.1", 1), demand_of("127.0.0.1", 2), demand_of(NULL, 0),
                                  demand_of("127.0.0.1", 3)};
    demands[1].vantage = VO_VANTAGE_UC;
    demands[2].last = true; /* stands before the fourth, and begins after it */
    struct vo_plan plan = {.demands = demands, .count = 4};
    run_plan(&plan, 100);
    assert_int_equal(probe.started, 3);
    assert_int_equal(probe.before_last, 2);
    assert_int_equal(count("elsewhere", "uc"), 1);
    assert_int_equal(count("missing", "--vantage uc"), 1);
}

/* localhost is not a name for DNS (RFC 6761); of any other name nothing is known without a server. */
static void test_names_without_servers(void **state)
{
    (void)state;
    struct vo_demand demands[] = {demand_of("localhost", 1), demand_of("voready.example", 2),
                                  demand_of(NULL, 3)};
    struct vo_plan plan = {.demands = demands, .count = 3};
    run_plan(&plan, 100);
    assert_int_equal(probe.started, 2);
    assert_int_equal(count("family", "ipv4") + count("family", "ipv6"), 2);
    assert_int_equal(count("missing", "no DNS server is configured"), 1);
    assert_int_equal(count("missing", "the site file names no target"), 1);
    assert_int_equal(count("states", "unresolved"), 0); /* nobody was asked */
}

/* What the site file has not is told and not tried, also of what would compare others; as missing, or as not
 * applicable where the site wants it so. */
static void test_lacks(void **state)
{
    (void)state;
    struct vo_demand demands[] = {demand_of(NULL, 1), demand_of(NULL, 2), demand_of(NULL, 0)};
    struct vo_plan plan = {.demands = demands, .count = 3};
    demands[0].lacks = "the site file has no sbc";
    demands[1].lacks = "no iPhones here";
    demands[1].unwanted = true;
    demands[2].lacks = "the site file has no uc";
    demands[2].last = true;
    run_plan(&plan, 100);
    assert_int_equal(probe.started, 0);
    assert_int_equal(count("missing", "the site file has no sbc"), 1);
    assert_int_equal(count("missing", "the site file has no uc"), 1);
    assert_int_equal(count("not_applicable", "no iPhones here"), 1);
}

static void on_alarm(int number)
{
    (void)number;
    stopped = 1;
}

static void test_stop(void **state)
{
    (void)state;
    struct vo_demand demands[] = {demand_of("127.0.0.1", 1), demand_of("127.0.0.1", 2),
                                  demand_of("127.0.0.1", 3), demand_of(NULL, 0)};
    demands[3].last = true;
    struct vo_plan plan = {.demands = demands, .count = 4};
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    probe.waits = true;
    alarm(1);
    assert_true(run_plan(&plan, 2));
    assert_int_equal(probe.started, 2);
    assert_int_equal(probe.stopped, 2);
    assert_int_equal(probe.freed, 2);
    /* Two end with what they know; the one that waited and the one that compares say that they did not begin.
     */
    assert_int_equal(count("missing", "stopped"), 4);
    assert_int_equal(count("missing", "stopped before it was tried"), 2);
}

/* Real connections: a port that listens, and one that did until now. */
static void test_tcp(void **state)
{
    (void)state;
    struct sockaddr_in at[2] = {{.sin_family = AF_INET}, {.sin_family = AF_INET}};
    int fd[2];
    for (int i = 0; i < 2; i++) {
        socklen_t size = sizeof at[i];
        at[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fd[i], (struct sockaddr *)&at[i], sizeof at[i]), 0);
        assert_int_equal(getsockname(fd[i], (struct sockaddr *)&at[i], &size), 0);
    }
    assert_int_equal(listen(fd[0], 5), 0);
    char targets[2][32];
    for (int i = 0; i < 2; i++)
        snprintf(targets[i], sizeof targets[i], "127.0.0.1:%u", ntohs(at[i].sin_port));
    struct vo_plan plan = {0};
    assert_int_equal(vo_plan_tcp(&plan, (const char *const[]){targets[0], targets[1]}, 2, NULL), VO_OK);
    run_plan(&plan, 100);
    assert_int_equal(count("states", "open"), 1);
    assert_int_equal(count("states", "closed"), 1);
    vo_plan_free(&plan);
    close(fd[0]);
    close(fd[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_limit, reset),
        cmocka_unit_test_setup(test_vantage_and_last, reset),
        cmocka_unit_test_setup(test_names_without_servers, reset),
        cmocka_unit_test_setup(test_lacks, reset),
        cmocka_unit_test_setup(test_stop, reset),
        cmocka_unit_test_setup(test_tcp, reset),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
