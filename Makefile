# Reelkeep. `make help` tells what can be made. One Makefile for the whole tree; every C file of the
# project stands in one of the lists below, and `make lint` says which one was forgotten.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := 0.1.0
ifeq ($(origin CC),default)
CC := gcc
endif

# One short line per step; `make V=1` shows the commands.
ifdef V
Q :=
say :=
else
Q := @
say = @echo '  $(1)'
endif

# --- sources ----------------------------------------------------------------------------------

COMMON := \
	common/base/base.c \
	common/base/buffer.c \
	common/base/clock.c \
	common/base/digest.c \
	common/base/error.c \
	common/base/file.c \
	common/base/flag.c \
	common/base/health.c \
	common/base/id.c \
	common/base/json.c \
	common/base/log.c \
	common/base/network.c \
	common/base/url.c \
	common/base/utf8.c \
	common/program/program.c \
	common/sandbox/calls.c \
	common/metrics/metrics.c \
	common/metrics/metrics_process.c \
	common/sandbox/child.c \
	common/sandbox/profiles.c \
	common/sandbox/sandbox.c \
	common/sandbox/sandbox_probe.c \
	common/sandbox/task.c \
	common/sandbox/zygote.c \
	common/sandbox/zygote_message.c \
	common/settings/settings.c \
	common/transfer/losses.c \
	common/transfer/transfer.c

# libav: only what runs in the children of either program.
MEDIA := \
	common/media/aac.c \
	common/media/avc.c \
	common/media/layers.c \
	common/media/media_choice.c \
	common/media/media_compat.c \
	common/media/media_detect.c \
	common/media/media_error.c \
	common/media/media_input.c \
	common/media/media_probe.c \
	common/media/media_tags.c \
	common/media/media_types.c \
	common/media/signature.c \
	common/media/signature_photo.c \
	common/media/signature_sound.c \
	common/media/signature_video.c

# web/main.c first; the rest also goes to the unit tests.
WEB := \
	web/main.c \
	web/access/access.c \
	web/access/allowance.c \
	web/access/rate.c \
	web/api/api_delivery.c \
	web/api/api_health.c \
	web/api/api_media.c \
	web/api/api_metrics.c \
	web/api/api_transcoding.c \
	web/api/api_ui.c \
	web/api/api_uploads.c \
	web/api/form_field.c \
	web/commands/command_check.c \
	web/commands/command_serve.c \
	web/decoder/child/decoder_child.c \
	web/decoder/child/decoder_play.c \
	web/decoder/child/photo_check.c \
	web/decoder/decoder.c \
	web/decoder/decoder_message.c \
	web/http/exchange/admission.c \
	web/http/exchange/answer.c \
	web/http/exchange/blocks.c \
	web/http/exchange/body.c \
	web/http/exchange/connection.c \
	web/http/exchange/errand.c \
	web/http/exchange/exchange.c \
	web/http/exchange/file_response.c \
	web/http/exchange/intake.c \
	web/http/exchange/media_cache.c \
	web/http/exchange/memory.c \
	web/http/exchange/pace.c \
	web/http/exchange/pages.c \
	web/http/exchange/request.c \
	web/http/exchange/response.c \
	web/http/message/chunked.c \
	web/http/message/conditional.c \
	web/http/message/field.c \
	web/http/message/forwarded.c \
	web/http/message/framing.c \
	web/http/message/head.c \
	web/http/message/multipart.c \
	web/http/message/range.c \
	web/http/message/router.c \
	web/http/serve.c \
	web/http/server/listener.c \
	web/http/server/loop.c \
	web/http/server/workers.c \
	web/jobs/jobs.c \
	web/jobs/validating.c \
	web/jobs/waiters.c \
	web/library/files/staged.c \
	web/library/files/transit.c \
	web/library/files/library_files.c \
	web/library/files/media_type.c \
	web/library/intake/upload.c \
	web/library/results/delivery.c \
	web/library/results/delivery_accept.c \
	web/library/results/delivery_check.c \
	web/library/results/mp4.c \
	web/library/results/storyboard.c \
	web/library/results/waveform.c \
	web/library/retention.c \
	web/records/words.c \
	web/storage/names.c \
	web/storage/storage.c \
	web/storage/stored_file.c \
	web/storage/volume/root.c \
	web/storage/volume/staging.c \
	web/storage/volume/volume.c \
	web/storage/volume/volume_storage.c \
	web/store/sqlite/connection.c \
	web/store/sqlite/migrations.c \
	web/store/sqlite/store.c \
	web/store/sqlite/store_check.c \
	web/store/sqlite/store_file.c \
	web/store/sqlite/store_job.c \
	web/store/sqlite/store_media.c \
	web/store/sqlite/store_staging.c \
	web/store/sqlite/store_transit.c \
	web/upkeep/housekeeper.c \
	web/upkeep/validator.c

