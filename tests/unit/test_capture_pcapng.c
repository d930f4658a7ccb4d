/* pcapng: every block type in both byte orders, time resolutions, statistics, secrets, lying lengths. */
#include "tests/unit/capture_bytes.h"

#include "core/clock.h"

#define S VO_NS_PER_S

static struct file file;
static size_t block_start;

static int teardown(void **state)
{
    (void)state;
    remove_files();
    return 0;
}

/* A block is begun, its body put, and ended: its length is then known. */
static void begin(uint32_t type)
{
    block_start = file.size;
    put32(&file, type);
    put32(&file, 0);
}

static void end(void)
{
    pad4(&file);
    uint32_t length = (uint32_t)(file.size - block_start + 4);
    put32(&file, length);
    file.size = block_start + 4;
    put32(&file, length);
    file.size = block_start + length;
}

static void option(unsigned code, unsigned size)
{
    put16(&file, code);
    put16(&file, size);
}

static void option64(unsigned code, uint64_t value)
{
    option(code, 8);
    put64(&file, value);
}

static void section(bool big)
{
    file.big = big;
    begin(0x0a0d0d0a);
    put32(&file, 0x1a2b3c4d);
    put16(&file, 1);
    put16(&file, 0);
    put64(&file, UINT64_MAX); /* section length not told */
    end();
}

static void start(bool big)
{
    file.size = 0;
    section(big);
}

/* An interface description; the caller may put options and must end() it. */
static void begin_interface(unsigned link, uint32_t snaplen, const char *name)
{
    begin(1);
    put16(&file, link);
    put16(&file, 0);
    put32(&file, snaplen);
    if (name) {
        option(2, (unsigned)strlen(name));
        put_text(&file, name);
        pad4(&file);
    }
}

static void interface(unsigned link, uint32_t snaplen, const char *name)
{
    begin_interface(link, snaplen, name);
    end();
}

static void begin_packet(uint32_t number, uint64_t units, unsigned first, uint32_t captured, uint32_t length)
{
    begin(6);
    put32(&file, number);
    put32(&file, (uint32_t)(units >> 32));
    put32(&file, (uint32_t)units);
    put32(&file, captured);
    put32(&file, length);
    put_data(&file, first, captured);
    pad4(&file);
}

static void packet(uint32_t number, uint64_t units, unsigned first, uint32_t captured, uint32_t length)
{
    begin_packet(number, units, first, captured, length);
    end();
}

static void simple_packet(unsigned first, uint32_t captured, uint32_t length)
{
    begin(3);
    put32(&file, length);
    put_data(&file, first, captured);
    end();
}

static void obsolete_packet(unsigned number, unsigned drops, uint64_t units, unsigned first,
                            uint32_t captured)
{
    begin(2);
    put16(&file, number);
    put16(&file, drops);
    put32(&file, (uint32_t)(units >> 32));
    put32(&file, (uint32_t)units);
    put32(&file, captured);
    put32(&file, captured);
    put_data(&file, first, captured);
    end();
}

static void every_block_in_both_byte_orders(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        start(big);
        begin(0x0bad); /* unknown blocks anywhere, one larger than a read */
        put_data(&file, 0, 300000);
        end();
        interface(1, 96, "eth0");
        interface(105, 0, NULL);
        begin(4); /* name resolution */
        put32(&file, 0);
        end();
        packet(0, 1700000000123456, 1, 61, 1500);
        packet(1, 1700000000123457, 2, 0, 0);
        simple_packet(3, 96, 2000);
        simple_packet(4, 33, 33);
        obsolete_packet(1, 0xffff, 1700000001000000, 5, 10);
        struct vo_capture *capture = open_one(save(&file));
        expect_frame(capture, 1700000000123456000, 1, 61, 1500);
        expect_frame(capture, 1700000000123457000, 2, 0, 0);
        expect_frame(capture, VO_TIME_UNKNOWN, 3, 96, 2000); /* as much as the interface's snap length */
        expect_frame(capture, VO_TIME_UNKNOWN, 4, 33, 33);
        struct vo_frame frame;
        assert_int_equal(vo_capture_next(capture, &frame, NULL), VO_OK);
        assert_int_equal(frame.time, 1700000001000000000);
        assert_int_equal(frame.interface, 1);
        assert_int_equal(frame.linktype, 105);
        assert_int_equal(read_all(capture), 0);
        assert_false(vo_capture_cut(capture));
        assert_int_equal(warnings, 0);
        assert_int_equal(vo_capture_stats(capture)->snapped, 2);
        assert_int_equal(vo_capture_stats(capture)->backsteps, 0); /* unknown times are no steps back */
        assert_int_equal(vo_capture_interface_count(capture), 2);
        assert_string_equal(vo_capture_interface(capture, 0)->name, "eth0");
        assert_int_equal(vo_capture_interface(capture, 0)->snaplen, 96);
        assert_null(vo_capture_interface(capture, 1)->name);
        assert_null(vo_capture_interface(capture, 2));
        assert_false(vo_capture_interface(capture, 1)->has_statistics); /* 0xffff: drops not told */
        vo_capture_close(capture);
    }
}

