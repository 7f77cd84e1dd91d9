# Gongkai. Two commands are enough: `make run` and `make test`. Each prepares a fresh machine by itself
# (Python 3.11 or newer and make are all it takes) and starts at once the next time.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# `make test` builds the assets and the environment in one run; two npm or pip at once gain nothing.
.NOTPARALLEL:

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
FRONTEND := webui/frontend
ASSETS := webui/static/vendor/THIRD_PARTY.json
# npm from the virtual environment; an office's own certificate authority counts as the system says.
NODE_ENV := PATH="$(CURDIR)/$(BIN):$$PATH" NODE_USE_SYSTEM_CA=1
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile -q --universal \
  --generate-hashes --no-emit-index-url --python-version 3.11 $(UPGRADE)

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use
.PHONY: setup run
setup: .venv/.runtime $(ASSETS) ## Install what running needs and build the browser assets
	@:

run: setup ## Start the demonstration office (ARGS="--port 8081" passes options on)
	@$(BIN)/gongkai run --demo $(ARGS)

##@ Check
.PHONY: test lint types validate scenarios coverage-diagrams tck check coverage chaos bench soak mutation
test: setup .venv/.dev ## Run all tests, the browser's included (T=tests/unit for some)
	@$(BIN)/pytest -n auto --durations=5 $(T)

lint: .venv/.dev ## Style, formatting and the import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports

types: .venv/.dev ## Types of the engine, strictly
	@$(BIN)/mypy

validate: .venv/.runtime ## Check every procedure in processes/
	@$(BIN)/gongkai check processes --strict

scenarios: .venv/.runtime ## Run the worked cases of every procedure
	@set -e; for file in processes/*/scenarios/*.yaml; do \
	  echo "$$file"; $(BIN)/gongkai try "$${file%/scenarios/*}" --scenario "$$file"; done

coverage-diagrams: .venv/.runtime ## Say which share of each diagram the worked cases take
	@$(BIN)/gongkai coverage processes --strict

tck: .venv/.dev ## Measure decisions by the DMN conformance suite (DMN_TCK=folder)
	@test -d "$(DMN_TCK)" || { echo "The DMN conformance suite is not there:" \
	  "say where it lies with DMN_TCK=folder (now: '$(DMN_TCK)')." >&2; exit 1; }
	@DMN_TCK="$(DMN_TCK)" $(BIN)/python -m tests.tck.run

check: lint types test validate $(if $(DMN_TCK),tck) ## Everything that has to be good before a change goes in

coverage: setup .venv/.dev ## Run the tests and report the branches they miss
	@$(BIN)/coverage run -m pytest $(T)
	@$(BIN)/coverage report

chaos: .venv/.dev ## Kill -9 at every commit of every worked case and at random instants (long; CHAOS_KILLS=1000)
	@$(BIN)/python -m tests.chaos.run

bench: .venv/.dev ## Measure what a step, the executor and expressions cost
	@set -e; for file in bench/*_bench.py; do \
	  name="$${file##*/}"; echo "--- $$name"; $(BIN)/python -m "bench.$${name%.py}"; done

soak: export SOAK_EXAMPLES ?= 2000
soak: export SOAK_STEPS ?= 50
soak: .venv/.dev ## Live through many more random stories than a check does (an hour)
	@$(BIN)/pytest --timeout=0 -n 2 tests/time/test_clock_against_reference.py

# It works in a copy, build/mutation; MUTANTS="engine.lengths*" asks for a part.
mutation: export SOAK_EXAMPLES ?= 30
mutation: export SOAK_STEPS ?= 20
mutation: .venv/.dev ## Ask whether the tests of time notice a changed line (docs/mutation.md)
	@mkdir -p build/mutation
	@cp -r engine webui processes docs tests setup.cfg pyproject.toml build/mutation/
	@cd build/mutation && "$(CURDIR)/$(BIN)/python" tests/mutation/run.py $(MUTANTS)

##@ Change
.PHONY: format lock clean
format: .venv/.dev ## Format the code and mend what can be mended by rule
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

lock: .venv/.dev ## Write the lock files anew from *.in and package.json (UPGRADE=--upgrade)
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) requirements-dev.in -o requirements-dev.txt
	@cd $(FRONTEND) && $(NODE_ENV) npm install --package-lock-only --loglevel=error

clean: ## Remove everything that is built or installed; data/ stays
	@rm -rf .venv $(FRONTEND)/node_modules $(dir $(ASSETS)) build dist *.egg-info \
	  .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov

# --- how the machine is prepared; each stamp is written when its step is done

.venv/bin/python:
	@for python in "$(PYTHON)" python3.14 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making .venv with $$("$$python" --version) ..."; \
	    "$$python" -m venv .venv && exit 0; \
	    rm -rf .venv; \
	    echo "Python is here, its module venv is not (Debian: apt install python3-venv)." >&2; exit 1; \
	  fi; \
	done; \
	echo "Python 3.11 or newer is needed. If it has another name: make PYTHON=/path/to/python" >&2; exit 1

.venv/.runtime: requirements.txt setup.cfg pyproject.toml | .venv/bin/python
	@echo "Installing what requirements.txt locks ..."
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@echo "Installing what requirements-dev.txt locks ..."
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(FRONTEND)/node_modules/.package-lock.json: $(addprefix $(FRONTEND)/,package.json package-lock.json .npmrc) | .venv/.runtime
	@echo "Installing what package-lock.json locks ..."
	@cd $(FRONTEND) && $(NODE_ENV) npm ci --loglevel=error
	@touch $@

$(ASSETS): $(FRONTEND)/build.mjs $(shell find $(FRONTEND)/src -type f 2>/dev/null) $(FRONTEND)/node_modules/.package-lock.json
	@echo "Building the browser assets ..."
	@cd $(FRONTEND) && $(NODE_ENV) node build.mjs
