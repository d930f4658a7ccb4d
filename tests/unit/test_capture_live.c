/* Live capture: on the loopback with datagrams that the test sends to itself, and on an interface of its own
 * that goes away. Skipped where capturing is not permitted. */
#include "tests/unit/capture_bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define FRAMES  50
#define PAYLOAD 160
#define ON_WIRE (14 + 20 + 8 + PAYLOAD) /* Ethernet, IPv4, UDP */

static int udp = -1;
static struct sockaddr_in address;
static char filter[64];

/* A socket that sends to itself. */
static int setup(void **state)
{
    (void)state;
    socklen_t size = sizeof address;
    udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(udp, (struct sockaddr *)&address, size) != 0 ||
        getsockname(udp, (struct sockaddr *)&address, &size) != 0)
        return -1;
    snprintf(filter, sizeof filter, "udp dst port %u", ntohs(address.sin_port));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(udp);
    remove_files();
    return 0;
}

static void send_frames(void)
{
    uint8_t payload[PAYLOAD];
    for (unsigned i = 0; i < FRAMES; i++) {
        memset(payload, (int)i, sizeof payload);
        assert_int_equal(sendto(udp, payload, sizeof payload, 0, (struct sockaddr *)&address, sizeof address),
                         sizeof payload);
    }
}

static struct vo_capture *open_loopback(const struct vo_capture_options *options)
{
    struct vo_capture *capture = NULL;
    struct vo_error error = {0};
    warnings = 0;
    enum vo_status status = vo_capture_open_live("lo", options, keep_warning, NULL, &capture, &error);
    if (status == VO_ERR_PRIVILEGE) {
        assert_non_null(
            strstr(error.message, "cap_net_raw,cap_net_admin+ep $(command -v test_capture_live)"));
        print_message("skipped: %s\n", error.message);
        skip();
    }
    if (status != VO_OK)
        fail_msg("%s", error.message);
    return capture;
}

/* Takes `count` frames, in two seconds at most. */
static void expect_frames(struct vo_capture *capture, unsigned count)
{
    vo_time started = vo_clock_monotonic();
    unsigned got = 0;
    while (got < count && vo_clock_monotonic() - started < 2 * VO_NS_PER_S) {
        struct vo_frame frame;
        assert_int_equal(vo_capture_next(capture, &frame, NULL), VO_OK);
        if (!frame.data)
            continue;
        assert_int_equal(frame.captured, ON_WIRE);
        assert_int_equal(frame.length, ON_WIRE);
        assert_int_equal(frame.linktype, 1);
        assert_int_equal(frame.interface, 0);
        assert_int_equal(frame.data[ON_WIRE - 1], got);
        assert_in_range(frame.time, vo_clock_now() - 5 * VO_NS_PER_S, vo_clock_now());
        got++;
    }
    assert_int_equal(got, count);
}

static void datagrams_on_the_loopback(void **state)
{
    (void)state;
    const char *copy = new_path();
    struct vo_capture *capture =
        open_loopback(&(struct vo_capture_options){.filter = filter, .write_to = copy});
    send_frames();
    expect_frames(capture, FRAMES);
    const struct vo_capture_interface *interface = vo_capture_interface(capture, 0);
    assert_string_equal(interface->name, "lo");
    assert_in_range(interface->received, FRAMES,
                    2 * FRAMES); /* the loopback's both ends, as the kernel counts */
    assert_int_equal(interface->dropped, 0);
    assert_true(interface->has_statistics);
    assert_int_equal(vo_capture_stats(capture)->frames, FRAMES);
    assert_int_equal(vo_capture_stats(capture)->bytes_total, 0);
    vo_capture_stop(capture);
    assert_int_equal(read_all(capture), 0);
    assert_false(vo_capture_cut(capture));
    vo_capture_close(capture);
    assert_int_equal(warnings, 0);

    capture = open_one(copy);
    struct vo_frame frame;
    for (int i = 0; i < FRAMES; i++) {
        assert_int_equal(vo_capture_next(capture, &frame, NULL), VO_OK);
        assert_int_equal(frame.captured, ON_WIRE);
        assert_int_equal(frame.data[ON_WIRE - 1], i);
    }
    assert_int_equal(read_all(capture), 0);
    vo_capture_close(capture);
}

/* In an event loop: nothing is waited for, and a descriptor tells that frames have come. */
static void watched(void **state)
{
    (void)state;
    struct vo_capture *capture = open_loopback(&(struct vo_capture_options){.filter = filter});
    struct pollfd wait = {.fd = vo_capture_watchable(capture), .events = POLLIN};
    struct vo_frame frame;
    assert_true(wait.fd >= 0);
    vo_time started = vo_clock_monotonic();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(vo_capture_next(capture, &frame, NULL), VO_OK);
        assert_null(frame.data);
    }
    assert_true(vo_clock_monotonic() - started < VO_NS_PER_S); /* 100 waits would take 10 s */
    send_frames();
    assert_int_equal(poll(&wait, 1, 2000), 1);
    expect_frames(capture, FRAMES);
    vo_capture_close(capture);
}

