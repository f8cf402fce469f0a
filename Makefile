# The front door. Each target installs the packages that it lacks, and says how long its stages took.
PREFIX ?= /usr/local
DESTDIR ?=
# A time such as 600s, or a number of inputs, which are the same ones every time.
FUZZ_LIMIT ?= 600s
JOBS := $(shell nproc)
STAGE := scripts/stage.sh
INSTALL_PACKAGES := scripts/install-packages.sh

.DEFAULT_GOAL := help
.PHONY: help build dev tsan demo test bench soak fuzz install clean

help:
	@echo 'make demo      scale example workers from zero and back, with a private RabbitMQ, in 90 s'
	@echo 'make test      everything that is tested: units, real servers, packaging, data races, short fuzzing'
	@echo 'make build     the release build, in build/release'
	@echo 'make install   into PREFIX (now $(PREFIX)), below DESTDIR if it is set'
	@echo 'make bench     measured against the Engine API, docker run and docker-compose'
	@echo 'make soak      the tests that kill the daemon, 200 times'
	@echo 'make fuzz      libFuzzer, FUZZ_LIMIT (now $(FUZZ_LIMIT)) for each parser'
	@echo 'make clean     removes build/'

build:
	@$(INSTALL_PACKAGES) build
	@$(STAGE) 'configure release' cmake --preset release
	@$(STAGE) 'build release' cmake --build --preset release -j $(JOBS)

dev:
	@$(INSTALL_PACKAGES) build test
	@$(STAGE) 'configure dev' cmake --preset dev
	@$(STAGE) 'build dev' cmake --build --preset dev -j $(JOBS)

tsan:
	@$(INSTALL_PACKAGES) build test
	@$(STAGE) 'configure tsan' cmake --preset tsan
	@$(STAGE) 'build tsan' cmake --build --preset tsan -j $(JOBS)
	@$(STAGE) 'test for data races' cmake --build --preset tsan --target run_tsan_tests

demo: build
	@$(INSTALL_PACKAGES) demo
	@$(STAGE) 'demo' examples/demo/demo.py build/release

test: build dev
	@$(STAGE) 'test' ctest --preset dev -j $(JOBS)
	@$(MAKE) --no-print-directory tsan
	@$(MAKE) --no-print-directory fuzz FUZZ_LIMIT=20000

bench: build
	@$(INSTALL_PACKAGES) test bench
	@$(STAGE) 'configure bench' cmake --preset release -D ELASTICITY_BENCH=ON
	@$(STAGE) 'build bench' cmake --build --preset release --target bench_programs
	@$(STAGE) 'bench' tests/bench/bench.py build/release

soak: build dev
	@$(STAGE) 'soak' env ELASTICITY_SOAK=1 ctest --preset dev -L soak

fuzz:
	@$(INSTALL_PACKAGES) build fuzz
	@$(STAGE) 'configure fuzz' cmake --preset fuzz
	@$(STAGE) 'build fuzz' cmake --build --preset fuzz -j $(JOBS)
	@$(STAGE) 'fuzz' scripts/fuzz.sh build/fuzz $(FUZZ_LIMIT)

install: build
	@$(STAGE) 'install' env DESTDIR='$(DESTDIR)' cmake --install build/release --prefix '$(PREFIX)'

clean:
	rm -rf build
