/* SPDX-License-Identifier: Apache-2.0 */
/* A request sent with patience; see send.h. */
#include "cloud/send.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/pulse.h"
#include "base/random.h"
#include "cloud/retry.h"

LOG_MODULE("cloud");

static const struct backoff between_tries = { .first_ms = 500, .most_ms = 8000 };

enum call_outcome { CALL_DONE, CALL_REFUSED, CALL_THROTTLED, CALL_FAILED, CALL_UNANSWERED };

static const int64_t call_bounds_ms[] = { 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000,
                                          30000 };
static DEFINE_COUNTER(calls, "larder_cloud_calls_total",
                      "Requests sent to OpenStack's services, each attempt, by what came of it.",
                      { "service", SERVICE_CHOICES },
                      { "outcome", "done|refused|throttled|failed|unanswered" });
static DEFINE_COUNTER(retries, "larder_cloud_retries_total",
                      "Requests that were sent again.", { "service", SERVICE_CHOICES });
static DEFINE_HISTOGRAM(call_seconds, "larder_cloud_call_duration_seconds",
                        "Time to the answer of an OpenStack service, each attempt.",
                        call_bounds_ms, { "service", SERVICE_CHOICES });

static enum call_outcome call_outcome(const struct http_answer *answer)
{
    if (!answer->status)
        return CALL_UNANSWERED;
    if (answer->status == 429)
        return CALL_THROTTLED;
    if (answer->status >= 500)
        return CALL_FAILED;
    return answer->status >= 400 ? CALL_REFUSED : CALL_DONE;
}

static void note_answer(enum service service, const struct http_answer *answer)
{
    pulse_beat();
    metric_count(&calls, (int)service, call_outcome(answer));
    metric_observe(&call_seconds, answer->took_ms, (int)service, 0);
}

static void sleep_ms(int64_t ms)
{
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    while (ms > 0 && nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

static void log_answer(const struct asked *asked, const struct http_answer *answer)
{
    log_debug("%s: %s %s: %d%s%s in %" PRId64 " ms%s%s", service_name(asked->service),
              asked->method, asked->path, answer->status, answer->status ? "" : " ",
              answer->reason, answer->took_ms, answer->request_id[0] ? " request_id=" : "",
              answer->request_id);
}

static bool may_send_again(const struct request *request, const struct http_answer *answer)
{
    const struct attempt attempt = {
        .method = request->repeatable ? "GET" : request->asked.method,
        .status = answer->status,
        .sent = answer->outcome != HTTP_UNREACHED,
    };

    return answer->outcome != HTTP_UNTRUSTED && answer->outcome != HTTP_TOO_LARGE &&
           retry_allowed(&attempt);
}

/* How long to wait before the next try: as long as the service asks for, and not less than our own
 * backoff. */
static int64_t wait_ms(const struct http_answer *answer, int failures)
{
    uint32_t random;
    int64_t asked_ms = retry_after_ms(answer->retry_after, clock_now_ms());
    int64_t own_ms;

    random_bytes(&random, sizeof(random));
    own_ms = backoff_delay_ms(&between_tries, failures, random);
    return asked_ms > own_ms ? asked_ms : own_ms;
}

const struct http_answer *send_request(struct cloud *cloud, struct http *http,
                                       const struct request *request)
{
    const struct asked *asked = &request->asked;
    const struct http_answer *answer;
    int64_t deadline_ms, delay_ms;

    sleep_ms(session_pace_ms(cloud, asked->service));
    deadline_ms = clock_monotonic_ms() + request->timeout_ms;
    for (int failures = 1;; failures++) {
        answer = http_exchange(http, asked->method, request->url, request->body,
                               deadline_ms - clock_monotonic_ms());
        log_answer(asked, answer);
        note_answer(asked->service, answer);
        if (failures > cloud->options.retries || !may_send_again(request, answer))
            return answer;
        delay_ms = wait_ms(answer, failures) + session_pace_ms(cloud, asked->service);
        if (clock_monotonic_ms() + delay_ms >= deadline_ms)
            return answer;
        log_info("%s: %s %s: %s%.0d: trying again in %" PRId64 " ms", service_name(asked->service),
                 asked->method, asked->path, answer->status ? "HTTP " : answer->reason,
                 answer->status, delay_ms);
        metric_count(&retries, (int)asked->service, 0);
        sleep_ms(delay_ms);
    }
}
