internal import CisternBytes

extension JSONParser {
    /// Reads the string that starts at the next byte, a quote.
    mutating func parseString() throws(JSONError) -> String {
        offset += 1
        let start = offset
        var hasEscapes = false
        scan: while true {
            switch peek() {
            case nil: throw unexpected("`\"` at the end of the string")
            case UInt8(ascii: "\""): break scan
            case UInt8(ascii: "\\"):
                hasEscapes = true
                offset += 1
                if peek() == nil { throw unexpected("an escape") }
                offset += 1
            case .some(0x00...0x1F): throw unexpected("`\"` or an escape: a string stands on one line")
            default: offset += 1
            }
        }
        let end = offset
        // Escapes are ASCII, so the raw text is UTF-8 exactly when the decoded one is.
        let raw: UTF8Span
        do {
            raw = try UTF8Span(validating: text.extracting(start..<end))
        } catch {
            offset = start + error.byteOffsets.lowerBound
            throw JSONError(at: position(at: offset), found: "a byte that is not UTF-8", expected: "UTF-8")
        }
        guard hasEscapes else {
            offset = end + 1
            return String(copying: raw)
        }
        offset = start
        let decoded = try decodeEscapes(until: end)
        offset = end + 1
        return String(decoding: decoded, as: UTF8.self)
    }

    private mutating func decodeEscapes(until end: Int) throws(JSONError) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(end - offset)
        while offset < end {
            let byte = text[offset]
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                offset += 1
                continue
            }
            offset += 1
            switch text[offset] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(text[offset])
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                let scalar = try decodeScalar(until: end)
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                continue
            default: throw unexpected("one of `\"`, `\\`, `/`, `b`, `f`, `n`, `r`, `t`, `u` after a backslash")
            }
            offset += 1
        }
        return result
    }

    /// Reads what follows a backslash from its `u` on: one unit of UTF-16, or a pair of surrogates.
    private mutating func decodeScalar(until end: Int) throws(JSONError) -> Unicode.Scalar {
        let start = offset
        let high = try decodeUnit(until: end)
        if let scalar = Unicode.Scalar(high) { return scalar }
        if high < 0xDC00, offset + 1 < end, text[offset] == UInt8(ascii: "\\"), text[offset + 1] == UInt8(ascii: "u") {
            offset += 1
            let low = try decodeUnit(until: end)
            if low >= 0xDC00, low <= 0xDFFF {
                let value = 0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
                if let scalar = Unicode.Scalar(value) { return scalar }
            }
        }
        throw JSONError(
            at: position(at: start), found: "half of a surrogate pair", expected: "both halves, high before low")
    }

    private mutating func decodeUnit(until end: Int) throws(JSONError) -> UInt16 {
        offset += 1
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard offset < end, let digit = ASCII.hexDigit(text[offset]) else {
                throw unexpected("four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            offset += 1
        }
        return unit
    }
}
