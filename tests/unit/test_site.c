/* The site file: what is read, what each mistake is told, the schema, the samples; secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/site.h"
#include "core/site_syntax.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD      "\"name\":\"HQ\",\"mode\":\"integrated\""
#define IN(text)  "{" HEAD "," text "}"
#define SBC(more) IN("\"sbc\":{\"address\":\"sbc.example.com\",\"transport\":\"tls\"" more "}")

static enum vo_status read_text(const char *text, struct vo_site *site, struct vo_error *error)
{
    struct vo_json *document = NULL;
    enum vo_status status = vo_json_parse(text, strlen(text), &document, error);
    return status == VO_OK ? vo_site_read("sites/hq.json", document, site, error) : status;
}

/* The guide's ports and paths, and nothing for what the site does not have. */
static void defaults_are_the_guides(void **state)
{
    (void)state;
    struct vo_site site;
    struct vo_error error;
    if (read_text("{" HEAD "}", &site, &error) != VO_OK)
        fail_msg("%s", error.message);
    assert_null(site.sbc.address);
    assert_null(site.haproxy.address);
    assert_null(site.haproxy.path);
    assert_int_equal(site.haproxy.https, 0);
    assert_null(site.responder.key_file);
    assert_null(site.account.user);
    assert_null(site.client_certificate.file);
    assert_null(site.ca_file);
    assert_string_equal(site.direct, "no");
    assert_int_equal(site.calls + site.calls_per_ap, 0);
    assert_int_equal(site.resolvers.count, 0);
    assert_int_equal(site.push.apns_provider.count, 2);
    assert_string_equal(site.push.apns_provider.items[1], "api.development.push.apple.com");
    assert_string_equal(site.push.apns_device.items[0], "1-courier.push.apple.com");
    assert_string_equal(site.push.fcm_device.items[0], "mtalk.google.com");
    assert_string_equal(site.push.fcm_provider.items[0], "fcm.googleapis.com");
    vo_site_free(&site);
    vo_site_free(&site); /* nothing is left */

    assert_int_equal(read_text(SBC(""), &site, &error), VO_OK);
    assert_int_equal(site.sbc.transport, VO_SIP_TLS);
    assert_int_equal(site.sbc.ports[VO_SIP_UDP], 5060);
    assert_int_equal(site.sbc.ports[VO_SIP_TCP], 5060);
    assert_int_equal(site.sbc.ports[VO_SIP_TLS], 5061);
    assert_int_equal(site.sbc.ports[VO_SIP_MTLS], 5161);
    assert_int_equal(site.sbc.rtp.first, 0);
    vo_site_free(&site);

    assert_int_equal(read_text(IN("\"haproxy\":{\"address\":\"h\"},\"uc\":{\"address\":\"10.0.0.1\"},"
                                  "\"openscape_voice\":{\"address\":\"2001:db8::1\"}"),
                               &site, &error),
                     VO_OK);
    assert_int_equal(site.haproxy.https, 8443);
    assert_int_equal(site.haproxy.http, 8081);
    assert_string_equal(site.haproxy.path, "/axis/services");
    assert_null(site.haproxy.websocket_path);
    assert_int_equal(site.haproxy.hold_s, 60);
    assert_int_equal(site.uc.https, 8443);
    assert_int_equal(site.openscape_voice.soap, 8758);
    vo_site_free(&site);
}

