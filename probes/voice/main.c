/* voready-reflect: the responder outside a firewall. */
#include "core/options.h"
#include "core/output.h"
#include "core/site.h"
#include "probes/decode/reflect.h"
#include "probes/voice/responder.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#define KEY_ROOM 1024

static struct {
    const char *listen, *ports, *key;
    long control, rate;
    bool quiet;
} command = {.ports = "2195-2196,5008-5015,5060,5070,5223,5228-5230", .control = VO_REFLECT_PORT};

static const struct vo_option options[] = {
    {"listen", 0, VO_OPTION_TEXT, &command.listen, "ADDRESS",
     "only on this address (default: on all, IPv4 and IPv6)", 0, 0, NULL},
    {"ports", 0, VO_OPTION_TEXT, &command.ports, "LIST",
     "answer on these, UDP and TCP (default 2195-2196,5008-5015,5060,5070,5223,5228-5230)", 0, 0, NULL},
    {"control", 0, VO_OPTION_INTEGER, &command.control, "PORT",
     "TCP port of the control channel (default 8620)", 1, 65535, NULL},
    {"key", 0, VO_OPTION_FILE, &command.key, "FILE", "the shared secret: a file that only its owner can read",
     0, 0, NULL},
    {"rate", 0, VO_OPTION_INTEGER, &command.rate, "N", "packets a second to one client at most (default 500)",
     1, 100000, NULL},
    {"quiet", 'q', VO_OPTION_FLAG, &command.quiet, NULL, "say only what fails", 0, 0, NULL},
    {NULL, 0, 0, NULL, NULL, NULL, 0, 0, NULL},
};

static const char *const usage[] = {"[--listen ADDRESS] [--ports LIST] [--control PORT] --key FILE", NULL};

static const struct vo_program program = {
    .name = "voready-reflect",
    .summary = "answers probes from outside a firewall, for those who know the key",
    .usage = usage,
    .options = options,
    .notes = "A key: (umask 077; openssl rand -base64 32 >reflect.key). The site file names a copy of it.\n"
             "Runs until SIGTERM or SIGINT. Exit status: 0 done, 1 failed, 2 wrong usage.",
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void say(void *context, const char *text)
{
    (void)context;
    if (!command.quiet || strncmp(text, "listening", strlen("listening")) != 0)
        fprintf(stderr, "%s: %s\n", program.name, text);
}

/* As many sockets as the system lets us have: a host with many addresses and ports needs them. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void tell_counts(const struct vo_responder_counts *counts)
{
    if (!command.quiet)
        fprintf(stderr,
                "%s: stopped: %" PRIu64 " answered, %" PRIu64 " sent unasked, %" PRIu64 " refused, %" PRIu64
                " from another address, %" PRIu64 " beyond the rate\n",
                program.name, counts->answered, counts->unsolicited, counts->refused, counts->foreign,
                counts->limited);
}

static enum vo_status serve(const char *key, struct vo_error *error)
{
    uint16_t ports[VO_RESPONDER_PORTS];
    struct vo_responder_config config = {.listen = command.listen,
                                         .ports = ports,
                                         .control_port = (uint16_t)command.control,
                                         .key = key,
                                         .key_size = strlen(key),
                                         .limits = vo_responder_limits,
                                         .say = say};
    struct vo_loop *loop = NULL;
    struct vo_responder *responder = NULL;
    if (command.rate) {
        config.limits.packets_per_s = (uint32_t)command.rate;
        config.limits.bytes_per_s = (uint32_t)command.rate * VO_REFLECT_DATAGRAM;
    }
    enum vo_status status = vo_responder_ports(command.ports, ports, &config.port_count, error);
    if (status == VO_OK)
        status = vo_loop_new(&loop, error);
    if (status == VO_OK)
        status = vo_responder_new(loop, &config, &responder, error);
    if (status == VO_OK)
        status = vo_loop_run(loop, &stopped, error);
    if (responder)
        tell_counts(vo_responder_counts(responder));
    vo_responder_free(responder);
    vo_loop_free(loop);
    return status;
}

static enum vo_status run(struct vo_option_list *operands, struct vo_error *error)
{
    char key[KEY_ROOM];
    if (operands->count > 0)
        return vo_error_set(error, VO_ERR_USAGE, "'%s' is one word too many; see voready-reflect -h",
                            operands->items[0]);
    if (!command.key)
        return vo_error_set(error, VO_ERR_USAGE,
                            "--key FILE is missing: without the key nobody may ask; see voready-reflect -h");
    enum vo_status status = vo_secret_read(command.key, key, sizeof key, error);
    if (status == VO_OK)
        status = serve(key, error);
    explicit_bzero(key, sizeof key);
    return status;
}

int main(int argc, char **argv)
{
    struct vo_error error;
    struct vo_option_list operands = {NULL, 0};
    enum vo_status status = vo_options_parse(&program, argc, argv, &operands, &error);
    if (status == VO_END)
        return vo_output_finish(program.name, VO_EXIT_DONE);
    if (status == VO_OK) {
        struct sigaction action = {.sa_handler = on_signal};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        raise_limit();
        status = run(&operands, &error);
        vo_options_release(&program, &operands);
    }
    if (status != VO_OK)
        vo_complain(program.name, &error);
    return vo_output_finish(program.name, status == VO_OK          ? VO_EXIT_DONE
                                          : status == VO_ERR_USAGE ? VO_EXIT_USAGE
                                                                   : VO_EXIT_FAILED);
}
