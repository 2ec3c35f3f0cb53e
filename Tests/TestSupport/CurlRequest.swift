import CCurl
package import CisternBytes

/// A request as libcurl is to send it. The path goes out as it stands: no dot segment is removed, nothing is encoded.
package struct CurlRequest: Sendable {
    package enum Body: Sendable {
        case none
        /// With Content-Length.
        case whole(Bytes)
        /// With `Transfer-Encoding: chunked`, a chunk per piece.
        case chunked([Bytes])
    }

    package var method: String
    package var path: String
    package var headers: [String]
    package var body: Body

    /// - Parameter headers: Lines such as `Prefer: handling=strict`; `Expect:` alone keeps libcurl from sending its own.
    package init(_ method: String, _ path: String, headers: [String] = [], body: Body = .none) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// The answer, complete.
package struct CurlResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: Bytes
    /// New connections that this request needed: 0 where the one of the request before was used again.
    package var connectionsMade: Int
    package var firstByteAfter: Duration
    package var duration: Duration
    /// The status of every interim response before the final one.
    package var interim: [Int]

    /// The body as text.
    package var text: String { String(decoding: Array(body), as: UTF8.self) }
}

/// Why libcurl has no answer to show.
package struct CurlError: Error, CustomStringConvertible {
    /// A CURLcode: 7 refused, 28 timed out, 35 no TLS came about, 52 nothing came, 56 reset, 60 certificate not trusted.
    package var code: UInt32
    package var description: String

    init(_ code: CURLcode) {
        self.code = code.rawValue
        description = String(cString: curl_easy_strerror(code))
    }
}
