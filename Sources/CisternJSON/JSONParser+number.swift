extension JSONParser {
    /// The longest number that is read. RFC 8259 §6 lets an implementation set limits of range and precision.
    private static var longestNumber: Int { 1024 }

    mutating func parseNumber() throws(JSONError) -> JSONValue.Content {
        let start = offset
        let isNegative = take("-")
        var magnitude: Int64? = 0
        if take("0") {
            if let next = peek(), isDigit(next) { throw unexpected("no digit after a leading zero") }
        } else {
            guard let next = peek(), isDigit(next) else { throw unexpected("a digit") }
            while let digit = peek(), isDigit(digit) {
                // Counted below zero, where Int64 reaches one further.
                magnitude = magnitude.flatMap { $0.appending(negated: Int64(digit & 0x0F)) }
                offset += 1
            }
        }
        var isWhole = true
        if take(".") {
            isWhole = false
            try skipDigits()
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("-") { _ = take("+") }
            try skipDigits()
        }
        if isWhole, let magnitude {
            if isNegative { return .integer(magnitude) }
            if magnitude != .min { return .integer(-magnitude) }
        }
        return .number(try double(from: start))
    }

    private mutating func skipDigits() throws(JSONError) {
        guard let next = peek(), isDigit(next) else { throw unexpected("a digit") }
        while let digit = peek(), isDigit(digit) { offset += 1 }
    }

    private mutating func double(from start: Int) throws(JSONError) -> JSONNumber {
        let length = offset - start
        var digits = ""
        if length <= Self.longestNumber {
            digits = text.extracting(start..<offset).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            if let double = Double(digits), double.isFinite { return JSONNumber(double: double, text: digits) }
        }
        throw JSONError(
            at: position(at: start), found: "a number out of range", expected: "a number that fits a double")
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}

extension Int64 {
    /// This negative number with one more decimal digit; nil when that does not fit.
    fileprivate func appending(negated digit: Int64) -> Int64? {
        let (product, tooLarge) = multipliedReportingOverflow(by: 10)
        let (difference, overflow) = product.subtractingReportingOverflow(digit)
        return tooLarge || overflow ? nil : difference
    }
}
