package import CisternBytes

/// One parameter of a query, decoded once.
package struct HTTPQueryItem: Sendable, Equatable {
    package let name: Bytes
    /// Nil where there is no `=`.
    package let value: Bytes?
}

/// A `%` of the query is not followed by two hexadecimal digits.
package struct HTTPQueryFault: Error {}

/// Walks through the parameters of a raw query, in order. Empty ones (`a&&b`) are skipped.
package struct HTTPQuery: ~Escapable {
    private let text: Span<UInt8>
    private var position = 0

    @_lifetime(copy text)
    package init(_ text: Span<UInt8>) {
        self.text = text
    }

    /// The next parameter; nil after the last one.
    @_lifetime(self: copy self)
    package mutating func next() throws(HTTPQueryFault) -> HTTPQueryItem? {
        while position < text.count {
            let start = position
            var end = start
            var equals: Int?
            while end < text.count, text[end] != 0x26 {
                if equals == nil, text[end] == 0x3D { equals = end }
                end += 1
            }
            position = end + 1
            if start == end { continue }
            let name = try decode(start..<(equals ?? end))
            guard let equals else { return HTTPQueryItem(name: name, value: nil) }
            return HTTPQueryItem(name: name, value: try decode(equals + 1..<end))
        }
        return nil
    }

    private func decode(_ range: Range<Int>) throws(HTTPQueryFault) -> Bytes {
        guard let decoded = PercentCoding.decode(text.extracting(range)) else { throw HTTPQueryFault() }
        return decoded
    }
}
