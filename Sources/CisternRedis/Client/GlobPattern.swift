internal import CisternBytes

/// Patterns of Redis, as SCAN's MATCH takes them.
enum GlobPattern {
    /// The pattern of all keys that begin with these bytes: what means something in a pattern is escaped.
    static func matching(prefix: Bytes) -> Bytes {
        var pattern: [UInt8] = []
        pattern.reserveCapacity(prefix.count + 1)
        for byte in prefix {
            switch byte {
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "\\"):
                pattern.append(UInt8(ascii: "\\"))
            default: break
            }
            pattern.append(byte)
        }
        pattern.append(UInt8(ascii: "*"))
        return Bytes(adopting: pattern)
    }
}
