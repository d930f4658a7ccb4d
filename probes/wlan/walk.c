/* voready-wlan walk: what is on the air at one place after the other. */
#include "probes/wlan/commands.h"
#include "probes/wlan/lines.h"
#include "probes/wlan/survey_run.h"
#include "probes/wlan/walk_link.h"
#include "probes/wlan/walk_table.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPARE_ROUNDS     3   /* for scans that were aborted or refused */
#define PAUSE_ON_TROUBLE 1.0 /* s */
#define FOREVER_S        1e6

static struct command {
    struct vo_survey_options survey;
    struct vo_option_list places;
    long rounds; /* 0: not told */
    double interval_s;
} command;

static const struct vo_option options[] = {
    VO_SURVEY_OUTPUT(command.survey),
    VO_SURVEY_SCANS(command.survey),
    {"place", 0, VO_OPTION_LIST, &command.places, "NAME", "measure this place alone, and ask for none", 0, 0,
     NULL},
    {"rounds", 0, VO_OPTION_INTEGER, &command.rounds, "N", "scans at each place (default 3, passive 5)", 1,
     1e6, NULL},
    {"interval", 0, VO_OPTION_NUMBER, &command.interval_s, "SECONDS", "pause between scans (default 0)", 0,
     1e6, NULL},
    VO_SURVEY_PHONE(command.survey),
    VO_SURVEY_REST(command.survey),
    {NULL, 0, 0, NULL, NULL, NULL, 0, 0, NULL},
};

static const char *const usage[] = {"[-o RECORDS] [-i IFACE] [--place NAME] [--rounds N] [--ssid NAME]...",
                                    NULL};

static const struct vo_program program = {
    .name = "voready-wlan walk",
    .summary = "measures the networks at one place after the other",
    .usage = usage,
    .options = options,
    .notes =
        "Without --place, reads names of places from standard input, a line each: when you are there. An\n"
        "empty line measures the same place again. The end of input, or\n"
        "SIGINT, ends the run.\n"
        "Without -o a table is printed. Exit status: 0 done, 1 failed, 2 wrong usage, 5 done in part.",
};

struct known_place {
    char *name;
    unsigned visits;
};

static struct walk {
    struct vo_survey_run run;
    struct vo_walk_link link;
    struct vo_lines lines;
    bool asks, terminal; /* places come from standard input; that is a terminal */
    bool has_next;       /* a line is waiting */
    char next[VO_LINE_TEXT];
    struct known_place *known;
    size_t known_count;
    struct known_place *place; /* that is measured; NULL: none */
    unsigned way;              /* from place to place, the how manieth; 0: none is measured */
    long planned, done, tried; /* rounds of the visit */
    bool told_trouble;
    bool waiting; /* for a line, and nothing else */
    bool gone;
} walk;

/* --- Standard input ------------------------------------------------------------------------------- */

static bool is_input_over(void)
{
    return walk.lines.ended && !walk.has_next;
}

/* Reads what is there, up to one line. */
static void read_input(void)
{
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    walk.has_next = walk.has_next || vo_lines_next(&walk.lines, walk.next);
    while (walk.asks && !walk.has_next && !walk.lines.ended && poll(&ready, 1, 0) > 0) {
        size_t room;
        char *space = vo_lines_space(&walk.lines, &room);
        ssize_t came = read(STDIN_FILENO, space, room);
        if (came < 0 && (errno == EINTR || errno == EAGAIN))
            break;
        vo_lines_add(&walk.lines, came > 0 ? (size_t)came : 0);
        walk.has_next = vo_lines_next(&walk.lines, walk.next);
    }
    walk.run.scanner.input = walk.asks && !walk.has_next && !walk.lines.ended ? STDIN_FILENO : -1;
}

/* On the way nothing is scanned, but who watches sees the link: as what it is, without a place. */
static void follow_link(vo_time now)
{
    vo_time before = walk.link.read;
    struct vo_visit_terms about = {.interface = walk.run.scanner.radio.interface.name, .number = walk.way};
    vo_walk_link_tick(&walk.link, now);
    if (!walk.place && walk.way && walk.link.read != before) {
        vo_walk_link_emit(&walk.link, walk.run.writer, &about);
        vo_record_tick(walk.run.writer, now);
    }
}

/* On a terminal a name means that its writer is there: the place before is cut short if it must be. From a
 * file or pipe names come ahead of time, and each place has its rounds. */
static bool turn(void *context)
{
    (void)context;
    read_input();
    if ((walk.place || walk.way) && walk.run.scanner.round.state == VO_ROUND_IDLE)
        follow_link(vo_clock_monotonic());
    return (walk.waiting || walk.terminal) && (walk.has_next || is_input_over());
}

static void ask(const char *text)
{
    if (walk.terminal && !command.survey.quiet)
        fprintf(stderr, "%s\n", text);
}

/* Whoever watches walks with the host: what the link does on the way is read, too. */
static void set_out(void)
{
    static unsigned ways;
    if (!walk.terminal)
        return;
    walk.way = ++ways;
    vo_walk_link_begin(&walk.link);
}

