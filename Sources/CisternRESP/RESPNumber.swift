import CisternBytes

/// Reading the numbers of RESP.
enum RESPNumber {
    /// A signed decimal number that fits into 64 bits.
    static func integer(_ text: Span<UInt8>) throws(RESPDecodingError) -> Int64 {
        let negative = !text.isEmpty && text[0] == UInt8(ascii: "-")
        let start = signLength(text)
        guard text.count > start else { throw notAnInteger }
        // Downwards for both signs, because the least number has no positive counterpart.
        var value: Int64 = 0
        for index in start..<text.count {
            let digit = text[index] &- 0x30
            guard digit <= 9 else { throw notAnInteger }
            let (product, tooSmall) = value.multipliedReportingOverflow(by: 10)
            let (difference, overflow) = product.subtractingReportingOverflow(Int64(digit))
            guard !tooSmall, !overflow else { throw outOfRange }
            value = difference
        }
        if negative { return value }
        guard value != .min else { throw outOfRange }
        return -value
    }

    /// Whether `text` is an optional sign and digits.
    static func isWhole(_ text: Span<UInt8>) -> Bool {
        let start = signLength(text)
        return text.count > start && digits(text, from: start) == text.count
    }

    /// A floating-point number: `[sign] digits [. digits] [e [sign] digits]`, `inf`, `-inf`, or `nan`.
    static func double(_ text: Span<UInt8>) throws(RESPDecodingError) -> Double {
        if ASCII.equal(text, "inf") { return .infinity }
        if ASCII.equal(text, "-inf") { return -.infinity }
        // C libraries print either, and older servers pass it on.
        if ASCII.equal(text, "nan") || ASCII.equal(text, "-nan") { return .nan }
        guard isDecimal(text) else { throw RESPDecodingError(.malformed, "a double is no number") }
        let string = text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        guard let value = Double(string) else { throw RESPDecodingError(.malformed, "a double is no number") }
        return value
    }

    private static func isDecimal(_ text: Span<UInt8>) -> Bool {
        var index = signLength(text)
        let whole = digits(text, from: index)
        guard whole > index else { return false }
        index = whole
        if index < text.count, text[index] == UInt8(ascii: ".") {
            let fraction = digits(text, from: index + 1)
            guard fraction > index + 1 else { return false }
            index = fraction
        }
        if index < text.count, ASCII.lowercased(text[index]) == UInt8(ascii: "e") {
            index += 1
            index += signLength(text.extracting(index..<text.count))
            let exponent = digits(text, from: index)
            guard exponent > index else { return false }
            index = exponent
        }
        return index == text.count
    }

    private static func signLength(_ text: Span<UInt8>) -> Int {
        guard !text.isEmpty else { return 0 }
        return text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") ? 1 : 0
    }

    /// Where the digits that begin at `start` end.
    private static func digits(_ text: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < text.count, text[index] &- 0x30 <= 9 { index += 1 }
        return index
    }

    private static var notAnInteger: RESPDecodingError { .init(.malformed, "an integer is no number") }
    private static var outOfRange: RESPDecodingError { .init(.malformed, "an integer does not fit into 64 bits") }
}
