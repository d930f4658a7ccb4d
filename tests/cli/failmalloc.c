/*
 * Lets one allocation of a program fail, or all from one on. For LD_PRELOAD; glibc.
 *
 * Allocations are counted from the start of main(), from 1. FAILMALLOC_AT=N: the N-th gives NULL; with
 * FAILMALLOC_ON=1 so do all after it. FAILMALLOC_COUNT=FILE: how many there were is written there at the end.
 * What libpcap allocates does not fail: pcap_compile() of 1.10 crashes by itself when it has no memory.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static bool armed, go_on;
static unsigned long fail_at;
static atomic_ulong counted;
static int (*real_main)(int, char **, char **);

static bool spared(const void *caller)
{
    Dl_info info;
    return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "libpcap");
}

static bool fails(const void *caller)
{
    if (!armed)
        return false;
    unsigned long n = atomic_fetch_add(&counted, 1) + 1;
    if (n != fail_at && !(go_on && fail_at && n > fail_at))
        return false;
    if (spared(caller))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

static void tell(void)
{
    armed = false;
    const char *path = getenv("FAILMALLOC_COUNT");
    FILE *file = path ? fopen(path, "we") : NULL;
    if (!file)
        return;
    fprintf(file, "%lu\n", (unsigned long)counted);
    fclose(file);
}

static int armed_main(int argc, char **argv, char **environment)
{
    const char *at = getenv("FAILMALLOC_AT");
    fail_at = at ? strtoul(at, NULL, 10) : 0;
    go_on = getenv("FAILMALLOC_ON") != NULL;
    atexit(tell);
    armed = true;
    return real_main(argc, argv, environment);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    int (*start)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void),
                 void *);
    *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main;
    return start(armed_main, argc, argv, init, fini, rtld_fini, stack_end);
}
