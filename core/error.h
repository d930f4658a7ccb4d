/*
 * Errors of the library: a status to branch on and one message to show.
 *
 * A function that can fail takes `struct vo_error *error` last (NULL is allowed) and returns
 * `enum vo_status`. The message is written once, where the failure happened: it names the thing (file,
 * option, rule, key), what is wrong with it and what to do next. Library code never prints, never exits.
 */
#ifndef VO_CORE_ERROR_H
#define VO_CORE_ERROR_H

enum vo_status {
    VO_OK = 0,
    VO_END,           /* nothing more to read; not a failure */
    VO_ERR_USAGE,     /* the caller's words are wrong: command line, rules, site file */
    VO_ERR_INPUT,     /* what was read is not what it claims to be */
    VO_ERR_IO,        /* the system refused: open, read, write, socket */
    VO_ERR_MEMORY,    /* an allocation failed */
    VO_ERR_PRIVILEGE, /* a capability is missing; the message says which and how to grant it */
    VO_ERR_LIMIT,     /* a documented bound was reached */
};

#define VO_ERROR_SIZE 512

struct vo_error {
    enum vo_status status;
    char message[VO_ERROR_SIZE]; /* UTF-8, one line, without a final full stop or newline */
};

/* Writes the message and returns `status`, so that `return vo_error_set(...)` reads as it should. */
enum vo_status vo_error_set(struct vo_error *error, enum vo_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The usual sentence for a failed allocation of `what`; returns VO_ERR_MEMORY. */
enum vo_status vo_error_memory(struct vo_error *error, const char *what);

/* Exit codes of the probes (formats: "Exit codes"). */
enum vo_probe_exit { VO_EXIT_DONE = 0, VO_EXIT_FAILED = 1, VO_EXIT_USAGE = 2, VO_EXIT_PARTIAL = 5 };

#endif
