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

# What requirements.txt takes at exactly this version; the rest comes from pyproject.toml.
PINNED := torch==2.13.0 jupyter-book==1.0.4.post1

PYTEST := $(BIN)/python -m pytest -rs
# Kernels and browsers share few cores with other tests, and may lose a race. What failed has one
# more chance, alone, and stands in the log; a file that cannot be collected has none.
define tested_twice
$(1) -n auto --dist loadfile || { test $$? -eq 1 && echo 'Once more, alone, what failed:' \
    && $(1) --last-failed --last-failed-no-failures none; }
endef

.PHONY: help venv book serve pdf zip test lint unit nbval variants pages weigh notebooks evidence \
        confirm bench lab requirements repository pin release figures picture slides course nbgrader \
        trainers clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /:/' | awk -F: '{printf "  make %-13s %s\n", $$1, $$2}'

venv: $(INSTALLED)  ## make .venv with the pinned requirements and the package

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) tools/environment.py

book: $(INSTALLED)  ## execute the chapters and build the HTML, warnings are errors
	@$(BIN)/python tools/build.py

$(HTML)/index.html:
	@$(MAKE) book

serve: $(INSTALLED) $(HTML)/index.html  ## show the built book on localhost (PORT=8000)
	@$(BIN)/python tools/serve.py $(PORT)

pdf: $(INSTALLED) $(HTML)/index.html  ## print the built book with Chromium
	$(BIN)/python tools/paper.py pdf

zip: $(INSTALLED) $(HTML)/index.html  ## the built book as an archive that opens from disk
	$(BIN)/python tools/paper.py zip

test: lint unit nbval book pages  ## everything that CI runs

lint: $(INSTALLED)  ## ruff, mypy, and the notebooks' form
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/notebooks.py check

unit: $(INSTALLED)  ## the package's tests and the repository's
	$(call tested_twice,OMP_NUM_THREADS=1 $(PYTEST) --ignore=tests/pages)

nbval: $(INSTALLED)  ## run every notebook, alone with a wheel, and compare each text output
	$(BIN)/python tools/colab.py
	$(call tested_twice,PYTHONPATH=$(CURDIR)/_build/colab/package OMP_NUM_THREADS=1 \
	    $(PYTEST) --nbval --nbval-cell-timeout=240 _build/colab/notebooks)

variants: $(INSTALLED)  ## nbval again with other instruction sets, and with every thread
	ATEN_CPU_CAPABILITY=default $(BIN)/python -m pytest --nbval --nbval-cell-timeout=240 book
	ATEN_CPU_CAPABILITY=avx2 $(BIN)/python -m pytest --nbval --nbval-cell-timeout=240 book
	$(BIN)/python -m pytest --nbval --nbval-cell-timeout=240 book

pages: $(INSTALLED) $(HTML)/index.html  ## open the built book in headless Chromium, network off
	$(call tested_twice,$(PYTEST) tests/pages)

weigh: $(INSTALLED) $(HTML)/index.html  ## what a first visit to each page fetches
	$(BIN)/python -m benchmarks pages

notebooks: $(INSTALLED)  ## run the notebooks in place and put them in their committed form
	$(BIN)/python tools/notebooks.py normalise --execute

evidence: $(INSTALLED)  ## run the experiments again whose results are missing or outdated
	$(BIN)/python -m gradbook evidence run

confirm: $(INSTALLED)  ## renew fingerprints where changed code gives a job the same bits
	$(BIN)/python tools/confirm.py

# In an environment of its own: cockpit needs an older setuptools than the pinned one.
bench:  ## time gradbook against the obvious loop and its peers
	@$(PYTHON) tools/environment.py --check && $(PYTHON) -m venv $(BENCH)
	@grep -v '^setuptools' requirements.txt > $(BENCH)/pins.txt
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check \
	    --constraint $(BENCH)/pins.txt -e '.[bench,notebooks,dask,test]'
	$(BENCH)/bin/python -m pytest -q tests/test_benchmarks.py
	$(BENCH)/bin/python -m benchmarks

lab: $(INSTALLED)  ## build the engine of the page's trainings from lab/ (clang-19, lld-19)
	$(BIN)/python tools/build_lab.py

# uv resolves once for every Python and system in pyproject.toml, which pip's own tools do not.
# CUDA's packages are left to pip: they belong to one build of torch, the one for Linux.
requirements:  ## renew requirements.txt from the lower bounds in pyproject.toml
	@rm -rf _build/uv && mkdir -p _build && $(PYTHON) -m venv _build/uv
	@_build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
	@printf '%s\n' $(PINNED) > _build/uv/pinned.txt
	_build/uv/bin/uv --no-cache pip compile --quiet --universal --fork-strategy fewest \
	    --python-version 3.11.0 --extra notebooks --extra build --extra dask --extra test \
	    --no-header --no-annotate \
	    --constraint _build/uv/pinned.txt --output-file _build/uv/all.txt pyproject.toml
	@echo '# Made by `make requirements` from pyproject.toml: edit that, not this.' > requirements.txt
	@sed -E '/^(nvidia-|cuda-|triton)/d' _build/uv/all.txt >> requirements.txt
	@rm -rf _build/uv

repository:  ## move the repository's address to a fork: make repository URL=https://github.com/me/fork
	@test -n "$(URL)" || { echo "say where to: make repository URL=https://github.com/me/fork"; exit 2; }
	@$(PYTHON) tools/repository.py "$(URL)"

figures: $(INSTALLED)  ## every figure as SVG and PNG with captions: _build/figures.zip
	$(BIN)/python tools/figures.py

slides: $(INSTALLED) $(HTML)/index.html  ## a deck of slides for each chapter, to open from disk: _build/slides
	$(BIN)/python tools/slides.py

course: $(INSTALLED)  ## student's and teacher's notebooks, for nbgrader too: _build/course
	$(BIN)/python tools/course.py

# In an environment of its own: nbgrader brings JupyterLab and its server.
nbgrader: $(INSTALLED)  ## let the real nbgrader assign, grade and give feedback
	$(PYTHON) -m venv _build/nbgrader
	_build/nbgrader/bin/python -m pip install --quiet --disable-pip-version-check 'nbgrader>=0.9,<1'
	NBGRADER=$(CURDIR)/_build/nbgrader/bin/nbgrader $(BIN)/python -m pytest -q \
	    tests/repository/test_nbgrader.py

# In an environment of its own: the trainers bring many packages that nothing else here needs.
trainers:  ## watch trainings by the real Lightning and the real Hugging Face Trainer
	@$(PYTHON) tools/environment.py --check && $(PYTHON) -m venv _build/trainers
	_build/trainers/bin/python -m pip install --quiet --disable-pip-version-check \
	    --constraint requirements.txt \
	    -e '.[notebooks,test,parquet,tensorboard,lightning,transformers]'
	_build/trainers/bin/python -m pytest -q -rs tests/track

picture: $(INSTALLED)  ## draw the README's moving picture from the shipped garden
	$(BIN)/python tools/picture.py

pin: $(INSTALLED)  ## let notebooks install the package as it is at the last commit
	@$(BIN)/python tools/repository.py --pin

release: $(INSTALLED)  ## build all that is published into dist/, from the commit, and check it
	@$(BIN)/python tools/release.py

clean:  ## remove what was built, .venv included
	rm -rf _build $(VENV) build dist *.egg-info .pytest_cache .ruff_cache
