internal import CisternBytes
internal import Glibc

/// What may stand where a host is asked for.
package enum HostName {
    /// The longest path of a unix socket: `sun_path` without its NUL.
    private static let longestPath = 107

    /// What speaks against a name, an IPv4 or an IPv6 address with or without brackets, or, where that is allowed,
    /// the path of a unix socket.
    package static func objection(to text: String, allowsPath: Bool = false) -> Objection? {
        if text.isEmpty { return Objection("must not be empty", hint: "name a host or an address") }
        if text.utf8.first == UInt8(ascii: "/") { return allowsPath ? objection(toPath: text) : unusable }
        if text.contains("://") { return Objection("must be a host, not a URL", hint: "leave the scheme out") }
        if text.utf8.contains(UInt8(ascii: ":")) || text.utf8.first == UInt8(ascii: "[") {
            if isIPv6(text) { return nil }
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            let hasPort = parts.count == 2 && Int(parts[1]) != nil
            return hasPort
                ? Objection("must be a host without its port", hint: "the port has a key of its own")
                : Objection("must be a name, an IPv4 or an IPv6 address", hint: "an IPv6 address reads like ::1")
        }
        if text.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || ($0 >= 0x30 && $0 <= 0x39) }) {
            return isIPv4(text) ? nil : Objection("must be an IPv4 address", hint: "one reads like 192.0.2.1")
        }
        return isName(text) ? nil : unusable
    }

    /// Whether only this machine can reach an address. A name other than `localhost` counts as reachable.
    package static func isLoopback(_ text: String) -> Bool {
        let host = withoutBrackets(text).lowercased()
        if host == "localhost" || host == "localhost." { return true }
        if isIPv4(host) { return host.hasPrefix("127.") }
        guard let address = ipv6(host) else { return false }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127]
        return address == Array(repeating: 0, count: 15) + [1] || address.starts(with: mapped)
    }

    /// An IPv6 address as a socket wants it; anything else as it is.
    package static func withoutBrackets(_ text: String) -> String {
        guard text.utf8.first == UInt8(ascii: "["), text.utf8.last == UInt8(ascii: "]") else { return text }
        return String(text.dropFirst().dropLast())
    }

    private static let unusable = Objection(
        "must be a name, an IPv4 or an IPv6 address", hint: "names are letters, digits, hyphens and dots")

    private static func objection(toPath path: String) -> Objection? {
        path.utf8.count <= longestPath
            ? nil : Objection("must be a socket path of at most \(longestPath) bytes", hint: "choose a shorter one")
    }

    private static func isName(_ text: String) -> Bool {
        let name = text.utf8.last == UInt8(ascii: ".") ? text.dropLast() : text[...]
        guard name.utf8.count <= 253 else { return false }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            // Underscores are no part of host names, but container platforms hand them out.
            !label.isEmpty && label.count <= 63 && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { byte in
                    byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || (byte >= 0x30 && byte <= 0x39)
                        || (ASCII.lowercased(byte) >= 0x61 && ASCII.lowercased(byte) <= 0x7A)
                }
        }
    }

    private static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1
    }

    private static func isIPv6(_ text: String) -> Bool { ipv6(withoutBrackets(text)) != nil }

    /// The bytes of an address, whose zone (RFC 4007 §11) does not count.
    private static func ipv6(_ text: String) -> [UInt8]? {
        var literal = text[...]
        if let percent = text.firstIndex(of: "%") {
            guard text.index(after: percent) < text.endIndex else { return nil }
            literal = text[..<percent]
        }
        guard !text.utf8.contains(0) else { return nil }
        var address = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, String(literal), &address) == 1 ? address : nil
    }
}
