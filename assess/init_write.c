/* The site file of voready init. */
#include "assess/init.h"
#include "core/json.h"
#include "core/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD_FILE    "sip.password"
#define KEY_FILE         "responder.key"
#define CERTIFICATE_FILE "certificate.password"

static bool is(const struct vo_answers *answers, enum vo_ask ask, const char *text)
{
    return strcmp(answers->text[ask], text) == 0;
}

static bool has(const struct vo_answers *answers, enum vo_ask ask)
{
    return answers->text[ask][0] != '\0';
}

/* PKCS#12 comes with a password. */
static bool has_certificate_password(const struct vo_answers *answers)
{
    const char *dot = strrchr(answers->text[VO_ASK_CERTIFICATE], '.');
    return dot && (strcmp(dot, ".p12") == 0 || strcmp(dot, ".pfx") == 0);
}

static void put_text(struct vo_json_writer *json, const struct vo_answers *answers, const char *key,
                     enum vo_ask ask)
{
    if (has(answers, ask))
        vo_json_put_string(json, key, answers->text[ask]);
}

static void put_number(struct vo_json_writer *json, const struct vo_answers *answers, const char *key,
                       enum vo_ask ask)
{
    if (has(answers, ask))
        vo_json_put_integer(json, key, atoi(answers->text[ask]));
}

static void begin(struct vo_json_writer *json, const char *section)
{
    vo_json_key(json, section);
    vo_json_begin_object(json);
}

static void put_sbc(struct vo_json_writer *json, const struct vo_answers *answers)
{
    if (!has(answers, VO_ASK_SBC))
        return;
    begin(json, "sbc");
    put_text(json, answers, "address", VO_ASK_SBC);
    put_text(json, answers, "transport", VO_ASK_TRANSPORT);
    begin(json, "ports");
    put_number(json, answers, answers->text[VO_ASK_TRANSPORT], VO_ASK_SIP_PORT);
    vo_json_end_object(json);
    if (has(answers, VO_ASK_RTP)) {
        const char *last = strchr(answers->text[VO_ASK_RTP], '-');
        vo_json_key(json, "rtp_ports");
        vo_json_begin_array(json);
        vo_json_integer(json, atoi(answers->text[VO_ASK_RTP]));
        vo_json_integer(json, last ? atoi(last + 1) : 0);
        vo_json_end_array(json);
    }
    vo_json_end_object(json);
    if (has(answers, VO_ASK_ACCOUNT)) {
        begin(json, "account");
        put_text(json, answers, "user", VO_ASK_ACCOUNT);
        vo_json_put_string(json, "password_file", PASSWORD_FILE);
        vo_json_end_object(json);
    }
    if (has(answers, VO_ASK_CERTIFICATE)) {
        begin(json, "client_certificate");
        put_text(json, answers, "file", VO_ASK_CERTIFICATE);
        if (has_certificate_password(answers))
            vo_json_put_string(json, "password_file", CERTIFICATE_FILE);
        vo_json_end_object(json);
    }
}

static void put_address(struct vo_json_writer *json, const struct vo_answers *answers, const char *section,
                        enum vo_ask ask, const char *port, enum vo_ask port_ask)
{
    if (!has(answers, ask))
        return;
    begin(json, section);
    put_text(json, answers, "address", ask);
    if (port)
        put_number(json, answers, port, port_ask);
    if (ask == VO_ASK_HAPROXY)
        put_text(json, answers, "websocket_path", VO_ASK_WEBSOCKET);
    vo_json_end_object(json);
}

static void put_empty_list(struct vo_json_writer *json, const char *key)
{
    vo_json_key(json, key);
    vo_json_begin_array(json);
    vo_json_end_array(json);
}

/* A platform that nobody uses has no push service. */
static void put_push(struct vo_json_writer *json, const struct vo_answers *answers)
{
    bool apple = is(answers, VO_ASK_APPLE, "yes"), android = is(answers, VO_ASK_ANDROID, "yes");
    if (apple && android)
        return;
    begin(json, "push");
    if (!apple) {
        put_empty_list(json, "apns_device");
        put_empty_list(json, "apns_provider");
    }
    if (!android) {
        put_empty_list(json, "fcm_device");
        put_empty_list(json, "fcm_provider");
    }
    vo_json_end_object(json);
}

static void put_resolvers(struct vo_json_writer *json, const struct vo_answers *answers)
{
    char copy[VO_ANSWER_SIZE];
    char *rest = NULL;
    if (!has(answers, VO_ASK_RESOLVERS))
        return;
    memcpy(copy, answers->text[VO_ASK_RESOLVERS], sizeof copy);
    vo_json_key(json, "resolvers");
    vo_json_begin_array(json);
    for (char *word = strtok_r(copy, " ,", &rest); word; word = strtok_r(NULL, " ,", &rest))
        vo_json_string(json, word);
    vo_json_end_array(json);
}

