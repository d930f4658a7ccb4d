/* Routes as the kernel tells them. Loopback is everywhere; the rest runs where the test may make a network of
 * its own (a user namespace), and is compared with what was set up there. */
#include "probes/io/route.h"

#include "probes/io/sockaddr.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct vo_route route_to(const char *address)
{
    struct sockaddr_storage to;
    struct vo_route route;
    struct vo_error error;
    assert_true(vo_sockaddr_parse(address, 5060, &to));
    if (vo_route_get(&to, &route, &error) != VO_OK)
        fail_msg("%s: %s", address, error.message);
    return route;
}

static void assert_address(const struct sockaddr_storage *address, const char *expected)
{
    char text[VO_SOCKADDR_TEXT];
    assert_string_equal(vo_sockaddr_format(address, text), expected);
}

static void test_loopback(void **state)
{
    (void)state;
    struct vo_route route = route_to("127.0.0.1");
    assert_true(route.found);
    assert_true(route.local);
    assert_string_equal(route.name, "lo");
    assert_string_equal(route.tunnel, "");
    assert_int_equal(route.mtu, 65536); /* of lo on Linux, unless somebody set it */
    assert_true(route.has_source);
    assert_address(&route.source, "127.0.0.1");
    assert_false(route.has_gateway);
}

static void test_tunnel_kinds(void **state)
{
    (void)state;
    assert_string_equal(vo_route_tunnel("wireguard", ARPHRD_NONE), "wireguard");
    assert_string_equal(vo_route_tunnel("tun", ARPHRD_NONE), "tun");
    assert_string_equal(vo_route_tunnel("xfrm", ARPHRD_NONE), "xfrm");
    assert_string_equal(vo_route_tunnel("gre", ARPHRD_IPGRE), "gre");
    /* pppd of old makes interfaces that have no kind */
    assert_string_equal(vo_route_tunnel("", ARPHRD_PPP), "ppp");
    assert_string_equal(vo_route_tunnel("", ARPHRD_NONE), "tunnel");
    assert_null(vo_route_tunnel("", ARPHRD_ETHER));
    assert_null(vo_route_tunnel("veth", ARPHRD_ETHER));
    assert_null(vo_route_tunnel("vlan", ARPHRD_ETHER));
    assert_null(vo_route_tunnel("bridge", ARPHRD_ETHER));
}

static int run_ip(const char *command)
{
    char line[200];
    snprintf(line, sizeof line, "ip %s >/dev/null 2>&1", command);
    return system(line); /* NOLINT(cert-env33-c): the words are this test's own */
}

/* A point-to-point tun device, as OpenVPN makes one; it lives as long as the descriptor. */
static int make_tun(void)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    snprintf(request.ifr_name, sizeof request.ifr_name, "vpn0");
    if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void assert_network(void)
{
    /* Without a default route the rest of the world has none, and that is an answer, not a failure. */
    struct vo_route route = route_to("203.0.113.1");
    assert_false(route.found);
    assert_int_equal(route.refusal, ENETUNREACH);
    assert_int_equal(run_ip("link add w0 mtu 1400 type veth peer name w1") |
                         run_ip("addr add 198.51.100.5/24 dev w0") | run_ip("link set w0 up") |
                         run_ip("link set w1 up") | run_ip("route add default via 198.51.100.1") |
                         run_ip("route add 203.0.113.128/25 via 198.51.100.2 mtu 1280") |
                         run_ip("route add prohibit 203.0.113.7"),
                     0);
    route = route_to("203.0.113.1");
    assert_true(route.found);
    assert_false(route.local);
    assert_string_equal(route.name, "w0");
    assert_string_equal(route.kind, "veth");
    assert_string_equal(route.tunnel, "");
    assert_int_equal(route.mtu, 1400);
    assert_address(&route.gateway, "198.51.100.1");
    assert_address(&route.source, "198.51.100.5");
    assert_true(route.has_prefix);
    assert_int_equal(route.prefix_length, 0);
    assert_int_equal(route.table, 254); /* main */
    /* A narrower route goes before, with its own gateway and MTU. */
    route = route_to("203.0.113.200");
    assert_address(&route.gateway, "198.51.100.2");
    assert_int_equal(route.mtu, 1280);
    assert_address(&route.prefix, "203.0.113.128");
    assert_int_equal(route.prefix_length, 25);
    route = route_to("203.0.113.7");
    assert_false(route.found);
    assert_int_equal(route.refusal, EACCES);
    /* IPv6, each by itself. */
    assert_int_equal(route_to("2001:db8:1::1").refusal, ENETUNREACH);
    assert_int_equal(run_ip("-6 addr add 2001:db8::5/64 dev w0 nodad") |
                         run_ip("-6 route add default via 2001:db8::1"),
                     0);
    route = route_to("2001:db8:1::1");
    assert_string_equal(route.name, "w0");
    assert_address(&route.gateway, "2001:db8::1");
    assert_address(&route.source, "2001:db8::5");
    assert_true(route.has_prefix);
    assert_int_equal(route.prefix_length, 0);
    struct vo_error error;
    assert_int_equal(vo_route_default(AF_INET, &route, &error), VO_OK);
    assert_string_equal(route.name, "w0");
    /* A rule sends one destination by another table, as VPN clients do: strongSwan's is IPsec. */
    assert_int_equal(run_ip("rule add to 203.0.113.9 lookup 220") |
                         run_ip("route add default via 198.51.100.1 table 220"),
                     0);
    route = route_to("203.0.113.9");
    assert_int_equal(route.table, 220);
    assert_string_equal(route.tunnel, "ipsec");
    assert_string_equal(route_to("203.0.113.8").tunnel, "");
}

static void assert_tunnel(void)
{
    int fd = make_tun();
    if (fd < 0)
        return; /* no /dev/net/tun here */
    assert_int_equal(run_ip("addr add 10.8.0.2/24 dev vpn0") | run_ip("link set vpn0 up mtu 1350") |
                         run_ip("route add 203.0.113.64/26 dev vpn0"),
                     0);
    struct vo_route route = route_to("203.0.113.65");
    assert_string_equal(route.name, "vpn0");
    assert_string_equal(route.tunnel, "tun");
    assert_int_equal(route.mtu, 1350);
    assert_false(route.has_gateway);
    close(fd);
}

/* In a child, for a process does not come back from its namespace. 0: all held; 77: not allowed here. */
static void test_own_network(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if ((unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) ||
            run_ip("link set lo up") != 0)
            _exit(77);
        assert_network();
        assert_tunnel();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_tunnel_kinds),
        cmocka_unit_test(test_own_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