static void everything_is_read(void **state)
{
    (void)state;
    struct vo_site site;
    struct vo_error error;
    if (vo_site_open("samples/sites/integrated.json", &site, &error) != VO_OK)
        fail_msg("%s", error.message);
    assert_string_equal(site.name, "Headquarters");
    assert_string_equal(site.mode, "integrated");
    assert_string_equal(site.resolvers.items[1], "[2001:db8::53]:53");
    assert_int_equal(site.ssids.count, 2);
    assert_int_equal(site.calls_per_ap, 8);
    assert_int_equal(site.calls, 120);
    assert_int_equal(site.sbc.transport, VO_SIP_MTLS);
    assert_int_equal(site.sbc.ports[VO_SIP_UDP], 0);
    assert_int_equal(site.sbc.ports[VO_SIP_MTLS], 15161);
    assert_int_equal(site.sbc.rtp.first, 20000);
    assert_int_equal(site.sbc.rtp.last, 29999);
    assert_int_equal(site.sbc.issuer_pins.count, 1);
    assert_string_equal(site.account.domain, "voice.example.com");
    assert_int_equal(site.account.expires_s, 604800);
    assert_string_equal(site.account.password_file, "samples/sites/sip.password");
    assert_string_equal(site.client_certificate.file, "samples/sites/phone.p12");
    assert_string_equal(site.responder.key_file, "samples/sites/responder.key");
    assert_int_equal(site.responder.port, 8620);
    assert_int_equal(site.haproxy.hold_s, 120);
    assert_int_equal(site.bcom.soap, 8443);
    assert_string_equal(site.ca_file, "samples/sites/corporate-ca.pem");
    assert_string_equal(site.proxy_exempt.items[0], "mobile.example.com");
    vo_site_free(&site);
}

static void every_sample_is_good(void **state)
{
    (void)state;
    static const char *const samples[] = {"voice", "uc", "integrated"};
    for (size_t i = 0; i < 3; i++) {
        char path[64];
        struct vo_site site;
        struct vo_error error;
        snprintf(path, sizeof path, "samples/sites/%s.json", samples[i]);
        if (vo_site_open(path, &site, &error) != VO_OK)
            fail_msg("%s", error.message);
        assert_string_equal(site.mode, samples[i]);
        vo_site_free(&site);
    }
}

/* Names of files are relative to the folder of the site file; an absolute one stays. */
static void files_lie_beside_the_site(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name, *found;
    } rows[] = {
        {"sites/hq.json", "ca.pem", "sites/ca.pem"},
        {"hq.json", "ca.pem", "ca.pem"},
        {"/etc/voready/hq.json", "keys/ca.pem", "/etc/voready/keys/ca.pem"},
        {"sites/hq.json", "/etc/ca.pem", "/etc/ca.pem"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_json *document = NULL;
        struct vo_site site;
        char text[128];
        snprintf(text, sizeof text, IN("\"ca_file\":\"%s\""), rows[i].name);
        assert_int_equal(vo_json_parse(text, strlen(text), &document, NULL), VO_OK);
        assert_int_equal(vo_site_read(rows[i].path, document, &site, NULL), VO_OK);
        assert_string_equal(site.ca_file, rows[i].found);
        vo_site_free(&site);
    }
}

