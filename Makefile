# voready: one Makefile. The folder of a source decides what it may include (tests/check/layers) and link.
#
#   make            build the programs into build/
#   make demo       install what is missing, build, assess a sample, say where the report is
#   make check      install what is missing, build, run every test
#   make check-san  the unit tests, golden tests and fuzz seeds with address and undefined-behaviour sanitizers
#   make fuzz       fuzz every target for FUZZ_SECONDS (60) each (clang)
#   make bench      speed and memory, as ratios to peers in the same run
#   make install    PREFIX=/usr/local DESTDIR=
#   make deps, format, lint, clean

PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
CC      := gcc
OPT     ?= -O2 -flto=auto -fno-semantic-interposition
WARN    := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef \
           -Wpointer-arith -Wwrite-strings -Wno-format-nonliteral
SAN     ?=
CFLAGS  ?= -g
INCLUDES := -I. -I/usr/include/libnl3
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE $(INCLUDES) $(WARN) $(OPT) $(SAN) $(CFLAGS)
LIBS    := -Wl,--as-needed -lpcap -lcjson -lcares -lnghttp2 -lnl-genl-3 -lnl-3 -lssl -lcrypto -lz -lm

LIBRARY  := $(wildcard core/*.c core/estimate/*.c probes/decode/*.c probes/flow/*.c probes/io/*.c)
RTP      := $(wildcard probes/rtp/*.c)
REACH    := $(wildcard probes/reach/*.c)
VOICE    := $(wildcard probes/voice/*.c)
WLAN     := $(wildcard probes/wlan/*.c)
ANALYZE  := $(wildcard analyze/*.c analyze/derive/*.c)
REPORT   := $(wildcard report/*.c)
ASSESS   := $(wildcard assess/*.c)
SOURCES  := $(LIBRARY) $(RTP) $(REACH) $(VOICE) $(WLAN) $(ANALYZE) $(REPORT) $(ASSESS)
PROGRAMS := $(addprefix $(BUILD)/,voready-rtp voready-reach voready-reflect voready-wlan voready-analyze voready-report voready)
objects   = $(patsubst %.c,$(BUILD)/%.o,$(1))
AR       := $(if $(findstring -flto,$(OPT)),gcc-ar,ar)

.PHONY: all
all: $(PROGRAMS)

$(BUILD)/libvoready.a: $(call objects,$(LIBRARY))
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/voready-rtp: $(call objects,$(RTP)) $(BUILD)/libvoready.a
$(BUILD)/voready-reach: $(call objects,$(REACH)) $(BUILD)/libvoready.a
$(BUILD)/voready-reflect: $(call objects,$(VOICE)) $(BUILD)/libvoready.a
$(BUILD)/voready-wlan: $(call objects,$(WLAN)) $(BUILD)/libvoready.a
$(BUILD)/voready-analyze: $(call objects,$(ANALYZE)) $(BUILD)/libvoready.a
$(BUILD)/voready-report: $(call objects,$(REPORT)) $(BUILD)/libvoready.a
$(BUILD)/voready: $(call objects,$(ASSESS)) $(BUILD)/libvoready.a
$(PROGRAMS):
	@echo "  LINK  $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@.new $(filter %.o %.a,$^) $(LIBS) && mv $@.new $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# A unit test is one file named after its module: tests/unit/test_MODULE.c. It links the library and the
# programs' modules without their main.c.
UNITS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
$(BUILD)/libmodules.a: $(call objects,$(filter-out %/main.c,$(RTP) $(REACH) $(VOICE) $(WLAN) $(ANALYZE) $(REPORT) $(ASSESS)))
	@rm -f $@
	@$(AR) rcs $@ $^
$(UNITS): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libmodules.a $(BUILD)/libvoready.a
	@echo "  LINK  $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libmodules.a $(BUILD)/libvoready.a -lcmocka $(LIBS)
.PHONY: units
units: $(UNITS)

# A fuzz target is tests/fuzz/fuzz_NAME.c with seeds in tests/fuzz/seeds/NAME. `make check` replays the seeds, and every cut of
# the small ones, under sanitizers; `make fuzz` lets clang search on.
TARGETS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAYS := $(addprefix $(BUILD)/tests/fuzz/,$(TARGETS))
$(REPLAYS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/libmodules.a $(BUILD)/libvoready.a
	@echo "  LINK  $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libmodules.a $(BUILD)/libvoready.a $(LIBS)
.PHONY: replays
replays: $(REPLAYS)

FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz:
	@./deps.sh check
	@for target in $(TARGETS); do \
	    name=$${target#fuzz_}; mkdir -p build-fuzz/corpus/$$name; echo "== $$target, $(FUZZ_SECONDS) s"; \
	    clang -std=c17 -D_GNU_SOURCE $(INCLUDES) -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o build-fuzz/$$target \
	        tests/fuzz/$$target.c $(LIBRARY) $(filter-out %/main.c,$(ANALYZE)) $(LIBS) && \
	    build-fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -artifact_prefix=build-fuzz/ build-fuzz/corpus/$$name tests/fuzz/seeds/$$name || exit 1; \
	done

# Tools that make samples, impair namespaces and measure.
TOOLS := $(addprefix $(BUILD)/,generate impair bare-loop lab-medium lab-record lab-ask wlan-frames)
$(BUILD)/generate: $(call objects,$(wildcard samples/*.c)) $(BUILD)/libvoready.a
$(BUILD)/impair: $(call objects,tests/net/impair.c) $(BUILD)/libvoready.a
$(BUILD)/lab-medium: $(call objects,tests/lab/medium.c)
$(BUILD)/lab-record: $(call objects,tests/lab/record.c)
$(BUILD)/lab-ask: $(call objects,tests/lab/ask.c) $(BUILD)/libvoready.a
$(BUILD)/bare-loop: $(call objects,tests/bench/bare-loop.c)
$(BUILD)/wlan-frames: $(call objects,tests/golden/wlan/frames.c probes/wlan/air.c) $(BUILD)/libvoready.a
$(TOOLS):
	@echo "  LINK  $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@.new $(filter %.o %.a,$^) $(LIBS) && mv $@.new $@
.PHONY: tools
tools: $(TOOLS)

.PHONY: deps demo check check-san bench format lint
deps:
	@./deps.sh build

demo: deps
	@$(MAKE) --no-print-directory -s all
	@$(BUILD)/voready assess --capture samples/captures/bad-call.pcap.gz --out report-demo || test $$? -eq 3
	@$(BUILD)/voready assess --records samples/survey/walk.jsonl --records samples/survey/call.jsonl --area air,media --out report-demo/survey \
	    >/dev/null || test $$? -eq 3
	@echo "That sample is a bad call on purpose. The report: $(CURDIR)/report-demo/report.html"
	@echo "A survey of the air, with a call that roams: $(CURDIR)/report-demo/survey/report.html"

check:
	@./deps.sh check
	@BUILD=$(BUILD) tests/run

# The sanitized build stands beside the other one.
SAN_FLAGS := BUILD=build-san OPT="-O1 -fno-omit-frame-pointer" SAN="-fsanitize=address,undefined -fno-sanitize-recover=all -Wno-maybe-uninitialized"
.PHONY: san
san:
	@$(MAKE) --no-print-directory $(SAN_FLAGS) all units replays
check-san:
	@./deps.sh check
	@tests/run san units fuzz-seeds golden-san

bench:
	@./deps.sh check
	@$(MAKE) --no-print-directory -s all tools
	@for bench in tests/bench/run tests/bench/wlan tests/bench/wlan-live; do BUILD=$(BUILD) $$bench || exit 1; done

STYLED := $(shell find core probes analyze report assess samples tests -name '*.[ch]' 2>/dev/null)
format:
	clang-format -i $(STYLED)
lint:
	@./deps.sh check
	@tests/check/lint

.PHONY: clean
clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# Programs, manual pages (one is made from the metric catalogue), bash completion, systemd units and rule packs.
MAN5 := $(BUILD)/man/voready-metrics.5
$(MAN5): docs/man/metrics.awk core/metrics.def
	@mkdir -p $(@D)
	@awk -f docs/man/metrics.awk core/metrics.def >$@.new && mv $@.new $@
.PHONY: install uninstall
bindir  = $(DESTDIR)$(PREFIX)/bin
datadir = $(DESTDIR)$(PREFIX)/share
bashdir = $(datadir)/bash-completion/completions
unitdir = $(DESTDIR)$(PREFIX)/lib/systemd/system
install: $(PROGRAMS) $(MAN5)
	install -d "$(bindir)" "$(datadir)/man/man1" "$(datadir)/man/man5" "$(bashdir)" "$(unitdir)" "$(datadir)/voready/rules"
	install -m 755 $(PROGRAMS) "$(bindir)"
	install -m 644 docs/man/*.1 "$(datadir)/man/man1"
	install -m 644 docs/man/*.5 $(MAN5) "$(datadir)/man/man5"
	install -m 644 completion/voready.bash "$(bashdir)/voready"
	cd "$(bashdir)" && for name in $(filter-out voready,$(notdir $(PROGRAMS))); do ln -sf voready $$name; done
	install -m 644 rules/*.json "$(datadir)/voready/rules"
	for unit in $(notdir $(wildcard systemd/*.service)); do \
	    sed 's|@bindir@|$(PREFIX)/bin|' systemd/$$unit >"$(unitdir)/$$unit" && chmod 644 "$(unitdir)/$$unit" || exit 1; done
uninstall:
	for name in $(notdir $(PROGRAMS)); do rm -f "$(bindir)/$$name" "$(bashdir)/$$name"; done
	for name in $(notdir $(wildcard docs/man/*.1)); do rm -f "$(datadir)/man/man1/$$name"; done
	for name in $(notdir $(wildcard docs/man/*.5) $(MAN5)); do rm -f "$(datadir)/man/man5/$$name"; done
	for name in $(notdir $(wildcard rules/*.json)); do rm -f "$(datadir)/voready/rules/$$name"; done
	for name in $(notdir $(wildcard systemd/*.service)); do rm -f "$(unitdir)/$$name"; done
	rmdir "$(datadir)/voready/rules" "$(datadir)/voready" 2>/dev/null || true
