# Everything that a person types twice. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
VENV_READY := $(VENV)/.ready
# Emulators of clouds and the vendors' clients: many packages, so apart from the others.
CLOUDS_READY := .venv-clouds/.ready
# Points where crash tests stop the process: in tests and lints, never in what is shipped.
FEATURES := --features kms-providers/failpoints
FUZZ_SECONDS ?= 60

.PHONY: help setup demo clean-demo test lint fmt doc bench fuzz fuzz-smoke crash fpe-oracle arm kryoptic golden-check deny

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what this machine lacks for the tests (apt, where it may)
	@scripts/setup.sh test

demo: ## Seal a directory, rotate its key, rewrap, open, compare, verify the audit log
	@scripts/demo.sh

clean-demo: ## Remove what the demo left in .demo
	rm -rf .demo

test: setup $(VENV_READY) $(CLOUDS_READY) ## Every test; ends with one line that counts them
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(PYTHON) scripts/test.py

lint: ## Formatting and clippy, warnings are errors; each backend builds alone
	cargo fmt --all --check
	cargo clippy --workspace --all-targets $(FEATURES) --locked -- -D warnings
	cargo clippy -p kms-core --no-default-features --features rustcrypto --locked -- -D warnings
	cargo clippy -p kms-core --no-default-features --features aws-lc --locked -- -D warnings
	cargo clippy -p kms-providers --locked -- -D warnings

fmt: ## Format the Rust code, fuzz targets and benches included
	cargo fmt --all
	cargo fmt --manifest-path fuzz/Cargo.toml
	cargo fmt --manifest-path benches/Cargo.toml

doc: ## Build the crates' documentation, warnings are errors
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

bench: ## Benchmarks, each with its peer in the same run
	cargo bench --manifest-path benches/Cargo.toml

fuzz: ## Fuzz every target for FUZZ_SECONDS (60); SANITIZER=address watches memory too
	@scripts/setup.sh fuzz
	@scripts/fuzz.sh $(FUZZ_SECONDS)

fuzz-smoke: ## Fuzz every target for 5 seconds
	@scripts/setup.sh fuzz
	@scripts/fuzz.sh 5

crash: ## Kill keystore, rewraps and audit log at every step and at random, for longer than `make test` does
	@scripts/crash.sh

fpe-oracle: ## FF1 in batches and one by one against the fpe crate, on a million values
	KEYSTRAND_FPE_CASES=1000000 cargo test -p kms-core --test fpe --locked -- --nocapture oracle

arm: ## Tests of kms-core on 64-bit ARM, under emulation
	@scripts/arm.sh

kryoptic: ## Build the kryoptic token, for tests over PKCS #11 3.2 (minutes: it brings an OpenSSL)
	@scripts/setup.sh kryoptic
	cargo build --release --locked --manifest-path tests/kryoptic/Cargo.toml --target-dir target/kryoptic

golden-check: setup $(VENV_READY) ## The independent implementation opens every golden file and makes its own anew
	@$(PYTHON) scripts/test.py oracle golden

deny: ## Licences, sources, duplicates and advisories of the dependencies
	@scripts/deny.sh

$(VENV_READY): tests/oracle/requirements.txt tests/python/requirements.txt
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check $(^:%=-r %)
	@touch $@

$(CLOUDS_READY): tests/clouds/requirements.txt
	python3 -m venv .venv-clouds
	.venv-clouds/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
