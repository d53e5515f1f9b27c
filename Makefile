# make demo      everything on this machine, with simulated plants       make test    the tests
# make install   only sets up .venv                                      make check   linters, types, imports, tests
# make bench     measure this machine                                    make lock    renew the pinned dependencies
# make clean     remove what make made (never data)                      ARGS="..." is handed on
# make render    draw the Grafana dashboards as pictures (wants npm)

PYTHON ?= python3
# Tests wait more than they work: one more at once than most machines have cores.
JOBS ?= 3
VENV := .venv
BIN := $(VENV)/bin/python
PIP := $(BIN) -m pip --disable-pip-version-check --quiet
ROOMS := enms db ingest ledger rules api cli simulators grafana
# Started by make, the program ends when make is killed.
export ENMS_TIED_TO_PARENT := 1

.DELETE_ON_ERROR:
.PHONY: install install-dev demo serve test lint check bench lock render clean help

help:
	@sed -n '1,5s/^# //p' Makefile

install: $(VENV)/.runtime

install-dev: $(VENV)/.dev

demo: $(VENV)/.runtime
	@exec $(BIN) -P -m cli demo $(ARGS)

serve: $(VENV)/.runtime
	@exec $(BIN) -P -m cli serve $(ARGS)

test: $(VENV)/.dev
	@exec $(BIN) -m pytest -n $(JOBS) $(ARGS)

lint: $(VENV)/.dev
	$(BIN) -m ruff check .
	$(BIN) -m ruff format --check .
	$(BIN) -m mypy
	$(VENV)/bin/lint-imports --no-cache

check: lint test

bench: $(VENV)/.runtime
	@exec $(BIN) -P -m cli bench $(ARGS)

lock: $(VENV)/.dev
	$(BIN) -m pip install --quiet pip-tools==7.6.2
	@$(LOCK) --all-build-deps --output-file=requirements.lock pyproject.toml
	@$(LOCK) --all-build-deps --extra=dev --constraint=requirements.lock --output-file=requirements-dev.lock pyproject.toml
	@$(LOCK) --output-file=requirements-sparkplug.lock requirements-sparkplug.in

# Pictures to look at, in build/rendering: Grafana's own components on what the queries answer over simulated data.
RENDERING := tests/grafana/rendering
render: $(VENV)/.dev build/rendering/board.js
	@ENMS_RENDER_BUNDLE=build/rendering/board.js $(BIN) -m pytest -q tests/grafana/test_rendering.py $(ARGS)
	@echo "look at build/rendering/*.png"

build/rendering/board.js: $(RENDERING)/src/board.jsx $(RENDERING)/package-lock.json
	@command -v npm >/dev/null || { echo "make: npm not found: install Node.js 20 or newer" >&2; exit 1; }
	@mkdir -p build/rendering
	cd $(RENDERING) && npm ci --legacy-peer-deps --ignore-scripts --no-audit --no-fund
	cd $(RENDERING) && OUT=$(CURDIR)/$@ npm run --silent build

# Neither this machine's index nor its paths belong in the lock files.
LOCK = CUSTOM_COMPILE_COMMAND="make lock" $(BIN) -m piptools compile --quiet --upgrade --generate-hashes \
	--allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

clean:
	rm -rf $(VENV) build dist $(RENDERING)/node_modules *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find $(ROOMS) tests -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) not found: install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $(PYTHON) is $$($(PYTHON) -V 2>&1), 3.11 or newer is needed: make PYTHON=python3.11" >&2; exit 1; }
	@echo "setting up $(VENV)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
		$(PYTHON) -m venv --clear --without-pip $(VENV) >/dev/null 2>&1 && \
		$(PYTHON) -m pip --python $(BIN) --disable-pip-version-check --quiet install pip >/dev/null 2>&1; } || \
		{ rm -rf $(VENV); echo "make: cannot make $(VENV): install python3-venv (Debian: apt install python3-venv)" >&2; exit 1; }

# The hashes hold every file; the project itself is linked, not copied.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing pinned dependencies"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock requirements-sparkplug.lock $(VENV)/.runtime
	@echo "installing what the checks need"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --require-hashes --no-deps --upgrade --target $(VENV)/sparkplug -r requirements-sparkplug.lock
	@touch $@
