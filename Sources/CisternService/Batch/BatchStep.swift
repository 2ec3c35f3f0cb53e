internal import Cistern
internal import CisternBytes
internal import CisternRedis

/// An operation of a batch that may be done, and what came of it.
enum BatchStep: Sendable {
    case get(Bytes, asBase64: Bool)
    case put(Bytes, Bytes, KeyExpiry)
    case delete(Bytes)

    enum Outcome: Sendable {
        case read(Lookup, asBase64: Bool)
        /// - Bytes: The value.
        case written(Backend.Written, Bytes)
        case deleted(Backend.Deleted)
        case failed(RedisError, toWrite: Bool)
    }

    /// The key as Redis knows it.
    var key: Bytes {
        switch self {
        case .get(let key, _), .put(let key, _, _), .delete(let key): key
        }
    }

    var isWrite: Bool { if case .get = self { false } else { true } }

    /// Does it, as a request of its own would.
    func run(on backend: Backend, until deadline: MonotonicTime, mayKeep: Bool) async -> Outcome {
        do throws(RedisError) {
            switch self {
            case .get(let key, let asBase64):
                return .read(try await backend.read(key, until: deadline), asBase64: asBase64)
            case .put(let key, let value, let expiry):
                let written = try await backend.put(key, value, expiry: expiry, until: deadline, mayKeep: mayKeep)
                return .written(written, value)
            case .delete(let key):
                return .deleted(try await backend.delete(key, until: deadline, mayKeep: mayKeep))
            }
        } catch {
            return .failed(error, toWrite: isWrite)
        }
    }
}
