# inventory: PGXS build. `make help` lists what there is.

ifeq ($(or $(filter-out check demo bench help,$(MAKECMDGOALS)),$(if $(MAKECMDGOALS),,all)),)

# These bring or need no server headers, and PGXS has a `check` of its own that
# only refuses.
.PHONY: check demo bench help
check:
	scripts/check
demo:
	scripts/demo
bench:
	bench/run_all.sh
help:
	@echo 'make                build the extension'
	@echo 'make install        install it into the server of PG_CONFIG'
	@echo 'make installcheck   regression, isolation and TAP tests against a running server'
	@echo 'make check          every suite, in a private cluster (scripts/check)'
	@echo 'make demo           the main job step by step, in a private cluster (scripts/demo)'
	@echo 'make bench          all measurements but reports and import, for 40 minutes (bench/run_all.sh)'
	@echo 'make uninstall      remove it again'
	@echo 'make clean          remove what was built'
	@echo 'PG_CONFIG=FILE      the pg_config of the server to build for'

else

EXTENSION = inventory
EXTVERSION = 0.2.0
MODULE_big = inventory
OBJS = \
	src/inventory.o \
	src/allocation.o \
	src/argument.o \
	src/batch.o \
	src/counting.o \
	src/demand.o \
	src/errors.o \
	src/fast_path.o \
	src/fast_table.o \
	src/forecast.o \
	src/forecast_math.o \
	src/guard.o \
	src/guc.o \
	src/idempotency.o \
	src/identity.o \
	src/ledger.o \
	src/ledger_hash.o \
	src/ledger_scan.o \
	src/line_item.o \
	src/order.o \
	src/partition.o \
	src/period.o \
	src/plan.o \
	src/planning.o \
	src/planning_math.o \
	src/policy.o \
	src/purchasing.o \
	src/receiving.o \
	src/reference.o \
	src/replenishment.o \
	src/reservation.o \
	src/stock.o \
	src/time_machine.o \
	src/transfer.o \
	src/verification.o \
	src/worker/cron.o \
	src/worker/job.o \
	src/worker/launcher.o \
	src/worker/runner.o \
	src/worker/schedule.o \
	src/worker/worker.o

# The install script in its order.
INSTALL_SQL = \
	sql/install/00_schema.sql \
	sql/install/10_catalogue.sql \
	sql/install/20_stock.sql \
	sql/install/21_ledger.sql \
	sql/install/30_purchasing.sql \
	sql/install/31_transfer.sql \
	sql/install/32_counting.sql \
	sql/install/33_planning.sql \
	sql/install/34_job.sql \
	sql/install/40_guards.sql \
	sql/install/41_references.sql \
	sql/install/50_reservation.sql \
	sql/install/51_receiving.sql \
	sql/install/52_order.sql \
	sql/install/53_purchasing.sql \
	sql/install/54_transfer.sql \
	sql/install/55_counting.sql \
	sql/install/56_planning.sql \
	sql/install/57_forecast.sql \
	sql/install/58_job.sql \
	sql/install/59_replenishment.sql \
	sql/install/60_verification.sql \
	sql/install/61_time_machine.sql \
	sql/install/62_partition.sql \
	sql/install/63_period.sql \
	sql/install/70_reporting.sql \
	sql/install/71_supply_reporting.sql \
	sql/install/72_job_reporting.sql \
	sql/install/73_planning_reporting.sql \
	sql/install/74_reports.sql \
	sql/install/75_import.sql \
	sql/install/80_access.sql \
	sql/install/90_closing.sql

GENERATED_SQL = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA = $(wildcard sql/releases/$(EXTENSION)--*.sql sql/updates/$(EXTENSION)--*--*.sql)
DATA_built = $(GENERATED_SQL)
DOCS = docs/inventory.md docs/import.md docs/ledger.md docs/operations.md docs/planning.md docs/replication.md docs/reports.md docs/worker.md
# The internal directory has a c.h of its own, which would come first otherwise.
PG_CPPFLAGS = -I$(srcdir)/src -isystem $(shell $(PG_CONFIG) --includedir-server) -isystem $(includedir_internal)
PG_CFLAGS = -Wall -Wextra
EXTRA_CLEAN = sql/$(EXTENSION)--*.sql

REGRESS = $(basename $(notdir $(sort $(wildcard test/sql/*.sql))))
REGRESS_OPTS = --inputdir=test
ISOLATION = $(basename $(notdir $(sort $(wildcard test/isolation/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test/isolation
TAP_TESTS = 1
PROVE_TESTS = $(sort $(wildcard test/t/*.pl))

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): $(wildcard src/*.h src/worker/*.h)

# PGXS installs documentation by its bare name and looks for it by its path.
uninstall: remove-docs
.PHONY: remove-docs
remove-docs:
	rm -f $(addprefix '$(DESTDIR)$(docdir)/$(docmoduledir)'/,$(notdir $(DOCS)))

$(GENERATED_SQL): $(INSTALL_SQL) Makefile
	{ printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; cat $(INSTALL_SQL); } > $@.tmp
	mv $@.tmp $@

endif
