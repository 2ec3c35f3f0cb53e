internal import CisternBytes
internal import CisternHTTP

/// Which origins' pages may read what is answered to them (the CORS protocol, Fetch §3.3).
///
/// What an answer says of it is written once, here, and not put together from what a request says.
struct CORSRules: Sendable {
    /// Stands for every origin, and alone.
    static let anyOrigin = "*"

    private struct Allowed: Sendable {
        /// As browsers write it: in lower case, without the scheme's own port (RFC 6454 §6.2).
        let origin: Bytes
        let lines: Bytes
    }

    private let allowed: [Allowed]
    private let allowsAll: Bool
    /// The field lines of an answer to no page, or to one of an origin that is not listed.
    let linesForOthers: Bytes

    /// Nil without origins: then nothing is said of it in any answer.
    init?(_ origins: [String]) {
        guard !origins.isEmpty else { return nil }
        allowsAll = origins.contains(Self.anyOrigin)
        // Where answers differ by origin, every one has to say so, to caches in between (Fetch §3.3.5).
        let vary = "Vary: Origin\r\n"
        linesForOthers = allowsAll ? Self.lines(Self.anyOrigin) : Bytes(vary)
        allowed =
            allowsAll
            ? []
            : origins.map(Self.normalized).map {
                Allowed(origin: Bytes($0), lines: Bytes(vary).appending(Self.lines($0)))
            }
    }

    /// The field lines of every answer to a request, whatever its status.
    func lines(for head: HTTPRequestHead) -> Bytes {
        allowed(head)?.lines ?? linesForOthers
    }

    /// Whether a request asks for a page that may call what it may send (Fetch §3.3.2).
    func isPreflight(_ head: HTTPRequestHead) -> Bool {
        head.has(.accessControlRequestMethod) && head.has(.origin) && (allowsAll || allowed(head) != nil)
    }

    private func allowed(_ head: HTTPRequestHead) -> Allowed? {
        guard head.count(of: .origin) == 1, let origin = head.value(of: .origin) else { return nil }
        return allowed.first { Self.equal(origin, $0.origin) }
    }

    private static func equal(_ origin: Span<UInt8>, _ other: Bytes) -> Bool {
        guard origin.count == other.count else { return false }
        for index in origin.indices where origin[index] != other[index] { return false }
        return true
    }

    private static func lines(_ origin: String) -> Bytes {
        Bytes(
            """
            Access-Control-Allow-Origin: \(origin)\r
            Access-Control-Expose-Headers: ETag, Cache-TTL, Cache-Source, Location, X-Request-Id, Age, Cache-Status, \
            Cache-Durability, Retry-After, WWW-Authenticate\r

            """)
    }

    /// Says to a browser what a page may send: the route's methods, and the fields that mean something here. It may keep
    /// that for two hours.
    static func appendPreflight(
        _ route: RouteDefinition, _ head: borrowing HTTPResponseHead, to output: inout OutputQueue
    ) {
        head.field("Access-Control-Allow-Methods", list: route.methods, to: &output)
        // A wildcard would not stand for Authorization (Fetch §4.9).
        head.lines(
            """
            Access-Control-Allow-Headers: Authorization, Cache-Control, Content-Type, If-Match, If-None-Match, Prefer, \
            X-Request-Id\r
            Access-Control-Max-Age: 7200\r

            """, to: &output)
    }

    /// An origin of the configuration, which has been checked, as browsers write it.
    private static func normalized(_ origin: String) -> String {
        let origin = origin.lowercased()
        for (scheme, port) in [("https://", ":443"), ("http://", ":80")]
        where origin.hasPrefix(scheme) && origin.hasSuffix(port) {
            return String(origin.dropLast(port.count))
        }
        return origin
    }
}
