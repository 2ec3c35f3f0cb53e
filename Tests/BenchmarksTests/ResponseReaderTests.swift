import Testing

@testable import CisternBenchmarks

@Suite struct ResponseReaderTests {
    private static let responses: [(text: String, status: Int)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200),
        ("HTTP/1.1 404 Not Found\r\nServer: s\r\ncontent-length:0\r\nX: y\r\n\r\n", 404),
        ("HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n", 204),
    ]

    @Test(arguments: responses.indices) func aResponseIsReadHoweverItIsCut(index: Int) throws {
        let (text, status) = Self.responses[index]
        let bytes = Array(text.utf8)
        for cut in 0..<bytes.count {
            var reader = ResponseReader()
            // Twice, since a connection has many.
            for _ in 1...2 {
                let isEarly = cut > 0 ? try take(bytes[..<cut], &reader) : false
                let isComplete = try take(bytes[cut...], &reader)
                #expect(!isEarly && isComplete && reader.status == status, "cut at \(cut)")
            }
        }
        var reader = ResponseReader()
        let states = try bytes.indices.map { try take(bytes[$0...$0], &reader) }
        #expect(states.lastIndex(of: true) == bytes.count - 1 && states.firstIndex(of: true) == bytes.count - 1)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "200\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", "HTTP/1.1 204 No Content\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nX-Content-Length: 0\r\n\r\n",
    ])
    func whatIsNoResponseIsRefused(text: String) {
        var reader = ResponseReader()
        #expect(throws: ResponseReader.Malformed.self) { _ = try take(Array(text.utf8)[...], &reader) }
    }

    private func take(_ bytes: ArraySlice<UInt8>, _ reader: inout ResponseReader) throws -> Bool {
        try bytes.withUnsafeBytes { try reader.take($0) }
    }
}
