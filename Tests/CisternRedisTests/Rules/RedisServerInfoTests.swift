import CisternBytes
import CisternRESP
import TestSupport
import Testing

@testable import CisternRedis

/// What a server says of itself and of the connection.
@Suite(.timeLimit(.minutes(20))) struct RedisServerInfoTests {
    @Test(arguments: [
        RESPValue.bulkString("id=7 addr=127.0.0.1:50000 laddr=127.0.0.1:6379 name=cistern\n"),
        .verbatim("id=7 addr=127.0.0.1:50000 laddr=127.0.0.1:6379 name=cistern\n"),
    ])
    func theAddressIsReadInBothProtocols(reply: RESPValue) {
        var info = RedisServerInfo()
        info.read(clientInfo: reply)
        #expect(info.clientAddress == "127.0.0.1:50000")
    }

    @Test(arguments: [
        RESPValue.null, .bulkString(""), .bulkString("id=7 laddr=127.0.0.1:6379\n"), .verbatim(""), .integer(1),
    ])
    func whatSaysNoAddressHasNone(reply: RESPValue) {
        var info = RedisServerInfo()
        info.read(clientInfo: reply)
        #expect(info.clientAddress == nil)
    }
}

extension RESPValue {
    /// A text as RESP3 marks it.
    fileprivate static func verbatim(_ text: Bytes) -> RESPValue {
        RESPVerbatimString(wire: Bytes(Array("txt:".utf8) + Array(text))).map { .verbatimString($0) } ?? .null
    }
}
