#include "probes/wlan/host.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

const volatile sig_atomic_t *vo_host_stop(void)
{
    return &stopped;
}

/* --- Words ---------------------------------------------------------------------------------------- */

static void erase_status(struct vo_host *host)
{
    if (host->status_drawn)
        fputs("\r\033[K", stderr);
    host->status_drawn = false;
}

void vo_host_say(struct vo_host *host, const char *format, ...)
{
    va_list arguments;
    if (host->command->options->quiet)
        return;
    erase_status(host);
    fprintf(stderr, "%s: ", host->command->program->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void vo_host_status(struct vo_host *host, const char *format, ...)
{
    va_list arguments;
    if (!host->status_wanted)
        return;
    fputc('\r', stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("\033[K", stderr);
    fflush(stderr);
    host->status_drawn = true;
}

void vo_host_incomplete(struct vo_host *host, const char *why)
{
    if (!host->partial[0])
        snprintf(host->partial, sizeof host->partial, "%s", why);
}

/* --- The run -------------------------------------------------------------------------------------- */

bool vo_host_read(struct vo_host *host)
{
    struct vo_error error;
    if (vo_link_poll(&host->poll, &error) == VO_OK)
        return true;
    vo_host_incomplete(host, error.message);
    vo_loop_quit(host->loop);
    return false;
}

/* The next multiple of the tick in UTC, on the monotonic clock: a clock that was set moves it. */
static void set_tick(struct vo_host *host)
{
    vo_time length = (vo_time)(*host->command->interval_s * (double)VO_NS_PER_S), now = vo_clock_now();
    vo_time left = length - now % length;
    if (!vo_loop_set(host->loop, &host->tick, vo_clock_monotonic() + left)) {
        vo_host_incomplete(host, "out of memory");
        vo_loop_quit(host->loop);
    }
}

static void on_tick(void *context)
{
    struct vo_host *host = context;
    struct vo_error error;
    set_tick(host);
    host->command->tick(host);
    vo_record_tick(host->writer, vo_clock_monotonic());
    if (vo_record_status(host->writer, &error) != VO_OK)
        vo_loop_quit(host->loop);
}

static void on_deadline(void *context)
{
    struct vo_host *host = context;
    host->whole = true;
    vo_loop_quit(host->loop);
}

static void on_event(void *context, const struct vo_wlan_event *event)
{
    struct vo_host *host = context;
    host->events_lost += event->kind == VO_WLAN_EVENT_LOST;
    if (host->command->event)
        host->command->event(host, event);
}

static void on_announced(void *context, uint32_t events)
{
    struct vo_host *host = context;
    struct vo_error error;
    (void)events;
    if (vo_nl80211_events_read(host->events, on_event, host, &error) == VO_OK)
        return;
    vo_host_incomplete(host, error.message);
    vo_loop_quit(host->loop);
}

static enum vo_status open_kernel(struct vo_host *host, struct vo_error *error)
{
    const struct vo_host_command *command = host->command;
    enum vo_status status = vo_loop_new(&host->loop, error);
    if (status == VO_OK)
        status = vo_nl80211_new(&host->nl80211, error);
    if (status == VO_OK)
        status = vo_nl80211_events_new(&host->events, error);
    if (status == VO_OK)
        status = vo_link_poll_open(&host->poll, host->nl80211, command->options->interface, command->station,
                                   error);
    if (status == VO_OK)
        status = vo_link_poll(&host->poll, error);
    if (status == VO_OK && !host->poll.reading.up)
        return vo_error_set(error, VO_ERR_IO, "%s is down: bring it up with ip link set %s up",
                            host->poll.name, host->poll.name);
    return status;
}

static enum vo_status open_all(struct vo_host *host, struct vo_error *error)
{
    const struct vo_host_options *options = host->command->options;
    struct vo_run run = {.probe = "voready-wlan",
                         .site = options->site,
                         .place = options->place,
                         .interface = options->interface,
                         .source = &options->interface,
                         .source_count = 1};
    enum vo_status status = open_kernel(host, error);
    if (status == VO_OK && host->command->open)
        status = host->command->open(host, error);
    if (status == VO_OK)
        status = vo_record_open(options->output, &run, &host->writer, error);
    if (status != VO_OK)
        return status;
    host->tick = (struct vo_timer){.due = on_tick, .context = host};
    host->deadline = (struct vo_timer){.due = on_deadline, .context = host};
    host->heard =
        (struct vo_watch){.ready = on_announced, .context = host, .fd = vo_nl80211_events_fd(host->events)};
    status = vo_loop_watch(host->loop, &host->heard, EPOLLIN, error);
    if (status == VO_OK && options->duration_s > 0 &&
        !vo_loop_set(host->loop, &host->deadline,
                     vo_clock_monotonic() + (vo_time)(options->duration_s * (double)VO_NS_PER_S)))
        status = vo_error_memory(error, "a timer");
    return status;
}

static void close_all(struct vo_host *host)
{
    if (host->command->close)
        host->command->close(host);
    if (host->loop) {
        vo_loop_cancel(host->loop, &host->tick);
        vo_loop_cancel(host->loop, &host->deadline);
        if (host->heard.watched)
            vo_loop_unwatch(host->loop, &host->heard);
    }
    vo_nl80211_events_free(host->events);
    vo_nl80211_free(host->nl80211);
    vo_loop_free(host->loop);
}

static void measure(struct vo_host *host)
{
    struct vo_error error;
    const struct vo_host_command *command = host->command;
    if (!stopped) {
        command->tick(host);
        set_tick(host);
        if (vo_loop_run(host->loop, &stopped, &error) != VO_OK)
            vo_host_incomplete(host, error.message);
    }
    if (command->options->duration_s > 0 && !host->whole)
        vo_host_incomplete(host, "stopped before its planned length");
    erase_status(host);
    if (command->finish)
        command->finish(host);
}

static int finish(struct vo_host *host)
{
    struct vo_error error;
    const struct vo_host_command *command = host->command;
    const char *why = host->partial[0] ? host->partial : NULL;
    if (vo_record_close(host->writer, !why, why, &error) != VO_OK) {
        vo_complain(command->program->name, &error);
        return VO_EXIT_FAILED;
    }
    if (!command->options->output && command->print)
        command->print(host, stdout);
    if (why && !command->options->quiet)
        fprintf(stderr, "%s: measured in part: %s\n", command->program->name, why);
    return why ? VO_EXIT_PARTIAL : VO_EXIT_DONE;
}

static int run(const struct vo_host_command *command, struct vo_error *error)
{
    static struct vo_host host; /* large */
    struct sigaction action = {.sa_handler = on_signal};
    host.command = command;
    host.context = command->context;
    host.status_wanted = !command->options->quiet && isatty(STDERR_FILENO);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    enum vo_status status = open_all(&host, error);
    int code;
    if (status != VO_OK) {
        vo_complain(command->program->name, error);
        vo_record_close(host.writer, false, error->message, NULL);
        code = status == VO_ERR_USAGE ? VO_EXIT_USAGE : VO_EXIT_FAILED;
    } else {
        measure(&host);
        code = finish(&host);
    }
    close_all(&host);
    return code;
}

static enum vo_status check(const struct vo_host_command *command, const struct vo_option_list *operands,
                            struct vo_error *error)
{
    const char *name = command->program->name;
    if (!command->options->interface)
        return vo_error_set(error, VO_ERR_USAGE,
                            "no interface is named: give -i, such as -i wlan0; see %s -h", name);
    if (operands->count)
        return vo_error_set(error, VO_ERR_USAGE, "'%s' is one word too many; see %s -h", operands->items[0],
                            name);
    return command->check ? command->check(error) : VO_OK;
}

int vo_host_main(const struct vo_host_command *command, int argc, char **argv)
{
    struct vo_error error;
    struct vo_option_list operands = {NULL, 0};
    enum vo_status status = vo_options_parse(command->program, argc, argv, &operands, &error);
    if (status == VO_END)
        return VO_EXIT_DONE;
    if (status == VO_OK)
        status = check(command, &operands, &error);
    if (status != VO_OK) {
        vo_complain(command->program->name, &error);
        return status == VO_ERR_USAGE ? VO_EXIT_USAGE : VO_EXIT_FAILED;
    }
    int code = run(command, &error);
    vo_options_release(command->program, &operands);
    return code;
}
