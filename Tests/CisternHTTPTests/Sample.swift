import CisternBytes
import CisternHTTP
import TestSupport
import Testing

/// Bytes that a client sends on one connection, and what the server must understand.
struct Sample: Sendable, CustomTestStringConvertible {
    let section: String
    let bytes: [UInt8]
    let expected: [String]

    /// - Parameters:
    ///   - raw: characters up to U+00FF as single bytes; `¶` stands for CRLF.
    ///   - expected: the transcript, see ``Connection``.
    init(_ section: String, _ raw: String, _ expected: [String]) {
        self.section = section
        self.bytes = wire(raw)
        self.expected = expected
    }

    /// A sample that ends in a refusal and nothing else.
    init(_ section: String, _ raw: String, _ rejection: HTTPRejection) {
        self.init(section, raw, ["\(rejection.status.code) \(rejection)"])
    }

    /// One good request that leaves nothing behind.
    init(_ section: String, _ raw: String, _ request: String) {
        self.init(section, raw, [request])
    }

    var testDescription: String {
        let text = String(decoding: bytes.prefix(60), as: UTF8.self)
        return "\(section): \(text.debugDescription)"
    }
}

func text(_ span: Span<UInt8>) -> String {
    var text = ""
    for index in span.indices { text.unicodeScalars.append(Unicode.Scalar(span[index])) }
    return text
}

/// Checks a sample whole, cut once at every point, and byte by byte.
func verify(_ sample: Sample, limits: HTTPLimits = HTTPLimits(), bodyLimit: Int = 1000) {
    let whole = transcript([sample.bytes], limits: limits, bodyLimit: bodyLimit)
    #expect(whole == sample.expected, "\(sample.testDescription)")
    for cut in 1..<max(sample.bytes.count, 1) {
        let pieces = [Array(sample.bytes[..<cut]), Array(sample.bytes[cut...])]
        let split = transcript(pieces, limits: limits, bodyLimit: bodyLimit)
        guard split == whole else {
            Issue.record("cut at \(cut): \(split) instead of \(whole)")
            return
        }
    }
    let single = transcript(sample.bytes.map { [$0] }, limits: limits, bodyLimit: bodyLimit)
    #expect(single == whole, "byte by byte")
}

/// What a connection reads from pieces of bytes, as a transcript.
///
/// A request is `METHOD target @authority`, then what is not the rule: `1.0`, `length n` or `chunked`, `close` or
/// `keep-alive`, `expect` or `expect?`. Content is `body …`, a refusal `status name`, an unfinished request
/// `waiting n`, with the number of bytes that are kept.
func transcript(_ pieces: [[UInt8]], limits: HTTPLimits = HTTPLimits(), bodyLimit: Int = 1000) -> [String] {
    let connection = Connection(limits: limits, bodyLimit: bodyLimit)
    for piece in pieces { connection.receive(piece) }
    return connection.finish()
}

final class Connection {
    private var events: [String] = []
    private var input = InputBuffer(pool: BufferPool())
    private var parser: HTTPRequestParser
    private let limits: HTTPLimits
    private let bodyLimit: Int
    private let head = HTTPRequestHead()
    private var body: HTTPBodyParser?
    private var content = ""
    private var rejected = false

    init(limits: HTTPLimits, bodyLimit: Int) {
        self.limits = limits
        self.bodyLimit = bodyLimit
        parser = HTTPRequestParser(limits: limits)
    }

    func receive(_ bytes: [UInt8]) {
        if rejected { return }
        input.append(bytes.span)
        var consumed = 0
        while !rejected, step(&consumed) {}
        input.consume(consumed)
    }

    func finish() -> [String] {
        if !content.isEmpty { events.append("partial \(content)") }
        if !rejected, !input.isEmpty || body != nil { events.append("waiting \(input.count)") }
        return events
    }

    private func step(_ consumed: inout Int) -> Bool {
        guard body == nil else { return stepBody(&consumed) }
        switch parser.parseHead(input.readable, into: head, consumed: &consumed) {
        case .incomplete: return false
        case .rejected(let rejection): reject(rejection)
        case .complete:
            events.append(describe(head))
            if head.framing != .none {
                body = HTTPBodyParser(head.framing, limit: bodyLimit, limits: limits)
            }
        }
        return true
    }

    private func stepBody(_ consumed: inout Int) -> Bool {
        switch body?.next(input.readable, consumed: &consumed) {
        case .incomplete, nil: return false
        case .rejected(let rejection): reject(rejection)
        case .data(let range): content += text(input.readable.extracting(range))
        case .finished:
            events.append("body \(content)")
            content = ""
            body = nil
        }
        return true
    }

    private func reject(_ rejection: HTTPRejection) {
        if !content.isEmpty { events.append("partial \(content)") }
        content = ""
        events.append("\(rejection.status.code) \(rejection)")
        rejected = true
    }
}

func describe(_ head: HTTPRequestHead) -> String {
    var line = "\(head.method.token) "
    switch head.targetForm {
    case .asterisk: line += "*"
    case .origin, .absolute: line += text(head.path)
    }
    if head.hasQuery { line += "?\(text(head.query))" }
    if head.hasHost { line += " @\(text(head.authority))" }
    if head.version == .http10 { line += " 1.0" }
    switch head.framing {
    case .none: break
    case .length(let length): line += " length \(length)"
    case .chunked: line += " chunked"
    }
    if head.keepAlive != (head.version == .http11) { line += head.keepAlive ? " keep-alive" : " close" }
    switch head.expectation {
    case .none: break
    case .continue: line += " expect"
    case .unsupported: line += " expect?"
    }
    return line
}
