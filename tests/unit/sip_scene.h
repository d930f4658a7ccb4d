/*
 * One SIP check against one scripted peer (sip_peer.h) on one loop, and the observation that it writes, read
 * back: for the tests of check_sip.c and of what it is made of.
 */
#ifndef VO_TESTS_SIP_SCENE_H
#define VO_TESTS_SIP_SCENE_H

#include "core/json.h"
#include "probes/reach/check.h"
#include "tests/unit/sip_peer.h"

#include <fcntl.h>
#include <sys/stat.h>

#define MS VO_NS_PER_MS

static struct scene {
    char folder[64], records[96], secret[96];
    struct vo_loop *loop;
    struct peer peer;
    struct vo_site site;
    struct vo_demand demand;
    struct vo_reach reach;
    struct vo_check check;
    struct vo_timer stop;
    vo_time stop_after; /* 0: it is not stopped */
    vo_time took;
    unsigned done;
    struct vo_record_reader *reader;
    const struct vo_json *observation;
} scene;

static inline void write_secret(const char *text, mode_t mode)
{
    FILE *file = fopen(scene.secret, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(scene.secret, mode);
}

static inline int set_up(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof scene);
    snprintf(scene.folder, sizeof scene.folder, "/tmp/voready-sip-XXXXXX");
    assert_non_null(mkdtemp(scene.folder));
    snprintf(scene.records, sizeof scene.records, "%s/records.jsonl", scene.folder);
    snprintf(scene.secret, sizeof scene.secret, "%s/password", scene.folder);
    write_secret(PASSWORD "\n", 0600);
    assert_int_equal(vo_loop_new(&scene.loop, NULL), VO_OK);
    scene.peer.script = serve;
    scene.site.account.user = "4912345";
    scene.site.account.domain = "example.com";
    scene.site.account.password_file = scene.secret;
    scene.site.account.expires_s = 604800;
    scene.demand = (struct vo_demand){
        .kind = &vo_check_sip, .row = "fw.sip.udp", .role = "sbc", .host = "127.0.0.1", .transport = "udp"};
    scene.reach.timeout = 300 * MS;
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    vo_record_reader_free(scene.reader);
    vo_loop_free(scene.loop);
    free(scene.reach.heard);
    unlink(scene.records);
    unlink(scene.secret);
    rmdir(scene.folder);
    return 0;
}

static inline void finished(struct vo_check *check)
{
    assert_ptr_equal(check, &scene.check);
    scene.done++;
    vo_loop_quit(scene.loop);
}

static inline void quit(void *context)
{
    vo_loop_quit(context);
}

static inline void read_back(void)
{
    struct vo_record record;
    assert_int_equal(vo_record_reader_open(scene.records, &scene.reader, NULL), VO_OK);
    do
        assert_int_equal(vo_record_read(scene.reader, &record, NULL), VO_OK);
    while (strcmp(record.kind, "observation") != 0);
    scene.observation = record.json;
}

/* As schedule.c does it: start, run, and stop when the loop has been left. */
static inline void run_to(const struct sockaddr_storage *to)
{
    const char *source = "site.json";
    const struct vo_run run = {.probe = "voready-reach", .source = &source, .source_count = 1};
    assert_int_equal(vo_record_open(scene.records, &run, &scene.reach.writer, NULL), VO_OK);
    scene.reach.loop = scene.loop;
    scene.reach.site = &scene.site;
    scene.reach.left = 1;
    scene.reach.finished = finished;
    scene.check =
        (struct vo_check){.reach = &scene.reach, .demand = &scene.demand, .address = *to, .id = "sbc"};
    scene.stop = (struct vo_timer){.due = quit, .context = scene.loop};
    vo_time began = vo_clock_monotonic();
    scene.demand.kind->start(&scene.check);
    if (scene.stop_after)
        vo_loop_set(scene.loop, &scene.stop, began + scene.stop_after);
    vo_loop_run(scene.loop, NULL, NULL);
    vo_loop_cancel(scene.loop, &scene.stop);
    if (!scene.check.done) {
        assert_true(scene.stop_after > 0);
        scene.reach.stopping = true;
        scene.demand.kind->stop(&scene.check);
    }
    scene.took = vo_clock_monotonic() - began;
    assert_true(scene.check.done);
    assert_int_equal(scene.done, 1);
    scene.demand.kind->free(&scene.check);
    assert_int_equal(vo_record_close(scene.reach.writer, true, NULL, NULL), VO_OK);
    read_back();
}

static inline void run_with(bool tcp, bool v6)
{
    peer_open(&scene.peer, scene.loop, tcp, v6);
    scene.demand.port = peer_port(&scene.peer);
    if (tcp) {
        scene.demand.transport = "tcp";
        scene.demand.row = "fw.sip.tcp";
    }
    run_to(&scene.peer.address);
    peer_close(&scene.peer);
}

static inline void run_udp(void)
{
    run_with(false, false);
}

static inline void run_tcp(void)
{
    run_with(true, false);
}

static inline const char *text_in(const char *section, const char *name)
{
    return vo_json_text(vo_json_get(vo_json_get(scene.observation, section), name));
}

static inline double number(const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(scene.observation, "metrics"), name));
}

static inline void assert_state(const char *name, const char *word)
{
    const char *found = text_in("states", name);
    if (!word) {
        assert_null(found);
        return;
    }
    if (!found)
        fail_msg("%s is not there: %s", name, text_in("missing", name));
    assert_string_equal(found, word);
}

static inline void assert_label(const char *name, const char *value)
{
    const char *found = text_in("subject", name);
    assert_non_null(found);
    assert_string_equal(found, value);
}

static inline void assert_missing(const char *name, const char *part)
{
    const char *found = text_in("missing", name);
    if (!found)
        fail_msg("%s is not missing", name);
    if (!strstr(found, part))
        fail_msg("%s is missing because of \"%s\", not of \"%s\"", name, found, part);
}

static inline void assert_code(const char *name, unsigned code)
{
    assert_true(number(name) == code);
}

static inline void send_text(struct peer *peer, const struct vo_sip *request)
{
    respond(peer, request, peer->text, "Contact: <sip:away@192.0.2.5>\r\n");
}

static inline void silent_to_options(struct peer *peer, const struct vo_sip *request)
{
    if (request->method == VO_SIP_REGISTER)
        serve_register(peer, request);
}

#define MD5    "Digest realm=\"r\", nonce=\"%s\", qop=\"auth\", algorithm=MD5"
#define SHA256 "Digest realm=\"r\", nonce=\"%s\", qop=\"auth,auth-int\", opaque=\"o\", algorithm=SHA-256"

static inline void use_registrar(const char *algorithm, const char *first, const char *second)
{
    scene.demand.judged = true;
    scene.peer.registrar.algorithm = algorithm;
    scene.peer.registrar.challenges[0] = first;
    scene.peer.registrar.challenges[1] = second;
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
