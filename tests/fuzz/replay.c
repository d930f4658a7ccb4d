/* Replays seeds through a fuzz target without a fuzzer: each file whole, cut at every length if it is small
 * (else at 500 lengths), and with each of its first bytes changed. Usage: fuzz_NAME FILE... */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEED_MAX (1 << 20)

/* An exact copy, so that one byte read beyond it is found. */
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        exit(2);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static unsigned replay(const uint8_t *data, size_t size)
{
    unsigned runs = 1;
    size_t step = size <= 2000 ? 1 : size / 500;
    feed(data, size);
    for (size_t cut = 0; cut < size; cut += step, runs++)
        feed(data, cut);
    uint8_t *changed = malloc(size ? size : 1);
    for (size_t i = 0; changed && i < size && i < 256; i++, runs++) {
        memcpy(changed, data, size);
        changed[i] ^= (uint8_t)(1u << (i & 7));
        feed(changed, size);
        changed[i] = 0xff;
        feed(changed, size);
    }
    free(changed);
    return runs;
}

int main(int argc, char **argv)
{
    static uint8_t data[SEED_MAX];
    unsigned runs = 0;
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) {
            perror(argv[i]);
            return 2;
        }
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        runs += replay(data, size);
    }
    printf("%d seeds, %u runs\n", argc - 1, runs);
    return runs == 0;
}
