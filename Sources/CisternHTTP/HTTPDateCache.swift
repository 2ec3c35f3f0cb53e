package import CisternBytes

/// The `Date` of responses, formatted once a second.
package struct HTTPDateCache: Sendable {
    private var second = Int.min
    private var text = InlineArray<29, UInt8>(repeating: 0x20)

    package init() {}

    /// Appends the whole field line.
    /// - Parameter second: now, in seconds since 1970-01-01 00:00:00 UTC.
    package mutating func append(at second: Int, to output: inout OutputQueue) {
        if second != self.second {
            text = HTTPDate.format(second)
            self.second = second
        }
        output.append("Date: ")
        output.append(copying: text.span)
        output.append("\r\n")
    }
}