/* Two sections of different byte order and numbering: the name and the link type make the interface. */
static void sections_have_their_own_interfaces(void **state)
{
    (void)state;
    start(false);
    interface(1, 0, "eth0");
    interface(1, 0, "eth1");
    packet(1, 5000000, 0, 4, 4);
    section(true);
    interface(101, 0, "eth1");
    interface(1, 0, "eth1");
    packet(1, 4000000, 1, 4, 4); /* a step back on eth1 */
    packet(0, 4000000, 2, 4, 4);
    section(false);
    packet(0, 0, 0, 4, 4); /* this section describes none */
    struct vo_capture *capture = open_one(save(&file));
    static const uint32_t expected[] = {1, 1, 2};
    for (size_t i = 0; i < 3; i++) {
        struct vo_frame frame;
        assert_int_equal(vo_capture_next(capture, &frame, NULL), VO_OK);
        assert_int_equal(frame.interface, expected[i]);
    }
    assert_int_equal(read_all(capture), 0);
    assert_non_null(strstr(warning, "interface 0, which is not described"));
    assert_true(vo_capture_cut(capture));
    assert_int_equal(vo_capture_interface_count(capture), 3);
    assert_int_equal(vo_capture_stats(capture)->backsteps, 1);
    vo_capture_close(capture);
}

/* if_tsresol and if_tsoffset. 2^-20 s is 953.67431640625 ns, so 3 units are 2861 whole ns. A unit of 10^-12
 * s: 1999 are 1 whole ns. */
static void time_resolutions(void **state)
{
    (void)state;
    static const struct {
        int resolution; /* -1: no option */
        uint64_t units;
        int64_t offset;
        vo_time expected;
    } cases[] = {
        {-1, 1700000000123456, 0, 1700000000123456000},
        {6, 1, 0, 1000},
        {0, 1700000000, 0, 1700000000 * S},
        {3, 1700000000123, 0, 1700000000123000000},
        {9, 1700000000123456789, 0, 1700000000123456789},
        {9, INT64_MAX, 0, INT64_MAX},
        {12, 1999, 0, 1},
        {12, UINT64_MAX, 0, 18446744073709551}, /* 2^64 - 1 ps */
        {28, UINT64_MAX, 0, 1},                 /* 2^64 - 1 of 10^-28 s: 1.8 ns */
        {29, UINT64_MAX, 0, 0},                 /* and a tenth of that */
        {127, UINT64_MAX, 0, 0},
        {0x80, 1700000000, 0, 1700000000 * S}, /* 2^0 */
        {0x80 | 20, 3, 0, 2861},
        {0x80 | 32, 0x6553f10080000000, 0, 1700000000500000000}, /* NTP's format: 0x6553f100 s and a half */
        {0x80 | 64, 0x8000000000000000, 0, 500000000},
        {0x80 | 127, UINT64_MAX, 0, 0},
        {6, 123456, 1700000000, 1700000000123456000},
        {6, 500000, -1, -500000000},
        {9, 7, -9223372036, -9223372036 * S + 7},
    };
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
        start(i % 2);
        begin_interface(1, 0, NULL);
        if (cases[i / 2].resolution >= 0) {
            option(9, 1);
            put8(&file, (unsigned)cases[i / 2].resolution);
            pad4(&file);
        }
        if (cases[i / 2].offset)
            option64(14, (uint64_t)cases[i / 2].offset);
        end();
        packet(0, cases[i / 2].units, 0, 1, 1);
        struct vo_capture *capture = open_one(save(&file));
        expect_frame(capture, cases[i / 2].expected, 0, 1, 1);
        vo_capture_close(capture);
        remove_files();
    }
}

/* One more than an int64_t of ns, and sums that leave it on either side: the record is damaged, not wrapped
 * around. */
