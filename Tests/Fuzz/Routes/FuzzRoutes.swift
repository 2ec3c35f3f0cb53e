import CisternBytes
import CisternHTTP
import CisternRedis
@testable import CisternService

/// Whatever a request says, the way from its bytes to a route, a key and its conditions does not trap, and does not depend on
/// how the bytes came.
///
/// The input is a head; or, where it is none, the lines of a target, `If-Match`, `If-None-Match` and `Cache-Control`, so that
/// the fuzzer need not find the form of a head first.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    if let head = parse(input) {
        check(head)
    } else if let head = parse(compose(input)) {
        check(head)
    }
    return 0
}

private func compose(_ input: [UInt8]) -> [UInt8] {
    let lines = input.split(separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
    var bytes = Array("PUT /".utf8) + (lines.first ?? [])
    bytes += " HTTP/1.1\r\nHost: localhost".utf8
    for (name, line) in zip(["If-Match", "If-None-Match", "Cache-Control"], lines.dropFirst()) {
        bytes += "\r\n\(name): ".utf8
        bytes += line
    }
    return bytes + "\r\n\r\n".utf8
}

/// The head that the bytes are; nil where they are none. One byte at a time gives the same.
private func parse(_ bytes: [UInt8]) -> HTTPRequestHead? {
    let whole = HTTPRequestHead()
    let pieces = HTTPRequestHead()
    var parser = HTTPRequestParser()
    var consumed = 0
    let outcome = parser.parseHead(bytes.span, into: whole, consumed: &consumed)
    var other = HTTPRequestParser()
    var otherConsumed = 0
    var otherOutcome = HTTPHeadOutcome.incomplete
    var end = 0
    while otherOutcome == .incomplete, end < bytes.count {
        end += 1
        otherOutcome = other.parseHead(bytes.span.extracting(..<end), into: pieces, consumed: &otherConsumed)
    }
    precondition(bytes.isEmpty || outcome == otherOutcome, "byte by byte reads otherwise")
    guard outcome == .complete else { return nil }
    precondition(consumed == otherConsumed, "byte by byte ends elsewhere")
    precondition(Bytes(copying: whole.target) == Bytes(copying: pieces.target), "byte by byte has another target")
    return whole
}

private func check(_ head: HTTPRequestHead) {
    checkConditions(head)
    guard let route = Route(head.path) else { return }
    precondition(route.definition.methods.contains(.options), "a route without OPTIONS")
    guard route == .key else { return }
    let reading = try? KeyQuery(head, writes: false)
    let writing = try? KeyQuery(head, writes: true)
    if let reading {
        precondition(writing?.isBase64URL == reading.isBase64URL, "what a read may ask for, a write may")
        precondition(reading.ttl == nil && !reading.keepsTTL, "a read sets a time to live")
    }
    guard let query = writing else { return }
    _ = try? LifetimeRules(defaultTTL: .seconds(60), maxTTL: .seconds(3600)).expiry(
        ttl: query.ttl, keepsTTL: query.keepsTTL)
    _ = try? LifetimeRules(defaultTTL: .zero, maxTTL: .zero).expiry(ttl: query.ttl, keepsTTL: query.keepsTTL)
    let raw = head.path.extracting(Route.keyPrefix.utf8CodeUnitCount...)
    guard let key = try? HTTPKey.decode(raw, base64URL: query.isBase64URL, limit: 1024) else { return }
    checkSpellings(of: key, isPath: !query.isBase64URL)
}

/// A key is read again from each of its canonical spellings.
private func checkSpellings(of key: Bytes, isPath: Bool) {
    let prefix = Array("PUT /keys/".utf8)
    let end = Array(" HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    let base64URL = Array(Base64.url.encode(key.span)) + "?key_encoding=base64url".utf8
    precondition(key.isEmpty || read(prefix + base64URL + end) == key, "base64url leads to another key")
    guard isPath else { return }
    precondition(
        read(prefix + PercentCoding.encode(key.span, keeping: .path) + end) == key, "the path leads to another key")
}

/// The key that a request names.
private func read(_ bytes: [UInt8]) -> Bytes? {
    guard let head = parse(bytes), Route(head.path) == .key, let query = try? KeyQuery(head, writes: true) else {
        return nil
    }
    let raw = head.path.extracting(Route.keyPrefix.utf8CodeUnitCount...)
    return try? HTTPKey.decode(raw, base64URL: query.isBase64URL, limit: 1024)
}

private func checkConditions(_ head: HTTPRequestHead) {
    let freshness = Freshness(head)
    precondition(freshness.allows(0) || !freshness.allows(1), "what is older is allowed")
    guard let condition = try? head.precondition() else { return }
    precondition(head.isConditional, "a condition from nothing")
    let digest = Bytes("0123456789abcdef0123456789abcdef01234567")
    for held in [digest, nil] as [Bytes?] { _ = condition.verdict(on: held) }
}
