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
#	make bench-plots  measures what the plots of README show
#	make pictures   draws the demo and these plots
#	make transcript  runs the commands that README shows, and writes them there
#	make fuzz       the fuzzers, FUZZ_SECONDS each (needs clang)
#	make check-systemd  the units, in a container with systemd (needs root);
#	                SUITE=trixie: in Debian 13
#	make torture    key state (for TORTURE_SECONDS) and batches under kill -9
#	make completions  completions/ anew, as the tools print them
#	make install    all that users need, into PREFIX
#	make uninstall  remove it, and the directories that were made for it
#	make dist       the source as build/gm-VERSION.tar.gz
#	make deb        packages for this Debian in build/deb, and what lintian says
#	make check-deb  build, install, use, upgrade and purge them; needs root
#	make clean
#	make help       this text
#
# Knobs: CC, CFLAGS, CPPFLAGS, LDFLAGS, BUILD (where objects go), V=1 (show
# commands), WERROR=1 (warnings are errors), SAN=address,undefined (sanitizers),
# TESTS="cli buf" (only these), FUZZ_SECONDS, TORTURE_SECONDS, LIVE=1 (the demo
# asks Google with GOOGLE_API_KEYS), CI=true (installs without asking),
# ROOTS="DIR..." (bare systems for check-deb, which else makes its own).
#
# Directories: PREFIX (/usr/local), DESTDIR (put before all others, for packages)
# and the names of the GNU standards, such as bindir, mandir and docdir; also
# bashcompletiondir, zshcompletiondir, fishcompletiondir, unitdir, userunitdir.
# What has no directory, as with unitdir=, is not installed.

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

# The tests that need no server, and few other programs, for packages.
check-unit: $(unit:%=$(BUILD)/unit/%)
	@BUILD='$(abspath $(BUILD))' tests/run.sh unit/

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

bench-plots: need-bench
	@$(MAKE) --no-print-directory all $(bench:%=$(BUILD)/bench/%)
	@BUILD='$(abspath $(BUILD))' tests/pictures/measure.sh

pictures: need-pictures
	@$(MAKE) --no-print-directory all
	@tests/pictures/draw.sh $(BUILD)

transcript: need-demo
	@$(MAKE) --no-print-directory all
	@python3 -B tests/demo/transcript.py $(BUILD) README.md

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

# What the tools print; a test compares it.
completions: all
	@mkdir -p $@
	@for tool in $(tools); do \
	    $(BUILD)/$$tool --completion bash >$@/$$tool.bash && \
	    $(BUILD)/$$tool --completion zsh >$@/_$$tool && \
	    $(BUILD)/$$tool --completion fish >$@/$$tool.fish || exit; done

# Where things are installed.  systemd reads units of a user in ~/.local/share,
# and units of the system in no home directory.
PREFIX ?= /usr/local
prefix = $(PREFIX)
exec_prefix = $(prefix)
bindir = $(exec_prefix)/bin
datarootdir = $(prefix)/share
datadir = $(datarootdir)
mandir = $(datarootdir)/man
man1dir = $(mandir)/man1
man7dir = $(mandir)/man7
docdir = $(datarootdir)/doc/gm
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
unitdir = $(if $(in_home),,$(prefix)/lib/systemd/system)
userunitdir = $(if $(in_home),$(datadir),$(prefix)/lib)/systemd/user
INSTALL = install

# The file in which install lists the directories that it makes, for uninstall;
# packages do without (record=).
record = $(docdir)/directories

# Make splits its lists at blanks; the shell does not split what is quoted.
one_word = $(subst $(subst ,, ),_,$(1))
quoted = '$(subst ','\'',$(1))'
home = $(filter-out /,$(call one_word,$(HOME)))
in_home = $(filter $(home:%=%/%) %/.local,$(call one_word,$(prefix)))

