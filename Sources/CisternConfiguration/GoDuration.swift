internal import CisternBytes

/// Durations as Go writes them: `250ms`, `1m30s`, `1.5h`.
package enum GoDuration {
    /// Why a text is not a duration.
    package enum Problem: Error, Hashable, Sendable {
        case empty
        /// A number without a unit, like `5`.
        case missingUnit
        case unknownUnit
        case negative
        /// More than 2^63-1 nanoseconds, which is the most that Go's `time.Duration` holds.
        case overflow
        case malformed
    }

    /// The longest text that is looked at. Every duration can be written in less.
    private static let longestText = 128

    package static func parse(_ text: String) throws(Problem) -> Duration {
        try parse(Bytes(text).span)
    }

    package static func parse(_ text: Span<UInt8>) throws(Problem) -> Duration {
        guard !text.isEmpty else { throw .empty }
        guard text.count <= longestText else { throw .malformed }
        if text[0] == UInt8(ascii: "-") { throw .negative }
        // Go takes a zero without a unit, since it means the same in all of them.
        if text.count == 1, text[0] == UInt8(ascii: "0") { return .zero }
        var total: Int64 = 0
        var offset = 0
        while offset < text.count {
            let part = try parsePart(text, &offset)
            let (sum, overflow) = total.addingReportingOverflow(part)
            if overflow { throw .overflow }
            total = sum
        }
        return .nanoseconds(total)
    }

    /// One number with its unit, in nanoseconds.
    private static func parsePart(_ text: Span<UInt8>, _ offset: inout Int) throws(Problem) -> Int64 {
        let start = offset
        var whole: Int64 = 0
        while let digit = digit(text, offset) {
            let (product, tooLarge) = whole.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(digit)
            if tooLarge || overflow { throw .overflow }
            whole = sum
            offset += 1
        }
        var digits = offset - start
        var fraction: UInt64 = 0
        var scale: UInt64 = 1
        if offset < text.count, text[offset] == UInt8(ascii: ".") {
            offset += 1
            while let digit = digit(text, offset) {
                // What is below a nanosecond is cut off, as Go does: 18 digits are more than enough for an hour.
                if scale < 1_000_000_000_000_000_000 {
                    fraction = fraction * 10 + UInt64(digit)
                    scale *= 10
                }
                digits += 1
                offset += 1
            }
        }
        guard digits > 0 else { throw .malformed }
        let unit = try parseUnit(text, &offset)
        let (product, tooLarge) = whole.multipliedReportingOverflow(by: unit)
        let wide = fraction.multipliedFullWidth(by: UInt64(unit))
        // fraction < scale, so the quotient is below one unit.
        let rest = scale.dividingFullWidth(wide).quotient
        let (sum, overflow) = product.addingReportingOverflow(Int64(rest))
        if tooLarge || overflow { throw .overflow }
        return sum
    }

    private static func digit(_ text: Span<UInt8>, _ offset: Int) -> Int64? {
        guard offset < text.count, text[offset] >= 0x30, text[offset] <= 0x39 else { return nil }
        return Int64(text[offset] - 0x30)
    }

    private static func parseUnit(_ text: Span<UInt8>, _ offset: inout Int) throws(Problem) -> Int64 {
        let start = offset
        while offset < text.count, text[offset] != UInt8(ascii: "."), digit(text, offset) == nil { offset += 1 }
        let unit = text.extracting(start..<offset)
        if unit.isEmpty { throw .missingUnit }
        for (name, nanoseconds) in units where ASCII.equal(unit, name) { return nanoseconds }
        throw .unknownUnit
    }

    /// Both the micro sign and the Greek letter stand for micro, as in Go.
    private static let units: [(StaticString, Int64)] = [
        ("ns", 1), ("us", 1000), ("\u{B5}s", 1000), ("\u{3BC}s", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]
}
