internal import CisternBytes
internal import CisternRESP

/// What a server said of itself when the connection was set up.
struct RedisServerInfo: Sendable, Equatable {
    /// The version, such as `7.0.15`; empty where the server does not know HELLO.
    var version = "" {
        didSet { (major, minor) = Self.numbers(of: version) }
    }
    // Asked for with every write.
    private var major = 0
    private var minor = 0
    /// The connection's number (`CLIENT ID`); nil where the server did not say.
    var clientID: Int64?
    /// The address from which the server sees the connection come; nil where it did not say.
    var clientAddress: String?
    /// 3, or 2 where the server does not know HELLO.
    var protocolVersion = 2

    init() {}

    /// Reads HELLO's reply: a map, or in RESP2 an array of names and values.
    init(hello: RESPValue) {
        let entries: [(RESPValue, RESPValue)]
        switch hello {
        case .map(let map): entries = map.map { ($0.key, $0.value) }
        case .array(let array):
            entries = stride(from: 0, to: array.count - array.count % 2, by: 2).map { (array[$0], array[$0 + 1]) }
        default: entries = []
        }
        // An initializer's own assignments are not observed.
        defer { (major, minor) = Self.numbers(of: version) }
        for case (.bulkString(let name), let value) in entries {
            switch (name, value) {
            case ("version", .bulkString(let text)): version = text.string ?? ""
            case ("id", .integer(let id)): clientID = id
            case ("proto", .integer(let number)): protocolVersion = number == 3 ? 3 : 2
            default: break
            }
        }
    }

    /// Reads CLIENT INFO's reply, a line of `name=value`: behind a proxy, this end's own address is another one.
    mutating func read(clientInfo: RESPValue) {
        let line: Bytes
        switch clientInfo {
        case .bulkString(let bytes): line = bytes
        // What Redis answers in RESP3.
        case .verbatimString(let verbatim): line = verbatim.text
        default: return
        }
        guard let text = line.string else { return }
        for field in text.split(separator: " ") where field.hasPrefix("addr=") {
            clientAddress = String(field.dropFirst("addr=".count))
        }
    }

    /// Whether the version is at least this one; unknown versions are old ones.
    func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
        (self.major, self.minor) >= (major, minor)
    }

    private static func numbers(of version: String) -> (Int, Int) {
        let parts = version.split(separator: ".").prefix(2).map { Int($0) ?? 0 }
        return (parts.first ?? 0, parts.count > 1 ? parts[1] : 0)
    }
}
