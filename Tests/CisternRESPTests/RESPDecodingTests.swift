import CisternBytes
import CisternRESP
import TestSupport
import Testing

@Suite struct RESPDecodingTests {
    struct Sample: CustomTestStringConvertible, Sendable {
        let wire: String
        let values: [RESPValue]
        var testDescription: String { wire.debugDescription }

        init(_ wire: String, _ values: RESPValue...) {
            self.wire = wire
            self.values = values
        }
    }

    static let samples: [Sample] = [
        // RESP2
        Sample("+OK\r\n", .simpleString("OK")),
        Sample("+\r\n", .simpleString("")),
        Sample("-ERR unknown command 'x'\r\n", .error(RESPError("ERR unknown command 'x'"))),
        Sample(":0\r\n", .integer(0)),
        Sample(":+7\r\n", .integer(7)),
        Sample(":-1\r\n", .integer(-1)),
        Sample(":9223372036854775807\r\n", .integer(.max)),
        Sample(":-9223372036854775808\r\n", .integer(.min)),
        Sample("$5\r\nhello\r\n", .bulkString("hello")),
        Sample("$0\r\n\r\n", .bulkString("")),
        Sample("$2\r\n\r\n\r\n", .bulkString("\r\n")),
        Sample("$-1\r\n", .null),
        Sample("*-1\r\n", .null),
        Sample("*0\r\n", .array([])),
        Sample("*2\r\n$5\r\nhello\r\n$5\r\nworld\r\n", .array([.bulkString("hello"), .bulkString("world")])),
        Sample("*3\r\n:1\r\n$-1\r\n*-1\r\n", .array([.integer(1), .null, .null])),
        Sample(
            "*2\r\n*3\r\n:1\r\n:2\r\n:3\r\n*2\r\n+Hello\r\n-World\r\n",
            .array([
                .array([.integer(1), .integer(2), .integer(3)]),
                .array([.simpleString("Hello"), .error(RESPError("World"))]),
            ])),
        Sample("*1\r\n*1\r\n*0\r\n", .array([.array([.array([])])])),
        // RESP3
        Sample("_\r\n", .null),
        Sample(",1.23\r\n", .double(1.23)),
        Sample(",10\r\n", .double(10)),
        Sample(",-4.5e-3\r\n", .double(-0.0045)),
        Sample(",+1E5\r\n", .double(100_000)),
        Sample(",inf\r\n", .double(.infinity)),
        Sample(",-inf\r\n", .double(-.infinity)),
        Sample(",nan\r\n", .double(.nan)),
        Sample(",-nan\r\n", .double(.nan)),
        Sample("#t\r\n", .boolean(true)),
        Sample("#f\r\n", .boolean(false)),
        Sample("!21\r\nSYNTAX invalid syntax\r\n", .error(RESPError("SYNTAX invalid syntax"))),
        Sample("!4\r\nA\r\nB\r\n", .error(RESPError("A\r\nB"))),
        Sample("=15\r\ntxt:Some string\r\n", .verbatimString(verbatim("txt:Some string"))),
        Sample("=4\r\nmkd:\r\n", .verbatimString(verbatim("mkd:"))),
        Sample(
            "(3492890328409238509324850943850943825024385\r\n",
            .bigNumber("3492890328409238509324850943850943825024385")),
        Sample("(-0\r\n", .bigNumber("-0")),
        Sample(
            "%2\r\n+first\r\n:1\r\n+second\r\n:2\r\n",
            .map([
                RESPMapEntry(key: .simpleString("first"), value: .integer(1)),
                RESPMapEntry(key: .simpleString("second"), value: .integer(2)),
            ])),
        Sample("%0\r\n", .map([])),
        Sample("%1\r\n*1\r\n:1\r\n%0\r\n", .map([RESPMapEntry(key: .array([.integer(1)]), value: .map([]))])),
        Sample(
            "~5\r\n+orange\r\n+apple\r\n#t\r\n:100\r\n:999\r\n",
            .set([.simpleString("orange"), .simpleString("apple"), .boolean(true), .integer(100), .integer(999)])),
        Sample("~0\r\n", .set([])),
        // Pushes between replies.
        Sample(
            ":1\r\n>3\r\n+message\r\n+channel\r\n$2\r\nhi\r\n:2\r\n", .integer(1),
            .push([.simpleString("message"), .simpleString("channel"), .bulkString("hi")]), .integer(2)),
        Sample(">0\r\n+OK\r\n", .push([]), .simpleString("OK")),
        // Attributes are dropped, wherever they stand.
        Sample(
            "|1\r\n+key-popularity\r\n%2\r\n$1\r\na\r\n,0.1923\r\n$1\r\nb\r\n,0.0012\r\n*2\r\n:2039123\r\n:9543892\r\n",
            .array([.integer(2_039_123), .integer(9_543_892)])),
        Sample("*3\r\n:1\r\n:2\r\n|1\r\n+ttl\r\n:3600\r\n:3\r\n", .array([.integer(1), .integer(2), .integer(3)])),
        Sample("|0\r\n+OK\r\n", .simpleString("OK")),
        Sample("*1\r\n|0\r\n|1\r\n|1\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n", .array([.integer(5)])),
        Sample("|1\r\n:1\r\n:2\r\n>1\r\n+p\r\n", .push([.simpleString("p")])),
        // Pipelined.
        Sample(
            "+OK\r\n$1\r\na\r\n*1\r\n:1\r\n_\r\n", .simpleString("OK"), .bulkString("a"), .array([.integer(1)]), .null),
    ]

    @Test(arguments: samples)
    func everySampleIsTheSameHoweverItIsSplit(_ sample: Sample) throws {
        #expect(try decodeRESPSplit(sample.wire) == RESPOutcome(values: sample.values))
    }

    @Test(arguments: samples)
    func aSampleWithoutItsLastByteIsIncomplete(_ sample: Sample) throws {
        let outcome = try verifySplits(Array(sample.wire.utf8.dropLast())) { try decodeRESP($0) }
        #expect(outcome.isIncomplete)
        #expect(outcome.error == nil)
        #expect(outcome.values.count == sample.values.count - 1)
    }

    @Test(arguments: samples)
    func whatIsDecodedIsEncodedToTheSameValue(_ sample: Sample) throws {
        let wire = sample.values.flatMap { Array($0.encoded()) }
        #expect(try decodeRESP([wire]) == RESPOutcome(values: sample.values))
    }

    @Test func samplesCoverEveryKind() {
        let kinds = Set(Self.samples.flatMap(\.values).map { $0.description.prefix { $0 != "(" } })
        #expect(kinds.count == 13)
    }

    @Test func verbatimStringsHaveFormatAndText() {
        #expect(Self.verbatim("mkd:# title").format == "mkd")
        #expect(Self.verbatim("mkd:# title").text == "# title")
    }

    static func verbatim(_ wire: Bytes) -> RESPVerbatimString {
        guard let string = RESPVerbatimString(wire: wire) else { preconditionFailure("\(wire) has no format") }
        return string
    }
}
