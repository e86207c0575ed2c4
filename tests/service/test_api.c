/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API as it is reached: the server runs here, over a real MariaDB and the Keystone at
 * LARDER_TEST_KEYSTONE; api.py is its clients.  The two talk through pipes: we tell the port and
 * the route table, and stock pools when told to.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/pulse.h"
#include "role/planner.h"
#include "store/forecast.h"
#include "store/image_host.h"
#include "store/member.h"
#include "store/query.h"
#include "tests/service/service.h"
#include "tests/unit/exponential.h"

static const struct api_options options = {
    .bind_host = "127.0.0.1", .max_body_bytes = 65536, .max_connections = 256,
    .idle_timeout_s = 3, .hook_role = "larder_hook", .admin_role = "admin",
    .reader_role = "reader", .metrics = "auto", .metrics_pools = 100,
};
static struct claim_options claim_options = { .lifetime_s = 300, .adoption_timeout_s = 60 };
static const struct pool_defaults pool_defaults = { .ceiling = 100, .pools_per_project = 100 };

static atomic_int wakes;

static void count_wake(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
}

static atomic_int replans;

static void count_replan(void *context __attribute__((unused)))
{
    atomic_fetch_add(&replans, 1);
}

static int64_t token_cache_s = 60;

static struct cloud *open_cloud(const char *auth_url)
{
    static struct cloud_options cloud = {
        .auth_type = "password", .username = "larder", .user_domain_name = "Default",
        .project_name = "larder", .project_domain_name = "Default", .interface = "public",
        .connect_timeout_s = 5, .retries = 1,
        .services[SERVICE_IDENTITY] = { .timeout_s = 10 },
    };
    struct cloud *opened = NULL;

    cloud.token_cache_s = token_cache_s;
    ck_assert_msg(auth_url != NULL, "start this by tests/service/run");
    text_copy(cloud.auth_url, sizeof(cloud.auth_url), auth_url);
    text_copy(cloud.password, sizeof(cloud.password), getenv("LARDER_TEST_PASSWORD"));
    must(cloud_open(&cloud, &opened, &error));
    return opened;
}

/* ---- the clients ---- */

struct script {
    pid_t pid;
    FILE *from, *to;
};

static void run_script(const char *part, int in, int out)
{
    dup2(in, STDIN_FILENO);
    dup2(out, 3);
    for (int fd = 4; fd < 256; fd++)
        close(fd);
    execlp("python3", "python3", "-B", SOURCE_DIR "/tests/service/api.py", part, (char *)NULL);
    _exit(127);
}

static struct script start_script(const char *part)
{
    struct script script;
    int down[2], up[2];

    ck_assert_int_eq(pipe(down), 0);
    ck_assert_int_eq(pipe(up), 0);
    script.pid = fork();
    ck_assert_int_ge(script.pid, 0);
    if (script.pid == 0)
        run_script(part, down[0], up[1]);
    close(down[0]);
    close(up[1]);
    script.to = fdopen(down[1], "w");
    script.from = fdopen(up[0], "r");
    return script;
}

static void put_route(struct json_writer *writer, const struct route *route)
{
    json_begin_object(writer, NULL);
    json_put_text(writer, "method", route->method);
    json_put_text(writer, "path", route->path);
    json_put_text(writer, "access", access_name(route->access));
    json_put_bool(writer, "body", route->body);
    json_put_bool(writer, "list", route->parameters != NULL);
    json_end_object(writer);
}

static void tell_routes(FILE *to, int port)
{
    auto_strbuf text = STRBUF_INIT(65536);
    struct json_writer writer = JSON_WRITER(&text);
    size_t count;
    const struct route *routes = route_table(&count);

    json_begin_object(&writer, NULL);
    json_put_int(&writer, "port", port);
    json_put_text(&writer, "doc", SOURCE_DIR "/doc/api.md");
    json_begin_array(&writer, "routes");
    for (size_t i = 0; i < count; i++)
        put_route(&writer, &routes[i]);
    json_end_array(&writer);
    json_end_object(&writer);
    fprintf(to, "%s\n", strbuf_text(&text));
    fflush(to);
}

