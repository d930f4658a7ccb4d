/*
 * Proxy settings as programs read them: variables of the environment (curl(1), wget(1)), in small and capital
 * letters, and those that /etc/environment gives every session. Desktop settings and PAC files are not read.
 */
#ifndef VO_PROBES_REACH_PROXY_H
#define VO_PROBES_REACH_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct vo_proxies {
    bool configured; /* any of them */
    char set[512];   /* "https_proxy=http://proxy:3128 (environment), …", without user and password, cut */
    char no_proxy[256]; /* hosts left out; "" if none */
    char looked_at[128];
};

/* The value of a variable by name, as getenv() gives it. */
typedef const char *vo_proxy_variable(const char *name);
/* `file`: lines NAME=VALUE, or NULL if it could not be read. */
void vo_proxies_find(struct vo_proxies *proxies, vo_proxy_variable *variable, FILE *file);

#endif
