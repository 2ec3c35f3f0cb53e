extension RequestCase {
    private static let get = "GET /keys/wire HTTP/1.1¶Host: localhost¶¶"
    private static let put = "PUT /keys/wire HTTP/1.1¶Host: localhost¶Content-Length: 5¶¶hello"

    /// `Connection`, `Expect`, and several requests on one connection.
    static let connections: [RequestCase] = [
        .fields("9112 §9.6", "close", "Connection: close", .closed(200)),
        .fields("9110 §7.6.1", "close in other case", "connection: CLOSE", .closed(200)),
        .fields("9110 §7.6.1", "close in a list", "Connection: x, close ,y", .closed(200)),
        .fields("9110 §7.6.1", "close in a second line", "Connection: x¶Connection: close", .closed(200)),
        .fields("9112 §9.3", "close goes before keep-alive", "Connection: keep-alive, close", .closed(200)),
        .fields("9112 §9.3", "close before keep-alive", "Connection: close, keep-alive", .closed(200)),
        .fields("9110 §5.6.1", "empty elements in Connection", "Connection: ,, close,", .closed(200)),
        .fields("9112 §9.3", "keep-alive", "Connection: keep-alive", .open(200)),
        .fields("9110 §7.6.1", "unknown option", "Connection: x-y", .open(200)),
        .fields("9110 §7.6.1", "empty Connection", "Connection:", .open(200)),
        .fields("9110 §7.6.1", "option that begins like close", "Connection: closed", .open(200)),
        .fields("9110 §7.6.1", "options without a comma", "Connection: keep-alive close", .open(200)),
        .fields("9112 §9.3", "Proxy-Connection means nothing", "Proxy-Connection: close", .open(200)),
        .line("9112 §9.3", "keep-alive in HTTP/1.0", "GET /keys/wire HTTP/1.0¶Connection: keep-alive", .open(200)),
        .line(
            "9112 §9.3", "keep-alive in HTTP/1.0, in other case", "GET /keys/wire HTTP/1.0¶Connection: Keep-Alive",
            .open(200)),
        .line("9112 §9.3", "close in HTTP/1.0", "GET /keys/wire HTTP/1.0¶Connection: close", .closed(200)),
        .line("9112 §9.3", "both in HTTP/1.0", "GET /keys/wire HTTP/1.0¶Connection: keep-alive, close", .closed(200)),
        .line("9112 §9.3", "unknown option in HTTP/1.0", "GET /keys/wire HTTP/1.0¶Connection: x", .closed(200)),
        .line("9112 §9.3", "Keep-Alive means nothing", "GET /keys/wire HTTP/1.0¶Keep-Alive: timeout=5", .closed(200)),

        .put("9110 §10.1.1", "expectation of 100", "Expect: 100-continue¶Content-Length: 5", "hello", .open(204)),
        .put(
            "9110 §10.1.1", "expectation in other case", "EXPECT: 100-Continue¶Content-Length: 5", "hello", .open(204)),
        .put(
            "9110 §10.1.1", "expectation with chunks", "Expect: 100-continue¶Transfer-Encoding: chunked", "5¶hello¶0¶¶",
            .open(204)),
        .put("9110 §10.1.1", "expectation without content", "Expect: 100-continue¶Content-Length: 0", "", .open(204)),
        .fields("9110 §10.1.1", "expectation of a GET", "Expect: 100-continue", .open(200)),
        .put(
            "9110 §10.1.1", "expectation and its content missing", "Expect: 100-continue¶Content-Length: 5", "",
            .waiting()),
        .put(
            "9110 §5.6.1.2", "empty elements in Expect", "Expect: ,, 100-continue,¶Content-Length: 5", "hello",
            .open(204)),
        .put("9110 §5.6.1.2", "empty Expect", "Expect: ,¶Content-Length: 5", "hello", .open(204)),
        .put("9110 §10.1.1", "other expectation", "Expect: 200-ok¶Content-Length: 5", "hello", .closed(417)),
        .put("9110 §10.1.1", "two expectations", "Expect: 100-continue, x¶Content-Length: 5", "hello", .closed(417)),
        .put(
            "9110 §10.1.1", "expectation with a value", "Expect: 100-continue=x¶Content-Length: 5", "hello",
            .closed(417)),
        .fields("9110 §10.1.1", "other expectation of a GET", "Expect: x", .open(417)),
        RequestCase(
            "9110 §10.1.1", "other expectation of another route", "GET /health/live HTTP/1.1¶Host: h¶Expect: x¶¶",
            .open(417)),
        RequestCase(
            "9110 §10.1.1", "expectation in HTTP/1.0",
            "PUT /keys/wire HTTP/1.0¶Expect: 100-continue¶Content-Length: 5¶¶hello", .closed(204)),
        .put(
            "9110 §10.1.1", "expectation, and too much", "Expect: 100-continue¶Content-Length: 1048577", "",
            .broken(413)),
        .put(
            "9110 §5.6.1.2", "empty elements in Content-Encoding", "Content-Encoding: , identity,,¶Content-Length: 5",
            "hello",
            .open(204)),
        .put("9110 §8.4", "coding of the content", "Content-Encoding: gzip¶Content-Length: 5", "hello", .closed(415)),
        .put(
            "9110 §14.4", "part of the content", "Content-Range: bytes 0-4/9¶Content-Length: 5", "hello", .closed(400)),

        RequestCase("9112 §9.3.2", "two requests", get + get, .open(200, 200)),
        RequestCase("9112 §9.3.2", "four requests", get + put + get + put, .open(200, 204, 200, 204)),
        RequestCase(
            "9112 §9.3.2", "requests behind chunks",
            "PUT /keys/wire HTTP/1.1¶Host: localhost¶Transfer-Encoding: chunked¶¶5;a¶hello¶0¶X-A: b¶¶" + get + get,
            .open(204, 200, 200)),
        RequestCase("9112 §2.2", "empty line between requests", put + "¶" + get, .open(204, 200)),
        RequestCase("9112 §2.2", "empty lines between requests", "¶" + get + "¶¶" + get, .open(200, 200)),
        RequestCase("9112 §2.2", "LF between requests", put + "\n" + get, .refused(204, 400)),
        RequestCase("9112 §9.3.2", "a byte too many", put + "x" + get, .refused(204, 501)),
        RequestCase("9112 §9.3.2", "content of a request that has no length", get + "hello¶" + get, .refused(200, 400)),
        RequestCase(
            "9112 §9.3.2", "a bad request behind a good one", get + "GET / HTTP/1.1¶¶" + get, .refused(200, 400)),
        RequestCase(
            "9112 §9.3.2", "a bad request between others", put + "GET  / HTTP/1.1¶Host: localhost¶¶" + put,
            .refused(204, 400)),
        RequestCase(
            "9112 §9.6", "requests behind close",
            "GET /keys/wire HTTP/1.1¶Host: localhost¶Connection: close¶¶" + get, .closed(200)),
        RequestCase("9112 §9.3", "requests behind HTTP/1.0", "GET /keys/wire HTTP/1.0¶¶" + get, .closed(200)),
        RequestCase("9110 §9.3.2", "HEAD and GET", "HEAD /keys/wire HTTP/1.1¶Host: localhost¶¶" + get, .open(200, 200)),
        RequestCase(
            "9112 §9.3.2", "a missing key and GET", "GET /keys/none HTTP/1.1¶Host: localhost¶¶" + get, .open(404, 200)),
        RequestCase("9112 §9.3.2", "half a request behind a whole one", get + "GET /keys/wi", .waiting(200)),
        RequestCase(
            "9113 §3.4", "preface of HTTP/2 behind a request", get + "PRI * HTTP/2.0¶¶SM¶¶", .refused(200, 505)),
    ]

    private static func letters(_ count: Int) -> String { String(repeating: "a", count: count) }

    /// What is too much of something good.
    static let limits: [RequestCase] = [
        .line("9110 §15.5.15", "longest target", "GET /\(letters(8191)) HTTP/1.1", .open(404)),
        .line("9110 §15.5.15", "target too long", "GET /\(letters(8192)) HTTP/1.1", .refused(414)),
        .line("9110 §15.5.15", "target much too long", "GET /\(letters(20_000)) HTTP/1.1", .refused(414)),
        .line("9110 §15.5.15", "query too long", "GET /keys/wire?\(letters(8192)) HTTP/1.1", .refused(414)),
        .line("9110 §15.5.15", "longest key", "GET /keys/\(letters(1024)) HTTP/1.1", .open(404)),
        .line("9110 §15.5.15", "key too long", "GET /keys/\(letters(1025)) HTTP/1.1", .open(414)),
        // The Host line has 17 bytes with its end, `X-A: ` and two line ends have 9.
        .fields("6585 §5", "largest fields", "X-A: \(letters(16_384 - 26))", .open(200)),
        .fields("6585 §5", "a byte of fields too many", "X-A: \(letters(16_384 - 25))", .refused(431)),
        .fields("6585 §5", "fields much too large", "X-A: \(letters(20_000))", .refused(431)),
        .fields("6585 §5", "name too large", "\(letters(20_000)): a", .refused(431)),
        .fields(
            "6585 §5", "most fields", String(repeating: "X: ¶", count: 98) + "X: a", .open(200)),
        .fields("6585 §5", "a field too many", String(repeating: "X: ¶", count: 99) + "X: a", .refused(431)),
        .fields(
            "6585 §5", "fields too large together", String(repeating: "X: \(letters(1000))¶", count: 17) + "X: a",
            .refused(431)),
    ]
}
