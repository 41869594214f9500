# `make demo` plays the main job; `make test` checks everything. Both set up what is missing.
.DEFAULT_GOAL := help
.PHONY: help setup run demo demo-setup lint types test tests bench bench-quick growth soak profile fuzz chaos lock sbom clean
PYTHON ?= python3
BIN := .venv/bin
# Processes of the tests: one more than two cores, since many tests wait for a database or a server.
WORKERS ?= 3

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

demo-setup: setup ## set an empty AWS account up, then break and repair the loop in every way
	@PYTHONPATH=. $(BIN)/python scripts/demo_setup.py

lint: .venv/.ready ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.ready ## check types, strictly
	$(BIN)/mypy

test: setup lint ## lint, types and every test, on SQLite and on a real PostgreSQL
	@$(MAKE) --no-print-directory -j2 types tests

# Beside `types`: the tests begin and end on one core.
tests:
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term

.venv-bench/.ready: requirements/bench.txt
	@scripts/install.sh .venv-bench requirements/bench.txt "$(PYTHON)"

bench: .venv/.ready .venv-bench/.ready ## measure against others, into docs/performance.md (needs wrk)
	@$(BIN)/python -m benchmarks

bench-quick: .venv/.ready .venv-bench/.ready ## the same in two minutes, on the terminal
	@$(BIN)/python -m benchmarks --quick

growth: .venv/.ready .venv-bench/.ready ## measure what a million rows cost, on both databases
	@$(BIN)/python -m benchmarks.growth --json docs/growth.json
	@.venv-bench/bin/python benchmarks/plots.py docs/growth.json docs/images

soak: .venv/.ready ## send at half the top rate (or RATE) for ten minutes, and watch memory and latency (needs wrk)
	@$(BIN)/python -m benchmarks.soak --json docs/soak.json $(if $(RATE),--rate $(RATE))

profile: .venv/.ready .venv-bench/.ready ## draw where both services spend their time under load (needs wrk)
	@$(BIN)/python -m benchmarks profile

fuzz: .venv/.ready ## ask both services a million things that nobody asks, and 20,000 over HTTP (20 minutes)
	@$(BIN)/python -m fuzz

KILLS ?= 200
DATABASE ?= both
chaos: setup ## kill, cut and fill both services 200 times while events arrive (KILLS, DATABASE, SEED; 20 minutes)
	@$(BIN)/python -m chaos --kills $(KILLS) --database $(DATABASE) $(if $(SEED),--seed $(SEED))

lock: ## write the lock files anew from pyproject.toml (needs uv)
	uv pip compile --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-header --quiet pyproject.toml -o requirements/runtime.txt
	uv pip compile --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-header --quiet pyproject.toml --group dev -o requirements/dev.txt
	uv pip compile --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-header --quiet --group local-aws -o requirements/local-aws.txt
	uv pip compile --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-header --quiet --group bench -o requirements/bench.txt

sbom: .venv/.ready ## write the software bill of materials that the image carries (after `make lock`)
	$(BIN)/python -W ignore -m cyclonedx_py requirements requirements/runtime.txt --output-reproducible --of JSON -o requirements/sbom.json

clean: ## remove what was made here: environments, caches, the local database
	rm -rf .venv .venv-aws .venv-bench var .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