static const struct {
    const char *text, *message;
} mistakes[] = {
    {"[]", "sites/hq.json: a site file is one JSON object"},
    {"{\"mode\":\"uc\"}", "sites/hq.json: key 'name' is missing"},
    {"{\"name\":\"x\"}", "sites/hq.json: key 'mode' is missing"},
    {"{\"name\":\"x\",\"mode\":\"uk\"}", "sites/hq.json: unknown mode 'uk' (did you mean 'uc'?)"},
    {"{\"name\":\"x\",\"mode\":3}", "unknown mode '(not a text)'"},
    {"{\"name\":\"\",\"mode\":\"uc\"}", "key 'name': '' is empty"},
    {"{\"name\":\"a\\nb\",\"mode\":\"uc\"}", "has control characters"},
    /* unknown keys: where, and the nearest known one */
    {IN("\"haproxi\":{}"), "sites/hq.json: unknown key 'haproxi' (did you mean 'haproxy'?)"},
    {SBC(",\"trunsport\":1"), "sites/hq.json: sbc: unknown key 'trunsport' (did you mean 'transport'?)"},
    {SBC(",\"ports\":{\"mtsl\":1}"), "sites/hq.json: sbc.ports: unknown key 'mtsl' (did you mean 'mtls'?)"},
    {IN("\"vantage\":\"wifi\""), "unknown key 'vantage'"},
    /* types and ranges */
    {IN("\"sbc\":[]"), "sites/hq.json: sbc: must be an object"},
    {IN("\"sbc\":{\"transport\":\"tls\"}"), "sites/hq.json: sbc: key 'address' is missing"},
    {IN("\"sbc\":{\"address\":\"a\"}"), "sbc: key 'transport' is missing"},
    {IN("\"sbc\":{\"address\":7,\"transport\":\"tls\"}"), "sbc: key 'address' must be a text"},
    {IN("\"sbc\":{\"address\":\"a\",\"transport\":\"ssl\"}"),
     "sbc: unknown transport 'ssl' (known: udp, tcp, tls, mtls)"},
    {SBC(",\"ports\":{\"tls\":65536}"),
     "sbc.ports: key 'tls' must be a whole number from 0 to 65535 (0: not used)"},
    {SBC(",\"ports\":{\"tls\":-1}"), "key 'tls' must be a whole number"},
    {SBC(",\"ports\":{\"tls\":5061.5}"), "key 'tls' must be a whole number"},
    {SBC(",\"ports\":{\"tls\":\"5061\"}"), "key 'tls' must be a whole number"},
    {SBC(",\"ports\":{\"tls\":0}"), "sbc: the transport is tls, but ports.tls is 0"},
    {SBC(",\"rtp_ports\":[2,1]"), "key 'rtp_ports' must be two ports, the lower one first"},
    {SBC(",\"rtp_ports\":[0,1]"), "key 'rtp_ports' must be two ports"},
    {SBC(",\"rtp_ports\":[1,2,3]"), "key 'rtp_ports' must be two ports"},
    {SBC(",\"rtp_ports\":\"1-2\""), "key 'rtp_ports' must be two ports"},
    {SBC(",\"issuer_pins\":[\"sha256/AAEC\"]"), "key 'issuer_pins': 'sha256/AAEC' is no pin"},
    {SBC(",\"issuer_pins\":\"x\""), "key 'issuer_pins' must be a list of texts"},
    {IN("\"haproxy\":{\"address\":\"h\",\"https_port\":0}"),
     "haproxy: key 'https_port' must be a whole number from 1 to 65535"},
    {IN("\"haproxy\":{\"address\":\"h\",\"hold_s\":0}"),
     "key 'hold_s' must be a whole number from 1 to 86400"},
    {IN("\"haproxy\":{\"address\":\"h\",\"hold_s\":1e300}"), "key 'hold_s' must be a whole number"},
    {IN("\"haproxy\":{\"address\":\"h\",\"path\":\"axis\"}"),
     "key 'path': 'axis' is no path: begin it with /"},
    {IN("\"bcom\":{\"address\":\"h\"}"), "bcom: key 'soap_port' is missing"},
    {IN("\"direct\":\"yes\""), "key 'direct' must be true or false"},
    {IN("\"ssids\":[1]"), "key 'ssids' must be a list of texts"},
    {IN("\"ssids\":[\"123456789012345678901234567890123\"]"), "is longer than the 32 bytes of an SSID"},
    {IN("\"resolvers\":[\"dns.example.com\"]"), "key 'resolvers': 'dns.example.com' is no DNS server"},
    {IN("\"push\":{\"fcm_device\":[\"\"]}"), "push: key 'fcm_device': '' is empty"},
    {IN("\"waivers\":{}"), "sites/hq.json: key 'waivers' must be a list"},
    {IN("\"overrides\":1"), "key 'overrides' must be a list"},
    {IN("\"portal_url\":\"https://x/\""), "is no plain URL"},
    {IN("\"calls\":{\"total\":0}"), "calls: key 'total' must be a whole number from 1"},
    /* secrets are named, never given */
    {IN("\"responder\":{\"address\":\"r\"}"), "responder: key 'key_file' is missing"},
    {IN("\"responder\":{\"address\":\"r\",\"key\":\"s3cret\"}"), "responder: unknown key 'key'"},
    {SBC("},\"account\":{\"user\":\"1\",\"password\":\"s3cret\""), "account: unknown key 'password'"},
    {SBC("},\"account\":{\"user\":\"1\""), "account: key 'password_file' is missing"},
    {IN("\"account\":{\"user\":\"1\",\"password_file\":\"p\"}"), "there is no sbc to take it from"},
    {SBC("},\"account\":{\"user\":\"a b\",\"password_file\":\"p\""), "is no user of a SIP address"},
    {SBC("},\"account\":{\"user\":\"a\",\"password_file\":\"p\",\"expires_s\":10"),
     "expires_s' must be a whole number from 60"},
    {IN("\"client_certificate\":{\"key_file\":\"k\"}"), "client_certificate: key 'file' is missing"},
    {IN("\"ca_file\":\"\""), "key 'ca_file': '' is empty"},
};

