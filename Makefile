# hadvice: build, install, demo and tests.
#
#   make, make install      build the extension and put it into the server of PG_CONFIG (PGXS)
#   make demo               from a bare machine to advice, in a throw-away database
#   make demo-psql          the same, then psql on that database
#   make test               everything below that checks something; ends with "N passed, M failed"
#   make test-dashboard     of that only doc/dashboard in a headless Chromium (a part of make test, too)
#   make test-safety        everybody of NHANES and 10,000 adversarial rows against the safe intervals, minutes
#   make installcheck       the SQL tests against a running server (PGHOST, PGPORT, …)
#   make core-check         the core's unit tests, no server needed (SAN=1: with sanitizers)
#   make kernel-check       the agreement with PyTorch with every kernel this processor can run
#   make layers             the rule who may include and call whom
#   make bench              speed: the core beside PyTorch and the sgemm limit (build/bench/*.md)
#   make bench-advice       how good the advice is, by independent judges (BENCH_FLAGS="--swap --peers --fail")
#   make bench-quality      how true the model is: imputation, likelihood, … (BENCH_FLAGS)
#   make fuzz               FUZZ_SECONDS of libFuzzer on each target
#   make indent             clang-format, in place (check-indent: only look)
#   make deps               install the packages all this needs
#
# PG_CONFIG=/path/to/pg_config chooses the server, WERROR=1 turns warnings into errors. Without a
# pg_config or the server's headers this file still parses: all but the first line and installcheck
# work, and `make deps` brings what is missing.

PG_CONFIG ?= pg_config
export PG_CONFIG

EXTENSION = hadvice
SQL_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
INSTALL_SQL := sql/$(EXTENSION)--$(SQL_VERSION).sql
DELTA_SQL := sql/$(EXTENSION)--0.9--$(SQL_VERSION).sql

