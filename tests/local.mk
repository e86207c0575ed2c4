# SPDX-License-Identifier: Apache-2.0
# What is tested.  `make check` runs the unit tests (one program per module) and the check of the
# source's form.  Service tests are built by `make check` too, but need servers: tests/service/run.

unit_tests = \
	tests/unit/test_backoff \
	tests/unit/test_backtest \
	tests/unit/test_calendar \
	tests/unit/test_calibration \
	tests/unit/test_clock \
	tests/unit/test_cloud_answer \
	tests/unit/test_cloud_catalog \
	tests/unit/test_cloud_client \
	tests/unit/test_cloud_compute \
	tests/unit/test_cloud_metric \
	tests/unit/test_cloud_retry \
	tests/unit/test_cloud_shapes \
	tests/unit/test_cloud_token_cache \
	tests/unit/test_cloud_token_fresh \
	tests/unit/test_cloud_types \
	tests/unit/test_config \
	tests/unit/test_counts \
	tests/unit/test_csv \
	tests/unit/test_decode \
	tests/unit/test_correction \
	tests/unit/test_digest \
	tests/unit/test_distribution \
	tests/unit/test_error \
	tests/unit/test_experts \
	tests/unit/test_factors \
	tests/unit/test_filter \
	tests/unit/test_image_plan \
	tests/unit/test_ini \
	tests/unit/test_json \
	tests/unit/test_json_canonical \
	tests/unit/test_json_write \
	tests/unit/test_key \
	tests/unit/test_lead_time \
	tests/unit/test_limits \
	tests/unit/test_log \
	tests/unit/test_metric \
	tests/unit/test_options \
	tests/unit/test_page \
	tests/unit/test_plan \
	tests/unit/test_predict \
	tests/unit/test_pulse \
	tests/unit/test_random \
	tests/unit/test_ratelimit \
	tests/unit/test_replay \
	tests/unit/test_reply \
	tests/unit/test_route \
	tests/unit/test_strbuf \
	tests/unit/test_target \
	tests/unit/test_text \
	tests/unit/test_tier \
	tests/unit/test_transport \
	tests/unit/test_trace \
	tests/unit/test_url \
	tests/unit/test_version \
	tests/unit/test_year

service_tests = \
	tests/service/test_api \
	tests/service/test_adoption \
	tests/service/test_bootstrap \
	tests/service/test_change \
	tests/service/test_claim \
	tests/service/test_cloud \
	tests/service/test_cloud_tls \
	tests/service/test_events \
	tests/service/test_image \
	tests/service/test_history \
	tests/service/test_item \
	tests/service/test_listener \
	tests/service/test_member \
	tests/service/test_operate \
	tests/service/test_planner \
	tests/service/test_predictor \
	tests/service/test_reconcile \
	tests/service/test_roles \
	tests/service/test_rush \
	tests/service/test_slot \
	tests/service/test_sighting \
	tests/service/test_store \
	tests/service/test_yield

capture_helpers = tests/capture.c tests/capture.h
tests_unit_test_decode_SOURCES = tests/unit/test_decode.c $(capture_helpers)
tests_unit_test_decode_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'

service_helpers = tests/service/service.c tests/service/service.h
tests_service_test_api_SOURCES = tests/service/test_api.c $(service_helpers)
tests_service_test_api_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'
claims_helpers = $(service_helpers) tests/service/claims.c tests/service/claims.h
tests_service_test_adoption_SOURCES = tests/service/test_adoption.c $(claims_helpers)
rig_helpers = tests/service/rig.c tests/service/rig.h tests/service/fake_cloud.c \
	tests/service/fake_cloud.h
tests_service_test_bootstrap_SOURCES = tests/service/test_bootstrap.c $(service_helpers) \
	$(rig_helpers)
tests_service_test_bootstrap_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'
tests_service_test_change_SOURCES = tests/service/test_change.c $(service_helpers) $(rig_helpers)
tests_service_test_change_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'
tests_service_test_image_SOURCES = tests/service/test_image.c $(service_helpers) $(rig_helpers)
tests_service_test_image_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'
tests_service_test_reconcile_SOURCES = tests/service/test_reconcile.c $(claims_helpers) \
	$(rig_helpers)
tests_service_test_reconcile_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'
EXTRA_DIST += tests/service/fake_cloud.py
traffic_helpers = tests/traffic.c tests/traffic.h tests/feed.c $(capture_helpers)
tests_service_test_listener_SOURCES = tests/service/test_listener.c $(service_helpers) \
	$(traffic_helpers)
tests_service_test_listener_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'
EXTRA_DIST += tests/data tests/service/again tests/service/roles.py
tests_service_test_roles_SOURCES = tests/service/test_roles.c $(service_helpers) \
	$(traffic_helpers) tests/service/fake_cloud.c tests/service/fake_cloud.h
tests_service_test_roles_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"' \
	-DBUILD_DIR='"$(abs_top_builddir)"'
tests_service_test_claim_SOURCES = tests/service/test_claim.c $(claims_helpers)
tests_service_test_operate_SOURCES = tests/service/test_operate.c $(service_helpers)
tests_service_test_operate_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"' \
	-DBUILD_DIR='"$(abs_top_builddir)"'