TRANSCODER := \
	transcoder/main.c \
	transcoder/check.c \
	transcoder/encoder/child/encoder_child.c \
	transcoder/encoder/encoder.c \
	transcoder/encoder/encoder_limits.c \
	transcoder/encoder/encoder_message.c \
	transcoder/pipeline/allowance.c \
	transcoder/pipeline/audio_track.c \
	transcoder/pipeline/copy_picture.c \
	transcoder/pipeline/copy_sound.c \
	transcoder/pipeline/decode.c \
	transcoder/pipeline/encode.c \
	transcoder/pipeline/filter.c \
	transcoder/pipeline/gallery.c \
	transcoder/pipeline/jpeg.c \
	transcoder/pipeline/join.c \
	transcoder/pipeline/listener.c \
	transcoder/pipeline/mix.c \
	transcoder/pipeline/mux.c \
	transcoder/pipeline/output.c \
	transcoder/pipeline/pace.c \
	transcoder/pipeline/pass.c \
	transcoder/pipeline/pass_judge.c \
	transcoder/pipeline/picture.c \
	transcoder/pipeline/picture_order.c \
	transcoder/pipeline/pipeline.c \
	transcoder/pipeline/poster.c \
	transcoder/pipeline/storyboard.c \
	transcoder/pipeline/thumbhash.c \
	transcoder/pipeline/timeline.c \
	transcoder/pipeline/tone_map.c \
	transcoder/pipeline/video_track.c \
	transcoder/pipeline/waveform.c \
	transcoder/plan/plan.c \
	transcoder/plan/plan_filters.c \
	transcoder/plan/plan_losses.c \
	transcoder/scratch/scratch.c \
	transcoder/web_client/web_client.c \
	transcoder/web_client/web_client_deliver.c \
	transcoder/web_client/web_client_fetch.c \
	transcoder/web_client/web_client_transport.c \
	transcoder/worker/gate.c \
	transcoder/worker/job.c \
	transcoder/worker/lease.c \
	transcoder/worker/outcome.c \
	transcoder/worker/pacing.c \
	transcoder/worker/retry.c \
	transcoder/worker/worker.c

# Unit tests, by what they are linked with.
UNIT_COMMON := \
	tests/unit/test_file.c \
	tests/unit/test_log.c \
	tests/unit/test_metrics.c \
	tests/unit/test_sandbox.c \
	tests/unit/test_settings.c \
	tests/unit/test_text.c

UNIT_WEB := \
	tests/unit/test_access.c \
	tests/unit/test_allocations.c \
	tests/unit/test_allowance.c \
	tests/unit/test_chunked.c \
	tests/unit/test_client.c \
	tests/unit/test_cold_pages.c \
	tests/unit/test_conditional.c \
	tests/unit/test_decoder.c \
	tests/unit/test_delivery.c \
	tests/unit/test_delivery_check.c \
	tests/unit/test_delivery_refused.c \
	tests/unit/test_delivery_text.c \
	tests/unit/test_durable.c \
	tests/unit/test_dying_disk.c \
	tests/unit/test_framing.c \
	tests/unit/test_head.c \
	tests/unit/test_housekeeper.c \
	tests/unit/test_http.c \
	tests/unit/test_http_load.c \
	tests/unit/test_jobs.c \
	tests/unit/test_media_type.c \
	tests/unit/test_migrations.c \
	tests/unit/test_multipart.c \
	tests/unit/test_names.c \
	tests/unit/test_photo_check.c \
	tests/unit/test_queue.c \
	tests/unit/test_range.c \
	tests/unit/test_rate.c \
	tests/unit/test_staging.c \
	tests/unit/test_storage.c \
	tests/unit/test_store.c \
	tests/unit/test_validator.c \
	tests/unit/test_volume.c \
	tests/unit/test_waiters.c

