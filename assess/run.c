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
    return vo_error_set(error, VO_ERR_LIMIT, "more than %d arguments for %s: name fewer at once",
                        VO_RUN_ARGUMENTS - 1, command->arguments[0]);
}

enum vo_status vo_command_ended(const char *name, int status, int *code, struct vo_error *error)
{
    if (!WIFEXITED(status))
        return vo_error_set(error, VO_ERR_IO,
                            "%s was ended by signal %d (%s) before it was done: run it again", name,
                            WTERMSIG(status), strsignal(WTERMSIG(status)));
    *code = WEXITSTATUS(status);
    return VO_OK;
}

static enum vo_status wait_for(pid_t pid, const char *name, int *code, struct vo_error *error)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return vo_error_set(error, VO_ERR_IO, "lost sight of %s: %s", name, strerror(errno));
    return vo_command_ended(name, status, code, error);
}

enum vo_status vo_command_start(const struct vo_command *command, const struct vo_start *how, pid_t *pid,
                                struct vo_error *error)
{
    char path[VO_RUN_PATH];
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    sigset_t defaults, blocked;
    if (check(command, error) != VO_OK)
        return VO_ERR_LIMIT;
    vo_program_path(command->arguments[0], path);
    sigemptyset(&blocked);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGTERM);
    sigaddset(&defaults, SIGPIPE);
    if (!how->steadfast) {
        sigaddset(&defaults, SIGINT);
        sigaddset(&defaults, SIGQUIT);
    }
    posix_spawn_file_actions_init(&files);
    if (how->in >= 0)
        posix_spawn_file_actions_adddup2(&files, how->in, STDIN_FILENO);
    if (how->out >= 0)
        posix_spawn_file_actions_adddup2(&files, how->out, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &blocked);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    int failure = posix_spawnp(pid, path, &files, &attributes,
                               (char *const *)(const void *)command->arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (failure)
        return vo_error_set(error, VO_ERR_IO, "cannot run %s: %s: is the toolkit installed whole?", path,
                            strerror(failure));
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
    static const struct vo_start how = {.in = -1, .out = -1};
    struct sigaction pass = {.sa_handler = pass_on, .sa_flags = SA_RESTART}, old_int, old_term;
    pid_t pid = 0;
    sigaction(SIGINT, &pass, &old_int);
    sigaction(SIGTERM, &pass, &old_term);
    enum vo_status status = vo_command_start(command, &how, &pid, error);
    running = status == VO_OK ? pid : 0;
    if (status == VO_OK)
        status = wait_for(pid, command->arguments[0], code, error);
    running = 0;
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
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