static void times_beyond_the_range(void **state)
{
    (void)state;
    static const struct {
        unsigned resolution;
        uint64_t units;
        int64_t offset;
    } cases[] = {{9, (uint64_t)INT64_MAX + 1, 0},
                 {0, UINT64_MAX, 0},
                 {0, UINT64_MAX, INT64_MAX},
                 {6, 0, INT64_MIN},
                 {9, INT64_MAX - 1, 1},
                 {0x80, UINT64_MAX, INT64_MAX},
                 {6, 0, INT64_MAX},
                 {9, 145224192, -9223372037}}; /* the last: exactly INT64_MIN */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(false);
        begin_interface(1, 0, NULL);
        option(9, 1);
        put8(&file, cases[i].resolution);
        pad4(&file);
        option64(14, (uint64_t)cases[i].offset);
        end();
        packet(0, cases[i].units, 0, 1, 1);
        struct vo_capture *capture = open_one(save(&file));
        assert_int_equal(read_all(capture), 0);
        assert_true(vo_capture_cut(capture));
        assert_non_null(strstr(warning, "time"));
        vo_capture_close(capture);
        remove_files();
    }
}

/* The interface says 4 (some write bits: 32), a packet's flags may say otherwise: bits 5 to 8. */
static void fcs_of_interface_and_packet(void **state)
{
    (void)state;
    static const struct {
        unsigned link, told;
        int flags;
        uint32_t left;
    } cases[] = {{1, 4, -1, 60},     {1, 32, -1, 60},    {1, 0, -1, 64},
                 {1, 0, 4 << 5, 60}, {1, 4, 2 << 5, 62}, {1, 4, 1, 60 /* direction only */},
                 {127, 4, -1, 64},   {105, 4, -1, 60}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(i % 2);
        begin_interface(cases[i].link, 0, NULL);
        option(13, 1);
        put8(&file, cases[i].told);
        pad4(&file);
        end();
        begin_packet(0, 1, 0, 64, 64);
        if (cases[i].flags >= 0) {
            option(1, 5); /* a comment before it, with padding */
            put_text(&file, "hello");
            pad4(&file);
            option(2, 4);
            put32(&file, (uint32_t)cases[i].flags);
            option(0, 0);
        }
        end();
        struct vo_capture *capture = open_one(save(&file));
        expect_frame(capture, 1000, 0, cases[i].left, cases[i].left);
        vo_capture_close(capture);
    }
}

static void statistics(uint32_t number, uint64_t received, int64_t interface_drops, int64_t system_drops)
{
    begin(5);
    put32(&file, number);
    put64(&file, 0);
    option64(2, 123); /* start time */
    option64(4, received);
    if (interface_drops >= 0)
        option64(5, (uint64_t)interface_drops);
    if (system_drops >= 0)
        option64(7, (uint64_t)system_drops);
    option(0, 0);
    end();
}

static void drops_from_statistics_blocks(void **state)
{
    (void)state;
    start(true);
    interface(1, 0, "eth0");
    interface(1, 0, "eth1");
    interface(1, 0, "eth2");
    statistics(0, 100, 3, 4);
    statistics(0, 1000, 5, 20); /* counts from the start of the capture: the latest holds */
    statistics(1, 77, -1, -1);  /* tells nothing about drops */
    statistics(2, 50, 0, -1);   /* tells that there were none */
    section(false);             /* another capture process: adds */
    interface(1, 0, "eth0");
    statistics(0, 10, 2, -1);
    struct vo_capture *capture = open_one(save(&file));
    assert_int_equal(read_all(capture), 0);
    assert_int_equal(warnings, 0);
    static const struct {
        uint64_t received, dropped;
        bool known;
    } expected[] = {{1010, 27, true}, {77, 0, false}, {50, 0, true}};
    for (size_t i = 0; i < 3; i++) {
        const struct vo_capture_interface *it = vo_capture_interface(capture, i);
        assert_int_equal(it->received, expected[i].received);
        assert_int_equal(it->dropped, expected[i].dropped);
        assert_int_equal(it->has_statistics, expected[i].known);
    }
    vo_capture_close(capture);
}

/* Drops told packet by packet: 2 + 3 and, in obsolete blocks, 4 + 1. A statistics block tells the same drops
 * once more. */