UNIT_TRANSCODER := \
	tests/unit/test_corpus.c \
	tests/unit/test_encoder.c \
	tests/unit/test_encoder_death.c \
	tests/unit/test_encoder_limits.c \
	tests/unit/test_encoder_message.c \
	tests/unit/test_encoder_remux.c \
	tests/unit/test_encoder_sound.c \
	tests/unit/test_field_changes.c \
	tests/unit/test_field_clocks.c \
	tests/unit/test_field_heads.c \
	tests/unit/test_field_reports.c \
	tests/unit/test_gallery.c \
	tests/unit/test_gate.c \
	tests/unit/test_hostile.c \
	tests/unit/test_join.c \
	tests/unit/test_last_picture.c \
	tests/unit/test_listener.c \
	tests/unit/test_long_clip.c \
	tests/unit/test_losses.c \
	tests/unit/test_media_error.c \
	tests/unit/test_media_tags.c \
	tests/unit/test_mutants.c \
	tests/unit/test_pacing.c \
	tests/unit/test_plan.c \
	tests/unit/test_retry.c \
	tests/unit/test_scratch.c \
	tests/unit/test_storyboard.c \
	tests/unit/test_thumbhash.c \
	tests/unit/test_tone_map.c \
	tests/unit/test_types.c \
	tests/unit/test_waveform.c \
	tests/unit/test_web_client.c \
	tests/unit/test_web_client_fetch.c \
	tests/unit/test_worker.c \
	tests/unit/test_worker_overlap.c \
	tests/unit/test_worker_restart.c

# Code shared by unit tests.
UNIT_HELPERS := \
	tests/unit/alignment.c \
	tests/unit/archive.c \
	tests/unit/cues.c \
	tests/unit/doctored.c \
	tests/unit/encoded.c \
	tests/unit/encoding.c \
	tests/unit/http_app.c \
	tests/unit/http_client.c \
	tests/unit/job_fixture.c \
	tests/unit/memory_storage.c \
	tests/unit/moments.c \
	tests/unit/parcel.c \
	tests/unit/scripted_server.c \
	tests/unit/worker_rig.c

# Unit tests with threads, run under the thread sanitizer too.
UNIT_THREADS := \
	tests/unit/test_cold_pages.c \
	tests/unit/test_delivery.c \
	tests/unit/test_housekeeper.c \
	tests/unit/test_http.c \
	tests/unit/test_http_load.c \
	tests/unit/test_jobs.c \
	tests/unit/test_log.c \
	tests/unit/test_metrics.c \
	tests/unit/test_store.c \
	tests/unit/test_validator.c \
	tests/unit/test_volume.c \
	tests/unit/test_worker_overlap.c

STORIES := \
	tests/story/story_bad_input.c \
	tests/story/story_disk_full.c \
	tests/story/story_fifty_uploads.c \
	tests/story/story_metrics.c \
	tests/story/story_results.c \
	tests/story/story_shutdown.c \
	tests/story/story_sigkill_at_each_step.c \
	tests/story/story_too_often.c \
	tests/story/story_transcoding_contract.c \
	tests/story/story_upload_to_playable.c \
	tests/story/story_validating.c \
	tests/story/story_web_away_two_minutes.c

STORY_HELPERS := \
	tests/story/ask.c \
	tests/story/harness.c \
	tests/story/inspect.c \
	tests/story/made_media.c \
	tests/story/moves.c \
	tests/story/proxy.c

# Both programs on a bad day, and what makes a disk look dying to them.
TORTURE := \
	tests/torture/torture.c
PRELOADS := \
	tests/torture/faulty_syncs.c

# Programs that measure, in the benches.
BENCHES := \
	tests/bench/encode_one.c \
	tests/bench/tone_map.c

