import Testing

@testable import CisternHTTP

/// `If-Match` and `If-None-Match` as RFC 9110 §8.8.3, §13.1.1 and §5.6.1 write them.
@Suite struct EntityTagTests {
    /// What a field names: the tags, weak ones marked; nil where it does not parse.
    private func tags(_ lines: String...) -> [String]? {
        let fields = lines.map { "If-Match: \($0)¶" }.joined()
        let head = parsed("GET / HTTP/1.1¶Host: h¶\(fields)¶")
        var tags: [String] = []
        switch head.readEntityTags(of: .ifMatch, { tags.append(($0 ? "W/" : "") + text($1)) }) {
        case .any: return ["*"]
        case .tags: return tags
        case nil: return nil
        }
    }

    @Test func tagsComeInOrderOverAllLines() {
        #expect(tags("\"a\"") == ["a"])
        #expect(tags("\"a\", W/\"b\",\"c\"", "\"d\"") == ["a", "W/b", "c", "d"])
        #expect(tags("\"\"") == [""])
    }

    @Test func aCommaInATagCutsNothingAndABackslashIsABackslash() {
        #expect(tags("\"a,b\" , \"c\\\"") == ["a,b", "c\\"])
        #expect(tags("\"é\"") == ["é"])
    }

    @Test func emptyElementsArePassedOver() {
        #expect(tags(", ,\"a\",,\t\"b\" ,") == ["a", "b"])
        #expect(tags("") == [])
        #expect(tags(" , ") == [])
    }

    @Test func theStarStandsAlone() {
        #expect(tags("*") == ["*"])
        #expect(tags(" * ,") == ["*"])
        #expect(tags("*, \"a\"") == nil)
        #expect(tags("\"a\"", "*") == nil)
        #expect(tags("*", "*") == nil)
    }

    @Test(
        arguments: [
            "a", "\"a", "a\"", "\"a\"b", "\"a\" \"b\"", "w/\"a\"", "W\"a\"", "W/a", "W/", "W", "W /\"a\"", "\"a b\"",
            "'a'", "**", "*\"a\"", "\"a\";q=1",
        ])
    func whatIsNoTagIsRefused(value: String) {
        #expect(tags(value) == nil)
    }
}
