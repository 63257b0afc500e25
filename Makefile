# Two commands: `make up` brings the platform up on this machine, `make test` runs everything that CI runs.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
STACK ?= dev
PORT ?= 8080
AWS_PORT ?= 4566
UNITS := $(PY) -m pytest -n 2 --dist loadgroup --ignore=tests/journeys
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help up down test check lint format package lock docs bench clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): requirements.lock Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or later is needed, '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || echo missing);" \
	       "name another with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@rm -f $(STAMP)
	@echo "installing the locked packages into $(VENV) (once)"
	@$(PYTHON) -m venv --clear $(VENV) || { echo "$(PYTHON) -m venv failed; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements.lock)"
	@VIRTUAL_ENV=$(VENV) $(VENV)/bin/uv pip sync --quiet --require-hashes --compile-bytecode --python $(PY) requirements.lock
	@touch $(STAMP)

up: package ## the whole platform on this machine: STACK=dev PORT=8080 AWS_PORT=4566; Ctrl-C ends it
	@exec $(PY) -m sandbox up --stack $(STACK) --port $(PORT) --aws-port $(AWS_PORT)

down: $(STAMP) ## end a sandbox that was started with --detach
	@$(PY) -m sandbox down

package: $(STAMP) ## dist/: function archives, layer, training code, baseline model
	@$(PY) -m artifacts

lint: $(STAMP)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy .

check: lint ## lint, types and unit tests without the sweeps over all settings
	@$(UNITS) -q -m "not sweep"

test: lint package ## everything that CI runs: lint, types, unit tests and journeys over HTTP
	@$(UNITS)
	@$(PY) -m pytest tests/journeys

format: $(STAMP) ## rewrite sources to the common format
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

bench: package ## print the ratios of tests/bench
	@for script in tests/bench/*.py; do PYTHONPATH=. $(PY) $$script || exit 1; done

lock: $(STAMP) ## resolve the lock files again (functions, training container, everything else)
	@$(PY) -m artifacts lock

docs: package ## write the generated pages of docs/reference
	@$(PY) -m artifacts reference

clean: ## remove what was built; the installation stays
	@rm -rf dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
