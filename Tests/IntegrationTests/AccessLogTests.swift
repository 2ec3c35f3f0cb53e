import CisternBytes
import Glibc
import TestSupport
import Testing

@Suite("Access log", .blocking) struct AccessLogTests {
    /// The lines on standard output, once there are so many.
    private func lines(_ stack: Stack, _ count: Int) throws -> [String] {
        func all() -> [String] { stack.service.process.output.split(separator: "\n").map(String.init) }
        #expect(eventually { all().count >= count }, "\(all())")
        return all()
    }

    /// A name="value" of a line of text.
    private func value(_ name: String, _ line: String) -> String? {
        // None of the values has a space or a quotation mark in it.
        let fields = line.split(separator: " ").filter { $0.hasPrefix("\(name)=\"") }
        return fields.first.map { String($0.dropFirst(name.count + 2).dropLast()) }
    }

    @Test func everyRequestIsALine() throws {
        let stack = try Stack.local(["CISTERN_LOG_ACCESS": "true"])
        let curl = try stack.curl()
        _ = try curl.put("/keys/secret-name/%C3%BC", "secret-value")
        _ = try curl.get("/keys/secret-name/%C3%BC", headers: ["X-Request-Id: my-own.name"])
        _ = try curl.head("/keys/secret-name/%C3%BC")
        _ = try curl.get("/keys/c2VjcmV0LW5hbWUvw7w?key_encoding=base64url")
        let missing = try curl.get("/nowhere?secret-query")
        let refused = try stack.raw()
        try refused.send("secret-nonsense\r\n\r\n")
        let rejected = try refused.readResponse()
        let lines = try lines(stack, 6)
        #expect(lines.count == 6)
        #expect(lines.map { value("method", $0) } == ["PUT", "GET", "HEAD", "GET", "GET", nil])
        #expect(lines.map { value("status", $0) } == ["201", "200", "200", "200", "404", "400"])
        #expect(lines.map { value("route", $0) } == Array(repeating: "/keys/{key}", count: 4) + [nil, nil])
        // printf %s secret-name/ü | sha1sum
        #expect(lines.map { value("key", $0) } == Array(repeating: "41343b3ef3f3ff4a", count: 4) + [nil, nil])
        #expect(lines.prefix(4).map { value("bytes", $0) } == ["0", "12", "0", "12"])
        #expect(value("bytes", lines[4]) == "\(missing.body.count)")
        #expect(value("request_id", lines[1]) == "my-own.name")
        #expect(value("request_id", lines[4]) == missing.headers["X-Request-Id"])
        #expect(value("request_id", lines[5]) == rejected.headers["X-Request-Id"])
        for line in lines {
            #expect(line.contains(" info request "))
            #expect(!line.contains("secret"))
            #expect(value("client", line)?.hasPrefix("127.0.0.1:") == true)
            #expect((0..<60_000_000).contains(Int(value("duration_us", line) ?? "") ?? -1))
            #expect(value("token", line) == nil)
        }
        #expect(!stack.service.process.errorOutput.contains("secret"))
    }

