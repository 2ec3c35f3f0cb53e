// swift-tools-version: 6.2
import PackageDescription

/// Every room compiles under the same strict settings; what a file depends on stands at its top.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // A nonisolated async function runs where its caller runs: no hop off the event loop.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // Buffers hand out spans that cannot outlive them.
    .enableExperimentalFeature("Lifetimes"),
]

let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

/// A room of the house. Arrows point downwards only: a room imports only rooms listed above it.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["CisternLocks", "TestSupport"], swiftSettings: strict)
}

/// A fuzzer of one room. Its entry is `LLVMFuzzerTestOneInput`; libFuzzer brings the main function.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: "Fuzz\(name)", dependencies: dependencies, path: "Tests/Fuzz/\(name)",
        swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
}

// They link only with libFuzzer. Both sanitizers go in one option: of several, the compiler takes the last alone.
// CISTERN_FUZZ=1 swift build -c release --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address \
//     -Xswiftc -enable-testing --scratch-path .build-fuzz --product FuzzRESP
// SWIFT_BACKTRACE=enable=no .build-fuzz/release/FuzzRESP -max_total_time=60
let fuzzers: [Target] =
    Context.environment["CISTERN_FUZZ"] == nil
    ? []
    : [
        fuzzer("RESP", ["CisternRESP", "CisternBytes"]),
        fuzzer("HTTP", ["CisternHTTP", "CisternBytes"]),
        // It looks into a room: `-Xswiftc -enable-testing`.
        fuzzer("Routes", ["CisternService", "CisternHTTP", "CisternBytes", "CisternRedis"]),
        fuzzer(
            "Configuration",
            ["CisternConfiguration", "CisternRedis", "CisternService", "CisternJSON", "CisternBytes"]),
    ]

let package = Package(
    name: "cistern",
    products: [
        .library(name: "Cistern", targets: ["Cistern"]),
        .executable(name: "cistern", targets: ["CisternCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C headers only.
        .target(name: "CLinux"),
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),

        // The ground floor: no I/O.
        room("CisternLocks"),
        room("CisternBytes"),
        room("CisternJSON", ["CisternBytes"]),
        room("CisternConfiguration", ["CisternBytes", "CisternJSON"]),
        room("CisternRESP", ["CisternBytes"]),
        room("CisternStore", ["CisternBytes", "CisternLocks"]),
        room("CisternResilience", ["CisternBytes", "CisternLocks"]),

        // The loop and what speaks on it.
        room("CisternSockets", ["CLinux", "COpenSSL", "CisternBytes", "CisternLocks", collections, heap]),
        room("CisternHTTP", ["CisternBytes", "CisternSockets", logging]),
        room(
            "CisternRedis",
            [
                "CisternBytes", "CisternConfiguration", "CisternLocks", "CisternRESP", "CisternResilience",
                "CisternSockets", collections, logging, lifecycle,
            ]),

        // The faces.
        room(
            "Cistern",
            [
                "CisternBytes", "CisternConfiguration", "CisternLocks", "CisternRESP", "CisternRedis",
                "CisternResilience", "CisternSockets", "CisternStore", logging, lifecycle,
            ]),
        room(
            "CisternService",
            [
                "Cistern", "CisternBytes", "CisternConfiguration", "CisternHTTP", "CisternJSON", "CisternLocks",
                "CisternRESP", "CisternRedis", "CisternResilience", "CisternSockets", "CisternStore", "CLinux", logging,
            ]),
        .executableTarget(
            name: "CisternCommand",
            dependencies: [
                "Cistern", "CLinux", "CisternBytes", "CisternConfiguration", "CisternHTTP", "CisternJSON",
                "CisternRedis",
                "CisternResilience", "CisternService", "CisternSockets", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // Tests mirror the house.
        .systemLibrary(
            name: "CCurl", path: "Tests/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(
            name: "TestSupport", dependencies: ["CCurl", "CLinux", "CisternBytes", "CisternLocks"],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        .executableTarget(
            name: "CisternBenchmarks",
            dependencies: [
                "CLinux", "CisternBytes", "CisternSockets", "TestSupport", collections,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Benchmarks", exclude: ["counters", "README.md", "results"], swiftSettings: strict),
        tests("BenchmarksTests", ["CisternBenchmarks", "CisternBytes", "CisternCommand", "CisternSockets"]),
        tests("CisternBytesTests", ["CisternBytes"]),
        tests("CisternJSONTests", ["CisternJSON", "CisternBytes"]),
        tests("CisternConfigurationTests", ["CisternConfiguration", "CisternJSON"]),
        tests("CisternRESPTests", ["CisternRESP", "CisternBytes"]),
        tests("CisternStoreTests", ["CisternStore", "CisternBytes"]),
        tests("CisternResilienceTests", ["CisternResilience", "CisternBytes"]),
        tests("CisternSocketsTests", ["CisternSockets", "CisternBytes", "CLinux"]),
        tests("CisternHTTPTests", ["CisternHTTP", "CisternBytes", "CisternSockets"]),
        tests(
            "CisternRedisTests",
            [
                "Cistern", "CisternRedis", "CisternRESP", "CisternResilience", "CisternBytes", "CisternConfiguration",
                "CisternSockets",
            ]),
        tests("CisternTests", ["Cistern", logging, lifecycle]),
        tests(
            "CisternServiceTests",
            [
                "Cistern", "CisternService", "CisternConfiguration", "CisternBytes", "CisternHTTP", "CisternJSON",
                "CisternRESP", "CisternRedis", "CisternResilience", "CisternSockets", "CisternStore", logging,
            ]),
        tests("IntegrationTests", ["CisternCommand", "CCurl", "CisternBytes", "CisternJSON", "CisternRedis"]),
    ] + fuzzers
)
