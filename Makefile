# Préau: `make demo` shows it, `make test` proves it, `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
export PYTHON

ARGS ?=
JOBS ?= 2
MINUTES ?= 30
BIN := .venv/bin
PYTEST := -n $(JOBS) --dist loadfile --no-loadscope-reorder

.PHONY: help
help: ## List what make can do here
	@echo "Préau, a privacy gateway for schools."
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "  Arguments go in ARGS, as in: make demo ARGS=--once, make test ARGS='-k audit'"

.PHONY: demo
demo: run-venv ## Show the whole story on this machine (ARGS=--once ends by itself)
	@$(BIN)/preau demo $(ARGS)

.PHONY: test
test: dev-venv tools ## Check and test everything (JOBS=0: in one process)
	@$(BIN)/python -I scripts/check.py test $(PYTEST) -m 'not long' $(ARGS)

.PHONY: test-long
test-long: dev-venv tools ## What takes minutes: processes killed and stopped under load, a short soak
	@$(BIN)/python -I scripts/check.py test $(PYTEST) -m long $(ARGS)

.PHONY: test-fast
test-fast: dev-venv tools ## The same without the slow tests
	@$(BIN)/python -I scripts/check.py test $(PYTEST) -m 'not slow and not long' $(ARGS)

.PHONY: lint
lint: dev-venv ## Style, format, types, import rules
	@$(BIN)/python -I scripts/check.py lint

.PHONY: format
format: dev-venv ## Mend style and format where a program can
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format .

.PHONY: bench
bench: dev-venv ## Measure, also against mitmproxy and Presidio
	@scripts/prepare bench || echo "Without .venv-bench the comparison with Presidio is left out." >&2
	@$(BIN)/python -I scripts/tools.py h2load
	@$(BIN)/python -m benchmarks.blocking
	@$(BIN)/python -m benchmarks $(ARGS)
	@$(BIN)/python -m benchmarks.latency || echo "An aim of benchmarks.latency is not met here." >&2
	@$(BIN)/python -m benchmarks.content
	@$(BIN)/python -m benchmarks.finding

.PHONY: soak
soak: dev-venv ## Half an hour of mixed traffic: what must stay flat, does (MINUTES=30)
	@$(BIN)/python -m benchmarks.soak --minutes $(MINUTES)

.PHONY: venv
venv: dev-venv ## Prepare .venv for all of the above, nothing more

.PHONY: lock
lock: dev-venv ## Resolve pyproject.toml into requirements/ anew (ARGS=--upgrade: newer versions)
	@$(BIN)/python -I scripts/lock.py $(ARGS)

.PHONY: clean
clean: ## Remove what make has made
	@rm -rf .venv .venv-bench .tools .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

.PHONY: run-venv dev-venv tools
run-venv:
	@scripts/prepare run
dev-venv:
	@scripts/prepare dev
tools:
	@$(BIN)/python -I scripts/tools.py
