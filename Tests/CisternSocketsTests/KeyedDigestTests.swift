import CisternBytes
import Testing

@testable import CisternSockets

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

    /// Every bit of a digest counts.
    @Test func digestsThatDifferInOneBitAreDifferent() {
        for digest in [KeyedDigest((0, 0, 0, 0)), KeyedDigest((.max, .max, .max, .max))] {
            #expect(digest.equality(with: digest) == .max)
        }
        for bit in 0..<64 {
            let other = UInt64(1) << bit
            for words in [(other, 0, 0, 0), (0, other, 0, 0), (0, 0, other, 0), (0, 0, 0, other)] {
                #expect(KeyedDigest(words).equality(with: KeyedDigest((0, 0, 0, 0))) == 0)
            }
        }
    }
}