static void mistakes_name_key_and_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct vo_site site;
        struct vo_error error = {VO_OK, ""};
        enum vo_status status = read_text(mistakes[i].text, &site, &error);
        if (status != VO_ERR_USAGE || !strstr(error.message, mistakes[i].message))
            fail_msg("%s: status %d, message \"%s\"", mistakes[i].text, (int)status, error.message);
        assert_null(strstr(error.message, "s3cret"));
        assert_null(site.document); /* nothing is left to free */
        assert_null(site.text);
    }
}

static void files_that_are_none(void **state)
{
    (void)state;
    struct vo_site site;
    struct vo_error error;
    assert_int_equal(vo_site_open("no/such/site.json", &site, &error), VO_ERR_IO);
    assert_non_null(strstr(error.message, "no/such/site.json"));
    assert_int_equal(vo_site_open("core/site.h", &site, &error), VO_ERR_USAGE); /* not JSON */
    assert_non_null(strstr(error.message, "core/site.h"));
    assert_int_equal(error.status, VO_ERR_USAGE);
}

struct word {
    vo_syntax *syntax;
    const char *text, *problem; /* NULL: good */
};
static const struct word words[] = {
    {vo_syntax_host, "sbc.example.com", NULL},
    {vo_syntax_host, "sbc", NULL},
    {vo_syntax_host, "a_b.example", NULL},
    {vo_syntax_host, "xn--mller-kva.example", NULL},
    {vo_syntax_host, "192.0.2.1", NULL},
    {vo_syntax_host, "2001:db8::1", NULL},
    {vo_syntax_host, "::ffff:192.0.2.1", NULL},
    {vo_syntax_host, "", "is empty"},
    {vo_syntax_host, "https://sbc.example.com", "is a URL"},
    {vo_syntax_host, "sbc.example.com/x", "has a path"},
    {vo_syntax_host, "sbc.example.com:5061", "has a port"},
    {vo_syntax_host, "[2001:db8::1]", "has brackets"},
    {vo_syntax_host, "2001:db8::g", "is no IPv6 address"},
    {vo_syntax_host, "192.0.2.256", "is no IPv4 address"},
    {vo_syntax_host, "192.0.2", "is no IPv4 address"},
    {vo_syntax_host, "sbc..example", "empty part"},
    {vo_syntax_host, ".example", "empty part"},
    {vo_syntax_host, "example.", "ends with a dot"},
    {vo_syntax_host, "-a.example", "no hyphen at its ends"},
    {vo_syntax_host, "a-.example", "no hyphen at its ends"},
    {vo_syntax_host, "m\xc3\xbcller.example", "xn--"},
    {vo_syntax_host, "a b", "is no name or address"},
    {vo_syntax_host, "a\r\nb", "is no name or address"},
    {vo_syntax_host, "1234567890123456789012345678901234567890123456789012345678901234.a", "1 to 63"},
    {vo_syntax_resolver, "192.0.2.53", NULL},
    {vo_syntax_resolver, "192.0.2.53:5353", NULL},
    {vo_syntax_resolver, "2001:db8::53", NULL},
    {vo_syntax_resolver, "[2001:db8::53]:53", NULL},
    {vo_syntax_resolver, "[2001:db8::53]", "is no DNS server"},
    {vo_syntax_resolver, "192.0.2.53:0", "is no DNS server"},
    {vo_syntax_resolver, "192.0.2.53:65536", "is no DNS server"},
    {vo_syntax_resolver, "192.0.2.53:53x", "is no DNS server"},
    {vo_syntax_resolver, "[192.0.2.53]:53", "is no DNS server"},
    {vo_syntax_resolver, "", "is no DNS server"},
    {vo_syntax_user, "+498912345678", NULL},
    {vo_syntax_user, "alice%20b", NULL},
    {vo_syntax_user, "alice@example.com", "has a domain"},
    {vo_syntax_user, "alice\"", "is no user"},
    {vo_syntax_user, "al%2", "is no user"},
    {vo_syntax_user, "", "is empty"},
    {vo_syntax_path, "/axis/services?x=1", NULL},
    {vo_syntax_path, "/a b", "%XX"},
    {vo_syntax_path, "/a\r\nHost: x", "%XX"},
    {vo_syntax_path, "/%zz", "%XX"},
    {vo_syntax_url, "http://detect.example.com/204", NULL},
    {vo_syntax_url, "http://192.0.2.1:8080", NULL},
    {vo_syntax_url, "http://[2001:db8::1]:8080/x", NULL},
    {vo_syntax_url, "http://[2001:db8::1/x", "has no good"},
    {vo_syntax_url, "http://", "has no good host"},
    {vo_syntax_url, "http://user@host/", "has no good host"},
    {vo_syntax_url, "http://host:0/", "has no good port"},
    {vo_syntax_url, "http://host:99999999999/", "has no good port"},
    {vo_syntax_url, "ftp://host/", "is no plain URL"},
    {vo_syntax_pin, "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", NULL},
    {vo_syntax_pin, "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "is no pin"},
    {vo_syntax_pin, "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBka-xwdHh8=", "is no pin"},
    {vo_syntax_pin, "sha1/AAEC", "is no pin"},
};

static void values_have_a_syntax(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct word *word = &words[i];
        const char *problem = word->syntax(word->text);
        if (!word->problem != !problem || (problem && !strstr(problem, word->problem)))
            fail_msg("'%s': %s", word->text, problem ? problem : "accepted");
    }
}

