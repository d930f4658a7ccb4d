#include "core/utf8.h"

/* RFC 3629, 4: the lead byte decides the length and, for some, narrows the second byte. */
static const struct {
    unsigned char first, last; /* of the lead byte */
    unsigned char low, high;   /* of the second byte */
    unsigned char length;
} leads[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

size_t vo_utf8_length(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (size == 0)
        return 0;
    if (bytes[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (bytes[0] < leads[i].first || bytes[0] > leads[i].last)
            continue;
        if (size < leads[i].length || bytes[1] < leads[i].low || bytes[1] > leads[i].high)
            return 0;
        for (size_t j = 2; j < leads[i].length; j++)
            if ((bytes[j] & 0xC0) != 0x80)
                return 0;
        return leads[i].length;
    }
    return 0;
}
