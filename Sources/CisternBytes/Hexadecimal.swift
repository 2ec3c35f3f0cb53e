/// Lower-case hexadecimal digits.
enum Hexadecimal {
    /// The eight digits of a word, made together: each digit in a byte of its own, as it lies in memory.
    static func digits(of word: UInt32) -> UInt64 {
        var spread = UInt64(word)
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
        // From ten on, what lies between 9 and a is added as well.
        let areLetters = ((spread &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return (spread &+ 0x3030_3030_3030_3030 &+ areLetters &* 0x27).bigEndian
    }
}

extension Bytes {
    /// The 16 lower-case hexadecimal digits of a number.
    package init(hexadecimal number: UInt64) {
        self.init(
            adopting: [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
                let target = UnsafeMutableRawBufferPointer(buffer)
                target.storeBytes(of: Hexadecimal.digits(of: UInt32(number >> 32)), as: UInt64.self)
                target.storeBytes(
                    of: Hexadecimal.digits(of: UInt32(truncatingIfNeeded: number)), toByteOffset: 8, as: UInt64.self)
                count = 16
            })
    }
}
