# The gm toolset.
#
# Build and install:
#	make              build the tools and the manual pages in build/
#	make demo         show what the tools do, against a stand-in server; no key
#	make install      install into PREFIX (/usr/local)
#	make uninstall    remove what make install installed
#	make deb          build Debian packages in build/deb, and run lintian on them
#	make dist         write the source to build/gm-VERSION.tar.gz
#	make clean        remove build/
#	make help         print this text
#
# Test:
#	make check        run all tests; ends with "N passed, M failed, K skipped"
#	make lint         check format and warnings, and run static analysis
#	make asan         run all tests under the address and UB sanitizers
#	make fuzz         run each fuzzer for FUZZ_SECONDS (30); needs clang
#	make torture      kill -9 processes that use the key state, for
#	                  TORTURE_SECONDS (60), and batches
#	make check-deb    build, install, use, upgrade and purge the packages; root
#	make check-systemd  run the units in a container with systemd; needs root;
#	                  SUITE=trixie takes Debian 13
#
# Measure:
#	make bench        compare the speed with curl and others
#	make bench-batch  the same for batches of up to 1,000,000 records
#	make bench-summ   the same for summaries
#
# Update generated files:
#	make completions  completions/
#	make transcript   the commands near the top of README.md, and their output
#	make bench-plots  the measurements in tests/pictures/*.tsv
#	make pictures     tests/pictures/*.svg, from a run of the demo and these
#
# Variables: CC, CFLAGS, CPPFLAGS, LDFLAGS, BUILD (the directory for what is
# built), V=1 (print commands), WERROR=1 (warnings are errors),
# SAN=address,undefined (sanitizers), TESTS="cli buf" (run only tests whose names
# contain one of these words), LIVE=1 (send the requests of the demo to Google,
# with GOOGLE_API_KEYS), CI=true (install packages without asking),
# ROOTS="DIR..." (bare Debian systems for check-deb, which else makes them).
#
# Directories: PREFIX; DESTDIR (put before all others, for packages); the names
# of the GNU standards, such as bindir, mandir and docdir; bashcompletiondir,
# zshcompletiondir, fishcompletiondir, unitdir and userunitdir.  Files whose
# directory is empty, as with unitdir=, are not installed.

BUILD = build
CFLAGS = -O2 -g
SAN =
WERROR =
TESTS ?=
FUZZ_SECONDS = 30
TORTURE_SECONDS = 60
VERSION := $(file <VERSION)

# Set PATH if it is not: sh then finds programs, but its children, as cc, do not.
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

# The inputs of the linker: objects, then libraries.
ordered = $(filter %.o,$^) $(filter %.a,$^)

# Print one short line for each step; with V=1, the command.
step = $(if $(V),,@printf '  %-4s %s\n' $(1) $@ &&)

# own_o: the objects of a tool's directory, without main.o.
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

# Check once for each BUILD that the compiler finds all foreign headers.  Before
# make 4.4, exported variables do not reach $(shell).
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

# Add prerequisites to programs that need more than their main.o.
$(foreach tool,$(tools),\
    $(eval $(BUILD)/$(tool) $(BUILD)/$(tool).fault: $(call own_o,$(tool))))
$(foreach test,$(unit),\
    $(eval $(BUILD)/unit/$(test): \
        $(call own_o,$(firstword $(subst /, ,$(test))))))
$(BUILD)/fuzz/chunk $(BUILD)/bench/chunk: $(BUILD)/tools/gm-summ/border.o \
    $(BUILD)/tools/gm-summ/chunk.o

$(tools:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/tools/%/main.o $(BUILD)/libgm.a
	$(call step,LD) $(CC) $(ALL_LDFLAGS) -o $@ $(ordered) $(LIBS)

# gm-rotate sends no request, so it must not need libcurl.
$(BUILD)/gm-rotate $(BUILD)/gm-rotate.fault: LIBS = -lmd

$(unit:%=$(BUILD)/unit/%): $(BUILD)/unit/%: $(BUILD)/tests/unit/%.o \
    $(BUILD)/libgm.a
	@mkdir -p $(@D)
	$(call step,LD) $(CC) $(ALL_LDFLAGS) -o $@ $(ordered) -lcmocka $(LIBS)

# Insert the text of the shared options into the pages.
$(BUILD)/man/%: man/% man/common.mdoc man/insert.awk
	@mkdir -p $(@D)
	$(call step,MAN) awk -f man/insert.awk man/common.mdoc $< >$@

# Build the tools again with each call in FAULTS wrapped by fault.c.  FORTIFY is
# off because --wrap would miss its functions, such as __read_chk.
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

# Link each fuzzer with a main that replays a corpus; tests/fuzz/run.sh links
# libFuzzer in its place.
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

# Build the smallest program that uses the library.
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

# Run the unit tests, which need no server; debian/rules does.
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

# Compile everything, for lint.
programs: all $(BUILD)/libgm.a $(unit:%=$(BUILD)/unit/%) \
    $(fuzz:%=$(BUILD)/fuzz/%) $(bench:%=$(BUILD)/bench/%) \
    $(torture:%=$(BUILD)/torture/%) $(BUILD)/smallest/ask \
    $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fault/*.c))

# Write the completion scripts; a test compares them with the tools' output.
completions: all
	@mkdir -p $@
	@for tool in $(tools); do \
	    $(BUILD)/$$tool --completion bash >$@/$$tool.bash && \
	    $(BUILD)/$$tool --completion zsh >$@/_$$tool && \
	    $(BUILD)/$$tool --completion fish >$@/$$tool.fish || exit; done

# Directories.  systemd reads units of a user in ~/.local/share, and units of the
# system in no home directory.
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

# The file in which install lists the directories that it makes, so that
# uninstall can remove them.  Packages set record= to have none.
record = $(docdir)/directories

# Make splits lists at blanks, so paths with blanks are joined by one_word where
# they are compared, and quoted for the shell.
one_word = $(subst $(subst ,, ),_,$(1))
quoted = '$(subst ','\'',$(1))'
home = $(filter-out /,$(call one_word,$(HOME)))
in_home = $(filter $(home:%=%/%) %/.local,$(call one_word,$(prefix)))

# installed: a quoted "MODE SOURCE DESTINATION" for each file.
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

# Stop at a path that is not absolute, such as a literal ~: neither systemd nor
# uninstall would find it.
need_absolute = $(foreach name,prefix bindir man1dir man7dir docdir \
    bashcompletiondir zshcompletiondir fishcompletiondir unitdir userunitdir \
    record,$(if $(filter-out /%,$(call one_word,$($(name)))),\
    $(error $(name) is not an absolute path: $($(name)))))

# Replace /usr/bin in units by bindir, quoted for systemd and then for sed.
for_systemd = $(subst $(subst ,, ),\x20,$(subst %,%%,$(subst \,\\,$(1))))
for_sed = $(subst |,\|,$(subst &,\&,$(subst \,\\,$(1))))
in_units = s|/usr/bin/gm-|$(call for_sed,$(call for_systemd,$(bindir)))/gm-|

# Refuse to compile as root in the BUILD of another user: the settings may
# differ, and the owner could not replace the files.
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

# Remove only directories that install has made and that are empty.
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

# Pack the files of the commit, or without git those of the directory, with one
# time, owner and order, so that the archive depends on nothing else.  The
# unpacked archive makes the same archive again.
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

# Build from the archive, so that only the commit counts, and without the
# variables of this make.
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

# Print a variable, for scripts: "make -s print-WARN".
print-%:
	@printf '%s\n' '$($*)'

# Install missing packages.  bootstrap is quick if none is missing.
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
