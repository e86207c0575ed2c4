/* SPDX-License-Identifier: Apache-2.0 */
/* The main of a unit test: runs the named tests of one module, each in a process of its own. */
#ifndef LARDER_TESTS_UNIT_H
#define LARDER_TESTS_UNIT_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

static inline int unit_run(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 60);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(cases, tests[i]);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* UNIT_MAIN("module", test_a, test_b, ...) */
#define UNIT_MAIN(name, ...)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = { __VA_ARGS__ };                                              \
                                                                                                   \
        return unit_run(name, tests, sizeof(tests) / sizeof(tests[0]));                            \
    }

#endif
