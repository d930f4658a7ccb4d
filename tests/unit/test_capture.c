/* Classic pcap, gzip, pipes, sets of files, filters, what is told about files that are no captures. */
#include "tests/unit/capture_bytes.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <zlib.h>

#define S VO_NS_PER_S

static struct file file, other;

static int teardown(void **state)
{
    (void)state;
    remove_files();
    return 0;
}

static void every_magic_in_both_byte_orders(void **state)
{
    (void)state;
    static const struct {
        uint32_t magic, extra;
        vo_time unit;
    } cases[] = {{0xa1b2c3d4, 0, 1000}, {0xa1b23c4d, 0, 1}, {0xa1b2cd34, 8, 1000}};
    for (size_t i = 0; i < 6; i++) {
        pcap_header(&file, i % 2, cases[i / 2].magic, 96, 1);
        for (uint32_t n = 0; n < 2; n++) {
            pcap_record(&file, 1700000000 + n, 123456, 0, 0, 0);
            file.size -= 8; /* the lengths again, for the data that comes after the extra fields */
            put32(&file, 60);
            put32(&file, 1500);
            put_data(&file, 0, cases[i / 2].extra);
            put_data(&file, 10 * n, 60);
        }
        struct vo_capture *capture = open_one(save(&file));
        expect_frame(capture, 1700000000 * S + 123456 * cases[i / 2].unit, 0, 60, 1500);
        expect_frame(capture, 1700000001 * S + 123456 * cases[i / 2].unit, 10, 60, 1500);
        assert_int_equal(read_all(capture), 0);
        assert_false(vo_capture_cut(capture));
        assert_int_equal(vo_capture_interface_count(capture), 1);
        const struct vo_capture_interface *interface = vo_capture_interface(capture, 0);
        assert_int_equal(interface->snaplen, 96);
        assert_int_equal(interface->linktype, 1);
        assert_null(interface->name);
        assert_false(interface->has_statistics); /* classic pcap cannot tell drops */
        const struct vo_capture_stats *stats = vo_capture_stats(capture);
        assert_int_equal(stats->frames, 2);
        assert_int_equal(stats->snapped, 2);
        assert_int_equal(stats->bytes_read, file.size);
        assert_int_equal(stats->bytes_total, file.size);
        vo_capture_close(capture);
    }
}

/* 2^32 - 1 s is 2106-02-07; with the largest fraction 4294967295e9 + 4294967295e3 ns, far below 2^63. */
static void the_largest_time_is_exact(void **state)
{
    (void)state;
    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    pcap_record(&file, UINT32_MAX, UINT32_MAX, 0, 1, 1);
    struct vo_capture *capture = open_one(save(&file));
    expect_frame(capture, 4294971589967295000LL, 0, 1, 1);
    vo_capture_close(capture);
}

/* Upper half of the link field: 0x24000000 is "FCS length is told" and two words, four bytes. */
static void fcs_is_taken_off(void **state)
{
    (void)state;
    static const struct {
        uint32_t link, captured, length, got, got_length, linktype;
    } cases[] = {
        {0x24000001, 64, 64, 60, 60, 1},   {0x24000001, 62, 64, 60, 60, 1}, /* cut within the FCS */
        {0x24000001, 40, 64, 40, 60, 1},                                    /* cut before it */
        {0x20000001, 64, 64, 64, 64, 1},                                    /* length not said to be there */
        {0x2400007f, 64, 64, 64, 64, 127},                                  /* radiotap tells it by itself */
        {0x24000001, 2, 2, 2, 2, 1},                                        /* shorter than an FCS */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pcap_header(&file, false, 0xa1b2c3d4, 0, cases[i].link);
        pcap_record(&file, 1, 0, 0, cases[i].captured, cases[i].length);
        struct vo_capture *capture = open_one(save(&file));
        expect_frame(capture, 1 * S, 0, cases[i].got, cases[i].got_length);
        assert_int_equal(vo_capture_interface(capture, 0)->linktype, cases[i].linktype);
        vo_capture_close(capture);
    }
}

/* Captured more than there was: before version 2.4 the two lengths were written in either order, later it is
 * nonsense that costs nothing to accept. */
