/* Scenarios of loss, duplicates, order and sequence numbers. */
#include "samples/gen.h"

#define TALK 1000

static void simple(struct gen *gen, struct gen_duo *duo, size_t count)
{
    gen_duo_init(duo, gen, "PCMU");
    gen_duo_open(duo);
    gen_duo_talk(duo, count);
    gen_duo_close(duo);
}

static void clean(struct gen *gen)
{
    struct gen_duo duo;
    simple(gen, &duo, 1500);
    duo.to_bob->peak = duo.to_alice->peak = true;
}

static void duplicates(struct gen *gen)
{
    struct gen_duo duo;
    simple(gen, &duo, TALK);
    for (size_t i = 0; i < 100; i++)
        duo.to_bob->packets[100 + 5 * i].copies = 1;
}

static void lost_and_duplicated(struct gen *gen)
{
    struct gen_duo duo;
    simple(gen, &duo, TALK);
    for (size_t i = 0; i < 20; i++) {
        duo.to_bob->packets[100 + 10 * i].dropped = true;
        duo.to_bob->packets[500 + 10 * i].copies = 1;
    }
}

static void late_last(struct gen *gen)
{
    struct gen_duo duo;
    simple(gen, &duo, TALK);
    duo.to_bob->packets[TALK - 10].time = duo.to_bob->packets[TALK - 1].time + 5 * GEN_MS;
}

static void swapped_first(struct gen *gen)
{
    struct gen_duo duo;
    simple(gen, &duo, TALK);
    vo_time first = duo.to_bob->packets[0].time;
    duo.to_bob->packets[0].time = duo.to_bob->packets[1].time;
    duo.to_bob->packets[1].time = first;
}

static void delayed(struct gen *gen)
{
    struct gen_duo duo;
    simple(gen, &duo, 3000);
    for (size_t i = 9; i < 2990; i += 10)
        duo.to_bob->packets[i].time += 150 * GEN_MS;
}

static void restart(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    gen_duo_talk(&duo, TALK / 2);
    duo.to_bob->segment = 1;
    duo.to_bob->position = (duo.to_bob->position + 40000) % 65536;
    duo.to_bob->timestamp += 0x5a5a5a5a;
    duo.to_bob->marker = true;
    gen_duo_talk(&duo, TALK / 2);
    gen_duo_close(&duo);
}

static void wrap(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    duo.to_bob->position = 65536 - 100;
    gen_duo_talk(&duo, TALK);
    gen_duo_close(&duo);
    duo.to_bob->packets[95].time += 130 * GEN_MS;
}

static void gap(struct gen *gen, bool moving)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    gen_duo_talk(&duo, TALK / 2);
    if (moving)
        gen_silence(duo.to_bob, 70000 * 0.020, false);
    duo.to_bob->position += 70000;
    duo.to_bob->timestamp += 70000u * duo.to_bob->step;
    duo.to_bob->marker = false;
    duo.to_bob->no_jitter = !moving;
    gen_duo_talk(&duo, TALK / 2);
    gen_duo_close(&duo);
}

static void gap_still(struct gen *gen)
{
    gap(gen, false);
}

static void gap_moving(struct gen *gen)
{
    gap(gen, true);
}

/* 60,000 packets in 20 minutes, 300 of them (6 s) lost in one piece: 0.5 % of all, 2.0 % of 15,000. */
static void outage(struct gen *gen)
{
    struct gen_duo duo;
    simple(gen, &duo, 60000);
    for (size_t i = 0; i < 300; i++)
        duo.to_bob->packets[30000 + i].dropped = true;
    duo.to_bob->peak = true;
}

const struct gen_scenario gen_loss_scenarios[] = {
    {"clean", "G.711, 30 s, nothing wrong", clean},
    {"duplicates", "100 of 1,000 packets come twice", duplicates},
    {"lost-and-duplicated", "20 packets are lost and 20 others come twice", lost_and_duplicated},
    {"late-last", "the packet that comes last is the tenth from the end", late_last},
    {"swapped-first", "the first two packets are swapped", swapped_first},
    {"delayed", "every tenth packet comes 150 ms late, none is lost", delayed},
    {"restart", "the sender begins anew under the same SSRC", restart},
    {"wrap", "sequence numbers wrap, and a packet from before comes after", wrap},
    {"gap-70000", "70,000 sequence numbers are missing; arrival goes on at once", gap_still},
    {"gap-70000-moving", "70,000 packets are missing, for the 1,400 s that they would have taken",
     gap_moving},
    {"outage", "20 minutes with 300 packets lost in a row: 0.5 %, 2.0 % of the worst five minutes", outage},
    {NULL, NULL, NULL},
};
