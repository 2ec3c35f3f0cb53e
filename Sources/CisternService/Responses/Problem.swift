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
        _ status: HTTPStatus, _ detail: String, id: RequestID, pointer: JSONPointer? = nil,
        on responder: consuming HTTPResponder,
        _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void = { _, _ in }
    ) {
        let id = responder.requestID.map(RequestID.init(text:)) ?? id
        responder.send(status, body: body(status, detail, id, pointer)) { head, output in
            head.field("Content-Type", MediaType.problem, to: &output)
            head.lines("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n", to: &output)
            head.field("X-Request-Id", bytes: id.text, to: &output)
            fields(head, &output)
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
