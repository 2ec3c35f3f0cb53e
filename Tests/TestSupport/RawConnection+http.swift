package import CisternBytes

/// A response as it came over a raw connection.
package struct RawResponse: Sendable, Equatable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: Bytes
}

extension RawConnection {
    /// Reads one response to its end: by its length, its chunks, or the end of the connection (RFC 9112 §6.3).
    ///
    /// - Parameter hasBody: false for the answer to HEAD.
    package func readResponse(hasBody: Bool = true) throws -> RawResponse {
        let head = String(decoding: try read(through: Array("\r\n\r\n".utf8)), as: UTF8.self)
        // A line feed without its carriage return is one character of its own to Swift, so the split is by bytes.
        let lines = head.utf8.split(separator: 0x0A).map { String(decoding: $0.dropLast(), as: UTF8.self) }
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw TestFailure("not a status line: \(lines.first ?? "")")
        }
        var headers = HTTPHeaders()
        for line in lines.dropFirst() where !line.isEmpty {
            guard headers.add(line: line) else { throw TestFailure("not a header: \(line)") }
        }
        return RawResponse(
            status: status, headers: headers,
            body: hasBody && status >= 200 && status != 204 && status != 304 ? try readBody(headers) : Bytes())
    }

    private func readBody(_ headers: HTTPHeaders) throws -> Bytes {
        if headers["Transfer-Encoding"]?.lowercased() == "chunked" { return try readChunks() }
        guard let length = headers["Content-Length"] else { return try readToEnd() }
        guard let count = Int(length), count >= 0 else { throw TestFailure("Content-Length: \(length)") }
        return try read(count)
    }

    private func readChunks() throws -> Bytes {
        var body: [UInt8] = []
        while true {
            let line = String(decoding: try readLine(), as: UTF8.self)
            guard let size = Int(line.utf8.prefix { $0 != 0x0D && $0 != 0x3B }.text, radix: 16) else {
                throw TestFailure("not a chunk size: \(line)")
            }
            if size == 0 { break }
            // The array in it: in a debug build a collection of our own would be added byte by byte.
            body += try read(size).storage
            guard try read(2) == "\r\n" else { throw TestFailure("no line end after a chunk of \(size)") }
        }
        while try readLine() != "\r\n" {}
        return Bytes(body)
    }
}

extension Sequence<UInt8> {
    fileprivate var text: String { String(decoding: Array(self), as: UTF8.self) }
}
