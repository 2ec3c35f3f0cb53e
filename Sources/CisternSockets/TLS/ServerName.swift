import Glibc

/// Whom a client expects at the other end: a name, which is sent as SNI and verified, or an address, which is only
/// verified (RFC 6066 §3 allows no literal address in SNI).
enum ServerName: Hashable {
    case name(String)
    /// Four or sixteen bytes in network order, and the text they came from.
    case address([UInt8], text: String)

    /// Nil for what is neither.
    init?(_ text: String) {
        // An address may carry a zone, as in fe80::1%eth0; certificates know none.
        if let address = Self.address(String(text.prefix { $0 != "%" })) {
            self = .address(address, text: text)
            return
        }
        // The trailing dot of an absolute name is not part of it here (RFC 6066 §3).
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        guard (1...255).contains(name.utf8.count), name.utf8.allSatisfy(Self.isAllowed) else { return nil }
        self = .name(name.lowercased())
    }

    private static func address(_ text: String) -> [UInt8]? {
        var version6 = in6_addr()
        if inet_pton(AF_INET6, text, &version6) == 1 { return withUnsafeBytes(of: version6) { Array($0) } }
        // Reads the old forms too, such as 127.1, as the resolver does.
        var version4 = in_addr()
        guard text.utf8.allSatisfy(isAllowed), inet_aton(text, &version4) != 0 else { return nil }
        return withUnsafeBytes(of: version4) { Array($0) }
    }

    /// Letters, digits and what stands between them in names of hosts and containers.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

extension ServerName: CustomStringConvertible {
    var description: String {
        switch self {
        case .name(let name): name
        case .address(_, let text): text
        }
    }
}
