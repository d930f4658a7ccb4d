#include "core/json_scan.h"
#include "core/utf8.h"

#include <string.h>

#define DEPTH_LIMIT  64
#define NUMBER_LIMIT 63 /* characters of a number that cJSON reads */

static bool refuse(struct vo_json_scan *scan, const char *why)
{
    scan->why = why;
    return false;
}

/* The byte here; 0 at the end of the text. (A NUL within the text is refused by whoever meets it.) */
static char peek(const struct vo_json_scan *scan)
{
    return scan->at < scan->size ? scan->text[scan->at] : '\0';
}

static void skip_space(struct vo_json_scan *scan)
{
    while (scan->at < scan->size && memchr(" \t\n\r", scan->text[scan->at], 4))
        scan->at++;
}

static bool take(struct vo_json_scan *scan, char byte)
{
    if (scan->at == scan->size || scan->text[scan->at] != byte)
        return false;
    scan->at++;
    return true;
}

/* The four digits after \u; -1 if they are not there. */
static int scan_hex(struct vo_json_scan *scan)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(scan);
        int digit = c >= '0' && c <= '9'                 ? c - '0'
                    : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                         : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
        scan->at++;
    }
    return value;
}

/* After the backslash. */
static bool scan_escape(struct vo_json_scan *scan)
{
    char c = peek(scan);
    if (c != 'u') {
        if (!c || !strchr("\"\\/bfnrt", c))
            return refuse(scan, "this escape does not exist in JSON: write a backslash as \\\\");
        scan->at++;
        return true;
    }
    scan->at++;
    int unit = scan_hex(scan);
    if (unit < 0)
        return refuse(scan, "\\u needs four hexadecimal digits");
    if (unit == 0)
        return refuse(scan, "the character \\u0000 is not accepted in a string");
    if (unit >= 0xDC00 && unit <= 0xDFFF)
        return refuse(scan, "this is the second half of a surrogate pair without the first");
    if (unit < 0xD800 || unit > 0xDBFF)
        return true;
    int low = take(scan, '\\') && take(scan, 'u') ? scan_hex(scan) : -1;
    if (low < 0xDC00 || low > 0xDFFF)
        return refuse(scan, "this is the first half of a surrogate pair without the second");
    return true;
}

static bool scan_string(struct vo_json_scan *scan)
{
    if (!take(scan, '"'))
        return refuse(scan, "expected a string in double quotes");
    while (scan->at < scan->size) {
        unsigned char byte = (unsigned char)scan->text[scan->at];
        if (byte == '"') {
            scan->at++;
            return true;
        }
        if (byte == '\\') {
            scan->at++;
            if (!scan_escape(scan))
                return false;
            continue;
        }
        if (byte < 0x20)
            return refuse(
                scan,
                "a string must not contain a line break or control character: write \\n, \\t or \\u00XX");
        size_t length = byte < 0x80 ? 1 : vo_utf8_length(scan->text + scan->at, scan->size - scan->at);
        if (length == 0)
            return refuse(scan, "this byte is not UTF-8: save the text as UTF-8");
        scan->at += length;
    }
    return refuse(scan, "expected a closing double quote");
}

static bool scan_digits(struct vo_json_scan *scan)
{
    size_t begin = scan->at;
    while (peek(scan) >= '0' && peek(scan) <= '9')
        scan->at++;
    return scan->at > begin ? true : refuse(scan, "expected a digit");
}

static bool scan_number(struct vo_json_scan *scan)
{
    size_t begin = scan->at;
    take(scan, '-');
    if (take(scan, '0')) {
        if (peek(scan) >= '0' && peek(scan) <= '9')
            return refuse(scan, "a number must not begin with 0");
    } else if (!scan_digits(scan)) {
        return false;
    }
    if (take(scan, '.') && !scan_digits(scan))
        return false;
    if (take(scan, 'e') || take(scan, 'E')) {
        if (!take(scan, '+'))
            take(scan, '-');
        if (!scan_digits(scan))
            return false;
    }
    return scan->at - begin <= NUMBER_LIMIT ? true : refuse(scan, "this number has more than 63 characters");
}

static bool scan_word(struct vo_json_scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        size_t length = strlen(words[i]);
        if (scan->size - scan->at >= length && memcmp(scan->text + scan->at, words[i], length) == 0) {
            scan->at += length;
            return true;
        }
    }
    return refuse(scan, "expected a value");
}

static bool scan_value(struct vo_json_scan *scan, unsigned depth, size_t item_begin);

static bool scan_member(struct vo_json_scan *scan, bool in_object, unsigned depth)
{
    skip_space(scan);
    size_t begin = scan->at;
    if (in_object) {
        if (!scan_string(scan))
            return false;
        skip_space(scan);
        if (!take(scan, ':'))
            return refuse(scan, "expected a colon after the key");
        skip_space(scan);
    }
    return scan_value(scan, depth, begin);
}

/* After the opening bracket. */
static bool scan_container(struct vo_json_scan *scan, bool object, unsigned depth)
{
    if (depth > DEPTH_LIMIT)
        return refuse(scan, "nested deeper than 64 levels");
    skip_space(scan);
    if (take(scan, object ? '}' : ']'))
        return true;
    do {
        if (!scan_member(scan, object, depth))
            return false;
        skip_space(scan);
    } while (take(scan, ','));
    if (take(scan, object ? '}' : ']'))
        return true;
    return refuse(scan,
                  object ? "expected a comma or } after a member" : "expected a comma or ] after an element");
}

/* `depth` is that of the containers around the value. */
static bool scan_value(struct vo_json_scan *scan, unsigned depth, size_t item_begin)
{
    if (scan->items++ == scan->wanted)
        scan->found = item_begin;
    char c = peek(scan);
    if (c == '{' || c == '[') {
        scan->at++;
        return scan_container(scan, c == '{', depth + 1);
    }
    if (c == '"')
        return scan_string(scan);
    if (c == '-' || (c >= '0' && c <= '9'))
        return scan_number(scan);
    return scan_word(scan);
}

bool vo_json_scan_text(struct vo_json_scan *scan)
{
    if (scan->size >= 3 && memcmp(scan->text, "\xEF\xBB\xBF", 3) == 0)
        scan->at = 3;
    skip_space(scan);
    if (!scan_value(scan, 0, scan->at))
        return false;
    skip_space(scan);
    return scan->at == scan->size ? true : refuse(scan, "nothing may follow the value");
}

size_t vo_json_scan_key(const char *text, size_t size, size_t at)
{
    struct vo_json_scan scan = {.text = text, .size = size, .at = at};
    return scan_string(&scan) ? scan.at - at : 0;
}

void vo_json_scan_place(const char *text, size_t at, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            (*line)++;
            *column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            (*column)++;
        }
    }
}
