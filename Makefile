# The door to everything here: `make help` lists the targets.
# Each sets up what it needs, once; nothing has to be installed by hand.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
UNIT := $(filter-out tests/e2e/ tests/__pycache__/,$(wildcard tests/*/ tests/test_*.py))
BENCHMARKS := $(wildcard benchmarks/*.py)
ARGS ?=

# The DNS servers live in an sbin, which is not on everybody's path.
export PATH := $(CURDIR)/$(BIN):$(PATH):/usr/local/sbin:/usr/sbin:/sbin

.PHONY: help demo test check e2e bench fmt lint types contracts unit setup venv lock clean

help: ## this list
	@grep -E '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
	    while IFS=$$'\t' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

demo: ## the whole job on three control planes on this machine (ARGS=--keep leaves it running)
	@.ci/setup venv binaries
	$(BIN)/hyperfed demo $(ARGS)

test: setup lint types contracts ## every check and every test, as CI runs them
	$(BIN)/pytest -n auto --dist worksteal $(UNIT) $(ARGS)
	$(BIN)/pytest $(wildcard tests/e2e) $(ARGS)

check: lint types contracts unit ## lint, types, import contracts and unit tests: under a minute

e2e: setup ## the tests on real control planes and real DNS servers
	$(BIN)/pytest tests/e2e $(ARGS)

bench: setup ## the measurements that README quotes
	for program in $(BENCHMARKS); do $(BIN)/python "$$program"; done

fmt: venv ## put the source into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: venv ## ruff, and its formatter's opinion
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: venv ## mypy, strict
	$(BIN)/mypy

contracts: venv ## who may import whom
	$(BIN)/lint-imports --no-logo

unit: venv ## the unit tests, on all processors
	$(BIN)/pytest -n auto --dist worksteal $(UNIT) $(ARGS)

setup: ## everything that the other targets need
	@.ci/setup venv binaries servers

venv:
	@.ci/setup venv

lock: venv ## requirements.lock from pyproject.toml (ARGS=--upgrade for the newest versions)
	.ci/lock $(ARGS)

clean: ## remove the venv and all caches in this directory
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis \
	    .coverage htmlcov build dist *.egg-info
	find kubefed_core kubefed_dns tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
