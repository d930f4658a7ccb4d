#include "probes/wlan/calibration.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MOST (1u << 20)
#define FORMAT    1

/* --- From readings -------------------------------------------------------------------------------- */

/* Of Student's distribution, two-sided 95 %. */
static double student(unsigned degrees)
{
    static const double table[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                   2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                   2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
    enum { ROWS = sizeof table / sizeof *table };
    return degrees <= ROWS ? table[degrees - 1] : table[ROWS - 1];
}

void vo_calibration_of(const double *differences, unsigned count, struct vo_calibration *calibration)
{
    static const double shown_db = 0.5;
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < count; i++)
        sum += differences[i];
    double mean = sum / count;
    for (unsigned i = 0; i < count; i++)
        squares += (differences[i] - mean) * (differences[i] - mean);
    calibration->offset_db = mean;
    calibration->readings = count;
    calibration->spread_db = count > 1 ? sqrt(squares / (count - 1)) : NAN;
    calibration->uncertainty_db =
        count >= VO_CALIBRATION_LEAST
            ? fmax(student(count - 1) * calibration->spread_db / sqrt(count), shown_db)
            : NAN;
}

/* --- The file ------------------------------------------------------------------------------------- */

void vo_calibration_put(struct vo_json_writer *json, const struct vo_calibration *calibration)
{
    char made[VO_TIME_TEXT_SIZE];
    vo_json_begin_object(json);
    vo_json_put_string(json, "phone", calibration->phone);
    vo_json_put_string(json, "adapter", calibration->adapter);
    vo_json_put_number(json, "offset_db", calibration->offset_db);
    if (!isnan(calibration->uncertainty_db))
        vo_json_put_number(json, "uncertainty_db", calibration->uncertainty_db);
    if (!isnan(calibration->spread_db))
        vo_json_put_number(json, "spread_db", calibration->spread_db);
    vo_json_put_integer(json, "readings", calibration->readings);
    vo_json_put_string(json, "made", vo_time_format(calibration->made, made));
    vo_json_end_object(json);
}