static void captured_above_length(void **state)
{
    (void)state;
    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    pcap_record(&file, 1, 0, 0, 50, 40);
    struct vo_capture *capture = open_one(save(&file));
    expect_frame(capture, 1 * S, 0, 50, 50);
    vo_capture_close(capture);

    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    file.bytes[6] = 3;
    pcap_record(&file, 1, 0, 0, 0, 0);
    file.size -= 8;
    put32(&file, 90); /* length first */
    put32(&file, 40);
    put_data(&file, 0, 40);
    capture = open_one(save(&file));
    expect_frame(capture, 1 * S, 0, 40, 90);
    assert_int_equal(read_all(capture), 0);
    assert_false(vo_capture_cut(capture));
    vo_capture_close(capture);
}

/* Records of 16 + 20 bytes behind a header of 24: a prefix holds (size - 24) / 36 whole ones, and is cut
 * unless it ends with one. */
static void every_truncated_length(void **state)
{
    (void)state;
    pcap_header(&file, true, 0xa1b2c3d4, 0, 1);
    for (unsigned i = 0; i < 3; i++)
        pcap_record(&file, i, 0, i, 20, 20);
    for (size_t size = 0; size <= file.size; size++) {
        const char *path = save_prefix(&file, size);
        if (size < 24) {
            expect_error(&path, 1, NULL, VO_ERR_INPUT, path);
        } else {
            struct vo_capture *capture = open_one(path);
            assert_int_equal(read_all(capture), (size - 24) / 36);
            assert_int_equal(vo_capture_cut(capture), (size - 24) % 36 != 0);
            assert_int_equal(warnings, (size - 24) % 36 != 0);
            vo_capture_close(capture);
        }
        remove_files();
    }
}

static void a_lying_length_ends_the_file(void **state)
{
    (void)state;
    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    pcap_record(&file, 1, 0, 0, 262144, 262144); /* the largest frame there may be */
    size_t second = file.size;
    pcap_record(&file, 2, 0, 0, 0, 0);
    file.size -= 8;
    put32(&file, 262145);
    put32(&file, 262145);
    put_data(&file, 0, 262145);
    pcap_record(&file, 3, 0, 0, 10, 10);
    struct vo_capture *capture = open_one(save(&file));
    expect_frame(capture, 1 * S, 0, 262144, 262144);
    assert_int_equal(read_all(capture), 0);
    assert_true(vo_capture_cut(capture));
    char offset[32];
    snprintf(offset, sizeof offset, "byte %zu", second);
    assert_non_null(strstr(warning, offset));
    assert_int_equal(vo_capture_next(capture, &(struct vo_frame){0}, NULL), VO_END); /* and stays so */
    assert_int_equal(warnings, 1);
    vo_capture_close(capture);
}

/* Frames of all sizes over some hundred KiB: every way a record can lie across two reads. */
static void records_across_blocks(void **state)
{
    (void)state;
    pcap_header(&file, false, 0xa1b23c4d, 0, 1);
    for (uint32_t i = 0; i < 1300; i++)
        pcap_record(&file, i, i, i, i % 1000, i % 1000);
    struct vo_capture *capture = open_one(save(&file));
    for (uint32_t i = 0; i < 1300; i++)
        expect_frame(capture, i * S + i, i, i % 1000, i % 1000);
    assert_int_equal(read_all(capture), 0);
    assert_false(vo_capture_cut(capture));
    vo_capture_close(capture);
}

static void backsteps_are_counted(void **state)
{
    (void)state;
    static const uint32_t seconds[] = {5, 6, 4, 5, 5, 3};
    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    for (size_t i = 0; i < 6; i++)
        pcap_record(&file, seconds[i], 0, 0, 4, 4);
    struct vo_capture *capture = open_one(save(&file));
    assert_int_equal(read_all(capture), 6);
    assert_int_equal(vo_capture_stats(capture)->backsteps, 2); /* 6 to 4, 5 to 3 */
    vo_capture_close(capture);
}

/* gzip */

static const char *save_gzip(const struct file *from, size_t members)
{
    const char *path = new_path();
    size_t done = 0;
    for (size_t i = 1; i <= members; i++) {
        gzFile out = gzopen(path, i == 1 ? "wb" : "ab");
        size_t until = from->size * i / members;
        assert_int_equal(gzwrite(out, from->bytes + done, (unsigned)(until - done)), until - done);
        assert_int_equal(gzclose(out), Z_OK);
        done = until;
    }
    return path;
}