/* --- Visits --------------------------------------------------------------------------------------- */

static struct vo_visit_terms terms(void)
{
    return (struct vo_visit_terms){.interface = walk.run.scanner.radio.interface.name,
                                   .place = walk.place->name,
                                   .number = walk.place->visits,
                                   .surveyed = &walk.run.surveyed,
                                   .chosen = &walk.run.scanner.chosen};
}

/* NULL: out of memory. */
static struct known_place *place_of(const char *name)
{
    for (size_t i = 0; i < walk.known_count; i++)
        if (strcmp(walk.known[i].name, name) == 0)
            return &walk.known[i];
    struct known_place *known = realloc(walk.known, (walk.known_count + 1) * sizeof *known);
    char *copy = strdup(name);
    if (known)
        walk.known = known;
    if (!known || !copy) {
        free(copy);
        return NULL;
    }
    known[walk.known_count] = (struct known_place){.name = copy};
    return &known[walk.known_count++];
}

static enum vo_status begin_visit(const char *name, struct vo_error *error)
{
    walk.place = place_of(name);
    if (!walk.place)
        return vo_error_memory(error, "the name of a place");
    walk.place->visits++;
    walk.way = 0;
    walk.done = walk.tried = 0;
    walk.told_trouble = false;
    vo_walk_link_begin(&walk.link);
    vo_visit_begin(&walk.run.scanner.visit, vo_scanner_now());
    enum vo_status status = vo_record_set_place(walk.run.writer, name, error);
    struct vo_visit_terms about = terms();
    vo_visit_emit_place(walk.run.writer, &about, true, vo_clock_now());
    return status;
}

static void emit(bool all)
{
    struct vo_visit_terms about = terms();
    vo_visit_emit(walk.run.writer, &walk.run.scanner.visit, &about, all, vo_scanner_now(), vo_clock_now());
    vo_walk_link_read(&walk.link);
    vo_walk_link_emit(&walk.link, walk.run.writer, &about);
}

static void end_visit(void)
{
    struct vo_visit_terms about = terms();
    emit(true);
    vo_visit_emit_place(walk.run.writer, &about, false, vo_clock_now());
    if (!command.survey.output)
        vo_walk_print_visit(&walk.run.scanner.visit, &about, stdout);
    if (walk.done < walk.planned && !walk.terminal && walk.asks && !vo_survey_stopped())
        vo_survey_partial(&walk.run, "at '%s' %ld of %ld scans were completed", walk.place->name, walk.done,
                          walk.planned);
    else if (walk.done < walk.planned && walk.asks)
        vo_survey_tell(&walk.run, "at '%s' %ld of %ld scans were completed", walk.place->name, walk.done,
                       walk.planned);
    walk.place = NULL;
    (void)vo_record_set_place(walk.run.writer, NULL, NULL);
    set_out();
}

/* --- Rounds --------------------------------------------------------------------------------------- */

static void tell_trouble(const struct vo_error *error)
{
    vo_survey_partial(&walk.run, "%s", error->message);
    if (!walk.told_trouble)
        vo_survey_tell(&walk.run, "%s", error->message);
    walk.told_trouble = true;
}

/* A line a round for who watches. */
static void show_round(void)
{
    if (!walk.terminal || command.survey.quiet)
        return;
    struct vo_visit_terms about = terms();
    fprintf(stderr, "  %s, scan %ld:", walk.place->name, walk.done);
    vo_walk_print_now(&walk.run.scanner.visit, &about, stderr);
}

/* False: the visit is over. */
static bool do_round(struct vo_error *error)
{
    bool go_on = true;
    walk.tried++;
    switch (vo_scanner_round(&walk.run.scanner, error)) {
    case VO_SCANNER_DONE:
        walk.done++;
        break;
    case VO_SCANNER_FORBIDDEN:
        if (!walk.told_trouble && walk.tried == 1 && !walk.run.why[0])
            tell_trouble(error);
        break;
    case VO_SCANNER_REFUSED:
        tell_trouble(error);
        go_on = vo_scanner_pause(&walk.run.scanner, PAUSE_ON_TROUBLE);
        break;
    case VO_SCANNER_CUT:
    case VO_SCANNER_BUSY:
        go_on = vo_scanner_pause(&walk.run.scanner, PAUSE_ON_TROUBLE);
        break;
    case VO_SCANNER_BROKEN:
        go_on = false;
        break;
    case VO_SCANNER_GONE:
        tell_trouble(error);
        walk.gone = true;
        go_on = false;
        break;
    }
    emit(false);
    if (go_on)
        show_round();
    return go_on && vo_record_status(walk.run.writer, error) == VO_OK;
}

/* The planned rounds; on a terminal fewer, if a line comes. */
static void measure_place(struct vo_error *error)
{
    for (;;) {
        /* without privilege a round is a wait for somebody else's scan: none is made up for */
        long most = walk.planned + (walk.run.scanner.forbidden ? 0 : SPARE_ROUNDS);
        bool had_enough = walk.done >= walk.planned || walk.tried >= most;
        read_input();
        if (vo_survey_stopped() || had_enough || (walk.terminal && walk.tried && walk.has_next))
            return;
        if (!do_round(error))
            return;
        if (command.interval_s > 0 && walk.done < walk.planned)
            vo_scanner_pause(&walk.run.scanner, command.interval_s);
    }
}

