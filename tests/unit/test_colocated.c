/* BSSs beside the one whose beacon it is. */
#include "probes/decode/colocated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAC(n)     (UINT64_C(0x020000000000) + (n))
#define ADDRESS(n) 2, 0, 0, 0, 0, n
#define L32(x)     (uint8_t)(x), (uint8_t)((x) >> 8), (uint8_t)((x) >> 16), (uint8_t)((x) >> 24)

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

/* --- Multiple BSSID ------------------------------------------------------------------------------- */

/* Up to 2^2 BSSIDs. Profiles: index 1; index 3 without SSID; no index; an index that is not below 2^2. Then a
 * second element with index 2. */
static const uint8_t multiple[] = {
    0,  1,  'x',                                   /* 0: another element */
    71, 37, 2,                                     /* 3 */
    0,  10, 83,  2, 0x11, 4,  0, 1, 'a', 85, 1, 1, /* 6 */
    0,  9,  83,  2, 0x11, 4,  0, 0, 85,  1,  3,    /* 18 */
    0,  6,  83,  2, 0x11, 4,  0, 0,                /* 29 */
    0,  3,  85,  1, 4,                             /* 37 */
    71, 6,  2,   0, 3,    85, 1, 2,                /* 42 */
};

static void bssids_of_one_beacon(void **state)
{
    (void)state;
    struct vo_nontransmitted_list list;
    struct vo_nontransmitted bss;
    assert_int_equal(sizeof multiple, 50);
    /* The last two bits of ..:13 are 3; they count on within themselves: 1 gives 0, 3 gives 2, 2 gives 1. */
    vo_nontransmitted_begin(hold(multiple, sizeof multiple), sizeof multiple, MAC(0x13), &list);
    assert_true(vo_nontransmitted_next(&list, &bss));
    assert_int_equal(bss.index, 1);
    assert_true(bss.bssid == MAC(0x10));
    assert_int_equal(bss.elements_size, 10);
    struct vo_elements elements = vo_elements_of(bss.elements, bss.elements_size);
    struct vo_element element;
    assert_true(vo_element_next(&elements, &element) && element.id == VO_ELEMENT_NONTRANSMITTED_CAPABILITY);
    assert_true(vo_element_next(&elements, &element) && element.id == VO_ELEMENT_SSID);
    assert_int_equal(element.data[0], 'a');
    assert_true(vo_nontransmitted_next(&list, &bss));
    assert_int_equal(bss.index, 3);
    assert_true(bss.bssid == MAC(0x12));
    assert_true(vo_nontransmitted_next(&list, &bss));
    assert_int_equal(bss.index, 2);
    assert_true(bss.bssid == MAC(0x11));
    assert_false(vo_nontransmitted_next(&list, &bss));
    vo_nontransmitted_begin(held, sizeof multiple, VO_WLAN_NO_ADDRESS, &list);
    assert_false(vo_nontransmitted_next(&list, &bss));
}

static void bssids_at_every_length(void **state)
{
    (void)state;
    struct vo_nontransmitted_list list;
    struct vo_nontransmitted bss;
    for (uint32_t size = 0; size <= sizeof multiple; size++) {
        unsigned count = 0;
        vo_nontransmitted_begin(hold(multiple, size), size, MAC(0), &list);
        while (vo_nontransmitted_next(&list, &bss))
            count++;
        assert_int_equal(count, size < 42 ? 0 : size < 50 ? 2 : 3);
    }
}

/* A group of 2^0 BSSIDs has only the transmitter; of 2^9 there is none. */
static void group_sizes_that_lie(void **state)
{
    (void)state;
    static const uint8_t sizes[] = {0, 9, 255};
    for (size_t i = 0; i < sizeof sizes; i++) {
        const uint8_t data[] = {71, 6, sizes[i], 0, 3, 85, 1, 1};
        struct vo_nontransmitted_list list;
        struct vo_nontransmitted bss;
        vo_nontransmitted_begin(hold(data, sizeof data), sizeof data, MAC(0), &list);
        assert_false(vo_nontransmitted_next(&list, &bss));
    }
}

static uint32_t elements_of(const uint8_t *beacon, size_t size, uint8_t *buffer, uint32_t room)
{
    struct vo_nontransmitted_list list;
    struct vo_nontransmitted bss;
    vo_nontransmitted_begin(hold(beacon, size), (uint32_t)size, MAC(0), &list);
    assert_true(vo_nontransmitted_next(&list, &bss));
    return vo_nontransmitted_elements(held, (uint32_t)size, &bss, buffer, room);
}

static bool has_element(const uint8_t *data, uint32_t size, uint16_t id, uint8_t first)
{
    struct vo_elements elements = vo_elements_of(data, size);
    struct vo_element element;
    while (vo_element_next(&elements, &element))
        if (element.id == id && element.size && element.data[0] == first)
            return true;
    return false;
}

