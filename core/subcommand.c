#include "core/subcommand.h"

#include "core/metric.h"
#include "core/output.h"
#include "core/version.h"

#include <stdio.h>
#include <string.h>

static void help(const struct vo_subcommands *commands, FILE *stream)
{
    fprintf(stream, "%s: %s\n\nusage: %s COMMAND [ARGUMENTS]\n\ncommands:\n", commands->name,
            commands->summary, commands->name);
    for (size_t i = 0; i < commands->count; i++)
        fprintf(stream, "  %-9s %s\n", commands->rows[i].name, commands->rows[i].what);
    fprintf(stream, "\n%s COMMAND -h tells more.%s%s\n", commands->name, commands->notes ? " " : "",
            commands->notes ? commands->notes : "");
}

static int unknown(const struct vo_subcommands *commands, const char *name)
{
    const char *names[32];
    char hint[256];
    size_t count = 0;
    for (; count < commands->count && count < sizeof names / sizeof *names; count++)
        names[count] = commands->rows[count].name;
    fprintf(stderr, "%s: no command '%s' %s; see %s -h\n", commands->name, name,
            vo_unknown_hint(name, names, count, hint, sizeof hint), commands->name);
    return 2;
}

/* For bash completion: a line a command. */
static int list(const struct vo_subcommands *commands)
{
    for (size_t i = 0; i < commands->count; i++)
        printf("%s\n", commands->rows[i].name);
    return 0;
}

static int run(const struct vo_subcommands *commands, int argc, char **argv)
{
    if (argc < 2) {
        help(commands, stderr);
        return 2;
    }
    const char *name = argv[1];
    if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        help(commands, stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        printf("%s %s\n", commands->name, VO_VERSION);
        return 0;
    }
    if (strcmp(name, "--completion") == 0)
        return list(commands);
    for (size_t i = 0; i < commands->count; i++) {
        const struct vo_subcommand *row = &commands->rows[i];
        if (strcmp(name, row->name) == 0)
            return row->run ? row->run(argc - 1, argv + 1)
                            : commands->become(row->program, argc - 1, argv + 1);
    }
    return unknown(commands, name);
}

int vo_subcommands_main(const struct vo_subcommands *commands, int argc, char **argv)
{
    return vo_output_finish(commands->name, run(commands, argc, argv));
}
