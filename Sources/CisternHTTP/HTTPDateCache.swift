package import CisternBytes

/// The `Date` of responses, formatted once a second.
package struct HTTPDateCache: Sendable {
    private var second = Int.min
    private var line = InlineArray<37, UInt8>(repeating: 0x20)

    package init() {}

    /// Appends the whole field line.
    /// - Parameter second: now, in seconds since 1970-01-01 00:00:00 UTC.
    package mutating func append(at second: Int, to output: inout OutputQueue) {
        if second != self.second {
            format(second)
            self.second = second
        }
        output.append(copying: line.span)
    }

    private mutating func format(_ second: Int) {
        let text = HTTPDate.format(second)
        for (index, byte) in "Date: ".utf8.enumerated() { line[index] = byte }
        for index in text.indices { line[6 + index] = text[index] }
        line[35] = 0x0D
        line[36] = 0x0A
    }
}
