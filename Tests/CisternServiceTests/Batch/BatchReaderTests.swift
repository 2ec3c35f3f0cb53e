import CisternBytes
import CisternHTTP
import CisternJSON
import Testing

@testable import CisternService

@Suite struct BatchReaderTests {
    private func read(_ op: String) throws -> BatchOperation {
        try #require(try BatchReader.read(Bytes(#"{"ops":[\#(op)]}"#)).first)
    }

    @Test func operationsComeInTheirOrder() throws {
        let operations = try BatchReader.read(
            #"{"ops":[{"op":"get","key":"a"},{"op":"put","key":"b","value":"€","ttl":60},{"op":"delete","key":"a"}]}"#)
        #expect(
            operations == [
                BatchOperation(key: "a", action: .get(asBase64: false)),
                BatchOperation(key: "b", action: .put("€", ttl: "60", keepsTTL: false)),
                BatchOperation(key: "a", action: .delete),
            ])
        #expect(try BatchReader.read(#"{"ops":[]}"#).isEmpty)
    }

    @Test(
        arguments: [
            (#"{"key":"a","op":"get","encoding":"base64"}"#, "a", .get(asBase64: true)),
            (#"{"op":"get","key":"\u0000\"/.."}"#, "\0\"/..", .get(asBase64: false)),
            (#"{"op":"get","key":""}"#, "", .get(asBase64: false)),
            (#"{"op":"delete","key_base64":"/wA="}"#, [0xFF, 0], .delete),
            (#"{"op":"put","key":"a","value":""}"#, "a", .put("", ttl: nil, keepsTTL: false)),
            (#"{"op":"put","key":"a","value":"\u0000é"}"#, "a", .put("\0é", ttl: nil, keepsTTL: false)),
            (
                #"{"op":"put","key_base64":"YQ==","value":"/w==","encoding":"base64","keep_ttl":true}"#, "a",
                .put([0xFF], ttl: nil, keepsTTL: true)
            ),
            (#"{"op":"put","key":"a","value":"v","keep_ttl":false}"#, "a", .put("v", ttl: nil, keepsTTL: false)),
        ] as [(String, Bytes, BatchOperation.Action)])
    func everyMemberIsRead(op: String, key: Bytes, action: BatchOperation.Action) throws {
        #expect(try read(op) == BatchOperation(key: key, action: action))
    }

    /// What they mean is for the rules of lifetimes to say, as for a query.
    @Test(arguments: [
        ("60", "60"), ("\"1h30m\"", "1h30m"), ("60.0", "60"), ("6e1", "60"), ("0", "0"), ("-5", "-5"), ("1.5", "1.5"),
        ("\"\"", ""), ("1e300", "1e300"), ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9223372036854775808"), ("-9223372036854775808", "-9223372036854775808"),
    ])
    func aLifetimeIsANumberOrAText(ttl: String, text: Bytes) throws {
        #expect(
            try read(#"{"op":"put","key":"a","value":"v","ttl":\#(ttl)}"#).action
                == .put("v", ttl: text, keepsTTL: false))
    }

    @Test(arguments: [
        ("[]", ""), ("1", ""), ("null", ""), ("\"ops\"", ""), ("{}", "/ops"), (#"{"ops":null}"#, "/ops"),
        (#"{"ops":{}}"#, "/ops"), (#"{"ops":[],"more":1}"#, "/more"), (#"{"ops":[],"a/b~c":1}"#, "/a~1b~0c"),
        (#"{"ops":[],"":1}"#, "/"), (#"{"operations":[]}"#, "/operations"), (#"{"ops":[1]}"#, "/ops/0"),
        (#"{"ops":[{"op":"get","key":"a"},[]]}"#, "/ops/1"), (#"{"ops":[{}]}"#, "/ops/0/op"),
    ])
    func anotherShapeIsPointedAt(content: String, pointer: String) throws {
        try expectShape(content, pointer)
    }

    @Test(arguments: [
        (#"{"op":"GET","key":"a"}"#, "op"), (#"{"op":"incr","key":"a"}"#, "op"), (#"{"op":1,"key":"a"}"#, "op"),
        (#"{"op":null,"key":"a"}"#, "op"), (#"{"key":"a"}"#, "op"), (#"{"op":"get"}"#, "key"),
        (#"{"op":"get","key":1}"#, "key"), (#"{"op":"get","key":null}"#, "key"), (#"{"op":"get","key":["a"]}"#, "key"),
        (#"{"op":"get","key_base64":"YQ"}"#, "key_base64"), (#"{"op":"get","key_base64":"_w=="}"#, "key_base64"),
        (#"{"op":"get","key_base64":1}"#, "key_base64"), (#"{"op":"get","key":"a","key_base64":"YQ=="}"#, "key_base64"),
        (#"{"op":"get","key":"a","value":"v"}"#, "value"), (#"{"op":"get","key":"a","ttl":1}"#, "ttl"),
        (#"{"op":"get","key":"a","encoding":"utf-8"}"#, "encoding"),
        (#"{"op":"get","key":"a","encoding":1}"#, "encoding"),
        (#"{"op":"delete","key":"a","encoding":"base64"}"#, "encoding"), (#"{"op":"delete","key":"a","x":1}"#, "x"),
        (#"{"op":"put","key":"a"}"#, "value"), (#"{"op":"put","key":"a","value":1}"#, "value"),
        (#"{"op":"put","key":"a","value":null}"#, "value"), (#"{"op":"put","key":"a","value":{}}"#, "value"),
        (#"{"op":"put","key":"a","value":"v","encoding":"base64"}"#, "value"),
        (#"{"op":"put","key":"a","value":"YQ==\n","encoding":"base64"}"#, "value"),
        (#"{"op":"put","key":"a","value":1,"encoding":"base64"}"#, "value"),
        (#"{"op":"put","key":"a","value":"v","encoding":"hex"}"#, "encoding"),
        (#"{"op":"put","key":"a","value":"v","ttl":true}"#, "ttl"),
        (#"{"op":"put","key":"a","value":"v","ttl":null}"#, "ttl"),
        (#"{"op":"put","key":"a","value":"v","ttl":[1]}"#, "ttl"),
        (#"{"op":"put","key":"a","value":"v","tll":60}"#, "tll"),
        (#"{"op":"put","key":"a","value":"v","keep_ttl":1}"#, "keep_ttl"),
        (#"{"op":"put","key":"a","value":"v","keep_ttl":"true"}"#, "keep_ttl"),
    ])
    func everyMemberIsPointedAt(op: String, member: String) throws {
        try expectShape(#"{"ops":[{"op":"delete","key":"a"},\#(op)]}"#, "/ops/1/\(member)")
    }

    /// A name that nobody would want to see again stands in no answer.
    @Test func anUnknownMemberWithALongNameIsOnlyCountedAgainstItsObject() throws {
        let name = String(repeating: "x", count: 65)
        try expectShape(#"{"ops":[{"op":"get","key":"a","\#(name)":1}]}"#, "/ops/0")
        try expectShape(#"{"ops":[{"op":"get","key":"a","\#(name.dropLast())":1}]}"#, "/ops/0/\(name.dropLast())")
    }

    private func expectShape(_ content: String, _ pointer: String) throws {
        let refusal = try #require(throws: Refusal.self) { try BatchReader.read(Bytes(content)) }
        #expect(refusal.status == .unprocessableContent)
        #expect(refusal.pointer?.text == pointer)
        #expect(refusal.detail.hasPrefix(pointer.isEmpty ? "the content " : "\(pointer) "), "\(refusal.detail)")
    }

    @Test(arguments: ["", "{", "{\"ops\":[}", "{'ops':[]}", "{\"ops\":[]} x", "{\"ops\":[],\"ops\":[]}", "\u{FEFF}{}"])
    func whatIsNotJSONIsShownItsPlace(content: String) throws {
        let refusal = try #require(throws: Refusal.self) { try BatchReader.read(Bytes(content)) }
        #expect(refusal.status == .badRequest && refusal.pointer == nil)
        #expect(refusal.detail.contains("line 1, column "), "\(refusal.detail)")
    }

    @Test func bytesThatAreNotUTF8AreNotJSON() throws {
        let content = Bytes(#"{"ops":[{"op":"get","key":""#).appending([0xFF]).appending(#""}]}"#)
        let refusal = try #require(throws: Refusal.self) { try BatchReader.read(content) }
        #expect(refusal.status == .badRequest)
    }

    @Test(arguments: [(100, true), (101, false), (580, false), (5000, false)])
    func thereAreAtMostAHundred(count: Int, isTaken: Bool) throws {
        let op = #"{"op":"put","key":"a","value":"","encoding":"base64","ttl":1}"#
        let content = Bytes(#"{"ops":[\#([String](repeating: op, count: count).joined(separator: ","))]}"#)
        if isTaken {
            #expect(try BatchReader.read(content).count == count)
        } else {
            let refusal = try #require(throws: Refusal.self) { try BatchReader.read(content) }
            #expect(refusal.status == .contentTooLarge && refusal.detail.contains("100"))
        }
    }
}
