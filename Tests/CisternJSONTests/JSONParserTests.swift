import CisternJSON
import Testing

@Suite struct JSONParserTests {
    static let values: [(String, JSONValue)] = [
        ("null", nil), ("true", true), (" false\r\n\t", false), ("0", 0), ("-0", 0), ("-1", -1),
        ("9223372036854775807", 9_223_372_036_854_775_807), ("-9223372036854775808", -9_223_372_036_854_775_808),
        (#""""#, ""), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{C}\n\r\t"), (#""\u00e9\u20AC\ud83d\ude00""#, "é€😀"),
        (#""é€😀\u0000""#, "é€😀\0"), ("[]", []), ("[ ]", []), ("{}", [:]), ("[1, [2], {\"a\": 3}]", [1, [2], ["a": 3]]),
        ("{\"a\":null,\"b\":{\"c\":[]}}", ["a": nil, "b": ["c": []]]),
    ]

    @Test(arguments: values)
    func readsEveryKindOfValue(text: String, value: JSONValue) throws {
        #expect(try JSONValue.parse(text) == value)
    }

    @Test(arguments: [
        ("1.5", 1.5), ("-1e3", -1000), ("1E+2", 100), ("2e-2", 0.02),
        ("9223372036854775808", 9_223_372_036_854_775_808),
        ("0.0", 0), ("-9223372036854775809", -9_223_372_036_854_775_808),
    ])
    func keepsTheTextOfANumberThatIsNoInt64(text: String, double: Double) throws {
        guard case .number(let number) = try JSONValue.parse(text).content else {
            Issue.record("\(text) is not a number")
            return
        }
        #expect(number.double == double)
        #expect(number.text == text)
    }

    @Test(arguments: [
        ("", 1, 1, "the end of the text", "a value"),
        ("\u{FEFF}{}", 1, 1, "a byte order mark", "a value"),
        ("{\n  \"a\": 1,\n}", 3, 1, "`}`", "another key: no comma stands before `}`"),
        ("[1, 2,]", 1, 7, "`]`", "another value: no comma stands before `]`"),
        ("[1 2]", 1, 4, "`2`", "`,` or `]`"),
        ("{\"a\" 1}", 1, 6, "`1`", "`:` after the key"),
        ("{a: 1}", 1, 2, "`a`", "a key in double quotes"),
        ("{\"a\": 1", 1, 8, "the end of the text", "`,` or `}`"),
        ("{} {}", 1, 4, "`{`", "the end after the value"),
        ("// no", 1, 1, "`/`", "a value; JSON has no comments"),
        ("'a'", 1, 1, "`'`", "a value; strings stand in double quotes"),
        ("tru", 1, 4, "the end of the text", "`true`"), ("nul1", 1, 4, "`1`", "`null`"),
        ("True", 1, 1, "`T`", "a value"), ("+1", 1, 1, "`+`", "a value"), (".5", 1, 1, "`.`", "a value"),
        ("01", 1, 2, "`1`", "no digit after a leading zero"), ("-", 1, 2, "the end of the text", "a digit"),
        ("1.", 1, 3, "the end of the text", "a digit"), ("1e", 1, 3, "the end of the text", "a digit"),
        ("1e999", 1, 1, "a number out of range", "a number that fits a double"),
        ("\"a\nb\"", 1, 3, "a line break", "`\"` or an escape: a string stands on one line"),
        ("\"a\tb\"", 1, 3, "a tab", "`\"` or an escape: a string stands on one line"),
        ("\"abc", 1, 5, "the end of the text", "`\"` at the end of the string"),
        ("\"abc\\", 1, 6, "the end of the text", "an escape"),
        ("\"\\x41\"", 1, 3, "`x`", "one of `\"`, `\\`, `/`, `b`, `f`, `n`, `r`, `t`, `u` after a backslash"),
        ("\"\\u12g4\"", 1, 6, "`g`", "four hexadecimal digits"),
        ("\"\\u12\"", 1, 6, "`\"`", "four hexadecimal digits"),
        ("\"\\ud800\"", 1, 3, "half of a surrogate pair", "both halves, high before low"),
        ("\"\\ude00\\ud83d\"", 1, 3, "half of a surrogate pair", "both halves, high before low"),
        ("\"\\ud800\\u0041\"", 1, 3, "half of a surrogate pair", "both halves, high before low"),
        ("[\"é😀\", x]", 1, 8, "`x`", "a value"),
        ("\u{7F}", 1, 1, "a control character", "a value"),
    ])
    func saysWhereATextIsNotJSON(text: String, line: Int, column: Int, found: String, expected: String) {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
        #expect(error == JSONError(at: JSONPosition(line: line, column: column), found: found, expected: expected))
    }

    @Test(
        arguments: [
            ([0x22, 0x61, 0xFF, 0x22], 3), ([0x22, 0xC3, 0x22], 2), ([0x22, 0xED, 0xA0, 0x80, 0x22], 2), ([0xFF], 1),
            ([0x22, 0x5C, 0x6E, 0xC0, 0x80, 0x22], 4),
        ] as [([UInt8], Int)])
    func refusesWhatIsNotUTF8(text: [UInt8], column: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
        #expect(error?.position == JSONPosition(line: 1, column: column))
        #expect(error?.found == "a byte that is not UTF-8")
    }

    @Test func knowsWhereEverythingStands() throws {
        let value = try JSONValue.parse("{\n  \"é\": [1,\n    {\"b\": true}]\n}")
        let list = try #require(value.object?.members.first)
        #expect(list.keyPosition == JSONPosition(line: 2, column: 3))
        #expect(list.value.position == JSONPosition(line: 2, column: 8))
        let inner = try #require(list.value.array?.last)
        #expect(inner.position == JSONPosition(line: 3, column: 5))
        #expect(inner.object?["b"]?.position == JSONPosition(line: 3, column: 11))
    }

    @Test(arguments: [0, 1, 7, 8, 9, 40])
    func refusesAKeyThatComesTwiceAndNamesBothPlaces(others: Int) {
        let members = (0..<others).map { "\"k\($0)\":\($0)," }.joined()
        let text = "{\"a\":0,\n\(members)\n\"\\u0061\":1}"
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
        #expect(error?.position == JSONPosition(line: 3, column: 1))
        #expect(error?.first == JSONPosition(line: 1, column: 2))
        #expect(error?.found == "the key \"a\" again")
    }

    @Test(arguments: [6, 12])
    func findsTheSecondKeyWhereverTheFirstStands(first: Int) {
        let keys = Array(0..<20).map { "k\($0)" } + ["k\(first)"]
        let error = #expect(throws: JSONError.self) {
            try JSONValue.parse("{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}")
        }
        #expect(error?.found == "the key \"k\(first)\" again")
    }

    @Test func takesKeysThatDifferInTheirBytes() throws {
        // Canonically equivalent, and two keys all the same.
        let value = try JSONValue.parse("{\"\\u00e9\":1,\"e\\u0301\":2}")
        #expect(value.object?.members.count == 2)
    }

    @Test func refusesDeepNestingAndTakesTheLimit() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue.parse(nested(64))
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(nested(65)) }
        #expect(error?.expected == "at most 64 levels of nesting")
        #expect(error?.position.column == 65)
        #expect(throws: JSONError.self) { try JSONValue.parse(String(repeating: "{\"a\":", count: 100_000)) }
        // Siblings are not deep.
        _ = try JSONValue.parse("[" + String(repeating: "[],{},", count: 100) + "0]")
    }

    @Test func takesTimeInProportionToTheText() throws {
        func time(_ count: Int) throws -> Duration {
            let text = "{" + (0..<count).map { "\"key\($0)\":[\"\($0)\",{}]" }.joined(separator: ",") + "}"
            let bytes = Array(text.utf8)
            return try (0..<3).map { _ in try ContinuousClock().measure { _ = try JSONValue.parse(bytes) } }.min()
                ?? .zero
        }
        let (small, large) = (try time(2000), try time(32000))
        // 16 times the text: a quadratic parser takes 256 times as long.
        #expect(large < small * 100)
    }

    @Test func neverTrapsOnDamagedText() {
        var random = SeededRandom(seed: 7)
        let text = Array(#"{"a":[1,-2.5e3,"\u00e9\ud83d\ude00x",true,null,{"b":""}],"c":"\\"}"#.utf8)
        var refused = 0
        for _ in 0..<20_000 {
            var damaged = text
            for _ in 0...Int.random(in: 0...2, using: &random) {
                damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            damaged.removeLast(Int.random(in: 0...3, using: &random))
            if (try? JSONValue.parse(damaged)) == nil { refused += 1 }
        }
        #expect(refused > 10_000 && refused < 20_000)
    }

    @Test func takesNoMoreValuesThanItIsTold() throws {
        let text = #"{"a":[1,{"b":null}],"c":"d"}"#
        #expect(try JSONValue.parse(Array(text.utf8).span, maximumValues: 6).object?.members.count == 2)
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(Array(text.utf8).span, maximumValues: 5) }
        #expect(error?.isTooMuch == true && error?.position == JSONPosition(line: 1, column: 25))
        let broken = #expect(throws: JSONError.self) { try JSONValue.parse("[1,") }
        #expect(broken?.isTooMuch == false)
    }
}
