/*
 * The commands of voready-wlan. Each takes its arguments (argv[0] is its name) and returns the exit status.
 */
#ifndef VO_PROBES_WLAN_COMMANDS_H
#define VO_PROBES_WLAN_COMMANDS_H

int vo_wlan_scan(int argc, char **argv);
int vo_wlan_walk(int argc, char **argv);
int vo_wlan_calibrate(int argc, char **argv);
/* read.c */
int vo_wlan_read(int argc, char **argv);
int vo_wlan_monitor(int argc, char **argv);
int vo_wlan_link(int argc, char **argv);
int vo_wlan_channels(int argc, char **argv);
int vo_wlan_roam(int argc, char **argv);

#endif