    /// What was read before the fault is said, and nothing of the request before it.
    @Test func aRefusedRequestIsNamedAsFarAsItWasRead() throws {
        let stack = try Stack.local(["CISTERN_LOG_ACCESS": "true"])
        let requests = [
            "DELETE /keys/k HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: mine\r\nContent-Length: 1, 2\r\n\r\n",
            "GET /stats HTTP/1.1\r\nHost: localhost\r\nno field\r\n\r\n", "GET /stats#x HTTP/1.1\r\n\r\n", "\n",
        ]
        for request in requests {
            let connection = try stack.raw()
            try connection.send("PUT /keys/before HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            _ = try connection.readResponse()
            try connection.send(Bytes(request))
            #expect(try connection.readResponse().status == 400)
        }
        let refused = try lines(stack, 8).filter { value("status", $0) == "400" }
        #expect(refused.map { value("method", $0) } == ["DELETE", "GET", nil, nil])
        #expect(refused.map { value("route", $0) } == ["/keys/{key}", "/stats", nil, nil])
        #expect(refused.map { value("key", $0) } == ["13fbd79c3d390e5d", nil, nil, nil])
        #expect(refused.first.flatMap { value("request_id", $0) } == "mine")
    }

    @Test func asJSONItSaysTheSameAndNamesTheToken() throws {
        let stack = try Stack.local([
            "CISTERN_LOG_ACCESS": "true", "CISTERN_LOG_FORMAT": "json",
            "CISTERN_AUTH_TOKENS": #"[{"name":"reader","token":"0123456789abcdef","scopes":["read"]}]"#,
        ])
        let curl = try stack.curl()
        _ = try curl.get("/keys/k", headers: ["Authorization: Bearer 0123456789abcdef"])
        _ = try curl.get("/keys/k", headers: ["Authorization: Bearer 0123456789abcdeX"])
        let entries = try lines(stack, 2).map { try JSONText($0) }
        #expect(entries.map { $0["status"]?.number } == [404, 401])
        #expect(entries.map { $0["token"]?.string } == ["reader", nil])
        #expect(entries[0]["message"]?.string == "request" && entries[0]["level"]?.string == "info")
        // printf %s k | sha1sum
        #expect(entries[0]["key"]?.string == "13fbd79c3d390e5d")
        #expect(entries[0]["time"]?.string?.hasSuffix("Z") == true)
        #expect(!stack.service.text.contains("0123456789abcde"))
    }

    @Test func itIsSwitchedOnAndOffByAReload() throws {
        let stack = try SecureStack(nil)
        let curl = try stack.plainCurl()
        _ = try curl.get("/keys/before")
        try stack.configure(settings: #""log": {"access": true}"#, isTLS: false)
        #expect(try stack.reload().contains("log.access: false → true"))
        _ = try curl.get("/keys/k")
        #expect(eventually { !stack.service.process.output.isEmpty })
        try stack.configure(settings: #""log": {"access": false}"#, isTLS: false)
        #expect(try stack.reload().contains("log.access: true → false"))
        _ = try curl.get("/keys/after")
        let lines = try stack.service.stop().output.split(separator: "\n")
        #expect(lines.count == 1 && lines.first?.contains("13fbd79c3d390e5d") == true)
    }

    /// Runs a service whose standard output is a pipe, with the end of it that is to be read.
    private func withPipe(_ body: (_ service: CisternProcess, _ output: Int32) throws -> Void) throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let service = try {
            defer { close(ends[1]) }
            return try CisternProcess(
                environment: ["CISTERN_BACKEND": "local", "CISTERN_LOG_ACCESS": "true"], output: ends[1])
        }()
        try body(service, ends[0])
    }

    /// Has so many requests answered, each of which makes a line of some 200 bytes.
    private func ask(_ service: CisternProcess, _ count: Int) throws {
        let name = String(repeating: "x", count: 64)
        let request = "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: \(name)\r\n\r\n"
        let connection = try RawConnection(port: service.port)
        for _ in 0..<count / 200 {
            try connection.send(Bytes(String(repeating: request, count: 200)))
            for _ in 0..<200 { #expect(try connection.readResponse().status == 404) }
        }
    }

    @Test func theLastLinesAreWrittenBeforeTheEnd() throws {
        try withPipe { service, output in
            // A pipe has room for 64 KiB.
            try ask(service, 2000)
            service.process.signal(SIGTERM)
            #expect(poll(within: .milliseconds(500)) { service.process.exitIfEnded } == nil)
            #expect(try readToEnd(of: output).split(separator: 0x0A).count == 2000)
            #expect(try service.wait().code == 0)
        }
    }

    /// Nobody reads the pipe: requests go on, and every line is either in it in the end or counted.
    @Test func linesThatNobodyTakesAreCounted() throws {
        try withPipe { service, output in
            // 1 MiB waits in memory.
            let count = 12800
            try ask(service, count)
            let curl = try CurlClient(port: service.port, keeping: service)
            let dropped = try #require(JSONText(try curl.get("/stats").text)["access_log_dropped"]?.number)
            #expect(dropped > 0)
            service.process.signal(SIGTERM)
            let lines = try readToEnd(of: output).split(separator: 0x0A)
            #expect(try service.wait().code == 0)
            // The line of the statistics comes when they have been made, and may find room: it is shorter.
            let own = lines.count { String(decoding: $0, as: UTF8.self).contains(#" route="/stats" "#) }
            #expect(lines.count - own + Int(dropped) == count && own <= 1)
            #expect(lines.allSatisfy { $0.last == 0x22 && $0.starts(with: lines[0].prefix(3)) })
        }
    }

    private func readToEnd(of descriptor: Int32) throws -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        let deadline = Deadline(.seconds(30))
        while deadline.wait(for: POLLIN, on: descriptor) {
            let count = read(descriptor, &piece, piece.count)
            guard count > 0 else { return all }
            all += piece[..<count]
        }
        throw TestFailure("the pipe does not end")
    }

    @Test func withoutTheSwitchNothingIsWritten() throws {
        let stack = try Stack.local()
        _ = try stack.curl().get("/keys/k")
        #expect(try stack.service.stop().output.isEmpty)
    }
}
