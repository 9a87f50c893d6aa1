# The short way to everything; `make` alone lists it. CMake does the work, see CMakePresets.json.
#
#   make train ARGS="--epochs 3"        options for the program
#   make test CMAKE_FLAGS=-DCHAINRULE_WERROR=ON

jobs := $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
quick := '^(unit|config|io|nn|optim|data|train|ops|book|errors)$$'

# $(call build,PRESET,EXTRA OPTIONS)
build = cmake --preset $(1) $(CMAKE_FLAGS) && cmake --build --preset $(1) -j $(jobs) $(2)

.PHONY: help train test bench lint format check-fast sanitize clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile | awk -F ': ' '{ printf "make %-12s %s\n", $$1, $$2 }'

train:  ## train a network on the built-in digits (options through ARGS=)
	@scripts/install-deps.sh build test
	$(call build,release,--target chainrule_cli)
	build/release/chainrule train $(ARGS)

test:  ## build and run all tests
	@scripts/install-deps.sh build test
	$(call build,release)
	@ctest --preset release -j $(jobs)

bench:  ## time the workloads (chainrule bench), then the kernels: build/release/bench/bench_* (options through ARGS=)
	@scripts/install-deps.sh build test bench
	$(call build,release)
	build/release/chainrule bench
	@set -e; for program in build/release/bench/bench_*; do \
	  test -f "$$program" || { echo 'There are no benchmarks.'; exit 1; }; \
	  echo "== $$program"; "$$program" $(ARGS); done

lint:  ## check format, direction of includes, file sizes, error numbers, scripts
	@scripts/install-deps.sh lint
	@scripts/lint.sh

format:  ## format the C++ sources in place
	@scripts/install-deps.sh lint
	@scripts/format.sh

check-fast:  ## build with ASan and UBSan, run the fast tests
	@scripts/install-deps.sh build test
	$(call build,dev)
	@ctest --preset dev -j $(jobs) -L $(quick)

sanitize: check-fast  ## the same

clean:  ## remove everything that was built
	rm -rf build
