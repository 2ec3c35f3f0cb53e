# `make run` serves, `make test` proves, `make bench` measures. They install the Debian packages that are missing.

.PHONY: run release test bench lint format

run: release
	exec .build/release/cistern serve

release:
	.ci/install libssl-dev
	swift build -c release --static-swift-stdlib --product cistern

test:
	.ci/install libssl-dev libcurl4-openssl-dev redis-server openssl curl wrk
	swift test --disable-xctest

# Options go into BENCH, as in BENCH="--full".
bench: release
	.ci/install libcurl4-openssl-dev redis-server webdis nginx-light wrk
	swift build -c release --static-swift-stdlib --product CisternBenchmarks
	.build/release/CisternBenchmarks $(BENCH)

lint:
	swift format lint --recursive --strict Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests
