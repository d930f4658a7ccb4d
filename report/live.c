#include "report/live.h"

#include "core/options.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PROGRAM       "voready-report"
#define BLOCK         65536
#define LINE_MAX_SIZE ((size_t)1 << 28)
#define WIDTH_USUAL   80
#define WIDTH_LEAST   20
#define WIDTH_WHOLE   4096 /* of text that stays: nothing is cut, the terminal wraps it */
#define HEIGHT_USUAL  24
#define HEIGHT_ASKING 6 /* from here on there is room for the footer and what is typed */
#define TYPED         2 /* lines for what is typed, and for what others write on the terminal */
#define GRACE_S       5 /* from Ctrl-C to the last verdict: the probe ends, and all is judged once more */

static const char footer_asking[] = "type the next place's name and press Enter; Ctrl-C ends";
static const char footer[] = "Ctrl-C ends";

struct live {
    struct vo_report *report; /* of the last verdict; NULL before the first */
    struct vo_live_seen *seen;
    bool terminal, shown; /* shown: the other screen is up */
    struct vo_live_style style;
    size_t rows, columns;
    struct vo_out line; /* what has come of the next line */
    bool oversized;     /* that line is too long, and dropped up to its end */
    size_t line_number, broken;
    char trouble[VO_ERROR_SIZE + 64]; /* the last broken line */
};

/* --- signals
 * ------------------------------------------------------------------------------------------------ */

static volatile sig_atomic_t interrupted, terminated, resized, stopped, continued;

static void on_signal(int number)
{
    switch (number) {
    case SIGINT:
        interrupted++;
        break;
    case SIGWINCH:
        resized = 1;
        break;
    case SIGTSTP:
        stopped = 1;
        break;
    case SIGCONT:
        continued = 1;
        break;
    default:
        terminated = 1;
    }
}

/* Signals are held back but while waiting. Those that are ignored stay so: who started this ends it
 * otherwise. */
static void take_signals(bool terminal, sigset_t *waiting)
{
    static const int always[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT}, shown[] = {SIGWINCH, SIGTSTP, SIGCONT};
    struct sigaction action = {.sa_handler = on_signal}, before;
    sigset_t held;
    sigemptyset(&action.sa_mask);
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof always / sizeof *always + (terminal ? sizeof shown / sizeof *shown : 0);
         i++) {
        size_t count = sizeof always / sizeof *always;
        int number = i < count ? always[i] : shown[i - count];
        if (sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
            continue;
        sigaction(number, &action, NULL);
        sigaddset(&held, number);
    }
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &held, waiting);
}

/* --- the terminal
 * ------------------------------------------------------------------------------------------- */

static enum vo_status write_all(const struct vo_out *out, struct vo_error *error)
{
    size_t done = 0;
    while (done < out->size) {
        ssize_t size = write(STDOUT_FILENO, out->data + done, out->size - done);
        if (size < 0 && errno != EINTR && errno != EAGAIN)
            return vo_error_set(error, VO_ERR_IO, "standard output cannot be written: %s", strerror(errno));
        if (size > 0)
            done += (size_t)size;
    }
    return out->failed ? vo_error_memory(error, "the live view") : VO_OK;
}

static void measure_terminal(struct live *live)
{
    struct winsize window;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 && window.ws_row > 0;
    live->columns = known && window.ws_col >= WIDTH_LEAST ? window.ws_col : known ? WIDTH_LEAST : WIDTH_USUAL;
    live->rows = known ? window.ws_row : HEIGHT_USUAL;
}

static bool asks(const struct live *live)
{
    return live->rows >= HEIGHT_ASKING;
}

/* The other screen; the lines at its foot scroll by themselves, so that what is typed leaves the view alone.
 */
static void begin_screen(struct live *live, struct vo_out *out)
{
    measure_terminal(live);
    if (!live->shown)
        vo_out_add(out, "\033[?1049h");
    vo_out_add(out, "\033[r\033[2J");
    if (asks(live))
        vo_out_format(out, "\033[%zu;%zur\033[%zu;1H", live->rows - TYPED + 1, live->rows,
                      live->rows - TYPED + 1);
    live->shown = true;
}

static enum vo_status end_screen(struct live *live, struct vo_error *error)
{
    struct vo_out out = {0};
    if (!live->shown)
        return VO_OK;
    live->shown = false;
    vo_out_add(&out, "\033[r\033[?7h\033[?25h\033[?1049l");
    enum vo_status status = write_all(&out, error);
    vo_out_release(&out);
    return status;
}

