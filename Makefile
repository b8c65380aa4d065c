# make demo          the main job: sweep the methods over both shipped pairs, draw figures
# make demo-quick    the same on a few sentences, for CI
# make test          the fast tests          make test-slow        the slow ones
# make test-reference  comparisons with torch and transformers (installs both)
# make lint          formatting, lint, types   make wheel          dist/*.whl
# make clean         removes .venv, dist and caches; results stay
#
# Every target makes .venv itself when it is missing or older than what it is made from.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip
# A process a core; tests of one file share the programs that they compile. They compile
# many for a CPU, which is quicker without its fusion emitters (a flag of the jaxlib in
# constraints.txt).
PYTEST := XLA_FLAGS=--xla_cpu_use_fusion_emitters=false $(BIN)/python -m pytest \
	--numprocesses logical --maxprocesses 8 --dist loadfile
INSTALLED := $(VENV)/.installed
INSTALLED_REFERENCE := $(VENV)/.installed-reference

.DELETE_ON_ERROR:
.PHONY: demo demo-quick test test-slow test-reference lint wheel install clean

demo: $(INSTALLED)
	$(BIN)/speccascade run -m experiment=demo
	$(BIN)/speccascade run -m experiment=demo_gemma
	$(BIN)/speccascade bench demo_gemma
	$(BIN)/speccascade figures demo demo_gemma

demo-quick: $(INSTALLED)
	$(BIN)/speccascade run -m experiment=demo_quick
	$(BIN)/speccascade figures demo_quick

test: $(INSTALLED)
	$(PYTEST)

test-slow: $(INSTALLED)
	$(PYTEST) -m "slow and not reference"

test-reference: $(INSTALLED_REFERENCE)
	$(BIN)/python -m pytest -m reference

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

wheel: $(INSTALLED)
	$(PIP) wheel --no-deps --wheel-dir dist .

install: $(INSTALLED)

# Each candidate is tried by running it: the name alone says neither the version nor
# that it starts at all, and some systems split ensurepip off.
$(INSTALLED): pyproject.toml constraints.txt
	@if ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
	  for candidate in python3.11 python3.12 python3; do \
	    if $$candidate -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' \
	        2>/dev/null; then found=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "No Python 3.11 or newer with ensurepip was found: install one" \
	      "(on Debian: python3.11 and python3.11-venv)." >&2; exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$found"; \
	  $$found -m venv --clear $(VENV) || exit 1; \
	fi
	$(PIP) install --quiet --constraint constraints.txt 'pip>=25.1'
	$(PIP) install --constraint constraints.txt --group dev --editable .
	@touch $@

$(INSTALLED_REFERENCE): $(INSTALLED)
	$(PIP) install --constraint constraints.txt --editable '.[reference]'
	@touch $@

clean:
	rm -rf $(VENV) dist build .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