static bool read_name(const struct vo_json *value, void *to)
{
    const char *text = vo_json_text(value);
    if (!text || !*text || strlen(text) >= VO_CALIBRATION_NAME)
        return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static bool read_decibel(const struct vo_json *value, void *to)
{
    double number = vo_json_double(value);
    *(double *)to = number;
    return fabs(number) <= VO_CALIBRATION_MOST_DB; /* false for NAN */
}

static bool read_width(const struct vo_json *value, void *to)
{
    return read_decibel(value, to) && *(double *)to >= 0;
}

static bool read_count(const struct vo_json *value, void *to)
{
    double number = vo_json_double(value);
    if (!(number >= 1 && number <= 1e6) || number != floor(number))
        return false;
    *(unsigned *)to = (unsigned)number;
    return true;
}

static bool read_made(const struct vo_json *value, void *to)
{
    return vo_time_parse(vo_json_text(value), to, NULL) == VO_OK;
}

#define AT(member) offsetof(struct vo_calibration, member)
static const struct key {
    const char *name;
    bool (*read)(const struct vo_json *value, void *to);
    size_t at;
    bool needed;
    const char *what;
} keys[] = {
    {"adapter", read_name, AT(adapter), true, "a name, as calibrate --list shows it"},
    {"phone", read_name, AT(phone), true, "the name of a phone model"},
    {"offset_db", read_decibel, AT(offset_db), true, "a number of dB, -40 to 40"},
    {"uncertainty_db", read_width, AT(uncertainty_db), false, "a number of dB, 0 to 40"},
    {"spread_db", read_width, AT(spread_db), false, "a number of dB, 0 to 40"},
    {"readings", read_count, AT(readings), true, "a count, at least 1"},
    {"made", read_made, AT(made), true, "a time, such as 2026-11-22T10:00:00Z"},
};
enum { KEYS = sizeof keys / sizeof *keys };

static enum vo_status read_member(const char *path, size_t number, const struct vo_json *member,
                                  struct vo_calibration *row, unsigned *seen, struct vo_error *error)
{
    const char *name = vo_json_key_of(member);
    for (unsigned i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        *seen |= 1u << i;
        if (keys[i].read(member, (char *)row + keys[i].at))
            return VO_OK;
        return vo_error_set(error, VO_ERR_INPUT, "%s: calibration %zu: \"%s\" is not %s", path, number, name,
                            keys[i].what);
    }
    return vo_error_set(error, VO_ERR_INPUT, "%s: calibration %zu: the key \"%s\" is not known", path, number,
                        name);
}

static enum vo_status read_row(const char *path, size_t number, const struct vo_json *value,
                               struct vo_calibration *row, struct vo_error *error)
{
    unsigned seen = 0;
    enum vo_status status = VO_OK;
    *row = (struct vo_calibration){.uncertainty_db = NAN, .spread_db = NAN};
    if (vo_json_type(value) != VO_JSON_OBJECT)
        return vo_error_set(error, VO_ERR_INPUT, "%s: calibration %zu is no object", path, number);
    for (const struct vo_json *member = vo_json_child(value); member && status == VO_OK;
         member = vo_json_next(member))
        status = read_member(path, number, member, row, &seen, error);
    for (unsigned i = 0; status == VO_OK && i < KEYS; i++)
        if (keys[i].needed && !(seen >> i & 1))
            status = vo_error_set(error, VO_ERR_INPUT, "%s: calibration %zu: \"%s\" is missing", path, number,
                                  keys[i].name);
    return status;
}

static enum vo_status read_rows(const char *path, const struct vo_json *rows, struct vo_calibrations *list,
                                struct vo_error *error)
{
    size_t number = 0;
    enum vo_status status = VO_OK;
    for (const struct vo_json *row = vo_json_child(rows); row && status == VO_OK; row = vo_json_next(row)) {
        struct vo_calibration one;
        status = read_row(path, ++number, row, &one, error);
        if (status == VO_OK && vo_calibrations_find(list, one.adapter, one.phone))
            status =
                vo_error_set(error, VO_ERR_INPUT,
                             "%s: calibration %zu: there is one of adapter \"%s\" and phone \"%s\" before",
                             path, number, one.adapter, one.phone);
        if (status == VO_OK)
            status = vo_calibrations_set(list, &one, error);
    }
    return status;
}

static enum vo_status read_document(const char *path, const struct vo_json *document,
                                    struct vo_calibrations *list, struct vo_error *error)
{
    const struct vo_json *rows = vo_json_get(document, "calibrations");
    if (vo_json_double(vo_json_get(document, "format")) != FORMAT)
        return vo_error_set(error, VO_ERR_INPUT, "%s: \"format\" is not %d", path, FORMAT);
    for (const struct vo_json *member = vo_json_child(document); member; member = vo_json_next(member))
        if (strcmp(vo_json_key_of(member), "format") != 0 &&
            strcmp(vo_json_key_of(member), "calibrations") != 0)
            return vo_error_set(error, VO_ERR_INPUT, "%s: the key \"%s\" is not known", path,
                                vo_json_key_of(member));
    if (vo_json_type(rows) != VO_JSON_ARRAY)
        return vo_error_set(error, VO_ERR_INPUT, "%s: \"calibrations\" is no list", path);
    return read_rows(path, rows, list, error);
}

enum vo_status vo_calibrations_load(const char *path, struct vo_calibrations *list, struct vo_error *error)
{
    struct vo_json *document;
    *list = (struct vo_calibrations){0};
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return VO_OK;
    enum vo_status status = vo_json_load(path, FILE_MOST, &document, error);
    if (status != VO_OK)
        return status;
    if (vo_json_type(document) != VO_JSON_OBJECT)
        status = vo_error_set(error, VO_ERR_INPUT, "%s: it is no JSON object", path);
    else
        status = read_document(path, document, list, error);
    vo_json_free(document);
    if (status != VO_OK)
        vo_calibrations_release(list);
    return status;
}

void vo_calibrations_release(struct vo_calibrations *list)
{
    free(list->rows);
    *list = (struct vo_calibrations){0};
}

const struct vo_calibration *vo_calibrations_find(const struct vo_calibrations *list, const char *adapter,
                                                  const char *phone)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->rows[i].adapter, adapter) == 0 && strcmp(list->rows[i].phone, phone) == 0)
            return &list->rows[i];
    return NULL;
}

