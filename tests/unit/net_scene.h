/*
 * A small network of the test's own: client – router – target, each in a network namespace, gone when the
 * test ends. The test itself is the client.
 *
 *   client 10.9.1.2, fd09:1::2 — 10.9.1.1, fd09:1::1 router 10.9.2.1, fd09:2::1 — 10.9.2.2, fd09:2::2 target
 *
 * Needs root, ip(8), nsenter(1) and nft(8); scene_enter() skips the test by name of what is missing.
 */
#ifndef TESTS_UNIT_NET_SCENE_H
#define TESTS_UNIT_NET_SCENE_H

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    int home; /* the namespace that the test began in */
    pid_t router, target;
} scene = {-1, 0, 0};

static int scene_try(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

__attribute__((format(printf, 1, 2))) static void scene_run(const char *format, ...)
{
    char command[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    if (scene_try(command) != 0)
        fail_msg("failed: %s", command);
}

/* A process that does nothing but hold a network namespace. */
static inline pid_t scene_hold(void)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        byte = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(byte, 'y');
    return pid;
}

static inline const char *scene_missing(void)
{
    if (geteuid() != 0)
        return "root is needed for network namespaces";
    if (scene_try("for p in ip nsenter nft; do command -v $p >/dev/null || exit 1; done") != 0)
        return "ip, nsenter or nft is not installed";
    scene.home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (scene.home < 0 || unshare(CLONE_NEWNET) != 0)
        return "this system makes no network namespaces";
    if (scene_try("nft list ruleset >/dev/null 2>&1") != 0)
        return "this kernel has no nftables";
    return NULL;
}

static inline void scene_leave(void)
{
    if (scene.home < 0)
        return;
    if (scene.router > 0)
        kill(scene.router, SIGKILL);
    if (scene.target > 0)
        kill(scene.target, SIGKILL);
    while (scene.router > 0 && waitpid(scene.router, NULL, 0) < 0)
        ;
    while (scene.target > 0 && waitpid(scene.target, NULL, 0) < 0)
        ;
    if (setns(scene.home, CLONE_NEWNET) != 0)
        abort();
    close(scene.home);
    scene.home = -1;
    scene.router = scene.target = 0;
}

static inline void scene_enter(void)
{
    const char *missing = scene_missing();
    if (missing) {
        print_message("skipped: %s\n", missing);
        scene_leave();
        skip();
    }
    scene.router = scene_hold();
    scene.target = scene_hold();
    int r = scene.router, t = scene.target;
    scene_run(
        "ip link set lo up && ip link add up0 type veth peer name down0 netns %d && "
        "ip addr add 10.9.1.2/24 dev up0 && ip addr add fd09:1::2/64 dev up0 nodad && ip link set up0 up",
        r);
    scene_run("nsenter --net=/proc/%d/ns/net sh -c 'ip link add down1 type veth peer name up1 netns %d && "
              "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 && "
              "ip addr add 10.9.1.1/24 dev down0 && ip addr add fd09:1::1/64 dev down0 nodad && "
              "ip addr add 10.9.2.1/24 dev down1 && ip addr add fd09:2::1/64 dev down1 nodad && "
              "ip link set down0 up && ip link set down1 up'",
              r, t);
    scene_run("nsenter --net=/proc/%d/ns/net sh -c 'ip link set lo up && ip addr add 10.9.2.2/24 dev up1 && "
              "ip addr add fd09:2::2/64 dev up1 nodad && ip link set up1 up && "
              "sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 && "
              "ip route add default via 10.9.2.1 && ip -6 route add default via fd09:2::1'",
              t);
    scene_run("nsenter --net=/proc/%d/ns/net sysctl -qw net.ipv6.icmp.ratelimit=0", r);
    scene_run("ip route add default via 10.9.1.1 && ip -6 route add default via fd09:1::1");
}

/* One rule of a host's firewall, in the place of all former ones: "forward", "tcp dport 9 drop". */
static inline void scene_rule(pid_t host, const char *hook, const char *rule)
{
    scene_run("printf 'flush ruleset\\ntable inet f {\\nchain c {\\ntype filter hook %s priority "
              "0\\n%s\\n}\\n}\\n' | "
              "nsenter --net=/proc/%d/ns/net nft -f -",
              hook, rule, (int)host);
}

#endif