static void drops_from_packets(void **state)
{
    (void)state;
    start(false);
    interface(1, 0, "eth0");
    interface(1, 0, "eth1");
    for (unsigned lost = 2; lost <= 3; lost++) {
        begin_packet(0, lost, 0, 5, 5);
        option64(4, lost);
        end();
    }
    obsolete_packet(1, 4, 1, 0, 3);
    obsolete_packet(1, 1, 2, 0, 3);
    struct file before = file;
    struct vo_capture *capture = open_one(save(&file));
    assert_int_equal(read_all(capture), 4);
    assert_int_equal(vo_capture_interface(capture, 0)->dropped, 5);
    assert_int_equal(vo_capture_interface(capture, 1)->dropped, 5);
    assert_true(vo_capture_interface(capture, 1)->has_statistics);
    vo_capture_close(capture);
    file = before;
    statistics(0, 100, 6, -1); /* one more after the last packet */
    statistics(1, 100, 5, -1);
    capture = open_one(save(&file));
    assert_int_equal(read_all(capture), 4);
    assert_int_equal(vo_capture_interface(capture, 0)->dropped, 6);
    assert_int_equal(vo_capture_interface(capture, 1)->dropped, 5);
    vo_capture_close(capture);
}

static void secrets(uint32_t type, const char *text)
{
    begin(10);
    put32(&file, type);
    put32(&file, (uint32_t)strlen(text));
    put_text(&file, text);
    end();
}

static void tls_secrets_grow_while_reading(void **state)
{
    (void)state;
    start(true);
    interface(1, 0, NULL);
    secrets(0x544c534b, "CLIENT_RANDOM 01 02\n");
    secrets(0x57474b4c, "another kind");
    packet(0, 1, 0, 4, 4);
    secrets(0x544c534b, "CLIENT_RANDOM 03 04\n");
    packet(0, 2, 0, 4, 4);
    struct vo_capture *capture = open_one(save(&file));
    size_t size = 1;
    assert_null(vo_capture_secrets(capture, &size));
    assert_int_equal(size, 0);
    expect_frame(capture, 1000, 0, 4, 4);
    vo_capture_secrets(capture, &size);
    assert_int_equal(size, 20);
    expect_frame(capture, 2000, 0, 4, 4);
    const char *text = vo_capture_secrets(capture, &size);
    assert_int_equal(size, 40);
    assert_memory_equal(text, "CLIENT_RANDOM 01 02\nCLIENT_RANDOM 03 04\n", 40);
    vo_capture_close(capture);
}

/* Each prefix of a file: whole blocks with packets before its end are delivered, and it is cut unless it ends
 * with a block. */
static void every_truncated_length(void **state)
{
    (void)state;
    size_t ends[8], packets[8], count = 0;
    start(true);
#define ENDED(n) (ends[count] = file.size, packets[count++] = (n))
    ENDED(0);
    interface(1, 0, "eth0");
    ENDED(0);
    packet(0, 1, 0, 21, 30);
    ENDED(1);
    begin(0x0bad);
    put_data(&file, 0, 40);
    end();
    ENDED(1);
    simple_packet(0, 9, 9);
    ENDED(2);
    obsolete_packet(0, 1, 1, 0, 7);
    ENDED(3);
    statistics(0, 1, 1, 1);
    ENDED(3);
    secrets(0x544c534b, "text");
    ENDED(3);
    for (size_t size = 0; size <= file.size; size++) {
        const char *path = save_prefix(&file, size);
        if (size < 28) {
            expect_error(&path, 1, NULL, VO_ERR_INPUT, path);
        } else {
            size_t last = 0;
            while (last + 1 < count && ends[last + 1] <= size)
                last++;
            struct vo_capture *capture = open_one(path);
            assert_int_equal(read_all(capture), packets[last]);
            assert_int_equal(vo_capture_cut(capture), size != ends[last]);
            assert_int_equal(warnings, size != ends[last]);
            vo_capture_close(capture);
        }
        remove_files();
    }
}