/* Writes the view's lines at their places; the cursor stays where somebody may be typing. */
static void place_lines(const struct live *live, const char *text, struct vo_out *out)
{
    size_t rows = asks(live) ? live->rows - TYPED : live->rows, row = 1;
    vo_out_add(out, "\0337\033[?25l\033[?7l");
    for (const char *at = text ? text : ""; *at && row <= rows; row++) {
        size_t size = strcspn(at, "\n");
        vo_out_format(out, "\033[%zu;1H", row);
        vo_out_bytes(out, at, size);
        vo_out_add(out, "\033[K");
        at += size + (at[size] == '\n');
    }
    for (; row <= rows; row++)
        vo_out_format(out, "\033[%zu;1H\033[K", row);
    if (asks(live))
        vo_out_format(out, "\033[%zu;1H%s%.*s%s\033[K", rows, live->style.colour ? "\033[2m" : "",
                      (int)live->columns, vo_live_asks(live->report) ? footer_asking : footer,
                      live->style.colour ? "\033[0m" : "");
    vo_out_add(out, "\033[?7h\033[?25h\0338");
}

static enum vo_status make_view(const struct live *live, const struct vo_live_style *style,
                                struct vo_out *view, struct vo_error *error)
{
    if (live->report)
        return vo_live_view(live->report, style, live->broken ? live->trouble : NULL, view, error);
    vo_out_add(view, "Nothing has been judged yet.\n");
    if (live->broken)
        vo_out_format(view, "%s\n", live->trouble);
    return VO_OK;
}

static enum vo_status draw(struct live *live, bool anew, struct vo_error *error)
{
    struct vo_out out = {0}, view = {0};
    if (anew)
        begin_screen(live, &out);
    live->style.width = live->columns;
    live->style.height = asks(live) ? live->rows - TYPED - 1 : live->rows;
    enum vo_status status = make_view(live, &live->style, &view, error);
    if (status == VO_OK) {
        place_lines(live, view.data, &out);
        vo_out_end_part(&out, &view);
        status = write_all(&out, error);
    }
    vo_out_release(&view);
    vo_out_release(&out);
    return status;
}

/* --- lines
 * -------------------------------------------------------------------------------------------------- */

static void complain_of_line(struct live *live, const char *why)
{
    struct vo_error error = {0};
    live->broken++;
    vo_error_set(&error, VO_ERR_INPUT, "standard input, line %zu, is skipped: %.300s", live->line_number,
                 why);
    snprintf(live->trouble, sizeof live->trouble, "%s", error.message);
    if (!live->terminal)
        vo_complain(PROGRAM, &error);
}

/* A verdict, or a complaint. `*came` is set if it is one. */
static enum vo_status take_line(struct live *live, const char *text, size_t size, bool *came,
                                struct vo_error *error)
{
    struct vo_report *report;
    struct vo_error why = {0};
    char name[64];
    live->line_number++;
    if (size == 0)
        return VO_OK;
    snprintf(name, sizeof name, "line %zu", live->line_number);
    enum vo_status status = vo_report_parse(text, size, name, &report, &why);
    if (status == VO_ERR_MEMORY)
        return vo_error_memory(error, "the verdict");
    if (status != VO_OK) {
        complain_of_line(live, why.message);
        return VO_OK;
    }
    vo_report_free(live->report);
    live->report = report;
    *came = true;
    if (live->terminal)
        return VO_OK;
    struct vo_out out = {0};
    status = vo_live_changes(&live->seen, report, &out, error);
    if (status == VO_OK)
        status = write_all(&out, error);
    vo_out_release(&out);
    return status;
}

/* Takes what came: lines, and the beginning of the next one. */
static enum vo_status take(struct live *live, const char *block, size_t size, bool *came,
                           struct vo_error *error)
{
    enum vo_status status = VO_OK;
    while (size > 0 && status == VO_OK) {
        const char *end = memchr(block, '\n', size);
        size_t part = end ? (size_t)(end - block) : size;
        live->oversized = live->oversized || live->line.size + part > LINE_MAX_SIZE;
        if (!live->oversized)
            vo_out_bytes(&live->line, block, part);
        if (live->line.failed)
            return vo_error_memory(error, "a line of standard input");
        block += part + (end != NULL);
        size -= part + (end != NULL);
        if (!end)
            break;
        if (live->oversized) {
            live->line_number++;
            complain_of_line(live, "it is too long");
        } else {
            status = take_line(live, live->line.data ? live->line.data : "", live->line.size, came, error);
        }
        live->line.size = 0;
        live->oversized = false;
    }
    return status;
}

/* A last line without its end is taken if it is whole. */
static enum vo_status take_rest(struct live *live, struct vo_error *error)
{
    bool came = false;
    if (live->line.size == 0)
        return VO_OK;
    return take_line(live, live->line.data, live->line.size, &came, error);
}

/* --- the loop
 * ----------------------------------------------------------------------------------------------- */

/* Ctrl-Z: the shell has its screen back until this goes on. */
static enum vo_status pause_here(struct live *live, struct vo_error *error)
{
    enum vo_status status = end_screen(live, error);
    stopped = 0;
    if (status == VO_OK)
        raise(SIGSTOP);
    return status;
}

