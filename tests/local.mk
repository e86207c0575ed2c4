# SPDX-License-Identifier: Apache-2.0
# What is tested.  `make check` runs the unit tests (one program per module) and the check of the
# source's form.  Service tests are built by `make check` too, but need servers: tests/service/run.

unit_tests = \
	tests/unit/test_backoff \
	tests/unit/test_clock \
	tests/unit/test_config \
	tests/unit/test_digest \
	tests/unit/test_error \
	tests/unit/test_ini \
	tests/unit/test_json \
	tests/unit/test_json_write \
	tests/unit/test_key \
	tests/unit/test_limits \
	tests/unit/test_log \
	tests/unit/test_options \
	tests/unit/test_random \
	tests/unit/test_ratelimit \
	tests/unit/test_strbuf \
	tests/unit/test_text \
	tests/unit/test_url

service_tests =

check_PROGRAMS += $(unit_tests) $(service_tests)
TESTS += $(unit_tests) tests/check_sample tests/check_source
EXTRA_DIST += tests/check_sample tests/check_source tests/unit/unit.h
AM_TESTS_ENVIRONMENT = top_srcdir='$(top_srcdir)'; export top_srcdir;
