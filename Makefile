# The front door. Everything here can be done with cmake, ctest and the scripts of tools/ directly: see CONTRIBUTING.md.

PRESET ?= release
BUILD := build/$(PRESET)
PREFIX ?= /usr/local

# One job a core, and no more than the memory carries: a compiler takes up to 1 GB.
JOBS ?= $(shell awk -v cores="$$(nproc)" '/^MemAvailable/ { n = int($$2 / 1000000); print n < 1 ? 1 : n < cores ? n : cores }' /proc/meminfo)

# Where the test servers are, once `make servers` has fetched them.
-include build/servers/env

.PHONY: build setup configure demo test unit run-tests campaign bench fuzz accept servers format lint package install clean print-jobs

build: configure
	cmake --build $(BUILD) --parallel $(JOBS)

setup:
	@tools/setup
	@tools/fetch-grammar

# Every time: it is quick, and the tests depend on the servers that are here.
configure: setup
	@cmake --preset $(PRESET) --log-level=WARNING

demo: build
	$(BUILD)/src/pgbelay demo

# Unit tests, cases on PostgreSQL 15, faults and surroundings: a quarter of an hour. `.ci/run` does more, on more versions.
test: build
	@$(MAKE) --no-print-directory run-tests TESTS='unit|architecture|cases-15|record-15|by-hand|ledgers|faults|surroundings|examples|packaging'

unit: build
	@$(MAKE) --no-print-directory run-tests TESTS='unit|architecture'

# Tests of what is built: TESTS is a pattern of labels, ONLY one of names.
TESTS ?= .*
ONLY ?= .
run-tests:
	ctest --test-dir $(BUILD) --label-regex '^($(TESTS))$$' --tests-regex '$(ONLY)' --parallel $$(nproc) \
	  --output-on-failure --no-tests=error --output-junit tests.xml

# Faults at every boundary and at random moments, on all versions: an hour or more. Rewrites the figures in docs/reliability.md.
campaign: build servers
	. build/servers/env && $(BUILD)/tests/campaign --jobs $(JOBS) --random 100 --write docs/reliability.md --commit $$(git describe --always --dirty)

bench: build
	$(BUILD)/bench/impact
	$(BUILD)/bench/speed
	$(BUILD)/bench/facts

# So many seconds for each of three; with clang 19. Findings are in build/fuzz/findings.
SECONDS ?= 30
fuzz:
	@tools/setup build fuzz
	@tools/fetch-grammar
	@cmake --preset fuzz --log-level=WARNING
	cmake --build build/fuzz --parallel $(JOBS) --target fuzz_script fuzz_facts fuzz_runbook
	tests/fuzz/run build/fuzz $(SECONDS)

# Rewrites what the cases expect, on every version that is here. Read the difference before you commit it.
accept: build
	tools/accept $(BUILD)

servers:
	tools/servers

format:
	@tools/setup lint
	tools/lint --format

# LINT=all looks at every file, not only at those that changed since the main branch.
lint: configure
	@tools/setup lint
	tools/lint $(BUILD) $(LINT)

# A .deb for machines without a compiler, beside the program in the build folder.
package: build
	cd $(BUILD) && cpack -G DEB

install: build
	cmake --install $(BUILD) --prefix $(PREFIX) --strip

clean:
	rm -rf $(BUILD)

print-jobs:
	@echo $(JOBS)