/* Nova has said that the host, the only one of aggregate 7, has the image in its cache. */
static void make_warm(const char *image_id, const char *host)
{
    struct image_answer answer = { .cached = true, .at_ms = clock_now_ms() };
    struct aggregate_host member = { .aggregate_id = 7, .name = "seven" };

    text_copy(answer.image_id, sizeof(answer.image_id), image_id);
    text_copy(answer.host, sizeof(answer.host), host);
    text_copy(member.host, sizeof(member.host), host);
    must(image_hosts_answered(service_store, &answer, 1, &error));
    must(aggregate_hosts_put(service_store, &member, 1, clock_now_ms(), &error));
}

/* A forecast of VCPUs whose every quantile is 'n'. */
static void forecast_vcpus(int n)
{
    struct forecast forecast = { .subject = FORECAST_RESOURCE, .subject_id = "VCPU",
                                 .length_s = 3600, .distribution.mean = n };

    for (size_t i = 0; i < DISTRIBUTION_LEVELS; i++)
        forecast.distribution.quantiles[i] = n;
    must(forecasts_write(service_store, &forecast, 1, &error));
}

/* Members that are up, late and down, in this order of their process ids. */
static void make_members(int count)
{
    int64_t now_ms = clock_now_ms();

    for (int i = 0; i < count; i++) {
        struct member member = { .host = "host1", .pid = i, .roles = "api,worker",
                                 .version = "1", .seen_ms = i == 2 ? 1 : now_ms };

        text_make_uuid(member.id);
        text_copy(member.late, sizeof(member.late), i == 1 ? "worker" : "");
        must(member_put(service_store, &member, &error));
    }
}

static void make_forecast(const char *pool_id, double mean)
{
    struct forecast made = { .subject = FORECAST_SERIES, .length_s = 300, .model_version = 1,
                             .made_ms = clock_now_ms(), .distribution = exponential(mean) };
    int64_t series_id = 0;

    must(query_run(service_store, "INSERT IGNORE INTO series (kind, digest, began_ms, last_ms)"
                   " SELECT kind, key_digest, 0, 0 FROM pools WHERE id = ?",
                   VALUES(TEXT(pool_id)), NULL, &error));
    must(query_read_int(service_store, "SELECT s.id FROM series s JOIN pools p"
                        " ON p.key_digest = s.digest WHERE p.id = ?", VALUES(TEXT(pool_id)),
                        &series_id, &error));
    snprintf(made.subject_id, sizeof(made.subject_id), "%lld", (long long)series_id);
    must(forecasts_write(service_store, &made, 1, &error));
}

static void plan(void)
{
    static struct planning planning = { .owner = "api", .options = {
        .tier = "probabilistic", .service_level = 0.99, .miss_cost = { 49, 49 },
        .idle_cost = { 1, 1 }, .review_s = 30, .idle_age_s = 1800, .forecast_age_s = 3600,
        .user_age_s = 86400, .lease_s = 60, .keep_days = 30 } };

    must(planning_pass(&planning, service_store, clock_now_ms(), &error));
}

/* Two forecasts of a series and one of a flavor whose id needs care. */
static void make_forecasts(long long series_id)
{
    struct forecast rows[3] = {
        { .subject = FORECAST_SERIES, .length_s = 600, .distribution.mean = 2 },
        { .subject = FORECAST_SERIES, .length_s = 3600 },
        { .subject = FORECAST_FLAVOR, .subject_id = "m1 &x", .length_s = 600 },
    };

    for (int i = 0; i < 2; i++)
        snprintf(rows[i].subject_id, sizeof(rows[i].subject_id), "%lld", series_id);
    for (int i = 0; i < DISTRIBUTION_LEVELS; i++)
        rows[0].distribution.quantiles[i] = i;
    must(forecasts_write(service_store, rows, 3, &error));
}

/* "stock POOL N" makes a pool's ready items N; "warm IMAGE HOST" a host warm; "members N" makes so
 * many; "vcpus N" forecasts so many; "forecast POOL MEAN" makes a forecast, "foretell SERIES"
 * several, "plan" sets targets; "wakes" asks how often the workers were woken, "replans" how often
 * the planner was. */
