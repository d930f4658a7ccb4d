/* Starting gnuplot: the script on its standard input, all drawings on its standard output, no shell, no
 * files. */
#include "report/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRAWINGS_SIZE_MAX ((size_t)1 << 30)

extern char **environ;

/* The script in a file without a name, to be read from its beginning. NULL: the system refused. */
static FILE *script_file(const struct vo_plot *plots, size_t count)
{
    struct vo_out script = {0};
    FILE *file = tmpfile();
    vo_plot_script(&script, plots, count);
    bool good = file && !script.failed && fwrite(script.data, 1, script.size, file) == script.size &&
                fflush(file) == 0 && fseek(file, 0, SEEK_SET) == 0;
    vo_out_release(&script);
    if (good)
        return file;
    if (file)
        fclose(file);
    return NULL;
}

/* 0, or the error number of posix_spawnp. */
static int start(FILE *script, int output, pid_t *child)
{
    char name[] = "gnuplot", defaults[] = "-d";
    char *const arguments[] = {name, defaults, NULL};
    posix_spawn_file_actions_t actions;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure)
        return failure;
    failure = posix_spawn_file_actions_adddup2(&actions, fileno(script), STDIN_FILENO);
    if (!failure)
        failure = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!failure)
        failure = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!failure)
        failure = posix_spawnp(child, name, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

static void read_all(int input, struct vo_out *drawings)
{
    char block[65536];
    ssize_t size;
    while ((size = read(input, block, sizeof block)) > 0 || (size < 0 && errno == EINTR))
        if (size > 0 && drawings->size < DRAWINGS_SIZE_MAX)
            vo_out_bytes(drawings, block, (size_t)size);
}

/* Runs gnuplot over the script. Returns false with a sentence in `why` if there are no drawings. */
static bool run(FILE *script, struct vo_out *drawings, const char **why)
{
    int ends[2], status = 0;
    pid_t child;
    *why = "plots left out: gnuplot could not be started";
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    int failure = start(script, ends[1], &child);
    close(ends[1]);
    if (failure) {
        close(ends[0]);
        if (failure == ENOENT)
            *why = "plots left out: gnuplot is not installed (apt install gnuplot-nox)";
        return false;
    }
    read_all(ends[0], drawings);
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        *why = WIFEXITED(status) && WEXITSTATUS(status) == 127
                   ? "plots left out: gnuplot is not installed (apt install gnuplot-nox)"
                   : "plots left out: gnuplot failed; version 5.0 or newer is needed";
        return false;
    }
    *why = NULL;
    return true;
}

/* Hands each SVG document of `drawings` to the next plot that has data. */
static size_t distribute(struct vo_plot *plots, size_t count, const struct vo_out *drawings)
{
    static const char close[] = "</svg>";
    struct vo_bins bins;
    const char *at = drawings->data, *end = at ? at + drawings->size : at;
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        if (!vo_plot_bins(plots[i].series, plots[i].kind, &bins))
            continue;
        const char *begin = at ? memmem(at, (size_t)(end - at), "<svg", 4) : NULL;
        const char *stop = begin ? memmem(begin, (size_t)(end - begin), close, sizeof close - 1) : NULL;
        if (!stop) {
            missing++;
            continue;
        }
        vo_plot_clean(&plots[i].svg, begin, (size_t)(stop - begin));
        at = stop + sizeof close - 1;
    }
    return missing;
}

enum vo_status vo_plot_draw(struct vo_plot *plots, size_t count, const char **why, struct vo_error *error)
{
    struct vo_out drawings = {0};
    *why = NULL;
    if (count == 0)
        return VO_OK;
    FILE *script = script_file(plots, count);
    if (!script) {
        *why = "plots left out: no room for gnuplot's script in the folder for temporary files";
        return VO_OK;
    }
    if (run(script, &drawings, why) && distribute(plots, count, &drawings) > 0)
        *why = "some plots are left out: gnuplot stopped before it had drawn all";
    bool failed = drawings.failed;
    for (size_t i = 0; i < count; i++)
        failed = failed || plots[i].svg.failed;
    fclose(script);
    vo_out_release(&drawings);
    return failed ? vo_error_memory(error, "the plots") : VO_OK;
}
