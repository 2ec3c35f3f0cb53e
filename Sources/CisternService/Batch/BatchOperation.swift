internal import CisternBytes

/// One operation of a batch as it was asked for. It has the right shape; whether it may be done is not decided yet.
struct BatchOperation: Sendable, Equatable {
    enum Action: Sendable, Equatable {
        /// - asBase64: The value is to come in base64 whatever it is, not only where it is not UTF-8.
        case get(asBase64: Bool)
        /// - ttl: As the client has written it; nil where it says nothing.
        case put(Bytes, ttl: Bytes?, keepsTTL: Bool)
        case delete
    }

    let key: Bytes
    let action: Action

    /// The scope that a token needs for it.
    var scope: AuthScope {
        switch action {
        case .get: .read
        case .put, .delete: .write
        }
    }
}
