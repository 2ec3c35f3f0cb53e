import CisternConfiguration
import CisternRedis
import CisternService
import Testing

/// What is taken over from a configuration that is read beside a running one.
@Suite struct ReloadTests {
    private func load(_ environment: [String: String]) throws -> LoadedConfiguration {
        try ServiceConfig.load(environment: environment, checks: [])
    }

    private func reload(
        _ before: [String: String], _ after: [String: String], largestValue: Int = 1 << 20
    ) throws -> ConfigurationReload {
        try load(before).reload(try load(after), largestValue: largestValue)
    }

    @Test func liveKeysAreTakenOverAndOthersWait() throws {
        let reload = try reload(
            ["CISTERN_HTTP_PORT": "81"],
            [
                "CISTERN_HTTP_PORT": "82", "CISTERN_DEFAULT_TTL": "60s", "CISTERN_HTTP_IDLE_TIMEOUT": "5s",
                "REDIS_POOL_SIZE": "11",
            ])
        #expect(reload.changes.map(\.key) == ["default_ttl", "http.idle_timeout"])
        #expect(reload.changes.first?.description == "default_ttl: 0s → 1m")
        #expect(reload.waiting.map(\.key) == ["http.port", "redis.pool_size"])
        let config = reload.configuration.config
        #expect(config.http.port == 81 && config.redis.poolSize == 10)
        #expect(config.defaultTTL == .seconds(60) && config.http.idleTimeout == .seconds(5))
        #expect(reload.configuration.sources["default_ttl"] == .environment("CISTERN_DEFAULT_TTL"))
        #expect(reload.configuration.sources["redis.pool_size"] == nil)
    }

    @Test func aKeyThatIsNotGivenAnyMoreHasItsDefaultAgain() throws {
        let reload = try reload(["CISTERN_DEFAULT_TTL": "60s"], [:])
        #expect(reload.configuration.config.defaultTTL == .zero)
        #expect(reload.configuration.sources["default_ttl"] == nil)
    }

    @Test func theBackendStaysWhereItWasDecidedAtTheStart() throws {
        let reload = try reload([:], ["REDIS_HOST": "cache.example"])
        #expect(reload.configuration.backend == .local)
        #expect(reload.waiting.map(\.key) == ["redis.host"])
    }

    @Test func theMixtureIsCheckedAsAConfigurationIs() throws {
        let open = ["CISTERN_HTTP_HOST": "0.0.0.0", "CISTERN_HTTP_ALLOW_UNAUTHENTICATED": "true"]
        let faults = #expect(throws: ConfigurationFaults.self) {
            // In order by itself, but the address stays as it is.
            try reload(open, ["CISTERN_HTTP_HOST": "127.0.0.1"])
        }
        #expect(faults?.faults.map(\.key) == ["http.host"])
        #expect(faults?.faults.first?.hint.contains("restart") == true)
    }

    /// Tokens do not vanish from an address that others can reach, though the new one needs none.
    @Test func aReloadDoesNotOpenTheService() throws {
        let tokens = #"[{"name": "a", "token": "abcdefghijkl", "scopes": ["read"]}]"#
        let closed = ["CISTERN_HTTP_HOST": "0.0.0.0", "CISTERN_AUTH_TOKENS": tokens]
        let faults = #expect(throws: ConfigurationFaults.self) { try reload(closed, [:]) }
        #expect(faults?.faults.map(\.key) == ["http.host"])
    }

    @Test func aLargerValueIsTakenOverWhereThereIsRoomForIt() throws {
        let after = ["CISTERN_HTTP_MAX_VALUE_BYTES": "2000000"]
        #expect(try reload([:], after, largestValue: 2_000_000).changes.map(\.key) == ["http.max_value_bytes"])
        let waiting = try reload([:], after, largestValue: 1_999_999)
        #expect(waiting.changes.isEmpty && waiting.waiting.map(\.key) == ["http.max_value_bytes"])
    }

    @Test func httpsIsNeitherSwitchedOnNorOff() throws {
        let tls = ["CISTERN_HTTP_TLS_CERT_FILE": "a.pem", "CISTERN_HTTP_TLS_KEY_FILE": "a.key"]
        for (before, after) in [([:], tls), (tls, [:])] {
            let reload = try reload(before, after)
            #expect(reload.waiting.map(\.key) == ["http.tls_cert_file", "http.tls_key_file"])
            #expect(reload.configuration.config.http.isTLS == !before.isEmpty)
        }
        let other = ["CISTERN_HTTP_TLS_CERT_FILE": "b.pem", "CISTERN_HTTP_TLS_KEY_FILE": "b.key"]
        #expect(try reload(tls, other).changes.count == 2)
    }

    @Test func noSecretIsInWhatIsSaid() throws {
        let tokens = { (token: String) in
            ["CISTERN_AUTH_TOKENS": #"[{"name": "a", "token": "\#(token)", "scopes": ["read"]}]"#]
        }
        let reload = try reload(tokens("abcdefghijkl1"), tokens("abcdefghijkl2"))
        #expect(reload.changes.map(\.description) == ["auth.tokens"])
    }

    @Test func ofWarningsOnlyNewOnesAreGiven() throws {
        let before = ["REDIS_HOTS": "a"]
        #expect(try reload(before, before).warnings.isEmpty)
        #expect(try reload(before, ["REDIS_HOTS": "a", "REDIS_PROT": "1"]).warnings.map(\.key) == ["REDIS_PROT"])
    }
}
