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
        guard isPlain else {
            throw Refusal(.unsupportedMediaType, "Content-Encoding: content is taken as it comes, without a coding")
        }
        if isJSON, !head.hasJSONContent {
            throw Refusal(.unsupportedMediaType, "the content must be JSON, said by Content-Type: application/json")
        }
        try checkExpectation(head)
    }

    func checkExpectation(_ head: HTTPRequestHead) throws(Refusal) {
        guard head.expectation != .unsupported else { throw .expectation }
    }

    var valueTooLarge: Refusal {
        Refusal(.contentTooLarge, "the value is larger than max_value_bytes, which is \(config.http.maxValueBytes)")
    }
}

extension Refusal {
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
