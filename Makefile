# ArisGourmet: every workflow is one command.

CARGO ?= cargo
# The bench brings the peer that it measures against and is built by `make bench` only.
NOT_THE_BENCH := --workspace --exclude load

.DEFAULT_GOAL := help
.PHONY: help up demo watch test faults conformance fuzz check rules bench fmt clean-local

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

up: ## Build and start everything on this machine; Ctrl-C ends it
	$(CARGO) build --bin aris
	./target/debug/aris up $(ARGS)

demo: ## Play a dinner service against `make up`
	./target/debug/aris demo $(ARGS)

watch: ## Watch the grill's console of `make up`
	./target/debug/aris watch kitchen $(ARGS)

test: ## Run every test, against real servers that the tests start themselves
	$(CARGO) test $(NOT_THE_BENCH) --all-features

faults: ## Break everything at random and judge it: MINUTES= (5), SEED= (drawn), CLUSTER=1 (whole servers of a cluster die)
	ARIS_FAULTS_MINUTES=$(or $(MINUTES),$(if $(CLUSTER),10,5)) ARIS_FAULTS_SEED=$(SEED) $(CARGO) test $(NOT_THE_BENCH) --all-features --test journeys -- \
	  --exact faults::$(if $(CLUSTER),nothing_promised_is_lost_when_whole_servers_of_a_cluster_die --ignored,nothing_promised_is_lost_whatever_is_killed_frozen_or_cut) --nocapture

conformance: ## Hold the sockets against the Autobahn cases, and every route against the API document
	CARGO="$(CARGO)" $(if $(EXAMPLES),EXAMPLES=$(EXAMPLES)) $(if $(SEED),SEED=$(SEED)) tests/conformance/run

fuzz: ## Read bodies and frames that are nearly right: INPUTS= (10000000)
	ARIS_FUZZ_INPUTS=$(or $(INPUTS),10000000) $(CARGO) test $(NOT_THE_BENCH) --all-features --lib -- fuzz:: --nocapture

check: ## Formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings

rules: ## Have promtool check the alert rules and their tests, where it is installed
	@cd deploy/observability && promtool=$$(command -v "$${PROMTOOL:-promtool}") || \
	  { echo "SKIPPED: no promtool (Debian: apt-get install prometheus; or set PROMTOOL)"; exit 0; }; \
	  $$promtool check config prometheus.yml && $$promtool test rules rules_test.yml

bench: ## Measure against the peers; QUICK=1 for a short run, LINES="order_http storm" for some lines
	$(CARGO) build --release -p load -p operator-cli
	./target/release/load $(LINES)
	$(CARGO) run --release -p service-kit --example limits_cost
	$(CARGO) run --release -p identity --example token_cost

fmt: ## Format the code
	$(CARGO) fmt --all

clean-local: ## Remove the data of `make up`
	rm -rf .local
