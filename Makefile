# `make run` serves, `make test` proves. Both install the Debian packages that are missing.

.PHONY: run release test lint format

run: release
	exec .build/release/cistern serve

release:
	.ci/install libssl-dev
	swift build -c release --static-swift-stdlib --product cistern

test:
	.ci/install libssl-dev libcurl4-openssl-dev redis-server openssl curl wrk
	swift test --disable-xctest

lint:
	swift format lint --recursive --strict Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests
