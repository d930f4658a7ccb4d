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
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -I. $(WARN) $(OPT) $(SAN) $(CFLAGS)
LIBS    := -lpcap -lcjson -lcrypto -lz -lm

LIBRARY  := $(wildcard core/*.c core/estimate/*.c probes/decode/*.c probes/flow/*.c probes/io/*.c)
RTP      := $(wildcard probes/rtp/*.c)
ANALYZE  := $(wildcard analyze/*.c)
REPORT   := $(wildcard report/*.c)
ASSESS   := $(wildcard assess/*.c)
SOURCES  := $(LIBRARY) $(RTP) $(ANALYZE) $(REPORT) $(ASSESS)
PROGRAMS := $(addprefix $(BUILD)/,voready-rtp voready-analyze voready-report voready)
objects   = $(patsubst %.c,$(BUILD)/%.o,$(1))
AR       := $(if $(findstring -flto,$(OPT)),gcc-ar,ar)

.PHONY: all
all: $(PROGRAMS)

$(BUILD)/libvoready.a: $(call objects,$(LIBRARY))
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/voready-rtp: $(call objects,$(RTP)) $(BUILD)/libvoready.a
$(BUILD)/voready-analyze: $(call objects,$(ANALYZE)) $(BUILD)/libvoready.a
$(BUILD)/voready-report: $(call objects,$(REPORT)) $(BUILD)/libvoready.a
$(BUILD)/voready: $(call objects,$(ASSESS)) $(BUILD)/libvoready.a
$(PROGRAMS):
	@echo "  LINK  $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# A unit test is one file named after its module: tests/unit/test_MODULE.c. It links the library and the
# programs' modules without their main.c.
UNITS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
$(BUILD)/libmodules.a: $(call objects,$(filter-out %/main.c,$(RTP) $(ANALYZE) $(REPORT) $(ASSESS)))
	@rm -f $@
	@$(AR) rcs $@ $^
$(UNITS): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libmodules.a $(BUILD)/libvoready.a
	@echo "  LINK  $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libmodules.a $(BUILD)/libvoready.a -lcmocka -lssl $(LIBS)
.PHONY: units
units: $(UNITS)

.PHONY: clean
clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# Programs, manual pages (one is made from the metric catalogue), bash completion and rule packs.
MAN5 := $(BUILD)/man/voready-metrics.5
$(MAN5): docs/man/metrics.awk core/metrics.def
	@mkdir -p $(@D)
	@awk -f docs/man/metrics.awk core/metrics.def >$@.new && mv $@.new $@
.PHONY: install uninstall
bindir  = $(DESTDIR)$(PREFIX)/bin
datadir = $(DESTDIR)$(PREFIX)/share
bashdir = $(datadir)/bash-completion/completions
install: $(PROGRAMS) $(MAN5)
	install -d "$(bindir)" "$(datadir)/man/man1" "$(datadir)/man/man5" "$(bashdir)" "$(datadir)/voready/rules"
	install -m 755 $(PROGRAMS) "$(bindir)"
	install -m 644 docs/man/*.1 "$(datadir)/man/man1"
	install -m 644 docs/man/*.5 $(MAN5) "$(datadir)/man/man5"
	install -m 644 completion/voready.bash "$(bashdir)/voready"
	cd "$(bashdir)" && for name in voready-rtp voready-analyze voready-report; do ln -sf voready $$name; done
	install -m 644 rules/*.json "$(datadir)/voready/rules"
uninstall:
	for name in $(notdir $(PROGRAMS)); do rm -f "$(bindir)/$$name" "$(bashdir)/$$name"; done
	for name in $(notdir $(wildcard docs/man/*.1)); do rm -f "$(datadir)/man/man1/$$name"; done
	for name in $(notdir $(wildcard docs/man/*.5) $(MAN5)); do rm -f "$(datadir)/man/man5/$$name"; done
	rm -rf "$(datadir)/voready"
