# Two commands from a fresh clone: `make book` and `make test`.
# Each makes .venv itself when it is missing or out of date.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
HTML := _build/html
BENCH := _build/bench
CHECK_PYTHON := -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit( \
    f"Python 3.11, 3.12 or 3.13 is needed, and {sys.executable} is {v[0]}.{v[1]}. " \
    "Name another one, after removing .venv: make book PYTHON=python3.12")'

# What requirements.txt takes at exactly this version; the rest comes from pyproject.toml.
PINNED := torch==2.13.0 jupyter-book==1.0.4.post1

.PHONY: help venv book serve test lint unit nbval variants pages notebooks evidence confirm bench \
        requirements repository clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /:/' | awk -F: '{printf "  make %-13s %s\n", $$1, $$2}'

venv: $(INSTALLED)  ## make .venv with the pinned requirements and the package

$(INSTALLED): requirements.txt pyproject.toml
	@if test -x $(BIN)/python; then $(BIN)/python $(CHECK_PYTHON); else $(PYTHON) $(CHECK_PYTHON); fi
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

book: $(INSTALLED) _build/.package  ## execute the chapters and build the HTML, warnings are errors
	@rm -rf $(HTML)
	$(BIN)/jupyter-book build . --all -W -n --keep-going
	@test -s $(HTML)/index.html && test -s $(HTML)/book/index.html
	@echo "Open the book: file://$(CURDIR)/$(HTML)/index.html"

# A chapter's outputs are cached by the chapter's own code, so they are dropped when the
# package or its environment changes.
_build/.package: $(INSTALLED) $(shell find gradbook -type f -not -name '*.pyc')
	@rm -rf _build/.jupyter_cache
	@mkdir -p _build && touch $@

$(HTML)/index.html:
	@$(MAKE) book

serve: $(INSTALLED) $(HTML)/index.html  ## show the built book on localhost (PORT=8000)
	@echo "The book is at http://127.0.0.1:$(PORT)/ until Ctrl-C"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(HTML) $(PORT)

test: lint unit nbval book pages  ## everything that CI runs

lint: $(INSTALLED)  ## ruff, and the notebooks' form
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/notebooks.py check

unit: $(INSTALLED)  ## the package's tests and the repository's
	$(BIN)/python -m pytest -rs --ignore-glob="tests/test_page*.py"

nbval: $(INSTALLED)  ## run every notebook and compare each text output
	$(BIN)/python -m pytest --nbval --nbval-cell-timeout=120 book

variants: $(INSTALLED)  ## nbval again with other instruction sets, and in one thread
	ATEN_CPU_CAPABILITY=default $(BIN)/python -m pytest --nbval --nbval-cell-timeout=240 book
	ATEN_CPU_CAPABILITY=avx2 $(BIN)/python -m pytest --nbval --nbval-cell-timeout=240 book
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --nbval --nbval-cell-timeout=240 book

pages: $(INSTALLED) $(HTML)/index.html  ## open the built book in headless Chromium, network off
	$(BIN)/python -m pytest -rs tests/test_page*.py

notebooks: $(INSTALLED)  ## run the notebooks in place and put them in their committed form
	$(BIN)/python tools/notebooks.py normalise --execute

evidence: $(INSTALLED)  ## run the experiments again whose results are missing or outdated
	$(BIN)/python -m gradbook evidence run

confirm: $(INSTALLED)  ## renew fingerprints where changed code gives a job the same bits
	$(BIN)/python tools/confirm.py

# In an environment of its own: cockpit needs an older setuptools than the pinned one.
bench:  ## time gradbook against the obvious loop and its peers
	@$(PYTHON) $(CHECK_PYTHON) && $(PYTHON) -m venv $(BENCH)
	@grep -v '^setuptools' requirements.txt > $(BENCH)/pins.txt
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check \
	    --constraint $(BENCH)/pins.txt -e '.[bench,dask,test]'
	$(BENCH)/bin/python -m pytest -q tests/test_benchmarks.py
	$(BENCH)/bin/python -m benchmarks

# uv resolves once for every Python and system in pyproject.toml, which pip's own tools do not.
# CUDA's packages are left to pip: they belong to one build of torch, the one for Linux.
requirements:  ## renew requirements.txt from the lower bounds in pyproject.toml
	@rm -rf _build/uv && mkdir -p _build && $(PYTHON) -m venv _build/uv
	@_build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
	@printf '%s\n' $(PINNED) > _build/uv/pinned.txt
	_build/uv/bin/uv --no-cache pip compile --quiet --universal --fork-strategy fewest \
	    --python-version 3.11.0 --extra book --extra dask --extra test --no-header --no-annotate \
	    --constraint _build/uv/pinned.txt --output-file _build/uv/all.txt pyproject.toml
	@echo '# Made by `make requirements` from pyproject.toml: edit that, not this.' > requirements.txt
	@sed -E '/^(nvidia-|cuda-|triton)/d' _build/uv/all.txt >> requirements.txt
	@rm -rf _build/uv

repository:  ## move the repository's address to a fork: make repository URL=https://github.com/me/fork
	@test -n "$(URL)" || { echo "say where to: make repository URL=https://github.com/me/fork"; exit 2; }
	@$(PYTHON) tools/repository.py "$(URL)"

clean:  ## remove what was built, .venv included
	rm -rf _build $(VENV) build dist *.egg-info .pytest_cache .ruff_cache
