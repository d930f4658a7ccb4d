/*
 * Any bytes: parsing must not crash, and what parses, written out and parsed again, must be the same tree.
 */
#include "core/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vo_json *first, *second;
    struct vo_error error;
    if (vo_json_parse((const char *)data, size, &first, &error) != VO_OK)
        return 0;
    struct vo_json_writer once = {0}, twice = {0};
    vo_json_copy(&once, first);
    if (vo_json_parse(once.data, once.size, &second, &error) != VO_OK)
        abort();
    vo_json_copy(&twice, second);
    if (once.size != twice.size || memcmp(once.data, twice.data, once.size) != 0)
        abort();
    vo_json_writer_release(&once);
    vo_json_writer_release(&twice);
    vo_json_free(first);
    vo_json_free(second);
    return 0;
}