static void thousand_records(void)
{
    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    for (uint32_t i = 0; i < 1000; i++)
        pcap_record(&file, i, 0, i, 300, 300);
}

static void gzip_of_one_and_of_many_members(void **state)
{
    (void)state;
    thousand_records();
    for (size_t members = 1; members <= 4; members++) {
        const char *path = save_gzip(&file, members);
        if (members == 4) { /* zeros after the last member are padding */
            FILE *out = fopen(path, "ab");
            fwrite("\0\0\0\0", 1, 4, out);
            fclose(out);
        }
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        struct vo_capture *capture = open_one(path);
        for (uint32_t i = 0; i < 1000; i++)
            expect_frame(capture, i * S, i, 300, 300);
        assert_int_equal(read_all(capture), 0);
        assert_false(vo_capture_cut(capture));
        assert_int_equal(vo_capture_stats(capture)->bytes_read, status.st_size); /* as stored */
        assert_int_equal(vo_capture_stats(capture)->bytes_total, status.st_size);
        vo_capture_close(capture);
    }
}

/* The trailer of 8 bytes is the sum and the size: without it, or with a wrong sum, all frames are there, but
 * nobody knows whether they are right or all. */
static void gzip_cut_or_corrupt_gives_what_came_before(void **state)
{
    (void)state;
    thousand_records();
    const char *path = save_gzip(&file, 1);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    FILE *out = fopen(path, "r+b");
    fseek(out, -8, SEEK_END);
    int sum = getc(out);
    fseek(out, -8, SEEK_END);
    putc(sum ^ 1, out);
    fclose(out);
    struct vo_capture *capture = open_one(path);
    assert_int_equal(read_all(capture), 1000);
    assert_true(vo_capture_cut(capture));
    assert_int_equal(warnings, 1);
    assert_non_null(strstr(warning, "corrupt"));
    vo_capture_close(capture);

    path = save_gzip(&file, 1);
    for (int trailer = 1; trailer >= 0; trailer--) {
        assert_int_equal(truncate(path, trailer ? status.st_size - 4 : status.st_size / 2), 0);
        capture = open_one(path);
        unsigned count = read_all(capture);
        assert_in_range(count, trailer ? 1000 : 1, trailer ? 1000 : 999);
        assert_true(vo_capture_cut(capture));
        assert_int_equal(warnings, 1);
        assert_non_null(strstr(warning, "gzip data ends early"));
        vo_capture_close(capture);
    }
}

/* Standard input */

static int standard_input;

static int replace_standard_input(int pipe_fds[2])
{
    standard_input = dup(STDIN_FILENO);
    assert_int_equal(pipe(pipe_fds), 0);
    return dup2(pipe_fds[0], STDIN_FILENO);
}

static void restore_standard_input(int pipe_fds[2])
{
    dup2(standard_input, STDIN_FILENO);
    close(standard_input);
    close(pipe_fds[0]);
}

static void standard_input_in_small_pieces(void **state)
{
    (void)state;
    int fds[2];
    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    for (unsigned i = 0; i < 10; i++)
        pcap_record(&file, i, 0, i, 40, 40);
    assert_int_equal(replace_standard_input(fds), STDIN_FILENO);
    pid_t child = fork();
    if (child == 0) {
        for (size_t at = 0; at < file.size; at += 7) {
            size_t size = file.size - at < 7 ? file.size - at : 7;
            if (write(fds[1], file.bytes + at, size) < 0)
                _exit(1);
        }
        _exit(0);
    }
    close(fds[1]);
    struct vo_capture *capture = open_one("-");
    assert_int_equal(read_all(capture), 10);
    assert_false(vo_capture_cut(capture));
    assert_int_equal(vo_capture_stats(capture)->bytes_total, 0); /* not known of a pipe */
    vo_capture_close(capture);
    restore_standard_input(fds);
}

static struct vo_capture *to_stop;
static void stop_it(int number)
{
    (void)number;
    vo_capture_stop(to_stop);
}

/* One frame is there, the next never comes: a signal handler that calls vo_capture_stop() ends the wait. */
static void a_signal_ends_a_blocking_read(void **state)
{
    (void)state;
    int fds[2];
    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    pcap_record(&file, 1, 0, 0, 40, 40);
    assert_int_equal(replace_standard_input(fds), STDIN_FILENO);
    assert_int_equal(write(fds[1], file.bytes, file.size), file.size);
    to_stop = open_one("-");
    struct sigaction action = {.sa_handler = stop_it, .sa_flags = SA_RESTART}, before;
    sigaction(SIGALRM, &action, &before);
    struct itimerval timer = {.it_value.tv_usec = 50000};
    setitimer(ITIMER_REAL, &timer, NULL);
    assert_int_equal(read_all(to_stop), 1);
    assert_true(vo_capture_cut(to_stop));
    sigaction(SIGALRM, &before, NULL);
    vo_capture_close(to_stop);
    close(fds[1]);
    restore_standard_input(fds);
}

static void do_nothing(int number)
{
    (void)number;
}

/* While opening, nobody can call vo_capture_stop() yet: any signal that has a handler ends the wait. */
static void a_signal_ends_opening_an_idle_pipe(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(replace_standard_input(fds), STDIN_FILENO);
    struct sigaction action = {.sa_handler = do_nothing, .sa_flags = SA_RESTART}, before;
    sigaction(SIGALRM, &action, &before);
    struct itimerval timer = {.it_value.tv_usec = 50000};
    setitimer(ITIMER_REAL, &timer, NULL);
    expect_error(&(const char *){"-"}, 1, NULL, VO_ERR_IO, "interrupted while waiting for standard input");
    sigaction(SIGALRM, &before, NULL);
    close(fds[1]);
    restore_standard_input(fds);
}

static void stopping_a_file(void **state)
{
    (void)state;
    thousand_records();
    struct vo_capture *capture = open_one(save(&file));
    expect_frame(capture, 0, 0, 300, 300);
    vo_capture_stop(capture);
    assert_int_equal(read_all(capture), 0);
    assert_true(vo_capture_cut(capture));
    assert_int_equal(warnings, 0);
    vo_capture_close(capture);
}

/* Sets */

static const char *save_times(uint32_t link, const uint32_t *seconds, size_t count)
{
    pcap_header(&file, false, 0xa1b2c3d4, 0, link);
    for (size_t i = 0; i < count; i++)
        pcap_record(&file, seconds[i], 0, seconds[i], 20, 20);
    return save(&file);
}

static void expect_seconds(struct vo_capture *capture, const uint32_t *seconds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_frame(capture, seconds[i] * S, seconds[i], 20, 20);
    assert_int_equal(read_all(capture), 0);
    assert_int_equal(vo_capture_stats(capture)->backsteps, 0);
}

static void a_rotated_set_in_wrong_order(void **state)
{
    (void)state;
    const char *set[] = {save_times(1, (uint32_t[]){30, 31}, 2), save_times(1, (uint32_t[]){10, 11, 12}, 3),
                         save_times(1, (uint32_t[]){20}, 1)};
    struct vo_capture *capture = open_files(set, 3, NULL);
    expect_seconds(capture, (uint32_t[]){10, 11, 12, 20, 30, 31}, 6);
    assert_int_equal(vo_capture_interface_count(capture),
                     1); /* no names: the link type makes the interface */
    assert_int_equal(vo_capture_stats(capture)->bytes_total, 3 * 24 + 6 * 36);
    assert_int_equal(vo_capture_stats(capture)->bytes_read, 3 * 24 + 6 * 36);
    vo_capture_close(capture);
}

static void overlapping_files_are_merged(void **state)
{
    (void)state;
    const char *set[] = {save_times(1, (uint32_t[]){10, 14, 18, 40}, 4),
                         save_times(101, (uint32_t[]){11, 15, 16, 17}, 4),
                         save_times(1, (uint32_t[]){13, 19}, 2), save_times(1, (uint32_t[]){50}, 1)};
    struct vo_capture *capture = open_files(set, 4, NULL);
    expect_seconds(capture, (uint32_t[]){10, 11, 13, 14, 15, 16, 17, 18, 19, 40, 50}, 11);
    assert_int_equal(vo_capture_interface_count(capture), 2);
    vo_capture_close(capture);
}