EXTRA_DIST += tests/service/operate.py
tests_service_test_planner_SOURCES = tests/service/test_planner.c $(claims_helpers)
tests_service_test_rush_SOURCES = tests/service/test_rush.c $(claims_helpers)
tests_service_test_member_SOURCES = tests/service/test_member.c $(service_helpers)
tests_service_test_history_SOURCES = tests/service/test_history.c $(service_helpers)
tests_service_test_item_SOURCES = tests/service/test_item.c $(service_helpers)
tests_service_test_sighting_SOURCES = tests/service/test_sighting.c $(claims_helpers)
predicting_helpers = $(service_helpers) tests/service/predicting.c tests/service/predicting.h
tests_service_test_events_SOURCES = tests/service/test_events.c $(predicting_helpers)
tests_service_test_predictor_SOURCES = tests/service/test_predictor.c $(predicting_helpers)
tests_service_test_slot_SOURCES = tests/service/test_slot.c $(predicting_helpers)
tests_service_test_store_SOURCES = tests/service/test_store.c $(service_helpers)
tests_service_test_yield_SOURCES = tests/service/test_yield.c $(claims_helpers)

# What measures the bus; tests/bench/run bus runs it.
EXTRA_PROGRAMS = tests/bench/bus_bench
tests_bench_bus_bench_SOURCES = tests/bench/bus_bench.c $(traffic_helpers)
tests_bench_bus_bench_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'

# Odd input for every decoder: here each seed whole and damaged; tests/fuzz/run has libFuzzer look.
fuzzers = \
	tests/fuzz/fuzz_cloud \
	tests/fuzz/fuzz_csv \
	tests/fuzz/fuzz_envelope \
	tests/fuzz/fuzz_ini \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_model \
	tests/fuzz/fuzz_route \
	tests/fuzz/fuzz_token
unit_tests += $(fuzzers)
check_LTLIBRARIES = tests/fuzz/libdriver.la
tests_fuzz_libdriver_la_SOURCES = tests/fuzz/driver.c tests/fuzz/fuzz.h
tests_fuzz_libdriver_la_CPPFLAGS = $(AM_CPPFLAGS) $(FUZZER_CPPFLAGS) \
	-DSOURCE_DIR='"$(abs_top_srcdir)"'
fuzz_libraries = tests/fuzz/libdriver.la $(LDADD)
fuzz_flags = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
# Instead of libcurl and of MariaDB.
fuzz_answers = tests/fuzz/answers.c tests/fuzz/answers.h
wrap_answers = -Wl,--wrap=http_exchange -Wl,--wrap=http_answer
wrap_store = -Wl,--wrap=store_borrow -Wl,--wrap=store_return -Wl,--wrap=store_ping \
	-Wl,--wrap=store_transaction -Wl,--wrap=query_in_transaction -Wl,--wrap=query_run \
	-Wl,--wrap=query_run_many -Wl,--wrap=query_read -Wl,--wrap=query_read_one \
	-Wl,--wrap=query_read_int
tests_fuzz_fuzz_csv_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_csv_LDFLAGS = $(fuzz_flags)
tests_fuzz_fuzz_envelope_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_envelope_LDFLAGS = $(fuzz_flags)
tests_fuzz_fuzz_ini_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_ini_LDFLAGS = $(fuzz_flags)
tests_fuzz_fuzz_json_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_json_LDFLAGS = $(fuzz_flags)
tests_fuzz_fuzz_model_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_model_LDFLAGS = $(fuzz_flags)
tests_fuzz_fuzz_cloud_SOURCES = tests/fuzz/fuzz_cloud.c $(fuzz_answers)
tests_fuzz_fuzz_cloud_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_cloud_LDFLAGS = $(fuzz_flags) $(wrap_answers)
tests_fuzz_fuzz_token_SOURCES = tests/fuzz/fuzz_token.c $(fuzz_answers)
tests_fuzz_fuzz_token_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_token_LDFLAGS = $(fuzz_flags) $(wrap_answers)
tests_fuzz_fuzz_route_SOURCES = tests/fuzz/fuzz_route.c $(fuzz_answers)
tests_fuzz_fuzz_route_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_route_LDFLAGS = $(fuzz_flags) $(wrap_answers) $(wrap_store)
EXTRA_DIST += tests/fuzz/run tests/fuzz/seeds

# Builds them; tests/service/run runs them.
service-tests: $(service_tests) $(bench_programs)
.PHONY: service-tests
EXTRA_DIST += doc/api.md tests/service/api.py tests/service/api_client.py \
	tests/service/api_watch.py tests/service/exposition.py \
	tests/service/api_hostile.py tests/service/api_observe.py tests/service/api_trouble.py tests/service/api_work.py \
	tests/service/run tests/service/servers.sh tests/service/valgrind.supp

# Programs that tests/bench/run measures with.
bench_programs = \
	tests/bench/claims \
	tests/bench/forecast \
	tests/bench/plan

check_PROGRAMS += $(unit_tests) $(service_tests) $(bench_programs)
TESTS += $(unit_tests) tests/check_sample tests/check_source
EXTRA_DIST += tests/check_sample tests/check_source tests/unit/unit.h tests/unit/cloud_server.h
EXTRA_DIST += tests/unit/served_client.h tests/unit/exponential.h tests/unit/poisson.h \
	tests/unit/test_distribution.py
AM_TESTS_ENVIRONMENT = top_srcdir='$(top_srcdir)'; export top_srcdir;
