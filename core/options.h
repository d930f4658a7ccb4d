/*
 * Command lines: rows that give the parser, `-h` and the shell completion.
 *
 * Every program has -h/--help and --version by itself, and the hidden --completion, which prints what
 * bash completion needs. GNU conventions: `--name value`, `--name=value`, `-n value`, `--` ends options;
 * options and operands may be mixed.
 */
#ifndef VO_CORE_OPTIONS_H
#define VO_CORE_OPTIONS_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum vo_option_type {
    VO_OPTION_FLAG,    /* bool * */
    VO_OPTION_TEXT,    /* const char ** */
    VO_OPTION_FILE,    /* const char **, completed as a file */
    VO_OPTION_INTEGER, /* long *, within minimum..maximum */
    VO_OPTION_NUMBER,  /* double *, within minimum..maximum */
    VO_OPTION_WORD,    /* const char **, one of `words` */
    VO_OPTION_LIST,    /* struct vo_option_list *, may be given several times */
};

struct vo_option_list {
    const char **items; /* freed by vo_options_release(); the strings are argv's */
    size_t count;
};

struct vo_option {
    const char *name; /* without dashes; NULL ends the table */
    char letter;      /* or 0 */
    enum vo_option_type type;
    void *target;
    const char *argument; /* as shown: "FILE", "SECONDS" */
    const char *help;     /* one line, lower case, no full stop */
    double minimum, maximum;
    const char *const *words; /* NULL-terminated */
};

struct vo_program {
    const char *name;         /* "voready-rtp" */
    const char *summary;      /* one line */
    const char *const *usage; /* lines after the name, NULL-terminated: "[-o RECORDS] FILE..." */
    const struct vo_option *options;
    const char *notes; /* printed after the options, or NULL: units, examples, exit codes */
    bool operands_are_files;
    /* What the first operand is one of: it ends the options, and what follows is its own, as an operand too.
     * NULL-terminated, or NULL. */
    const char *const *first_operands;
};

/* Parses; operands (in order) go to `operands`. VO_OK; VO_END when -h, --version or --completion was served
 * (the caller exits 0); VO_ERR_USAGE with a message that names the option, what is wrong, the nearest option,
 * and says "see NAME -h". */
enum vo_status vo_options_parse(const struct vo_program *program, int argc, char **argv,
                                struct vo_option_list *operands, struct vo_error *error);
void vo_options_release(const struct vo_program *program, struct vo_option_list *operands);
void vo_options_help(const struct vo_program *program, FILE *stream);

/* "voready-rtp: message" on standard error. */
void vo_complain(const char *program, const struct vo_error *error);

#endif
