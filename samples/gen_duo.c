/* The call that most scenarios are a variation of. */
#include "samples/gen.h"

#define ANSWER_AFTER GEN_S

void gen_duo_init(struct gen_duo *duo, struct gen *gen, const char *codec)
{
    *duo = (struct gen_duo){.codec = codec, .start = GEN_START};
    duo->up =
        (struct gen_path){.from = gen_ip("10.0.0.1", 20000), .to = gen_ip("10.0.0.2", 30000), .dscp = 46};
    duo->call = (struct gen_call){.gen = gen, .id = "generated-1", .codecs = codec, .ptime_ms = 20};
    duo->call.path =
        (struct gen_path){.from = gen_ip("10.0.0.1", 5060), .to = gen_ip("10.0.0.2", 5060), .dscp = 40};
    duo->call.media[0] = duo->up.from;
    duo->call.media[1] = duo->up.to;
}

void gen_duo_open(struct gen_duo *duo)
{
    struct gen *gen = duo->call.gen;
    struct gen_path down = gen_reverse(duo->up);
    vo_time answer = duo->start + ANSWER_AFTER, media = answer + 40 * GEN_MS;
    duo->to_bob = gen_stream(gen, &duo->up, duo->codec, 0x11110001, media);
    if (!duo->one_way)
        duo->to_alice = gen_stream(gen, &down, duo->codec, 0x22220002, media + 7 * GEN_MS);
    if (duo->silent)
        return;
    gen_call_begin(&duo->call, duo->start, answer);
    duo->to_bob->call_id = duo->call.id;
    if (duo->to_alice)
        duo->to_alice->call_id = duo->call.id;
}

void gen_duo_talk(struct gen_duo *duo, size_t count)
{
    gen_talk(duo->to_bob, count);
    if (duo->to_alice)
        gen_talk(duo->to_alice, count);
}

void gen_duo_close(struct gen_duo *duo)
{
    vo_time end = duo->to_bob->next;
    if (duo->to_alice && duo->to_alice->next > end)
        end = duo->to_alice->next;
    if (!duo->silent)
        gen_call_end(&duo->call, end + 200 * GEN_MS);
}
