#include "probes/wlan/surveyed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "\xNN" and the byte that it stands for; other bytes are themselves. */
static uint8_t take_byte(const char **at)
{
    char digits[3] = {0}, *end;
    if (strncmp(*at, "\\x", 2) == 0 && (*at)[2] && (*at)[3]) {
        memcpy(digits, *at + 2, 2);
        unsigned long value = strtoul(digits, &end, 16);
        if (*end == '\0' && digits[0] != '+' && digits[0] != '-' && digits[0] != ' ') {
            *at += 4;
            return (uint8_t)value;
        }
    }
    return (uint8_t) * (*at)++;
}

static enum vo_status add(struct vo_surveyed *surveyed, const char *name, struct vo_error *error)
{
    uint8_t *bytes = surveyed->names[surveyed->count].bytes;
    unsigned size = 0;
    for (const char *at = name; *at;) {
        if (size == VO_SSID_MAX)
            return vo_error_set(error, VO_ERR_USAGE,
                                "--ssid: '%s' is longer than the %d bytes that a network's name can have",
                                name, VO_SSID_MAX);
        bytes[size++] = take_byte(&at);
    }
    if (!size)
        return vo_error_set(error, VO_ERR_USAGE, "--ssid: a network's name is not empty");
    surveyed->names[surveyed->count++].size = (uint8_t)size;
    return VO_OK;
}

enum vo_status vo_surveyed_name(const char *const *names, size_t count, struct vo_surveyed *surveyed,
                                struct vo_error *error)
{
    memset(surveyed, 0, sizeof *surveyed);
    if (count > VO_SURVEYED_MOST)
        return vo_error_set(error, VO_ERR_USAGE, "--ssid: at most %d networks are surveyed at once",
                            VO_SURVEYED_MOST);
    for (size_t i = 0; i < count; i++) {
        enum vo_status status = add(surveyed, names[i], error);
        if (status != VO_OK)
            return status;
    }
    if (count)
        surveyed->told_by = "option";
    return VO_OK;
}

void vo_surveyed_associated(struct vo_surveyed *surveyed, const uint8_t *ssid, size_t size)
{
    if (surveyed->count || !size || size > VO_SSID_MAX)
        return;
    memcpy(surveyed->names[0].bytes, ssid, size);
    surveyed->names[0].size = (uint8_t)size;
    surveyed->count = 1;
    surveyed->told_by = "association";
}

bool vo_surveyed_has(const struct vo_surveyed *surveyed, const uint8_t *ssid, size_t size)
{
    for (unsigned i = 0; i < surveyed->count; i++)
        if (surveyed->names[i].size == size && memcmp(surveyed->names[i].bytes, ssid, size) == 0)
            return true;
    return false;
}