static void obey(char *line, FILE *to)
{
    char pool[ID_SIZE], host[64];
    long long series_id;
    int goal;

    if (sscanf(line, "stock %36s %d", pool, &goal) == 2)
        service_stock(pool, goal);
    else if (sscanf(line, "warm %36s %63s", pool, host) == 2)
        make_warm(pool, host);
    else if (sscanf(line, "vcpus %d", &goal) == 1)
        forecast_vcpus(goal);
    else if (sscanf(line, "members %d", &goal) == 1)
        make_members(goal);
    else if (sscanf(line, "forecast %36s %d", pool, &goal) == 2)
        make_forecast(pool, goal);
    else if (strncmp(line, "plan", 4) == 0)
        plan();
    else if (sscanf(line, "foretell %lld", &series_id) == 1)
        make_forecasts(series_id);
    else
        ck_assert_msg(strncmp(line, "wakes", 5) == 0 || strncmp(line, "replans", 7) == 0,
                      "api.py says '%s'", line);
    fprintf(to, "%d\n", atomic_load(line[0] == 'r' ? &replans : &wakes));
    fflush(to);
}

static bool watch_only;

static void run_part_with(const char *part, const struct api_options *with,
                          struct database *database, const char *auth_url)
{
    struct script script = start_script(part); /* before there are threads */
    struct cloud *cloud = open_cloud(auth_url);
    struct api api = { .options = with, .claim_options = &claim_options,
                       .pool_defaults = &pool_defaults, .slot_s = 300, .key = &service_seal_key,
                       .database = database, .cloud = cloud, .wake = count_wake,
                       .replan = count_replan,
                       .wake_context = &wakes, .watch_only = watch_only,
                       .late_after_ms = 1000, .give_way_s = 300 };
    struct api_server *server = NULL;
    char line[256];
    int status;

    must(api_start(&api, &server, &error));
    tell_routes(script.to, api_port(server));
    while (fgets(line, sizeof(line), script.from))
        obey(line, script.to);
    ck_assert_int_eq(waitpid(script.pid, &status, 0), script.pid);
    api_stop(server);
    cloud_close(cloud);
    fclose(script.to);
    fclose(script.from);
    ck_assert_msg(status == 0, "api.py %s failed", part);
}

static void run_part(const char *part)
{
    run_part_with(part, &options, service_database, getenv("LARDER_TEST_KEYSTONE"));
}

START_TEST(every_route_does_its_work)
{
    run_part("work");
}
END_TEST

START_TEST(who_only_observes_hands_out_nothing)
{
    claim_options.observe = true;
    run_part("observe");
}
END_TEST

START_TEST(roles_open_their_routes_and_no_others)
{
    run_part("roles");
}
END_TEST

START_TEST(no_input_breaks_it)
{
    run_part("hostile");
}
END_TEST

START_TEST(the_slow_hold_up_nobody)
{
    run_part("slow");
}
END_TEST

START_TEST(claims_do_not_wait_for_keystone)
{
    token_cache_s = 8; /* as KEPT in api_trouble.py */
    run_part("fresh");
}
END_TEST

/* Port 1 is nobody's. */
START_TEST(outages_of_others_are_told)
{
    struct store_options nowhere = { .connection = "mysql://larder:x@127.0.0.1:1/larder",
                                     .max_connections = 4, .connect_timeout_s = 1,
                                     .query_timeout_s = 1, .borrow_timeout_ms = 500 };
    struct database *database = NULL;

    must(database_open(&nowhere, &database, &error));
    run_part_with("outage", &options, database, "http://127.0.0.1:1/v3");
    database_close(database);
}
END_TEST

/* ---- who watches ---- */

START_TEST(metrics_and_members_tell_what_is)
{
    run_part("watch");
}
END_TEST

static void run_part_metrics(const char *part, const char *metrics)
{
    struct api_options with = options;

    text_copy(with.metrics, sizeof(with.metrics), metrics);
    run_part_with(part, &with, service_database, getenv("LARDER_TEST_KEYSTONE"));
}

START_TEST(metrics_are_closed_where_the_operator_says_so)
{
    run_part_metrics("closed", "token");
    run_part_metrics("off", "off");
}
END_TEST

START_TEST(a_process_without_the_role_is_watched_all_the_same)
{
    watch_only = true;
    run_part("only");
}
END_TEST

