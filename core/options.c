#include "core/options.h"
#include "core/metric.h"
#include "core/version.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_WIDTH  100
#define LEFT_WIDTH  30 /* widest column of option names; longer ones have a line of their own */
#define RANGE_SIZE  80
#define OPTION_MANY 128

static const struct vo_option built_in[] = {
    {.name = "help", .letter = 'h', .help = "show this help"},
    {.name = "version", .help = "show the version"},
    {.name = NULL},
};

static bool takes_value(const struct vo_option *option)
{
    return option->type != VO_OPTION_FLAG;
}

/* A row whose limits are both 0 has none. */
static bool has_range(const struct vo_option *option)
{
    return (option->type == VO_OPTION_INTEGER || option->type == VO_OPTION_NUMBER) &&
           (option->minimum != 0 || option->maximum != 0);
}

static const char *say_range(const struct vo_option *option, char text[RANGE_SIZE])
{
    if (!has_range(option))
        text[0] = '\0';
    else if (isinf(option->maximum))
        snprintf(text, RANGE_SIZE, "at least %.10g", option->minimum);
    else if (isinf(option->minimum))
        snprintf(text, RANGE_SIZE, "at most %.10g", option->maximum);
    else
        snprintf(text, RANGE_SIZE, "%.10g to %.10g", option->minimum, option->maximum);
    return text;
}

static size_t count_words(const char *const *words)
{
    size_t count = 0;
    while (words && words[count])
        count++;
    return count;
}

static void join_words(const char *const *words, const char *separator, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count_words(words) && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? separator : "", words[i]);
}

/*
 * Help
 */

static size_t characters(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

/* Prints words from column `column` on; lines after the first begin at `indent`. */
static void print_wrapped(FILE *stream, const char *text, size_t column, size_t indent)
{
    bool first = true;
    while (*text) {
        size_t size = strcspn(text, " ");
        size_t width = characters(text, size);
        if (!first && column + 1 + width > LINE_WIDTH) {
            fprintf(stream, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', stream);
            column++;
        }
        fwrite(text, 1, size, stream);
        column += width;
        text += size;
        text += strspn(text, " ");
        first = false;
    }
    fputc('\n', stream);
}

/* "-o, --output FILE" */
static void left_column(const struct vo_option *option, char *text, size_t size)
{
    char letter[8] = "    ";
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    const char *argument = option->argument ? option->argument : "VALUE";
    snprintf(text, size, "%s--%s%s%s", letter, option->name, takes_value(option) ? " " : "",
             takes_value(option) ? argument : "");
}

static size_t widest_left(const struct vo_option *option, size_t widest)
{
    char left[128];
    for (; option && option->name; option++) {
        left_column(option, left, sizeof left);
        size_t width = characters(left, strlen(left));
        if (width > widest && width <= LEFT_WIDTH)
            widest = width;
    }
    return widest;
}

static void print_options(FILE *stream, const struct vo_option *option, size_t width)
{
    for (; option && option->name; option++) {
        char left[128], range[RANGE_SIZE], words[256], text[768];
        left_column(option, left, sizeof left);
        size_t used = characters(left, strlen(left));
        fprintf(stream, "  %s", left);
        if (used > width)
            fprintf(stream, "\n%*s", (int)width + 4, "");
        else
            fprintf(stream, "%*s", (int)(width - used + 2), "");
        say_range(option, range);
        join_words(option->words, ", ", words, sizeof words);
        const char *more = option->type == VO_OPTION_WORD ? words : range;
        snprintf(text, sizeof text, *more ? "%s (%s)" : "%s", option->help ? option->help : "", more);
        print_wrapped(stream, text, width + 4, width + 4);
    }
}

void vo_options_help(const struct vo_program *program, FILE *stream)
{
    fprintf(stream, "%s: ", program->name);
    print_wrapped(stream, program->summary, strlen(program->name) + 2, 0);
    for (size_t i = 0; i < count_words(program->usage); i++) {
        size_t column = strlen("usage: ") + strlen(program->name) + 1;
        fprintf(stream, "%s%s ", i == 0 ? "\nusage: " : "       ", program->name);
        print_wrapped(stream, program->usage[i], column, column);
    }
    size_t width = widest_left(built_in, widest_left(program->options, 0));
    fputs("\noptions:\n", stream);
    print_options(stream, program->options, width);
    print_options(stream, built_in, width);
    if (program->notes && *program->notes)
        fprintf(stream, "\n%s%s", program->notes,
                program->notes[strlen(program->notes) - 1] == '\n' ? "" : "\n");
}

/*
 * Completion: a line an option, in four columns between tabs: -letter, --name, what its value is, help. The
 * value is empty (a flag), FILE, VALUE (nothing to complete) or the words. A last line without names says
 * FILE if operands are files, or the words that the first operand is one of.
 */
static void print_completion(const struct vo_option *option)
{
    for (; option && option->name; option++) {
        char letter[3] = {'-', option->letter, '\0'}, words[256];
        join_words(option->words, " ", words, sizeof words);
        const char *value = option->type == VO_OPTION_WORD   ? words
                            : option->type == VO_OPTION_FILE ? "FILE"
                            : takes_value(option)            ? "VALUE"
                                                             : "";
        printf("%s\t--%s\t%s\t%s\n", option->letter ? letter : "", option->name, value,
               option->help ? option->help : "");
    }
}

static void serve_help(const struct vo_program *program)
{
    vo_options_help(program, stdout);
}

static void serve_version(const struct vo_program *program)
{
    printf("%s %s\n", program->name, VO_VERSION);
}

static void serve_completion(const struct vo_program *program)
{
    print_completion(program->options);
    print_completion(built_in);
    if (program->operands_are_files)
        printf("\t\tFILE\t\n");
    if (program->first_operands) {
        char words[256];
        join_words(program->first_operands, " ", words, sizeof words);
        printf("\t\t%s\t\n", words);
    }
}

static const struct {
    const char *name;
    char letter;
    void (*serve)(const struct vo_program *program);
} services[] = {
    {"help", 'h', serve_help},
    {"version", 0, serve_version},
    {"completion", 0, serve_completion},
};

static bool serve(const struct vo_program *program, const char *name, size_t length, char letter)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        bool named =
            name && strlen(services[i].name) == length && memcmp(services[i].name, name, length) == 0;
        if (named || (letter && letter == services[i].letter)) {
            services[i].serve(program);
            return true;
        }
    }
    return false;
}

