# SPDX-License-Identifier: Apache-2.0
# What is tested.  `make check` runs the unit tests (one program per module) and the check of the
# source's form.  Service tests are built by `make check` too, but need servers: tests/service/run.

unit_tests = \
	tests/unit/test_error

service_tests =

check_PROGRAMS += $(unit_tests) $(service_tests)
TESTS += $(unit_tests)
EXTRA_DIST += tests/unit/unit.h
AM_TESTS_ENVIRONMENT = top_srcdir='$(top_srcdir)'; export top_srcdir;

