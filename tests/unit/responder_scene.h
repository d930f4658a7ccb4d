/* A responder and a client of it on one loop, on loopback. */
#ifndef VO_TESTS_RESPONDER_SCENE_H
#define VO_TESTS_RESPONDER_SCENE_H

#include "probes/io/responder_client.h"
#include "probes/voice/responder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SCENE_KEY "an excellent secret of 32 bytes!"

struct scene {
    struct vo_loop *loop;
    struct vo_responder *responder;
    struct vo_responder_client *client;
    uint16_t ports[4], control; /* ports: even, odd, even, odd; free when the scene began */
    int guard;
    char said[4096];
    unsigned changes;
};

static void scene_quit(void *context)
{
    vo_loop_quit(context);
}

/* Lets the loop run for so long. */
static inline void scene_run(struct scene *scene, long ms)
{
    struct vo_timer timer = {.due = scene_quit, .context = scene->loop};
    assert_true(vo_loop_set(scene->loop, &timer, vo_clock_monotonic() + ms * VO_NS_PER_MS));
    assert_int_equal(vo_loop_run(scene->loop, NULL, NULL), VO_OK);
    vo_loop_cancel(scene->loop, &timer);
}

/* Until `condition`, for 2 s at most. */
#define SCENE_UNTIL(scene, condition)                                                                        \
    do {                                                                                                     \
        for (int round = 0; round < 400 && !(condition); round++)                                            \
            scene_run(scene, 5);                                                                             \
        assert_true(condition);                                                                              \
    } while (0)

static inline struct sockaddr_storage scene_address(const char *text, uint16_t port)
{
    struct sockaddr_storage address;
    assert_true(vo_sockaddr_parse(text, port, &address));
    return address;
}

/* A socket on that port of all addresses; -1 if somebody has it. */
static inline int scene_bind(int kind, uint16_t port)
{
    struct sockaddr_storage any = scene_address("::", port);
    int fd = socket(AF_INET6, kind, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(struct sockaddr_in6)) == 0)
        return fd;
    close(fd);
    return -1;
}

static inline bool scene_is_free(uint16_t port)
{
    int tcp = scene_bind(SOCK_STREAM, port), udp = scene_bind(SOCK_DGRAM, port);
    close(tcp);
    close(udp);
    return tcp >= 0 && udp >= 0;
}

/* Fifteen ports that nobody uses, below those that the system gives out: even, odd, even, odd, one for
 * control, ten more. Tests that run beside this one keep away from them: the sixteenth says so. */
static inline void scene_ports(struct scene *scene)
{
    uint16_t first = (uint16_t)(10000 + getpid() * 16 % 20000);
    for (;; first = first > 30000 ? 10000 : (uint16_t)(first + 16)) {
        unsigned found = 0;
        scene->guard = scene_bind(SOCK_STREAM, (uint16_t)(first + 15));
        while (scene->guard >= 0 && found < 15 && scene_is_free((uint16_t)(first + found)))
            found++;
        if (found == 15)
            break;
        close(scene->guard);
    }
    for (uint16_t i = 0; i < 4; i++)
        scene->ports[i] = (uint16_t)(first + i);
    scene->control = (uint16_t)(first + 4);
}

static inline void scene_say(void *context, const char *text)
{
    struct scene *scene = context;
    size_t used = strlen(scene->said);
    snprintf(scene->said + used, sizeof scene->said - used, "%s\n", text);
}

static inline void scene_changed(void *context)
{
    ((struct scene *)context)->changes++;
}

static inline struct vo_responder_config scene_config(struct scene *scene)
{
    return (struct vo_responder_config){.ports = scene->ports,
                                        .port_count = 4,
                                        .control_port = scene->control,
                                        .key = SCENE_KEY,
                                        .key_size = strlen(SCENE_KEY),
                                        .limits = vo_responder_limits,
                                        .say = scene_say,
                                        .context = scene};
}

static inline void scene_begin(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    assert_int_equal(vo_loop_new(&scene->loop, NULL), VO_OK);
    scene_ports(scene);
}

static inline void scene_respond(struct scene *scene, const struct vo_responder_limits *limits)
{
    struct vo_responder_config config = scene_config(scene);
    struct vo_error error = {VO_OK, ""};
    if (limits)
        config.limits = *limits;
    if (vo_responder_new(scene->loop, &config, &scene->responder, &error) != VO_OK)
        fail_msg("%s", error.message);
}

static inline struct vo_responder_client *scene_client(struct scene *scene, const char *address,
                                                       const char *key)
{
    struct sockaddr_storage to = scene_address(address, scene->control);
    struct vo_responder_client *client;
    assert_int_equal(
        vo_responder_client_new(scene->loop, &to, key, VO_NS_PER_S, scene_changed, scene, &client, NULL),
        VO_OK);
    return client;
}

/* A client that is ready and has asked for all ports, by UDP and TCP. */
static inline void scene_connect(struct scene *scene, const char *address)
{
    uint32_t report = 0;
    scene->client = scene_client(scene, address, SCENE_KEY);
    SCENE_UNTIL(scene, vo_responder_client_ready(scene->client));
    for (int i = 0; i < 4; i++) {
        vo_responder_client_port(scene->client, VO_REFLECT_UDP, scene->ports[i]);
        report = vo_responder_client_port(scene->client, VO_REFLECT_TCP, scene->ports[i]);
    }
    assert_int_equal(report, 8);
    SCENE_UNTIL(scene, vo_responder_client_reports(scene->client) == report);
}

/* The counters of a port, asked now. */
static inline struct vo_reflect_row scene_count(struct scene *scene, enum vo_reflect_protocol protocol,
                                                uint16_t port, uint16_t to)
{
    uint32_t report = vo_responder_client_count(scene->client);
    assert_int_not_equal(report, 0);
    SCENE_UNTIL(scene, vo_responder_client_reports(scene->client) == report);
    const struct vo_reflect_row *row = vo_responder_client_row(scene->client, protocol, port, to);
    assert_non_null(row);
    return *row;
}

static inline void scene_end(struct scene *scene)
{
    vo_responder_client_free(scene->client);
    vo_responder_free(scene->responder);
    vo_loop_free(scene->loop);
    close(scene->guard);
}

#endif
