internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON
internal import CisternSockets
internal import Glibc

/// One line for each request, on standard output, where `log.access` asks for it.
///
/// A line never holds a key, a value or a token: of the key the first 16 digits of its SHA-1, of the token its name.
struct AccessLog: Sendable {
    /// What a line says.
    struct Entry {
        let method: StaticString?
        /// Nil where the request led to none.
        let route: StaticString?
        let key: String?
        let status: HTTPStatus
        /// Bytes of content that were sent.
        let bytes: Int
        let duration: Duration
        let requestID: Bytes
        let client: String?
        let token: String?
    }

    private let format: ServiceConfig.LogSection.Format
    private let writer: BackgroundWriter

    init(_ format: ServiceConfig.LogSection.Format, _ writer: BackgroundWriter) {
        self.format = format
        self.writer = writer
    }

    func write(_ entry: Entry) {
        writer.write(format == .json ? Self.json(entry) : Self.text(entry))
    }

    private static func json(_ entry: Entry) -> [UInt8] {
        var json = JSONWriter(reserving: 320)
        json.object { json in
            json.field("time", Timestamp.now)
            json.field("level", "info")
            json.field("message", "request")
            if let method = entry.method { json.field("method", "\(method)") }
            if let route = entry.route { json.field("route", "\(route)") }
            if let key = entry.key { json.field("key", key) }
            json.field("status", entry.status.code)
            json.field("bytes", entry.bytes)
            json.field("duration_us", entry.microseconds)
            json.key("request_id")
            json.string(entry.requestID)
            if let client = entry.client { json.field("client", client) }
            if let token = entry.token { json.field("token", token) }
        }
        return json.bytes + [0x0A]
    }

    /// The same as log lines for people are: nothing in it can begin a line of its own.
    private static func text(_ entry: Entry) -> [UInt8] {
        var line = "\(Timestamp.now) info request"
        func add(_ name: String, _ value: String?) {
            guard let value else { return }
            line += " \(name)=\"\(String(String.UnicodeScalarView(value.unicodeScalars.filter { $0.value >= 0x20 })))\""
        }
        add("method", entry.method.map { "\($0)" })
        add("route", entry.route.map { "\($0)" })
        add("key", entry.key)
        add("status", "\(entry.status.code)")
        add("bytes", "\(entry.bytes)")
        add("duration_us", "\(entry.microseconds)")
        add("request_id", entry.requestID.string)
        add("client", entry.client)
        add("token", entry.token)
        return Array(line.utf8) + [0x0A]
    }
}

extension AccessLog.Entry {
    fileprivate var microseconds: Int { Int(duration / .microseconds(1)) }
}

extension CacheService {
    /// Writes the line of a request that has been answered.
    func log(_ head: HTTPRequestHead, _ route: Route?, _ status: HTTPStatus, _ id: Bytes, _ connection: HTTPConnection)
    {
        accessLog?.write(
            AccessLog.Entry(
                method: head.method.token, route: route?.definition.path, key: route == .key ? keyDigest(head) : nil,
                status: status, bytes: connection.contentSent,
                duration: MonotonicTime.now.since(connection.requestEnd), requestID: id,
                client: connection.peer.map { "\($0)" }, token: access?.name(of: head)))
    }

    /// Writes the line of a request that was not understood, with what was read before the fault.
    func logRejected(_ head: HTTPRequestHead, _ status: HTTPStatus, _ id: Bytes, _ connection: HTTPConnection) {
        guard let accessLog else { return }
        let isNamed = !head.target.isEmpty
        let route = isNamed ? Route(head.path) : nil
        accessLog.write(
            AccessLog.Entry(
                method: isNamed ? head.method.token : nil, route: route?.definition.path,
                key: route == .key ? keyDigest(head) : nil, status: status, bytes: connection.contentSent,
                duration: .zero, requestID: id, client: connection.peer.map { "\($0)" }, token: nil))
    }

    /// What stands for a key: `printf %s KEY | sha1sum | cut -c 1-16`.
    private func keyDigest(_ head: HTTPRequestHead) -> String? {
        guard let query = try? KeyQuery(head, writes: true), let key = try? readKey(head, query) else { return nil }
        return SHA1.hexDigest(of: key).string.map { String($0.prefix(16)) }
    }
}
