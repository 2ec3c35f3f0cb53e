internal import CisternBytes

/// `uri-host [ ":" port ]` (RFC 9110 §4.2, RFC 3986 §3.2), checked.
///
/// User information is no part of it: RFC 9110 §4.2.4 has it treated as an error. An empty host is refused, since it
/// makes an `http` URI invalid (RFC 9110 §4.2.1).
struct HTTPAuthority: Equatable {
    /// Bytes of the host at its front; an IP literal keeps its brackets.
    let hostCount: Int
    /// Nil where there is none, or nothing after the colon.
    let port: UInt16?

    init?(_ text: Span<UInt8>) {
        guard let count = Self.hostCount(text), count > 0 else { return nil }
        hostCount = count
        guard count < text.count else {
            port = nil
            return
        }
        guard text[count] == 0x3A else { return nil }
        if count + 1 == text.count {
            port = nil
        } else {
            guard let number = ASCII.decimal(text.extracting((count + 1)...)), let port = UInt16(exactly: number)
            else { return nil }
            self.port = port
        }
    }

    private static func hostCount(_ text: Span<UInt8>) -> Int? {
        if !text.isEmpty, text[0] == 0x5B {
            var end = 1
            while end < text.count, text[end] != 0x5D { end += 1 }
            guard end < text.count else { return nil }
            let literal = text.extracting(1..<end)
            return isIPv6(literal) || isIPFuture(literal) ? end + 1 : nil
        }
        var end = 0
        while end < text.count, text[end] != 0x3A {
            if text[end] == 0x25 {
                // pct-encoded
                guard end + 2 < text.count, ASCII.hexDigit(text[end + 1]) != nil, ASCII.hexDigit(text[end + 2]) != nil
                else { return nil }
                end += 3
            } else {
                guard HTTPGrammar.host.contains(text[end]) else { return nil }
                end += 1
            }
        }
        return end
    }

    /// `IPv6address` of RFC 3986 §3.2.2: eight groups, or fewer around one `::`, the last two perhaps as IPv4.
    private static func isIPv6(_ text: Span<UInt8>) -> Bool {
        var groups = 0
        var compressed = false
        var position = 0
        if text.count >= 2, text[0] == 0x3A, text[1] == 0x3A {
            compressed = true
            position = 2
        }
        while position < text.count {
            let start = position
            while position < text.count, ASCII.hexDigit(text[position]) != nil { position += 1 }
            if position < text.count, text[position] == 0x2E {
                guard isIPv4(text.extracting(start...)) else { return false }
                groups += 2
                break
            }
            guard position > start, position - start <= 4 else { return false }
            groups += 1
            if position == text.count { break }
            guard text[position] == 0x3A, position + 1 < text.count else { return false }
            position += 1
            if text[position] == 0x3A {
                if compressed { return false }
                compressed = true
                position += 1
            }
        }
        return compressed ? groups <= 7 : groups == 8
    }

    private static func isIPv4(_ text: Span<UInt8>) -> Bool {
        var octets = 0
        var start = 0
        for position in 0...text.count where position == text.count || text[position] == 0x2E {
            guard position > start, position - start <= 3, text[start] != 0x30 || position - start == 1,
                let octet = ASCII.decimal(text.extracting(start..<position)), octet <= 255
            else { return false }
            octets += 1
            start = position + 1
        }
        return octets == 4
    }

    /// `IPvFuture` of RFC 3986 §3.2.2: `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
    private static func isIPFuture(_ text: Span<UInt8>) -> Bool {
        guard text.count >= 4, ASCII.lowercased(text[0]) == 0x76 else { return false }
        var position = 1
        while position < text.count, ASCII.hexDigit(text[position]) != nil { position += 1 }
        guard position > 1, position + 1 < text.count, text[position] == 0x2E else { return false }
        for index in position + 1..<text.count where !HTTPGrammar.host.contains(text[index]) && text[index] != 0x3A {
            return false
        }
        return true
    }
}
