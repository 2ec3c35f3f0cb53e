internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON

/// The body of an error (RFC 9457). It holds no value, no host and no text of Redis.
enum Problem {
    /// Answers with a problem document.
    ///
    /// - Parameters:
    ///   - id: names the request, in `instance` and `X-Request-Id`, where it has no name yet.
    ///   - pointer: the place in the request's content that is wrong, where there is one.
    ///   - fields: writes further fields, such as `Allow` or `Retry-After`.
    static func send(
        _ status: HTTPStatus, _ detail: String, id: @autoclosure () -> RequestID, pointer: JSONPointer? = nil,
        on responder: consuming HTTPResponder,
        _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void = { _, _ in }
    ) {
        let id = name(of: responder, or: id())
        send(status, body(status, detail, id, pointer), id, on: responder, fields)
    }

    /// Answers with a problem that is told so often that its text is made once.
    static func send(
        _ known: Known, id: @autoclosure () -> RequestID, on responder: consuming HTTPResponder,
        _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void = { _, _ in }
    ) {
        let id = name(of: responder, or: id())
        send(known.status, known.body(id), id, on: responder, fields)
    }

    private static func name(of responder: borrowing HTTPResponder, or id: @autoclosure () -> RequestID) -> RequestID {
        responder.requestID.map(RequestID.init(text:)) ?? id()
    }

    private static func send(
        _ status: HTTPStatus, _ body: Bytes, _ id: RequestID, on responder: consuming HTTPResponder,
        _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void
    ) {
        responder.send(status, body: body) { head, output in
            head.field("Content-Type", MediaType.problem, to: &output)
            head.lines("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n", to: &output)
            head.field("X-Request-Id", bytes: id.text, to: &output)
            fields(head, &output)
        }
    }

    /// A problem whose text is the same but for the name of the request, which is its last member.
    struct Known: Sendable {
        static let noSuchKey = Known(.notFound, "there is no such key")

        let status: HTTPStatus
        private let beginning: Bytes
        private static let end: Bytes = "\"}"

        init(_ status: HTTPStatus, _ detail: String) {
            self.status = status
            let nameless = Problem.body(status, detail, RequestID(text: Bytes()))
            beginning = Bytes(nameless.dropLast(Self.end.count))
        }

        /// The whole text: a name has no character that JSON would have escaped.
        func body(_ id: RequestID) -> Bytes {
            var body: [UInt8] = []
            body.reserveCapacity(beginning.count + id.text.count + Self.end.count)
            for part in [beginning, id.text, Self.end] { body.append(contentsOf: part) }
            return Bytes(adopting: body)
        }
    }

    static func body(
        _ status: HTTPStatus, _ detail: String, _ id: RequestID, _ pointer: JSONPointer? = nil
    ) -> Bytes {
        var json = JSONWriter(reserving: 192)
        json.object { json in
            json.field("type", "about:blank")
            json.field("title", status.reason)
            json.field("status", status.code)
            json.field("detail", detail)
            json.key("instance")
            json.string(id.text)
            if let pointer { json.field("pointer", pointer.text) }
        }
        return Bytes(adopting: json.bytes)
    }
}
