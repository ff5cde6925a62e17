# Commands for people. Everything runs in .venv, which `make setup` creates and keeps in step with the project's files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
SHARED := --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations=15
# Both parts run, even if the first fails.
TEST = $(PYTEST) $(SHARED) $(1); first=$$?; $(PYTEST) $(SHARED) -m "prefect and not soak" $(2); second=$$?; exit $$((first | second))
STAMP := $(VENV)/.set-up
# pywb needs another redis than Prefect does, so it gets an environment of its own.
REPLAY_VENV := .venv-replay
REPLAY_STAMP := $(REPLAY_VENV)/.set-up

# Tests and benchmarks start hundreds of processes: without bytecode files, each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo ingest test coverage soak docker-test replay-test browser-test check docs pictures bench constraints clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP)  ## create the environment in .venv (the second time takes seconds)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; name one with: make PYTHON=python3.13 setup" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group dev
	@touch $@

demo: setup  ## run the whole pipeline against a replica of the site, into demo-data/
	$(BIN)/python -m replica.demo

ingest: setup  ## ingest the live site's feeds once, politely, into data/: make ingest CONTACT=you@example.org
	@test -n "$(CONTACT)" || { echo "Say who is crawling: make ingest CONTACT=you@example.org" >&2; exit 2; }
	BROADSHEET_CONTACT="$(CONTACT)" $(BIN)/broadsheet ingest

test: setup  ## run all tests in random order: those without a Prefect server, then those with one
	@$(call TEST)

coverage: setup  ## the same, and list the lines and branches that no test reaches
	@$(call TEST,--cov --cov-report=,--cov --cov-append --cov-report=term:skip-covered)

soak: setup  ## run the long crash tests: runs killed at random requests
	$(PYTEST) -m soak --numprocesses 2 --dist worksteal

docker-test: setup  ## build, start, disturb and remove the Docker deployment (ten minutes)
	@docker info >/dev/null 2>&1 || { echo "No Docker engine is running: start one, then try again" >&2; exit 2; }
	$(PYTEST) -m docker -p no:randomly --numprocesses 0 --exitfirst --verbose tests/docker

$(REPLAY_STAMP): pyproject.toml constraints-replay.txt
	test -x $(REPLAY_VENV)/bin/python || $(BIN)/python -m venv $(REPLAY_VENV)
	$(REPLAY_VENV)/bin/python -m pip install --quiet --constraint constraints-replay.txt --upgrade pip
	$(REPLAY_VENV)/bin/python -m pip install --quiet --constraint constraints-replay.txt --group replay
	@touch $@

replay-test: setup $(REPLAY_STAMP)  ## replay a release with pywb, and find the text of its articles again
	$(PYTEST) -m replay --numprocesses 0 tests/replay

browser-test: setup  ## test the pages of `serve` in a real browser, barriers included (needs Chromium)
	@why=$$($(BIN)/python -m documentation.browser) || { echo "The pages cannot be tested: $$why" >&2; exit 2; }
	$(PYTEST) -m browser --numprocesses 0 --durations=10 tests/browser

check: setup  ## check format, lint, types and imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: setup  ## build the documentation's site into build/documentation/site/; a warning is an error
	$(BIN)/python -m documentation

pictures: demo  ## make the pictures of docs/images anew from the demo's archive (needs Chromium)
	$(BIN)/python -m documentation.pictures

bench: setup  ## run the benchmarks: ratios measured side by side
	$(BIN)/python -m benchmarks

constraints:  ## recompile constraints.txt and constraints-replay.txt (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate \
		--group dev pyproject.toml --output-file constraints.txt
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate \
		--group setup --group replay --output-file constraints-replay.txt

clean:  ## remove the environment and caches (never data)
	rm -rf $(VENV) $(REPLAY_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
