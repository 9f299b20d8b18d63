# Confero: `make run` and `make test` are all that a fresh machine with Python 3.11+ and make needs.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$name; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
SOURCES := core accounts events certification api tests benchmarks
WORKERS ?= auto
ARGS ?=
# A line that says what is done and for how long; what pip and npm print is shown only if they fail.
STEP = $(or $(wildcard $(BIN)/python),$(PYTHON)) core/step.py
# uv where there is one, else pip; both take every package from the lock file and nothing else.
INSTALL := sh -c 'if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(BIN)/python "$$@"; \
	else $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$@"; fi' install
COMPILE := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --extra build

.PHONY: help
help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: setup ## Start everything on http://localhost:8000 (PORT=9000 changes it); Ctrl-C ends it.
	@CONFERO_FOLLOW_PARENT=1 $(if $(PORT),CONFERO_PORT=$(PORT)) exec $(BIN)/confero serve

.PHONY: test
test: check browser ## Run all checks and all tests; ARGS="tests/unit -k name" chooses tests.
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

.PHONY: check
check: tools ## Run format, lint, types, import contracts and templates; no tests.
	@$(BIN)/ruff format --check --quiet --output-format=concise . || { echo 'Run `make format`.'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy $(wildcard $(SOURCES))
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/djlint templates --lint --quiet

.PHONY: format
format: tools ## Format the code and repair what the linter can.
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

.PHONY: bench
bench: tools setup ## Measure speed against the budgets of the design.
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: setup
setup: $(VENV)/.runtime ## Install everything that running needs.
	@$(STEP) "Cutting the fonts for PDFs" $(BIN)/python -m core.fonts
	@$(STEP) "Compiling the translations" $(BIN)/python -m core.catalogues
	@$(STEP) "Building the browser libraries" $(BIN)/python -m api.vendor

.PHONY: tools
tools: $(VENV)/.dev

.PHONY: browser
browser: setup tools # The tests' Chromium: the system's, else Playwright's; none at all is an error.
	@found() { [ -x /usr/bin/chromium ] || $(BIN)/python -c "import os, sys; \
	from playwright.sync_api import sync_playwright as start; \
	p = start().start(); path = p.chromium.executable_path; p.stop(); sys.exit(not os.path.exists(path))"; }; \
	if found; then exit 0; fi; $(STEP) "Installing Chromium for the tests" sh -c ' \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
	else $(BIN)/playwright install chromium; fi'; \
	found || { echo "No Chromium could be installed; install one as /usr/bin/chromium." >&2; exit 1; }

.PHONY: words
words: tools ## Take new messages into the catalogues under core/locales, to be translated there.
	@$(BIN)/python -m core.catalogues update

.PHONY: lock
lock: ## Choose newer packages: writes requirements.lock and requirements-dev.lock anew (needs uv).
	@$(COMPILE) --upgrade -o requirements.lock
	@$(COMPILE) --extra dev -c requirements.lock -o requirements-dev.lock
	@if grep -nE '://|--(extra-)?index-url|--find-links' requirements.lock requirements-dev.lock; then \
	echo "A lock file names a host." >&2; exit 1; fi

.PHONY: clean
clean: ## Remove what set-up made (.venv, npm packages, caches); the data under var/ stays.
	@rm -rf $(VENV) node_modules api/static/vendor build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	.import_linter_cache var/fonts var/test-postgres
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: reset
reset: ## Delete the local database and files under var/.
	@rm -rf var/postgres var/files

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "Confero needs Python 3.11 or newer; name it with PYTHON=/path/to/python3." >&2; exit 1; }
	@echo "The first time, Confero installs what it needs into this folder: one to three minutes, most of it downloads."
	@if command -v uv >/dev/null 2>&1; then \
	$(STEP) "Making $(VENV)" uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV); \
	elif $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(STEP) "Making $(VENV)" $(PYTHON) -m venv $(VENV); \
	else echo "This Python has no venv module. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; fi

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@$(STEP) "Installing the packages" $(INSTALL) --require-hashes --no-deps -r requirements.lock
	@$(STEP) "Installing Confero itself" $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@$(STEP) "Installing the packages for checks and tests" $(INSTALL) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
