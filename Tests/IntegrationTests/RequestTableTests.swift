import CisternBytes
import TestSupport
import Testing

@Suite("The table of requests", .blocking) struct RequestTableTests {
    /// A service in which the key of the table has its value.
    private static let shared = Result {
        let stack = try Stack.local()
        _ = try stack.curl().put(RequestCase.writtenPath, "hello")
        return stack
    }

    private var stack: Stack { get throws { try Self.shared.get() } }

    @Test(arguments: RequestCase.all) func theServiceAnswersAsTheTableSays(_ request: RequestCase) throws {
        let connection = try stack.raw()
        try connection.send(Bytes(request.bytes))
        var expected = request.outcome.answers
        switch request.outcome.ending {
        case .open:
            try connection.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            expected.append(200)
        case .waiting: connection.shutdownWrite()
        // It ends by itself, and whatever else comes is not answered.
        case .closed, .refused, .broken:
            try connection.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        }
        let answers = try connection.answersToEnd()
        #expect(answers.statuses == expected)
        #expect(answers.announcesEnd == (request.outcome.ending != .waiting))
    }

    /// Every case in two segments, cut before every byte (in very long ones, before some). Requests that begin alike are cut
    /// within their common beginning once: the service cannot tell them apart there.
    @Test func aCutChangesNothing() throws {
        var beginnings: Set<ArraySlice<UInt8>> = []
        var parts = RequestCase.all.flatMap { request in
            request.cuts.filter { $0 > 600 || beginnings.insert(request.bytes[..<$0]).inserted }.map { (request, $0) }
        }[...]
        while !parts.isEmpty {
            let batch = parts.prefix(64)
            parts = parts.dropFirst(64)
            let connections = try batch.map { request, cut in
                let connection = try stack.raw()
                try connection.send(Bytes(request.bytes[..<cut]))
                return connection
            }
            for (connection, (request, cut)) in zip(connections, batch) {
                try connection.send(Bytes(request.bytes[cut...]))
                switch request.outcome.ending {
                case .open, .waiting: connection.shutdownWrite()
                case .closed, .refused, .broken: break
                }
            }
            for (connection, (request, cut)) in zip(connections, batch) {
                let answers = try connection.answersToEnd()
                guard answers.statuses == request.outcome.answers else {
                    Issue.record("\(request), cut before byte \(cut): \(answers.statuses)")
                    return
                }
            }
        }
    }
}
