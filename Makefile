# Headrace: the commands that everything else is built from.
#   make start   open this repository's own project in the browser
#   make test    checks, unit, integration, browser: all of it
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8765

.PHONY: start test check unit browser bench simulate transitions soak wheel wire format screenshots clean

$(BIN)/.dev: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(BIN)/.run: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

node_modules/.done: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

backend/headrace/static/index.html: node_modules/.done $(shell find frontend -type f 2>/dev/null)
	npm run --silent build

start: $(BIN)/.run backend/headrace/static/index.html
	$(BIN)/headrace start . --port $(PORT) --open late_flights $(ARGS)

test: $(BIN)/.dev node_modules/.done backend/headrace/static/index.html
	PATH="$(abspath $(BIN)):$$PATH" tests/run

check: $(BIN)/.dev node_modules/.done backend/headrace/static/index.html
	PATH="$(abspath $(BIN)):$$PATH" tests/check

unit: $(BIN)/.dev
	$(BIN)/pytest tests/unit -n auto

browser: $(BIN)/.dev backend/headrace/static/index.html
	$(BIN)/pytest tests/browser $(ARGS)

bench: $(BIN)/.dev backend/headrace/static/index.html
	$(BIN)/python -m tests.bench $(ARGS)

simulate: $(BIN)/.dev
	$(BIN)/python -m tests.simulate $(ARGS)

transitions: $(BIN)/.dev
	HEADRACE_ALL_TRANSITIONS=1 $(BIN)/pytest -n auto tests/unit/scheduling/test_cron.py -k oracle $(ARGS)

soak: $(BIN)/.dev backend/headrace/static/index.html
	HEADRACE_SOAK_S=$${HEADRACE_SOAK_S:-3600} $(BIN)/pytest -s tests/acceptance/test_soak.py $(ARGS)

wheel: node_modules/.done $(BIN)/.dev backend/headrace/static/index.html
	$(BIN)/python -m build --wheel --no-isolation

wire: $(BIN)/.dev node_modules/.done
	npm run --silent wire

format: $(BIN)/.dev node_modules/.done
	$(BIN)/ruff format backend tests
	$(BIN)/ruff check --fix backend tests
	npx biome check --write frontend

screenshots: $(BIN)/.dev backend/headrace/static/index.html
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

clean:
	rm -rf $(VENV) node_modules backend/headrace/static dist
