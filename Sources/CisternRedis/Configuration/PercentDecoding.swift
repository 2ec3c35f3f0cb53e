internal import CisternBytes

enum PercentDecoding {
    /// The bytes with each `%41` decoded, once; nil where a percent sign is not followed by two hexadecimal digits.
    static func decode(_ bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                result.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.count, let high = ASCII.hexDigit(bytes[index + 1]),
                let low = ASCII.hexDigit(bytes[index + 2])
            else { return nil }
            result.append(high << 4 | low)
            index += 3
        }
        return result
    }
}
