# What can be done here: make help

VENV ?= .venv
PYTEST_ARGS ?=
# Most tests wait for other processes: four at a time keep two cores busy. A file stays
# together, since what its tests share is made once.
SEVERAL_AT_A_TIME := -n 4 --dist loadfile

# A Python that works: some `python3.x` on the PATH only say that they are not installed.
CANDIDATES := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.10
TRY_PYTHON := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))

DEMO := examples/reaction_diffusion
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick check

help:
	@echo "make demo   run a reaction-diffusion model, and draw what comes out"
	@echo "make test   run every test (some install MUSCLE3 from PyPI to talk to)"
	@echo "make quick  run the tests that take moments"
	@echo "make check  look at style, types and who imports whom"
	@echo "make setup  make $(VENV) with all of it; the others do so when needed"

setup: $(READY)
	@:

# Made anew only when what it is made from has changed.
$(READY): pyproject.toml
	@for candidate in $(CANDIDATES); do \
	    if "$$candidate" -c '$(TRY_PYTHON)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "No Python 3.10 or newer (with venv and ensurepip) was found." >&2; \
	    echo "Install one, or name one: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; \
	    exit 1; \
	fi; \
	if ! $(VENV)/bin/python -c '$(TRY_PYTHON)' >/dev/null 2>&1; then \
	    echo "Making $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv --clear $(VENV) || exit 1; \
	fi; \
	echo "Installing Conjoin and what it needs in $(VENV)"; \
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

# The programs of the model are started as `python`, so that of the environment has to come first.
demo: $(READY)
	@run=run_demo_$$(date +%Y%m%d_%H%M%S) && mkdir "$$run" && \
	export PATH="$$PWD/$(VENV)/bin:$$PATH" && \
	python -m conjoin run --start-all --run-dir "$$run" $(DEMO)/reaction_diffusion.ymmsl && \
	python $(DEMO)/draw.py "$$run"

test: $(READY)
	$(VENV)/bin/python -m pytest $(SEVERAL_AT_A_TIME) $(PYTEST_ARGS)

quick: $(READY)
	$(VENV)/bin/python -m pytest -m "not slow" $(PYTEST_ARGS)

check: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
