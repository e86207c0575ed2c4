# SPDX-License-Identifier: Apache-2.0
# What is built.  All of src but the mains is one convenience library, which the programs and the
# tests link.  One list a room, in import order; headers are listed too, for `make dist`.

base_sources = \
	src/base/cleanup.h \
	src/base/backoff.c src/base/backoff.h \
	src/base/bell.c src/base/bell.h \
	src/base/clock.c src/base/clock.h \
	src/base/digest.c src/base/digest.h \
	src/base/error.c src/base/error.h \
	src/base/ini.c src/base/ini.h \
	src/base/json.c src/base/json.h src/base/json_private.h \
	src/base/json_canonical.c src/base/json_canonical.h \
	src/base/json_read.c \
	src/base/json_write.c \
	src/base/log.c src/base/log.h \
	src/base/loop.c src/base/loop.h \
	src/base/metric.c src/base/metric.h \
	src/base/options.c src/base/options.h src/base/options_private.h \
	src/base/options_print.c \
	src/base/pulse.c src/base/pulse.h \
	src/base/random.c src/base/random.h \
	src/base/ratelimit.c src/base/ratelimit.h \
	src/base/strbuf.c src/base/strbuf.h \
	src/base/text.c src/base/text.h

predict_sources = \
	src/predict/aggregate.c src/predict/aggregate.h \
	src/predict/batch.c src/predict/batch.h \
	src/predict/calendar.c src/predict/calendar.h src/predict/calendar_private.h \
	src/predict/calendar_read.c \
	src/predict/calendar_repeat.c \
	src/predict/calendar_zone.c \
	src/predict/compound.c src/predict/compound.h \
	src/predict/counts.c src/predict/counts.h \
	src/predict/distribution.c src/predict/distribution.h \
	src/predict/effects.c src/predict/effects.h \
	src/predict/factors.c src/predict/factors.h \
	src/predict/features.c src/predict/features.h \
	src/predict/lane.c src/predict/lane.h \
	src/predict/lane_fit.c \
	src/predict/model.c src/predict/predict.h \
	src/predict/nodes.c src/predict/nodes.h \
	src/predict/ridge.c src/predict/ridge.h \
	src/predict/state.c src/predict/state.h \
	src/predict/trees.c src/predict/trees.h

reserve_sources = \
	src/reserve/lead_time.c src/reserve/lead_time.h \
	src/reserve/plan.c src/reserve/plan.h \
	src/reserve/share.c src/reserve/share.h \
	src/reserve/target.c src/reserve/target.h \
	src/reserve/tier.c src/reserve/tier.h

feedback_sources = \
	src/feedback/correction.c src/feedback/correction.h \
	src/feedback/replay.c src/feedback/replay.h

store_sources = \
	src/store/adoption_row.c src/store/adoption_row.h \
	src/store/boot.c src/store/boot.h \
	src/store/calendar_row.c src/store/calendar_row.h \
	src/store/claim_row.c src/store/claim_row.h \
	src/store/change.c src/store/change.h \
	src/store/compute_host.c \
	src/store/connection.c src/store/connection.h \
	src/store/demand.c src/store/demand.h \
	src/store/event.c src/store/event.h \
	src/store/figures.c src/store/figures.h \
	src/store/forecast.c src/store/forecast.h \
	src/store/gap.c src/store/gap.h \
	src/store/history.c src/store/history.h \
	src/store/hook.c src/store/hook.h \
	src/store/image_host.c src/store/image_host.h \
	src/store/image_pool.c src/store/image_pool.h \
	src/store/gain.c src/store/gain.h \
	src/store/import.c src/store/import.h \
	src/store/item.c src/store/item.h src/store/item_row.h \
	src/store/item_claim.c src/store/item_claim.h \
	src/store/key.c src/store/key.h \
	src/store/lease.c \
	src/store/member.c src/store/member.h \
	src/store/model.c src/store/model.h \
	src/store/plan.c src/store/plan.h \
	src/store/pool.c src/store/pool.h \
	src/store/pool_stock.c \
	src/store/query.c src/store/query.h \
	src/store/query_many.c src/store/query_private.h \
	src/store/schema.c \
	src/store/series.c src/store/series.h \
	src/store/sighting.c src/store/sighting.h \
	src/store/slot.c src/store/slot.h \
	src/store/store.c src/store/store.h \
	src/store/tier.c src/store/tier.h \
	src/store/url.c src/store/url.h \
	src/store/utilisation.c src/store/utilisation.h \
	src/store/yield.c src/store/yield.h

