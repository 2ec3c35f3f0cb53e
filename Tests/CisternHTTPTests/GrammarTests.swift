import TestSupport
import Testing

@testable import CisternHTTP

@Suite struct GrammarTests {
    private let alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    private func expect(_ characters: String, are contains: (UInt8) -> Bool) {
        let members = Set(characters.utf8)
        for byte in UInt8.min...UInt8.max { #expect(contains(byte) == members.contains(byte), "\(byte)") }
    }

    @Test func theSetsAreThoseOfTheGrammars() {
        expect(alphanumeric + "!#$%&'*+-.^_`|~", are: HTTPGrammar.token.contains)
        expect(alphanumeric + "-._~", are: HTTPGrammar.unreserved.contains)
        expect(alphanumeric + "-._~/", are: HTTPGrammar.unreservedOrSlash.contains)
        expect(alphanumeric + "-._~!$&'()*+;=", are: HTTPGrammar.host.contains)
        for byte in UInt8.min...UInt8.max {
            let refused = byte <= 0x20 || byte == 0x7F || byte == 0x23
            #expect(HTTPGrammar.isTarget(byte) == !refused, "\(byte)")
        }
    }

    /// At every place of a word, and in the bytes behind the last whole one.
    @Test func everyControlCharacterIsFoundWhereverItStands() {
        for length in [1, 7, 8, 9, 16, 19] {
            for position in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var value = [UInt8](repeating: 0x80, count: length)
                    value[position] = byte
                    let control = byte < 0x20 && byte != 0x09 || byte == 0x7F
                    guard HTTPGrammar.firstControl(in: value.span) == (control ? byte : nil) else {
                        Issue.record("\(byte) at \(position) of \(length)")
                        return
                    }
                }
            }
        }
    }

    @Test func theFirstOfSeveralControlCharactersIsTold() {
        #expect(HTTPGrammar.firstControl(in: wire("ab\t\u{80}cd\r\u{00}").span) == 0x0D)
        #expect(HTTPGrammar.firstControl(in: Span()) == nil)
    }
}
