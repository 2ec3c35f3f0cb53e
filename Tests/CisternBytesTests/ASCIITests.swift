import CisternBytes
import Testing

// Spans cannot go through #expect.
private func decimal(_ text: String) -> Int? { ASCII.decimal(Array(text.utf8).span) }
private func equal(_ text: String, _ other: StaticString) -> Bool { ASCII.equal(Array(text.utf8).span, other) }
private func equal(_ text: String, lowercase other: StaticString) -> Bool {
    ASCII.equal(Array(text.utf8).span, lowercase: other)
}

@Suite struct ASCIITests {
    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("0012", 12), ("9223372036854775807", Int.max), ("9223372036854775808", nil),
            ("9223372036854775810", nil), ("92233720368547758070", nil), ("99999999999999999999999", nil), ("", nil),
            ("-1", nil), ("+1", nil), (" 1", nil), ("1 ", nil), ("1a", nil), ("/", nil), (":", nil), ("\u{0660}", nil),
        ] as [(String, Int?)])
    func numbersAreDigitsAlone(_ text: String, _ number: Int?) {
        #expect(decimal(text) == number)
    }

    @Test func hexDigitsOfEitherCase() {
        for byte in UInt8.min...UInt8.max {
            let expected = byte < 0x80 ? Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) } : nil
            #expect(ASCII.hexDigit(byte) == expected)
        }
    }

    @Test func onlyLettersChangeTheirCase() {
        for byte in UInt8.min...UInt8.max {
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            #expect(ASCII.lowercased(byte) == (isCapital ? byte + 32 : byte))
        }
    }

    @Test(arguments: [
        ("close", true, true), ("CLOSE", false, true), ("cLoSe", false, true), ("clos", false, false),
        ("closed", false, false), ("", false, false), ("c\u{0c}ose", false, false), ("clos\u{45}", false, true),
    ])
    func comparisonsTakeAllBytes(_ text: String, _ exactly: Bool, _ whateverItsCase: Bool) {
        #expect(equal(text, "close") == exactly)
        #expect(equal(text, lowercase: "close") == whateverItsCase)
    }

    @Test(
        arguments: [
            ("a?b?c", 1), ("?", 0), ("abc?", 3), ("abc", nil), ("", nil), ("\u{0}?", 1),
        ] as [(String, Int?)])
    func aByteIsFoundWhereItStandsFirst(_ text: String, _ index: Int?) {
        let bytes = Array(text.utf8)
        #expect(ASCII.firstIndex(of: UInt8(ascii: "?"), in: bytes.span) == index)
        // Not behind the end of the span.
        let inside = ASCII.firstIndex(
            of: UInt8(ascii: "!"), in: (bytes + [UInt8(ascii: "!")]).span.extracting(droppingLast: 1))
        #expect(inside == nil)
    }

    @Test(arguments: [
        ("Cache.Example", true), ("cache.example", true), ("cache.exampl", false), ("cache-example", false),
    ])
    func anyBytesCanBeComparedWithWhateverTheirCase(_ text: String, _ isEqual: Bool) {
        #expect(ASCII.equal(Array(text.utf8).span, lowercase: Array("cache.example".utf8).span) == isEqual)
    }

    @Test func caseInsensitivityDoesNotReachBeyondLetters() {
        // '@' and '`', '[' and '{' differ in the bit that tells the cases of letters apart.
        #expect(!equal("@[", lowercase: "`{"))
        #expect(equal("@[", lowercase: "@["))
    }
}
