# Each target sets itself up on a machine that has Python >= 3.11 and make.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
J      ?= auto
DEMO   := $(VENV)/.ready-demo
DEV    := $(VENV)/.ready-dev
PACKAGES := assets_core materializers checks integrations
PYTEST := $(BIN)/pytest -q -n $(J) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak lock clean

help:
	@echo "make demo    materialize the example project and show what to try next"
	@echo "make test    all tests this machine can run; says at the end which it could not"
	@echo "make check   format, lint, types, import contracts, tests: what CI runs"
	@echo "make bench   the figures in the README (PEERS=1 measures other tools beside)"
	@echo "make soak    long tests, and all tests with the lowest dependencies allowed"
	@echo "make lock    write constraints/*.txt anew after a change of dependencies"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "Python 3.11 or newer is needed and $(PYTHON) is %d.%d; say which one to use: make PYTHON=python3.12 ..." % v[:2])'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "this Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(DEMO): constraints/example.txt constraints/build.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints/example.txt -r constraints/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): constraints/dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(DEMO)

demo: $(DEMO)
	@$(BIN)/assets -C example_project materialize
	@printf '\nTry next:\n  %s\n  %s\n  %s\n' \
	  '$(BIN)/assets -C example_project sql "select name, flights, round(on_time, 3) as on_time from scorecard order by on_time desc"' \
	  '$(BIN)/assets -C example_project why scorecard' \
	  '$(BIN)/assets -C example_project lineage'

test: $(DEV)
	$(PYTEST)

check: $(DEV)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-logo
	$(PYTEST)

bench: $(DEV)
	$(BIN)/python -m benchmarks $(if $(PEERS),--peers)

# The lower bounds of pyproject.toml are promises: everything must pass with exactly those versions.
soak: $(DEV)
	HYPOTHESIS_PROFILE=soak $(PYTEST) -m "soak or not soak"
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-lowest
	$(BIN)/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --group dev -e '.[example]'
	.venv-lowest/bin/pytest -q -n $(J) --dist worksteal

lock: $(DEV)
	PATH="$(CURDIR)/$(BIN):$$PATH" .ci/lock $(if $(UPGRADE),--upgrade)

clean:
	rm -rf $(VENV) .venv-lowest dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
