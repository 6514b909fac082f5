PYTHON ?= python3
BIN := .venv/bin
DATA ?= $(RUNO_DATA)

# What the tests run beside Python, each with the package of Debian's that has it.
PROGRAMS := node:nodejs curl:curl sqlite3:sqlite3 pg_dump:postgresql-client initdb:postgresql

.PHONY: help install demo serve test programs check bench chaos clean

help:
	@echo "make demo    serve the sample site, run the main job on it, print its rows"
	@echo "             (MODEL=1: with a stand-in for a language model, for what only prose says)"
	@echo "make serve   the job API on http://127.0.0.1:6800, with a ledger of its own"
	@echo "make test    run the tests"
	@echo "make check   formatting, lint, types"
	@echo "make bench   the benchmarks (DATA=folder with the real pages)"
	@echo "make chaos   kill the daemon, its jobs and its database for four minutes, and count what is left"
	@echo "make install only make .venv"

# The stamp is newer than pyproject.toml when .venv holds what that asks for.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

install: .venv/installed

demo: install
	@$(BIN)/python -m demo.run $(if $(MODEL),--model)

serve: install
	@$(BIN)/scrapyd --pidfile= --logger runo_spiders.daemon.console_log.observer

# Many tests wait for what other processes do, so there are more at a time than cores.
test: install programs
	$(BIN)/python -m pytest --numprocesses=4 --dist=worksteal

# What is missing of the programs is installed where that is allowed, and named where it is not.
programs:
	@PATH="$$PATH:$$(echo /usr/lib/postgresql/*/bin | tr ' ' :)"; \
	missing=$$(for needed in $(PROGRAMS); do command -v $${needed%:*} >/dev/null || echo $${needed#*:}; done); \
	test -z "$$missing" || { apt-get update --quiet; \
		DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $$missing; } || \
		{ echo "make test needs what these packages have:" $$missing; exit 1; }

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: install
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.egress
	$(BIN)/python -m benchmarks.api
	$(if $(DATA),$(BIN)/python -m benchmarks.accuracy --data $(DATA),@echo "left out: benchmarks.accuracy (give DATA=folder)")

chaos: install
	$(BIN)/python -m benchmarks.chaos

clean:
	rm -rf .venv build dist *.egg-info out
