/* voready-wlan: the air. */
#include "core/subcommand.h"
#include "probes/wlan/commands.h"

int main(int argc, char **argv)
{
    static const struct vo_subcommand rows[] = {
        {"calibrate", "compares this adapter with a phone", vo_wlan_calibrate, NULL},
        {"channels", "how busy and noisy the channels are, by the driver's survey", vo_wlan_channels, NULL},
        {"link", "this host's own link: signal, rates, loss, load", vo_wlan_link, NULL},
        {"monitor", "what is on the air, by an interface in monitor mode", vo_wlan_monitor, NULL},
        {"read", "the same from captures", vo_wlan_read, NULL},
        {"roam", "this host's own roams, and the gap in media", vo_wlan_roam, NULL},
        {"scan", "the networks around, by scans", vo_wlan_scan, NULL},
        {"walk", "the same at one place after the other", vo_wlan_walk, NULL},
    };
    static const struct vo_subcommands commands = {
        .name = "voready-wlan",
        .summary = "measures the air: signal, load, delivery, roams",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    return vo_subcommands_main(&commands, argc, argv);
}
