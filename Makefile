# Every target sets up what it needs: Python 3.11 and make are enough.
PYTHON ?= python3.11
BIN := .venv/bin
INSTALLED := .venv/.installed
TOOLS := .venv/tools/.installed
COMPILE := pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links
# Two groups of tests at the same time, the longest first (tests/conftest.py).
SIDE_BY_SIDE := -n 2 --dist loadgroup --no-loadscope-reorder
# JupyterLab takes its defaults from lab/ and keeps what it writes in .venv/lab/: the reader's own
# settings stay as they are, and the home directory may be read-only.
LANG_UI ?= vi
LAB_STATE := $(CURDIR)/.venv/lab
LAB_ENVIRONMENT = JUPYTER_CONFIG_PATH="$(CURDIR)/lab/$(LANG_UI)" JUPYTER_CONFIG_DIR="$(LAB_STATE)/config" \
	JUPYTERLAB_SETTINGS_DIR="$(LAB_STATE)/settings" JUPYTERLAB_WORKSPACES_DIR="$(LAB_STATE)/workspaces" \
	JUPYTER_DATA_DIR="$(LAB_STATE)/data" JUPYTER_RUNTIME_DIR="$(LAB_STATE)/runtime" \
	IPYTHONDIR="$(LAB_STATE)/ipython" MPLCONFIGDIR="$(LAB_STATE)/matplotlib"

.PHONY: help install report test test-fast faults lint lab bench docs lock sbom messages clean

help:           ## show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/'

install: $(INSTALLED)  ## make .venv/ from the lock file

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	-@git config filter.notebooks.clean "$(BIN)/python lab/clean.py"  # running notebooks leaves the checkout clean
	@touch $@

report: install  ## Ha Noi, latest year, Vietnamese, all notebooks: pages in output/report/site
	$(BIN)/papi report $(ARGS)

test: install  ## the whole test suite
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

test-fast: install  ## the tests that take seconds
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not slow"

faults: install  ## some 1,100 faults tried, a quarter of an hour; writes docs/faults.md
	$(BIN)/python -m pytest tests/faults/faults.py

lint: install  ## style of code and notebooks, types of the library
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --cache-dir .venv/mypy

lab: install  ## JupyterLab on the explorer, in Vietnamese; LANG_UI=en for English
	$(LAB_ENVIRONMENT) $(BIN)/jupyter lab --notebook-dir=notebooks --LabApp.default_url=/lab/tree/explore.ipynb $(ARGS)

bench: install  ## speed and method experiments, as ratios in one run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv/bench --requirement benchmarks/requirements.txt
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

docs: install  ## texts, guides, data dictionary and reference as pages: output/docs/html/index.html
	$(BIN)/python docs/sources.py output/docs/sources
	$(BIN)/sphinx-build -q -W --keep-going output/docs/sources output/docs/html

messages: install  ## collect sentences to translate into the Vietnamese catalogue
	PYTHONPATH=lab $(BIN)/pybabel -q extract -F babel.cfg -k w --no-default-keywords --no-location --sort-output --omit-header -o .venv/papi.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --omit-header --no-wrap -l vi -D papi -i .venv/papi.pot -d papi_lib/locale

$(TOOLS): tools.lock
	$(PYTHON) -m venv .venv/tools
	.venv/tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement tools.lock
	@touch $@

lock: $(TOOLS)  ## renew requirements.lock and tools.lock, with hashes, from pyproject.toml
	.venv/tools/bin/uv $(COMPILE) --all-extras --group build pyproject.toml -o requirements.lock
	.venv/tools/bin/uv $(COMPILE) --group tools -o tools.lock

sbom: $(TOOLS)  ## list all packages of the lock, with their hashes, as CycloneDX: output/sbom.json
	mkdir -p output
	.venv/tools/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible -o output/sbom.json requirements.lock

clean:          ## remove what the targets made
	rm -rf .venv output
