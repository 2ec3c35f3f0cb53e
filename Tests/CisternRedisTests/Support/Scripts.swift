import CisternBytes
import TestSupport

/// What fault servers do again and again.
extension FaultServer.Step {
    /// Takes the set-up of a connection and answers as Redis 7 does.
    static let greeting: [FaultServer.Step] = [
        .receiveThrough("INFO\r\n"),
        .send(["%2\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n"]),
    ]

    /// Takes one command, whose last argument is `last`, and answers.
    static func answer(_ last: Bytes, _ pieces: Bytes...) -> [FaultServer.Step] {
        [.receiveThrough(Bytes(Array(last) + [0x0D, 0x0A])), .send(pieces)]
    }
}

extension FaultServer {
    /// A server that greets every connection and then goes on as the script says.
    static func greeting(_ script: @escaping @Sendable (_ connection: Int) -> [Step]) throws -> FaultServer {
        try FaultServer { Step.greeting + script($0) }
    }

    /// How often something has come, on all connections together.
    func count(_ bytes: Bytes) -> Int {
        (0..<connections).reduce(0) { sum, connection in
            let received = Array(received(on: connection))
            return sum + received.indices.count { received[$0...].starts(with: bytes) }
        }
    }
}
