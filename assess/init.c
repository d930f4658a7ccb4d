/* voready init: asks what a site has, and writes a site file. */
#include "assess/init.h"
#include "assess/commands.h"
#include "core/metric.h"
#include "core/options.h"
#include "core/site_syntax.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "voready init"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const struct vo_option options[] = {{0}};
static const char *const usage[] = {"[FILE]", NULL};
static const struct vo_program program = {
    .name = NAME,
    .summary = "asks what a site has and writes a site file",
    .usage = usage,
    .options = options,
    .notes = "FILE is the site file to write (default site.json). An empty answer takes what stands in "
             "brackets; skip\n"
             "leaves a thing out. Answers may be piped, a line each. Passwords and keys are never asked for: "
             "the file\n"
             "names the files that they belong in.\n"
             "\n"
             "Exit codes: 0 written, 1 the tool failed, 2 wrong usage or answer; then nothing is written.\n",
    .operands_are_files = true,
};

/* --- what is asked
 * ------------------------------------------------------------------------------------------ */

static const char *one_of(const char *text, const char *const *words, const char *problem)
{
    for (; *words; words++)
        if (strcmp(*words, text) == 0)
            return NULL;
    return problem;
}

static const char *check_mode(const char *text)
{
    static const char *const words[] = {"voice", "uc", "integrated", NULL};
    return one_of(text, words, "is no mode: write voice, uc or integrated");
}

static const char *check_transport(const char *text)
{
    static const char *const words[] = {"udp", "tcp", "tls", "mtls", NULL};
    return one_of(text, words, "is no transport: write udp, tcp, tls or mtls");
}

static const char *check_yes_no(const char *text)
{
    static const char *const words[] = {"yes", "no", NULL};
    return one_of(text, words, "is neither yes nor no");
}

/* A whole number of at most five digits, which is all that is asked. */
static bool read_number(const char *text, size_t size, unsigned *number)
{
    *number = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (unsigned)(text[i] - '0');
    }
    return size > 0 && size <= 5;
}

static const char *check_port(const char *text)
{
    unsigned port;
    return read_number(text, strlen(text), &port) && port >= 1 && port <= 65535
               ? NULL
               : "is no port: write a number from 1 to 65535";
}

static const char *check_calls(const char *text)
{
    unsigned calls;
    return read_number(text, strlen(text), &calls) && calls >= 1 && calls <= 1000
               ? NULL
               : "is no number of calls: write one from 1 to 1000";
}

static const char *check_range(const char *text)
{
    unsigned first, last;
    size_t size = strcspn(text, "-");
    bool good = text[size] == '-' && read_number(text, size, &first) && first >= 1 &&
                read_number(text + size + 1, strlen(text + size + 1), &last) && last <= 65535 &&
                last >= first;
    return good ? NULL : "is no range of ports: write FIRST-LAST, such as 16384-32767";
}

static const char *check_resolvers(const char *text)
{
    char copy[VO_ANSWER_SIZE];
    char *rest = NULL;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, " ,", &rest); word; word = strtok_r(NULL, " ,", &rest)) {
        const char *problem = vo_syntax_resolver(word);
        if (problem)
            return problem;
    }
    return NULL;
}

static bool has_voice(const struct vo_answers *answers)
{
    return strcmp(answers->text[VO_ASK_MODE], "uc") != 0;
}

static bool has_uc(const struct vo_answers *answers)
{
    return strcmp(answers->text[VO_ASK_MODE], "voice") != 0;
}

static bool has_both(const struct vo_answers *answers)
{
    return has_voice(answers) && has_uc(answers);
}

static bool has_sbc(const struct vo_answers *answers)
{
    return answers->text[VO_ASK_SBC][0] != '\0';
}

static bool has_mtls(const struct vo_answers *answers)
{
    return has_sbc(answers) && strcmp(answers->text[VO_ASK_TRANSPORT], "mtls") == 0;
}

static bool has_haproxy(const struct vo_answers *answers)
{
    return answers->text[VO_ASK_HAPROXY][0] != '\0';
}

static bool has_openscape_voice(const struct vo_answers *answers)
{
    return answers->text[VO_ASK_OPENSCAPE_VOICE][0] != '\0';
}

static bool has_bcom(const struct vo_answers *answers)
{
    return answers->text[VO_ASK_BCOM][0] != '\0';
}

