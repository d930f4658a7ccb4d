/* Proxy settings: which are found, and that no password leaves them. */
#include "probes/reach/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const *environment; /* pairs of name and value */

static const char *variable(const char *name)
{
    for (const char *const *at = environment; at && *at; at += 2)
        if (strcmp(*at, name) == 0)
            return at[1];
    return NULL;
}

static struct vo_proxies find(const char *const *pairs, char *file_text)
{
    struct vo_proxies proxies;
    FILE *file = file_text ? fmemopen(file_text, strlen(file_text), "r") : NULL;
    environment = pairs;
    vo_proxies_find(&proxies, variable, file);
    if (file)
        fclose(file);
    return proxies;
}

static void test_none(void **state)
{
    (void)state;
    struct vo_proxies proxies = find(NULL, NULL);
    assert_false(proxies.configured);
    assert_string_equal(proxies.set, "");
    assert_null(strstr(proxies.looked_at, "/etc/environment"));
    /* An empty variable is no proxy, nor are exceptions alone. */
    proxies = find((const char *const[]){"http_proxy", "", "no_proxy", "a,b", NULL}, (char[]){"PATH=/bin\n"});
    assert_false(proxies.configured);
    assert_string_equal(proxies.no_proxy, "a,b");
    assert_non_null(strstr(proxies.looked_at, "/etc/environment"));
}

static void test_both_cases(void **state)
{
    (void)state;
    struct vo_proxies proxies = find((const char *const[]){"https_proxy", "http://p.example:3128",
                                                           "ALL_PROXY", "socks5://q.example", NULL},
                                     NULL);
    assert_true(proxies.configured);
    assert_string_equal(proxies.set, "https_proxy=http://p.example:3128 (environment), "
                                     "ALL_PROXY=socks5://q.example (environment)");
}

static void test_no_password_leaves(void **state)
{
    (void)state;
    struct vo_proxies proxies = find((const char *const[]){"http_proxy", "http://user:s3cret@p.example:3128/",
                                                           "HTTPS_PROXY", "user:p@ss:s3cret@q.example:8080",
                                                           "all_proxy", "http://s3cret@r.example/x@y", NULL},
                                     NULL);
    assert_null(strstr(proxies.set, "s3cret"));
    assert_null(strstr(proxies.set, "user"));
    assert_non_null(strstr(proxies.set, "http_proxy=http://p.example:3128/ ("));
    assert_non_null(strstr(proxies.set, "HTTPS_PROXY=q.example:8080 ("));
    assert_non_null(strstr(proxies.set, "all_proxy=http://r.example/x@y ("));
}

static void test_file(void **state)
{
    (void)state;
    struct vo_proxies proxies = find(NULL, (char[]){"# http_proxy=http://not.example\n"
                                                    "  export HTTP_PROXY=\"http://u:s3cret@f.example:80\"\n"
                                                    "no_proxy='localhost,.example'\n"
                                                    "https_proxy\n"
                                                    "=x\n"});
    assert_string_equal(proxies.set, "HTTP_PROXY=http://f.example:80 (/etc/environment)");
    assert_string_equal(proxies.no_proxy, "localhost,.example");
}

/* Long values are cut, and what they are cut to is still whole text. */
static void test_bounds(void **state)
{
    (void)state;
    static char host[2000];
    memset(host, 'x', sizeof host - 1);
    struct vo_proxies proxies =
        find((const char *const[]){"http_proxy", host, "https_proxy", host, "no_proxy", host, NULL}, host);
    assert_true(proxies.configured);
    assert_int_equal(strlen(proxies.set), sizeof proxies.set - 1);
    assert_int_equal(strlen(proxies.no_proxy), sizeof proxies.no_proxy - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_both_cases),
        cmocka_unit_test(test_no_password_leaves),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
