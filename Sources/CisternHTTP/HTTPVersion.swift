/// The version that governs an exchange. A later minor version of HTTP/1 is served as 1.1, the highest one
/// implemented here (RFC 9110 §2.5).
package enum HTTPVersion: UInt8, Sendable {
    case http10, http11
}