/* 11.1.3.8.4: what the profile does not have is the beacon's, but for what it says is not inherited (element
 * 255/56: one id, 70; one extension, 36), the SSID and the TIM. Of two vendors' elements one is its own. */
static const uint8_t of_beacon[] = {0,  1, 'x', 5, 4,  0, 1,   0, 0, 48, 1, 7, 70, 1,   7, 45, 1, 7, 255, 2,
                                    36, 7, 255, 2, 35, 7, 221, 5, 1, 2,  3, 4, 7,  221, 5, 1,  2, 3, 5,   7};
static const uint8_t of_profile[] = {83, 2, 11, 4, 0, 1, 'a', 85, 1,  1, 48, 1, 9, 221,
                                     5,  1, 2,  3, 4, 9, 255, 5,  56, 1, 70, 1, 36};

static void profiles_inherit(void **state)
{
    (void)state;
    enum { HEADER = 5, PROFILE = sizeof of_profile };
    uint8_t all[256];
    struct vo_nontransmitted_list list;
    struct vo_nontransmitted bss;
    uint8_t data[sizeof of_beacon + HEADER + PROFILE];
    memcpy(data, of_beacon, sizeof of_beacon);
    memcpy(data + sizeof of_beacon, (const uint8_t[HEADER]){71, PROFILE + 3, 2, 0, PROFILE}, HEADER);
    memcpy(data + sizeof of_beacon + HEADER, of_profile, PROFILE);
    uint32_t size = elements_of(data, sizeof data, all, sizeof all);
    assert_true(has_element(all, size, 0, 'a') && !has_element(all, size, 0, 'x'));
    assert_true(has_element(all, size, 48, 9) && !has_element(all, size, 48, 7));
    assert_true(has_element(all, size, 45, 7));
    assert_false(has_element(all, size, 70, 7) || has_element(all, size, 5, 0) ||
                 has_element(all, size, 71, 2));
    assert_true(has_element(all, size, VO_ELEMENT_HE_CAPABILITIES, 7));
    assert_false(has_element(all, size, VO_ELEMENT_HE_OPERATION, 7));
    struct vo_elements elements = vo_elements_of(all, size);
    struct vo_element element;
    unsigned vendors = 0;
    while (vo_element_next(&elements, &element))
        if (element.id == VO_ELEMENT_VENDOR)
            assert_int_equal(element.data[4], vendors++ == 0 ? 9 : 7); /* its own 1-2-3:4, the beacon's :5 */
    assert_int_equal(vendors, 2);
    for (uint32_t room = 0; room < size; room++) { /* whole elements, and no more than there is room for */
        uint8_t *exact = malloc(room ? room : 1);
        assert_non_null(exact);
        uint32_t used = elements_of(data, sizeof data, exact, room);
        assert_true(used <= room);
        elements = vo_elements_of(exact, used);
        while (vo_element_next(&elements, &element))
            continue;
        assert_false(vo_elements_are_malformed(&elements));
        free(exact);
    }
    vo_nontransmitted_begin(hold(data, sizeof data), sizeof data, MAC(0), &list);
    assert_true(vo_nontransmitted_next(&list, &bss));
    assert_true(bss.has_capability);
    assert_int_equal(bss.capability, 0x040b);
}

/* A profile that ends its element may go on in the next one, which then does not begin with a capability
 * (9.4.2.45): there its RSN is. A third element begins with another BSS's. */
static void profiles_in_two_elements(void **state)
{
    (void)state;
    const uint8_t data[] = {48, 1,   7,  71, 13, 1,  0, 10, 83, 2, 17, 4, 0,
                            1,  'a', 85, 1,  1,  71, 6, 1,  0,  3, 48, 1, 9};
    const uint8_t others[] = {48, 1, 7, 71, 13, 1, 0, 10, 83, 2, 17, 4,  0, 1, 'a',
                              85, 1, 1, 71, 9,  1, 0, 6,  83, 1, 0,  48, 1, 9};
    uint8_t all[256];
    uint32_t size = elements_of(data, sizeof data, all, sizeof all);
    assert_true(has_element(all, size, 48, 9) && !has_element(all, size, 48, 7));
    size = elements_of(others, sizeof others, all, sizeof all);
    assert_true(has_element(all, size, 48, 7) && !has_element(all, size, 48, 9));
    for (uint32_t cut = 18; cut < sizeof data; cut++) /* without its second part */
        assert_true(has_element(all, elements_of(data, cut, all, sizeof all), 48, 7));
}

/* --- Reduced neighbour report --------------------------------------------------------------------- */

/* Two rows of 16 bytes (6 GHz, channel 37), one of 5 (5 GHz, channel 36), one of a type that is not known,
 * one of 7 (2.4 GHz, channel 11). */