/* Reads the known keys of a section from the message that lists them, and compares them with the schema. */
static size_t compare_section(const char *name, const char *before, const char *after,
                              const struct vo_json *properties)
{
    char text[600];
    struct vo_site site;
    struct vo_error error;
    size_t listed = 0;
    snprintf(text, sizeof text, "{" HEAD "%s\"?????????????\":1%s}", before, after);
    assert_int_equal(read_text(text, &site, &error), VO_ERR_USAGE);
    char *at = strstr(error.message, "(known: ");
    if (!at)
        fail_msg("%s: %s", name, error.message);
    at += strlen("(known: ");
    for (char *key = strtok(at, ", )"); key; key = strtok(NULL, ", )"), listed++)
        if (!vo_json_get(properties, key))
            fail_msg("%s: the schema lacks the key '%s'", name, key);
    if (listed != vo_json_count(properties))
        fail_msg("%s: the reader knows %zu keys, the schema has %zu", name, listed,
                 vo_json_count(properties));
    return listed;
}

static void schema_has_the_keys_of_the_reader(void **state)
{
    (void)state;
    struct vo_json *schema = NULL;
    struct vo_error error;
    if (vo_json_load("rules/site.schema.json", 1 << 20, &schema, &error) != VO_OK)
        fail_msg("%s", error.message);
    const struct vo_json *root = vo_json_get(schema, "properties");
    size_t sections = 0;
    compare_section("the site", ",", "", root);
    for (const struct vo_json *item = vo_json_child(root); item; item = vo_json_next(item)) {
        char before[80];
        if (!vo_json_get(item, "properties"))
            continue;
        snprintf(before, sizeof before, ",\"%s\":{", vo_json_key_of(item));
        compare_section(vo_json_key_of(item), before, "}", vo_json_get(item, "properties"));
        assert_int_equal(vo_json_type(vo_json_get(item, "additionalProperties")), VO_JSON_BOOL);
        sections++;
    }
    assert_int_equal(sections, 10);
    const struct vo_json *sbc = vo_json_get(vo_json_get(root, "sbc"), "properties");
    compare_section("sbc.ports", ",\"sbc\":{\"address\":\"a\",\"transport\":\"tls\",\"ports\":{", "}}",
                    vo_json_get(vo_json_get(sbc, "ports"), "properties"));
    vo_json_free(schema);
}

/* ".Cm key", or a word of such a line. */
static void need_in_page(const char *page, const char *key)
{
    size_t size = strlen(key);
    for (const char *at = strstr(page, key); at; at = strstr(at + 1, key)) {
        const char *line = at;
        while (line > page && line[-1] != '\n')
            line--;
        bool whole = at > page && at[-1] == ' ' && strchr(" \n", at[size]);
        if (whole && (strncmp(line, ".Cm ", 4) == 0 || strncmp(line, ".It Cm ", 7) == 0 ||
                      strncmp(line, ".Ss ", 4) == 0))
            return;
    }
    fail_msg("docs/man/voready-site.5 lacks the key %s", key);
}

