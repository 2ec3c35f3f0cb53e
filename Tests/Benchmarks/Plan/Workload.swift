internal import ArgumentParser

/// What is asked for.
enum Workload: String, CaseIterable, ExpressibleByArgument, Sendable {
    case get100 = "get-100"
    case get10k = "get-10k"
    case get1m = "get-1m"
    case miss
    case put100 = "put-100"
    case put10k = "put-10k"
    case mix

    static let keysOfMix = 10_000
    static let readsOfMix = 90

    var title: String {
        switch self {
        case .get100: "GET 100 B"
        case .get10k: "GET 10 KiB"
        case .get1m: "GET 1 MiB"
        case .miss: "GET miss"
        case .put100: "PUT 100 B"
        case .put10k: "PUT 10 KiB"
        case .mix: "90 % GET, 10 % PUT, 100 B, Zipf"
        }
    }

    /// The size of a value in bytes.
    var size: Int {
        switch self {
        case .get100, .put100, .mix: 100
        case .get10k, .put10k: 10 * 1024
        case .get1m: 1024 * 1024
        case .miss: 0
        }
    }

    /// Statuses that are no errors.
    var accepts: Set<Int> {
        switch self {
        case .get100, .get10k, .get1m: [200]
        case .miss: [404]
        case .put100, .put10k, .mix: [200, 201, 204]
        }
    }

    /// The keys that have a value before it begins.
    var keys: [String] {
        switch self {
        case .miss: []
        case .mix: (0..<Self.keysOfMix).map { "mix\($0)" }
        default: [rawValue]
        }
    }

    /// Who can be asked for it.
    var contenders: [Contender] {
        switch self {
        case .get100: [.cistern, .webdis, .nginx, .local, .open]
        case .get10k, .get1m: [.cistern, .local, .webdis, .nginx, .nginxCopying]
        case .miss, .put100, .put10k, .mix: [.cistern, .local, .webdis]
        }
    }
}
