/* voready: the front command. */
#include "assess/commands.h"
#include "assess/run.h"
#include "core/options.h"
#include "core/subcommand.h"

static int become(const char *program, int argc, char **argv)
{
    struct vo_command run = {0};
    struct vo_error error;
    vo_command_add(&run, program);
    for (int i = 1; i < argc; i++)
        vo_command_add(&run, argv[i]);
    vo_command_become(&run, &error);
    vo_complain("voready", &error);
    return 1;
}

int main(int argc, char **argv)
{
    static const struct vo_subcommand rows[] = {
        {"init", "ask what a site has and write a site file", vo_init, NULL},
        {"assess", "measure, judge and report in one go", vo_assess, NULL},
        {"watch", "measure, and see live how it is judged", vo_watch, NULL},
        {"doctor", "what this machine has and lacks for the toolkit", vo_doctor, NULL},
        {"reach", "what a site's phones must reach, tried from here", NULL, "voready-reach"},
        {"rtp", "SIP calls and RTP streams of captures, measured", NULL, "voready-rtp"},
        {"wlan", "the air: signal, load, delivery and roams", NULL, "voready-wlan"},
        {"analyze", "records and rules to a verdict", NULL, "voready-analyze"},
        {"report", "a verdict as text, HTML, JSON, JUnit or CSV", NULL, "voready-report"},
    };
    static const struct vo_subcommands commands = {
        .name = "voready",
        .summary = "is this network ready for voice over Wi-Fi?",
        .notes = "Examples: voready init; voready assess site.json;\nvoready assess --capture call.pcap; "
                 "voready watch wlan walk -i wlan0",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .become = become,
    };
    return vo_subcommands_main(&commands, argc, argv);
}