static void *hang(void *context)
{
    pulse_begin(context);
    return NULL;
}

START_TEST(a_role_that_hangs_is_told)
{
    struct pulse *pulse = pulse_open("planner");
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, hang, pulse), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 100000000 }, NULL);
    run_part("hung");
    pulse_close(pulse);
}
END_TEST

/* ---- TLS ---- */

static void make_certificate(const char *directory, struct api_options *tls)
{
    char command[2048];

    snprintf(tls->cert_file, sizeof(tls->cert_file), "%s/cert.pem", directory);
    snprintf(tls->key_file, sizeof(tls->key_file), "%s/key.pem", directory);
    snprintf(command, sizeof(command), "openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
             "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout %s -out %s "
             "2>/dev/null && chmod 600 %s", tls->key_file, tls->cert_file, tls->key_file);
    ck_assert_msg(system(command) == 0, "openssl makes no certificate; apt-get install openssl");
}

static void check_refused(const struct api_options *bad, const char *word);

START_TEST(tls_is_spoken_where_others_can_listen)
{
    char directory[] = "/tmp/larder-test-tls.XXXXXX";
    struct api_options tls = options;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    make_certificate(directory, &tls);
    setenv("LARDER_TEST_CERTIFICATE", tls.cert_file, 1);
    text_copy(tls.bind_host, sizeof(tls.bind_host), "0.0.0.0");
    run_part_with("tls", &tls, service_database, getenv("LARDER_TEST_KEYSTONE"));
    ck_assert_int_eq(chmod(tls.key_file, 0644), 0);
    check_refused(&tls, "chmod 640");
    unlink(tls.key_file);
    text_copy(tls.key_file, sizeof(tls.key_file), tls.cert_file);
    ck_assert_int_eq(chmod(tls.key_file, 0600), 0);
    check_refused(&tls, "belong together");
    unlink(tls.cert_file);
    rmdir(directory);
}
END_TEST

/* ---- what the server refuses to start with ---- */

static void check_refused(const struct api_options *bad, const char *word)
{
    struct api api = { .options = bad, .cloud = open_cloud("http://127.0.0.1:1/v3") };
    struct api_server *server = NULL;
    struct error error = { 0 };

    ck_assert_int_lt(api_start(&api, &server, &error), 0);
    cloud_close(api.cloud);
    ck_assert_msg(strstr(error.message, word) != NULL, "'%s' has no '%s'", error.message, word);
}

START_TEST(it_refuses_to_speak_in_the_clear)
{
    struct api_options bad = options;

    text_copy(bad.bind_host, sizeof(bad.bind_host), "0.0.0.0");
    check_refused(&bad, "clear");
    text_copy(bad.bind_host, sizeof(bad.bind_host), "::");
    check_refused(&bad, "clear");
    text_copy(bad.cert_file, sizeof(bad.cert_file), "/nonexistent/cert.pem");
    check_refused(&bad, "both");
    text_copy(bad.key_file, sizeof(bad.key_file), "/nonexistent/key.pem");
    check_refused(&bad, "/nonexistent/cert.pem");
    bad = options;
    text_copy(bad.bind_host, sizeof(bad.bind_host), "no such host");
    check_refused(&bad, "bind_host");
}
END_TEST

START_TEST(it_says_when_the_port_is_taken)
{
    struct api api = { .options = &options, .cloud = open_cloud("http://127.0.0.1:1/v3") };
    struct api_options second = options;
    struct api_server *server = NULL;

    must(api_start(&api, &server, &error));
    second.bind_port = api_port(server);
    check_refused(&second, "in use");
    api_stop(server);
    cloud_close(api.cloud);
}
END_TEST

SERVICE_MAIN("api", every_route_does_its_work, who_only_observes_hands_out_nothing,
             roles_open_their_routes_and_no_others,
             no_input_breaks_it, the_slow_hold_up_nobody, it_refuses_to_speak_in_the_clear,
             it_says_when_the_port_is_taken, outages_of_others_are_told,
             metrics_and_members_tell_what_is, metrics_are_closed_where_the_operator_says_so,
             a_process_without_the_role_is_watched_all_the_same, a_role_that_hangs_is_told,
             claims_do_not_wait_for_keystone, tls_is_spoken_where_others_can_listen)