static const uint8_t report[] = {
    201,  65, /* 0 */
    0x10, 16,         131,
    37, /* 2 */
    255,  ADDRESS(1), L32(0x12345678),
    0x42, 0xf6,       7,
    0x21, 0, /* 6 */
    10,   ADDRESS(2), L32(0x12345679),
    0x00, 20,         0,
    0x02, 0, /* 22 */
    0x00, 5,          115,
    36,   0,          L32(0xabcdef01), /* 38 */
    0x01, 5,          81,
    1,    1,          2,
    3,    4,          5, /* 47 */
    0x00, 7,          81,
    11,   3,          ADDRESS(3), /* 56 */
};

static void neighbors(void **state)
{
    (void)state;
    struct vo_neighbor_list list;
    struct vo_neighbor neighbor;
    assert_int_equal(sizeof report, 67);
    vo_neighbors_begin(hold(report, sizeof report), sizeof report, &list);
    assert_true(vo_neighbor_next(&list, &neighbor));
    assert_int_equal(neighbor.has, VO_NEIGHBOR_BSSID | VO_NEIGHBOR_SHORT_SSID | VO_NEIGHBOR_PARAMETERS |
                                       VO_NEIGHBOR_POWER | VO_NEIGHBOR_MLD);
    assert_true(neighbor.bssid == MAC(1));
    assert_int_equal(neighbor.short_ssid, 0x12345678);
    assert_int_equal(neighbor.parameters, VO_NEIGHBOR_CO_LOCATED | VO_NEIGHBOR_SAME_SSID);
    assert_int_equal(neighbor.power_half_dbm, -10);
    assert_int_equal(neighbor.mld_id, 7);
    assert_int_equal(neighbor.link_id, 1);
    assert_int_equal(neighbor.operating_class, 131);
    assert_int_equal(neighbor.frequency_mhz, 6135); /* 5950 + 5 x 37, not channel 37 of another band */
    assert_true(vo_neighbor_next(&list, &neighbor));
    assert_true(neighbor.bssid == MAC(2));
    assert_true(neighbor.has & VO_NEIGHBOR_OFFSET);
    assert_int_equal(neighbor.offset_tu, 10);
    assert_true(vo_neighbor_next(&list, &neighbor));
    assert_int_equal(neighbor.has, VO_NEIGHBOR_SHORT_SSID | VO_NEIGHBOR_OFFSET);
    assert_true(neighbor.bssid == VO_WLAN_NO_ADDRESS);
    assert_int_equal(neighbor.short_ssid, 0xabcdef01);
    assert_int_equal(neighbor.frequency_mhz, 5180);
    assert_true(vo_neighbor_next(&list, &neighbor));
    assert_true(neighbor.bssid == MAC(3));
    assert_int_equal(neighbor.frequency_mhz, 2462);
    assert_false(vo_neighbor_next(&list, &neighbor));
}

/* Every size of a row, from nothing to longer than any that is known: the parts that it has lie in it. */
static void every_size_of_a_row(void **state)
{
    (void)state;
    for (unsigned size = 0; size <= 40; size++) {
        uint8_t data[2 + 4 + 40] = {201, (uint8_t)(4 + size), 0x00, (uint8_t)size, 200, 1};
        struct vo_neighbor_list list;
        struct vo_neighbor neighbor;
        vo_neighbors_begin(hold(data, 6 + size), 6 + size, &list);
        assert_int_equal(vo_neighbor_next(&list, &neighbor), size != 0);
        if (size == 0)
            continue;
        assert_int_equal(!!(neighbor.has & VO_NEIGHBOR_BSSID), size >= 7 && size <= 13 ? 1 : size >= 16);
        assert_int_equal(!!(neighbor.has & VO_NEIGHBOR_MLD), size >= 16);
        assert_int_equal(neighbor.frequency_mhz, 0); /* class 200 is none that is known */
        assert_false(vo_neighbor_next(&list, &neighbor));
    }
}

static void neighbors_at_every_length(void **state)
{
    (void)state;
    uint8_t cut[sizeof report];
    memcpy(cut, report, sizeof report);
    for (uint32_t size = 2; size <= sizeof report; size++) {
        struct vo_neighbor_list list;
        struct vo_neighbor neighbor;
        unsigned count = 0;
        cut[1] = (uint8_t)(size - 2); /* an element that is whole, and whose sets are not */
        vo_neighbors_begin(hold(cut, size), size, &list);
        while (vo_neighbor_next(&list, &neighbor))
            count++;
        assert_int_equal(count, (size >= 38 ? 2 : 0) + (size >= 47 ? 1 : 0) + (size >= 67 ? 1 : 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bssids_of_one_beacon),     cmocka_unit_test(bssids_at_every_length),
        cmocka_unit_test(group_sizes_that_lie),     cmocka_unit_test(profiles_inherit),
        cmocka_unit_test(profiles_in_two_elements), cmocka_unit_test(neighbors),
        cmocka_unit_test(every_size_of_a_row),      cmocka_unit_test(neighbors_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
