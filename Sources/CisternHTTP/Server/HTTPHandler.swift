package import CisternBytes
internal import CisternSockets

/// What a server asks its application. Called on the loop of the connection.
package protocol HTTPHandler: AnyObject, Sendable {
    /// Answers the requests of a connection, one after the other, until there is none for this handler:
    ///
    ///     while let responder = await connection.nextRequest(for: self) { … }
    ///
    /// What it does not answer is answered with 500; when it does not ask again, the connection ends. A whole answer leaves when
    /// the next request is asked for, so that what is counted before that is counted for whoever has the answer: what takes long
    /// comes before it.
    // The loop is the handler's, since after every call through the protocol the task would switch to the executor that it is on.
    func serve(_ connection: HTTPConnection) async

    /// Answers a request that was not understood, or that did not come in time; the connection ends with it.
    func refuse(_ rejection: HTTPRejection, _ responder: consuming HTTPResponder)

    /// The response to a connection too many, whole, with `Connection: close`.
    var overloadedResponse: Bytes { get }
}

/// The right to answer one request, once: answering consumes it, so that a second answer does not compile.
package struct HTTPResponder: ~Copyable {
    /// The connection, which outlasts the right to answer.
    package let connection: HTTPConnection
    private let context: HTTPResponseContext
    /// Whole field lines, each with its CRLF, that the answer has whatever it becomes; nil for none.
    package var standingLines: Bytes?
    /// What the request is called, where it has been given a name.
    package var requestID: Bytes?

    init(_ connection: HTTPConnection, _ context: HTTPResponseContext) {
        self.connection = connection
        self.context = context
    }

    /// The request; of one that was refused, as far as it was understood.
    package var head: HTTPRequestHead { connection.head }

    /// When the last byte of the request had come.
    package var requestEnd: MonotonicTime { connection.requestEnd }

    /// The index of the connection's loop in its group.
    package var loopIndex: Int { connection.loopIndex }

    /// The request's whole body. Says `100 Continue` first where the client waits for it.
    ///
    /// - Throws: the rejection to answer with: too large, malformed, too slow. Nil when the client has gone, and nobody
    ///   is there to answer.
    package func body(limit: Int) async throws(HTTPRejection) -> Bytes? {
        try await connection.readBody(limit: limit)
    }

    /// Answers with a status, fields and a body of known length.
    ///
    /// - Parameter fields: writes fields; `Date`, framing and `Connection` are written here.
    package consuming func send(
        _ status: HTTPStatus, body: Bytes = Bytes(),
        _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void = { _, _ in }
    ) {
        let lines = standingLines
        connection.write(status, body: body, for: context) { head, output in
            if let lines { output.append(value: lines) }
            fields(head, &output)
        }
        connection.endResponse()
    }

    /// Answers with a body of unknown length: chunked, or ended by the connection's end for HTTP/1.0.
    ///
    /// - Parameter write: produces the body, piece by piece, as fast as the client takes it.
    package consuming func stream(
        _ status: HTTPStatus, _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void,
        write: (borrowing HTTPBodyWriter) async -> Void
    ) async {
        let lines = standingLines
        let coding = connection.writeHead(status, .stream, for: context) { head, output in
            if let lines { output.append(value: lines) }
            fields(head, &output)
        }
        // What ends with the connection for GET says `Connection: close` to HEAD as well.
        if context.version == .http10 { connection.closeAfterResponse() }
        connection.scheduleFlush()
        if coding != .nothing { await write(HTTPBodyWriter(connection, coding)) }
        if coding == .chunked { HTTPChunks.end(&connection.stream.output) }
        connection.endResponse()
    }
}

/// Writes a body of unknown length.
package struct HTTPBodyWriter: ~Copyable {
    /// Bytes that may wait in memory before the producer has to.
    private static let waitingBytes = 256 * 1024

    private let connection: HTTPConnection
    private let coding: HTTPResponseHead.Coding

    init(_ connection: HTTPConnection, _ coding: HTTPResponseHead.Coding) {
        self.connection = connection
        self.coding = coding
    }

    /// Sends a piece, and waits while too much waits to be sent. False when the client has gone: stop.
    package func write(_ bytes: Bytes) async -> Bool {
        guard connection.isOpen else { return false }
        connection.count(content: bytes)
        if coding == .chunked {
            HTTPChunks.append(bytes, to: &connection.stream.output)
        } else {
            connection.stream.output.append(value: bytes)
        }
        connection.scheduleFlush()
        return connection.stream.output.count < Self.waitingBytes ? true : await connection.drained()
    }
}
