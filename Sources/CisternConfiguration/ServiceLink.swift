/// The variables with which Kubernetes announces every service of the namespace to every container.
///
/// A service called `redis` sets `REDIS_PORT=tcp://10.0.0.7:6379`, and one called `cistern` sets `CISTERN_PORT`. None of
/// them is meant as configuration.
package enum ServiceLink {
    package static func isLink(_ name: String, value: String) -> Bool {
        if name.hasSuffix("_SERVICE_HOST") || name.hasSuffix("_SERVICE_PORT") { return true }
        if name.contains("_SERVICE_PORT_") { return true }
        if isAddress(value), name.hasSuffix("_PORT") { return true }
        return isPortLink(name)
    }

    private static func isAddress(_ value: String) -> Bool {
        value.hasPrefix("tcp://") || value.hasPrefix("udp://") || value.hasPrefix("sctp://")
    }

    /// Whether a name ends like `_PORT_6379_TCP`, `_PORT_6379_TCP_ADDR`, `…_PROTO` or `…_PORT`.
    private static func isPortLink(_ name: String) -> Bool {
        var parts = name.split(separator: "_")[...]
        if let last = parts.last, ["ADDR", "PROTO", "PORT"].contains(last) { parts = parts.dropLast() }
        guard parts.count >= 4, let transport = parts.popLast(), let port = parts.popLast() else { return false }
        return ["TCP", "UDP", "SCTP"].contains(transport) && UInt16(port) != nil && parts.last == "PORT"
    }
}
