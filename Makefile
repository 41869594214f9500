# `make demo` plays the main job; `make test` checks everything. Both set up what is missing.
.DEFAULT_GOAL := help
.PHONY: help setup run demo lint types test lock clean
PYTHON ?= python3
BIN := .venv/bin
# Processes of the tests: one more than two cores, since many tests wait for a database or a server.
WORKERS ?= 3

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready .venv-aws/.ready ## make .venv, and .venv-aws for the AWS stand-in

# A stamp is newer than its lock file only once everything in it was installed.
.venv/.ready: requirements/dev.txt
	@scripts/install.sh .venv requirements/dev.txt "$(PYTHON)"

.venv-aws/.ready: requirements/local-aws.txt
	@scripts/install.sh .venv-aws requirements/local-aws.txt "$(PYTHON)"

run: setup ## start the stack on SQLite and keep it up until Ctrl-C
	@$(BIN)/python scripts/run.py

demo: setup ## play the main job step by step, on real processes
	@$(BIN)/python scripts/demo.py

lint: .venv/.ready ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.ready ## check types, strictly
	$(BIN)/mypy

test: setup lint types ## lint, types and every test, on SQLite and on a real PostgreSQL
	$(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=term

lock: ## write the lock files anew from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet pyproject.toml -o requirements/runtime.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet pyproject.toml --group dev -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet --group local-aws -o requirements/local-aws.txt

clean: ## remove what was made here: environments, caches, the local database
	rm -rf .venv .venv-aws var .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
