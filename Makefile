# Two commands matter: `make run` shows Wake, `make test` proves it. Both set up what they need.
SHELL := /usr/bin/env bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON ?= python3
PORT ?= 8000
export PYTHON PORT

.PHONY: help run setup test lint bench bench-samples bench-pages bench-inbox bench-events bench-phrases bench-attribution bench-reestimate bench-intake bench-overload bench-memory bench-digest clean

help: ## Show what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-17s %s\n", $$1, $$2 }'

run: ## Set up, fill a demo project and serve Wake; PORT=8001 and DEMO=0 steer it
	@exec scripts/run.sh

setup: ## Only make .venv and .env, with what the tests need
	@exec scripts/setup.sh dev

test: ## Set up, check the code, and run all tests on SQLite and on PostgreSQL
	@exec scripts/test.sh

lint: ## Set up and check the code: ruff, mypy, import layers, migrations
	@exec scripts/lint.sh

bench: bench-attribution bench-phrases bench-reestimate bench-inbox bench-samples bench-pages bench-events bench-intake bench-overload bench-memory bench-digest ## Run all measurements, one after the other

bench-intake: ## Measure taking in feedback and events against a plain Django view
	@POSTGRES_OPTIONS= exec scripts/bench.sh intake

bench-overload: ## Measure what is answered and lost when more comes than can be taken
	@POSTGRES_OPTIONS= exec scripts/bench.sh overload

bench-memory: ## Measure the memory of the web, worker and beat processes
	@POSTGRES_OPTIONS= exec scripts/bench.sh memory

bench-reestimate: ## Measure estimating everything anew: 1,000 ships by 10 metrics, with Celery
	@.venv/bin/python bench/reestimate.py

bench-phrases: ## Measure what is said of customers' words on the real reviews
	@.venv/bin/python bench/phrases.py

bench-attribution: ## Measure how often the right ship is found, on the real reviews
	@.venv/bin/python bench/attribution.py

bench-digest: ## Measure what digests cost behind 10,000 and behind a million feedback
	@exec scripts/bench_digest.sh

bench-samples: ## Measure taking in 1,000 samples a call against PostgreSQL's COPY
	@POSTGRES_OPTIONS= exec scripts/bench.sh samples

bench-pages: ## Fill databases with millions of samples and time the pages that show them
	@exec scripts/bench_pages.sh

bench-events: ## Fill databases with a million events, count them and time the pages
	@exec scripts/bench.sh events

bench-inbox: ## Fill databases with a million feedback and time the inbox
	@exec scripts/bench.sh inbox --plans

clean: ## Remove .venv and the tools' caches; your data in var/ and .env stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