/*
 * Parsing
 */

struct parse {
    const struct vo_program *program;
    int argc;
    char **argv;
    int at; /* the argument being read */
    struct vo_option_list *operands;
    struct vo_error *error;
};

static const struct vo_option *find_name(const struct vo_program *program, const char *name, size_t length)
{
    for (const struct vo_option *option = program->options; option && option->name; option++)
        if (strlen(option->name) == length && memcmp(option->name, name, length) == 0)
            return option;
    return NULL;
}

static const struct vo_option *find_letter(const struct vo_program *program, char letter)
{
    for (const struct vo_option *option = program->options; option && option->name; option++)
        if (option->letter == letter)
            return option;
    return NULL;
}

static enum vo_status append_item(struct vo_option_list *list, const char *text, struct vo_error *error)
{
    const char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return vo_error_memory(error, "the command line");
    items[list->count++] = text;
    list->items = items;
    return VO_OK;
}

static enum vo_status refuse_number(const struct parse *parse, const struct vo_option *option,
                                    const char *text)
{
    char range[RANGE_SIZE];
    const char *what = option->type == VO_OPTION_INTEGER ? "whole number" : "number";
    say_range(option, range);
    return vo_error_set(parse->error, VO_ERR_USAGE, "--%s %s: expected a %s%s%s; see %s -h", option->name,
                        text, what, *range ? ", " : "", range, parse->program->name);
}

/* The whole text must be a decimal number; strtod() by itself would take "0x1p3", "nan" and " 1". */
static bool read_number(const struct vo_option *option, const char *text, double *value)
{
    char *end;
    if (!*text || text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    *value = strtod(text, &end);
    return *end == '\0' && isfinite(*value) &&
           (!has_range(option) || (*value >= option->minimum && *value <= option->maximum));
}

static bool read_integer(const struct vo_option *option, const char *text, long *value)
{
    char *end;
    if (!*text || text[strspn(text, "0123456789+-")] != '\0')
        return false;
    errno = 0;
    *value = strtol(text, &end, 10);
    return *end == '\0' && errno == 0 &&
           (!has_range(option) || ((double)*value >= option->minimum && (double)*value <= option->maximum));
}

static enum vo_status store_number(const struct parse *parse, const struct vo_option *option,
                                   const char *text)
{
    double value;
    if (!read_number(option, text, &value))
        return refuse_number(parse, option, text);
    *(double *)option->target = value;
    return VO_OK;
}

static enum vo_status store_integer(const struct parse *parse, const struct vo_option *option,
                                    const char *text)
{
    long value;
    if (!read_integer(option, text, &value))
        return refuse_number(parse, option, text);
    *(long *)option->target = value;
    return VO_OK;
}

static enum vo_status store_word(const struct parse *parse, const struct vo_option *option, const char *text)
{
    size_t count = count_words(option->words);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(option->words[i], text) == 0) {
            *(const char **)option->target = option->words[i];
            return VO_OK;
        }
    }
    char words[256];
    join_words(option->words, ", ", words, sizeof words);
    const char *nearest = vo_nearest_word(text, option->words, count);
    return vo_error_set(parse->error, VO_ERR_USAGE, "--%s %s: expected one of %s%s%s%s %s -h", option->name,
                        text, words, nearest ? "; did you mean " : "", nearest ? nearest : "",
                        nearest ? "? See" : "; see", parse->program->name);
}

static enum vo_status store_text(const struct parse *parse, const struct vo_option *option, const char *text)
{
    (void)parse;
    *(const char **)option->target = text;
    return VO_OK;
}

static enum vo_status store_list(const struct parse *parse, const struct vo_option *option, const char *text)
{
    return append_item(option->target, text, parse->error);
}

