/// What a server said of itself when the connection was set up.
struct RedisServerInfo: Sendable, Equatable {
    /// The version, such as `7.0.15`; empty where the server does not know HELLO.
    var version = ""
    /// The connection's number (`CLIENT ID`); nil where the server did not say.
    var clientID: Int64?
    /// 3, or 2 where the server does not know HELLO.
    var protocolVersion = 2

    /// Whether the version is at least this one; unknown versions are old ones.
    func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
        let parts = version.split(separator: ".").prefix(2).map { Int($0) ?? 0 }
        guard let first = parts.first else { return false }
        return (first, parts.count > 1 ? parts[1] : 0) >= (major, minor)
    }
}
