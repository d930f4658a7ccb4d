/* Texts that are kept once. */
#include "analyze/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void once(void **state)
{
    (void)state;
    struct vo_texts texts = {0};
    struct vo_arena arena = {0};
    char text[] = "place";
    assert_null(vo_texts_get(&texts, &arena, NULL));
    assert_null(vo_texts_find(&texts, "place"));
    const char *kept = vo_texts_get(&texts, &arena, text);
    text[0] = 'x'; /* it is a copy */
    assert_string_equal(kept, "place");
    assert_ptr_equal(vo_texts_get(&texts, &arena, "place"), kept);
    assert_ptr_equal(vo_texts_find(&texts, "place"), kept);
    assert_ptr_not_equal(vo_texts_get(&texts, &arena, ""), kept);
    assert_int_equal(texts.count, 2);
    vo_texts_release(&texts);
    vo_arena_release(&arena);
}

/* More than the first table holds: all are found again, at the same address. */
static void many(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    static const char *kept[MANY];
    struct vo_texts texts = {0};
    struct vo_arena arena = {0};
    char text[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "text %d", i);
        kept[i] = vo_texts_get(&texts, &arena, text);
    }
    assert_int_equal(texts.count, MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "text %d", i);
        assert_ptr_equal(vo_texts_get(&texts, &arena, text), kept[i]);
    }
    assert_int_equal(texts.count, MANY);
    vo_texts_release(&texts);
    vo_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(once), cmocka_unit_test(many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