# One driver of libFuzzer for each parser of strangers' bytes.
FUZZ := \
	tests/fuzz/fuzz_chunked.c \
	tests/fuzz/fuzz_conditional.c \
	tests/fuzz/fuzz_decoder_message.c \
	tests/fuzz/fuzz_delivery_check.c \
	tests/fuzz/fuzz_digest.c \
	tests/fuzz/fuzz_encoder_message.c \
	tests/fuzz/fuzz_field.c \
	tests/fuzz/fuzz_framing.c \
	tests/fuzz/fuzz_head.c \
	tests/fuzz/fuzz_json.c \
	tests/fuzz/fuzz_media_tags.c \
	tests/fuzz/fuzz_media_type.c \
	tests/fuzz/fuzz_mp4.c \
	tests/fuzz/fuzz_multipart.c \
	tests/fuzz/fuzz_nal.c \
	tests/fuzz/fuzz_names.c \
	tests/fuzz/fuzz_network.c \
	tests/fuzz/fuzz_photo_check.c \
	tests/fuzz/fuzz_range.c \
	tests/fuzz/fuzz_router.c \
	tests/fuzz/fuzz_settings.c \
	tests/fuzz/fuzz_storyboard.c \
	tests/fuzz/fuzz_transfer.c \
	tests/fuzz/fuzz_url.c \
	tests/fuzz/fuzz_utf8.c \
	tests/fuzz/fuzz_waveform.c \
	tests/fuzz/fuzz_zygote_message.c

FUZZ_HELPERS := \
	tests/fuzz/fuzz.c

# --- flags ------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wformat=2 -Wundef -Wvla
PREPROCESSOR := -D_GNU_SOURCE -DREELKEEP_VERSION='"$(VERSION)"' -I. -include common/base/banned.h
HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong

RELEASE_FLAGS := -O2 -g -fPIE $(HARDENING)
RELEASE_LINK := -pie -Wl,-z,relro,-z,now
DEV_FLAGS := -Og -g -Werror
ASAN_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -Werror
TSAN_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=thread

COMMON_PACKAGES := libsodium nettle jansson libseccomp
WEB_PACKAGES := sqlite3 libavformat libavcodec libavutil $(COMMON_PACKAGES)
TRANSCODER_PACKAGES := libcurl libavformat libavcodec libavfilter libavutil libswscale \
	libswresample $(COMMON_PACKAGES)
STORY_PACKAGES := libcurl sqlite3 $(COMMON_PACKAGES)

# Asked for at the first use, not at every start of make.
once = $(eval $(1) := $(2))$($(1))
pkg = $(shell pkg-config $(1) $(2) || echo "missing-packages--try-make-run")
COMMON_CFLAGS = $(call once,COMMON_CFLAGS,$(call pkg,--cflags,$(COMMON_PACKAGES)))
COMMON_LIBS = $(call once,COMMON_LIBS,$(call pkg,--libs,$(COMMON_PACKAGES)) -pthread)
WEB_CFLAGS = $(call once,WEB_CFLAGS,$(call pkg,--cflags,$(WEB_PACKAGES)))
WEB_LIBS = $(call once,WEB_LIBS,$(call pkg,--libs,$(WEB_PACKAGES)) -lm -pthread)
TRANSCODER_CFLAGS = $(call once,TRANSCODER_CFLAGS,$(call pkg,--cflags,$(TRANSCODER_PACKAGES)))
TRANSCODER_LIBS = $(call once,TRANSCODER_LIBS,$(call pkg,--libs,$(TRANSCODER_PACKAGES)) -lm -pthread)
STORY_LIBS = $(call once,STORY_LIBS,$(call pkg,--libs,$(STORY_PACKAGES)) -lcmocka -pthread)

# The libraries a file may see: its room's.
cflags_of = $(if $(filter web/%,$(1)),$(WEB_CFLAGS),$(if $(filter transcoder/% common/media/%,$(1)),\
	$(TRANSCODER_CFLAGS),$(if $(filter tests/%,$(1)),$(WEB_CFLAGS) $(TRANSCODER_CFLAGS),\
	$(COMMON_CFLAGS))))

# --- builds -----------------------------------------------------------------------------------

# $(call build,folder,compiler,compile flags,link flags,folder of the programs)
define build
build/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call say,$$@)
	$$(Q)$(2) -std=gnu17 $$(PREPROCESSOR) $$(WARNINGS) $(3) $$(call cflags_of,$$<) -MMD -MP -c -o $$@ $$<

