/* Checks through a responder, or without one, on one loop and on loopback; what they write is read back. */
#ifndef VO_TESTS_REACH_SCENE_H
#define VO_TESTS_REACH_SCENE_H

#include "probes/reach/check.h"
#include "tests/unit/responder_scene.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define CHECKS 12

static struct run {
    struct scene scene;
    struct vo_site site;
    struct vo_reach reach;
    struct vo_demand demands[CHECKS];
    struct vo_check checks[CHECKS];
    unsigned count, order[CHECKS], ended; /* `order`: as they ended */
    char folder[64], key_file[96], records[96];
    struct vo_json *observations[CHECKS * 2];
    unsigned observed;
} run;

static void run_finished(struct vo_check *check)
{
    run.order[run.ended++] = (unsigned)(check - run.checks);
    if (check->reach->left == 0)
        vo_loop_quit(check->reach->loop);
}

static void run_write_key(const char *key)
{
    int fd = open(run.key_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, key, strlen(key)), strlen(key));
    close(fd);
}

static int run_begin(void **state)
{
    (void)state;
    memset(&run, 0, sizeof run);
    scene_begin(&run.scene);
    snprintf(run.folder, sizeof run.folder, "%s/voready-test-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(run.folder));
    snprintf(run.key_file, sizeof run.key_file, "%s/key", run.folder);
    snprintf(run.records, sizeof run.records, "%s/records", run.folder);
    run_write_key(SCENE_KEY "\n");
    run.site.responder.address = "127.0.0.1";
    run.site.responder.port = run.scene.control;
    run.site.responder.key_file = run.key_file;
    run.reach = (struct vo_reach){
        .loop = run.scene.loop, .site = &run.site, .timeout = 2 * VO_NS_PER_S, .finished = run_finished};
    struct vo_run of = {.probe = "voready-reach"};
    assert_int_equal(vo_record_open(run.records, &of, &run.reach.writer, NULL), VO_OK);
    return 0;
}

static int run_end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < run.observed; i++)
        vo_json_free(run.observations[i]);
    scene_end(&run.scene);
    unlink(run.key_file);
    unlink(run.records);
    rmdir(run.folder);
    return 0;
}

/* Adds a check of the demand at an address. */
static unsigned run_add(struct vo_demand demand, const char *address)
{
    run.demands[run.count] = demand;
    run.checks[run.count] = (struct vo_check){.reach = &run.reach, .demand = &run.demands[run.count]};
    if (address)
        run.checks[run.count].address = scene_address(address, demand.port);
    vo_check_name(&run.checks[run.count]);
    return run.count++;
}

static void run_keep(const struct vo_record *record)
{
    struct vo_json_writer text = {0};
    vo_json_copy(&text, record->json);
    assert_int_equal(vo_json_parse(text.data, text.size, &run.observations[run.observed++], NULL), VO_OK);
    vo_json_writer_release(&text);
}

/* Runs all checks at once, to their end or for so many ms, and reads what they wrote. */
static vo_time run_all(long stop_ms)
{
    struct vo_record_reader *reader;
    struct vo_record record;
    vo_time began = vo_clock_monotonic();
    run.reach.left = run.count;
    for (unsigned i = 0; i < run.count; i++)
        run.demands[i].kind->start(&run.checks[i]);
    if (run.reach.left > 0)
        scene_run(&run.scene, stop_ms ? stop_ms : 15000);
    for (unsigned i = 0; stop_ms && i < run.count; i++)
        run.demands[i].kind->stop(&run.checks[i]);
    vo_time took = vo_clock_monotonic() - began;
    assert_int_equal(run.ended, run.count);
    for (unsigned i = 0; i < run.count; i++)
        run.demands[i].kind->free(&run.checks[i]);
    assert_null(run.reach.responder);
    assert_int_equal(vo_record_close(run.reach.writer, true, NULL, NULL), VO_OK);
    assert_int_equal(vo_record_reader_open(run.records, &reader, NULL), VO_OK);
    while (vo_record_read(reader, &record, NULL) == VO_OK)
        if (strcmp(record.kind, "observation") == 0)
            run_keep(&record);
    vo_record_reader_free(reader);
    return took;
}

/* The observation of a check; NULL: it made none. */
static const struct vo_json *run_of(unsigned check)
{
    for (unsigned i = 0; i < run.observed; i++)
        if (strcmp(vo_json_get_text(vo_json_get(run.observations[i], "subject"), "id"),
                   run.checks[check].id) == 0)
            return run.observations[i];
    return NULL;
}

/* A state, or why it is missing. */
static inline const char *run_state(unsigned check, const char *metric)
{
    const char *word = vo_json_get_text(vo_json_get(run_of(check), "states"), metric);
    word = word ? word : vo_json_get_text(vo_json_get(run_of(check), "missing"), metric);
    return word ? word : "nothing";
}

static inline const char *run_label(unsigned check, const char *name)
{
    const char *text = vo_json_get_text(vo_json_get(run_of(check), "subject"), name);
    return text ? text : "";
}

static inline double run_number(unsigned check, const char *section, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(run_of(check), section), name));
}

/* What the network does stands in the tests: their send() and sendmsg() go before those of the C library. */
static inline int type_of(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    return type;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, run_begin, run_end)

#endif