static void put_site(struct vo_json_writer *json, const struct vo_answers *answers)
{
    vo_json_begin_object(json);
    put_text(json, answers, "name", VO_ASK_NAME);
    put_text(json, answers, "mode", VO_ASK_MODE);
    if (has(answers, VO_ASK_CALLS)) {
        begin(json, "calls");
        put_number(json, answers, "per_ap", VO_ASK_CALLS);
        vo_json_end_object(json);
    }
    put_resolvers(json, answers);
    put_sbc(json, answers);
    put_address(json, answers, "haproxy", VO_ASK_HAPROXY, "https_port", VO_ASK_HTTPS_PORT);
    put_address(json, answers, "uc", VO_ASK_UC, NULL, VO_ASKED);
    put_address(json, answers, "openscape_voice", VO_ASK_OPENSCAPE_VOICE, NULL, VO_ASKED);
    put_address(json, answers, "bcom", VO_ASK_BCOM, "soap_port", VO_ASK_BCOM_PORT);
    put_push(json, answers);
    if (has(answers, VO_ASK_RESPONDER)) {
        begin(json, "responder");
        put_text(json, answers, "address", VO_ASK_RESPONDER);
        vo_json_put_string(json, "key_file", KEY_FILE);
        vo_json_end_object(json);
    }
    put_text(json, answers, "ca_file", VO_ASK_CA);
    vo_json_end_object(json);
}

/* JSON for people: a line for each key of the site, spaces in it. */
static void print_node(FILE *stream, const struct vo_json *node, unsigned depth)
{
    enum vo_json_type type = vo_json_type(node);
    bool object = type == VO_JSON_OBJECT;
    struct vo_json_writer text = {0};
    if (!object && type != VO_JSON_ARRAY) {
        vo_json_copy(&text, node);
        fwrite(text.data ? text.data : "", 1, text.size, stream);
        vo_json_writer_release(&text);
        return;
    }
    fputs(object ? "{" : "[", stream);
    for (const struct vo_json *item = vo_json_child(node); item; item = vo_json_next(item)) {
        bool first = item == vo_json_child(node);
        fputs(depth == 0 ? first ? "\n " : ",\n " : first ? "" : ", ", stream);
        if (object)
            fprintf(stream, "\"%s\": ", vo_json_key_of(item)); /* our own keys: nothing to escape */
        print_node(stream, item, depth + 1);
    }
    fputs(depth == 0 ? "\n" : "", stream);
    fputs(object ? "}" : "]", stream);
}

/* A new file beside it, then renamed: the old one is replaced by a whole one or stays. */
static enum vo_status save(const struct vo_json *document, const char *path, struct vo_error *error)
{
    char draft[4096];
    if (snprintf(draft, sizeof draft, "%s.new", path) >= (int)sizeof draft)
        return vo_error_set(error, VO_ERR_USAGE, "the name of the file is too long");
    int file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    FILE *stream = file < 0 ? NULL : fdopen(file, "w");
    if (!stream) {
        int why = errno;
        if (file >= 0)
            close(file);
        return vo_error_set(error, VO_ERR_IO, "%.300s: cannot write it: %s", path, strerror(why));
    }
    print_node(stream, document, 0);
    fputc('\n', stream);
    bool failed = fflush(stream) != 0 || ferror(stream);
    int why = errno;
    failed = fclose(stream) != 0 || failed;
    if (!failed && rename(draft, path) != 0) {
        why = errno;
        failed = true;
    }
    if (!failed)
        return VO_OK;
    unlink(draft);
    return vo_error_set(error, VO_ERR_IO, "%.300s: cannot write it: %s", path, strerror(why));
}

enum vo_status vo_answers_write(const struct vo_answers *answers, const char *path, struct vo_error *error)
{
    struct vo_json_writer json = {0};
    struct vo_json *document = NULL;
    struct vo_site site = {0};
    put_site(&json, answers);
    enum vo_status status = json.failed ? vo_error_memory(error, "the site file")
                                        : vo_json_parse(json.data, json.size, &document, error);
    if (status == VO_OK)
        status = vo_site_read(path, document, &site, error);
    if (status == VO_OK) {
        status = save(site.document, path, error);
        vo_site_free(&site);
    }
    vo_json_writer_release(&json);
    return status;
}

static void advise_secret(const char *path, const char *name, const char *what)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    printf("  %.*s%s: %s, on its first line; then chmod 600 %.*s%s\n", folder, path, name, what, folder, path,
           name);
}

void vo_answers_advise(const struct vo_answers *answers, const char *path)
{
    bool password = has(answers, VO_ASK_ACCOUNT), key = has(answers, VO_ASK_RESPONDER);
    printf("\nWritten: %s\n", path);
    if (password || key || has_certificate_password(answers))
        printf("Secrets stand in files of their own. Make them before you measure:\n");
    if (password)
        advise_secret(path, PASSWORD_FILE, "the SIP password of the subscriber");
    if (has_certificate_password(answers))
        advise_secret(path, CERTIFICATE_FILE, "the password of the client certificate");
    if (key)
        advise_secret(path, KEY_FILE, "the key that the responder has too");
    printf("Next: voready assess %s\n", path);
}