build/$(1)/libcommon.a: $$(COMMON:%.c=build/$(1)/%.o)
build/$(1)/libmedia.a: $$(MEDIA:%.c=build/$(1)/%.o)
build/$(1)/libweb.a: $$(patsubst %.c,build/$(1)/%.o,$$(filter-out web/main.c,$$(WEB)) build/ui/assets.c)
build/$(1)/libtranscoder.a: $$(patsubst %.c,build/$(1)/%.o,$$(filter-out transcoder/main.c,$$(TRANSCODER)))
build/$(1)/libunit.a: $$(UNIT_HELPERS:%.c=build/$(1)/%.o)
build/$(1)/libstory.a: $$(STORY_HELPERS:%.c=build/$(1)/%.o)
build/$(1)/lib%.a:
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^

$(5)/reelkeep-web: build/$(1)/web/main.o build/$(1)/libweb.a build/$(1)/libmedia.a \
		build/$(1)/libcommon.a
	$$(call say,$$@)
	$$(Q)$(2) $(3) $(4) -Wl,--as-needed -o $$@ $$^ $$(WEB_LIBS)
$(5)/reelkeep-transcoder: build/$(1)/transcoder/main.o build/$(1)/libtranscoder.a \
		build/$(1)/libmedia.a build/$(1)/libcommon.a
	$$(call say,$$@)
	$$(Q)$(2) $(3) $(4) -Wl,--as-needed -o $$@ $$^ $$(TRANSCODER_LIBS)

$$(UNIT_COMMON:%.c=build/$(1)/%): %: %.o build/$(1)/libunit.a build/$(1)/libcommon.a
	$$(call say,$$@)
	$$(Q)$(2) $(3) $(4) -Wl,--as-needed -o $$@ $$^ $$(COMMON_LIBS) -lcmocka
$$(UNIT_WEB:%.c=build/$(1)/%): %: %.o build/$(1)/libunit.a build/$(1)/libweb.a \
		build/$(1)/libmedia.a build/$(1)/libcommon.a
	$$(call say,$$@)
	$$(Q)$(2) $(3) $(4) -Wl,--as-needed -o $$@ $$^ $$(WEB_LIBS) -lcmocka
$$(UNIT_TRANSCODER:%.c=build/$(1)/%): %: %.o build/$(1)/libunit.a build/$(1)/libtranscoder.a \
		build/$(1)/libmedia.a build/$(1)/libcommon.a
	$$(call say,$$@)
	$$(Q)$(2) $(3) $(4) -Wl,--as-needed -o $$@ $$^ $$(TRANSCODER_LIBS) -lcmocka
$$(STORIES:%.c=build/$(1)/%) $$(TORTURE:%.c=build/$(1)/%): %: %.o build/$(1)/libstory.a build/$(1)/libcommon.a
	$$(call say,$$@)
	$$(Q)$(2) $(3) $(4) -Wl,--as-needed -o $$@ $$^ $$(STORY_LIBS)

$$(PRELOADS:%.c=build/$(1)/%.so): build/$(1)/%.so: %.c
	@mkdir -p $$(@D)
	$$(call say,$$@)
	$$(Q)$(2) -std=gnu17 $$(PREPROCESSOR) $$(WARNINGS) -O2 -Werror -fPIC -shared -o $$@ $$<

$$(BENCHES:%.c=build/$(1)/%): %: %.o build/$(1)/libtranscoder.a build/$(1)/libmedia.a \
		build/$(1)/libcommon.a
	$$(call say,$$@)
	$$(Q)$(2) $(3) $(4) -Wl,--as-needed -o $$@ $$^ $$(TRANSCODER_LIBS)

