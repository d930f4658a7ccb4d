#include "probes/io/capture_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void vo_capture_tell(struct vo_capture *capture, const char *format, ...)
{
    if (!capture->warn)
        return;
    char message[VO_ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    capture->warn(capture->warn_context, message);
}

/* Interfaces and secrets */

static struct vo_known_interface *find_interface(struct vo_capture *capture, const char *name,
                                                 uint32_t linktype, uint32_t *index)
{
    for (size_t i = 0; i < capture->interface_count; i++) {
        struct vo_known_interface *it = capture->interfaces[i];
        bool same_name = it->name && name ? strcmp(it->name, name) == 0 : it->name == name;
        if (same_name && it->shown.linktype == linktype) {
            *index = (uint32_t)i;
            return it;
        }
    }
    return NULL;
}

enum vo_status vo_capture_add_interface(struct vo_capture *capture, const char *name, uint32_t linktype,
                                        uint32_t snaplen, uint32_t *index, struct vo_error *error)
{
    if (name && name[0] == '\0')
        name = NULL;
    struct vo_known_interface *known = find_interface(capture, name, linktype, index);
    if (known) {
        /* 0 means without limit, the largest of all. */
        if (snaplen == 0 || (known->shown.snaplen != 0 && snaplen > known->shown.snaplen))
            known->shown.snaplen = snaplen;
        return VO_OK;
    }
    if (capture->interface_count == VO_INTERFACES_MAX)
        return vo_error_set(error, VO_ERR_LIMIT,
                            "more than %u interfaces in one capture: read fewer files at once",
                            VO_INTERFACES_MAX);
    void *grown =
        realloc(capture->interfaces, (capture->interface_count + 1) * sizeof capture->interfaces[0]);
    known = calloc(1, sizeof *known);
    if (grown)
        capture->interfaces = grown;
    if (!grown || !known || (name && !(known->name = strdup(name)))) {
        free(known);
        return vo_error_memory(error, "an interface of the capture");
    }
    known->shown =
        (struct vo_capture_interface){.name = known->name, .linktype = linktype, .snaplen = snaplen};
    known->last = VO_TIME_UNKNOWN;
    *index = (uint32_t)capture->interface_count;
    capture->interfaces[capture->interface_count++] = known;
    return capture->filter && !capture->live ? vo_filter_compile(capture->filter, known, error) : VO_OK;
}

enum vo_status vo_capture_add_secrets(struct vo_capture *capture, const uint8_t *text, size_t size,
                                      struct vo_error *error)
{
    if (size > VO_SECRETS_MAX - capture->secrets_size)
        return vo_error_set(error, VO_ERR_LIMIT,
                            "the files hold more than %zu bytes of TLS secrets: read fewer files at once",
                            VO_SECRETS_MAX);
    if (size == 0)
        return VO_OK;
    char *grown = realloc(capture->secrets, capture->secrets_size + size);
    if (!grown)
        return vo_error_memory(error, "TLS secrets");
    memcpy(grown + capture->secrets_size, text, size);
    capture->secrets = grown;
    capture->secrets_size += size;
    return VO_OK;
}

/* The set of files. Those that have begun are open ("active") and hold their next frame; the earliest of
 * these is delivered. A file is opened when its first frame is due, so a rotated set has one file open at a
 * time. */

static void deactivate(struct vo_capture *capture, struct vo_source *source)
{
    size_t i = 0;
    while (capture->active[i] != source)
        i++;
    capture->active_count--;
    memmove(&capture->active[i], &capture->active[i + 1],
            (capture->active_count - i) * sizeof capture->active[0]);
    capture->closed_stored += source->stream.stored;
    capture->taken = capture->lone = NULL;
    vo_source_close(source);
}

/* Reads the source's next frame ahead; closes it at its end. */
static enum vo_status advance(struct vo_capture *capture, struct vo_source *source, struct vo_error *error)
{
    enum vo_status status = source->next(source, &source->head, error);
    if (status != VO_END)
        return status;
    deactivate(capture, source);
    return VO_OK;
}

static enum vo_status open_next_file(struct vo_capture *capture, struct vo_error *error)
{
    const char *path = capture->files[capture->opened++].path;
    struct vo_source *source = NULL;
    enum vo_status status = vo_source_open(capture, path, &source, error);
    if (status != VO_OK)
        return status;
    capture->active[capture->active_count++] = source;
    return VO_OK;
}

static struct vo_source *earliest(const struct vo_capture *capture)
{
    struct vo_source *first = NULL;
    for (size_t i = 0; i < capture->active_count; i++)
        if (!first || capture->active[i]->head.time < first->head.time)
            first = capture->active[i];
    return first;
}

static enum vo_status next_of_set(struct vo_capture *capture, struct vo_frame *frame, struct vo_error *error)
{
    enum vo_status status = VO_OK;
    if (capture->taken)
        status = advance(capture, capture->taken, error);
    struct vo_source *first = earliest(capture);
    while (status == VO_OK && capture->opened < capture->file_count &&
           (!first || capture->files[capture->opened].first <= first->head.time)) {
        status = open_next_file(capture, error);
        if (status == VO_END) /* it lost its content since it was listed */
            status = VO_OK;
        else if (status == VO_OK)
            status = advance(capture, capture->active[capture->active_count - 1], error);
        first = earliest(capture);
    }
    if (status != VO_OK)
        return status;
    if (!first)
        return VO_END;
    *frame = first->head;
    capture->taken = first;
    if (capture->active_count == 1 && capture->opened == capture->file_count)
        capture->lone = first;
    return VO_OK;
}

static enum vo_status next_of_lone(struct vo_capture *capture, struct vo_frame *frame, struct vo_error *error)
{
    enum vo_status status = capture->lone->next(capture->lone, frame, error);
    if (status == VO_END)
        deactivate(capture, capture->lone);
    return status;
}

/* Counts the frame; false when the filter leaves it out. */
static bool account(struct vo_capture *capture, const struct vo_frame *frame)
{
    struct vo_known_interface *interface = capture->interfaces[frame->interface];
    if (!vo_filter_matches(interface, frame)) {
        capture->stats.filtered++;
        return false;
    }
    capture->stats.frames++;
    capture->stats.snapped += frame->captured < frame->length;
    if (frame->time != VO_TIME_UNKNOWN) {
        capture->stats.backsteps += frame->time < interface->last;
        interface->last = frame->time;
    }
    return true;
}

enum vo_status vo_capture_next(struct vo_capture *capture, struct vo_frame *frame, struct vo_error *error)
{
    for (;;) {
        enum vo_status status;
        if (capture->live) {
            status = vo_live_next(capture, frame, error);
        } else if (capture->stop) {
            capture->cut = capture->cut || capture->active_count > 0 || capture->opened < capture->file_count;
            return VO_END;
        } else if (capture->lone) {
            status = next_of_lone(capture, frame, error);
        } else {
            status = next_of_set(capture, frame, error);
        }
        if (status != VO_OK || !frame->data || account(capture, frame))
            return status;
    }
}

/* Opening and closing */

static struct vo_capture *new_capture(const char *filter, vo_capture_warn *warn, void *context)
{
    struct vo_capture *capture = calloc(1, sizeof *capture);
    if (!capture)
        return NULL;
    capture->warn = warn;
    capture->warn_context = context;
    if (filter && filter[0] && !(capture->filter = strdup(filter))) {
        free(capture);
        return NULL;
    }
    return capture;
}

static bool is_pipe(const char *path)
{
    struct stat status;
    if (strcmp(path, "-") == 0)
        return true;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* The time of a file's first frame, found by reading it as a capture of its own. VO_END: the file is empty.
 */
static enum vo_status peek(struct vo_capture *capture, const char *path, vo_time *first,
                           struct vo_error *error)
{
    if (is_pipe(path))
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s is a pipe, which can only be read alone: name no other file with it", path);
    struct vo_capture *scratch = new_capture(capture->filter, NULL, NULL);
    if (!scratch)
        return vo_error_memory(error, "a capture file");
    struct vo_source *source = NULL;
    enum vo_status status = vo_source_open(scratch, path, &source, error);
    if (status == VO_OK) {
        struct vo_frame frame;
        capture->total += source->stream.total;
        status = source->next(source, &frame, error);
        *first = status == VO_OK ? frame.time : VO_TIME_UNKNOWN;
        if (status == VO_END) /* no frames, but perhaps statistics */
            status = VO_OK;
    }
    vo_source_close(source);
    vo_capture_close(scratch);
    return status;
}

static int by_first_time(const void *a, const void *b)
{
    const struct vo_file *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static enum vo_status open_set(struct vo_capture *capture, const char *const *paths, size_t count,
                               struct vo_error *error)
{
    struct vo_error empty = {0};
    for (size_t i = 0; i < count; i++) {
        struct vo_file *file = &capture->files[capture->file_count];
        struct vo_error why = {0};
        enum vo_status status = peek(capture, paths[i], &file->first, &why);
        if (status == VO_END) {
            vo_capture_tell(capture, "%s", why.message);
            empty = why;
            continue;
        }
        if (status != VO_OK)
            return vo_error_set(error, status, "%s", why.message);
        file->order = i;
        if (!(file->path = strdup(paths[i])))
            return vo_error_memory(error, "a capture file");
        capture->file_count++;
    }
    if (capture->file_count == 0)
        return vo_error_set(error, VO_ERR_INPUT, "%s; so are the other files", empty.message);
    qsort(capture->files, capture->file_count, sizeof capture->files[0], by_first_time);
    return VO_OK;
}

static enum vo_status open_single(struct vo_capture *capture, const char *path, struct vo_error *error)
{
    capture->file_count = 1;
    capture->files[0] = (struct vo_file){.path = strdup(path)};
    if (!capture->files[0].path)
        return vo_error_memory(error, "a capture file");
    struct vo_error why = {0};
    enum vo_status status = open_next_file(capture, &why);
    if (status == VO_END)
        status = VO_ERR_INPUT; /* a set goes on without its empty files, a single one is all there is */
    if (status != VO_OK)
        return vo_error_set(error, status, "%s", why.message);
    struct vo_source *source = capture->active[0];
    capture->total = source->stream.total;
    if (!capture->filter) {
        capture->lone = source;
        source->stream.interruptible = false;
        return VO_OK;
    }
    /* Its first frame brings the link type, and so the errors of the filter, now. */
    status = advance(capture, source, error);
    if (capture->active_count > 0)
        source->stream.interruptible = false;
    return status;
}

enum vo_status vo_capture_open_files(const char *const *paths, size_t count,
                                     const struct vo_capture_options *options, vo_capture_warn *warn,
                                     void *context, struct vo_capture **capture, struct vo_error *error)
{
    *capture = NULL;
    if (count == 0)
        return vo_error_set(error, VO_ERR_USAGE, "no capture file: name one, or - for standard input");
    struct vo_capture *opened = new_capture(options ? options->filter : NULL, warn, context);
    if (!opened)
        return vo_error_memory(error, "a capture");
    opened->files = calloc(count, sizeof opened->files[0]);
    opened->active = calloc(count, sizeof opened->active[0]);
    enum vo_status status = VO_ERR_MEMORY;
    if (!opened->files || !opened->active)
        vo_error_memory(error, "a capture");
    else if (count == 1)
        status = open_single(opened, paths[0], error);
    else
        status = open_set(opened, paths, count, error);
    if (status != VO_OK) {
        vo_capture_close(opened);
        return status;
    }
    *capture = opened;
    return VO_OK;
}

enum vo_status vo_capture_open_live(const char *interface, const struct vo_capture_options *options,
                                    vo_capture_warn *warn, void *context, struct vo_capture **capture,
                                    struct vo_error *error)
{
    *capture = NULL;
    struct vo_capture *opened = new_capture(options ? options->filter : NULL, warn, context);
    if (!opened)
        return vo_error_memory(error, "a capture");
    enum vo_status status = vo_live_open(opened, interface, options, error);
    if (status != VO_OK) {
        vo_capture_close(opened);
        return status;
    }
    *capture = opened;
    return VO_OK;
}

void vo_capture_close(struct vo_capture *capture)
{
    if (!capture)
        return;
    vo_live_close(capture);
    for (size_t i = 0; i < capture->active_count; i++)
        vo_source_close(capture->active[i]);
    for (size_t i = 0; i < capture->file_count; i++)
        free(capture->files[i].path);
    for (size_t i = 0; i < capture->interface_count; i++) {
        pcap_freecode(&capture->interfaces[i]->program);
        free(capture->interfaces[i]->name);
        free(capture->interfaces[i]);
    }
    free(capture->interfaces);
    free(capture->active);
    free(capture->files);
    free(capture->filter);
    free(capture->secrets);
    free(capture);
}

void vo_capture_stop(struct vo_capture *capture)
{
    capture->stop = 1;
}

/* What was found out */

bool vo_capture_cut(const struct vo_capture *capture)
{
    return capture->cut;
}

const struct vo_capture_stats *vo_capture_stats(struct vo_capture *capture)
{
    capture->stats.bytes_total = capture->total;
    capture->stats.bytes_read = capture->closed_stored;
    for (size_t i = 0; i < capture->active_count; i++)
        capture->stats.bytes_read += capture->active[i]->stream.stored;
    return &capture->stats;
}

size_t vo_capture_interface_count(const struct vo_capture *capture)
{
    return capture->interface_count;
}

const struct vo_capture_interface *vo_capture_interface(struct vo_capture *capture, size_t index)
{
    if (index >= capture->interface_count)
        return NULL;
    if (capture->live)
        vo_live_statistics(capture);
    return &capture->interfaces[index]->shown;
}

const char *vo_capture_secrets(const struct vo_capture *capture, size_t *size)
{
    *size = capture->secrets_size;
    return capture->secrets;
}

static size_t count_of(void *context)
{
    return vo_capture_interface_count(context);
}

static const char *name_of(void *context, uint32_t interface)
{
    const struct vo_capture_interface *found = vo_capture_interface(context, interface);
    return found ? found->name : NULL;
}

static const char *secrets_of(void *context, size_t *size)
{
    return vo_capture_secrets(context, size);
}

struct vo_frame_source vo_capture_source(struct vo_capture *capture)
{
    return (struct vo_frame_source){capture, count_of, name_of, secrets_of};
}
