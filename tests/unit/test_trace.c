/* SPDX-License-Identifier: Apache-2.0 */
/* Traces: plain and packed, odd ones, and a pool whose course is known. */
#include "backtest/trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backtest/pool_run.h"
#include "unit.h"

static int read_text(const char *text, struct trace *trace, struct error *error)
{
    char path[] = "/tmp/larder-trace-XXXXXX";
    int fd = mkstemp(path), status;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    status = trace_read(path, trace, error);
    unlink(path);
    return status;
}

START_TEST(columns_in_any_order)
{
    struct trace trace;
    struct error error = { 0 };

    ck_assert_int_eq(read_text("key,count,time,batch\na,2,0,1\na,1,0,1\nb,4,300,2\r\na,1,600,3\n",
                               &trace, &error), 0);
    ck_assert_uint_eq(trace.count, 3);
    ck_assert_str_eq(trace.series[1].key, "a");
    ck_assert_uint_eq(trace.series[1].count, 2); /* rows of one batch are one */
    ck_assert_int_eq(trace.series[1].arrivals[0].count, 3);
    ck_assert_double_eq(trace.series[0].servers, 8);
    ck_assert_int_eq(trace.last_s, 600);
    trace_clear(&trace);
}
END_TEST

START_TEST(comments_and_a_key_called_total)
{
    struct trace trace;
    struct error error = { 0 };

    ck_assert_int_eq(read_text("# whose it is\ntime,key,count\n0,total,2\n# more\n1,b,3\n",
                               &trace, &error), 0);
    ck_assert_uint_eq(trace.count, 3);
    ck_assert_double_eq(trace.series[0].servers, 5);
    ck_assert_double_eq(trace.series[1].servers, 2);
    trace_clear(&trace);
}
END_TEST

START_TEST(long_keys_are_refused)
{
    char text[256];
    struct trace trace;
    struct error error = { 0 };

    snprintf(text, sizeof(text), "time,key,count\n0,%0*d,2\n", TRACE_KEY_MOST, 1);
    ck_assert_int_eq(read_text(text, &trace, &error), -EPROTO);
    ck_assert_ptr_nonnull(strstr(error.message, "too long"));
}
END_TEST

START_TEST(odd_files_are_refused)
{
    static const char *const odd[] = {
        "", "time,key\n1,a\n", "time,key,count\n", "time,key,count\nx,a,1\n",
        "time,key,count\n1,a,0\n", "time,key,count\n1,a,-4\n", "time,key,count\n1,a\n",
        "time,key,count\n5,a,1\n4,a,1\n", "time,key,count\n1,a,99999999999\n",
    };
    struct trace trace;

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct error error = { 0 };

        ck_assert_int_lt(read_text(odd[i], &trace, &error), 0);
        ck_assert_int_gt(strlen(error.message), 10);
    }
    ck_assert_int_eq(trace_read("/nowhere/at.all", &trace, NULL), -ENOENT);
}
END_TEST

START_TEST(packed_traces)
{
    const char *top = getenv("top_srcdir");
    char path[4096];
    struct trace trace;
    struct error error = { 0 };

    ck_assert_ptr_nonnull(top);
    snprintf(path, sizeof(path), "%s/tests/data/azure-8c56g.csv.xz", top);
    ck_assert_msg(trace_read(path, &trace, &error) == 0, "%s", error.message);
    ck_assert_uint_eq(trace.count, 2);
    ck_assert_double_eq(trace.series[0].servers, trace.series[1].servers);
    ck_assert_double_gt(trace.series[0].servers, 10000);
    trace_clear(&trace);
}
END_TEST

/* Five are ready; what is ordered at the end of a slot is usable when two more have ended. */
START_TEST(pool_with_a_lead)
{
    static const double demand[] = { 3, 2, 1, 3, 4 }, served[] = { 3, 2, 0, 3, 2 };
    struct pool_run run;

    pool_run_start(&run, 1, 5);
    for (int i = 0; i < 5; i++) {
        struct pool_score score = { 0 };

        pool_run_slot(&run, demand[i], 5, 1, &score);
        ck_assert_double_eq(score.served, served[i]);
    }
}
END_TEST

/* Of an even demand the target must be that of lead + 2 slots, and no less will do. */
START_TEST(what_a_target_must_cover)
{
    for (int lead = 0; lead < 4; lead++)
        for (int slots = lead + 1; slots <= lead + 2; slots++) {
            struct pool_score score = { 0 };
            struct pool_run run;

            pool_run_start(&run, lead, 10 * slots);
            for (int i = 0; i < 100; i++)
                pool_run_slot(&run, 10, 10 * slots, 1, &score);
            ck_assert_int_eq(score.served == score.demand, slots == lead + 2);
        }
}
END_TEST

UNIT_MAIN("trace", columns_in_any_order, comments_and_a_key_called_total, long_keys_are_refused,
          odd_files_are_refused, packed_traces, pool_with_a_lead,
          what_a_target_must_cover)
