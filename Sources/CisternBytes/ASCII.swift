internal import Glibc

/// Reading what protocols write in ASCII. Nothing here traps on what a peer sends.
package enum ASCII {
    /// The number that decimal digits alone spell, without sign or space; nil when it is anything else or overflows.
    package static func decimal(_ digits: Span<UInt8>) -> Int? {
        guard !digits.isEmpty else { return nil }
        var value = 0
        for index in digits.indices {
            let digit = Int(digits[index]) - 0x30
            guard digit >= 0, digit <= 9 else { return nil }
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(digit)
            if tooLarge || overflow { return nil }
            value = sum
        }
        return value
    }

    /// The value of a hexadecimal digit of either case; nil for another byte.
    package static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// Where a byte stands first; nil where it does not occur.
    package static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>) -> Int? {
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            return memchr(base, CInt(byte), bytes.count).map { UnsafeRawPointer($0) - base }
        }
    }

    /// The byte in lower case, where it is a letter of ASCII.
    package static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    /// Whether the bytes equal `text`, which is written in lower case, whatever their case.
    package static func equal(_ bytes: Span<UInt8>, lowercase text: StaticString) -> Bool {
        equal(bytes, lowercase: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Whether the bytes equal `text`, which is in lower case, whatever their case.
    package static func equal(_ bytes: Span<UInt8>, lowercase text: Span<UInt8>) -> Bool {
        text.withUnsafeBufferPointer { equal(bytes, lowercase: $0) }
    }

    @inline(__always)
    private static func equal(_ bytes: Span<UInt8>, lowercase text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count == text.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            for index in 0..<bytes.count where lowercased(bytes[index]) != text[index] { return false }
            return true
        }
    }

    /// Whether the bytes equal `text`.
    package static func equal(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        let start = text.utf8Start
        return bytes.withUnsafeBufferPointer { bytes in
            for index in 0..<bytes.count where bytes[index] != start[index] { return false }
            return true
        }
    }
}
