#include "assess/run.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void vo_command_add(struct vo_command *command, const char *argument)
{
    if (command->count < VO_RUN_ARGUMENTS - 1)
        command->arguments[command->count] = argument;
    command->count++;
}

void vo_command_option(struct vo_command *command, const char *option, const char *value)
{
    if (!value)
        return;
    vo_command_add(command, option);
    vo_command_add(command, value);
}

/* The folder of this program, without a final slash; empty if the system does not tell. */
static void own_folder(char folder[VO_RUN_PATH])
{
    ssize_t size = readlink("/proc/self/exe", folder, VO_RUN_PATH - 1);
    folder[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
}

void vo_program_path(const char *name, char path[VO_RUN_PATH])
{
    char folder[VO_RUN_PATH];
    own_folder(folder);
    int size = snprintf(path, VO_RUN_PATH, "%s/%s", folder, name);
    if (size >= VO_RUN_PATH || access(path, X_OK) != 0)
        snprintf(path, VO_RUN_PATH, "%s", name);
}

enum vo_status vo_data_path(const char *name, char path[VO_RUN_PATH], struct vo_error *error)
{
    static const char *const places[] = {"../share/voready", ".."};
    char folder[VO_RUN_PATH];
    own_folder(folder);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int size = snprintf(path, VO_RUN_PATH, "%s/%s/%s", folder, places[i], name);
        if (size < VO_RUN_PATH && access(path, R_OK) == 0)
            return VO_OK;
    }
    return vo_error_set(error, VO_ERR_IO,
                        "%s is not installed with the programs in %.200s: run make install again, or name it",
                        name, folder);
}

static enum vo_status check(const struct vo_command *command, struct vo_error *error)
{
    if (command->count < VO_RUN_ARGUMENTS)
        return VO_OK;
    return vo_error_set(error, VO_ERR_LIMIT, "more than %d arguments for %s: assess fewer files at once",
                        VO_RUN_ARGUMENTS - 1, command->arguments[0]);
}

static enum vo_status wait_for(pid_t pid, const char *name, int *code, struct vo_error *error)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return vo_error_set(error, VO_ERR_IO, "lost sight of %s: %s", name, strerror(errno));
    if (!WIFEXITED(status))
        return vo_error_set(error, VO_ERR_IO,
                            "%s was ended by signal %d (%s) before it was done: run it again", name,
                            WTERMSIG(status), strsignal(WTERMSIG(status)));
    *code = WEXITSTATUS(status);
    return VO_OK;
}

static volatile sig_atomic_t running; /* the process that signals are passed on to */

static void pass_on(int number)
{
    int before = errno;
    if (running > 0)
        kill((pid_t)running, number);
    errno = before;
}

enum vo_status vo_command_run(const struct vo_command *command, int *code, struct vo_error *error)
{
    char path[VO_RUN_PATH];
    pid_t pid;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    struct sigaction pass = {.sa_handler = pass_on, .sa_flags = SA_RESTART}, old_int, old_term;
    if (check(command, error) != VO_OK)
        return VO_ERR_LIMIT;
    vo_program_path(command->arguments[0], path);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    sigaction(SIGINT, &pass, &old_int);
    sigaction(SIGTERM, &pass, &old_term);
    int failure =
        posix_spawnp(&pid, path, NULL, &attributes, (char *const *)(const void *)command->arguments, environ);
    enum vo_status status = VO_OK;
    running = failure ? 0 : pid;
    if (failure)
        status = vo_error_set(error, VO_ERR_IO, "cannot run %s: %s: is the toolkit installed whole?", path,
                              strerror(failure));
    else
        status = wait_for(pid, command->arguments[0], code, error);
    running = 0;
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    posix_spawnattr_destroy(&attributes);
    return status;
}

enum vo_status vo_command_become(const struct vo_command *command, struct vo_error *error)
{
    char path[VO_RUN_PATH];
    if (check(command, error) != VO_OK)
        return VO_ERR_LIMIT;
    vo_program_path(command->arguments[0], path);
    execvp(path, (char *const *)(const void *)command->arguments);
    return vo_error_set(error, VO_ERR_IO, "cannot run %s: %s: is the toolkit installed whole?", path,
                        strerror(errno));
}