cloud_sources = \
	src/cloud/aggregate.c \
	src/cloud/answer.c src/cloud/answer.h \
	src/cloud/catalog.c src/cloud/catalog.h \
	src/cloud/client.c src/cloud/client.h src/cloud/client_private.h \
	src/cloud/cloud.h \
	src/cloud/compute.c src/cloud/compute.h \
	src/cloud/http.c src/cloud/http.h \
	src/cloud/identity.c src/cloud/identity.h \
	src/cloud/image.c src/cloud/image.h \
	src/cloud/instance.h \
	src/cloud/list.c src/cloud/list.h \
	src/cloud/login.c src/cloud/login.h \
	src/cloud/measure.c \
	src/cloud/metric.c src/cloud/metric.h \
	src/cloud/network.c src/cloud/network.h \
	src/cloud/port.c \
	src/cloud/project.c \
	src/cloud/retry.c src/cloud/retry.h \
	src/cloud/send.c src/cloud/send.h \
	src/cloud/server_list.c src/cloud/server_list.h \
	src/cloud/session.c src/cloud/session.h \
	src/cloud/token_cache.c src/cloud/token_cache.h \
	src/cloud/token_fresh.c src/cloud/token_fresh.h \
	src/cloud/transfer.c \
	src/cloud/volume.c src/cloud/volume.h \
	src/cloud/volume_type.c

bus_sources = \
	src/bus/bus.c src/bus/bus.h src/bus/bus_private.h \
	src/bus/connect.c \
	src/bus/decode.c src/bus/decode.h src/bus/decoder.h \
	src/bus/decode_change.c \
	src/bus/decode_nova.c \
	src/bus/decode_resource.c \
	src/bus/envelope.c src/bus/envelope.h \
	src/bus/event.h \
	src/bus/queue.c \
	src/bus/transport.c src/bus/transport.h

claim_sources = \
	src/claim/adopt.c \
	src/claim/claim.c src/claim/claim.h

bootstrap_sources = \
	src/bootstrap/bootstrap.h \
	src/bootstrap/image.c src/bootstrap/image.h \
	src/bootstrap/image_plan.c src/bootstrap/image_plan.h \
	src/bootstrap/inspect.c src/bootstrap/inspect.h \
	src/bootstrap/inspector.c \
	src/bootstrap/keeper.c \
	src/bootstrap/kind.c src/bootstrap/kind.h \
	src/bootstrap/life.c src/bootstrap/life.h \
	src/bootstrap/limits.c src/bootstrap/limits.h \
	src/bootstrap/port.c \
	src/bootstrap/reconcile.c \
	src/bootstrap/retire.c src/bootstrap/retire.h \
	src/bootstrap/survey.c src/bootstrap/survey.h \
	src/bootstrap/volume.c \
	src/bootstrap/worker.c src/bootstrap/worker.h \
	src/bootstrap/workers.c

role_sources = \
	src/role/almanac.c src/role/almanac.h \
	src/role/calendars.c src/role/calendars.h \
	src/role/csv.c src/role/csv.h \
	src/role/csv_import.c \
	src/role/historian.c src/role/historian.h \
	src/role/history.c src/role/history.h \
	src/role/listener.c src/role/listener.h \
	src/role/member.c src/role/member.h \
	src/role/planner.c src/role/planner.h \
	src/role/planning.c \
	src/role/report.c src/role/report.h \
	src/role/predict_feed.c src/role/predict_feed.h \
	src/role/predict_shard.c src/role/predict_shard.h \
	src/role/predict_totals.c src/role/predict_totals.h \
	src/role/predictor.c src/role/predictor.h \
	src/role/sink.h \
	src/role/sink_boots.c \
	src/role/sink_changes.c \
	src/role/sink_images.c \
	src/role/sink_sightings.c \
	src/role/sinks.c \
	src/role/usage.c src/role/usage.h

api_sources = \
	src/api/adoptions.c \
	src/api/api.h \
	src/api/ask.c src/api/ask.h \
	src/api/auth.c src/api/auth.h \
	src/api/claims.c \
	src/api/decisions.c \
	src/api/events.c \
	src/api/demand.c \
	src/api/filter.c src/api/filter.h \
	src/api/forecasts.c \
	src/api/health.c \
	src/api/hook.c \
	src/api/images.c src/api/warm.h \
	src/api/items.c \
	src/api/listen.c src/api/listen.h \
	src/api/members.c \
	src/api/metrics.c src/api/metrics.h \
	src/api/pools.c \
	src/api/refresher.c src/api/refresher.h \
	src/api/reply.c src/api/reply.h \
	src/api/report.c \
	src/api/request.c src/api/request.h \
	src/api/resources.h \
	src/api/route.c src/api/route.h \
	src/api/seen.c src/api/seen.h \
	src/api/series.c \
	src/api/server.c \
	src/api/tier.h \
	src/api/tiers.c \
	src/api/utilisation.c \
	src/api/version.c src/api/version.h \
	src/api/watch.c src/api/watch.h \
	src/api/yields.c

