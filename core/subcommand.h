/*
 * Programs with commands, such as voready-wlan: rows that give the dispatch, `-h` and the shell completion.
 * The options of a command are its own (core/options.h).
 */
#ifndef VO_CORE_SUBCOMMAND_H
#define VO_CORE_SUBCOMMAND_H

#include <stddef.h>

struct vo_subcommand {
    const char *name, *what;           /* one line of -h: lower case, no full stop */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit status */
    const char *program;               /* run in its place where `run` is NULL */
};

struct vo_subcommands {
    const char *name;    /* "voready-wlan" */
    const char *summary; /* one line */
    const char *notes;   /* printed after the list */
    const struct vo_subcommand *rows;
    size_t count;
    int (*become)(const char *program, int argc, char **argv); /* for rows with a program, else NULL */
};

/* The whole of main(): runs what argv[1] names, serves -h, --version and --completion, or says that there is
 * no such command and which is near. Returns the exit status; what was printed and lost makes it 1. */
int vo_subcommands_main(const struct vo_subcommands *commands, int argc, char **argv);

#endif
