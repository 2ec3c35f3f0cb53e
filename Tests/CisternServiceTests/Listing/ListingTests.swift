import CisternBytes
import CisternHTTP
import CisternJSON
import CisternRedis
import TestSupport
import Testing

@testable import CisternService

@Suite struct ListingQueryTests {
    private func read(_ query: String) throws -> ListingQuery {
        try ListingQuery(requestHead("GET", "/keys\(query)"))
    }

    @Test func everyParameterIsRead() throws {
        let all = try read("?prefix=a%2F%ff*&limit=1000&cursor=abc")
        #expect(all.prefix == [0x61, 0x2F, 0xFF, 0x2A] && all.limit == 1000 && all.cursor == "abc")
        #expect(try read("?limit=1").limit == 1)
    }

    @Test(arguments: ["", "?", "?prefix=", "?prefix", "?cursor=", "?cursor", "?prefix=&cursor=&limit=100"])
    func nothingSaidIsTheFirstPageOfAll(query: String) throws {
        let read = try read(query)
        #expect(read.prefix.isEmpty && read.limit == 100 && read.cursor == nil)
    }

    @Test(arguments: [
        ("?limit=0", "limit"), ("?limit=1001", "limit"), ("?limit=", "limit"), ("?limit", "limit"),
        ("?limit=-1", "limit"),
        ("?limit=ten", "limit"), ("?limit=1.5", "limit"), ("?limit=99999999999999999999", "limit"),
        ("?limit=1&limit=1", "more than once"), ("?prefix=&prefix=", "more than once"),
        ("?cursor=&cursor=", "more than once"), ("?prefix=%f", "hexadecimal"), ("?count=1", "unknown"),
        ("?Prefix=a", "unknown"), ("?ttl=1", "unknown"),
    ])
    func whatIsNotKnownIsRefused(query: String, says: String) throws {
        let refusal = try #require(throws: Refusal.self) { try read(query) }
        #expect(refusal.status == .badRequest)
        #expect(refusal.detail.contains(says), "\(refusal.detail)")
    }
}

@Suite struct ListingCursorTests {
    private let cursor = ListingCursor(of: "redis a 1 0", prefix: "user:")

    @Test(arguments: [1, 17, 1 << 32, UInt64.max, 0x8000_0000_0000_0000])
    func aPositionComesBack(position: UInt64) {
        let text = cursor.text(of: position)
        #expect(cursor.position(in: text) == position)
        #expect(PercentCoding.encode(text.span, keeping: .unreserved) == text)
    }

    @Test(arguments: [
        ("redis b 1 0", "user:"), ("redis a 2 0", "user:"), ("local 5", "user:"), ("redis a 1 0", "user"),
        ("redis a 1 0", "user::"), ("redis a 1 0", ""),
    ])
    func thatOfAnotherListingIsNone(store: String, prefix: Bytes) {
        let text = cursor.text(of: 17)
        #expect(ListingCursor(of: store, prefix: prefix).position(in: text) == nil)
    }

    @Test(arguments: ["", "0", "17", "AAAA", "*", "AAAAAAAAAAE", String(repeating: "A", count: 32)])
    func anyOtherTextIsNone(text: String) {
        #expect(cursor.position(in: Bytes(text)) == nil)
    }

    @Test func aTextThatWasChangedIsNone() {
        let text = cursor.text(of: 1234)
        for index in text.indices {
            var bytes = Array(text)
            bytes[index] = bytes[index] == 0x42 ? 0x43 : 0x42
            #expect(cursor.position(in: Bytes(bytes)) == nil)
        }
        #expect(cursor.position(in: text.appending("A")) == nil)
        #expect(cursor.position(in: Bytes(text.dropLast())) == nil)
    }
}

@Suite struct ListingTextTests {
    private func pieces(of keys: [ListedKey], next: UInt64) -> [String] {
        var text = ListingText(KeyPage(next: next, keys: keys), prefix: 2, ListingCursor(of: "store", prefix: "p:"))
        var pieces: [String] = []
        while let piece = text.next() { pieces.append(piece.string ?? "") }
        return pieces
    }

    @Test(arguments: [0, 1, 256, 257, 600])
    func thePiecesAreOnePage(count: Int) throws {
        let keys = (0..<count).map {
            ListedKey(key: Bytes("p:\($0)"), ttl: $0 == 1 ? .remaining(.seconds(7)) : .persistent)
        }
        let pieces = pieces(of: keys, next: count == 1 ? 9 : 0)
        #expect(pieces.count == max(1, (count + 255) / 256))
        let page = try #require(try JSONValue.parse(pieces.joined()).object)
        let listed = try #require(page["keys"]?.array)
        #expect(listed.map { $0.object?["key"]?.string } == (0..<count).map { "\($0)" })
        #expect(listed.dropFirst().first?.object?["ttl"]?.integer == (count > 1 ? 7 : nil))
        #expect(page["complete"]?.bool == (count != 1) && (page["cursor"] != nil) == (count == 1))
    }

    @Test func whatIsNothingButThePrefixIsNoKey() {
        let keys = ["p:", "p:a", "p:", "p:\u{FF}"].map { ListedKey(key: Bytes(wire($0)), ttl: .persistent) }
        #expect(pieces(of: keys, next: 0) == [#"{"keys":[{"key":"a"},{"key_base64":"/w=="}],"complete":true}"#])
        #expect(pieces(of: [], next: 0) == [#"{"keys":[],"complete":true}"#])
    }
}