# What is installed: a quoted "MODE SOURCE DESTINATION" for each file.
row = $(if $($(1)),$(call quoted,$(2) $(3) $($(1))/$(4)))
rows = $(foreach file,$(3),$(call row,$(1),$(2),$(file),$(notdir $(file))))
installed = $(call rows,bindir,755,$(tools:%=$(BUILD)/%)) \
    $(call rows,man1dir,644,$(filter %.1,$(pages))) \
    $(call rows,man7dir,644,$(filter %.7,$(pages))) \
    $(foreach file,$(wildcard completions/*.bash),\
        $(call row,bashcompletiondir,644,$(file),$(notdir $(file:.bash=)))) \
    $(call rows,zshcompletiondir,644,$(wildcard completions/_*)) \
    $(call rows,fishcompletiondir,644,$(wildcard completions/*.fish)) \
    $(call rows,unitdir,644,$(wildcard systemd/system/*)) \
    $(call rows,userunitdir,644,$(wildcard systemd/user/*)) \
    $(call rows,docdir,644,README.md CHANGELOG.md LICENSE .env.example)

# A path that is not absolute, such as a ~ that no shell has expanded, would be
# found neither by systemd nor by uninstall.
need_absolute = $(foreach name,prefix bindir man1dir man7dir docdir \
    bashcompletiondir zshcompletiondir fishcompletiondir unitdir userunitdir \
    record,$(if $(filter-out /%,$(call one_word,$($(name)))),\
    $(error $(name) is not an absolute path: $($(name)))))

# The programs in the commands of units, as systemd and then sed quote them.
for_systemd = $(subst $(subst ,, ),\x20,$(subst %,%%,$(subst \,\\,$(1))))
for_sed = $(subst |,\|,$(subst &,\&,$(subst \,\\,$(1))))
in_units = s|/usr/bin/gm-|$(call for_sed,$(call for_systemd,$(bindir)))/gm-|

# Root does not compile in another user's BUILD, by other settings.
build_first = $(MAKE) --no-print-directory -q all || \
    if [ -e $(BUILD) ] && [ "$$(id -u)" -eq 0 ] && \
        [ "$$(ls -dn $(BUILD) | awk '{ print $$3 }')" -ne 0 ]; then \
	echo 'make: $(BUILD) is out of date; run make as its owner first' >&2; \
	exit 1; \
    else \
	$(MAKE) --no-print-directory all; \
    fi

install:
	$(need_absolute)
	@$(build_first)
	@set -e; umask 022; \
	root=$(call quoted,$(DESTDIR)) record=$(call quoted,$(record)); \
	make_dir() { \
		[ -d "$$root$$1/" ] || { \
			make_dir "$${1%/*}"; mkdir "$$root$$1"; \
			printf '%s\n' "$$1"; \
		}; \
	}; \
	mkdir -p "$$root/"; \
	made=$$(make_dir "$${record%/*}"); \
	{ \
		[ -z "$$made" ] || printf '%s\n' "$$made"; \
		printf '%s\n' $(installed) | while read -r mode from to; do \
			make_dir "$${to%/*}"; \
			printf '  INST %s\n' "$$root$$to" >&3; \
			case $$from in \
			systemd/*) \
				rm -f "$$root$$to"; \
				sed $(call quoted,$(in_units)) "$$from" >"$$root$$to"; \
				chmod $$mode "$$root$$to" ;; \
			*) $(INSTALL) -m $$mode "$$from" "$$root$$to" ;; \
			esac; \
		done; \
	} 3>&1 >>"$${record:+$$root}$${record:-/dev/null}"

# Not a directory that others had made, or have put files into.
uninstall:
	$(need_absolute)
	@set -e; \
	root=$(call quoted,$(DESTDIR)) record=$(call quoted,$(record)); \
	printf '%s\n' $(installed) | while read -r mode from to; do \
		[ ! -e "$$root$$to" ] || printf '  RM   %s\n' "$$root$$to"; \
		rm -f "$$root$$to"; \
	done; \
	[ -f "$$root$$record" ] || exit 0; \
	made=$$(LC_ALL=C sort -r "$$root$$record"); \
	rm -f "$$root$$record"; \
	printf '%s\n' "$$made" | while read -r dir; do \
		rmdir "$$root$$dir" 2>/dev/null || :; \
	done

# The commit's files, or without git those at hand, with one time, owner and
# order, so that the archive depends on nothing else.  An archive that is
# unpacked gives itself again.
tarball = $(BUILD)/gm-$(VERSION).tar.gz
dist:
	@set -e; umask 022; unset TAR_OPTIONS GZIP; \
	name=gm-$(VERSION); mkdir -p $(BUILD); \
	dir=$$(mktemp -d $(BUILD)/dist.XXXXXX); trap 'rm -rf "$$dir"' EXIT; \
	mkdir "$$dir/$$name"; \
	if [ -e .git ]; then \
		git diff --quiet HEAD || \
		    echo 'make: what is not committed is left out' >&2; \
		time=$$(git log -1 --format=%ct); \
		git -c core.autocrlf=false -c core.attributesFile=/dev/null \
		    archive --format=tar HEAD >"$$dir/files"; \
	else \
		time=$$(stat -c %Y VERSION); \
		tar -c --exclude=./build --exclude='./$(BUILD)' . >"$$dir/files"; \
	fi; \
	tar -x -C "$$dir/$$name" <"$$dir/files"; \
	tar -c --format=ustar --sort=name --owner=0 --group=0 --numeric-owner \
	    --mode=a+rX,u+w,go-w --mtime=@$${SOURCE_DATE_EPOCH:-$$time} \
	    -C "$$dir" "$$name" >"$$dir/tar"; \
	gzip -9n <"$$dir/tar" >"$$dir/gz"; \
	mv "$$dir/gz" $(tarball)
	$(if $(V),,@printf '  DIST %s\n' $(tarball))

# From the archive, so that nothing but the commit matters, nor what is set here
# for our own make.
deb: need-deb dist
	@rm -rf $(BUILD)/deb && mkdir $(BUILD)/deb
	@tar -xzf $(tarball) -C $(BUILD)/deb
	@cd $(BUILD)/deb/gm-$(VERSION) && \
	    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES \
	    dpkg-buildpackage -us -uc
	@rm -rf $(BUILD)/deb/gm-$(VERSION)
	@lintian --allow-root --fail-on warning $(BUILD)/deb/*.changes

check-deb: need-check-deb dist
	@tests/package/check.sh $(tarball) $(ROOTS)

# The value of a variable, for the scripts: "make -s print-WARN".
print-%:
	@printf '%s\n' '$($*)'

# Looks for what is missing and installs it; quick when nothing is.
need := need-build need-demo need-check need-lint need-bench need-fuzz \
    need-pictures need-deb need-check-deb need-systemd
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
    bench-plots pictures transcript fuzz torture check-unit completions install uninstall \
    dist deb check-deb check-systemd programs $(need) clean fault-programs FORCE
.SECONDARY:
.DELETE_ON_ERROR:
