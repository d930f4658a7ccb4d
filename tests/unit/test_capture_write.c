/* Writing pcap, and reading back what was written. */
#include "tests/unit/capture_bytes.h"

#include <sys/stat.h>

static int teardown(void **state)
{
    (void)state;
    remove_files();
    return 0;
}

/* Every byte, as draft-ietf-opsawg-pcap has them. */
static void bytes_of_a_file(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        0x4d, 0x3c, 0xb2, 0xa1, 2,    0,    4,    0,    0, 0, 0, 0, 0,   0, 0, 0, 64, 0, 0,
        0,    101,  0,    0,    0,                                                          /* header */
        0x00, 0xf1, 0x53, 0x65, 0x15, 0xcd, 0x5b, 0x07, 3, 0, 0, 0, 200, 0, 0, 0, 7,  8, 9, /* record */
    };
    const char *path = new_path();
    struct vo_capture_writer *writer;
    struct vo_error error = {0};
    assert_int_equal(vo_capture_create(path, 101, 64, &writer, &error), VO_OK);
    /* 1700000000 is 0x6553f100, 123456789 is 0x075bcd15 */
    assert_int_equal(
        vo_capture_write(writer, 1700000000123456789, (const uint8_t[]){7, 8, 9}, 3, 200, &error), VO_OK);
    assert_int_equal(vo_capture_finish(writer, &error), VO_OK);
    uint8_t got[sizeof expected + 1];
    FILE *in = fopen(path, "rb");
    assert_int_equal(fread(got, 1, sizeof got, in), sizeof expected);
    fclose(in);
    assert_memory_equal(got, expected, sizeof expected);
}

/* More than the writer keeps in memory, and frames longer than the snap length. */
static void round_trip(void **state)
{
    (void)state;
    static uint8_t data[262144];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    const char *path = new_path();
    struct vo_capture_writer *writer;
    assert_int_equal(vo_capture_create(path, 1, 0, &writer, NULL), VO_OK);
    for (uint32_t i = 0; i < 40; i++)
        assert_int_equal(vo_capture_write(writer, i * VO_NS_PER_S + i, data, i * 6721, i * 6721, NULL),
                         VO_OK);
    assert_int_equal(vo_capture_finish(writer, NULL), VO_OK);
    struct vo_capture *capture = open_one(path);
    for (uint32_t i = 0; i < 40; i++)
        expect_frame(capture, i * VO_NS_PER_S + i, 0, i * 6721, i * 6721);
    assert_int_equal(read_all(capture), 0);
    vo_capture_close(capture);

    assert_int_equal(vo_capture_create(path, 1, 96, &writer, NULL), VO_OK);
    assert_int_equal(vo_capture_write(writer, 1, data, 1000, 1400, NULL), VO_OK);
    assert_int_equal(vo_capture_finish(writer, NULL), VO_OK);
    capture = open_one(path);
    expect_frame(capture, 1, 0, 96, 1400);
    vo_capture_close(capture);
}

/* Seconds are unsigned, of 32 bits: 1970 to 2106. The file goes on without such a frame. */
static void times_that_pcap_cannot_hold(void **state)
{
    (void)state;
    const vo_time limit = ((vo_time)UINT32_MAX + 1) * VO_NS_PER_S;
    const char *path = new_path();
    struct vo_capture_writer *writer;
    assert_int_equal(vo_capture_create(path, 1, 0, &writer, NULL), VO_OK);
    assert_int_equal(vo_capture_write(writer, VO_TIME_UNKNOWN, NULL, 0, 0, NULL), VO_ERR_USAGE);
    assert_int_equal(vo_capture_write(writer, -1, NULL, 0, 0, NULL), VO_ERR_USAGE);
    assert_int_equal(vo_capture_write(writer, limit, NULL, 0, 0, NULL), VO_ERR_USAGE);
    assert_int_equal(vo_capture_write(writer, limit - 1, NULL, 0, 0, NULL), VO_OK);
    assert_int_equal(vo_capture_finish(writer, NULL), VO_OK);
    struct vo_capture *capture = open_one(path);
    expect_frame(capture, limit - 1, 0, 0, 0);
    assert_int_equal(read_all(capture), 0);
    vo_capture_close(capture);
}

static void a_full_disk(void **state)
{
    (void)state;
    struct stat status;
    if (stat("/dev/full", &status) != 0)
        skip();
    static const uint8_t data[200000];
    struct vo_capture_writer *writer;
    struct vo_error first = {0}, later = {0};
    assert_int_equal(vo_capture_create("/dev/full", 1, 0, &writer, NULL), VO_OK);
    assert_int_equal(vo_capture_write(writer, 1, data, sizeof data, sizeof data, NULL),
                     VO_OK); /* kept in memory */
    assert_int_equal(vo_capture_write(writer, 2, data, sizeof data, sizeof data, &first), VO_ERR_IO);
    assert_non_null(strstr(first.message, "/dev/full: No space left on device"));
    assert_int_equal(vo_capture_write(writer, 3, data, 1, 1, &later), VO_ERR_IO); /* the error is kept */
    assert_string_equal(first.message, later.message);
    assert_int_equal(vo_capture_finish(writer, &later), VO_ERR_IO);
    assert_int_equal(vo_capture_finish(NULL, NULL), VO_OK);
    assert_int_equal(vo_capture_create("/nonexistent/x.pcap", 1, 0, &writer, &first), VO_ERR_IO);
    assert_non_null(strstr(first.message, "/nonexistent/x.pcap: No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(bytes_of_a_file, teardown),
        cmocka_unit_test_teardown(round_trip, teardown),
        cmocka_unit_test_teardown(times_that_pcap_cannot_hold, teardown),
        cmocka_unit_test_teardown(a_full_disk, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
