/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics: counted by label, in many threads, and written as Prometheus reads them. */
#include "base/metric.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "unit.h"

static DEFINE_COUNTER(calls, "larder_test_calls_total", "Calls.", { "service", "network|volume" },
                      { "outcome", "done|failed|other" });
static DEFINE_COUNTER(plain, "larder_test_plain_total", "One \\ two\nthree \"four\".");
static DEFINE_GAUGE(depth, "larder_test_depth", "Depth.", { "kind", "port|volume" });
static const int64_t bounds[] = { 100, 1000, 2500 };
static DEFINE_HISTOGRAM(lead, "larder_test_lead_seconds", "Lead.", bounds,
                        { "kind", "port|volume" });

static void expect_line(const char *line)
{
    auto_strbuf out = STRBUF_INIT(65536);
    const char *at;

    metric_write_all(&out);
    ck_assert_int_eq(out.status, 0);
    at = strstr(strbuf_text(&out), line);
    ck_assert_msg(at && (at == out.text || at[-1] == '\n') && at[strlen(line)] == '\n',
                  "there is no line '%s' in\n%s", line, strbuf_text(&out));
}

START_TEST(labels_choose_the_cell)
{
    metric_count(&calls, 1, 0);
    metric_add(&calls, 4, 1, 0);
    metric_count(&calls, 0, 2);
    expect_line("larder_test_calls_total{service=\"network\",outcome=\"done\"} 0");
    expect_line("larder_test_calls_total{service=\"volume\",outcome=\"done\"} 5");
    expect_line("larder_test_calls_total{service=\"network\",outcome=\"other\"} 1");
    ck_assert_int_eq(metric_value(&calls, 1, 0), 5);
}
END_TEST

START_TEST(what_no_label_has_changes_nothing)
{
    metric_count(&calls, 2, 0);
    metric_count(&calls, -1, 0);
    metric_count(&calls, 0, 3);
    metric_count(&plain, 0, 1);
    metric_observe(&lead, 5, 2, 0);
    metric_observe(&lead, -5, 0, 0);
    for (int i = 0; i < METRIC_CELLS_MOST; i++)
        ck_assert_int_eq(calls.cells[i] + plain.cells[i] + lead.cells[i], 0);
}
END_TEST

START_TEST(words_find_their_label)
{
    metric_count_word(&calls, 0, "done");
    metric_count_word(&calls, 0, "failed");
    metric_count_word(&calls, 0, "fail");
    metric_count_word(&calls, 0, "");
    metric_count_word(&calls, 0, "done|failed");
    ck_assert_int_eq(metric_value(&calls, 0, 0), 1);
    ck_assert_int_eq(metric_value(&calls, 0, 1), 1);
    ck_assert_int_eq(metric_value(&calls, 0, 2), 3);
}
END_TEST

START_TEST(help_and_type_come_first_and_are_escaped)
{
    expect_line("# HELP larder_test_plain_total One \\\\ two\\nthree \"four\".");
    expect_line("# TYPE larder_test_plain_total counter");
    expect_line("larder_test_plain_total 0");
    metric_set(&depth, 7, 1, 0);
    metric_set(&depth, -3, 1, 0);
    expect_line("# TYPE larder_test_depth gauge");
    expect_line("larder_test_depth{kind=\"volume\"} -3");
}
END_TEST

/* A bucket holds what is at most its bound, and all that the buckets before it hold. */
START_TEST(buckets_add_up)
{
    static const int64_t durations_ms[] = { 0, 100, 101, 1000, 2600, 100000 };

    for (size_t i = 0; i < 6; i++)
        metric_observe(&lead, durations_ms[i], 1, 0);
    expect_line("# TYPE larder_test_lead_seconds histogram");
    expect_line("larder_test_lead_seconds_bucket{kind=\"volume\",le=\"0.1\"} 2");
    expect_line("larder_test_lead_seconds_bucket{kind=\"volume\",le=\"1\"} 4");
    expect_line("larder_test_lead_seconds_bucket{kind=\"volume\",le=\"2.5\"} 4");
    expect_line("larder_test_lead_seconds_bucket{kind=\"volume\",le=\"+Inf\"} 6");
    expect_line("larder_test_lead_seconds_sum{kind=\"volume\"} 103.801");
    expect_line("larder_test_lead_seconds_count{kind=\"volume\"} 6");
    expect_line("larder_test_lead_seconds_count{kind=\"port\"} 0");
}
END_TEST

START_TEST(samples_made_on_demand_escape_what_others_named)
{
    auto_strbuf out = STRBUF_INIT(1000);
    const struct metric_pair pairs[] = { { "flavor", "a\"b\\c\nd" }, { "zone", "ü" } };

    metric_write_sample(&out, "larder_test", pairs, 2, 0.1);
    metric_write_sample(&out, "larder_test", NULL, 0, NAN);
    metric_write_sample(&out, "larder_test", NULL, 0, INFINITY);
    metric_write_sample(&out, "larder_test", NULL, 0, -INFINITY);
    metric_write_sample(&out, "larder_test", NULL, 0, 9007199254740991.0);
    ck_assert_str_eq(strbuf_text(&out),
                     "larder_test{flavor=\"a\\\"b\\\\c\\nd\",zone=\"ü\"} 0.1\nlarder_test NaN\n"
                     "larder_test +Inf\nlarder_test -Inf\nlarder_test 9.00719925474099e+15\n");
}
END_TEST

static void *count_many(void *argument)
{
    (void)argument;
    for (int i = 0; i < 10000; i++) {
        metric_count(&calls, 0, 0);
        metric_observe(&lead, i, 0, 0);
    }
    return NULL;
}

START_TEST(no_count_is_lost_among_threads)
{
    pthread_t threads[8];

    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_many, NULL), 0);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(metric_value(&calls, 0, 0), 80000);
    expect_line("larder_test_lead_seconds_count{kind=\"port\"} 80000");
}
END_TEST

START_TEST(names_come_in_order)
{
    auto_strbuf out = STRBUF_INIT(65536);
    const char *last;

    metric_write_all(&out);
    last = strstr(strbuf_text(&out), "larder_test_calls_total");
    ck_assert_ptr_nonnull(last);
    ck_assert(last < strstr(last, "larder_test_depth"));
    ck_assert(strstr(last, "larder_test_depth") < strstr(last, "larder_test_lead_seconds"));
    ck_assert(strstr(last, "larder_test_lead_seconds") < strstr(last, "larder_test_plain_total"));
}
END_TEST

UNIT_MAIN("metric", labels_choose_the_cell, what_no_label_has_changes_nothing,
          words_find_their_label, help_and_type_come_first_and_are_escaped, buckets_add_up,
          samples_made_on_demand_escape_what_others_named, no_count_is_lost_among_threads,
          names_come_in_order)
