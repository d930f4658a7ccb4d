/*
 * Captures, frame by frame: files (pcap, pcapng) and live interfaces.
 *
 * Files are read by our own code: libpcap's reader refuses a pcapng with two link types and gzip, and
 * hides the interface statistics. pcap: micro- and nanosecond magic, both byte orders, Kuznetzov's modified
 * magic, LINKTYPE's FCS bits. pcapng: SHB (several sections, both byte orders), IDB (if_tsresol, if_tsoffset,
 * if_fcslen, snaplen, name), EPB (with epb_dropcount), SPB, obsolete PB, ISB, DSB (TLS secrets), unknown
 * blocks skipped. gzip by zlib, found by its magic. "-" is standard input. Live capture and filters (BPF, on
 * files too) are libpcap's.
 *
 * Speed: files are read in large blocks into one buffer, and frames are pointers into it.
 */
#ifndef VO_PROBES_IO_CAPTURE_H
#define VO_PROBES_IO_CAPTURE_H

#include "core/clock.h"
#include "core/error.h"
#include "probes/decode/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vo_capture_interface {
    const char *name; /* "eth0", or NULL */
    uint32_t linktype, snaplen;
    uint64_t received;   /* per interface statistics, or 0 */
    uint64_t dropped;    /* kernel and interface drops, from ISB, epb_dropcount or pcap_stats */
    bool has_statistics; /* whether drops are known at all: classic pcap cannot tell */
};

struct vo_capture_stats {
    uint64_t frames;                  /* delivered */
    uint64_t filtered;                /* left out by the filter */
    uint64_t snapped;                 /* captured < length */
    uint64_t backsteps;               /* time before the previous frame's of the same interface */
    uint64_t bytes_read, bytes_total; /* of the files as stored, for progress; total 0 when not known */
};

struct vo_capture_options {
    const char *filter;   /* BPF expression, or NULL */
    const char *write_to; /* live: also write a pcap file here */
    double duration_s;    /* live: stop after this long; 0: until stopped */
};

struct vo_capture;

/* A fault of a file that did not stop the reading: a cut last record, a file of the set that could not be
 * used. */
typedef void vo_capture_warn(void *context, const char *message);

/* Opens `count` files as one capture: a rotated set is ordered by the files' first times, and one whose times
 * overlap the others' (several interfaces) is merged by time. A file that cannot be read at all is an error
 * that names it; an empty file of a set is a warning. The caller closes. Errors: VO_ERR_IO, VO_ERR_INPUT
 * (wrong magic: says what the file seems to be), VO_ERR_USAGE (filter). */
enum vo_status vo_capture_open_files(const char *const *paths, size_t count,
                                     const struct vo_capture_options *options, vo_capture_warn *warn,
                                     void *context, struct vo_capture **capture, struct vo_error *error);
/* Opens an interface live. VO_ERR_PRIVILEGE names the capability and how to grant it. */
enum vo_status vo_capture_open_live(const char *interface, const struct vo_capture_options *options,
                                    vo_capture_warn *warn, void *context, struct vo_capture **capture,
                                    struct vo_error *error);
/* VO_OK with a frame, VO_END (files read to their end, duration over, or stopped), or an error. A record
 * whose lengths lie ends the file with a warning that tells the offset. Live: returns VO_OK with frame->data
 * NULL at least four times a second when nothing comes. */
enum vo_status vo_capture_next(struct vo_capture *capture, struct vo_frame *frame, struct vo_error *error);
/* For an event loop: from here on vo_capture_next() of a live capture does not wait. Returns what is readable
 * when frames have come; -1: this system has none. */
int vo_capture_watchable(struct vo_capture *capture);
/* Makes a live capture end at its next call; async-signal-safe. On files: vo_capture_next() gives VO_END. */
void vo_capture_stop(struct vo_capture *capture);
bool vo_capture_cut(
    const struct vo_capture *capture); /* a file ended within a record, or was stopped before its end */
const struct vo_capture_stats *vo_capture_stats(struct vo_capture *capture);
size_t vo_capture_interface_count(const struct vo_capture *capture);
const struct vo_capture_interface *vo_capture_interface(struct vo_capture *capture, size_t index);
/* TLS key log text found in the files' decryption secrets blocks (NSS format), NULL if none; grows while
 * reading. */
const char *vo_capture_secrets(const struct vo_capture *capture, size_t *size);
/* For those that know no captures. It lives as long as the capture. */
struct vo_frame_source vo_capture_source(struct vo_capture *capture);
void vo_capture_close(struct vo_capture *capture);

/* Writing classic nanosecond pcap (samples, tests, `-w`). */
struct vo_capture_writer;
enum vo_status vo_capture_create(const char *path, uint32_t linktype, uint32_t snaplen,
                                 struct vo_capture_writer **writer, struct vo_error *error);
enum vo_status vo_capture_write(struct vo_capture_writer *writer, vo_time time, const uint8_t *data,
                                uint32_t captured, uint32_t length, struct vo_error *error);
enum vo_status vo_capture_finish(struct vo_capture_writer *writer,
                                 struct vo_error *error); /* flush, close, free; accepts NULL */

#endif
