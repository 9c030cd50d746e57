# The gm toolset.  Everything that builds, checks and shows it:
#
#	make            the tools, in build/
#	make demo       what they do, against a stand-in server; needs no key
#	make check      all tests; ends with "N passed, M failed, K skipped"
#	make lint       format, static analysis, both compilers without a warning
#	make asan       the tests again, under the address and UB sanitizers
#	make bench      speed, side by side with curl and others
#	make bench-batch  the same for batches of up to 1,000,000 records
#	make bench-summ   the same for summaries
#	make fuzz       the fuzzers, FUZZ_SECONDS each (needs clang)
#	make check-systemd  the units, in a container with systemd (needs root);
#	                SUITE=trixie: in Debian 13
#	make torture    key state (for TORTURE_SECONDS) and batches under kill -9
#	make clean
#	make help       this text
#
# Knobs: CC, CFLAGS, CPPFLAGS, LDFLAGS, BUILD (where objects go), V=1 (show
# commands), WERROR=1 (warnings are errors), SAN=address,undefined (sanitizers),
# TESTS="cli buf" (only these), FUZZ_SECONDS, TORTURE_SECONDS, LIVE=1 (the demo
# asks Google with GOOGLE_API_KEYS), CI=true (installs without asking).

BUILD = build
CFLAGS = -O2 -g
SAN =
WERROR =
TESTS ?=
FUZZ_SECONDS = 30
TORTURE_SECONDS = 60
VERSION := $(file <VERSION)

# Without PATH sh finds programs, but what it starts, such as cc, does not.
export PATH := $(or $(PATH),/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
    -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla \
    -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum \
    $(if $(findstring gcc,$(CC_KIND)),-Wlogical-op -Wduplicated-cond \
    -Wjump-misses-init) $(if $(WERROR),-Werror)
CC_KIND := $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),clang,gcc)

HARDEN = -fstack-protector-strong -fstack-clash-protection -fPIE \
    $(if $(filter x86_64 i%86,$(shell uname -m 2>/dev/null)),-fcf-protection)
FORTIFY = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
SANITIZE = -fsanitize=$(SAN) -fno-sanitize-recover=all \
    -fno-omit-frame-pointer -DGM_SANITIZED

