import CisternBytes
import CisternHTTP

/// Reads `bytes` whole and in pieces, and traps where the two differ or a decoder contradicts itself.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let step = Int(bytes.first ?? 0) % 13 + 1
    let whole = Reader.read(bytes, by: max(count, 1))
    precondition(whole == Reader.read(bytes, by: 1), "byte by byte reads otherwise")
    precondition(whole == Reader.read(bytes, by: step), "pieces read otherwise")
    checkCodings(bytes)
    return 0
}

private func checkCodings(_ bytes: [UInt8]) {
    let decoded = PercentCoding.decode(bytes.span)
    precondition(decoded.map { $0.count <= bytes.count } ?? true, "decoding grew")
    for kept in [PercentCoding.Kept.path, .unreserved] {
        let encoded = PercentCoding.encode(bytes.span, keeping: kept)
        precondition(PercentCoding.decode(encoded.span) == Bytes(adopting: bytes), "percent-encoding loses bytes")
    }
    for base64 in [Base64.url, .standard] {
        precondition(base64.decode(base64.encode(bytes.span).span) == Bytes(adopting: bytes), "base64 loses bytes")
        if let raw = base64.decode(bytes.span) {
            precondition(base64.encode(raw.span) == Bytes(adopting: bytes), "base64 has two spellings")
        }
    }
    for base64URL in [false, true] {
        guard let key = try? HTTPKey.decode(bytes.span, base64URL: base64URL, limit: 1024) else { continue }
        precondition(!key.isEmpty && key.count <= 1024, "a key outside its limits")
    }
    var query = HTTPQuery(bytes.span)
    var items = 0
    while let item = try? query.next() { items += 1 + item.name.count + (item.value?.count ?? 0) }
    precondition(items <= bytes.count + 1, "a query grew")
}

/// What a connection understands of its bytes: one digest-like list of numbers, equal when the reading is.
private struct Reader: ~Copyable {
    private var events: [UInt8] = []
    private var parser = HTTPRequestParser(limits: Reader.limits)
    private var body: HTTPBodyParser?
    private let head = HTTPRequestHead()

    /// Small, so that inputs of a fuzzer's size reach them.
    private static var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.target = 64
        limits.fieldSection = 256
        limits.fieldCount = 8
        limits.chunkLine = 48
        limits.chunkExtensions = 96
        limits.trailerSection = 96
        return limits
    }

    static func read(_ bytes: [UInt8], by step: Int) -> [UInt8] {
        var reader = Reader()
        var consumed = 0
        var end = 0
        while end < bytes.count {
            end = min(end + step, bytes.count)
            while reader.step(bytes.span.extracting(..<end), &consumed) {}
        }
        return reader.events + "\(consumed)".utf8
    }

    /// Whether it may go on with these bytes. A refusal keeps its place, so that the next pieces change nothing.
    private mutating func step(_ input: Span<UInt8>, _ consumed: inout Int) -> Bool {
        if body != nil { return stepBody(input, &consumed) }
        switch parser.parseHead(input, into: head, consumed: &consumed) {
        case .incomplete: return false
        case .rejected(let rejection):
            note(rejection)
            return false
        case .complete:
            noteHead()
            if head.framing != .none {
                body = HTTPBodyParser(head.framing, limit: 512, limits: Reader.limits)
            }
            return true
        }
    }

    private mutating func stepBody(_ input: Span<UInt8>, _ consumed: inout Int) -> Bool {
        switch body?.next(input, consumed: &consumed) {
        case .incomplete, nil: return false
        case .rejected(let rejection):
            note(rejection)
            return false
        case .data(let range):
            precondition(!range.isEmpty && range.upperBound <= consumed, "content outside what was consumed")
            note(input.extracting(range))
        case .finished:
            events.append(0x0A)
            body = nil
        }
        return true
    }

    private mutating func note(_ rejection: HTTPRejection) {
        let name = Array("!\(rejection)".utf8)
        if !events.suffix(name.count).elementsEqual(name) { events += name }
    }

    private mutating func note(_ span: Span<UInt8>) {
        for index in span.indices { events.append(span[index]) }
    }

    private mutating func noteHead() {
        // A reference of its own: a span borrows what it is taken from, and noting changes this value.
        let head = head
        events += "\(head.method) \(head.version) \(head.targetForm) \(head.framing) \(head.expectation)".utf8
        events += "\(head.keepAlive) \(head.hasHost) \(head.hasQuery) \(head.port ?? 0)".utf8
        note(head.target)
        note(head.path)
        note(head.query)
        note(head.authority)
        note(head.host)
        for index in 0..<head.fieldCount {
            events.append(head.fieldKind(at: index).rawValue)
            note(head.fieldName(at: index))
            note(head.fieldValue(at: index))
            head.forEachElement(of: head.fieldKind(at: index)) { !$0.isEmpty }
        }
    }
}
