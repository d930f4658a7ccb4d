#include "core/clock.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#define SECONDS_PER_DAY 86400

static vo_time read_clock(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        return VO_TIME_UNKNOWN;
    return (vo_time)now.tv_sec * VO_NS_PER_S + now.tv_nsec;
}

vo_time vo_clock_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

vo_time vo_clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/*
 * Dates are counted from 0000-03-01, so that the leap day ends a year and months need no table: the days
 * before month m (0 is March) are (153 m + 2) / 5. 719468 days lie between 0000-03-01 and 1970-01-01; 400
 * years have 146097 days.
 */
#define EPOCH_DAYS       719468
#define DAYS_IN_400_YEAR 146097

static int64_t days_of_date(unsigned year, unsigned month, unsigned day)
{
    unsigned y = month <= 2 ? year - 1 : year; /* year 1 at least, so this does not wrap */
    unsigned m = month <= 2 ? month + 9 : month - 3;
    return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - EPOCH_DAYS;
}

static void date_of_days(int64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    unsigned count = (unsigned)(days + EPOCH_DAYS); /* positive from year 1 on */
    unsigned era = count / DAYS_IN_400_YEAR;
    unsigned in_era = count % DAYS_IN_400_YEAR;
    unsigned y = (in_era - in_era / 1460 + in_era / 36524 - in_era / (DAYS_IN_400_YEAR - 1)) / 365;
    unsigned in_year = in_era - (365 * y + y / 4 - y / 100);
    unsigned m = (5 * in_year + 2) / 153;
    *day = in_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = era * 400 + y + (*month <= 2);
}

/* Writes exactly `count` digits and returns what follows them. */
static char *put_digits(char *text, unsigned value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        text[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return text + count;
}

char *vo_time_format(vo_time time, char *text)
{
    if (time == VO_TIME_UNKNOWN)
        return strcpy(text, "unknown");
    int64_t seconds = time / VO_NS_PER_S;
    int64_t ns = time % VO_NS_PER_S;
    if (ns < 0) {
        ns += VO_NS_PER_S;
        seconds--;
    }
    int64_t days = seconds / SECONDS_PER_DAY;
    int64_t rest = seconds % SECONDS_PER_DAY;
    if (rest < 0) {
        rest += SECONDS_PER_DAY;
        days--;
    }
    unsigned year, month, day, second = (unsigned)rest, fraction = (unsigned)ns;
    date_of_days(days, &year, &month, &day);
    char *end = put_digits(text, year, 4);
    *end++ = '-';
    end = put_digits(end, month, 2);
    *end++ = '-';
    end = put_digits(end, day, 2);
    *end++ = 'T';
    end = put_digits(end, second / 3600, 2);
    *end++ = ':';
    end = put_digits(end, second / 60 % 60, 2);
    *end++ = ':';
    end = put_digits(end, second % 60, 2);
    if (fraction) {
        *end++ = '.';
        if (fraction % 1000)
            end = put_digits(end, fraction, 9);
        else if (fraction % 1000000)
            end = put_digits(end, fraction / 1000, 6);
        else
            end = put_digits(end, fraction / 1000000, 3);
    }
    *end++ = 'Z';
    *end = '\0';
    return text;
}

/* Reads exactly `count` digits, then `after` unless that is 0. */
static bool take_number(const char **text, int count, char after, unsigned *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *value = *value * 10 + (unsigned)(**text - '0');
    }
    if (!after)
        return true;
    return *(*text)++ == after;
}

static bool take_fraction(const char **text, unsigned *ns)
{
    *ns = 0;
    if (**text != '.')
        return true;
    (*text)++;
    unsigned scale = VO_NS_PER_S;
    while (**text >= '0' && **text <= '9') {
        scale /= 10;
        if (scale == 0)
            return false;
        *ns += (unsigned)(*(*text)++ - '0') * scale;
    }
    return scale != VO_NS_PER_S;
}

/* "Z", or "+hh:mm" as seconds east of UTC. */
static bool take_offset(const char **text, int *offset)
{
    *offset = 0;
    char sign = *(*text)++;
    if (sign == 'Z' || sign == 'z')
        return true;
    unsigned hours, minutes;
    if ((sign != '+' && sign != '-') || !take_number(text, 2, ':', &hours) ||
        !take_number(text, 2, 0, &minutes) || hours > 23 || minutes > 59)
        return false;
    *offset = (int)(hours * 3600 + minutes * 60);
    if (sign == '-')
        *offset = -*offset;
    return true;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    if (month == 2)
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Whole seconds since the epoch, and the fraction. Second 60 is a leap second (RFC 3339, 5.7): it is the same
 * instant as the second that follows, as in the kernel's clock. */
static bool read_time(const char *text, int64_t *seconds, unsigned *ns)
{
    unsigned year, month, day, hour, minute, second;
    if (!take_number(&text, 4, '-', &year) || !take_number(&text, 2, '-', &month) ||
        !take_number(&text, 2, 0, &day) || (*text != 'T' && *text != 't'))
        return false;
    text++;
    int offset;
    if (!take_number(&text, 2, ':', &hour) || !take_number(&text, 2, ':', &minute) ||
        !take_number(&text, 2, 0, &second) || !take_fraction(&text, ns) || !take_offset(&text, &offset) ||
        *text)
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    *seconds = days_of_date(year, month, day) * SECONDS_PER_DAY +
               (int64_t)(hour * 3600 + minute * 60 + second) - offset;
    return true;
}

enum vo_status vo_time_parse(const char *text, vo_time *time, struct vo_error *error)
{
    int64_t seconds;
    unsigned ns;
    if (!text || !read_time(text, &seconds, &ns))
        return vo_error_set(error, VO_ERR_INPUT,
                            "\"%s\" is not a time: write it as 2026-11-22T17:44:32Z or with an offset, "
                            "2026-11-22T18:44:32.5+01:00",
                            text ? text : "");
    /* A negative count of seconds is taken one closer to zero before it is scaled, so that the earliest
     * representable second does not overflow on the way. */
    int64_t scaled;
    int64_t whole = seconds < 0 ? seconds + 1 : seconds;
    int64_t rest = seconds < 0 ? (int64_t)ns - VO_NS_PER_S : (int64_t)ns;
    if (__builtin_mul_overflow(whole, VO_NS_PER_S, &scaled) || __builtin_add_overflow(scaled, rest, time) ||
        *time == VO_TIME_UNKNOWN)
        return vo_error_set(error, VO_ERR_INPUT,
                            "\"%s\" is outside the years 1678 to 2261 that times can hold", text);
    return VO_OK;
}