/* Nothing comes: an empty frame at least four times a second, and the end when the time is over. */
static void silence_and_duration(void **state)
{
    (void)state;
    struct vo_capture *capture =
        open_loopback(&(struct vo_capture_options){.filter = filter, .duration_s = 0.5});
    vo_time started = vo_clock_monotonic(), last = started;
    struct vo_frame frame;
    enum vo_status status;
    while ((status = vo_capture_next(capture, &frame, NULL)) == VO_OK) {
        assert_null(frame.data);
        assert_in_range(vo_clock_monotonic() - last, 0, 250 * VO_NS_PER_MS);
        last = vo_clock_monotonic();
    }
    assert_int_equal(status, VO_END);
    assert_in_range(vo_clock_monotonic() - started, 500 * VO_NS_PER_MS, 900 * VO_NS_PER_MS);
    assert_int_equal(vo_capture_stats(capture)->frames, 0);
    vo_capture_close(capture);
}

/* A full disk is told once, and the capture goes on. */
static void a_full_disk(void **state)
{
    (void)state;
    struct vo_capture *capture =
        open_loopback(&(struct vo_capture_options){.filter = filter, .write_to = "/dev/full"});
    for (int round = 0; round < 3; round++) {
        send_frames();
        expect_frames(capture, FRAMES);
        struct vo_frame frame;
        assert_int_equal(vo_capture_next(capture, &frame, NULL),
                         VO_OK); /* idle: what is kept goes to the disk */
    }
    vo_capture_close(capture);
    assert_int_equal(warnings, 1);
    assert_non_null(strstr(warning, "No space left on device"));
}

static void what_cannot_be_opened(void **state)
{
    (void)state;
    vo_capture_close(open_loopback(NULL));
    struct vo_capture *capture;
    struct vo_error error = {0};
    assert_int_equal(vo_capture_open_live("nonexistent0", NULL, NULL, NULL, &capture, &error), VO_ERR_USAGE);
    assert_non_null(strstr(error.message, "nonexistent0"));
    assert_non_null(strstr(error.message, "lo"));
    struct vo_capture_options options = {.filter = "udp prt 5"};
    assert_int_equal(vo_capture_open_live("lo", &options, NULL, NULL, &capture, &error), VO_ERR_USAGE);
    assert_non_null(strstr(error.message, "syntax error"));
    options = (struct vo_capture_options){.write_to = "/nonexistent/x.pcap"};
    assert_int_equal(vo_capture_open_live("lo", &options, NULL, NULL, &capture, &error), VO_ERR_IO);
    assert_null(capture);
}

/* In a network namespace of its own: 0 what was expected, 1 not, 2 not permitted. */
static int capture_until_the_interface_vanishes(void)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    strcpy(request.ifr_name, "vanish0");
    int tap = unshare(CLONE_NEWNET) == 0 ? open("/dev/net/tun", O_RDWR) : -1;
    if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0)
        return 2;
    struct vo_capture *capture;
    struct vo_error error = {0};
    int control = socket(AF_INET, SOCK_DGRAM, 0);
    request.ifr_flags = IFF_UP;
    if (ioctl(control, SIOCSIFFLAGS, &request) != 0 ||
        vo_capture_open_live("vanish0", NULL, NULL, NULL, &capture, &error) != VO_OK)
        return 2;
    uint8_t data[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
    if (write(tap, data, sizeof data) != (ssize_t)sizeof data)
        return 2;
    vo_time started = vo_clock_monotonic();
    struct vo_frame frame;
    enum vo_status status = VO_OK;
    bool seen = false;
    while (status == VO_OK && vo_clock_monotonic() - started < 5 * VO_NS_PER_S) {
        status = vo_capture_next(capture, &frame, &error);
        if (status == VO_OK && frame.captured == 60 && frame.data[13] == 0xb5) {
            seen = true;
            close(tap); /* the interface goes with it */
        }
    }
    vo_capture_close(capture);
    return seen && status == VO_ERR_IO && strstr(error.message, "vanish0") ? 0 : 1;
}

static void an_interface_that_vanishes(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(capture_until_the_interface_vanishes());
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2) {
        print_message("skipped: no network namespace or TAP device can be made here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(datagrams_on_the_loopback, setup, teardown),
        cmocka_unit_test_setup_teardown(watched, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_and_duration, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_opened, setup, teardown),
        cmocka_unit_test_setup_teardown(an_interface_that_vanishes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
