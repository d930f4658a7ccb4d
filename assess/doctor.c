/* voready doctor: what this machine has and lacks for the toolkit. */
#include "assess/commands.h"
#include "assess/run.h"
#include "core/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#define NAME "voready doctor"

static const struct vo_option options[] = {{0}};
static const char *const usage[] = {"", NULL};
static const struct vo_program program = {
    .name = NAME,
    .summary = "tells what this machine has and lacks for the toolkit",
    .usage = usage,
    .options = options,
    .notes = "Exit codes: 0 everything is there, 1 something is missing, 2 wrong usage.\n",
};

static bool in_path(const char *name)
{
    char path[VO_RUN_PATH];
    const char *at = getenv("PATH");
    while (at && *at) {
        size_t size = strcspn(at, ":");
        if (snprintf(path, sizeof path, "%.*s/%s", (int)size, at, name) < (int)sizeof path &&
            access(path, X_OK) == 0)
            return true;
        at += size + (at[size] == ':');
    }
    return false;
}

static bool tell(bool good, const char *what, const char *otherwise)
{
    if (good)
        printf("  ok       %s\n", what);
    else
        printf("  missing  %s: %s\n", what, otherwise);
    return good;
}

/* CAP_NET_RAW is bit 13 of the effective set (capabilities(7)). */
static bool may_capture(void)
{
    char line[256];
    unsigned long long effective = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "CapEff:", 7) == 0)
            effective = strtoull(line + 7, NULL, 16);
    if (status)
        fclose(status);
    return effective >> 13 & 1;
}

int vo_doctor(int argc, char **argv)
{
    static const char *const programs[] = {"voready-rtp", "voready-analyze", "voready-report"};
    struct vo_option_list operands = {0};
    struct vo_error error;
    char path[VO_RUN_PATH];
    bool whole = true;
    enum vo_status status = vo_options_parse(&program, argc, argv, &operands, &error);
    if (status != VO_OK) {
        if (status != VO_END)
            vo_complain(NAME, &error);
        return status == VO_END ? 0 : 2;
    }
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        vo_program_path(programs[i], path);
        whole &= tell(access(path, X_OK) == 0 || in_path(path), programs[i],
                      "install the toolkit whole (make install)");
    }
    status = vo_data_path("rules/openscape-mobile.json", path, &error);
    whole &= tell(status == VO_OK, "rule pack openscape-mobile", error.message);
    whole &= tell(in_path("gnuplot"), "gnuplot, for the plots of the report", "apt-get install gnuplot-nox");
    whole &= tell(may_capture(), "privilege to capture live (CAP_NET_RAW)",
                  "sudo setcap cap_net_raw+ep on voready-rtp, or run it as root; files need none");
    struct timex clock = {0};
    whole &= tell(adjtimex(&clock) != TIME_ERROR, "clock kept by NTP, for delay between two capture points",
                  "apt-get install chrony; with both directions captured the offset is estimated anyway");
    vo_options_release(&program, &operands);
    return whole ? 0 : 1;
}
