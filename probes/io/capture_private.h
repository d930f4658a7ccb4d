/*
 * What the parts of a capture share: capture.c (set of files, merge, filter), source.c (one file),
 * pcap_file.c and pcapng_file.c (its formats), live.c, capture_write.c. Nobody else includes this.
 *
 * A file is a `source`: next() gives its frames in file order. Interfaces, secrets, warnings and the stop
 * flag belong to the capture, which all sources point to.
 */
#ifndef VO_PROBES_IO_CAPTURE_PRIVATE_H
#define VO_PROBES_IO_CAPTURE_PRIVATE_H

#include "probes/decode/bytes.h"
#include "probes/io/capture.h"
#include "probes/io/stream.h"

#include <pcap/pcap.h>

#define VO_FRAME_MAX                                                                                         \
    262144u /* bytes of a frame; a record that claims more lies (tcpdump's largest snap length) */
#define VO_LINKTYPE_ETHER 1u
#define VO_LINKTYPE_80211 105u
#define VO_INTERFACES_MAX 1024u /* distinct ones of a capture, and descriptions in a section */
#define VO_SECRETS_MAX    ((size_t)64 * 1024 * 1024)

/* Bytes of the frame check sequence are taken off only where nothing in the frame itself tells about them. */
static inline bool vo_linktype_has_fcs(uint32_t linktype)
{
    return linktype == VO_LINKTYPE_ETHER || linktype == VO_LINKTYPE_80211;
}

/* Numbers of a file whose byte order is known only once it is open. */
static inline uint16_t vo_file16(const uint8_t *at, bool big_endian)
{
    return big_endian ? vo_load16(at) : vo_load16_le(at);
}
static inline uint32_t vo_file32(const uint8_t *at, bool big_endian)
{
    return big_endian ? vo_load32(at) : vo_load32_le(at);
}

struct vo_known_interface {
    struct vo_capture_interface shown;
    char *name;   /* owned; shown.name points to it */
    vo_time last; /* time of its previous frame */
    struct bpf_program program;
    bool filtered; /* `program` is compiled */
};

struct vo_pcap_state {
    bool big_endian;
    bool lengths_swapped; /* before 2.4 some wrote the two lengths in the other order */
    uint32_t ns_per_unit; /* of the fraction */
    uint32_t record_header;
    uint32_t fcs, linktype, interface;
};

struct vo_section_interface {
    uint32_t index; /* in the capture */
    uint32_t linktype, snaplen;
    uint8_t fcs;
    uint8_t resolution; /* if_tsresol as written */
    int64_t offset_s;
    uint64_t lost;     /* added up from the packets' drop counts */
    uint64_t reported; /* the latest statistics block's drops */
    uint64_t added;    /* of those two the larger, already in the capture's count */
    uint64_t received; /* likewise in the capture's count */
};

struct vo_pcapng_state {
    bool big_endian;
    struct vo_section_interface *interfaces; /* of the current section */
    uint32_t count, room;
};

struct vo_source {
    struct vo_stream stream;
    struct vo_capture *capture;
    const char *path; /* "standard input" for "-"; borrowed */
    enum vo_status (*next)(struct vo_source *source, struct vo_frame *frame, struct vo_error *error);
    struct vo_pcap_state pcap;
    struct vo_pcapng_state pcapng;
    struct vo_frame head; /* read ahead for the merge */
};

struct vo_file {
    char *path;
    vo_time first; /* of its first frame */
    size_t order;  /* as given */
};

struct vo_live;

struct vo_capture {
    volatile sig_atomic_t stop;
    bool cut;
    vo_capture_warn *warn;
    void *warn_context;
    char *filter;
    struct vo_file *files; /* by first time; `opened` of them are open or done */
    size_t file_count, opened;
    struct vo_source **active; /* each with its head, but `taken`, whose head the caller has */
    size_t active_count;
    struct vo_source *taken;
    struct vo_source *lone; /* the only one left, read without looking ahead */
    struct vo_known_interface **interfaces;
    size_t interface_count;
    char *secrets;
    size_t secrets_size;
    uint64_t closed_stored, total; /* bytes */
    struct vo_capture_stats stats;
    struct vo_live *live;
};

/* capture.c */
void vo_capture_tell(struct vo_capture *capture, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The capture's number of this interface, a new one if need be. `name` NULL or empty: none told.
 * VO_ERR_USAGE: the filter does not fit the link type. */
enum vo_status vo_capture_add_interface(struct vo_capture *capture, const char *name, uint32_t linktype,
                                        uint32_t snaplen, uint32_t *index, struct vo_error *error);
/* Appends to the TLS secrets. */
enum vo_status vo_capture_add_secrets(struct vo_capture *capture, const uint8_t *text, size_t size,
                                      struct vo_error *error);

/* capture_filter.c */
/* Compiles the capture's filter for the interface's link type. VO_ERR_USAGE with libpcap's words. */
enum vo_status vo_filter_compile(const char *filter, struct vo_known_interface *interface,
                                 struct vo_error *error);
bool vo_filter_matches(const struct vo_known_interface *interface, const struct vo_frame *frame);
/* LINKTYPE_ to the DLT_ of this system's libpcap and back. */
int vo_linktype_to_dlt(uint32_t linktype);
uint32_t vo_dlt_to_linktype(int dlt);

/* source.c */
/* Opens a file and reads its header. VO_END with a message: it is empty, or ends in its header. */
enum vo_status vo_source_open(struct vo_capture *capture, const char *path, struct vo_source **source,
                              struct vo_error *error);
void vo_source_close(struct vo_source *source); /* accepts NULL */
/* The stream gave less than the format needs: VO_END, with a warning if that was not a clean end, or
 * VO_ERR_IO. A clean end is one with nothing left; vo_source_cut() is for an end within what was already
 * taken in part. */
enum vo_status vo_source_ended(struct vo_source *source, struct vo_error *error);
enum vo_status vo_source_cut(struct vo_source *source, struct vo_error *error);
/* The file contradicts itself at `offset`: warns and ends it with VO_END. */
enum vo_status vo_source_lies(struct vo_source *source, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Takes `fcs` bytes off a frame that has them all or cut. */
void vo_frame_strip(struct vo_frame *frame, uint32_t fcs);

/* pcap_file.c, pcapng_file.c: whether the file begins so (4 bytes at `magic`), and reading its header. */
bool vo_pcap_begins(const uint8_t *magic);
enum vo_status vo_pcap_open(struct vo_source *source, struct vo_error *error);
bool vo_pcapng_begins(const uint8_t *magic);
enum vo_status vo_pcapng_open(struct vo_source *source, struct vo_error *error);
void vo_pcapng_close(struct vo_source *source);

/* live.c */
enum vo_status vo_live_open(struct vo_capture *capture, const char *interface,
                            const struct vo_capture_options *options, struct vo_error *error);
enum vo_status vo_live_next(struct vo_capture *capture, struct vo_frame *frame, struct vo_error *error);
void vo_live_statistics(struct vo_capture *capture);
void vo_live_close(struct vo_capture *capture); /* nothing to do on files */

/* capture_write.c */
/* Writes out what is buffered. After a failure the file ends with its last whole record and nothing more is
 * written. */
enum vo_status vo_capture_flush(struct vo_capture_writer *writer, struct vo_error *error);

#endif
