import CisternBytes
import TestSupport
import Testing

/// A service, and the Redis behind it where it has one.
struct Stack: Sendable {
    let redis: RedisServerProcess?
    let service: CisternProcess

    /// A service on a Redis of its own.
    init(redis options: RedisServerProcess.Options = .init(), environment: [String: String] = [:]) throws {
        let redis = try RedisServerProcess(options)
        try self.init(on: redis, environment: environment)
    }

    /// A service on a Redis that the test keeps to itself.
    init(on redis: RedisServerProcess, environment: [String: String] = [:]) throws {
        try self.init(on: redis, with: Self.reaching(redis).merging(environment) { $1 })
    }

    /// A service on a Redis, in this environment alone.
    init(on redis: RedisServerProcess, with environment: [String: String]) throws {
        self.redis = redis
        service = try CisternProcess(environment: environment)
    }

    private init(local environment: [String: String]) throws {
        redis = nil
        service = try CisternProcess(environment: ["CISTERN_BACKEND": "local"].merging(environment) { $1 })
    }

    /// A service on its embedded cache.
    static func local(_ environment: [String: String] = [:]) throws -> Stack { try Stack(local: environment) }

    /// The environment that leads to a plain port, with a patience that suits tests.
    static func reaching(_ redis: RedisServerProcess) -> [String: String] {
        [
            "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(redis.port)", "REDIS_MIN_RETRY_BACKOFF": "20ms",
            "REDIS_MAX_RETRY_BACKOFF": "200ms", "CISTERN_CIRCUIT_BREAKER_CHECK_INTERVAL": "200ms",
            "CISTERN_CIRCUIT_BREAKER_RESET_TIMEOUT": "500ms",
        ]
    }

    func curl() throws -> CurlClient { try CurlClient(port: service.port, keeping: self) }

    func raw() throws -> RawConnection { try RawConnection(port: service.port) }

    /// What `/health` says.
    func health() throws -> String? {
        try JSONText(try curl().get("/health").text)["status"]?.string
    }

    func becomes(_ status: String, within limit: Duration = .seconds(40)) throws -> Bool {
        try eventually(within: limit) { try health() == status }
    }
}

/// The backends that keep the same promises, each with one service for all tests that need no other.
enum Backend: String, CaseIterable, CustomTestStringConvertible {
    case redis
    case local

    private static let onRedis = Result { try Stack() }
    private static let onLocal = Result { try Stack.local() }

    var stack: Stack {
        get throws {
            switch self {
            case .redis: try Self.onRedis.get()
            case .local: try Self.onLocal.get()
            }
        }
    }

    var testDescription: String { rawValue }
}