/* Every 32-bit word of a file in turn is replaced by hostile values: whatever comes, no crash and an end. */
static void every_word_damaged(void **state)
{
    (void)state;
    static const uint32_t values[] = {0,          1,          3,          11,         12,        13,
                                      0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff, 0x00040000};
    start(false);
    interface(1, 0, "eth0");
    packet(0, 1, 0, 21, 30);
    simple_packet(0, 9, 9);
    obsolete_packet(0, 1, 1, 0, 7);
    statistics(0, 1, 1, 1);
    secrets(0x544c534b, "text");
    packet(0, 2, 0, 4, 4);
    static struct file damaged;
    for (size_t at = 8; at + 4 <= file.size; at += 4) {
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            damaged = (struct file){.size = file.size};
            memcpy(damaged.bytes, file.bytes, file.size);
            damaged.size = at;
            put32(&damaged, values[i]);
            damaged.size = file.size;
            const char *path = save(&damaged);
            struct vo_capture *capture = NULL;
            if (vo_capture_open_files(&path, 1, NULL, NULL, NULL, &capture, NULL) == VO_OK)
                assert_in_range(read_all(capture), 0, 5); /* one more: a block made a simple packet */
            vo_capture_close(capture);
            remove_files();
        }
    }
}

/* What ends a file behind its first packet, and the words about it. */
static void lying_lengths_are_told(void **state)
{
    (void)state;
    for (int kind = 0; kind < 8; kind++) {
        static const char *words[] = {
            "at its start and", "claims a length of 14",   "claims a length of 4000000",
            "captured bytes",   "captured bytes",          "secrets block whose lengths",
            "version 2",        "without byte-order magic"};
        start(false);
        interface(1, 0, NULL);
        packet(0, 1, 0, 4, 4);
        size_t damage = file.size;
        if (kind == 3) {
            begin_packet(0, 2, 0, 40, 40);
            end();
        } else if (kind == 4) {
            simple_packet(0, 40, 41 + 3);
        } else if (kind == 5) {
            secrets(0x544c534b, "text");
        } else if (kind >= 6) {
            section(false);
        } else {
            packet(0, 2, 0, 4, 4);
        }
        size_t whole = file.size;
        static const struct {
            size_t at; /* from the start of the block; 0: from its end */
            uint32_t value;
        } change[] = {{0, 40}, {4, 14}, {4, 4000000}, {20, 41 + 3},
                      {0, 60}, {12, 5}, {12, 2},      {8, 0x1a2b3c4e}};
        if (kind != 4) {
            file.size = change[kind].at ? damage + change[kind].at : whole - 4;
            put32(&file, change[kind].value);
            file.size = whole;
        }
        packet(0, 3, 0, 4, 4);
        struct vo_capture *capture = open_one(save(&file));
        assert_int_equal(read_all(capture), 1);
        assert_true(vo_capture_cut(capture));
        assert_int_equal(warnings, 1);
        if (!strstr(warning, words[kind]))
            fail_msg("%d: %s", kind, warning);
        char offset[32];
        snprintf(offset, sizeof offset, "byte %zu", damage);
        assert_non_null(strstr(warning, offset));
        vo_capture_close(capture);
    }
}

/* A filter is tried on each link type as it turns up; at the first, opening fails. */
static void filters_on_two_link_types(void **state)
{
    (void)state;
    start(false);
    interface(1, 0, "eth0");
    packet(0, 1, 0, 60, 60);
    interface(101, 0, "tun0");
    packet(1, 2, 0x45, 60, 60);
    const char *path = save(&file);
    struct vo_capture *capture = open_files(&path, 1, "greater 50");
    assert_int_equal(read_all(capture), 2);
    vo_capture_close(capture);
    expect_error(&path, 1, "udp prt", VO_ERR_USAGE, "syntax error");
    capture = open_files(&path, 1, "ether multicast or ether host 2:0:0:0:0:1");
    struct vo_frame frame;
    struct vo_error error = {0};
    assert_int_equal(vo_capture_next(capture, &frame, &error),
                     VO_ERR_USAGE); /* the first frame does not match */
    assert_non_null(strstr(error.message, "link type 101"));
    vo_capture_close(capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_block_in_both_byte_orders, teardown),
        cmocka_unit_test_teardown(sections_have_their_own_interfaces, teardown),
        cmocka_unit_test_teardown(time_resolutions, teardown),
        cmocka_unit_test_teardown(times_beyond_the_range, teardown),
        cmocka_unit_test_teardown(fcs_of_interface_and_packet, teardown),
        cmocka_unit_test_teardown(drops_from_statistics_blocks, teardown),
        cmocka_unit_test_teardown(drops_from_packets, teardown),
        cmocka_unit_test_teardown(tls_secrets_grow_while_reading, teardown),
        cmocka_unit_test_teardown(every_truncated_length, teardown),
        cmocka_unit_test_teardown(every_word_damaged, teardown),
        cmocka_unit_test_teardown(lying_lengths_are_told, teardown),
        cmocka_unit_test_teardown(filters_on_two_link_types, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
