import CCurl
package import CisternBytes
import Glibc

/// A TLS connection of libcurl on which a test decides about every byte inside.
package final class CurlConnection {
    private let handle: UnsafeMutableRawPointer
    private let limit: Duration

    package init(port: UInt16, tls: CurlTLS, limit: Duration = .seconds(20)) throws {
        guard CurlClient.isReady, let handle = curl_easy_init() else { throw TestFailure("libcurl does not start") }
        self.handle = handle
        self.limit = limit
        _ = ccurl_set_string(handle, CURLOPT_URL, "https://127.0.0.1:\(port)")
        _ = ccurl_set_long(handle, CURLOPT_CONNECT_ONLY, 1)
        _ = ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(limit / .milliseconds(1)))
        _ = ccurl_set_string(handle, CURLOPT_NOPROXY, "*")
        tls.apply(to: handle)
        let code = curl_easy_perform(handle)
        guard code == CURLE_OK else { throw CurlError(code) }
    }

    deinit { curl_easy_cleanup(handle) }

    package func send(_ bytes: Bytes) throws {
        let deadline = Deadline(limit)
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                var count = 0
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let code = curl_easy_send(handle, piece.baseAddress, piece.count, &count)
                rest = rest.dropFirst(count)
                try wait(code, for: POLLOUT, until: deadline)
            }
        }
    }

    /// Everything that comes until the peer has ended the connection. libcurl does not say whether a close_notify was there.
    package func readToEnd() throws -> Bytes {
        let deadline = Deadline(limit)
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            var count = 0
            let code = curl_easy_recv(handle, &piece, piece.count, &count)
            if code == CURLE_OK, count == 0 { return Bytes(all) }
            all += piece[..<count]
            try wait(code, for: POLLIN, until: deadline)
        }
    }

    private func wait(_ code: CURLcode, for events: Int32, until deadline: Deadline) throws {
        if code == CURLE_OK { return }
        guard code == CURLE_AGAIN else { throw CurlError(code) }
        var descriptor = 0
        _ = ccurl_get_long(handle, CURLINFO_LASTSOCKET, &descriptor)
        guard deadline.wait(for: events, on: Int32(descriptor)) else { throw TestFailure("nothing came in time") }
    }
}