static void page_has_the_keys_of_the_schema(void **state)
{
    (void)state;
    static char page[65536];
    struct vo_json *schema = NULL;
    FILE *file = fopen("docs/man/voready-site.5", "re");
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    assert_int_equal(vo_json_load("rules/site.schema.json", 1 << 20, &schema, NULL), VO_OK);
    for (const struct vo_json *item = vo_json_child(vo_json_get(schema, "properties")); item;
         item = vo_json_next(item)) {
        need_in_page(page, vo_json_key_of(item));
        const struct vo_json *key = vo_json_child(vo_json_get(item, "properties"));
        for (; key; key = vo_json_next(key))
            need_in_page(page, vo_json_key_of(key));
    }
    vo_json_free(schema);
}

/* --- secrets
 * ------------------------------------------------------------------------------------------------- */

static char secret_path[] = "/tmp/voready-secret-XXXXXX";

static void write_secret(const char *text, size_t size, mode_t mode)
{
    int file = open(secret_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0 && write(file, text, size) == (ssize_t)size);
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
}

static const struct {
    const char *text;
    size_t size;
    mode_t mode;
    const char *secret, *problem; /* one of them */
} secrets[] = {
    {"pass word\nmore\n", 15, 0600, "pass word", NULL},
    {"nothing behind", 14, 0400, "nothing behind", NULL},
    {"dos\r\n", 5, 0600, "dos", NULL},
    {"1234567890123456789", 19, 0600, "1234567890123456789", NULL},
    {"1234567890123456789\n", 20, 0600, "1234567890123456789", NULL},
    {"12345678901234567890", 20, 0600, NULL, "longer than 19 bytes"},
    {"123456789012345678901\n", 22, 0600, NULL, "longer than 19 bytes"},
    {"", 0, 0600, NULL, "first line is empty"},
    {"\nsecond", 7, 0600, NULL, "first line is empty"},
    {"a\0b\n", 4, 0600, NULL, "is not text"},
    {"secret\n", 7, 0644, NULL, "chmod 600"},
    {"secret\n", 7, 0640, NULL, "chmod 600"},
    {"secret\n", 7, 0620, NULL, "chmod 600"},
};

static void secrets_are_the_owners(void **state)
{
    (void)state;
    int made = mkstemp(secret_path);
    assert_true(made >= 0);
    close(made);
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        char *secret = malloc(20);
        struct vo_error error = {VO_OK, ""};
        write_secret(secrets[i].text, secrets[i].size, secrets[i].mode);
        enum vo_status status = vo_secret_read(secret_path, secret, 20, &error);
        if (secrets[i].secret) {
            assert_int_equal(status, VO_OK);
            assert_string_equal(secret, secrets[i].secret);
        } else {
            assert_int_equal(status, VO_ERR_USAGE);
            if (!strstr(error.message, secrets[i].problem) || !strstr(error.message, secret_path))
                fail_msg("row %zu: %s", i, error.message);
            assert_null(strstr(error.message, "secret\n"));
            for (size_t j = 0; j < 20; j++)
                assert_int_equal(secret[j], 0); /* nothing of it stays */
        }
        free(secret);
    }
    unlink(secret_path);
    char secret[8];
    struct vo_error error;
    assert_int_equal(vo_secret_read(secret_path, secret, sizeof secret, &error), VO_ERR_IO);
    assert_int_equal(mkfifo(secret_path, 0600), 0); /* must not block */
    assert_int_equal(vo_secret_read(secret_path, secret, sizeof secret, &error), VO_ERR_USAGE);
    assert_non_null(strstr(error.message, "not a regular file"));
    unlink(secret_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_guides),
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(every_sample_is_good),
        cmocka_unit_test(files_lie_beside_the_site),
        cmocka_unit_test(mistakes_name_key_and_place),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(values_have_a_syntax),
        cmocka_unit_test(schema_has_the_keys_of_the_reader),
        cmocka_unit_test(page_has_the_keys_of_the_schema),
        cmocka_unit_test(secrets_are_the_owners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
