/*
 * generate: writes captures whose truth is known, for tests and benches. See samples/README.md.
 */
#include "core/options.h"
#include "samples/gen.h"

#include <string.h>

static struct gen_bench bench = {.packets = 200000, .streams = 1000, .seed = 1, .loss_percent = 0.1};
static bool list;

static const char *const usage[] = {"SCENARIO OUT.pcap [TRUTH.json]",
                                    "bench [--packets N] [--streams N] OUT.pcap [TRUTH.json]", "--list",
                                    NULL};
static const struct vo_option options[] = {
    {.name = "list", .letter = 'l', .type = VO_OPTION_FLAG, .target = &list, .help = "list the scenarios"},
    {.name = "seed",
     .type = VO_OPTION_INTEGER,
     .target = &bench.seed,
     .argument = "NUMBER",
     .help = "seed of the random numbers (1)",
     .minimum = 0,
     .maximum = INT32_MAX},
    {.name = "packets",
     .type = VO_OPTION_INTEGER,
     .target = &bench.packets,
     .argument = "N",
     .help = "bench: RTP packets (200000)",
     .minimum = 1,
     .maximum = 1e10},
    {.name = "streams",
     .type = VO_OPTION_INTEGER,
     .target = &bench.streams,
     .argument = "N",
     .help = "bench: streams, two a call (1000)",
     .minimum = 2,
     .maximum = 120000},
    {.name = "loss",
     .type = VO_OPTION_NUMBER,
     .target = &bench.loss_percent,
     .argument = "PERCENT",
     .help = "bench: share of packets lost (0.1)",
     .minimum = 0,
     .maximum = 50},
    {.name = NULL},
};
static const struct vo_program program = {
    .name = "generate",
    .summary = "write a capture whose truth is known",
    .usage = usage,
    .options = options,
    .notes = "TRUTH.json tells for each stream what any correct measurement must find.",
    .operands_are_files = true,
};

static const struct gen_scenario *const tables[] = {gen_loss_scenarios, gen_media_scenarios,
                                                    gen_network_scenarios};
#define TABLES (sizeof tables / sizeof *tables)

static const struct gen_scenario *find(const char *name)
{
    for (size_t i = 0; i < TABLES; i++)
        for (const struct gen_scenario *scenario = tables[i]; scenario->name; scenario++)
            if (strcmp(scenario->name, name) == 0)
                return scenario;
    return NULL;
}

static void print_list(void)
{
    for (size_t i = 0; i < TABLES; i++)
        for (const struct gen_scenario *scenario = tables[i]; scenario->name; scenario++)
            printf("%-20s %s\n", scenario->name, scenario->what);
}

static enum vo_status run(const struct vo_option_list *operands, struct vo_error *error)
{
    if (list) {
        print_list();
        return VO_OK;
    }
    if (operands->count < 2 || operands->count > 3)
        return vo_error_set(error, VO_ERR_USAGE,
                            "a scenario and a file to write are needed; see generate -h");
    const char *name = operands->items[0], *path = operands->items[1];
    const char *truth = operands->count == 3 ? operands->items[2] : NULL;
    if (strcmp(name, "bench") == 0) {
        gen_bench(&bench, path, truth);
        return VO_OK;
    }
    const struct gen_scenario *scenario = find(name);
    if (!scenario)
        return vo_error_set(error, VO_ERR_USAGE, "no scenario \"%s\"; see generate --list", name);
    struct gen gen = {.random = (uint64_t)bench.seed};
    scenario->build(&gen);
    gen_finish(&gen, scenario->name, scenario->what, path, truth);
    gen_release(&gen);
    return VO_OK;
}

int main(int argc, char **argv)
{
    struct vo_error error;
    struct vo_option_list operands = {0};
    enum vo_status status = vo_options_parse(&program, argc, argv, &operands, &error);
    if (status == VO_OK)
        status = run(&operands, &error);
    vo_options_release(&program, &operands);
    if (status == VO_OK || status == VO_END)
        return VO_EXIT_DONE;
    vo_complain(program.name, &error);
    return status == VO_ERR_USAGE ? VO_EXIT_USAGE : VO_EXIT_FAILED;
}
