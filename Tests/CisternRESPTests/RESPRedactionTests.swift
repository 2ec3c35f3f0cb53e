import CisternBytes
import CisternRESP
import Testing

@Suite struct RESPRedactionTests {
    static let secrets: [RESPValue] = [
        .simpleString("secret"), .bulkString("secret"), .integer(424242), .double(424242), .bigNumber("424242"),
        .error(RESPError("WRONGTYPE secret")), .error(RESPError("secret")),
        .verbatimString(RESPDecodingTests.verbatim("txt:secret")), .array([.bulkString("secret")]),
        .set([.integer(424242)]),
        .push([.bulkString("secret")]), .map([RESPMapEntry(key: .bulkString("secret"), value: .integer(424242))]),
    ]

    @Test(arguments: secrets)
    func printingShowsNoContent(_ value: RESPValue) {
        var dumped = ""
        dump(value, to: &dumped)
        for text in ["\(value)", String(reflecting: value), "\([value])", dumped, "\(value as Any)"] {
            #expect(!text.contains("secret") && !text.contains("424242"), "\(text)")
        }
    }

    @Test func kindSizeAndCodeAreShown() {
        #expect("\(RESPValue.bulkString("abc"))" == "bulkString(3 bytes)")
        #expect("\(RESPValue.array([.null, .null]))" == "array(2)")
        #expect("\(RESPValue.error(RESPError("WRONGTYPE Operation against a key")))" == "error(WRONGTYPE)")
    }

    @Test(
        arguments: [
            ("WRONGTYPE Operation", "WRONGTYPE"), ("ERR", "ERR"), ("", ""), (" x", ""), ("LOADING", "LOADING"),
        ] as [(Bytes, String)])
    func theCodeIsTheFirstWord(_ message: Bytes, _ code: String) {
        #expect(RESPError(message).code == code)
    }

    @Test func codesAreComparedAsWholeWords() {
        #expect(RESPError("OOM command not allowed").hasCode("OOM"))
        #expect(RESPError("OOM").hasCode("OOM"))
        #expect(!RESPError("OOMX y").hasCode("OOM"))
        #expect(!RESPError("OO").hasCode("OOM"))
        #expect(!RESPError("oom x").hasCode("OOM"))
    }
}
