# Everything sets itself up: `make demo` and `make test` work in a fresh clone.
PYTHON ?= python3
BIN := .venv/bin
FUZZ_EXAMPLES ?= 300
SERVICE ?= osv
EVENTS ?= 300000 1000000 3000000
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
LOCK := $(COMPILE) pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo serve migrate migrate-down test test-citus fuzz check format schema schema-diff screenshot bench bench-import torture build release image lock audit audit-offline clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/runtime ## Serve on :8080 with two months of demo data; prints a sign-in
	$(BIN)/web-behavior demo

serve: .venv/runtime ## Serve on PORT, on the configured database or the embedded one
	$(BIN)/web-behavior serve

migrate: .venv/runtime ## Bring the database's schema up to date
	$(BIN)/web-behavior migrate

migrate-down: .venv/runtime ## Undo the last migration
	$(BIN)/web-behavior migrate --down

test: .venv/dev .venv/ariadne-codegen tests/conformance/node_modules examples/node_modules ## Run every test, with coverage (installs chromium, redis-server and postgresql-15 if need be)
	tests/system-packages
	$(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term-missing:skip-covered

test-citus: .venv/dev ## Run the tests of a Citus cluster, on the empty database CITUS_URL=postgresql://… (tests/citus/README.md)
	@test -n "$(CITUS_URL)" || { echo "Set CITUS_URL to an empty database of a cluster; tests/citus/README.md tells how to get one."; exit 1; }
	CITUS_URL="$(CITUS_URL)" $(BIN)/pytest -q tests/citus

fuzz: .venv/dev ## Fuzz REST and GraphQL by their own schemas, differently each time (FUZZ_EXAMPLES=300 a route or field)
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/pytest -s tests/conformance/test_schemathesis.py

check: .venv/dev ## Lint, types, layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## Format the code, and fix what ruff can fix
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

schema: .venv/runtime ## Regenerate schema.graphql and the tables of docs/metrics.md
	$(BIN)/web-behavior export-schema schema.graphql
	$(BIN)/python -m app.metrics_docs

schema-diff: .venv/runtime ## Compare schema.graphql with the last release's (or FROM=revision): what breaks clients, what is deprecated
	$(BIN)/python -m app.schema_diff $(FROM)

screenshot: .venv/dev ## Retake the README's picture of GraphiQL
	tests/system-packages
	$(BIN)/python -m docs.screenshot

bench: .venv/bench ## Measure how fast it is (EVENTS="300000 1000000 3000000" PARTS="metrics …" PEER_URL=…); writes docs/performance.md
	$(BIN)/python -m bench $(PARTS) $(EVENTS:%=--events %) $(GROWTH:%=--growth %) $(PEER_URL:%=--peer-url %)

bench-import: EVENTS := 1000000
bench-import: .venv/bench ## Measure how fast an old database is imported (EVENTS=1000000)
	$(BIN)/python -m bench.legacy_import $(EVENTS)

torture: .venv/dev ## Try to lose events, and to keep the service busy, for half an hour; writes docs/reliability.md, docs/hostile-documents.md
	tests/system-packages
	$(BIN)/python -m torture.hostile_documents
	$(BIN)/python -m torture

build: .venv/runtime ## Build a wheel in dist/
	$(BIN)/pip wheel -q --no-build-isolation --no-deps -w dist .

release: ## Tag the version in pyproject.toml, once everything passes; pushes nothing
	@test "$$(git branch --show-current)" = main || { echo "Releases are made on main: git switch main."; exit 1; }
	@test -z "$$(git status --porcelain)" || { echo "The tree is not clean: commit or stash what git status shows."; exit 1; }
	@grep -qxF "## $(VERSION) — $$(date -u +%F)" CHANGELOG.md \
		|| { echo "CHANGELOG.md needs the heading: ## $(VERSION) — $$(date -u +%F)"; exit 1; }
	@! git rev-parse -q --verify refs/tags/v$(VERSION) > /dev/null \
		|| { echo "v$(VERSION) is tagged already: raise the version in pyproject.toml."; exit 1; }
	$(MAKE) check test build
	git tag -a v$(VERSION) -m "web-behavior $(VERSION)"

image: ## Build the container image web-behavior:VERSION, by docker, podman or buildah
	engine=$$(for each in docker podman buildah; do command -v $$each && break; done) \
		|| { echo "docker, podman or buildah is needed"; exit 1; }; \
	case $$engine in */docker) format= ;; *) format="--format docker" ;; esac; \
	$$engine build $$format --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse HEAD) -t web-behavior:$(VERSION) .

lock: .venv/dev ## Lock the newest versions that pyproject.toml allows, with their hashes
	$(LOCK) --upgrade --extra install --extra embedded -o requirements.lock
	$(LOCK) --upgrade --extra install --extra otel -c requirements.lock -o requirements-image.lock
	$(LOCK) --upgrade --extra install --extra embedded --extra dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --upgrade --extra bench -c requirements-dev.lock -o requirements-bench.lock
	$(COMPILE) --upgrade examples/ariadne-codegen/requirements.in -o examples/ariadne-codegen/requirements.lock

audit: .venv/audit .venv/dev ## Look the locked packages up among known vulnerabilities (needs the internet: OSV, or SERVICE=pypi; and npm's registry)
	failed=; for lock in requirements*.lock examples/*/requirements.lock; do echo $$lock; \
		.venv/audit/bin/pip-audit --strict --disable-pip --require-hashes -s $(SERVICE) -r $$lock || failed=1; done; \
	for folder in tests/conformance examples webui; do echo $$folder; \
		PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/npm audit --package-lock-only --prefix $$folder || failed=1; done; \
	test -z "$$failed"

audit-offline: .venv/dev ## The same in a folder of advisories: ADVISORIES=folder (OSV records, or safety-db's insecure.json)
	@test -n "$(ADVISORIES)" || { echo "Set ADVISORIES to the folder; docs/security.md tells where to get one."; exit 1; }
	$(BIN)/python -m audit "$(ADVISORIES)"

clean: ## Remove what was built, and the embedded database with its data
	rm -rf .venv .data build dist *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "On Debian: apt-get install python3-venv"; exit 1; }

.venv/runtime: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@$(BIN)/pip check > /dev/null || $(BIN)/pip check
	@touch $@

.venv/audit: | .venv/bin/python
	@$(BIN)/python -m venv $@
	$@/bin/pip install -q --disable-pip-version-check 'pip-audit>=2.10,<3'

.venv/bench: requirements-bench.lock .venv/dev
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-bench.lock
	@touch $@

# An environment of its own: it needs an older graphql-core than the service.
.venv/ariadne-codegen: examples/ariadne-codegen/requirements.lock | .venv/bin/python
	@$(BIN)/python -m venv $@
	$@/bin/pip install -q --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

tests/conformance/node_modules examples/node_modules: %/node_modules: %/package-lock.json .venv/dev
	$(BIN)/npm ci --silent --no-audit --no-fund --prefix $*
	@touch $@
