import CisternBytes

/// One request of a client and its answer, as the client saw them.
struct Operation: Sendable {
    enum Kind: String, Sendable {
        case get = "GET"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// What a 200 carried.
    enum Content: Equatable, Sendable {
        case value(WrittenValue)
        /// No value that anybody wrote, or not all of one.
        case torn(String)
    }

    var client: Int
    var kind: Kind
    var key: String
    /// What a PUT writes.
    var written: WrittenValue?
    /// Since the start of the drill.
    var start: Duration
    var end: Duration
    /// nil when no answer came.
    var status: Int?
    var content: Content?
    /// `Cache-Source`.
    var source: String?
    /// `Age`.
    var age: Int?
    /// `Cache-Status`.
    var cacheStatus: String?
    /// `Cache-Durability`.
    var durability: String?
    /// `Retry-After`.
    var retryAfter: Int?
    /// Why no answer came.
    var failure: String?

    var isLocal: Bool { source == "local" }
}

extension Operation {
    /// How a write ended.
    enum Outcome: Sendable {
        /// Redis has confirmed it.
        case stored
        /// 202: kept in memory, to be replayed.
        case kept
        /// Nobody knows whether it happened, or ever will.
        case unknown
        /// It did not happen.
        case refused
    }

    /// nil for a read.
    var outcome: Outcome? {
        switch (kind, status) {
        case (.get, _): nil
        case (_, 201), (_, 204), (.delete, 404): .stored
        case (_, 202): .kept
        case (_, .some(400..<500)), (_, 507): .refused
        default: .unknown
        }
    }
}

extension Operation: CustomStringConvertible {
    var description: String {
        var text = "client \(client) \(kind.rawValue) \(key)"
        if let written { text += " \(written)" }
        text += " → \(status.map(String.init) ?? failure ?? "no answer")"
        switch content {
        case .value(let value): text += " \(value)"
        case .torn(let body): text += " a body that nobody wrote (\(body))"
        case nil: break
        }
        if let source { text += ", \(source)" }
        if let age { text += ", age \(age)" }
        return text + ", \(start.inMilliseconds)–\(end.inMilliseconds) ms"
    }
}

extension Duration {
    /// Whole milliseconds, for reports.
    var inMilliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
