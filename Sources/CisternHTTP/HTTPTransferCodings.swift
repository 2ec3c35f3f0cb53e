internal import CisternBytes

/// The transfer codings of a request, over all lines of the field (RFC 9112 §6.1, §6.3).
///
/// The one good outcome here is `chunked` alone. Empty list elements mean nothing (RFC 9110 §5.6.1.2); the limit of the
/// field section is theirs as well.
struct HTTPTransferCodings {
    private var chunked = false
    private var others = false

    mutating func add(_ value: Span<UInt8>) throws(HTTPRejection) {
        var position = 0
        while let element = HTTPList.next(in: value, from: &position) {
            if element.isEmpty { continue }
            // Something after chunked, or chunked twice: the end of the content is anyone's guess.
            if chunked { throw .chunkedNotLast }
            try add(coding: value.extracting(element))
        }
    }

    private mutating func add(coding: Span<UInt8>) throws(HTTPRejection) {
        var end = 0
        while end < coding.count, HTTPGrammar.token.contains(coding[end]) { end += 1 }
        guard end > 0 else { throw .invalidTransferCoding }
        let isChunked = ASCII.equal(coding.extracting(..<end), lowercase: "chunked")
        let parameters = HTTPGrammar.trimmed(end..<coding.count, in: coding)
        // RFC 9112 §7.1: chunked has no parameters, and some are an error.
        guard parameters.isEmpty || coding[parameters.lowerBound] == 0x3B && !isChunked else {
            throw .invalidTransferCoding
        }
        if isChunked { chunked = true } else { others = true }
    }

    func finish() throws(HTTPRejection) {
        // RFC 9112 §6.3 rule 4: without chunked at the end the length cannot be known.
        guard chunked else { throw .chunkedNotLast }
        // RFC 9112 §6.1: 501 for a coding that is not understood.
        guard !others else { throw .unknownTransferCoding }
    }
}