ALL_CPPFLAGS = -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
    -DGM_VERSION='"$(VERSION)"' -Ilib -Itools -Itests/unit $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARN) $(HARDEN) $(if $(SAN),$(SANITIZE),$(FORTIFY)) \
    -ffile-prefix-map=$(CURDIR)=. $(ALL_CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed \
    $(if $(SAN),$(SANITIZE)) $(LDFLAGS)
LIBS = -lmd -lcurl

# What is linked, objects before the library.
ordered = $(filter %.o,$^) $(filter %.a,$^)

# One short line for each step; V=1 shows the commands.
step = $(if $(V),,@printf '  %-4s %s\n' $(1) $@ &&)

# What a tool has of its own lies in a folder beside its main.c.
tools := $(patsubst tools/%/main.c,%,$(wildcard tools/*/main.c))
own_o = $(patsubst %.c,$(BUILD)/%.o,\
    $(filter-out %/main.c,$(wildcard tools/$(1)/*.c)))
lib_o := $(patsubst %.c,$(BUILD)/%.o,$(wildcard lib/*.c lib/*/*.c))
unit := $(patsubst tests/unit/%.c,%,\
    $(wildcard tests/unit/*.c tests/unit/*/*.c))
fuzz := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
bench := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))
torture := $(patsubst tests/torture/%.c,%,$(wildcard tests/torture/*.c))
pages := $(patsubst man/%,$(BUILD)/man/%,$(wildcard man/*.[1-9]))

all: $(tools:%=$(BUILD)/%) $(pages)

# Once for each BUILD: can the compiler find all that is not ours?  What is
# exported does not reach $(shell) before make 4.4.
headers = stdio.h curl/curl.h sha2.h jsmn.h
finds = $(shell export PATH='$(PATH)'; printf '\043include <%s>\n' $(1) | \
    $(CC) $(ALL_CPPFLAGS) $(CFLAGS) -E -x c - >/dev/null 2>&1 && echo yes)
has_cc = $(shell command -v $(firstword $(CC)) 2>/dev/null)
lacks = $(if $(has_cc),$(strip $(foreach header,$(headers),\
    $(if $(call finds,$(header)),,$(header)))),$(CC))
stop_for = $(if $(1),$(error \
    not found: $(1); ./bootstrap installs what is missing))
$(BUILD)/can-compile:
	$(call stop_for,$(lacks))
	@mkdir -p $(@D) && : >$@

$(BUILD)/%.o: %.c Makefile VERSION | $(BUILD)/can-compile
	@mkdir -p $(@D)
	$(call step,CC) $(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libgm.a: $(lib_o)
	$(call step,AR) rm -f $@ && $(AR) qcD $@ $(lib_o)

# Programs that need more than their main, by rules without commands.
$(foreach tool,$(tools),\
    $(eval $(BUILD)/$(tool) $(BUILD)/$(tool).fault: $(call own_o,$(tool))))
$(foreach test,$(unit),\
    $(eval $(BUILD)/unit/$(test): \
        $(call own_o,$(firstword $(subst /, ,$(test))))))
$(BUILD)/fuzz/chunk $(BUILD)/bench/chunk: $(BUILD)/tools/gm-summ/border.o \
    $(BUILD)/tools/gm-summ/chunk.o

$(tools:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/tools/%/main.o $(BUILD)/libgm.a
	$(call step,LD) $(CC) $(ALL_LDFLAGS) -o $@ $(ordered) $(LIBS)

# It asks nobody, so it must not need libcurl.
$(BUILD)/gm-rotate $(BUILD)/gm-rotate.fault: LIBS = -lmd

$(unit:%=$(BUILD)/unit/%): $(BUILD)/unit/%: $(BUILD)/tests/unit/%.o \
    $(BUILD)/libgm.a
	@mkdir -p $(@D)
	$(call step,LD) $(CC) $(ALL_LDFLAGS) -o $@ $(ordered) -lcmocka $(LIBS)

# The pages, with the text of the shared options in its place.
$(BUILD)/man/%: man/% man/common.mdoc man/insert.awk
	@mkdir -p $(@D)
	$(call step,MAN) awk -f man/insert.awk man/common.mdoc $< >$@

# The tools again, with the calls that can fail routed through fault.c.
# Without fortify, whose __read_chk and the like --wrap would not catch.
FAULTS = malloc calloc realloc read write fsync rename close \
    renameat pread pwrite openat fcntl mkdir fallocate fsetxattr memfd_create \
    fstat poll pipe open ftruncate lseek pipe2 epoll_create1 epoll_ctl \
    timerfd_create timerfd_settime pthread_create
$(tools:%=$(BUILD)/fault/%): fault-programs
fault-programs:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fault/obj FORTIFY= \
	    $(tools:%=$(BUILD)/fault/obj/%.fault)
	@for tool in $(tools); do \
	    ln -f $(BUILD)/fault/obj/$$tool.fault $(BUILD)/fault/$$tool; done
$(tools:%=$(BUILD)/%.fault): $(BUILD)/%.fault: $(BUILD)/tools/%/main.o \
    $(BUILD)/tests/fault/fault.o $(BUILD)/libgm.a
	$(call step,LD) $(CC) $(ALL_LDFLAGS) $(FAULTS:%=-Wl,--wrap=%) -o $@ \
	    $(ordered) $(LIBS)

# Fuzzers: libFuzzer's with clang, and a plain main that replays a corpus.
$(fuzz:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o \
    $(BUILD)/tests/fuzz/replay/main.o $(BUILD)/libgm.a
	@mkdir -p $(@D)
	$(call step,LD) $(CC) $(ALL_LDFLAGS) -o $@ $(ordered) $(LIBS)

$(bench:%=$(BUILD)/bench/%): $(BUILD)/bench/%: $(BUILD)/tests/bench/%.o \
    $(BUILD)/libgm.a
	@mkdir -p $(@D)
	$(call step,LD) $(CC) $(ALL_LDFLAGS) -o $@ $(ordered) $(LIBS)

$(torture:%=$(BUILD)/torture/%): $(BUILD)/torture/%: \
    $(BUILD)/tests/torture/%.o $(BUILD)/libgm.a
	@mkdir -p $(@D)
	$(call step,LD) $(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The smallest program over the library.
$(BUILD)/smallest/ask: $(BUILD)/tests/smallest/ask.o $(BUILD)/libgm.a
	@mkdir -p $(@D)
	$(call step,LD) $(CC) $(ALL_LDFLAGS) -o $@ $(ordered) $(LIBS)

demo: need-demo
	@$(MAKE) --no-print-directory all
	@tests/demo/demo.sh $(BUILD)

check: need-check
	@$(MAKE) --no-print-directory check-built

check-built: all $(BUILD)/libgm.a $(unit:%=$(BUILD)/unit/%) \
    $(fuzz:%=$(BUILD)/fuzz/%) $(torture:%=$(BUILD)/torture/%) \
    $(tools:%=$(BUILD)/fault/%) $(BUILD)/smallest/ask
	@BUILD='$(abspath $(BUILD))' SAN='$(SAN)' tests/run.sh $(TESTS)

lint: need-lint
	@BUILD='$(abspath $(BUILD))' tests/rules/lint.sh $(TESTS)

asan: need-check
	@$(MAKE) --no-print-directory BUILD=build/asan SAN=address,undefined \
	    CFLAGS='-O1 -g' check-built

bench: need-bench
	@$(MAKE) --no-print-directory all $(bench:%=$(BUILD)/bench/%)
	@BUILD='$(abspath $(BUILD))' tests/bench/run.sh

bench-batch: need-bench
	@$(MAKE) --no-print-directory all $(bench:%=$(BUILD)/bench/%)
	@BUILD='$(abspath $(BUILD))' tests/bench/batch.sh

bench-summ: need-bench
	@$(MAKE) --no-print-directory all $(bench:%=$(BUILD)/bench/%)
	@BUILD='$(abspath $(BUILD))' tests/bench/summ.sh

fuzz: need-fuzz
	@BUILD='$(abspath $(BUILD))' tests/fuzz/run.sh $(FUZZ_SECONDS)

torture: need-check
	@$(MAKE) --no-print-directory all $(torture:%=$(BUILD)/torture/%)
	@BUILD='$(abspath $(BUILD))' tests/torture/run.sh $(TORTURE_SECONDS)

check-systemd: need-systemd
	@$(MAKE) --no-print-directory all
	@BUILD='$(abspath $(BUILD))' tests/systemd/run.sh

# All that is compiled, for lint.
programs: all $(BUILD)/libgm.a $(unit:%=$(BUILD)/unit/%) \
    $(fuzz:%=$(BUILD)/fuzz/%) $(bench:%=$(BUILD)/bench/%) \
    $(torture:%=$(BUILD)/torture/%) $(BUILD)/smallest/ask \
    $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fault/*.c))

# The value of a variable, for the scripts: "make -s print-WARN".
print-%:
	@printf '%s\n' '$($*)'

# Looks for what is missing and installs it; quick when nothing is.
need := need-build need-demo need-check need-lint need-bench need-fuzz \
    need-systemd
$(need): need-%:
	@./bootstrap $*

help:
	@sed -n '/^$$/q; s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

clean:
	rm -rf $(BUILD)

-include $(lib_o:.o=.d) $(wildcard $(BUILD)/tools/*/*.d \
    $(BUILD)/tests/*/*.d $(BUILD)/tests/*/*/*.d)
FORCE:
.PHONY: all help demo check check-built lint asan bench bench-batch bench-summ \
    fuzz torture check-systemd programs $(need) clean fault-programs FORCE
.SECONDARY:
.DELETE_ON_ERROR:
