/* voready-wlan: the air. */
#include "core/metric.h"
#include "core/output.h"
#include "core/version.h"
#include "probes/wlan/commands.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *what;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"monitor", "what is on the air, by an interface in monitor mode", vo_wlan_monitor},
    {"read", "the same from captures", vo_wlan_read},
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void help(FILE *stream)
{
    fprintf(stream,
            "voready-wlan: measures the air: signal, load, delivery, roams\n\nusage: voready-wlan COMMAND "
            "[ARGUMENTS]\n\ncommands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-8s %s\n", commands[i].name, commands[i].what);
    fprintf(stream, "\nvoready-wlan COMMAND -h tells more.\n");
}

static int unknown(const char *name)
{
    const char *names[COMMANDS];
    char hint[256];
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    fprintf(stderr, "voready-wlan: no command '%s' %s; see voready-wlan -h\n", name,
            vo_unknown_hint(name, names, COMMANDS, hint, sizeof hint));
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
        printf("voready-wlan %s\n", VO_VERSION);
        return 0;
    }
    if (strcmp(name, "--completion") == 0)
        return list_commands();
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown(name);
}

int main(int argc, char **argv)
{
    return vo_output_finish("voready-wlan", run(argc, argv));
}
