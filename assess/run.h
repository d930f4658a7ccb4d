/*
 * Running the other programs of the toolkit: found beside this one, else by PATH. No shell is involved.
 */
#ifndef VO_ASSESS_RUN_H
#define VO_ASSESS_RUN_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define VO_RUN_ARGUMENTS 512
#define VO_RUN_PATH      4096

struct vo_command {
    const char *arguments[VO_RUN_ARGUMENTS]; /* NULL-terminated; the first is the program's name */
    size_t count;
};

/* Adds one argument, or `option` and `value` (nothing when value is NULL). Borrowed. More than fit: the
 * command is refused when run. */
void vo_command_add(struct vo_command *command, const char *argument);
void vo_command_option(struct vo_command *command, const char *option, const char *value);

/* How a program is started to run beside this one. */
struct vo_start {
    int in, out;    /* its standard input and output; -1: this one's */
    bool steadfast; /* what the terminal sends (SIGINT, SIGQUIT) is handled as this program does it: ignored,
                     * if it ignores them; else by default. SIGHUP is handled as this program does it in any
                     * case */
};

/* Starts it and returns at once: the caller waits for *pid. VO_ERR_IO, VO_ERR_LIMIT. */
enum vo_status vo_command_start(const struct vo_command *command, const struct vo_start *how, pid_t *pid,
                                struct vo_error *error);
/* What waitpid() told of a program: its exit status in *code; VO_ERR_IO when it was killed. */
enum vo_status vo_command_ended(const char *name, int status, int *code, struct vo_error *error);
/* Runs it to its end; *code is its exit status. SIGINT and SIGTERM are passed on to the program: it ends by
 * itself, and what it measured is kept. VO_ERR_IO when it cannot be started or is killed. */
enum vo_status vo_command_run(const struct vo_command *command, int *code, struct vo_error *error);
/* Replaces this process by it. Returns only on failure. */
enum vo_status vo_command_become(const struct vo_command *command, struct vo_error *error);

/* The path of a program of this toolkit: beside this one, else its bare name. */
void vo_program_path(const char *name, char path[VO_RUN_PATH]);
/* The path of an installed data file: ../share/voready/NAME or ../NAME beside the programs. VO_ERR_IO if
 * neither exists. */
enum vo_status vo_data_path(const char *name, char path[VO_RUN_PATH], struct vo_error *error);

#endif
