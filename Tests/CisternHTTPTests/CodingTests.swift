import CisternBytes
import CisternHTTP
import TestSupport
import Testing

@Suite struct PercentCodingTests {
    @Test(arguments: [
        ("", ""), ("a", "a"), ("a%2Fb", "a/b"), ("%00%ff%FF%aB", "\u{00}\u{FF}\u{FF}\u{AB}"), ("a+b", "a+b"),
        ("%252F", "%2F"), ("\u{E4}", "\u{E4}"), ("%25", "%"),
    ])
    func textIsDecodedExactlyOnce(_ encoded: String, _ decoded: String) {
        #expect(PercentCoding.decode(wire(encoded).span) == Bytes(wire(decoded)))
    }

    @Test(arguments: ["%", "a%", "%4", "%4g", "%g4", "%%41", "a%2", "% 41", "%+1", "%\u{00}1", "%25%"])
    func aBrokenPercentIsNoText(_ encoded: String) {
        #expect(PercentCoding.decode(wire(encoded).span) == nil)
    }

    @Test func encodingKeepsWhatItSays() {
        let raw = Bytes(wire("a/B-._~ %+&\u{00}\u{FF}"))
        #expect(PercentCoding.encode(raw.span, keeping: .path) == "a/B-._~%20%25%2B%26%00%FF")
        #expect(PercentCoding.encode(raw.span, keeping: .unreserved) == "a%2FB-._~%20%25%2B%26%00%FF")
        #expect(PercentCoding.encode(raw.span, keeping: .encodedPath) == "a/B-._~%20%+&%00%FF")
    }

    /// RFC 3986 §3.3: `pchar` and the slash.
    @Test func anEncodedPathKeepsWhatMayStandInAPath() {
        let kept = (UInt8.min...UInt8.max).filter { byte in
            let bytes = [byte]
            return PercentCoding.encode(bytes.span, keeping: .encodedPath) == Bytes(bytes)
        }
        let letters = (0x41...0x5A).map { UInt8($0) } + (0x61...0x7A)
        #expect(Set(kept) == Set("0123456789-._~!$&'()*+,;=:@/%".utf8).union(letters))
    }

    @Test(arguments: [PercentCoding.Kept.path, .unreserved])
    func everyByteComesBack(_ kept: PercentCoding.Kept) {
        let all = Bytes(UInt8.min...UInt8.max)
        #expect(PercentCoding.decode(PercentCoding.encode(all.span, keeping: kept).span) == all)
    }
}

@Suite struct Base64Tests {
    /// RFC 4648 §10, and the two characters in which §4 and §5 differ.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"), ("\u{FB}\u{EF}\u{FF}", "++//"), ("\u{00}", "AA=="),
    ])
    func bytesGoThereAndBack(_ raw: String, _ encoded: String) {
        #expect(Base64.standard.encode(wire(raw).span) == Bytes(encoded))
        #expect(Base64.standard.decode(wire(encoded).span) == Bytes(wire(raw)))
        let url = encoded.filter { $0 != "=" }.replacing("+", with: "-").replacing("/", with: "_")
        #expect(Base64.url.encode(wire(raw).span) == Bytes(url))
        #expect(Base64.url.decode(wire(url).span) == Bytes(wire(raw)))
    }

    @Test(arguments: ["Z", "Zg==", "Zg=", "Zm9vY", "Zh", "Zm9", "++//", "Z g", "Zg\n", "Zm9v\u{00}AAA", "Z\u{E4}"])
    func otherTextIsNotForURLs(_ encoded: String) {
        #expect(Base64.url.decode(wire(encoded).span) == nil)
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "Z===", "====", "=", "==", "Zh==", "Zm9=", "--__", "Zm9vZg", "Zg==Zg==", "Zm9v====",
        "Zm8=\n", "Z=8=", "Zm9v\u{00}AAA", "Zm\u{E4}v",
    ])
    func otherTextIsNotTheStandards(_ encoded: String) {
        #expect(Base64.standard.decode(wire(encoded).span) == nil)
    }

    @Test func everyByteComesBack() {
        for length in 0..<256 {
            let bytes = Bytes((0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) })
            #expect(Base64.url.decode(Base64.url.encode(bytes.span).span) == bytes)
            #expect(Base64.standard.decode(Base64.standard.encode(bytes.span).span) == bytes)
        }
    }
}

