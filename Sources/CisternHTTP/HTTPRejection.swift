/// Why a request is refused before anyone looks at what it asks for. The answer closes the connection.
///
/// The one table of the protocol's own refusals. The reasons hold no byte of the request.
package enum HTTPRejection: Error, Sendable, CaseIterable {
    // The message as lines (RFC 9112 §2.2).
    case bareLineFeed, bareCarriageReturn, controlCharacter, tooManyEmptyLines, tlsOnPlainPort, plainOnTLSPort
    // The request line (RFC 9112 §3).
    case malformedRequestLine, malformedTarget, targetTooLong, unknownMethod, unsupportedVersion
    // Field lines (RFC 9112 §5).
    case malformedField, whitespaceBeforeColon, foldedField, fieldsTooLarge, tooManyFields
    // Host (RFC 9112 §3.2).
    case missingHost, repeatedHost, invalidHost
    // Framing (RFC 9112 §6).
    case lengthAndTransferCoding, invalidContentLength, conflictingContentLength
    case transferCodingInHTTP10, invalidTransferCoding, chunkedNotLast, unknownTransferCoding
    // Chunks (RFC 9112 §7.1).
    case invalidChunkSize, chunkSizeOverflow, invalidChunkExtension, chunkExtensionsTooLarge, chunkNotTerminated
    case trailersTooLarge
    case contentTooLarge
    // What the connection finds, not the parser.
    case requestTimeout, lengthRequired, unsupportedExpectation, secureTargetOnPlainPort

    package var status: HTTPStatus {
        switch self {
        case .targetTooLong: .uriTooLong
        case .unknownMethod, .unknownTransferCoding: .notImplemented
        case .unsupportedVersion: .httpVersionNotSupported
        case .fieldsTooLarge, .tooManyFields, .trailersTooLarge: .requestHeaderFieldsTooLarge
        case .contentTooLarge: .contentTooLarge
        case .requestTimeout: .requestTimeout
        case .lengthRequired: .lengthRequired
        case .unsupportedExpectation: .expectationFailed
        // RFC 9110 §7.4.
        case .secureTargetOnPlainPort: .misdirectedRequest
        default: .badRequest
        }
    }

    package var reason: StaticString {
        switch self {
        case .bareLineFeed: "a line ends in LF without CR"
        case .bareCarriageReturn: "a CR stands without LF"
        case .controlCharacter: "the request holds a control character"
        case .tooManyEmptyLines: "too many empty lines before the request line"
        case .tlsOnPlainPort: "this port speaks plain HTTP, not TLS"
        case .plainOnTLSPort: "this port speaks HTTPS, not plain HTTP"
        case .malformedRequestLine: "the request line is not 'method target HTTP/version' with single spaces"
        case .malformedTarget: "the request target is not valid for its method"
        case .targetTooLong: "the request target is too long"
        case .unknownMethod: "the method is not implemented"
        case .unsupportedVersion: "only HTTP/1.0 and HTTP/1.1 are spoken here"
        case .malformedField: "a field line is not 'name: value'"
        case .whitespaceBeforeColon: "whitespace stands before a field's colon"
        case .foldedField: "a field line begins with whitespace"
        case .fieldsTooLarge: "the header fields are too large"
        case .tooManyFields: "there are too many header fields"
        case .missingHost: "HTTP/1.1 needs a Host field"
        case .repeatedHost: "there is more than one Host field"
        case .invalidHost: "the host is not valid"
        case .lengthAndTransferCoding: "Content-Length and Transfer-Encoding exclude each other"
        case .invalidContentLength: "Content-Length is not a decimal number in range"
        case .conflictingContentLength: "the Content-Length values differ"
        case .transferCodingInHTTP10: "HTTP/1.0 has no Transfer-Encoding"
        case .invalidTransferCoding: "Transfer-Encoding is malformed"
        case .chunkedNotLast: "chunked is not the last transfer coding, once"
        case .unknownTransferCoding: "a transfer coding is not implemented"
        case .invalidChunkSize: "a chunk size is not a hexadecimal number"
        case .chunkSizeOverflow: "a chunk size is out of range"
        case .invalidChunkExtension: "a chunk extension is malformed"
        case .chunkExtensionsTooLarge: "the chunk extensions are too large"
        case .chunkNotTerminated: "a chunk does not end in CRLF where its size says"
        case .trailersTooLarge: "the trailer fields are too large"
        case .contentTooLarge: "the content is too large"
        case .requestTimeout: "the request did not arrive in time"
        case .lengthRequired: "the content needs a Content-Length or the chunked coding"
        case .unsupportedExpectation: "only the expectation 100-continue is known"
        case .secureTargetOnPlainPort: "an https URI was asked for, and this connection is not secured"
        }
    }
}
