package import CisternBytes
internal import CisternRESP

/// A page of keys that hold strings, with how long each lives.
package struct KeyPage: Sendable, Hashable {
    /// Where the next page begins; 0 when this was the last one.
    package let next: UInt64
    /// Any number of keys; a key may come twice.
    package let keys: [ListedKey]

    package init(next: UInt64, keys: [ListedKey]) {
        self.next = next
        self.keys = keys
    }

    /// Reads the reply to SCAN, and for each of its keys that to PTTL and, where types were asked for, to TYPE.
    init?(_ page: ScanPage, _ replies: ArraySlice<RESPValue>, hasTypes: Bool) {
        let perKey = hasTypes ? 2 : 1
        guard replies.count == page.keys.count * perKey else { return nil }
        var keys: [ListedKey] = []
        keys.reserveCapacity(page.keys.count)
        for (index, key) in page.keys.enumerated() {
            let first = replies.startIndex + index * perKey
            guard case .integer(let milliseconds) = replies[first] else { return nil }
            if hasTypes, replies[first + 1] != .simpleString("string") { continue }
            let ttl = KeyTTL(milliseconds: milliseconds)
            // It has gone since SCAN named it.
            if ttl == .missing { continue }
            keys.append(ListedKey(key: key, ttl: ttl))
        }
        self.init(next: page.cursor, keys: keys)
    }
}

/// A key that is there.
package struct ListedKey: Sendable, Hashable {
    package let key: Bytes
    package let ttl: KeyTTL

    package init(key: Bytes, ttl: KeyTTL) {
        self.key = key
        self.ttl = ttl
    }
}
