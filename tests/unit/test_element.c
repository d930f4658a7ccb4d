/* The list of elements. */
#include "probes/decode/element.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(x) (sizeof(x) / sizeof *(x))

static uint8_t *held;

/* A copy that ends where the data does. */
static const uint8_t *hold(const uint8_t *data, size_t size)
{
    free(held);
    held = malloc(size ? size : 1);
    assert_non_null(held);
    if (size)
        memcpy(held, data, size);
    return held;
}

static int release(void **state)
{
    (void)state;
    free(held);
    held = NULL;
    return 0;
}

/* SSID "ab", an empty element 200, an extension 35 of two bytes, a vendor's. */
static const uint8_t list[] = {0, 2, 'a', 'b', 200, 0, 255, 3, 35, 1, 2, 221, 5, 0, 0x50, 0xf2, 2, 9};

static void walks_the_list(void **state)
{
    (void)state;
    struct vo_elements elements = vo_elements_of(hold(list, sizeof list), sizeof list);
    struct vo_element element;
    uint32_t vendor = 0;
    assert_true(vo_element_next(&elements, &element));
    assert_int_equal(element.id, VO_ELEMENT_SSID);
    assert_memory_equal(element.data, "ab", 2);
    assert_false(vo_element_vendor(&element, &vendor));
    assert_true(vo_element_next(&elements, &element));
    assert_int_equal(element.id, 200);
    assert_int_equal(element.size, 0);
    assert_true(vo_element_next(&elements, &element));
    assert_int_equal(element.id, VO_ELEMENT_HE_CAPABILITIES);
    assert_int_equal(element.size, 2);
    assert_int_equal(element.data[0], 1);
    assert_true(vo_element_next(&elements, &element));
    assert_true(vo_element_vendor(&element, &vendor));
    assert_int_equal(vendor, 0x0050f202);
    assert_false(vo_element_next(&elements, &element));
    assert_false(vo_elements_are_malformed(&elements));
}

/* Cut anywhere, it gives the elements that are whole, and says whether something was left. */
static void at_every_length(void **state)
{
    (void)state;
    for (uint32_t size = 0; size <= sizeof list; size++) {
        struct vo_elements elements = vo_elements_of(hold(list, size), size);
        struct vo_element element;
        unsigned count = 0;
        while (vo_element_next(&elements, &element))
            count++;
        assert_int_equal(count, (size >= 4) + (size >= 6) + (size >= 11) + (size >= 18));
        assert_int_equal(vo_elements_are_malformed(&elements),
                         size != 0 && size != 4 && size != 6 && size != 11 && size != 18);
        assert_false(vo_element_next(&elements, &element)); /* and stays at the end */
    }
}

/* One byte is left, which is no header; and a header whose length is all there is not. */
static void lengths_that_lie(void **state)
{
    (void)state;
    static const uint8_t lies[][4] = {{0, 3, 'a', 'b'}, {0, 255, 0, 0}, {255, 0, 1, 1}, {0, 1, 'a', 7}};
    static const unsigned whole[] = {0, 0, 1, 1};
    for (size_t i = 0; i < COUNT(lies); i++) {
        struct vo_elements elements = vo_elements_of(hold(lies[i], 4), 4);
        struct vo_element element;
        unsigned count = 0;
        while (vo_element_next(&elements, &element))
            count++;
        assert_int_equal(count, whole[i]);
        assert_true(vo_elements_are_malformed(&elements));
    }
}

/* An element 255 of length 0 lacks its extension (9.4.2.1): it is none, but the list goes on behind it. */
static void an_extension_without_its_number(void **state)
{
    (void)state;
    const uint8_t data[] = {255, 0, 3, 1, 11};
    struct vo_elements elements = vo_elements_of(hold(data, sizeof data), sizeof data);
    struct vo_element element;
    assert_true(vo_element_next(&elements, &element));
    assert_int_equal(element.id, VO_ELEMENT_EXTENSION);
    assert_int_equal(element.size, 0);
    assert_true(vo_element_next(&elements, &element));
    assert_int_equal(element.id, VO_ELEMENT_DSSS);
    assert_int_equal(element.data[0], 11);
    assert_false(vo_element_next(&elements, &element));
    assert_false(vo_elements_are_malformed(&elements));
}

/* An element of 255 bytes goes on in the Fragment elements behind it (10.28.11). */
static void joins_fragments(void **state)
{
    (void)state;
    enum { FIRST = 2 + 255, SECOND = 2 + 255, THIRD = 2 + 3 };
    uint8_t data[FIRST + SECOND + THIRD + 2], joined[600];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i % 251);
    data[0] = 255;
    data[1] = 255;
    data[2] = 107;
    data[FIRST] = VO_ELEMENT_FRAGMENT;
    data[FIRST + 1] = 255;
    data[FIRST + SECOND] = VO_ELEMENT_FRAGMENT;
    data[FIRST + SECOND + 1] = 3;
    data[FIRST + SECOND + THIRD] = VO_ELEMENT_FRAGMENT; /* of nothing: the one before it was not full */
    data[FIRST + SECOND + THIRD + 1] = 0;
    struct vo_elements elements = vo_elements_of(hold(data, sizeof data), sizeof data);
    struct vo_element element;
    assert_true(vo_element_next(&elements, &element));
    assert_int_equal(element.id, VO_ELEMENT_MULTI_LINK);
    assert_int_equal(element.size, 254);
    assert_int_equal(vo_element_join(&element, joined, sizeof joined), 254 + 255 + 3);
    assert_memory_equal(joined, data + 3, 254);
    assert_memory_equal(joined + 254, data + FIRST + 2, 255);
    assert_memory_equal(joined + 509, data + FIRST + SECOND + 2, 3);
    uint8_t *small =
        malloc(300); /* too little room: it says how much there is, and writes no more than that */
    assert_non_null(small);
    assert_int_equal(vo_element_join(&element, small, 300), 512);
    assert_memory_equal(small, joined, 300);
    free(small);
    assert_true(vo_element_next(&elements, &element));
    assert_int_equal(element.id, VO_ELEMENT_FRAGMENT);
    assert_false(vo_element_next(&elements, &element));
    for (uint32_t size = FIRST; size < sizeof data; size++) { /* a cut fragment is not joined */
        elements = vo_elements_of(hold(data, size), size);
        assert_true(vo_element_next(&elements, &element));
        assert_int_equal(vo_element_join(&element, joined, sizeof joined),
                         254 + (size >= FIRST + SECOND ? 255 : 0) + (size >= FIRST + SECOND + THIRD ? 3 : 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_the_list),   cmocka_unit_test(at_every_length),
        cmocka_unit_test(lengths_that_lie), cmocka_unit_test(an_extension_without_its_number),
        cmocka_unit_test(joins_fragments),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