CORE_SOURCES := $(sort $(wildcard src/core/*.c))
CORE_OBJECTS := $(CORE_SOURCES:.c=.o)
SOURCES := $(sort $(wildcard src/*.c)) $(CORE_SOURCES)

# The element-wise kernels, and nothing else, get -ffast-math: gcc calls the vector forms of exp and
# log only with it. It deletes isfinite() guards, so those live in other files; and as a flag of the
# linker it would change the floating-point mode of the whole backend, so it never is one.
FAST_MATH = -O3 -ffast-math
WARNINGS = -Wall -Wextra $(if $(WERROR),-Werror)

# Debian's server comes with PGXS but not with the headers: both must be there.
SERVER_HEADERS := $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)
PGXS := $(if $(wildcard $(SERVER_HEADERS)/postgres.h),$(wildcard $(shell $(PG_CONFIG) --pgxs)))

# ---- the extension, with PGXS ----------------------------------------------------------------------

ifneq ($(PGXS),)

MODULE_big = $(EXTENSION)
OBJS = $(SOURCES:.c=.o)
DATA = sql/$(EXTENSION)--0.9.sql
DATA_built = $(INSTALL_SQL) $(DELTA_SQL)

# OpenBLAS is loaded at run time (src/ says why): the library needs libm and dlopen only. The server's
# headers are named as system headers, so that our stricter warnings are about our code.
PG_CPPFLAGS = -iquote src -iquote src/core -isystem $(SERVER_HEADERS)
SHLIB_LINK = -lm -ldl

# A test named like a file of sql/ would be shadowed by it: pg_regress looks there first.
ifndef REGRESS
REGRESS := $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
endif
REGRESS_OPTS = --inputdir=test
ifndef ISOLATION
ISOLATION := $(sort $(patsubst test/specs/%.spec,%,$(wildcard test/specs/*.spec)))
endif
ISOLATION_OPTS = --inputdir=test --outputdir=.

EXTRA_CLEAN = build $(SOURCES:.c=.d) results output_iso regression.diffs regression.out

# Bitcode is for inlining C functions into JIT-compiled queries: nothing to win here.
override with_llvm = no

include $(PGXS)

override CFLAGS += $(WARNINGS) -Wno-unused-parameter -Wno-declaration-after-statement -MD -MP
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS)
$(CORE_OBJECTS): override CFLAGS += -std=gnu11 -O3 -fvisibility=hidden
$(filter src/core/elementwise%,$(CORE_OBJECTS)): override CFLAGS += $(FAST_MATH)

# Objects are built anew when the compiler's flags change, not only when a source does.
$(OBJS): build/flags
build/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' > $@

# The install script is sql/hadvice.sql and these files in this order.
SQL_PARTS := \
	sql/use.sql \
	sql/synthesis.sql \
	sql/life.sql \
	sql/retrain.sql \
	sql/schedule.sql \
	sql/tune.sql \
	sql/catalogue.sql \
	sql/features.sql \
	sql/targets.sql \
	sql/rules.sql \
	sql/priors.sql \
	sql/keep.sql \
	sql/mapping.sql \
	sql/check.sql \
	sql/texts.sql \
	sql/kinds.sql \
	sql/people.sql \
	sql/feedback.sql \
	sql/publish.sql \
	sql/card.sql
$(INSTALL_SQL): sql/hadvice.sql $(SQL_PARTS)
	cat $^ > $@

# The upgrade: the parts that 0.9 had not, between two halves written by hand (sql/from-0.9.sql says more).
$(DELTA_SQL): sql/from-0.9.sql sql/hadvice.sql $(SQL_PARTS) sql/from-0.9-after.sql
	cat sql/from-0.9.sql > $@
	echo 'SET LOCAL search_path = @extschema@, pg_temp;' >> $@
	sed -n -e '/^-- 2\. /,/^-- 3\. /p' -e '/^SET LOCAL search_path = @extschema@/,$$p' sql/hadvice.sql >> $@
	cat $(SQL_PARTS) sql/from-0.9-after.sql >> $@

-include $(SOURCES:.c=.d)

else

all install uninstall installcheck:
	@echo "hadvice: found no development files of a PostgreSQL server through '$(PG_CONFIG)'." >&2
	@echo "'make deps' installs what is missing; PG_CONFIG=/path/to/pg_config chooses a server." >&2
	@exit 1

clean:
	rm -rf build $(SOURCES:.c=.o) $(SOURCES:.c=.d) $(EXTENSION).so $(INSTALL_SQL) $(DELTA_SQL)
	rm -rf results output_iso regression.diffs regression.out

endif

# ---- two commands on a bare machine ----------------------------------------------------------------

deps:
	@script/deps

demo demo-psql: deps
	@script/demo $(if $(filter demo-psql,$@),psql)

test: deps
	@script/test

test-dashboard: deps
	@script/test dashboard

# ---- the core without a server ---------------------------------------------------------------------

# float is what the extension runs. The gradient checks (test_grad*.c) are linked with a core in
# double (-DHV_DOUBLE): finite differences need the digits.
CORE_BUILD := build/$(if $(SAN),san,core)
CORE_CFLAGS = -std=gnu11 -g -fPIC -fvisibility=hidden $(WARNINGS) -Werror -MMD -MP \
	-iquote src/core -iquote test/core \
	$(if $(SAN),-O1 -fno-omit-frame-pointer -fsanitize=address$(,)undefined -fno-sanitize-recover=all,-O2)
, := ,

CORE_FLOAT := $(CORE_SOURCES:src/core/%.c=$(CORE_BUILD)/float/%.o)
CORE_DOUBLE := $(CORE_SOURCES:src/core/%.c=$(CORE_BUILD)/double/%.o)
CORE_TESTS := $(patsubst test/core/%.c,$(CORE_BUILD)/%,$(sort $(wildcard test/core/test_*.c)))
GRAD_TESTS := $(filter $(CORE_BUILD)/test_grad%,$(CORE_TESTS))
FLOAT_TESTS := $(filter-out $(GRAD_TESTS),$(CORE_TESTS))

# By filter: as a pattern rule's, % would have to match something, and elementwise.o be left out.
$(filter $(CORE_BUILD)/float/elementwise% $(CORE_BUILD)/double/elementwise%,$(CORE_FLOAT) $(CORE_DOUBLE)): \
	CORE_CFLAGS += $(FAST_MATH)
$(CORE_BUILD)/double/%.o $(GRAD_TESTS): private CORE_CFLAGS += -DHV_DOUBLE

$(CORE_BUILD)/float/%.o: src/core/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CORE_CFLAGS) -c -o $@ $<

$(CORE_BUILD)/double/%.o: src/core/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CORE_CFLAGS) -c -o $@ $<

# -MF: without it gcc would write the dependencies of a test beside its first object file.
$(FLOAT_TESTS): $(CORE_BUILD)/%: test/core/%.c $(CORE_FLOAT)
	$(CC) $(CORE_CFLAGS) -MF $@.d -o $@ $< $(CORE_FLOAT) -lm -ldl

$(GRAD_TESTS): $(CORE_BUILD)/%: test/core/%.c $(CORE_DOUBLE)
	$(CC) $(CORE_CFLAGS) -MF $@.d -o $@ $< $(CORE_DOUBLE) -lm -ldl

test-safety:
	@script/test-safety

core-check: $(CORE_TESTS)
	@script/tap $(CORE_TESTS)

kernel-check: $(CORE_FLOAT)
	@CC='$(CC)' script/kernels

layers: $(CORE_FLOAT)
	@CC='$(CC)' script/layers $(CORE_FLOAT)

-include $(CORE_FLOAT:.o=.d) $(CORE_DOUBLE:.o=.d) $(CORE_TESTS:=.d)

# ---- speed -----------------------------------------------------------------------------------------

# Optimised as the extension is; test/bench/run calls every test/bench/bench-*.
BENCH_OBJECTS := $(CORE_SOURCES:src/core/%.c=build/bench/core/%.o)
$(filter build/bench/core/elementwise%,$(BENCH_OBJECTS)): CORE_CFLAGS += $(FAST_MATH)

build/bench/core/%.o: src/core/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CORE_CFLAGS) -O3 -c -o $@ $<

build/bench/bench_core: test/bench/bench_core.c $(BENCH_OBJECTS)
	$(CC) $(CORE_CFLAGS) -O3 -Wno-unused-function -MF $@.d -o $@ $< $(BENCH_OBJECTS) -lm -ldl

bench: build/bench/bench_core
	@test/bench/run

-include $(BENCH_OBJECTS:.o=.d) build/bench/bench_core.d

bench-quality:
	@script/bench-quality $(BENCH_FLAGS)

bench-advice:
	@script/bench-advice $(BENCH_FLAGS)

# ---- fuzzing ---------------------------------------------------------------------------------------

FUZZ_CC ?= clang
FUZZ_SECONDS ?= 30
FUZZ_TARGETS := $(patsubst test/fuzz/%.c,build/fuzz/%,$(sort $(wildcard test/fuzz/fuzz_*.c)))

build/fuzz/%: test/fuzz/%.c $(CORE_SOURCES) $(wildcard src/core/*.h)
	@mkdir -p $(@D)
	$(FUZZ_CC) -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-iquote src/core -o $@ $< $(CORE_SOURCES) -lm -ldl

# What it finds (crash-…) stays in build/fuzz; inputs worth keeping go to test/fuzz/corpus by hand.
fuzz: $(FUZZ_TARGETS)
	@set -e; for target in $(FUZZ_TARGETS); do \
		mkdir -p $$target.corpus; \
		$$target -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/ \
			$$target.corpus $(wildcard test/fuzz/corpus); \
	done

# ---- layout ----------------------------------------------------------------------------------------

C_FILES = $(wildcard src/*.[ch] src/core/*.[ch] test/core/*.[ch] test/bench/*.[ch] test/fuzz/*.[ch])

indent:
	clang-format -i $(C_FILES)

check-indent:
	clang-format --dry-run -Werror $(C_FILES)

FORCE:
.PHONY: all install uninstall installcheck clean deps demo demo-psql test test-dashboard core-check
.PHONY: kernel-check layers bench bench-advice bench-quality test-safety fuzz indent check-indent FORCE
