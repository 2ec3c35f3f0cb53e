public import CisternBytes
internal import CisternRESP

/// A page of keys, as SCAN gives them.
public struct ScanPage: Sendable, Hashable {
    /// Where the next page begins; 0 when this was the last one.
    public let cursor: UInt64
    /// The keys of the page: any number, and a key may come twice.
    public let keys: [Bytes]

    /// Reads SCAN's reply; nil when it is something else.
    init?(_ reply: RESPValue) {
        guard case .array(let parts) = reply, parts.count == 2, case .bulkString(let cursor) = parts[0],
            let number = cursor.string.flatMap({ UInt64($0) }), case .array(let items) = parts[1]
        else { return nil }
        self.cursor = number
        var keys: [Bytes] = []
        keys.reserveCapacity(items.count)
        for item in items {
            guard case .bulkString(let key) = item else { return nil }
            keys.append(key)
        }
        self.keys = keys
    }
}

extension OutputQueue {
    /// SCAN.
    ///
    /// - Parameter stringsOnly: Keys of strings alone (TYPE), which came with 6.0.
    mutating func appendScan(_ cursor: UInt64, matching pattern: Bytes?, count: Int, stringsOnly: Bool = false) {
        appendRESPCommand(argumentCount: 4 + (pattern == nil ? 0 : 2) + (stringsOnly ? 2 : 0))
        appendRESPBulk("SCAN")
        appendRESPBulk(text: String(cursor))
        if let pattern {
            appendRESPBulk("MATCH")
            appendRESPBulk(bytes: pattern)
        }
        appendRESPBulk("COUNT")
        appendRESPBulk(decimal: count)
        if stringsOnly {
            appendRESPBulk("TYPE")
            appendRESPBulk("string")
        }
    }
}
