/* voready: the front command. */
#include "assess/commands.h"
#include "assess/run.h"
#include "core/metric.h"
#include "core/options.h"
#include "core/output.h"
#include "core/version.h"

#include <stdio.h>
#include <string.h>

struct command {
    const char *name, *what;
    int (*run)(int argc, char **argv);
    const char *program; /* run instead, with the same arguments */
};

static const struct command commands[] = {
    {"init", "ask what a site has and write a site file", vo_init, NULL},
    {"assess", "measure, judge and report in one go", vo_assess, NULL},
    {"doctor", "what this machine has and lacks for the toolkit", vo_doctor, NULL},
    {"reach", "what a site's phones must reach, tried from here", NULL, "voready-reach"},
    {"rtp", "SIP calls and RTP streams of captures, measured", NULL, "voready-rtp"},
    {"wlan", "the air: signal, load, delivery and roams", NULL, "voready-wlan"},
    {"analyze", "records and rules to a verdict", NULL, "voready-analyze"},
    {"report", "a verdict as text, HTML, JSON, JUnit or CSV", NULL, "voready-report"},
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void help(FILE *stream)
{
    fprintf(stream, "voready: is this network ready for voice over Wi-Fi?\n\nusage: voready COMMAND "
                    "[ARGUMENTS]\n\ncommands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-8s %s\n", commands[i].name, commands[i].what);
    fprintf(stream, "\nvoready COMMAND -h tells more. Examples: voready init; voready assess "
                    "site.json;\nvoready assess --capture call.pcap\n");
}

static int become(const struct command *command, int argc, char **argv)
{
    struct vo_command run = {0};
    struct vo_error error;
    vo_command_add(&run, command->program);
    for (int i = 1; i < argc; i++)
        vo_command_add(&run, argv[i]);
    vo_command_become(&run, &error);
    vo_complain("voready", &error);
    return 1;
}

static int unknown(const char *name)
{
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    const char *nearest = vo_nearest_word(name, names, COMMANDS);
    fprintf(stderr, "voready: no command '%s'", name);
    if (nearest)
        fprintf(stderr, " (did you mean '%s'?)", nearest);
    fprintf(stderr, "; see voready -h\n");
    return 2;
}

/* For bash completion: a line a command. */
static int list_commands(void)
{
    for (size_t i = 0; i < COMMANDS; i++)
        printf("%s\n", commands[i].name);
    return 0;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return 2;
    }
    const char *name = argv[1];
    if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        printf("voready %s\n", VO_VERSION);
        return 0;
    }
    if (strcmp(name, "--completion") == 0)
        return list_commands();
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run ? commands[i].run(argc - 1, argv + 1)
                                   : become(&commands[i], argc - 1, argv + 1);
    return unknown(name);
}

int main(int argc, char **argv)
{
    return vo_output_finish("voready", run(argc, argv));
}
