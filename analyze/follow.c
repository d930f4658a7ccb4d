#include "analyze/follow.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PERIOD_NS VO_NS_PER_S

struct following {
    struct vo_analysis *analysis;
    struct vo_verdict_head *head;
    const char *output;
    enum vo_verdict *verdict;
    struct vo_record_reader *reader;
    struct vo_json_writer json;
    int signals;
    unsigned stops;  /* signals to stop, so far */
    bool news;       /* records that no verdict has seen */
    vo_time due;     /* when the next verdict may be written; monotonic, as those below */
    vo_time stop_at; /* valid once there was a signal */
};

static enum vo_status judge(struct following *it, bool more, struct vo_error *error)
{
    it->head->created = vo_clock_now() / VO_NS_PER_S * VO_NS_PER_S;
    enum vo_status status = vo_analysis_judge(it->analysis, it->head, more, &it->json, it->verdict, error);
    if (status == VO_OK)
        status = vo_verdict_replace(it->output, &it->json, error);
    it->news = false;
    it->due = vo_clock_monotonic() + PERIOD_NS;
    return status;
}

/* All records that are whole. VO_END at the end of the input. */
static enum vo_status take_records(struct following *it, struct vo_error *error)
{
    struct vo_record record;
    for (;;) {
        enum vo_status status = vo_record_take(it->reader, &record, error);
        if (status == VO_OK && record.kind)
            status = vo_analysis_add(it->analysis, &record, error);
        if (status != VO_OK || !record.kind)
            return status;
        it->news = true;
    }
}

/* Milliseconds until something is due; -1: nothing is. */
static int patience(const struct following *it)
{
    vo_time now = vo_clock_monotonic(), until = INT64_MAX;
    if (it->news)
        until = it->due;
    if (it->stops && it->stop_at < until)
        until = it->stop_at;
    if (until == INT64_MAX)
        return -1;
    return until <= now ? 0 : (int)((until - now) / VO_NS_PER_MS) + 1;
}

/* Waits for input, a signal, or what is due; takes in what has come. */
static enum vo_status wait_for_more(struct following *it, struct vo_error *error)
{
    struct pollfd files[] = {{.fd = vo_record_reader_descriptor(it->reader), .events = POLLIN},
                             {.fd = it->signals, .events = POLLIN}};
    struct signalfd_siginfo signal;
    if (poll(files, 2, patience(it)) < 0)
        return errno == EINTR
                   ? VO_OK
                   : vo_error_set(error, VO_ERR_IO, "cannot wait for records: %s", strerror(errno));
    if (files[1].revents && read(it->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        it->stop_at = vo_clock_monotonic() + VO_FOLLOW_GRACE_S * VO_NS_PER_S;
        it->stops++;
    }
    return files[0].revents ? vo_record_fill(it->reader, error) : VO_OK;
}

static bool is_stopped(const struct following *it)
{
    return it->stops > 1 || (it->stops && vo_clock_monotonic() >= it->stop_at);
}

static enum vo_status follow(struct following *it, struct vo_error *error)
{
    struct vo_error later;
    enum vo_status status = VO_OK;
    it->due = vo_clock_monotonic() + PERIOD_NS;
    while (status == VO_OK && !is_stopped(it)) {
        status = take_records(it, error);
        if (status == VO_OK && it->news && vo_clock_monotonic() >= it->due)
            status = judge(it, true, error);
        if (status == VO_OK)
            status = wait_for_more(it, error);
    }
    if (status == VO_OK || status == VO_END)
        return judge(it, false, error);
    /* What came before the bad line is good. */
    if (status == VO_ERR_INPUT && it->news)
        (void)judge(it, true, &later);
    return status;
}

enum vo_status vo_follow(struct vo_analysis *analysis, struct vo_verdict_head *head, const char *output,
                         enum vo_verdict *verdict, struct vo_error *error)
{
    struct following it = {.analysis = analysis, .head = head, .output = output, .verdict = verdict};
    sigset_t stops, before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    /* A reader that has ended is an error of write(), which is told, and not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &stops, &before);
    it.signals = signalfd(-1, &stops, SFD_CLOEXEC);
    enum vo_status status =
        it.signals < 0 ? vo_error_set(error, VO_ERR_IO, "cannot wait for signals: %s", strerror(errno))
                       : vo_record_reader_open("-", &it.reader, error);
    if (status == VO_OK)
        status = follow(&it, error);
    vo_record_reader_free(it.reader);
    vo_json_writer_release(&it.json);
    if (it.signals >= 0)
        close(it.signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
