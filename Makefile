# Run `make help` for a list of the targets.

VENV ?= .venv
PYTEST_ARGS ?=
# Most tests wait for other processes, so four workers keep two cores busy. All tests of a file run
# on the same worker, because they share fixtures.
PARALLEL := -n 4 --dist loadfile

# The first of these that works is used: pyenv puts commands for versions on the PATH that only
# report that they are not installed.
CANDIDATES := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.10
TRY_PYTHON := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))

READY := $(VENV)/.ready
RUNNABLE := $(VENV)/.runnable

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-cluster test test-slow quick check

help:
	@echo "make demo       run a coupled model, kill it half way, and resume it"
	@echo "make demo-cluster  run an ensemble on three nodes over SSH (needs root on Linux, and sshd)"
	@echo "make test       run the tests, in less than 10 minutes (some install MUSCLE3 from PyPI)"
	@echo "make test-slow  run the tests that make test leaves out, since they take long"
	@echo "make quick      run the unit and contract tests"
	@echo "make check      check style, types and imports"
	@echo "make setup      create $(VENV) with everything; the other targets do this if needed"

setup: $(READY)
	@:

# Creates the environment if needed, and installs Conjoin there with some extras.
define install
	@for candidate in $(CANDIDATES); do \
	    if "$$candidate" -c '$(TRY_PYTHON)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "No Python 3.10 or newer (with venv and ensurepip) was found." >&2; \
	    echo "Install one, or pass its path: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; \
	    exit 1; \
	fi; \
	if ! $(VENV)/bin/python -c '$(TRY_PYTHON)' >/dev/null 2>&1; then \
	    echo "Creating $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv --clear $(VENV) || exit 1; \
	fi; \
	echo "Installing Conjoin and its dependencies in $(VENV)"; \
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '$(1)'
	@touch $@
endef

# Reinstalls only if pyproject.toml has changed.
$(READY): pyproject.toml
	$(call install,.[dev])

# Enough to run models: a third of the packages that development needs.
$(RUNNABLE): pyproject.toml
	$(call install,.)

# The model starts its programs with `python`, which must be that of the environment.
demo: $(if $(wildcard $(READY)),$(READY),$(RUNNABLE))
	@export PATH="$$PWD/$(VENV)/bin:$$PATH" && python -u -m examples.reaction_diffusion.demo

demo-cluster: $(READY)
	@tests/infra/demo_cluster.sh $(VENV)/bin/python

test: $(READY)
	$(VENV)/bin/python -m pytest $(PARALLEL) -m "not slow" $(PYTEST_ARGS)

test-slow: $(READY)
	$(VENV)/bin/python -m pytest $(PARALLEL) -m slow $(PYTEST_ARGS)

quick: $(READY)
	$(VENV)/bin/python -m pytest $(PARALLEL) -m "not slow" tests/unit tests/contract $(PYTEST_ARGS)

check: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
