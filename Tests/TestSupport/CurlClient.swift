import CCurl
package import CisternBytes
import Glibc

/// A client over libcurl: the same code that sends the requests of most scripts. It keeps its connection from request
/// to request, blocks, and belongs to one test at a time.
package final class CurlClient {
    private let handle: UnsafeMutableRawPointer
    private let base: String
    private let tls: CurlTLS?
    /// Has names that nobody resolves lead to this machine.
    private let names: UnsafeMutablePointer<curl_slist>?
    /// No request takes longer.
    private let limit: Duration
    /// What has to live as long as the client: whom it asks.
    private let peer: (any Sendable)?

    static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    package init(
        port: UInt16, host: String = "127.0.0.1", tls: CurlTLS? = nil, limit: Duration = .seconds(20),
        keeping peer: (any Sendable)? = nil
    ) throws {
        guard Self.isReady, let handle = curl_easy_init() else { throw TestFailure("libcurl does not start") }
        self.handle = handle
        self.limit = limit
        self.peer = peer
        self.tls = tls
        base = "\(tls == nil ? "http" : "https")://\(host):\(port)"
        names = curl_slist_append(nil, "\(host):\(port):127.0.0.1")
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(names)
    }

    /// The serial number of the certificate that the server showed on the connection of the last request.
    package var certificateSerial: String? {
        ccurl_certificate_field(handle, "Serial Number").map { String(cString: $0) }
    }

    package func get(_ path: String, headers: [String] = []) throws -> CurlResponse {
        try send(CurlRequest("GET", path, headers: headers))
    }

    package func head(_ path: String, headers: [String] = []) throws -> CurlResponse {
        try send(CurlRequest("HEAD", path, headers: headers))
    }

    package func put(_ path: String, _ body: Bytes, headers: [String] = []) throws -> CurlResponse {
        try send(CurlRequest("PUT", path, headers: headers, body: .whole(body)))
    }

    package func delete(_ path: String, headers: [String] = []) throws -> CurlResponse {
        try send(CurlRequest("DELETE", path, headers: headers))
    }

    package func options(_ path: String, headers: [String] = []) throws -> CurlResponse {
        try send(CurlRequest("OPTIONS", path, headers: headers))
    }

    package func send(_ request: CurlRequest) throws -> CurlResponse {
        // Forgets the options of the request before, but not its connection.
        curl_easy_reset(handle)
        let transfer = Transfer()
        let reference = Unmanaged.passUnretained(transfer).toOpaque()
        _ = ccurl_set_string(handle, CURLOPT_URL, base + request.path)
        _ = ccurl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        _ = ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(limit / .milliseconds(1)))
        _ = ccurl_set_string(handle, CURLOPT_NOPROXY, "*")
        _ = ccurl_set_pointer(handle, CURLOPT_RESOLVE, names)
        tls?.apply(to: handle)
        _ = ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method)
        if request.method == "HEAD" { _ = ccurl_set_long(handle, CURLOPT_NOBODY, 1) }
        _ = ccurl_set_callback(handle, CURLOPT_WRITEFUNCTION, receiveBody)
        _ = ccurl_set_pointer(handle, CURLOPT_WRITEDATA, reference)
        _ = ccurl_set_callback(handle, CURLOPT_HEADERFUNCTION, receiveHeader)
        _ = ccurl_set_pointer(handle, CURLOPT_HEADERDATA, reference)
        var headers = request.headers
        switch request.body {
        case .none: break
        case .whole(let bytes):
            transfer.upload = [bytes]
            _ = ccurl_set_long(handle, CURLOPT_UPLOAD, 1)
            _ = ccurl_set_long(handle, CURLOPT_INFILESIZE_LARGE, bytes.count)
        case .chunked(let pieces):
            transfer.upload = pieces
            headers.append("Transfer-Encoding: chunked")
            _ = ccurl_set_long(handle, CURLOPT_UPLOAD, 1)
        }
        _ = ccurl_set_callback(handle, CURLOPT_READFUNCTION, giveBody)
        _ = ccurl_set_pointer(handle, CURLOPT_READDATA, reference)
        var list: UnsafeMutablePointer<curl_slist>?
        for header in headers { list = curl_slist_append(list, header) }
        defer { curl_slist_free_all(list) }
        _ = ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, list)

        let code = withExtendedLifetime(transfer) { curl_easy_perform(handle) }
        guard code == CURLE_OK else { throw CurlError(code) }
        return CurlResponse(
            status: long(CURLINFO_RESPONSE_CODE), headers: transfer.headers, body: Bytes(transfer.body),
            connectionsMade: long(CURLINFO_NUM_CONNECTS), firstByteAfter: seconds(CURLINFO_STARTTRANSFER_TIME),
            duration: seconds(CURLINFO_TOTAL_TIME), interim: transfer.interim)
    }

    private func long(_ info: CURLINFO) -> Int {
        var value = 0
        _ = ccurl_get_long(handle, info, &value)
        return value
    }

    private func seconds(_ info: CURLINFO) -> Duration {
        var value = 0.0
        _ = ccurl_get_double(handle, info, &value)
        return .seconds(value)
    }
}

/// What one request sends and receives.
private final class Transfer {
    var upload: [Bytes] = []
    var sent = 0
    var headers = HTTPHeaders()
    var interim: [Int] = []
    var status = 0
    var body: [UInt8] = []

    /// A status line starts the headers anew: those before were of an interim response.
    func take(line: String) {
        if line.hasPrefix("HTTP/") {
            if (100..<200).contains(status) { interim.append(status) }
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            headers = HTTPHeaders()
        } else if !line.isEmpty {
            _ = headers.add(line: line)
        }
    }
}

// libcurl calls these on the thread of the request, with the transfer that the request gave it.

private let receiveBody: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
    bytes, size, count, reference in
    guard let bytes, let reference else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(reference).takeUnretainedValue()
    transfer.body += UnsafeRawBufferPointer(start: bytes, count: size * count)
    return size * count
}

private let receiveHeader: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
    bytes, size, count, reference in
    guard let bytes, let reference else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(reference).takeUnretainedValue()
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    transfer.take(line: String(decoding: line.filter { $0 != 0x0D && $0 != 0x0A }, as: UTF8.self))
    return size * count
}

private let giveBody: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
    room, size, count, reference in
    guard let room, let reference else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(reference).takeUnretainedValue()
    while let first = transfer.upload.first {
        let rest = first.dropFirst(transfer.sent)
        let length = min(rest.count, size * count)
        if length == 0 {
            transfer.upload.removeFirst()
            transfer.sent = 0
            continue
        }
        UnsafeMutableRawBufferPointer(start: room, count: length).copyBytes(from: rest.prefix(length))
        transfer.sent += length
        return length
    }
    return 0
}