/* --- From place to place -------------------------------------------------------------------------- */

static bool is_over(struct vo_error *error)
{
    return vo_survey_stopped() || walk.gone || vo_record_status(walk.run.writer, error) != VO_OK;
}

/* The next line; false: there is none, or the run is over. */
static bool next_line(char line[VO_LINE_TEXT], struct vo_error *error)
{
    walk.waiting = true;
    for (;;) {
        read_input();
        if (walk.has_next || is_input_over() || is_over(error))
            break;
        if (vo_scanner_pause(&walk.run.scanner, FOREVER_S) || walk.has_next || is_input_over() ||
            vo_survey_stopped())
            continue;
        vo_survey_partial(&walk.run, "%s is gone", walk.run.scanner.radio.interface.name);
        walk.gone = true;
    }
    walk.waiting = false;
    if (!walk.has_next || is_over(error))
        return false;
    memcpy(line, walk.next, sizeof walk.next);
    walk.has_next = false;
    return true;
}

static enum vo_status go_from_place_to_place(struct vo_error *error)
{
    char line[VO_LINE_TEXT], name[VO_LINE_TEXT] = "";
    enum vo_status status = VO_OK;
    set_out();
    ask("Where are you? Name the place:");
    while (status == VO_OK && next_line(line, error)) {
        if (line[0])
            memcpy(name, line, sizeof line);
        if (!name[0]) {
            ask("Name the place:");
            continue;
        }
        if ((status = begin_visit(name, error)) != VO_OK)
            return status;
        measure_place(error);
        end_visit();
        if (!is_over(error) && !walk.has_next && !is_input_over())
            ask("Done here. Go on, and name the next place when you are there (Enter alone: this one "
                "again):");
    }
    if (status == VO_OK && !walk.known_count && is_input_over())
        return vo_error_set(error, VO_ERR_USAGE,
                            "no place was named: write names to standard input, or give --place");
    return status;
}

static enum vo_status measure(struct vo_error *error)
{
    enum vo_status status;
    walk.planned = vo_survey_rounds(&command.survey, command.rounds);
    if (!walk.run.surveyed.count)
        vo_survey_tell(&walk.run, "no network is surveyed: name it by --ssid, or coverage is not told");
    if (!command.survey.output)
        vo_walk_print_head(stdout);
    if (walk.asks) {
        status = go_from_place_to_place(error);
    } else {
        if ((status = begin_visit(command.places.items[0], error)) != VO_OK)
            return status;
        measure_place(error);
        if (vo_survey_stopped())
            vo_survey_partial(&walk.run, "stopped before its planned length");
        else if (walk.done < walk.planned)
            vo_survey_partial(&walk.run, "%ld of %ld scans were completed", walk.done, walk.planned);
        end_visit();
    }
    return status == VO_OK ? vo_record_status(walk.run.writer, error) : status;
}

static int run(struct vo_error *error)
{
    walk.run = (struct vo_survey_run){.program = &program, .options = &command.survey, .turn = turn};
    walk.asks = command.places.count == 0;
    walk.terminal = walk.asks && isatty(STDIN_FILENO);
    const char *place = walk.asks ? NULL : command.places.items[0];
    enum vo_status status = vo_survey_open(&walk.run, place, true, error);
    walk.run.poll.without_survey = false;
    walk.link.poll = status == VO_OK ? &walk.run.poll : NULL;
    if (status == VO_OK)
        status = measure(error);
    fflush(stdout);
    vo_walk_link_release(&walk.link);
    for (size_t i = 0; i < walk.known_count; i++)
        free(walk.known[i].name);
    free(walk.known);
    return vo_survey_close(&walk.run, status, error);
}

int vo_wlan_walk(int argc, char **argv)
{
    struct vo_error error;
    struct vo_option_list operands;
    enum vo_status status = vo_options_parse(&program, argc, argv, &operands, &error);
    if (status == VO_END)
        return VO_EXIT_DONE;
    if (status == VO_OK && operands.count)
        status = vo_error_set(&error, VO_ERR_USAGE, "'%s' is no option; see %s -h", operands.items[0],
                              program.name);
    if (status == VO_OK && command.places.count > 1)
        status =
            vo_error_set(&error, VO_ERR_USAGE,
                         "--place: one cannot be at '%s' and at '%s' at once: give it once, or write the "
                         "names to standard input",
                         command.places.items[0], command.places.items[1]);
    if (status == VO_OK && command.places.count && !command.places.items[0][0])
        status = vo_error_set(&error, VO_ERR_USAGE, "--place: a place's name is not empty");
    if (status != VO_OK) {
        vo_complain(program.name, &error);
        return VO_EXIT_USAGE;
    }
    int code = run(&error);
    vo_options_release(&program, &operands);
    return code;
}
