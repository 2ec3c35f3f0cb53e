internal import CisternBytes
internal import CisternHTTP

/// The content of a request, and what is said of it before a byte of it is read.
extension CacheService {
    /// The checks in their order: 400, 411, 413, 415, 417.
    ///
    /// - Parameters:
    ///   - limit: The most bytes of content.
    ///   - tooLarge: The answer to more.
    ///   - isJSON: Whether it must be said that the content is JSON.
    func checkContent(
        _ head: HTTPRequestHead, limit: Int, tooLarge: @autoclosure () -> Refusal, isJSON: Bool = false
    ) throws(Refusal) {
        if head.has(.contentRange) {
            throw Refusal(.badRequest, "Content-Range: content is taken whole or not at all")
        }
        guard head.hasLength else {
            throw Refusal(
                .lengthRequired, "\(head.method.token) needs a Content-Length, or Transfer-Encoding: chunked")
        }
        if case .length(let length) = head.framing, length > limit { throw tooLarge() }
        var isPlain = true
        head.forEachElement(of: .contentEncoding) { coding in
            isPlain = ASCII.equal(coding, lowercase: "identity")
            return isPlain
        }
        guard isPlain else { throw .codedContent }
        if isJSON, !head.hasJSONContent { throw .otherThanJSON }
        try checkExpectation(head)
    }

    func checkExpectation(_ head: HTTPRequestHead) throws(Refusal) {
        guard head.expectation != .unsupported else { throw .expectation }
    }

    /// Content of this many bytes is read although it means nothing: less than a new connection costs.
    private static let longestMeaningless = 65536

    /// Reads the content of a request whose content means nothing (RFC 9110 §9.3.1, §9.3.5), so that the connection goes on behind
    /// it. Longer or chunked content, and what the client would have to be asked for, ends the connection with the answer
    /// instead, as every content does of a request that is refused.
    ///
    /// - Throws: The answer to content that does not come.
    func passOverContent(of head: HTTPRequestHead, _ responder: borrowing HTTPResponder) async throws(Refusal) {
        guard case .length(let length) = head.framing, length <= Self.longestMeaningless, head.expectation == .none
        else { return }
        do throws(HTTPRejection) {
            // Without it the client has gone, and nobody waits for the answer.
            _ = try await responder.body(limit: length)
        } catch {
            throw Refusal(error.status, "\(error.reason)")
        }
    }

    var valueTooLarge: Refusal {
        Refusal(.contentTooLarge, "the value is larger than max_value_bytes, which is \(config.http.maxValueBytes)")
    }
}

extension Refusal {
    /// RFC 9110 §12.5.3: the field tells a client that it was the coding, and not the media type.
    fileprivate static let codedContent = unsupported(
        "Content-Encoding: content is taken as it comes, without a coding", accepted: "Accept-Encoding: identity\r\n")

    /// RFC 9110 §12.5.1.
    fileprivate static let otherThanJSON = unsupported(
        "the content must be JSON, said by Content-Type: application/json", accepted: "Accept: application/json\r\n")

    private static func unsupported(_ detail: String, accepted: StaticString) -> Refusal {
        var refusal = Refusal(.unsupportedMediaType, detail)
        refusal.accepted = accepted
        return refusal
    }

    /// The answer to content that could not be read whole.
    init(_ rejection: HTTPRejection, tooLarge: @autoclosure () -> Refusal) {
        self = rejection == .contentTooLarge ? tooLarge() : Refusal(rejection.status, "\(rejection.reason)")
    }
}

extension HTTPRequestHead {
    /// Whether the content is said to be JSON (RFC 8259 §11), whatever the parameters: it defines none.
    fileprivate var hasJSONContent: Bool {
        // The field is no list: of several, none counts (RFC 9110 §5.3).
        guard count(of: .contentType) == 1, let value = value(of: .contentType) else { return false }
        var end = 0
        // RFC 9110 §8.3.1: parameters come after a semicolon, and before that there may be spaces.
        while end < value.count, value[end] != 0x3B, value[end] != 0x20, value[end] != 0x09 { end += 1 }
        var rest = end
        while rest < value.count, value[rest] == 0x20 || value[rest] == 0x09 { rest += 1 }
        return ASCII.equal(value.extracting(..<end), lowercase: "application/json")
            && (rest == value.count || value[rest] == 0x3B)
    }
}
