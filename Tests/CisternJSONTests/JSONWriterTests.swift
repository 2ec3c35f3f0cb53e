import CisternBytes
import CisternJSON
import Testing

@Suite struct JSONWriterTests {
    @Test func writesObjectsArraysAndEveryValue() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("text", "a")
            writer.field("count", UInt64.max)
            writer.field("share", 0.5)
            writer.field("on", true)
            writer.key("list")
            writer.array { writer in
                writer.null()
                writer.integer(-1)
                writer.object { _ in }
                writer.array { _ in }
                writer.string("x" as Bytes)
            }
        }
        #expect(
            writer.text
                == #"{"text":"a","count":18446744073709551615,"share":0.5,"on":true,"list":[null,-1,{},[],"x"]}"#)
    }

    @Test func breaksLinesWhenItIsToBePretty() {
        var writer = JSONWriter(pretty: true)
        writer.value(["a": 1, "b": [], "c": [true, ["d": [:]]]])
        #expect(
            writer.text == """
                {
                  "a": 1,
                  "b": [],
                  "c": [
                    true,
                    {
                      "d": {}
                    }
                  ]
                }
                """)
    }

    @Test(arguments: 0...0x7F as ClosedRange<UInt8>)
    func escapesWhatMustBeEscaped(byte: UInt8) throws {
        let string = "a" + String(Unicode.Scalar(byte)) + "b"
        var writer = JSONWriter()
        writer.string(string)
        #expect(writer.bytes.allSatisfy { $0 >= 0x20 })
        #expect(try JSONValue.parse(writer.bytes).string == string)
    }

    @Test func escapesInTheShortestWay() {
        #expect(JSONValue("\"\\\u{8}\t\n\u{C}\r\u{1F}/é").text == #""\"\\\b\t\n\f\r\u001f/é""#)
    }

    @Test(
        arguments: [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"), ([0xC3], "\u{FFFD}"), ([0xE2, 0x82, 0xAC], "€"), ([], ""),
        ] as [([UInt8], String)])
    func replacesBytesThatAreNotUTF8(bytes: [UInt8], text: String) throws {
        var writer = JSONWriter()
        writer.string(Bytes(bytes))
        #expect(try JSONValue.parse(writer.bytes).string == text)
    }

    @Test(
        arguments: [
            (0, "0.0"), (-1.5, "-1.5"), (1e300, "1e+300"), (.infinity, "null"), (-.infinity, "null"), (.nan, "null"),
        ] as [(Double, String)])
    func writesFiniteDoublesOnly(value: Double, text: String) {
        var writer = JSONWriter()
        writer.double(value)
        #expect(writer.text == text)
        #expect((JSONNumber(value) == nil) == !value.isFinite)
    }

    @Test func whatIsTakenBetweenIsThePartsOfTheWhole() {
        var writer = JSONWriter()
        var parts: [[UInt8]] = []
        writer.beginObject()
        parts.append(writer.take())
        writer.key("a")
        parts.append(writer.take())
        writer.beginArray()
        writer.integer(1)
        parts.append(writer.take())
        parts.append(writer.take())
        writer.integer(2)
        writer.endArray()
        writer.field("b", true)
        writer.endObject()
        parts.append(writer.take())
        #expect(parts.map { String(decoding: $0, as: UTF8.self) } == ["{", #""a":"#, "[1", "", #",2],"b":true}"#])
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>, [true, false])
    func whatIsWrittenIsReadAgain(seed: UInt64, isPretty: Bool) throws {
        var random = SeededRandom(seed: seed)
        let value = JSONValue.random(depth: 5, using: &random)
        var writer = JSONWriter(pretty: isPretty)
        writer.value(value)
        let again = try JSONValue.parse(writer.bytes)
        #expect(again == value)
        #expect(again.text == value.text)
    }
}
