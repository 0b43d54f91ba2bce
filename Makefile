# Two commands for people: make demo, make test. The rest serves them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 5000
# How many processes share the tests; 0 runs them in one.
WORKERS ?= logical
PYTEST := $(BIN)/pytest --numprocesses=$(WORKERS) --dist=worksteal
# With it, every process of the tests would compile all test modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo check test test-fast test-long fmt docs clean

install: $(VENV)/.installed catalog/web/static/vendor/.installed

$(VENV)/.installed: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "offenbar braucht Python 3.11 oder neuer / offenbar needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip setuptools wheel
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

catalog/web/static/vendor/.installed: package.json package-lock.json $(VENV)/.installed
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --silent --ignore-scripts --no-audit --no-fund
	$(BIN)/python -m catalog.web.vendor
	@touch $@

demo: install
	$(BIN)/offenbar demo --port $(PORT)

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy catalog dcat harvesters validators cli.py benchmarks docs/generate.py
	$(BIN)/lint-imports --config setup.cfg

test: install
	$(PYTEST) -m "not long"

test-fast: install
	$(PYTEST) -m "not long and not slow and not browser and not hypothesis" -x

test-long: install
	$(PYTEST)

fmt: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: install
	$(BIN)/python -m docs.generate

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
