# Everything is entered here. Needs Python 3.11 or newer, make and git; the rest goes into .venv.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --silent
SHELL := /bin/bash

PYTHON ?= python3
STAGE ?=
REGION ?=
STAFF ?= gl0001
PY := .venv/bin/python
READY := .venv/.ready
WAITS := tests/e2e/test_killed.py

.PHONY: help run demo test lint bench deploy package token clean

help: ## this list
	sed -n "s/^\([a-z]*\):.*## /\1\t/p" Makefile | expand -t 10

$(READY): requirements.txt requirements-importer.txt requirements-dev.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and \"Python 3.11 or newer is needed; make PYTHON=... names one\")"
	test -x $(PY) || { echo "making .venv"; $(PYTHON) -m venv .venv; }
	echo "installing into .venv (a minute or two the first time)"
	$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	touch $(READY)

run: $(READY) ## the whole system on this machine, with a replayed day; stays up until Ctrl-C
	exec $(PY) -m infra run

demo: $(READY) ## the whole day on a cloud of its own, checked from outside; exits non-zero when something is amiss
	exec $(PY) -m infra demo

test: lint ## everything CI runs
	# what waits on a cloud of its own, beside what is busy and gives way to it: a message sent in vain for want of time
	# is one more whose outcome is unknown
	nice $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/unit tests/contract tests/integration tests/infra & \
	waited=0; $(PY) -m pytest $(WAITS) || waited=$$?; wait $$! && exit $$waited
	# one after another: they share one system and the machine's time
	exec $(PY) -m pytest tests/e2e --ignore $(WAITS)

lint: $(READY) ## format, lint, types, import rules
	.venv/bin/ruff format --check --quiet .
	.venv/bin/ruff check --quiet .
	.venv/bin/mypy
	out=$$(.venv/bin/lint-imports 2>&1) || { echo "$$out"; exit 1; }

bench: $(READY) ## costs against floors, to .local/bench.json
	exec $(PY) -m tests.bench

package: $(READY) ## template and zip for STAGE and REGION, under .local/build
	test -n "$(STAGE)" -a -n "$(REGION)" || { echo "make package STAGE=... REGION=..."; exit 2; }
	exec $(PY) -m infra package --stage "$(STAGE)" --region "$(REGION)"

deploy: $(READY) ## both stacks of STAGE to AWS in REGION
	test -n "$(STAGE)" -a -n "$(REGION)" || { echo "make deploy STAGE=... REGION=... [ENDPOINT=...]"; exit 2; }
	exec $(PY) -m infra deploy --stage "$(STAGE)" --region "$(REGION)" $(if $(ENDPOINT),--endpoint "$(ENDPOINT)")

token: $(READY) ## a bearer token of STAFF (a staff id) for what `make run` stands up
	exec $(PY) -m infra token "$(STAFF)"

clean: ## removes .venv and .local: packages, logs, and the state that `make run` keeps
	rm -rf .venv .local .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
