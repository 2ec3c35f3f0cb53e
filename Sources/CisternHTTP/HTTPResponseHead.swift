package import CisternBytes

/// Writes the head of one response, in order: status line, fields, end.
///
/// Ending consumes the writer, so a field behind the end or a second end does not compile. `StaticString`s are this
/// program's own and are written as they are; a value of another origin has its control characters replaced by
/// spaces (RFC 9110 §5.5), so that nobody can begin a line of their own in a response.
package struct HTTPResponseHead: ~Copyable {
    /// What the response's content is.
    package enum Content: Sendable, Equatable {
        /// So many bytes.
        case length(Int)
        /// An unknown number of bytes.
        case stream
    }

    /// What is to be written behind the head.
    package enum Coding: Sendable, Equatable {
        /// Nothing: the response has no content, or the method is HEAD.
        case nothing
        /// The announced number of bytes.
        case identity
        /// Chunks, by ``HTTPChunks``.
        case chunked
        /// The bytes, and then the end of the connection: HTTP/1.0 has no chunks.
        case untilClose
    }

    private let status: HTTPStatus

    package init(_ status: HTTPStatus, to output: inout OutputQueue) {
        self.status = status
        output.append(status.line)
    }

    package func field(_ name: StaticString, _ value: StaticString, to output: inout OutputQueue) {
        output.append(line: name, value)
    }

    package func field(_ name: StaticString, decimal value: Int, to output: inout OutputQueue) {
        output.append(name)
        output.append(": ", decimal: value, "\r\n")
    }

    package func field(_ name: StaticString, bytes value: Span<UInt8>, to output: inout OutputQueue) {
        output.append(name)
        output.append(": ")
        if HTTPGrammar.firstControl(in: value) == nil {
            output.append(copying: value)
        } else {
            for index in value.indices {
                output.append(value[index] < 0x20 || value[index] == 0x7F ? 0x20 : value[index])
            }
        }
        output.append("\r\n")
    }

    package func field(_ name: StaticString, bytes value: Bytes, to output: inout OutputQueue) {
        field(name, bytes: value.span, to: &output)
    }

    /// Whole field lines as they are, each with its CRLF: constants in one copy.
    package func lines(_ lines: StaticString, to output: inout OutputQueue) {
        output.append(lines)
    }

    /// Writes framing, `Connection` and the empty line.
    ///
    /// A `length` is announced to HEAD as it is to GET (RFC 9110 §9.3.2); 204 and 304 have no framing fields.
    package consuming func end(
        _ content: Content, for context: HTTPResponseContext, to output: inout OutputQueue
    ) -> Coding {
        var keepAlive = context.keepAlive
        var coding = Coding.nothing
        if !status.hasNoContent {
            switch content {
            case .length(let length):
                output.append("Content-Length: ", decimal: length, "\r\n")
                coding = length == 0 ? .nothing : .identity
            case .stream where context.version == .http10:
                keepAlive = false
                coding = .untilClose
            case .stream:
                lines("Transfer-Encoding: chunked\r\n", to: &output)
                coding = .chunked
            }
        }
        // RFC 9112 §9.3: 1.1 goes on by itself, 1.0 must be told.
        if !keepAlive {
            output.append("Connection: close\r\n\r\n")
        } else if context.version == .http10 {
            output.append("Connection: keep-alive\r\n\r\n")
        } else {
            output.append("\r\n")
        }
        return context.method == .head ? .nothing : coding
    }

    /// The interim response to `Expect: 100-continue`.
    package static func writeContinue(to output: inout OutputQueue) {
        output.append("HTTP/1.1 100 Continue\r\n\r\n")
    }
}