/* At equal times the order of the arguments decides. */
static void equal_times_keep_the_order_given(void **state)
{
    (void)state;
    const char *set[2];
    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    pcap_record(&file, 1, 0, 100, 20, 20);
    set[0] = save(&file);
    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    pcap_record(&file, 1, 0, 200, 20, 20);
    set[1] = save(&file);
    struct vo_capture *capture = open_files(set, 2, NULL);
    expect_frame(capture, 1 * S, 100, 20, 20);
    expect_frame(capture, 1 * S, 200, 20, 20);
    vo_capture_close(capture);
}

/* One descriptor at a time: 300 files under a limit of 32. */
static void many_files_need_few_descriptors(void **state)
{
    (void)state;
    char names[300][80];
    const char *set[300];
    const char *base = new_path();
    for (uint32_t i = 0; i < 300; i++) {
        snprintf(names[i], sizeof names[i], "%s.%u", base, i);
        set[299 - i] = names[i];
        FILE *out = fopen(names[i], "wb");
        pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
        pcap_record(&file, i, 0, i, 20, 20);
        fwrite(file.bytes, 1, file.size, out);
        fclose(out);
    }
    int highest = dup(STDIN_FILENO);
    struct vo_capture *capture = open_files(set, 300, NULL);
    for (uint32_t i = 0; i < 300; i++) {
        expect_frame(capture, i * S, i, 20, 20);
        int now = dup(STDIN_FILENO);
        assert_in_range(now, highest, highest + 4);
        close(now);
    }
    assert_int_equal(read_all(capture), 0);
    vo_capture_close(capture);
    close(highest);
    for (size_t i = 0; i < 300; i++)
        unlink(names[i]);
}

static void empty_files_of_a_set(void **state)
{
    (void)state;
    const char *set[] = {new_path(), save_times(1, (uint32_t[]){1, 2}, 2), save_times(1, NULL, 0)};
    struct vo_capture *capture = open_files(set, 3, NULL);
    assert_int_equal(warnings, 1); /* a file with a header but no frames is in order */
    assert_non_null(strstr(warning, set[0]));
    assert_int_equal(read_all(capture), 2);
    assert_false(vo_capture_cut(capture));
    vo_capture_close(capture);
    const char *empty[] = {set[0], set[0]};
    expect_error(empty, 2, NULL, VO_ERR_INPUT, "empty");
    expect_error(set, 1, NULL, VO_ERR_INPUT, "is empty");
}

static void a_cut_file_within_a_set(void **state)
{
    (void)state;
    const char *cut = save_times(1, (uint32_t[]){1, 2, 3}, 3);
    assert_int_equal(truncate(cut, 24 + 2 * 36 + 5), 0);
    const char *set[] = {cut, save_times(1, (uint32_t[]){7, 8}, 2)};
    struct vo_capture *capture = open_files(set, 2, NULL);
    expect_seconds(capture, (uint32_t[]){1, 2, 7, 8}, 4);
    assert_true(vo_capture_cut(capture));
    assert_int_equal(warnings, 1);
    assert_non_null(strstr(warning, cut));
    vo_capture_close(capture);
}

