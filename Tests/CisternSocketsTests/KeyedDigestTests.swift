import CisternBytes
import CisternSockets
import Testing

@Suite struct KeyedDigestTests {
    private let key = KeyedDigest.Key()

    private func digest(_ text: String, _ key: KeyedDigest.Key) -> KeyedDigest {
        KeyedDigest(of: Bytes(text).span, key: key)
    }

    @Test(arguments: ["", "a", "abcdefghijkl", String(repeating: "a", count: 5000)])
    func equalSecretsHaveEqualDigests(secret: String) {
        #expect(digest(secret, key).equality(with: digest(secret, key)) == .max)
    }

    @Test(arguments: ["", "a", "abcdefghijk", "abcdefghijklm", "abcdefghijkm", "Abcdefghijkl", "abcdefghijkl\0"])
    func differentSecretsDoNot(secret: String) {
        #expect(digest(secret, key).equality(with: digest("abcdefghijkl", key)) == 0)
        #expect(digest("abcdefghijkl", key).equality(with: digest(secret, key)) == 0)
    }

    @Test func withoutTheKeyADigestCannotBeForeseen() {
        #expect(digest("abcdefghijkl", key).equality(with: digest("abcdefghijkl", KeyedDigest.Key())) == 0)
    }

    /// Every word of a digest counts: among so many, no two are taken for equal because one of their words is.
    @Test func manyDigestsAreAllDifferent() {
        let digests = (0..<300).map { digest("\($0)", key) }
        for (first, one) in digests.enumerated() {
            for (second, other) in digests.enumerated() {
                #expect(one.equality(with: other) == (first == second ? .max : 0))
            }
        }
    }
}
