# Everything a person or CI runs. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup check test demo bench proof lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## make .venv with everything in it (once)

$(READY): requirements.lock pyproject.toml
	@echo "setting up $(VENV) (once, about a minute) ..." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	@touch $@

check: $(READY) ## format, lint, types and the floor plan
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_floors.py

test: $(READY) ## every test
	$(BIN)/python -m pytest -q

demo: $(READY) ## the whole service once, against a local Notion, no token needed
	@$(BIN)/automation demo

bench: $(READY) ## measure; writes docs/benchmarks.md
	$(BIN)/python -m bench

proof: $(READY) ## crashes, lost answers and storms under virtual time; counts what came of it
	$(BIN)/python -m proof.simulate --seeds 100

lock: ## make requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock

clean: ## remove what was made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