enum vo_status vo_calibrations_set(struct vo_calibrations *list, const struct vo_calibration *calibration,
                                   struct vo_error *error)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->rows[i].adapter, calibration->adapter) == 0 &&
            strcmp(list->rows[i].phone, calibration->phone) == 0) {
            list->rows[i] = *calibration;
            return VO_OK;
        }
    struct vo_calibration *rows = realloc(list->rows, (list->count + 1) * sizeof *rows);
    if (!rows)
        return vo_error_memory(error, "a calibration");
    list->rows = rows;
    rows[list->count++] = *calibration;
    return VO_OK;
}

/* --- Saving --------------------------------------------------------------------------------------- */

enum vo_status vo_calibrations_path(char *path, size_t size, struct vo_error *error)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config && config[0] == '/')
        snprintf(path, size, "%s/voready/calibrations.json", config);
    else if (home && home[0])
        snprintf(path, size, "%s/.config/voready/calibrations.json", home);
    else
        return vo_error_set(error, VO_ERR_IO,
                            "there is no home folder to keep calibrations in: name a file by --calibrations");
    return VO_OK;
}

/* The folders above `path`; that they are there already is no failure, and one that cannot be made shows when
 * the file is. */
static void make_folders(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *at = folder + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        (void)mkdir(folder, 0777);
        *at = '/';
    }
}

static void write_list(struct vo_json_writer *json, const struct vo_calibrations *list)
{
    vo_json_begin_object(json);
    vo_json_put_integer(json, "format", FORMAT);
    vo_json_key(json, "calibrations");
    vo_json_begin_array(json);
    for (size_t i = 0; i < list->count; i++) {
        vo_json_raw(json, "\n", 1); /* a line each: a person edits it */
        json->comma = false;
        vo_calibration_put(json, &list->rows[i]);
    }
    vo_json_end_array(json);
    vo_json_end_object(json);
}

static enum vo_status cannot_write(const char *path, struct vo_error *error)
{
    return vo_error_set(error, VO_ERR_IO, "%s: cannot write: %s: name another file by --calibrations", path,
                        strerror(errno));
}

static bool write_all(int fd, const char *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(fd, data + done, size - done);
        if (wrote < 0 && errno != EINTR)
            return false;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

/* Beside it, then in its place. */
static enum vo_status replace(const char *path, const char *data, size_t size, struct vo_error *error)
{
    char draft[PATH_MAX];
    snprintf(draft, sizeof draft, "%s.XXXXXX", path);
    int fd = mkstemp(draft);
    if (fd < 0)
        return cannot_write(path, error);
    bool good = write_all(fd, data, size) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
    good = close(fd) == 0 && good;
    if (good && rename(draft, path) == 0)
        return VO_OK;
    enum vo_status status = cannot_write(path, error);
    unlink(draft);
    return status;
}

enum vo_status vo_calibrations_save(const char *path, const struct vo_calibrations *list,
                                    struct vo_error *error)
{
    struct vo_json_writer json = {0};
    write_list(&json, list);
    json.comma = false;
    vo_json_raw(&json, "\n", 1);
    enum vo_status status = json.failed ? vo_error_memory(error, "the calibrations") : VO_OK;
    make_folders(path);
    if (status == VO_OK)
        status = replace(path, json.data, json.size, error);
    vo_json_writer_release(&json);
    return status;
}

/* --- Looking up ----------------------------------------------------------------------------------- */

enum vo_status vo_calibration_for(const char *path, const char *adapter, const char *phone,
                                  const char *interface, struct vo_calibration *calibration,
                                  struct vo_error *error)
{
    char usual[PATH_MAX];
    struct vo_calibrations list = {0};
    enum vo_status status = path ? VO_OK : vo_calibrations_path(usual, sizeof usual, error);
    path = path ? path : usual;
    if (status == VO_OK)
        status = vo_calibrations_load(path, &list, error);
    const struct vo_calibration *found = status == VO_OK ? vo_calibrations_find(&list, adapter, phone) : NULL;
    if (found)
        *calibration = *found;
    else if (status == VO_OK)
        status =
            vo_error_set(error, VO_ERR_USAGE,
                         "the phone '%s' was never calibrated beside this adapter (%s; %s): hold it beside "
                         "the machine, and run voready-wlan calibrate -i %s --phone '%s'",
                         phone, adapter[0] ? adapter : "of unknown name", path, interface, phone);
    vo_calibrations_release(&list);
    return status;
}