@Suite struct HTTPQueryTests {
    private func items(_ query: String) throws -> [String] {
        var items: [String] = []
        let bytes = wire(query)
        var reader = HTTPQuery(bytes.span)
        while let item = try reader.next() {
            let value = item.value.map { text($0.span) } ?? "nil"
            items.append("\(text(item.name.span))=\(value)")
        }
        return items
    }

    @Test(
        arguments: [
            ("", []), ("a=1", ["a=1"]), ("a=1&b=2", ["a=1", "b=2"]), ("a", ["a=nil"]), ("a=", ["a="]), ("=a", ["=a"]),
            ("&&a=1&", ["a=1"]), ("a=1=2", ["a=1=2"]), ("a=1&a=2", ["a=1", "a=2"]), ("a+b=c+d", ["a+b=c+d"]),
            ("%61%3D=%26%3d", ["a==&="]), ("a=b?c/d", ["a=b?c/d"]), ("=", ["="]), ("a;b", ["a;b=nil"]),
        ] as [(String, [String])])
    func parametersComeInOrder(_ query: String, _ expected: [String]) throws {
        #expect(try items(query) == expected)
    }

    @Test(arguments: ["%", "a=%", "a=%4", "%zz=1", "a=1&b=%"])
    func aBrokenPercentIsAFault(_ query: String) {
        #expect(throws: HTTPQueryFault.self) { try items(query) }
    }
}

@Suite struct HTTPKeyTests {
    @Test(arguments: [
        ("a", "a"), ("a/b", "a/b"), ("a%2Fb", "a/b"), ("a//b/", "a//b/"), ("/", "/"), ("...", "..."), (".a", ".a"),
        ("a.", "a."), ("a+b", "a+b"), ("%252e", "%2e"), ("%00", "\u{00}"), ("..a/b..", "..a/b.."),
    ])
    func aKeyIsThePathDecodedOnce(_ raw: String, _ key: String) throws {
        #expect(try HTTPKey.decode(wire(raw).span, base64URL: false, limit: 1024) == Bytes(wire(key)))
    }

    @Test(
        arguments: [
            ("", .empty), (".", .dotSegment), ("..", .dotSegment), ("%2e", .dotSegment), ("%2E.", .dotSegment),
            ("a/../b", .dotSegment), ("a/.", .dotSegment), ("./a", .dotSegment), ("a%2F..%2Fb", .dotSegment),
            ("a//..", .dotSegment), ("%", .malformedPercent), ("a%2", .malformedPercent), ("12345", .tooLong),
            ("%31%32%33%34%35", .tooLong),
        ] as [(String, HTTPKey.Fault)])
    func whatNamesNoKeyIsRefused(_ raw: String, _ fault: HTTPKey.Fault) {
        let limit = fault == .tooLong ? 4 : 1024
        #expect(throws: fault) { try HTTPKey.decode(wire(raw).span, base64URL: false, limit: limit) }
    }

    @Test(arguments: [("Lg", "."), ("Li4", ".."), ("AP8", "\u{00}\u{FF}"), ("%4CLg", ",\u{B8}")])
    func base64URLNamesAnyBytes(_ raw: String, _ key: String) throws {
        #expect(try HTTPKey.decode(wire(raw).span, base64URL: true, limit: 2) == Bytes(wire(key)))
    }

    @Test(
        arguments: [
            ("", .empty), ("a", .malformedBase64URL), ("AA==", .malformedBase64URL), ("Zm9v/Zm9v", .malformedBase64URL),
            ("%", .malformedPercent), ("Zm9v", .tooLong),
        ] as [(String, HTTPKey.Fault)])
    func whatIsNoBase64URLIsRefused(_ raw: String, _ fault: HTTPKey.Fault) {
        #expect(throws: fault) { try HTTPKey.decode(wire(raw).span, base64URL: true, limit: 2) }
    }
}
