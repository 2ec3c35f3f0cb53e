internal import CisternBytes

/// A stretch of a head's bytes.
struct HTTPRange {
    var start: UInt32 = 0
    var count: UInt32 = 0

    init() {}

    init(_ range: Range<Int>) {
        start = UInt32(truncatingIfNeeded: range.lowerBound)
        count = UInt32(truncatingIfNeeded: range.count)
    }

    var bounds: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// What a request says before its content: method, target, fields, and what they mean for the connection.
///
/// One head serves all requests of a connection, one after the other, and keeps its memory between them. It owns its
/// bytes; spans taken from it are valid until the parser begins the next request.
package final class HTTPRequestHead {
    /// The forms of RFC 9112 §3.2, without that of CONNECT.
    package enum TargetForm: Sendable {
        /// A path, perhaps with a query.
        case origin
        /// A whole URI; its authority replaced what `Host` said.
        case absolute
        /// `*`, the server itself: only with OPTIONS. `OPTIONS http://host` is the same (RFC 9112 §3.2.4).
        case asterisk
    }

    /// How the content that follows the head is delimited (RFC 9112 §6.3).
    package enum Framing: Equatable, Sendable {
        /// There is none.
        case none
        case length(Int)
        case chunked
    }

    /// What `Expect` asks for (RFC 9110 §10.1.1).
    package enum Expectation: Sendable {
        case none
        /// `100-continue`, from a client of HTTP/1.1 that announces content.
        case `continue`
        /// Anything else: 417.
        case unsupported
    }

    struct Field {
        var kind: HTTPFieldName
        var name: HTTPRange
        var value: HTTPRange
    }

    /// What is said once in a head.
    struct Facts {
        var method = HTTPMethod.get
        var version = HTTPVersion.http11
        var targetForm = TargetForm.origin
        var isSecureTarget = false
        var framing = Framing.none
        var expectation = Expectation.none
        var keepAlive = true
        var hasHost = false
        /// Whether the authority is that of `knownHost`.
        var isHostKnown = false
        var port: UInt16?
        var hasQuery = false
    }

    // Checking each access to these at run time took half of the time of parsing a head, measured. No two can overlap:
    // the head is not Sendable, only this module changes it, and nothing it calls while it does leads back here. Other
    // modules read through functions, since the attribute does not reach them.
    @exclusivity(unchecked) var facts = Facts()

    package var method: HTTPMethod { facts.method }
    package var version: HTTPVersion { facts.version }
    package var targetForm: TargetForm { facts.targetForm }
    /// Whether the target is a whole URI with the scheme https.
    package var isSecureTarget: Bool { facts.isSecureTarget }
    package var framing: Framing { facts.framing }
    package var expectation: Expectation { facts.expectation }
    /// Whether the client wants the connection to go on after this exchange (RFC 9112 §9.3).
    package var keepAlive: Bool { facts.keepAlive }
    /// Whether there is a host at all: HTTP/1.0 may come without one.
    package var hasHost: Bool { facts.hasHost }
    /// The port that the authority names.
    package var port: UInt16? { facts.port }
    /// Whether the target has a `?`.
    package var hasQuery: Bool { facts.hasQuery }

    @exclusivity(unchecked) var targetRange = HTTPRange()
    @exclusivity(unchecked) var pathRange = HTTPRange()
    @exclusivity(unchecked) var queryRange = HTTPRange()
    @exclusivity(unchecked) var authorityRange = HTTPRange()
    @exclusivity(unchecked) var hostRange = HTTPRange()
    @exclusivity(unchecked) var fields: [Field] = []
    /// One bit for each ``HTTPFieldName`` that occurs.
    @exclusivity(unchecked) var present: UInt64 = 0

    /// Of the requests before this one as well.
    @exclusivity(unchecked) var knownHost = HTTPKnownHost()

    @exclusivity(unchecked) private var base: UnsafeMutablePointer<UInt8>?
    @exclusivity(unchecked) private var capacity = 0
    /// Bytes of a complete head; 0 as long as it is not, so that no range leads anywhere.
    @exclusivity(unchecked) private var filled = 0
    /// Memory of a head up to this size is kept from request to request.
    private static let kept = 2048

    package init() {}

    deinit {
        base?.deallocate()
    }

    /// Gives all memory back, so that an idle connection costs none. The head is empty then.
    package func releaseMemory() {
        reset()
        base?.deallocate()
        base = nil
        capacity = 0
        fields = []
        knownHost.accepter = nil
    }

    /// Forgets the request before.
    func reset() {
        facts = Facts()
        targetRange = HTTPRange()
        pathRange = HTTPRange()
        queryRange = HTTPRange()
        authorityRange = HTTPRange()
        hostRange = HTTPRange()
        fields.removeAll(keepingCapacity: true)
        present = 0
        filled = 0
        if capacity > Self.kept {
            base?.deallocate()
            base = nil
            capacity = 0
        }
    }

    /// Whether `judge` has accepted host and port for an earlier request of the connection.
    package func isHostAccepted(by judge: AnyObject) -> Bool { facts.isHostKnown && knownHost.accepter === judge }

    /// Notes that `judge` accepts host and port, as it would for every request that names the same.
    package func acceptHost(by judge: AnyObject) {
        if facts.isHostKnown { knownHost.accepter = judge }
    }

    /// Makes the bytes that all ranges refer to the head's own.
    func copy(_ bytes: Span<UInt8>) {
        if capacity < bytes.count {
            base?.deallocate()
            capacity = max(512, bytes.count)
            base = .allocate(capacity: capacity)
        }
        bytes.withUnsafeBufferPointer {
            if let source = $0.baseAddress { base?.update(from: source, count: $0.count) }
        }
        filled = bytes.count
    }

    /// The bytes of a range that this head holds.
    @_lifetime(borrow self)
    func span(_ range: HTTPRange) -> Span<UInt8> {
        let bounds = range.bounds
        guard let base, bounds.upperBound <= filled else { return Span() }
        let bytes = UnsafeBufferPointer(start: UnsafePointer(base + bounds.lowerBound), count: bounds.count)
        return _overrideLifetime(bytes.span, borrowing: self)
    }
}
