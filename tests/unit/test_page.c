/* SPDX-License-Identifier: Apache-2.0 */
/* The backtest's page: films that shrink, names that are escaped, nothing from elsewhere. */
#include "backtest/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct film film_of(size_t count, int64_t step_s)
{
    struct film film;

    ck_assert_int_eq(film_new(count, 10 * 86400, step_s, &film), 0);
    for (size_t i = 0; i < count; i++)
        film.frames[i] = (struct frame){ (float)(i % 7), { 1, 5, 9 }, 3, 4, 0 };
    return film;
}

START_TEST(shrinks_to_means_and_sums)
{
    struct film film = film_of(5, 300), less;

    for (int i = 0; i < 5; i++)
        film.frames[i].missed = 2;
    film.frames[1].coming = NAN;
    film.frames[4].coming = NAN;
    film.frames[4].missed = NAN;
    ck_assert_int_eq(film_shrink(&film, 3, &less), 0);
    ck_assert_uint_eq(less.count, 3);
    ck_assert_int_eq(less.step_s, 600);
    ck_assert_double_eq((double)less.frames[0].coming, 0); /* one of two is known */
    ck_assert_double_eq((double)less.frames[1].coming, 2.5);
    ck_assert(isnan(less.frames[2].coming) && isnan(less.frames[2].missed));
    ck_assert_double_eq((double)less.frames[0].missed, 4);
    ck_assert_double_eq((double)less.frames[1].ready, 3);
    film_clear(&less);
    film_clear(&film);
    ck_assert_int_eq(film_new(0, 0, 300, &film), 0);
    ck_assert_int_eq(film_shrink(&film, 240, &less), 0);
    ck_assert_uint_eq(less.count, 0);
    film_clear(&less);
    film_clear(&film);
}
END_TEST

START_TEST(finds_the_worst_day)
{
    struct film film = film_of(4 * 288, 300);
    struct film day;

    film.frames[500].coming = 1e6F;
    day = film_worst_day(&film); /* no misses: the most demand */
    ck_assert(day.frames <= film.frames + 500 && day.frames + day.count > film.frames + 500);
    film.frames[1100].missed = 1;
    day = film_worst_day(&film);
    ck_assert_uint_eq(day.count, 288);
    ck_assert(day.frames <= film.frames + 1100 && day.frames + day.count > film.frames + 1100);
    ck_assert_int_eq(day.first_s % 3600, 0);
    film_clear(&film);
}
END_TEST

START_TEST(pools_add_up)
{
    struct film film = film_of(3, 300), sum;

    ck_assert_int_eq(film_new(3, 0, 300, &sum), 0);
    film_add_pool(&sum, &film);
    film_add_pool(&sum, &film);
    ck_assert_double_eq((double)sum.frames[2].ready, 6);
    ck_assert_double_eq((double)sum.frames[2].target, 8);
    ck_assert(isnan(sum.frames[2].coming));
    film_clear(&sum);
    film_clear(&film);
}
END_TEST

static char *written(const struct page_trace *trace)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    ck_assert_ptr_nonnull(out);
    page_begin(out);
    ck_assert_int_eq(page_trace(out, trace), 0);
    page_end(out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

static size_t count(const char *text, const char *word)
{
    size_t found = 0;

    for (; (text = strstr(text, word)); text += strlen(word))
        found++;
    return found;
}

START_TEST(a_page_needs_nothing_else)
{
    struct backtest_options options = { .slot_s = 300, .lead_slots = 1, .level = 0.99,
                                        .end_s = 30 * 86400 };
    struct page_series series[2] = { { .key = "<b>&\"'", .film = film_of(1000, 300) },
                                     { .key = "rare" } };
    struct page_trace trace = { .name = "</title><script>alert(1)</script>", .options = &options,
                                .series = series, .count = 2 };

    trace.all.film = film_of(1000, 300);
    trace.total.film = film_of(1000, 300);
    char *text = written(&trace);

    ck_assert_ptr_null(strstr(text, "<script"));
    ck_assert_ptr_null(strstr(text, "<b>&"));
    ck_assert_ptr_nonnull(strstr(text, "&lt;b&gt;&amp;&quot;&#39;"));
    ck_assert_ptr_null(strstr(text, "://"));
    ck_assert_ptr_null(strstr(text, "url("));
    ck_assert_ptr_null(strstr(text, "src="));
    ck_assert_ptr_null(strstr(text, "nan"));
    ck_assert_ptr_null(strstr(text, "inf"));
    ck_assert_uint_eq(count(text, "<svg"), 12); /* all, the first key, total: four each */
    ck_assert_uint_eq(count(text, "</svg>"), 12);
    ck_assert_uint_lt(strlen(text), 300000);
    free(text);
    film_clear(&series[0].film);
    film_clear(&trace.all.film);
    film_clear(&trace.total.film);
}
END_TEST

/* No slots, one slot, nothing known, nothing wanted, the largest numbers. */
START_TEST(odd_films_are_drawn)
{
    static const size_t counts[] = { 0, 1, 3, 3, 3 };
    static const float values[] = { 0, 1, NAN, 0, 3e12F };
    struct backtest_options options = { .slot_s = 3600 };

    for (int i = 0; i < 5; i++) {
        struct page_series series = { .key = "odd", .film = film_of(counts[i], 3600) };
        float value = values[i];

        for (size_t j = 0; j < counts[i]; j++)
            series.film.frames[j] = (struct frame){ value, { value, value, value }, value, value,
                                                    value };
        char *text = written(&(struct page_trace){ .name = "odd", .options = &options,
                                                   .series = &series, .count = 1 });

        ck_assert_uint_eq(count(text, "<svg"), 4);
        ck_assert_ptr_null(strstr(text, "nan"));
        ck_assert_ptr_null(strstr(text, "inf"));
        free(text);
        film_clear(&series.film);
    }
}
END_TEST

UNIT_MAIN("page", shrinks_to_means_and_sums, finds_the_worst_day, pools_add_up,
          a_page_needs_nothing_else, odd_films_are_drawn)
