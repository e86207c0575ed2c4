/* SPDX-License-Identifier: Apache-2.0 */
/* Targets of single pools, and the sentence that says why; see target.h. */
#include "reserve/target.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int64_t protection_interval_ms(int64_t lead_time_ms, int64_t review_ms)
{
    return (lead_time_ms > 0 ? lead_time_ms : 0) + review_ms;
}

/* ---- reasons ---- */

void target_reason_add(char reason[static TARGET_REASON_SIZE], const char *format, ...)
{
    size_t used = strlen(reason);
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(reason + used, TARGET_REASON_SIZE - used, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= TARGET_REASON_SIZE - used)
        reason[used] = '\0';
}

/* "45 s", "7.5 min", "3.0 h" */
static void write_length(int64_t ms, char ret_text[static 32])
{
    double seconds = (double)ms / 1000;

    if (seconds < 120)
        snprintf(ret_text, 32, "%.0f s", seconds);
    else if (seconds < 7200)
        snprintf(ret_text, 32, "%.1f min", seconds / 60);
    else
        snprintf(ret_text, 32, "%.1f h", seconds / 3600);
}

static void explain_wanted(const struct target_case *of, int64_t asked, char *reason)
{
    char length[32];

    write_length(of->interval_ms, length);
    if (of->level <= 0)
        target_reason_add(reason, "the tier %s holds nothing ready", tier_name(of->tier));
    else if (!of->forecast)
        target_reason_add(reason, "there is no forecast");
    else
        target_reason_add(reason, "%" PRId64 " cover what comes in %s with probability %.5g "
                          "(%s), %.3g are expected", asked, length, of->level,
                          tier_name(of->tier), of->forecast->mean);
    if (asked > of->ceiling)
        target_reason_add(reason, "; the ceiling allows %" PRId64, of->ceiling);
}

static void explain_fall(const struct target_case *of, const struct target_answer *answer,
                         char *reason)
{
    char length[32];

    write_length(of->idle_age_ms, length);
    if (answer->after.target > answer->wanted)
        target_reason_add(reason, "; no more than %" PRId64 " were asked for in the last %s",
                          answer->after.target, length);
    else
        target_reason_add(reason, "; no more were asked for in the last %s", length);
}

/* ---- targets ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t asked_for(const struct target_case *of)
{
    if (of->level <= 0 || !of->forecast)
        return 0;
    return distribution_quantile(of->forecast, of->level);
}

/* Less is wanted than is held. */
static void wait_or_fall(const struct target_case *of, int64_t wanted, int64_t now_ms,
                         struct target_state *state)
{
    if (state->lower_since_ms <= 0 || state->lower_since_ms > now_ms) {
        state->lower_since_ms = now_ms;
        state->lower_most = wanted;
    }
    if (wanted > state->lower_most)
        state->lower_most = wanted;
    if (now_ms - state->lower_since_ms < of->idle_age_ms)
        return;
    state->target = least(state->target, state->lower_most);
    state->lower_since_ms = wanted < state->target ? now_ms : 0;
    state->lower_most = state->lower_since_ms ? wanted : 0;
}

static void follow(const struct target_case *of, int64_t wanted, int64_t now_ms,
                   struct target_state *state)
{
    state->target = least(state->target, of->ceiling);
    if (wanted < state->target)
        wait_or_fall(of, wanted, now_ms, state);
    else
        *state = (struct target_state){ .target = wanted };
}

void target_set(const struct target_case *of, int64_t now_ms, struct target_answer *ret_answer)
{
    int64_t asked = asked_for(of);
    struct target_answer answer = { .wanted = least(asked, of->ceiling), .after = of->before };

    if (of->level > 0 && of->forecast && of->stale) {
        answer.after.target = answer.wanted = least(of->before.target, of->ceiling);
        target_reason_add(answer.reason, "the forecast is too old: the target stays");
    } else {
        explain_wanted(of, asked, answer.reason);
        follow(of, answer.wanted, now_ms, &answer.after);
        if (answer.after.target < least(of->before.target, of->ceiling))
            explain_fall(of, &answer, answer.reason);
    }
    *ret_answer = answer;
}
