import CisternBytes
import CisternHTTP
import TestSupport

/// The head that a request's text is; `fields` are lines without their ends.
func requestHead(
    _ method: String = "GET", _ target: String, _ fields: [String] = ["Host: localhost"], version: String = "HTTP/1.1",
    into head: HTTPRequestHead = HTTPRequestHead()
) throws -> HTTPRequestHead {
    let lines = ["\(method) \(target) \(version)"] + fields + ["", ""]
    let bytes = Bytes(lines.joined(separator: "\r\n"))
    var parser = HTTPRequestParser()
    var consumed = 0
    let outcome = parser.parseHead(bytes.span, into: head, consumed: &consumed)
    guard outcome == .complete else { throw TestFailure("\(outcome): \(method) \(target)") }
    return head
}

extension Bytes {
    /// As text, for comparisons that say what differs.
    var text: String { string ?? "not UTF-8" }
}
