# PYTHON names the interpreter (3.11 or newer) of a new environment; by default the first that is found.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
READY := .venv/.ready
SAMPLE := --output sample-results --db sample-results/forge.db

.DEFAULT_GOAL := help
.PHONY: run test check demo bench soak clean lock help

run: $(READY) ## classify the sample tickets by keyword rules (no key, no network) and show the report
	@$(BIN)/forge-tui --batch sample_tickets/tickets.csv --provider local $(SAMPLE) --force
	@$(BIN)/forge-tui jobs last --db sample-results/forge.db

# Commands that tests start have their byte code kept: a hundred of them would compile this program each time.
test soak bench: export PYTHONDONTWRITEBYTECODE :=

test: $(READY) ## run the tests, those that measure time or memory by themselves
	$(BIN)/pytest -q -n 2 -m "not alone and not live and not soak"
	$(BIN)/pytest -q -m "alone and not soak"

check: $(READY) ## lint, formatting, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

demo: $(READY) ## open the console on a simulated provider: calm, slow, a storm of 429s, an outage that heals, failures to retry (3 min)
	@mkdir -p sample-results
	@$(BIN)/forge-tui sample_tickets/tickets.csv --provider simulated --no-cache --batch-size 1 --rpm 30 \
		--sim world=demo --db sample-results/demo.db --output sample-results

bench: $(READY) ## measure speed, tokens and cost on this machine, ending with the picture (8 min)
	$(BIN)/python -m benchmarks

soak: $(READY) ## run the tests that take minutes
	$(BIN)/pytest -q -m soak --timeout 3600

clean: ## remove what was built, run and cached; the environment too
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache sample-results dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: ## write requirements.lock anew: the newest versions that pyproject.toml allows
	@rm -rf .venv/lock && $(PYTHON) -m venv .venv/lock
	@.venv/lock/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@{ head -1 requirements.lock; .venv/lock/bin/python -m pip freeze --exclude-editable; } > .venv/new.lock
	@mv .venv/new.lock requirements.lock && rm -rf .venv/lock

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]" --constraint requirements.lock
	@touch $@
