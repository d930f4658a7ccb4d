/* TLS through a connection: the way of the bytes. What TLS itself finds is tested in test_tls_client.c. */
#include "probes/io/conn.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct vo_loop *loop;
static struct vo_tls_trust *trust;
static pid_t server;
static struct sockaddr_storage at;

static struct ours {
    struct vo_conn *conn;
    unsigned opened, ended;
    size_t received;
    enum vo_conn_end end;
    char text[64];
    bool close_when_opened;
} ours;

#define CLEAN 7 /* exit code of a server that got close_notify */

/* --- servers, each in a process of its own --- */

static SSL_CTX *server_context(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    return context;
}

static void echo_then_close(int fd)
{
    char data[16384];
    SSL *ssl = SSL_new(server_context());
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) != 1)
        return;
    for (int size; (size = SSL_read(ssl, data, sizeof data)) > 0;) {
        SSL_write(ssl, data, size);
        if (data[size - 1] == '.')
            break;
    }
    SSL_shutdown(ssl);
    if (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN)
        _exit(CLEAN);
}
static void flood(int fd)
{
    static const char data[16384] = {0};
    SSL *ssl = SSL_new(server_context());
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1)
        while (SSL_write(ssl, data, sizeof data) > 0)
            ;
}
static void reset_after_hello(int fd)
{
    char hello[4096];
    struct linger now = {1, 0};
    if (read(fd, hello, sizeof hello) > 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}
static void close_after_hello(int fd)
{
    char hello[4096];
    if (read(fd, hello, sizeof hello) > 0)
        shutdown(fd, SHUT_WR);
    while (read(fd, hello, sizeof hello) > 0)
        ;
}
static void talk_http(int fd)
{
    static const char banner[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char hello[4096];
    if (read(fd, hello, sizeof hello) > 0 && write(fd, banner, sizeof banner - 1) > 0)
        while (read(fd, hello, sizeof hello) > 0)
            ;
}
/* A handshake record that never ends: its head, then a byte every 10 ms. */
static void drip(int fd)
{
    static const char head[] = {0x16, 3, 3, 0x40, 0, 2, 0, 0x3f, (char)0xfc};
    struct timespec nap = {0, 10000000};
    ssize_t size = write(fd, head, sizeof head);
    while (size > 0) {
        nanosleep(&nap, NULL);
        size = send(fd, "", 1, MSG_NOSIGNAL);
    }
}

static void serve(void (*manner)(int fd))
{
    socklen_t size = sizeof at;
    vo_sockaddr_parse("127.0.0.1", 0, &at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, vo_sockaddr_size(&at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(listen(fd, 4), 0);
    server = fork();
    if (server == 0) {
        signal(SIGPIPE, SIG_IGN);
        int stream = accept(fd, NULL, NULL);
        manner(stream);
        close(stream);
        _exit(0);
    }
    close(fd);
}

/* --- ours --- */

static void on_opened(void *context)
{
    (void)context;
    ours.opened++;
    if (ours.close_when_opened) {
        vo_conn_close(ours.conn);
        ours.conn = NULL;
        vo_loop_quit(loop);
    }
}
static void on_received(void *context, const uint8_t *data, size_t size)
{
    (void)context;
    for (size_t i = 0; i < size && ours.received + i < sizeof ours.text - 1; i++)
        ours.text[ours.received + i] = (char)data[i];
    ours.received += size;
}
static void on_ended(void *context, enum vo_conn_end end)
{
    (void)context;
    ours.ended++;
    ours.end = end;
    vo_loop_quit(loop);
}
static void quit_loop(void *context)
{
    (void)context;
    vo_loop_quit(loop);
}
static void connect_to_server(int timeout_ms)
{
    const struct vo_tls_config tls = {.name = "test", .trust = trust, .now = vo_clock_now()};
    const struct vo_conn_config config = {.to = at,
                                          .timeout = timeout_ms * VO_NS_PER_MS,
                                          .tls = &tls,
                                          .opened = on_opened,
                                          .received = on_received,
                                          .ended = on_ended};
    assert_int_equal(vo_conn_open(loop, &config, &ours.conn, NULL), VO_OK);
}
static void run_for(int ms)
{
    struct vo_timer limit = {.due = quit_loop};
    assert_true(vo_loop_set(loop, &limit, vo_clock_monotonic() + ms * VO_NS_PER_MS));
    assert_int_equal(vo_loop_run(loop, NULL, NULL), VO_OK);
    vo_loop_cancel(loop, &limit);
}

static int make(void **state)
{
    (void)state;
    memset(&ours, 0, sizeof ours);
    return vo_loop_new(&loop, NULL) == VO_OK && vo_tls_trust_new(NULL, &trust, NULL) == VO_OK ? 0 : -1;
}
static int unmake(void **state)
{
    (void)state;
    vo_conn_close(ours.conn);
    vo_tls_trust_free(trust);
    vo_loop_free(loop);
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    return 0;
}

static void bytes_go_both_ways_and_the_close_is_clean(void **state)
{
    (void)state;
    serve(echo_then_close);
    connect_to_server(5000);
    assert_true(vo_conn_send(ours.conn, "early, ", 7)); /* waits for the handshake */
    for (int i = 0; i < 100 && ours.received < 7; i++)
        run_for(50);
    assert_int_equal(ours.opened, 1);
    assert_true(vo_conn_send(ours.conn, "late.", 5));
    run_for(5000);
    assert_string_equal(ours.text, "early, late.");
    assert_int_equal(ours.end, VO_CONN_PEER_CLOSED);
    const struct vo_conn_result *result = vo_conn_result(ours.conn);
    assert_string_equal(result->state, "open");
    assert_true(result->secured >= result->connected && result->connected >= result->began);
    assert_non_null(result->tls); /* lives until the connection is closed by us */
    assert_string_equal(result->tls->protocol, "tls1.3");
    assert_true(result->tls->faults & VO_TLS_SELF_SIGNED);
}

static void a_large_message_comes_back_whole(void **state)
{
    (void)state;
    static char data[300000];
    serve(echo_then_close);
    connect_to_server(5000);
    memset(data, 'a', sizeof data);
    data[sizeof data - 1] = '.';
    assert_true(vo_conn_send(ours.conn, data, sizeof data));
    run_for(10000);
    assert_int_equal(ours.end, VO_CONN_PEER_CLOSED);
    assert_int_equal(ours.received, sizeof data);
}

static void a_flood_is_cut(void **state)
{
    (void)state;
    serve(flood);
    connect_to_server(5000);
    run_for(10000);
    assert_int_equal(ours.end, VO_CONN_FLOODED);
    assert_true(ours.received > 900000 && ours.received <= 1024 * 1024); /* of a mebibyte on the wire */
}

static void a_reset_in_the_handshake(void **state)
{
    (void)state;
    serve(reset_after_hello);
    connect_to_server(5000);
    run_for(5000);
    assert_int_equal(ours.opened, 0);
    assert_int_equal(ours.end, VO_CONN_RESET);
    assert_string_equal(vo_conn_result(ours.conn)->state, "open");
    assert_string_equal(vo_conn_result(ours.conn)->text, "the connection was reset during the TLS handshake");
}

static void a_close_in_the_handshake(void **state)
{
    (void)state;
    serve(close_after_hello);
    connect_to_server(5000);
    run_for(5000);
    assert_int_equal(ours.end, VO_CONN_TLS_FAILED);
    assert_string_equal(vo_conn_result(ours.conn)->text, vo_conn_result(ours.conn)->tls->failure);
    assert_non_null(strstr(vo_conn_result(ours.conn)->text, "closed the connection"));
}

static void a_peer_that_speaks_no_tls(void **state)
{
    (void)state;
    serve(talk_http);
    connect_to_server(5000);
    run_for(5000);
    assert_int_equal(ours.end, VO_CONN_TLS_FAILED);
    assert_int_equal(vo_conn_result(ours.conn)->secured, 0);
}

static void a_slow_drip_ends_with_the_time_out(void **state)
{
    (void)state;
    serve(drip);
    vo_time before = vo_clock_monotonic();
    connect_to_server(300);
    run_for(5000);
    vo_time took = vo_clock_monotonic() - before;
    assert_int_equal(ours.end, VO_CONN_TIMEOUT);
    assert_true(took >= 300 * VO_NS_PER_MS && took < 1000 * VO_NS_PER_MS);
    assert_string_equal(vo_conn_result(ours.conn)->state, "open");
    assert_string_equal(vo_conn_result(ours.conn)->text,
                        "TCP is open, but the TLS handshake was not over after 0.3 s");
}

/* The server sees close_notify and answers it, instead of a torn connection. */
static void closing_says_good_bye(void **state)
{
    (void)state;
    serve(echo_then_close);
    ours.close_when_opened = true;
    connect_to_server(5000);
    run_for(5000);
    assert_null(ours.conn);
    assert_int_equal(ours.ended, 0);
    int status;
    assert_int_equal(waitpid(server, &status, 0), server);
    server = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CLEAN);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        CASE(bytes_go_both_ways_and_the_close_is_clean),
        CASE(a_large_message_comes_back_whole),
        CASE(a_flood_is_cut),
        CASE(a_reset_in_the_handshake),
        CASE(a_close_in_the_handshake),
        CASE(a_peer_that_speaks_no_tls),
        CASE(a_slow_drip_ends_with_the_time_out),
        CASE(closing_says_good_bye),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
