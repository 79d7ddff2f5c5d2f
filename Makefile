# `make` lists what can be done. Everything installs what it needs into .venv first.
.DEFAULT_GOAL := help
PY := .venv/bin/python
PIP_COMPILE := .venv/bin/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

help:  ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install  ## Run Gatehouse here: servers, demo data, pages, API, worker (GATEHOUSE_PORT=8000)
	@exec $(PY) -m scripts.run

stop:  ## Stop a run from another terminal
	@exec $(PY) -m scripts.run --stop

test: install-dev  ## Every check and every test, on servers of their own
	@exec $(PY) -m scripts.gate test $(ARGS)

lint: install-dev  ## The checks that need no server: format, lint, types, layers, production settings
	@exec $(PY) -m scripts.gate lint

bench: install-dev  ## Measure speed against floors and peers in the same run
	@exec $(PY) -m scripts.inside --fresh $(PY) -m bench $(ARGS)

shell: install  ## A Python shell with the models, on the data of `make run`
	@exec $(PY) -m scripts.inside $(PY) manage.py shell

pins: install-dev  ## Compile requirements/*.in to exact pins
	@$(PIP_COMPILE) --output-file=requirements/base.txt requirements/base.in
	@$(PIP_COMPILE) --output-file=requirements/dev.txt requirements/dev.in

clean:  ## Remove .venv, caches and ALL local data (var/)
	@if [ -x $(PY) ]; then $(PY) -m scripts.run --stop; fi
	rm -rf .venv var staticfiles .mypy_cache .ruff_cache .import_linter_cache .hypothesis .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

install:
	@python=$$(scripts/find_python.sh) && exec "$$python" scripts/install.py run

install-dev:
	@python=$$(scripts/find_python.sh) && exec "$$python" scripts/install.py dev

.PHONY: help run stop test lint bench shell pins clean install install-dev
