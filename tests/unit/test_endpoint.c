#include "probes/io/endpoint.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void goes_there_and_back(void **state)
{
    static const uint8_t v4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};
    static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x15};
    (void)state;
    struct sockaddr_storage socket = vo_endpoint_sockaddr(v4, 5008);
    assert_int_equal(socket.ss_family, AF_INET);
    assert_int_equal(ntohs(((struct sockaddr_in *)(void *)&socket)->sin_port), 5008);
    assert_int_equal(ntohl(((struct sockaddr_in *)(void *)&socket)->sin_addr.s_addr), 0xC0000207);
    struct vo_endpoint back = vo_endpoint_of(&socket);
    assert_memory_equal(back.address, v4, 16);
    assert_int_equal(back.port, 5008);

    socket = vo_endpoint_sockaddr(v6, 5009);
    assert_int_equal(socket.ss_family, AF_INET6);
    back = vo_endpoint_of(&socket);
    assert_memory_equal(back.address, v6, 16);
    assert_int_equal(back.port, 5009);

    socket.ss_family = AF_UNIX;
    back = vo_endpoint_of(&socket);
    assert_memory_equal(back.address, ((uint8_t[16]){0}), 16);
    assert_int_equal(back.port, 0);
}

static void names_the_interface_of_an_own_address(void **state)
{
    static const uint8_t loopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
    static const uint8_t foreign[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    char name[IF_NAMESIZE] = "";
    (void)state;
    assert_true(vo_endpoint_interface(loopback, name));
    assert_string_equal(name, "lo");
    assert_false(vo_endpoint_interface(foreign, name)); /* RFC 5737: nobody has it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_there_and_back),
        cmocka_unit_test(names_the_interface_of_an_own_address),
    };
    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