static const struct question {
    const char *text;
    const char *usual; /* NULL: there is none; "skip" leaves it out */
    vo_syntax *check;
    bool (*asked)(const struct vo_answers *answers); /* NULL: always */
    bool optional;
} questions[VO_ASKED] = {
    [VO_ASK_NAME] = {"Name of the site", NULL, vo_syntax_label, NULL, false},
    [VO_ASK_MODE] = {"How the phones are used: voice, uc or integrated", "integrated", check_mode, NULL,
                     false},
    [VO_ASK_SBC] = {"External name or address of the SBC", NULL, vo_syntax_host, has_voice, true},
    [VO_ASK_TRANSPORT] = {"SIP transport of the phones: tls, mtls, tcp or udp", "tls", check_transport,
                          has_sbc, false},
    [VO_ASK_SIP_PORT] = {"Port of the SBC for it", "5061", check_port, has_sbc, false},
    [VO_ASK_RTP] = {"Media ports of the SBC, FIRST-LAST", "skip", check_range, has_sbc, true},
    [VO_ASK_ACCOUNT] = {"Number of a subscriber to register for the test", "skip", vo_syntax_user, has_sbc,
                        true},
    [VO_ASK_CERTIFICATE] = {"File with the client certificate (PKCS#12 or PEM)", "skip", vo_syntax_file,
                            has_mtls, true},
    [VO_ASK_HAPROXY] = {"Name or address of HAProxy", NULL, vo_syntax_host, has_uc, true},
    [VO_ASK_HTTPS_PORT] = {"HTTPS port of HAProxy", "8443", check_port, has_haproxy, false},
    [VO_ASK_WEBSOCKET] = {"Path of the WebSocket through HAProxy, /…", "skip", vo_syntax_path, has_haproxy,
                          true},
    [VO_ASK_UC] = {"Name or address of the UC server itself", "skip", vo_syntax_host, has_uc, true},
    [VO_ASK_OPENSCAPE_VOICE] = {"Name or address of OpenScape Voice for the UC server (SOAP, port 8758)",
                                "skip", vo_syntax_host, has_both, true},
    [VO_ASK_BCOM] = {"Name or address of BCOM", "skip", vo_syntax_host, has_openscape_voice, true},
    [VO_ASK_BCOM_PORT] = {"Port on which BCOM shows its certificate", NULL, check_port, has_bcom, false},
    [VO_ASK_APPLE] = {"Are there Apple phones: yes or no", "yes", check_yes_no, NULL, false},
    [VO_ASK_ANDROID] = {"Are there Android phones: yes or no", "yes", check_yes_no, NULL, false},
    [VO_ASK_RESPONDER] = {"Name or address of the responder (voready-reflect) outside", "skip",
                          vo_syntax_host, NULL, true},
    [VO_ASK_CALLS] = {"Calls at once that are planned for one access point", "skip", check_calls, has_voice,
                      true},
    [VO_ASK_RESOLVERS] = {"DNS servers of the phones, separated by spaces (skip: this host's)", "skip",
                          check_resolvers, NULL, true},
    [VO_ASK_CA] = {"PEM file of the company's own CA", "skip", vo_syntax_file, NULL, true},
};

/* The port depends on the transport. */
static const char *usual_answer(const struct vo_answers *answers, enum vo_ask ask)
{
    static const struct {
        const char *transport, *port;
    } ports[] = {{"udp", "5060"}, {"tcp", "5060"}, {"mtls", "5161"}};
    for (size_t i = 0; ask == VO_ASK_SIP_PORT && i < sizeof ports / sizeof *ports; i++)
        if (strcmp(answers->text[VO_ASK_TRANSPORT], ports[i].transport) == 0)
            return ports[i].port;
    return questions[ask].usual;
}

/* --- the dialogue
 * ------------------------------------------------------------------------------------------- */

/* A line without its end and the spaces around it. VO_END at the end of the input. */
static enum vo_status read_line(char line[VO_ANSWER_SIZE], struct vo_error *error)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t size = getline(&text, &room, stdin);
    enum vo_status status = VO_OK;
    if (size < 0 || !text) {
        free(text);
        return VO_END;
    }
    while (size > 0 && strchr(" \t\r\n", text[size - 1]))
        text[--size] = '\0';
    if (snprintf(line, VO_ANSWER_SIZE, "%s", text + strspn(text, " \t")) >= VO_ANSWER_SIZE)
        status = vo_error_set(error, VO_ERR_USAGE, "an answer is longer than %d bytes", VO_ANSWER_SIZE - 1);
    free(text);
    return status;
}