/* What signals ask for. */
static enum vo_status obey(struct live *live, bool *over, vo_time *deadline, struct vo_error *error)
{
    enum vo_status status = VO_OK;
    if (live->terminal && stopped) {
        status = pause_here(live, error);
        continued = 1;
    }
    if (status == VO_OK && live->terminal && (resized || continued)) {
        resized = continued = 0;
        status = draw(live, true, error);
    }
    if (interrupted && *deadline == VO_TIME_UNKNOWN)
        *deadline = vo_clock_monotonic() + GRACE_S * VO_NS_PER_S;
    *over =
        terminated || interrupted > 1 || (*deadline != VO_TIME_UNKNOWN && vo_clock_monotonic() >= *deadline);
    return status;
}

static int wait_for_input(const sigset_t *waiting, vo_time deadline)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    struct timespec patience = {0};
    if (deadline != VO_TIME_UNKNOWN) {
        vo_time left = deadline - vo_clock_monotonic();
        patience.tv_sec = left > 0 ? left / VO_NS_PER_S : 0;
        patience.tv_nsec = left > 0 ? left % VO_NS_PER_S : 0;
    }
    return ppoll(&input, 1, deadline == VO_TIME_UNKNOWN ? NULL : &patience, waiting);
}

static enum vo_status follow(struct live *live, const sigset_t *waiting, struct vo_error *error)
{
    char *block = malloc(BLOCK);
    enum vo_status status = VO_OK;
    vo_time deadline = VO_TIME_UNKNOWN;
    bool over = false;
    if (!block)
        return vo_error_memory(error, "the live view");
    if (live->terminal)
        status = draw(live, true, error);
    while (status == VO_OK && !over) {
        bool came = false;
        int ready = wait_for_input(waiting, deadline);
        status = obey(live, &over, &deadline, error);
        if (status != VO_OK || over || ready <= 0)
            continue;
        ssize_t size = read(STDIN_FILENO, block, BLOCK);
        if (size < 0 && errno != EINTR && errno != EAGAIN)
            status = vo_error_set(error, VO_ERR_IO, "standard input cannot be read: %s", strerror(errno));
        else if (size == 0)
            break;
        size_t broken = live->broken;
        if (status == VO_OK && size > 0)
            status = take(live, block, (size_t)size, &came, error);
        if (status == VO_OK && live->terminal && (came || live->broken > broken))
            status = draw(live, false, error);
    }
    free(block);
    return status;
}

/* --- the end
 * ------------------------------------------------------------------------------------------------ */

/* The last view, without sequences, as text that stays. */
static enum vo_status leave_text(struct live *live, struct vo_error *error)
{
    struct vo_out out = {0};
    struct vo_live_style style = {.width = WIDTH_WHOLE};
    enum vo_status status = vo_live_view(live->report, &style, NULL, &out, error);
    if (status == VO_OK)
        status = write_all(&out, error);
    vo_out_release(&out);
    return status;
}

static enum vo_status finish(struct live *live, struct vo_error *error)
{
    struct vo_error told = {0};
    if (live->broken && live->terminal) {
        vo_error_set(&told, VO_ERR_INPUT, "%zu line%s of standard input %s skipped; the last: %.400s",
                     live->broken, live->broken == 1 ? "" : "s", live->broken == 1 ? "was" : "were",
                     live->trouble);
        vo_complain(PROGRAM, &told);
    }
    if (!live->report)
        return vo_error_set(error, VO_ERR_INPUT,
                            "standard input has no verdict: give it what voready-analyze --follow writes");
    return live->terminal ? leave_text(live, error) : VO_OK;
}

static bool is_usable_terminal(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDOUT_FILENO) && kind && *kind && strcmp(kind, "dumb") != 0;
}

static enum vo_status check_input(const char *operand, struct vo_error *error)
{
    if (operand && strcmp(operand, "-") != 0)
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: --format live reads verdicts from standard input, and no file", operand);
    if (isatty(STDIN_FILENO))
        return vo_error_set(
            error, VO_ERR_USAGE,
            "standard input is a terminal: pipe what voready-analyze --follow writes into " PROGRAM
            " --format live");
    return VO_OK;
}

enum vo_status vo_report_live(const char *operand, struct vo_error *error)
{
    const char *no_colour = getenv("NO_COLOR");
    struct live live = {.terminal = is_usable_terminal(), .style = {.colour = !no_colour || !*no_colour}};
    struct vo_error closing = {0};
    sigset_t waiting;
    enum vo_status status = check_input(operand, error);
    if (status != VO_OK)
        return status;
    take_signals(live.terminal, &waiting);
    status = follow(&live, &waiting, error);
    if (status == VO_OK)
        status = take_rest(&live, error);
    enum vo_status closed = end_screen(&live, &closing);
    if (status == VO_OK && closed != VO_OK) {
        *error = closing;
        status = closed;
    }
    if (status == VO_OK)
        status = finish(&live, error);
    vo_report_free(live.report);
    vo_live_forget(live.seen);
    vo_out_release(&live.line);
    return status;
}
