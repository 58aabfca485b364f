# The menu: `make` or `make help`. Everything happens in .venv, which is made when first needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed
STAMP := $(VENV)/.installed-dev
BENCH := $(VENV)/.installed-bench
# Twice the processors of a small machine: most tests wait for a server. Each worker has a replica set of its own.
WORKERS ?= 4
PYTEST_ARGS ?=
# Such as `--quick --only find`.
BENCH_ARGS ?=
# Names of checks, such as `mypy pyright`; all without.
CHECKS ?=

# Without bytecode on the disk, every process of a run compiles this code, and pytest's workers each compile all tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check matrix hostile ecosystem sync docs bench bench-check bench-compare bench-docs coverage format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## Start a replica set and move money on it, in transactions
	@$(BIN)/python -m odmantic demo

test: $(STAMP) ## Run the whole test suite on a real replica set
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

coverage: $(STAMP) ## Run the suite under branch coverage and check its limits
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report --include='*/odmantic/_plan/*,*/odmantic/_mapping/*,*/odmantic/_codec/*,*/odmantic/_compiled/*,*/odmantic/_state/*,*/odmantic/_types/*' --fail-under=100
	@$(BIN)/python -m coverage report --fail-under=95

check: $(STAMP) ## Lint, types, layers, generated code, spelling, dependencies, docs
	@$(BIN)/python tools/check.py $(CHECKS)

matrix: $(STAMP) ## Test on every Python found, with the oldest and newest pydantic and PyMongo
	@$(BIN)/nox -s tests

hostile: $(STAMP) ## Compare the fast path with the slow one on the oldest and newest Python found
	@$(BIN)/nox -s hostile

ecosystem: $(STAMP) ## Test programs of others against this odmantic
	@$(BIN)/python tools/ecosystem.py

sync: $(STAMP) ## Generate the sync code from the async code
	@$(BIN)/python tools/generate_sync.py

docs: $(STAMP) ## Build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(BENCH) ## Compare the speed with the driver, odmantic 1.1.0 and other ODMs (BENCH_ARGS=--help)
	@$(BIN)/python -m bench $(BENCH_ARGS)

bench-check: $(STAMP) ## Check that no limit of bench/limits.toml is exceeded
	@$(BIN)/python -m bench.check $(BENCH_ARGS)

bench-compare: $(BENCH) ## Check that nothing is slower than in odmantic 1.1.0, side by side
	@$(BIN)/python -m bench.compare $(BENCH_ARGS)

bench-docs: $(BENCH) ## Put what `make bench` found into docs/performance.md
	@$(BIN)/python -m bench.publish $(BENCH_ARGS)

format: $(STAMP) ## Format the code, and sort its imports
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

clean: ## Remove what was built, .venv included
	rm -rf $(VENV) .nox .cache build dist site htmlcov .coverage .coverage.* .hypothesis \
		.import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian's python3-venv may be missing, and with it ensurepip: then the pip outside fills the environment.
# The pip inside is brought up to date, because dependency groups need 25.1.
$(RUNTIME): pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "make: there is no $(PYTHON); name a Python of 3.10 or newer: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "make: odmantic needs Python 3.10 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1);" \
			"name another one: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
		|| { rm -rf $(VENV) && $(PYTHON) -m venv --without-pip $(VENV); }
	@echo "Installing odmantic into $(VENV) ..."
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; \
		then $(BIN)/python -m pip install -qq --upgrade 'pip>=25.1'; \
		else $(PYTHON) -m pip --python $(BIN)/python install -qq 'pip>=25.1'; fi
	@$(BIN)/python -m pip install -qq --editable '.[cli,server]'
	@touch $@

$(STAMP): $(RUNTIME)
	@echo "Installing what the tests and checks need (a minute or two) ..."
	@$(BIN)/python -m pip install -qq --editable '.[cli,fastapi,motor,server]' --group dev
	@touch $@

$(BENCH): $(RUNTIME)
	@echo "Installing who is compared ..."
	@$(BIN)/python -m pip install -qq --editable '.[cli,fastapi,motor,server]' --group bench
	@touch $@
