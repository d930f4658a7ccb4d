/*
 * The commands of `voready`. Each takes what follows its name, prints its own errors, and returns the exit
 * status.
 *
 * Adding one: a file here, a row in main.c, its -h by core/options.h, a page in docs/man, a test in tests/.
 */
#ifndef VO_ASSESS_COMMANDS_H
#define VO_ASSESS_COMMANDS_H

int vo_init(int argc, char **argv);   /* asks what a site has and writes a site file */
int vo_assess(int argc, char **argv); /* probes, analyze and report in one go */
int vo_watch(int argc, char **argv);  /* a probe, judged and shown while it measures */
int vo_doctor(int argc, char **argv); /* what this machine has and lacks for the toolkit */

#endif