/* Shows the question and reads one answer as it comes. */
static enum vo_status read_answer(const char *text, const char *usual, bool optional,
                                  char line[VO_ANSWER_SIZE], struct vo_error *error)
{
    const char *brackets = usual ? usual : "or skip";
    bool shown = usual || optional;
    printf("%s%s%s%s: ", text, shown ? " [" : "", shown ? brackets : "", shown ? "]" : "");
    fflush(stdout);
    enum vo_status status = read_line(line, error);
    if (!isatty(STDIN_FILENO))
        printf("%s\n", status == VO_OK ? line : "");
    if (status == VO_END)
        return vo_error_set(error, VO_ERR_USAGE, "the answers end at \"%.200s\": nothing is written", text);
    if (status == VO_OK && !*line && usual)
        snprintf(line, VO_ANSWER_SIZE, "%s", usual);
    return status;
}

/* A person is asked again after a wrong answer; what is piped ends there. */
static enum vo_status ask(const char *text, const char *usual, vo_syntax *check, bool optional,
                          char line[VO_ANSWER_SIZE], struct vo_error *error)
{
    for (;;) {
        enum vo_status status = read_answer(text, usual, optional, line, error);
        if (status != VO_OK)
            return status;
        if (optional && strcmp(line, "skip") == 0) {
            line[0] = '\0';
            return VO_OK;
        }
        const char *problem = check(line);
        if (!problem)
            return VO_OK;
        vo_error_set(error, VO_ERR_USAGE, "%.100s: '%.100s' %s%s", text, line, problem,
                     optional ? ", or skip" : "");
        if (!isatty(STDIN_FILENO))
            return VO_ERR_USAGE;
        printf("  %s\n", error->message);
    }
}

static enum vo_status ask_all(struct vo_answers *answers, struct vo_error *error)
{
    enum vo_status status = VO_OK;
    for (int i = 0; i < VO_ASKED && status == VO_OK; i++) {
        const struct question *question = &questions[i];
        if (!question->asked || question->asked(answers))
            status = ask(question->text, usual_answer(answers, (enum vo_ask)i), question->check,
                         question->optional, answers->text[i], error);
    }
    return status;
}

static enum vo_status may_write(const char *path, struct vo_error *error)
{
    struct stat is;
    char text[400], line[VO_ANSWER_SIZE];
    if (lstat(path, &is) != 0)
        return errno == ENOENT
                   ? VO_OK
                   : vo_error_set(error, VO_ERR_IO, "%.300s: cannot look at it: %s", path, strerror(errno));
    if (!S_ISREG(is.st_mode))
        return vo_error_set(error, VO_ERR_USAGE, "%.300s is there and is no file: name another", path);
    snprintf(text, sizeof text, "%.300s is there. Replace it: yes or no", path);
    enum vo_status status = ask(text, "no", check_yes_no, false, line, error);
    if (status == VO_OK && strcmp(line, "yes") != 0)
        return vo_error_set(error, VO_ERR_USAGE, "%.300s stays as it is: name another file", path);
    return status;
}

static int run(const char *path)
{
    static struct vo_answers answers;
    struct vo_error error;
    enum vo_status status = may_write(path, &error);
    if (status == VO_OK)
        status = ask_all(&answers, &error);
    if (status == VO_OK)
        status = vo_answers_write(&answers, path, &error);
    if (status == VO_OK) {
        vo_answers_advise(&answers, path);
        return 0;
    }
    fflush(stdout);
    vo_complain(NAME, &error);
    return status == VO_ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

int vo_init(int argc, char **argv)
{
    struct vo_option_list files = {0};
    struct vo_error error;
    enum vo_status status = vo_options_parse(&program, argc, argv, &files, &error);
    int code = 0;
    if (status == VO_OK && files.count > 1)
        status = vo_error_set(&error, VO_ERR_USAGE, "'%.100s': one site file at a time; see " NAME " -h",
                              files.items[1]);
    if (status == VO_OK) {
        code = run(files.count ? files.items[0] : "site.json");
    } else if (status != VO_END) {
        vo_complain(NAME, &error);
        code = EXIT_USAGE;
    }
    vo_options_release(&program, &files);
    return code;
}
