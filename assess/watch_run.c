/* voready watch: the probe, what judges and shows, and the way of the records between them. */
#include "assess/watch.h"

#include "core/options.h"
#include "core/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_SIZE 1048576 /* of the probe's pipe, so that a slow disk does not hold the probe up */
#define TRY_EACH  1000    /* ms, while the file cannot be written */
#define WAIT_FOR  60      /* tries after the probe's end, until what is held is given up */
#define READ_END  0
#define WRITE_END 1
#define NOT_HERE  0 /* a process that has not begun, or has ended */

struct run {
    const char *name;
    const struct vo_watch *watch;
    struct vo_watched *watched;
    struct vo_keep keep;
    pid_t probe, judge, show;
    int signals;       /* signalfd */
    bool shown;        /* judge and show were started, or cannot be */
    bool told, ending; /* that the disk is full; that the probe is asked to end */
    unsigned tries;    /* since the probe's end */
};

static void complain(const struct run *run, const struct vo_error *error)
{
    vo_complain(run->name, error);
}

/* --- Signals -------------------------------------------------------------------------------------- */

/* They are blocked, and read from a descriptor; what is started with steadfast inherits that the terminal's
 * are ignored, all of them that a closed terminal does not end them. */
static enum vo_status take_signals(struct run *run, sigset_t *before, struct vo_error *error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, before);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no more is an error of write() */
    run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return run->signals >= 0 ? VO_OK
                             : vo_error_set(error, VO_ERR_IO, "cannot wait for signals: %s", strerror(errno));
}

static void give_signals_back(struct run *run, const sigset_t *before)
{
    close(run->signals);
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    sigprocmask(SIG_SETMASK, before, NULL);
}

static void end_process(pid_t pid, int number)
{
    if (pid != NOT_HERE)
        kill(pid, number);
}

/* What the terminal sends goes to the probe by itself: it is of the same process group. */
static void on_request(struct run *run, const struct signalfd_siginfo *info)
{
    int number = (int)info->ssi_signo;
    if (run->probe == NOT_HERE) {
        vo_keep_stop(&run->keep);
        run->tries = WAIT_FOR;
        end_process(run->judge, SIGTERM);
        end_process(run->show, SIGTERM);
    } else if (number != SIGINT || info->ssi_code != SI_KERNEL) {
        end_process(run->probe, number == SIGHUP ? SIGTERM : number);
    }
    run->ending = true;
}

static void probe_ended(struct run *run, int status)
{
    struct vo_error error;
    run->probe = NOT_HERE;
    if (vo_command_ended(run->watch->probe.arguments[0], status, &run->watched->code, &error) != VO_OK) {
        complain(run, &error);
        run->watched->failed = true;
    }
    run->watched->failed |= run->watched->code != VO_EXIT_DONE && run->watched->code != VO_EXIT_PARTIAL;
}

static void reap(struct run *run)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == run->probe)
            probe_ended(run, status);
        else if (pid == run->judge)
            run->judge = NOT_HERE;
        else if (pid == run->show)
            run->show = NOT_HERE;
    }
}

static void on_signals(struct run *run)
{
    struct signalfd_siginfo info;
    while (read(run->signals, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo == SIGCHLD)
            reap(run);
        else
            on_request(run, &info);
}

/* --- Starting ------------------------------------------------------------------------------------- */

static enum vo_status make_pipe(int ends[2], struct vo_error *error)
{
    if (pipe2(ends, O_CLOEXEC) == 0)
        return VO_OK;
    return vo_error_set(error, VO_ERR_IO, "cannot make a pipe: %s", strerror(errno));
}

static enum vo_status start_probe(struct run *run, struct vo_error *error)
{
    int ends[2];
    enum vo_status status = make_pipe(ends, error);
    if (status != VO_OK)
        return status;
    fcntl(ends[READ_END], F_SETPIPE_SZ, PIPE_SIZE); /* a smaller one will do */
    setenv(VO_PROGRESS_ENVIRONMENT, "off", 1);      /* the terminal is the live view's */
    const struct vo_start how = {.in = -1, .out = ends[WRITE_END]};
    status = vo_command_start(&run->watch->probe, &how, &run->probe, error);
    close(ends[WRITE_END]);
    run->keep.from = ends[READ_END];
    if (status != VO_OK)
        run->probe = NOT_HERE;
    return status;
}

static enum vo_status start_show(struct run *run, int verdicts, struct vo_error *error)
{
    const struct vo_start how = {.in = verdicts, .out = -1, .steadfast = true};
    enum vo_status status = vo_command_start(&run->watch->show, &how, &run->show, error);
    if (status != VO_OK)
        run->show = NOT_HERE;
    return status;
}

static enum vo_status start_judge(struct run *run, int verdicts, struct vo_error *error)
{
    int ends[2];
    enum vo_status status = make_pipe(ends, error);
    if (status != VO_OK)
        return status;
    const struct vo_start how = {.in = ends[READ_END], .out = verdicts, .steadfast = true};
    status = vo_command_start(&run->watch->judge, &how, &run->judge, error);
    close(ends[READ_END]);
    if (status != VO_OK) {
        run->judge = NOT_HERE;
        close(ends[WRITE_END]);
        return status;
    }
    fcntl(ends[WRITE_END], F_SETFL, O_NONBLOCK);
    run->keep.to = ends[WRITE_END];
    return VO_OK;
}

/* With the first records: a probe that refuses its options has said why, and nothing has to be shown. */
static void start_view(struct run *run)
{
    int ends[2];
    struct vo_error error;
    run->shown = true;
    enum vo_status status = make_pipe(ends, &error);
    if (status == VO_OK) {
        status = start_show(run, ends[READ_END], &error);
        if (status == VO_OK)
            status = start_judge(run, ends[WRITE_END], &error);
        close(ends[READ_END]);
        close(ends[WRITE_END]);
    }
    if (status != VO_OK)
        complain(run, &error);
}

/* --- Records -------------------------------------------------------------------------------------- */

/* Says what happened to the file of records. */
static void tell(const struct run *run, const char *what, const char *then)
{
    struct vo_error error;
    vo_error_set(&error, VO_ERR_IO, "%.300s: %s: %s", run->watch->records, what, then);
    complain(run, &error);
}

/* Says when the file cannot be written, and when it can again; what finds no room ends the measurement. */
static void watch_disk(struct run *run)
{
    const char *failure = strerror(run->keep.failure ? run->keep.failure : ENOSPC);
    if (run->keep.failure && !run->told)
        tell(run, failure, "make room; what is measured meanwhile is held in memory");
    else if (!run->keep.failure && run->told)
        tell(run, "there is room again", "it has everything up to now");
    run->told = run->keep.failure != 0;
    if (!run->keep.lost || run->ending)
        return;
    tell(run, failure, "memory is full too, and the measurement ends");
    run->ending = true;
    end_process(run->probe, SIGINT);
}

/* Gives on what the file has. Without a reader the measurement goes on. */
static void feed(struct run *run, bool gone)
{
    if (run->keep.to < 0)
        return;
    if (gone) {
        close(run->keep.to);
        run->keep.to = -1;
    }
    if ((gone || !vo_keep_feed(&run->keep)) && run->probe != NOT_HERE)
        tell(run, "the live view has ended", "the measurement goes on, and the records are kept");
    if (run->keep.to >= 0 && vo_keep_done(&run->keep)) {
        close(run->keep.to);
        run->keep.to = -1;
    }
}

static void turn(struct run *run)
{
    struct pollfd fds[3] = {{.fd = run->signals, .events = POLLIN},
                            {.fd = run->keep.from, .events = POLLIN},
                            {.fd = run->keep.to, .events = run->keep.fed < run->keep.written ? POLLOUT : 0}};
    int events = poll(fds, 3, run->keep.held_size ? TRY_EACH : -1);
    if (events < 0)
        return; /* EINTR: again */
    if (events == 0 && run->keep.from < 0 && ++run->tries == WAIT_FOR)
        vo_keep_stop(&run->keep);
    if (fds[0].revents)
        on_signals(run);
    if (fds[1].revents && run->keep.from >= 0)
        vo_keep_take(&run->keep);
    if (run->keep.failure)
        vo_keep_retry(&run->keep);
    watch_disk(run);
    if (!run->shown && run->keep.written)
        start_view(run);
    feed(run, fds[2].revents & POLLERR);
}

static bool goes_on(const struct run *run)
{
    return run->probe != NOT_HERE || run->judge != NOT_HERE || run->show != NOT_HERE || run->keep.from >= 0 ||
           (run->keep.held_size && run->tries < WAIT_FOR);
}

enum vo_status vo_watch_run(const char *name, const struct vo_watch *watch, struct vo_watched *watched,
                            struct vo_error *error)
{
    struct run run = {.name = name, .watch = watch, .watched = watched};
    struct vo_error closing;
    sigset_t before;
    *watched = (struct vo_watched){0};
    enum vo_status status = vo_keep_open(&run.keep, watch->records, error);
    if (status != VO_OK)
        return status;
    status = take_signals(&run, &before, error);
    if (status == VO_OK)
        status = start_probe(&run, error);
    while (status == VO_OK && goes_on(&run))
        turn(&run);
    if (vo_keep_close(&run.keep, &closing) != VO_OK && status == VO_OK) {
        complain(&run, &closing);
        watched->failed = true;
    }
    watched->bytes = run.keep.written;
    give_signals_back(&run, &before);
    return status;
}
