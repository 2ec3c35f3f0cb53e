import CisternBytes
import CisternRESP
import Testing

@Suite struct RESPMalformedTests {
    @Test(arguments: [
        // Lines
        "\r\n", "\n", "OK\r\n", "HTTP/1.1 200 OK\r\n", "+OK\n", "+O\nK\r\n", "+O\rK\r\n", "+OK\r\r\n", "\0\r\n",
        "\u{ff}\r\n",
        // Integers
        ":\r\n", ":+\r\n", ":-\r\n", ":1a\r\n", ": 1\r\n", ":1 \r\n", ":--1\r\n", ":0x1\r\n", ":1.0\r\n",
        ":9223372036854775808\r\n", ":-9223372036854775809\r\n", ":99999999999999999999\r\n",
        // Lengths
        "$\r\n", "$+1\r\na\r\n", "$-2\r\n", "$-0\r\n\r\n", "$1a\r\n", "$ 1\r\n", "$99999999999999999999\r\n",
        "*\r\n", "*-2\r\n", "*+1\r\n", "*a\r\n", "*99999999999999999999\r\n",
        "%-1\r\n", "~-1\r\n", ">-1\r\n", "|-1\r\n", "!-1\r\n", "=-1\r\n",
        // Contents
        "$1\r\nab\r\n", "$1\r\na\n", "$1\r\na\rb", "$2\r\na\r\n\r\n", "$0\r\na\r\n", "!1\r\nab\r\n",
        "=3\r\ntxt\r\n", "=0\r\n\r\n", "=5\r\ntxt-a\r\n",
        // RESP3
        "_a\r\n", "#\r\n", "#T\r\n", "#true\r\n", "#1\r\n",
        ",\r\n", ",.5\r\n", ",5.\r\n", ",1e\r\n", ",1e+\r\n", ",e5\r\n", ",-\r\n", ",1.2.3\r\n", ",0x1p3\r\n",
        ",infinity\r\n",
        ",+inf\r\n", ",NaN\r\n", ",1,5\r\n", ",1 \r\n", ",\u{0}1\r\n",
        "(\r\n", "(-\r\n", "(1a\r\n", "(1.5\r\n",
        // A push is no element.
        "*1\r\n>1\r\n+a\r\n", "|1\r\n>1\r\n+a\r\n+b\r\n+c\r\n",
        // Good bytes before bad ones
        "*2\r\n:1\r\nx\r\n", "%1\r\n:1\r\n:x\r\n",
    ])
    func malformedBytesAreRefusedHoweverTheyAreSplit(_ wire: String) throws {
        let outcome = try decodeRESPSplit(wire)
        #expect(outcome.error?.code == .malformed)
        #expect(outcome.values.isEmpty)
    }

    @Test(arguments: ["$?\r\n", "*?\r\n", "%?\r\n", "~?\r\n", ">?\r\n", "|?\r\n", ";4\r\nabcd\r\n", ".\r\n"])
    func streamedTypesAreRefused(_ wire: String) throws {
        #expect(try decodeRESPSplit(wire).error?.code == .unsupported)
    }

    @Test func whatCameBeforeTheFaultIsDelivered() throws {
        let outcome = try decodeRESPSplit("+OK\r\n:1\r\n:x\r\n+OK\r\n")
        #expect(outcome.values == [.simpleString("OK"), .integer(1)])
        #expect(outcome.error?.code == .malformed)
    }

    @Test func aDecoderStaysFailed() throws {
        var decoder = RESPDecoder()
        var consumed = 0
        #expect(throws: RESPDecodingError.self) { try decoder.decode(Array("x\r\n".utf8).span, consumed: &consumed) }
        #expect(throws: RESPDecodingError.self) { try decoder.decode(Array("+OK\r\n".utf8).span, consumed: &consumed) }
        #expect(consumed == 0)
    }
}
