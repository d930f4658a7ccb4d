/* Capture files written byte by byte, and what reading them gives: for the tests of probes/io/capture. */
#ifndef VO_TESTS_CAPTURE_BYTES_H
#define VO_TESTS_CAPTURE_BYTES_H

#include "probes/io/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct file {
    bool big; /* byte order of the numbers */
    size_t size;
    uint8_t bytes[1 << 20];
};

static inline void put8(struct file *file, unsigned value)
{
    assert_true(file->size < sizeof file->bytes);
    file->bytes[file->size++] = (uint8_t)value;
}
static inline void put16(struct file *file, unsigned value)
{
    put8(file, file->big ? value >> 8 : value);
    put8(file, file->big ? value : value >> 8);
}
static inline void put32(struct file *file, uint32_t value)
{
    put16(file, file->big ? value >> 16 : value);
    put16(file, file->big ? value : value >> 16);
}
static inline void put64(struct file *file, uint64_t value)
{
    put32(file, (uint32_t)(file->big ? value >> 32 : value));
    put32(file, (uint32_t)(file->big ? value : value >> 32));
}
/* `size` bytes: `first`, first + 1 and so on. */
static inline void put_data(struct file *file, unsigned first, size_t size)
{
    for (size_t i = 0; i < size; i++)
        put8(file, first + (unsigned)i);
}
static inline void put_text(struct file *file, const char *text)
{
    while (*text)
        put8(file, (unsigned char)*text++);
}
static inline void pad4(struct file *file)
{
    while (file->size % 4)
        put8(file, 0);
}

/* Names and removes the temporary files of a test. */
#define PATHS_MAX 16
static char paths[PATHS_MAX][64];
static size_t path_count;

static inline const char *new_path(void)
{
    assert_true(path_count < PATHS_MAX);
    char *path = paths[path_count++];
    strcpy(path, "/tmp/voready-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    return path;
}

static inline const char *save_prefix(const struct file *file, size_t size)
{
    const char *path = new_path();
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file->bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    return path;
}
static inline const char *save(const struct file *file)
{
    return save_prefix(file, file->size);
}

/* Warnings of the capture at hand. */
static int warnings;
static char warning[VO_ERROR_SIZE];
static inline void keep_warning(void *context, const char *message)
{
    (void)context;
    warnings++;
    snprintf(warning, sizeof warning, "%s", message);
}

static inline void remove_files(void)
{
    while (path_count > 0)
        unlink(paths[--path_count]);
}

static inline struct vo_capture *open_files(const char *const *files, size_t count, const char *filter)
{
    struct vo_capture_options options = {.filter = filter};
    struct vo_capture *capture = NULL;
    struct vo_error error = {0};
    warnings = 0;
    warning[0] = '\0';
    enum vo_status status =
        vo_capture_open_files(files, count, &options, keep_warning, NULL, &capture, &error);
    if (status != VO_OK)
        fail_msg("%s", error.message);
    return capture;
}
static inline struct vo_capture *open_one(const char *path)
{
    return open_files(&path, 1, NULL);
}

/* Reads to the end, looking at every byte; the number of frames. */
static inline unsigned read_all(struct vo_capture *capture)
{
    struct vo_frame frame;
    struct vo_error error = {0};
    unsigned count = 0;
    volatile unsigned sum = 0;
    enum vo_status status;
    while ((status = vo_capture_next(capture, &frame, &error)) == VO_OK) {
        for (uint32_t i = 0; i < frame.captured; i++)
            sum += frame.data[i];
        count++;
    }
    (void)sum;
    if (status != VO_END)
        fail_msg("%s", error.message);
    return count;
}

/* The next frame must be this one; its data are `first`, first + 1 and so on. */
#define expect_frame(capture, time_, first, captured_, length_)                                              \
    do {                                                                                                     \
        struct vo_frame f_;                                                                                  \
        assert_int_equal(vo_capture_next(capture, &f_, NULL), VO_OK);                                        \
        assert_int_equal(f_.time, time_);                                                                    \
        assert_int_equal(f_.captured, captured_);                                                            \
        assert_int_equal(f_.length, length_);                                                                \
        for (uint32_t i_ = 0; i_ < f_.captured; i_++)                                                        \
            assert_int_equal(f_.data[i_], (uint8_t)((first) + i_));                                          \
    } while (0)

static inline int expect_error(const char *const *files, size_t count, const char *filter,
                               enum vo_status expected, const char *words)
{
    struct vo_capture_options options = {.filter = filter};
    struct vo_capture *capture = NULL;
    struct vo_error error = {0};
    warnings = 0;
    assert_int_equal(vo_capture_open_files(files, count, &options, keep_warning, NULL, &capture, &error),
                     expected);
    assert_null(capture);
    if (!strstr(error.message, words))
        fail_msg("no '%s' in: %s", words, error.message);
    return 0;
}

static inline void pcap_header(struct file *file, bool big, uint32_t magic, uint32_t snaplen, uint32_t link)
{
    *file = (struct file){.big = big};
    put32(file, magic);
    put16(file, 2);
    put16(file, 4);
    put64(file, 0);
    put32(file, snaplen);
    put32(file, link);
}
static inline void pcap_record(struct file *file, uint32_t seconds, uint32_t fraction, unsigned first,
                               uint32_t captured, uint32_t length)
{
    put32(file, seconds);
    put32(file, fraction);
    put32(file, captured);
    put32(file, length);
    put_data(file, first, captured);
}

#endif