backtest_sources = \
	src/backtest/backtest.c src/backtest/backtest.h \
	src/backtest/chart.c src/backtest/chart.h \
	src/backtest/film.c src/backtest/film.h \
	src/backtest/page.c src/backtest/page.h \
	src/backtest/pool_run.c src/backtest/pool_run.h \
	src/backtest/rivals.c src/backtest/rivals.h \
	src/backtest/trace.c src/backtest/trace.h \
	src/backtest/unpack.c src/backtest/unpack.h

# All of src/cmd but the mains.
cmd_sources = \
	src/cmd/arguments.c src/cmd/arguments.h \
	src/cmd/backtest.c src/cmd/backtest.h \
	src/cmd/backtest_page.c src/cmd/backtest_page.h \
	src/cmd/check.c \
	src/cmd/config.c src/cmd/config.h \
	src/cmd/config_check.c \
	src/cmd/daemon.c src/cmd/daemon.h \
	src/cmd/daemon_parts.c src/cmd/daemon_parts.h \
	src/cmd/import.c \
	src/cmd/manage.c src/cmd/manage.h \
	src/cmd/check_cloud.c src/cmd/checkup.h \
	src/cmd/remove.c \
	src/cmd/notify.c src/cmd/notify.h

noinst_LTLIBRARIES += liblarder.la
liblarder_la_SOURCES = \
	$(base_sources) \
	$(predict_sources) \
	$(reserve_sources) \
	$(feedback_sources) \
	$(store_sources) \
	$(cloud_sources) \
	$(bus_sources) \
	$(claim_sources) \
	$(bootstrap_sources) \
	$(role_sources) \
	$(api_sources) \
	$(backtest_sources) \
	$(cmd_sources)
liblarder_la_LIBADD = $(CURL_LIBS) $(JSONC_LIBS) $(RABBITMQ_LIBS) $(MARIADB_LIBS) \
	$(MICROHTTPD_LIBS) $(CRYPTO_LIBS) $(ICAL_LIBS) $(LZMA_LIBS)

# check comes behind: only the tests need it, and the linker leaves it out of the programs.
LDADD = liblarder.la $(CHECK_LIBS)

sbin_PROGRAMS += larderd
larderd_SOURCES = src/cmd/larderd.c
bin_PROGRAMS += larder-manage
larder_manage_SOURCES = src/cmd/larder_manage.c
bin_PROGRAMS += larder-backtest
larder_backtest_SOURCES = src/cmd/larder_backtest.c

# Configuration files for PREFIX/etc/larder, and systemd units made of etc/NAME.service.in, in which
# @sbindir@, @bindir@ and @sysconfdir@ stand for where this build installs.
larderconfdir = $(sysconfdir)/larder
dist_larderconf_DATA = etc/larder.conf.sample
systemdsystemunit_DATA = etc/larderd.service
unit_templates = etc/larderd.service.in

# What goes into the files of Nova, Neutron and Cinder.
snippetdir = $(docdir)/openstack
dist_snippet_DATA = \
	etc/openstack/cinder-api-paste.ini.snippet \
	etc/openstack/cinder.conf.snippet \
	etc/openstack/neutron-api-paste.ini.snippet \
	etc/openstack/neutron.conf.snippet \
	etc/openstack/nova.conf.snippet

# What watches Larder.
watchdir = $(docdir)/prometheus
dist_watch_DATA = etc/prometheus/larder.rules.yml etc/prometheus/larder-dashboard.json

# The sample is generated from the option table and kept in the tree; tests/check_sample compares.
sample: larderd
	./larderd --sample >$(srcdir)/etc/larder.conf.sample.new
	mv $(srcdir)/etc/larder.conf.sample.new $(srcdir)/etc/larder.conf.sample
.PHONY: sample

EXTRA_DIST += $(unit_templates)
CLEANFILES += $(systemdsystemunit_DATA)
SUFFIXES = .service.in .service
.service.in.service:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) -e 's,[@]sbindir@,$(sbindir),g' \
	  -e 's,[@]bindir@,$(bindir),g' -e 's,[@]sysconfdir@,$(sysconfdir),g' $< >$@.tmp && mv $@.tmp $@
