// swift-tools-version: 6.3

import PackageDescription

/// Every compiler reviewer is on, and what it says is an error.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "keystow",
    products: [
        // Loaded first, it makes C libraries fail in a program under test.
        .library(name: "Faults", type: .dynamic, targets: ["FaultyCrypto", "FaultySystem"])
    ],
    targets: [
        // Floor 0: C, untouched.
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CCurl"),
        .systemLibrary(name: "CMicroHTTPD"),
        .systemLibrary(name: "CZlib"),

        // Floor 1: the nouns.
        .target(name: "VaultModel"),

        // Floor 2: each wraps its C library, and nothing else.
        .target(name: "VaultCrypto", dependencies: ["VaultModel", "COpenSSL"]),
        .target(
            name: "Migrations", path: "Migrations",
            resources: [
                .embedInCode("V0001_vault.sql"), .embedInCode("V0002_provider_health.sql"),
                .embedInCode("V0003_connect.sql"), .embedInCode("V0004_audit_heads.sql"),
                .embedInCode("V0005_keyring_terms.sql"),
            ]
        ),
        .target(name: "VaultStore", dependencies: ["VaultModel", "Migrations", "CSQLite"]),
        .target(name: "HTTPClient", dependencies: ["VaultModel", "CCurl"]),
        .target(name: "HTTPServer", dependencies: ["VaultModel", "CMicroHTTPD"]),
        .target(name: "Deflate", dependencies: ["CZlib"]),

        // Floor 3: what is known of providers. Every file of the catalogue is data.
        .target(
            name: "VaultProviders",
            dependencies: ["VaultModel", "HTTPClient"],
            resources: [.embedInCode("Catalogue")]
        ),

        // Floor 4: what the vault does.
        .target(
            name: "VaultService",
            dependencies: ["VaultModel", "VaultCrypto", "VaultStore", "VaultProviders", "HTTPClient"]
        ),

        // Floor 5: what the outside sees.
        .target(
            name: "VaultAPI", dependencies: ["VaultModel", "VaultService", "HTTPServer", "Deflate"],
            resources: [.embedInCode("Pages")]
        ),

        // Floor 6: the command line and the composition root.
        .executableTarget(
            name: "keystow",
            dependencies: [
                "VaultModel", "VaultCrypto", "VaultStore", "HTTPClient", "HTTPServer", "VaultProviders", "VaultService",
                "VaultAPI",
            ]
        ),

        // A provider to try things on: its wire format and its documented answers.
        .executableTarget(
            name: "keystow-sandbox",
            dependencies: ["VaultModel", "HTTPServer"],
            resources: [.embedInCode("Answers")]
        ),

        // What tests share: the real vault behind a real socket, a clock to move, keys that are nobody's.
        .target(
            name: "VaultTestKit",
            dependencies: [
                "VaultModel", "VaultProviders", "VaultService", "VaultAPI", "HTTPClient", "HTTPServer",
            ],
            path: "Tests/VaultTestKit"
        ),
        // Calls of libcrypto that fail when they are told to; the tests' own program has them in front of libcrypto's.
        .target(name: "FaultyCrypto", path: "Tests/FaultyCrypto"),
        // The same of memory and of files, for a program that is started with all of it loaded first.
        .target(name: "FaultySystem", dependencies: ["FaultyCrypto"], path: "Tests/FaultySystem"),
        // A disk that fails when it is told to, in front of SQLite's own.
        .target(name: "FaultyVFS", path: "Tests/FaultyVFS", linkerSettings: [.linkedLibrary("sqlite3")]),
        .testTarget(name: "VaultModelTests", dependencies: ["VaultModel"]),
        .testTarget(name: "VaultCryptoTests", dependencies: ["VaultCrypto", "VaultModel", "COpenSSL", "FaultyCrypto"]),
        .testTarget(name: "DeflateTests", dependencies: ["Deflate"]),
        .testTarget(name: "VaultStoreTests", dependencies: ["VaultStore", "Migrations", "VaultModel", "CSQLite"]),
        .testTarget(
            name: "HTTPClientTests",
            dependencies: ["HTTPClient", "VaultModel", "CCurl"],
            // Its own functions of these names stand before libc's, for libcurl too.
            linkerSettings: [
                .unsafeFlags(["getaddrinfo", "connect"].flatMap { ["-Xlinker", "--export-dynamic-symbol=\($0)"] })
            ]
        ),
        .testTarget(name: "HTTPServerTests", dependencies: ["HTTPServer", "VaultModel"]),
        .testTarget(name: "VaultProvidersTests", dependencies: ["VaultProviders", "VaultModel"]),
        .testTarget(
            name: "VaultServiceTests",
            dependencies: [
                "VaultService", "VaultStore", "VaultCrypto", "VaultProviders", "VaultModel", "VaultTestKit",
            ]
        ),
        .testTarget(
            name: "VaultTrustTests",
            dependencies: [
                "VaultService", "VaultStore", "VaultCrypto", "VaultProviders", "VaultModel", "VaultTestKit", "CSQLite",
                "FaultyVFS", "FaultyCrypto",
            ]
        ),
        .testTarget(
            name: "VaultAPITests",
            dependencies: [
                "VaultAPI", "VaultService", "VaultProviders", "VaultStore", "VaultCrypto", "VaultModel", "HTTPServer",
                "Deflate", "keystow-sandbox", "VaultTestKit", "CSQLite",
            ]
        ),
        .testTarget(
            name: "SandboxTests",
            dependencies: ["keystow-sandbox", "HTTPServer", "HTTPClient", "VaultProviders", "VaultModel"],
            resources: [.embedInCode("Rows/outcome-rows.json")]
        ),
        .testTarget(
            name: "KeystowTests",
            dependencies: ["keystow", "VaultModel", "VaultProviders", "VaultService", "HTTPClient", "VaultTestKit"]
        ),

        // The rules of the house, held against the code.
        .testTarget(name: "HouseTests"),
    ],
    swiftLanguageModes: [.v6]
)

// The program that tries what no table holds, built only by `make fuzz`: libFuzzer calls it and is its `main`.
if Context.environment["KEYSTOW_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "VaultModel", "VaultCrypto", "VaultStore", "HTTPServer", "VaultProviders", "VaultService", "VaultAPI",
            ],
            path: "Tests/Fuzz", exclude: ["Corpus", "run"]))
}

// What takes too long for every run of the tests, built only by `make measure`.
if Context.environment["KEYSTOW_MEASURE"] != nil {
    package.targets.append(
        .executableTarget(
            name: "measure", dependencies: ["VaultModel", "VaultCrypto", "VaultTestKit"], path: "Tests/Measure"))
}

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + strict
    // What ships says `unsafe` aloud wherever it is; tests may look at raw bytes without ceremony.
    if target.type != .test, target.name != "VaultTestKit", target.name != "fuzz", target.name != "measure" {
        target.swiftSettings?.append(.strictMemorySafety())
    }
}
