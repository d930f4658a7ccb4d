/* ICMP errors: what is read from a socket's error queue, and what it proves. */
#include "probes/io/icmp.h"
#include "probes/io/sockaddr.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/net_tstamp.h>

#include <cmocka.h>

static struct sockaddr_storage host(const char *text)
{
    struct sockaddr_storage address;
    assert_true(vo_sockaddr_parse(text, 0, &address));
    return address;
}

static struct vo_icmp_error error_of(uint8_t family, uint8_t type, uint8_t code, const char *offender)
{
    struct vo_icmp_error icmp = {.known = true, .family = family, .type = type, .code = code};
    if (offender) {
        icmp.has_offender = true;
        icmp.offender = host(offender);
    }
    return icmp;
}

static void states_follow_type_code_and_offender(void **state)
{
    (void)state;
    static const struct {
        uint8_t family, type, code;
        const char *offender, *state;
    } rows[] = {
        /* RFC 1122 3.2.2.1: a host that has the address but not the port says 3 from itself */
        {AF_INET, 3, 3, "192.0.2.9", "closed"},
        {AF_INET, 3, 3, "192.0.2.1", "rejected"},
        {AF_INET, 3, 3, NULL, "rejected"},
        {AF_INET, 3, 0, "192.0.2.1", "rejected"},
        {AF_INET, 3, 1, "192.0.2.1", "rejected"},
        {AF_INET, 3, 2, "192.0.2.9", "rejected"},
        {AF_INET, 3, 9, "192.0.2.1", "rejected"},
        {AF_INET, 3, 10, "192.0.2.1", "rejected"},
        {AF_INET, 3, 13, "192.0.2.9", "rejected"},
        {AF_INET, 3, 4, "192.0.2.1", NULL}, /* fragmentation needed */
        {AF_INET, 11, 0, "192.0.2.1", NULL},
        {AF_INET, 12, 0, "192.0.2.1", NULL},
        {AF_INET, 1, 4, "192.0.2.9", NULL}, /* ICMPv6's numbers mean nothing in ICMP */
        {AF_INET6, 1, 4, "2001:db8::9", "closed"},
        {AF_INET6, 1, 4, "2001:db8::1", "rejected"},
        {AF_INET6, 1, 3, "2001:db8::9", "rejected"},
        {AF_INET6, 1, 0, "2001:db8::1", "rejected"},
        {AF_INET6, 1, 1, "2001:db8::1", "rejected"},
        {AF_INET6, 1, 5, "2001:db8::1", "rejected"},
        {AF_INET6, 1, 6, "2001:db8::1", "rejected"},
        {AF_INET6, 2, 0, "2001:db8::1", NULL}, /* packet too big */
        {AF_INET6, 3, 0, "2001:db8::1", NULL},
        {AF_INET6, 3, 3, "2001:db8::9", NULL},
    };
    struct sockaddr_storage target4 = host("192.0.2.9"), target6 = host("2001:db8::9");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_icmp_error icmp = error_of(rows[i].family, rows[i].type, rows[i].code, rows[i].offender);
        const char *got = vo_icmp_state(&icmp, rows[i].family == AF_INET ? &target4 : &target6);
        if (!got != !rows[i].state || (got && strcmp(got, rows[i].state) != 0))
            fail_msg("row %zu: %s", i, got ? got : "nothing");
    }
    struct vo_icmp_error none = {0};
    assert_null(vo_icmp_state(&none, &target4));
}

static void texts_say_what_and_who(void **state)
{
    (void)state;
    char text[VO_ICMP_TEXT];
    struct vo_icmp_error icmp = error_of(AF_INET, 3, 13, "192.0.2.1");
    assert_string_equal(vo_icmp_format(&icmp, text),
                        "ICMP 3/13 (communication administratively prohibited) from 192.0.2.1");
    icmp = error_of(AF_INET6, 1, 4, "2001:db8::1");
    assert_string_equal(vo_icmp_format(&icmp, text), "ICMPv6 1/4 (port unreachable) from 2001:db8::1");
    icmp = error_of(AF_INET, 3, 200, NULL); /* a code that no RFC names */
    assert_string_equal(vo_icmp_format(&icmp, text), "ICMP 3/200");
    icmp = (struct vo_icmp_error){0};
    assert_string_equal(vo_icmp_format(&icmp, text), "no ICMP error");
}

/* A connected socket with its error queue, after a datagram to a port of loopback that nobody has. */
static int refused_socket(const char *address, struct sockaddr_storage *to)
{
    static const int on = 1;
    assert_true(vo_sockaddr_parse(address, 0, to));
    bool v6 = to->ss_family == AF_INET6;
    socklen_t size = sizeof *to;
    int owner = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(owner, (struct sockaddr *)to, vo_sockaddr_size(to)) != 0) {
        close(owner);
        return -1; /* no IPv6 here */
    }
    assert_int_equal(getsockname(owner, (struct sockaddr *)to, &size), 0);
    int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on);
    assert_int_equal(connect(fd, (struct sockaddr *)to, vo_sockaddr_size(to)), 0);
    close(owner);
    assert_int_equal(send(fd, "x", 1, 0), 1);
    struct pollfd wait = {.fd = fd};
    assert_int_equal(poll(&wait, 1, 2000), 1);
    return fd;
}

static void the_queue_tells_port_unreachable_and_is_empty_after(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        uint8_t family, type, code;
    } rows[] = {{"127.0.0.1", AF_INET, 3, 3}, {"::1", AF_INET6, 1, 4}};
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_storage to;
        struct vo_icmp_error icmp = {0};
        char text[VO_SOCKADDR_TEXT];
        int fd = refused_socket(rows[i].address, &to);
        if (fd < 0)
            continue;
        assert_int_equal(vo_icmp_drain(fd, &icmp), 1);
        assert_true(icmp.known && icmp.has_offender);
        assert_int_equal(icmp.family, rows[i].family);
        assert_int_equal(icmp.type, rows[i].type);
        assert_int_equal(icmp.code, rows[i].code);
        assert_int_equal(icmp.error, ECONNREFUSED);
        assert_string_equal(vo_sockaddr_format(&icmp.offender, text), rows[i].address);
        assert_string_equal(vo_icmp_state(&icmp, &to), "closed");
        struct pollfd after = {.fd = fd};
        assert_int_equal(poll(&after, 1, 0), 0); /* nothing left that would wake a loop */
        assert_int_equal(vo_icmp_drain(fd, &icmp), 0);
        close(fd);
    }
}

static void the_first_error_is_kept(void **state)
{
    (void)state;
    struct sockaddr_storage to;
    struct vo_icmp_error icmp = error_of(AF_INET, 3, 13, "192.0.2.1");
    int fd = refused_socket("127.0.0.1", &to);
    assert_int_equal(vo_icmp_drain(fd, &icmp), 1);
    assert_int_equal(icmp.code, 13);
    close(fd);
}

/* Send timestamps come by the same queue; they are no errors of the network. */
static void timestamps_are_not_errors(void **state)
{
    (void)state;
    static const int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    struct sockaddr_storage self = host("127.0.0.1");
    socklen_t size = sizeof self;
    struct vo_icmp_error icmp = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&self, vo_sockaddr_size(&self)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&self, &size), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags), 0);
    assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&self, size), 1);
    struct pollfd wait = {.fd = fd};
    assert_int_equal(poll(&wait, 1, 2000), 1);
    assert_int_equal(vo_icmp_drain(fd, &icmp), 1);
    assert_false(icmp.known);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_follow_type_code_and_offender),
        cmocka_unit_test(texts_say_what_and_who),
        cmocka_unit_test(the_queue_tells_port_unreachable_and_is_empty_after),
        cmocka_unit_test(the_first_error_is_kept),
        cmocka_unit_test(timestamps_are_not_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