static enum vo_status (*const stores[])(const struct parse *, const struct vo_option *, const char *) = {
    [VO_OPTION_TEXT] = store_text,     [VO_OPTION_FILE] = store_text, [VO_OPTION_INTEGER] = store_integer,
    [VO_OPTION_NUMBER] = store_number, [VO_OPTION_WORD] = store_word, [VO_OPTION_LIST] = store_list,
};

/* `value` is what was written in the same argument, or NULL: then the next argument is the value. */
static enum vo_status store(struct parse *parse, const struct vo_option *option, const char *value)
{
    if (!takes_value(option)) {
        *(bool *)option->target = true;
        return VO_OK;
    }
    if (!value && parse->at + 1 < parse->argc)
        value = parse->argv[++parse->at];
    if (!value)
        return vo_error_set(parse->error, VO_ERR_USAGE, "--%s needs a value, %s; see %s -h", option->name,
                            option->argument ? option->argument : "VALUE", parse->program->name);
    return stores[option->type](parse, option, value);
}

static enum vo_status refuse_name(const struct parse *parse, const char *name, size_t length)
{
    const char *names[OPTION_MANY];
    size_t count = 0;
    const struct vo_option *tables[] = {parse->program->options, built_in};
    for (size_t i = 0; i < 2; i++)
        for (const struct vo_option *option = tables[i]; option && option->name && count < OPTION_MANY;
             option++)
            names[count++] = option->name;
    char word[64];
    snprintf(word, sizeof word, "%.*s", length < sizeof word ? (int)length : (int)sizeof word - 1, name);
    const char *nearest = vo_nearest_word(word, names, count);
    return vo_error_set(parse->error, VO_ERR_USAGE, "--%s is not an option%s%s%s %s -h", word,
                        nearest ? "; did you mean --" : "", nearest ? nearest : "",
                        nearest ? "? See" : "; see", parse->program->name);
}

/* "--name" or "--name=value" */
static enum vo_status parse_long(struct parse *parse, const char *name)
{
    size_t length = strcspn(name, "=");
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    const struct vo_option *option = find_name(parse->program, name, length);
    if (!option && !value && serve(parse->program, name, length, 0))
        return VO_END;
    if (!option)
        return refuse_name(parse, name, length);
    if (value && !takes_value(option))
        return vo_error_set(parse->error, VO_ERR_USAGE, "--%s takes no value; see %s -h", option->name,
                            parse->program->name);
    return store(parse, option, value);
}

/* "-abc": flags, of which the last may take a value, attached or in the next argument. */
static enum vo_status parse_letters(struct parse *parse, const char *letters)
{
    for (; *letters; letters++) {
        const struct vo_option *option = find_letter(parse->program, *letters);
        if (!option && serve(parse->program, NULL, 0, *letters))
            return VO_END;
        if (!option)
            return vo_error_set(parse->error, VO_ERR_USAGE, "-%c is not an option; see %s -h", *letters,
                                parse->program->name);
        if (takes_value(option))
            return store(parse, option, letters[1] ? letters + 1 : NULL);
        enum vo_status status = store(parse, option, NULL);
        if (status != VO_OK)
            return status;
    }
    return VO_OK;
}

static enum vo_status parse_all(struct parse *parse)
{
    enum vo_status status = VO_OK;
    bool options_ended = false;
    for (parse->at = 1; parse->at < parse->argc && status == VO_OK; parse->at++) {
        const char *argument = parse->argv[parse->at];
        if (options_ended || argument[0] != '-' || argument[1] == '\0') {
            status = append_item(parse->operands, argument, parse->error);
            options_ended = options_ended || parse->program->first_operands;
        } else if (strcmp(argument, "--") == 0)
            options_ended = true;
        else if (argument[1] == '-')
            status = parse_long(parse, argument + 2);
        else
            status = parse_letters(parse, argument + 1);
    }
    return status;
}

enum vo_status vo_options_parse(const struct vo_program *program, int argc, char **argv,
                                struct vo_option_list *operands, struct vo_error *error)
{
    struct parse parse = {
        .program = program, .argc = argc, .argv = argv, .operands = operands, .error = error};
    *operands = (struct vo_option_list){0};
    for (const struct vo_option *option = program->options; option && option->name; option++)
        if (option->type == VO_OPTION_LIST)
            *(struct vo_option_list *)option->target = (struct vo_option_list){0};
    enum vo_status status = parse_all(&parse);
    if (status != VO_OK)
        vo_options_release(program, operands);
    return status;
}

static void release_list(struct vo_option_list *list)
{
    free(list->items);
    *list = (struct vo_option_list){0};
}

void vo_options_release(const struct vo_program *program, struct vo_option_list *operands)
{
    release_list(operands);
    for (const struct vo_option *option = program->options; option && option->name; option++)
        if (option->type == VO_OPTION_LIST)
            release_list(option->target);
}

void vo_complain(const char *program, const struct vo_error *error)
{
    fprintf(stderr, "%s: %s\n", program, error->message);
}