/* Filters: UDP datagrams to port 5060 and 4000 in turn, over Ethernet and over raw IP. */
static void udp_record(struct file *to, uint32_t seconds, bool ethernet, unsigned port)
{
    static const uint8_t mac[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    uint8_t ip[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x10, 0};
    ip[22] = (uint8_t)(port >> 8);
    ip[23] = (uint8_t)port;
    ip[25] = 8;
    uint32_t size = (ethernet ? 14 : 0) + 28;
    pcap_record(to, seconds, 0, 0, size, size);
    memcpy(to->bytes + to->size - 28, ip, 28);
    if (ethernet)
        memcpy(to->bytes + to->size - 42, mac, 14);
}

static void filters_for_every_link_type(void **state)
{
    (void)state;
    pcap_header(&file, false, 0xa1b2c3d4, 0, 1);
    pcap_header(&other, false, 0xa1b2c3d4, 0, 101);
    for (uint32_t i = 0; i < 10; i++) {
        udp_record(&file, 2 * i, true, i % 2 ? 5060 : 4000);
        udp_record(&other, 2 * i + 1, false, i < 3 ? 5060 : 4000);
    }
    const char *set[] = {save(&file), save(&other)};
    struct vo_capture *capture = open_files(set, 2, "udp dst port 5060");
    assert_int_equal(read_all(capture), 5 + 3);
    assert_int_equal(vo_capture_stats(capture)->frames, 8);
    assert_int_equal(vo_capture_stats(capture)->filtered, 12);
    vo_capture_close(capture);
    expect_error(set, 1, "udp prt 5060", VO_ERR_USAGE, "syntax error");
    expect_error(set, 2, "ether src 2:0:0:0:0:1", VO_ERR_USAGE, "link type 101");
}

/* What is told about files that are no captures. */
static void strangers_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *begins;
        size_t size;
        const char *words;
    } cases[] = {{"\x28\xb5\x2f\xfd\x24\x00", 6, "zstd -dc FILE | voready-rtp -"},
                 {"\x04\x22\x4d\x18\x64\x40", 6, "lz4 -dc"},
                 {"BZh91AY&SY", 10, "bzip2 -dc"},
                 {"\xfd"
                  "7zXZ\0\0",
                  7, "xz -dc"},
                 {"snoop\0\0\0\0\0\0\2", 12, "snoop header; convert it first: editcap"},
                 {"\177ELF\2\1\1", 7, "a program"},
                 {"{\"schema\":\"voready\"}\n", 21, "JSON"},
                 {"Dear reader,\n", 13, "it begins with text"},
                 {"\xa1\xb2", 2, "the bytes a1 b2"},
                 {"\1\2\3\4\5\6\7", 7, "the bytes 01 02 03 04"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        file.size = cases[i].size;
        memcpy(file.bytes, cases[i].begins, file.size);
        const char *path = save(&file);
        expect_error(&path, 1, NULL, VO_ERR_INPUT, cases[i].words);
        expect_error(&path, 1, NULL, VO_ERR_INPUT, path);
    }
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    const char *good = save_times(1, (uint32_t[]){1}, 1);
    expect_error(&(const char *){"/tmp"}, 1, NULL, VO_ERR_IO, "is a directory");
    expect_error(&(const char *){"/nonexistent/x.pcap"}, 1, NULL, VO_ERR_IO, "No such file");
    expect_error((const char *[]){good, "/nonexistent/x.pcap"}, 2, NULL, VO_ERR_IO, "/nonexistent/x.pcap");
    expect_error((const char *[]){good, "-"}, 2, NULL, VO_ERR_USAGE, "can only be read alone");
    expect_error(&(const char *){"/proc/self/mem"}, 1, NULL, VO_ERR_IO,
                 "Input/output error"); /* nothing at address 0 */
    expect_error(NULL, 0, NULL, VO_ERR_USAGE, "no capture file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_magic_in_both_byte_orders, teardown),
        cmocka_unit_test_teardown(the_largest_time_is_exact, teardown),
        cmocka_unit_test_teardown(fcs_is_taken_off, teardown),
        cmocka_unit_test_teardown(captured_above_length, teardown),
        cmocka_unit_test_teardown(every_truncated_length, teardown),
        cmocka_unit_test_teardown(a_lying_length_ends_the_file, teardown),
        cmocka_unit_test_teardown(records_across_blocks, teardown),
        cmocka_unit_test_teardown(backsteps_are_counted, teardown),
        cmocka_unit_test_teardown(gzip_of_one_and_of_many_members, teardown),
        cmocka_unit_test_teardown(gzip_cut_or_corrupt_gives_what_came_before, teardown),
        cmocka_unit_test_teardown(standard_input_in_small_pieces, teardown),
        cmocka_unit_test_teardown(a_signal_ends_a_blocking_read, teardown),
        cmocka_unit_test_teardown(a_signal_ends_opening_an_idle_pipe, teardown),
        cmocka_unit_test_teardown(stopping_a_file, teardown),
        cmocka_unit_test_teardown(a_rotated_set_in_wrong_order, teardown),
        cmocka_unit_test_teardown(overlapping_files_are_merged, teardown),
        cmocka_unit_test_teardown(equal_times_keep_the_order_given, teardown),
        cmocka_unit_test_teardown(many_files_need_few_descriptors, teardown),
        cmocka_unit_test_teardown(empty_files_of_a_set, teardown),
        cmocka_unit_test_teardown(a_cut_file_within_a_set, teardown),
        cmocka_unit_test_teardown(filters_for_every_link_type, teardown),
        cmocka_unit_test_teardown(strangers_are_named, teardown),
        cmocka_unit_test_teardown(files_that_cannot_be_read, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
