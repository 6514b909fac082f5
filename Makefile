PYTHON ?= python3
BIN := .venv/bin
DATA ?= $(RUNO_DATA)

.PHONY: help install demo serve test node check bench chaos clean

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

test: install node
	$(BIN)/python -m pytest

# Runo's JavaScript example is run as it stands.
node:
	@command -v node >/dev/null || apt-get install --yes --quiet nodejs || { echo "make test needs node: install nodejs"; exit 1; }

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