build/$(1)/web/store/sqlite/migrations.o: $$(wildcard web/store/sqlite/migrations/*.sql)

# Everything the build can hold, also what only tests need.
.PHONY: build-$(1) objects-$(1) programs-$(1) units-$(1) stories-$(1) torture-$(1)
build-$(1): programs-$(1) units-$(1) stories-$(1) $$(BENCHES:%.c=build/$(1)/%) torture-$(1)
programs-$(1): $(5)/reelkeep-web $(5)/reelkeep-transcoder
objects-$(1): $$(ALL_SOURCES:%.c=build/$(1)/%.o) build/$(1)/build/ui/assets.o
units-$(1): $$(UNITS:%.c=build/$(1)/%)
stories-$(1): $$(STORIES:%.c=build/$(1)/%)
torture-$(1): programs-$(1) $$(TORTURE:%.c=build/$(1)/%) $$(PRELOADS:%.c=build/$(1)/%.so)
endef

UNITS := $(UNIT_COMMON) $(UNIT_WEB) $(UNIT_TRANSCODER)
ALL_SOURCES := $(COMMON) $(MEDIA) $(WEB) $(TRANSCODER) $(UNITS) $(UNIT_HELPERS) $(STORIES) \
	$(STORY_HELPERS) $(TORTURE) $(PRELOADS) $(BENCHES) $(FUZZ) $(FUZZ_HELPERS)

# The last two only prove that both compilers take everything at the optimisation of a release,
# where they see most; nothing of theirs needs to be linked.
$(eval $(call build,release,$(CC),$(RELEASE_FLAGS),$(RELEASE_LINK),build))
$(eval $(call build,dev,$(CC),$(DEV_FLAGS),,build/dev))
$(eval $(call build,asan,$(CC),$(ASAN_FLAGS),,build/asan))
$(eval $(call build,tsan,$(CC),$(TSAN_FLAGS),,build/tsan))
$(eval $(call build,gcc,gcc,$(RELEASE_FLAGS) -Werror,$(RELEASE_LINK),build/gcc))
$(eval $(call build,clang,clang,$(RELEASE_FLAGS) -Werror,$(RELEASE_LINK),build/clang))

# The fuzz drivers, with no more of the tree than the rooms of the parsers.
$(eval $(call build,fuzz,clang,$(FUZZ_FLAGS),,build/fuzz))
FUZZED := $(filter web/records/% common/base/% common/settings/% common/transfer/% common/sandbox/zygote_message.c \
	common/media/aac.c common/media/avc.c common/media/layers.c common/media/media_compat.c \
	common/media/media_tags.c common/media/media_detect.c common/media/media_types.c \
	common/media/signature% web/http/message/% web/library/files/media_type.c web/library/results/delivery_check.c web/library/results/mp4.c web/library/results/storyboard.c \
	web/library/results/waveform.c web/storage/names.c web/storage/stored_file.c web/decoder/child/photo_check.c web/decoder/decoder_message.c \
	transcoder/encoder/encoder_message.c,$(COMMON) $(MEDIA) $(WEB) $(TRANSCODER))
build/fuzz/libfuzzed.a: $(FUZZED:%.c=build/fuzz/%.o)
$(FUZZ:%.c=build/fuzz/%): %: %.o $(FUZZ_HELPERS:%.c=build/fuzz/%.o) build/fuzz/libfuzzed.a
	$(call say,$@)
	$(Q)clang $(FUZZ_FLAGS) -fsanitize=fuzzer -Wl,--as-needed -o $@ $^ $(TRANSCODER_LIBS)

BUILDS := release dev asan tsan gcc clang fuzz
-include $(foreach build,$(BUILDS),$(patsubst %.c,build/$(build)/%.d,$(ALL_SOURCES)))

.SECONDARY:

# --- the page ---------------------------------------------------------------------------------

# npm touches nothing when it is up to date, so its own record is the stamp.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	npm ci --prefix $* --no-audit --no-fund --loglevel=error
	touch $@

build/ui/assets.c: web/ui/build.mjs $(wildcard web/ui/src/* web/ui/src/components/*) web/ui/node_modules/.package-lock.json
	@mkdir -p $(@D)
	node web/ui/build.mjs build/ui

# What calls make again uses all cores, unless it was told how many to use.
CORES = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

# --- what people call -------------------------------------------------------------------------

.PHONY: all run check check-fast check-unit check-story check-asan check-tsan check-gcc-clang \
	check-browser check-long check-fuzz lint format bench bench-transcode torture fuzz fuzz-media clean help

all: programs-release ## both programs: build/reelkeep-web and build/reelkeep-transcoder

run: ## installs what is missing, builds, starts both programs; Ctrl-C stops them
	.ci/dependencies run
	$(MAKE) $(CORES) all
	.tools/run-pair

# Lists of programs for tests/run, and what the benches run.
unit_programs = $(UNITS:%.c=build/$(1)/%)
story_programs = $(STORIES:%.c=build/$(1)/%)
BROWSER := tests/browser/unit tests/browser/run.mjs
BENCH_PROGRAMS := $(BENCHES:%.c=build/release/%)

check: ## installs what is missing, builds everything, runs every test
	.ci/dependencies check
	$(MAKE) $(CORES) all objects-gcc objects-clang build-dev build-asan \
		$(UNIT_THREADS:%.c=build/tsan/%) $(FUZZ:%.c=build/fuzz/%) $(BENCH_PROGRAMS) \
		tests/browser/node_modules/.package-lock.json
	$(Q)tests/run tests/lint/run tests/bench/check tests/fuzz/run $(call unit_programs,dev) $(UNIT_THREADS:%.c=build/tsan/%) \
		$(call unit_programs,asan) $(call story_programs,dev) $(call story_programs,asan) \
		$(TORTURE:%.c=build/dev/%) $(BROWSER)

check-fast: ## the house rules, gcc, and the unit tests that what changed since main can reach
	$(MAKE) $(CORES) build-dev
	$(Q)programs=$$(tests/touched $(call unit_programs,dev)) && \
		tests/run tests/lint/run tests/browser/unit $$programs

check-unit: units-dev ## the unit tests
	$(Q)tests/run $(call unit_programs,dev)

check-story: programs-dev stories-dev ## the stories about both programs
	$(Q)tests/run $(call story_programs,dev)

check-asan: build-asan ## unit tests and stories under the address and undefined behaviour sanitizers
	$(Q)tests/run $(call unit_programs,asan) $(call story_programs,asan)

check-tsan: $(UNIT_THREADS:%.c=build/tsan/%) ## unit tests with threads under the thread sanitizer
	$(Q)tests/run $(UNIT_THREADS:%.c=build/tsan/%)

check-fuzz: $(FUZZ:%.c=build/fuzz/%) ## the parsers' fuzz drivers: their seeds and 20,000 executions each
	tests/run tests/fuzz/run

check-gcc-clang: objects-gcc objects-clang ## everything compiles without a warning with both compilers

check-browser: all tests/browser/node_modules/.package-lock.json ## the page in a real browser
	$(Q)tests/run $(BROWSER)

check-long: programs-release stories-release ## stories at full size: two minutes away, 50 uploads of 200 MB
	$(Q)REELKEEP_LONG=1 tests/run $(call story_programs,release)

lint: ## house rules: layers, headers, banned calls, settings, formatting
	@tests/lint/run

format: ## applies .clang-format
	bash tests/lint/format.sh apply

bench: ## web beside nginx on the same files
	.ci/dependencies bench
	$(MAKE) $(CORES) all
	tests/bench/run
	tests/bench/cold

bench-transcode: ## the transcoder beside the ffmpeg command on the same files
	.ci/dependencies bench
	$(MAKE) $(CORES) all $(BENCH_PROGRAMS)
	tests/bench/transcode

# For how long each part, and with which choices: make torture SECONDS_EACH=600 SEED=7
torture: torture-dev ## both programs killed, their disk full or dying, uploads all the time; 30 s each
	REELKEEP_BUILD=build/dev REELKEEP_TORTURE_SECONDS=$(or $(SECONDS_EACH),30) \
		$(if $(SEED),REELKEEP_TORTURE_SEED=$(SEED)) $(TORTURE:%.c=build/dev/%)

# For how long each, and which: make fuzz SECONDS_EACH=600 PARSERS='range url'
fuzz: $(FUZZ:%.c=build/fuzz/%) ## the parsers of strangers' bytes, each for SECONDS_EACH (60)
	tests/fuzz/run $(or $(SECONDS_EACH),60) $(PARSERS)

# How many, and from which seed: make fuzz-media MUTANTS=100000 SEED=7
fuzz-media: build/asan/tests/unit/test_mutants ## damaged files by the thousand against the encoder's children
	MUTANTS=$(or $(MUTANTS),2000) SEED=$(or $(SEED),$(shell date +%s)) REELKEEP_SUITE_SECONDS=86400 \
		tests/run build/asan/tests/unit/test_mutants
	@grep mutants build/logs/asan-tests-unit-test_mutants.log

clean: ## removes build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r name text; do printf '  make %-16s %s\n' "$$name" "$$text"; done
