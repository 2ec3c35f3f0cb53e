/// What a client sends on one connection, byte for byte, and what a strict server makes of it. The parser and the running
/// service are held to the same table, ``all``.
package struct RequestCase: Sendable, CustomStringConvertible {
    package let name: String
    /// Where it stands what must come of it, like `RFC 9112 §3.2`.
    package let section: String
    package let bytes: [UInt8]
    package let outcome: Outcome

    /// What the service answers, and how the connection is left.
    ///
    /// The service has the backend `local` and no tokens; ``writtenPath`` is a key that has a value.
    package struct Outcome: Sendable, Equatable {
        package enum Ending: Sendable {
            /// The next request is awaited.
            case open
            /// It was understood, and the answer ends the connection.
            case closed
            /// The head is refused: the last answer says so and ends the connection.
            case refused
            /// The head is good and the content is refused: the last answer says so and ends the connection.
            case broken
            /// The rest of a request is awaited.
            case waiting
        }

        /// Statuses in order, without interim ones.
        package var answers: [Int]
        package var ending: Ending

        package init(answers: [Int], ending: Ending) {
            self.answers = answers
            self.ending = ending
        }

        package static func open(_ answers: Int...) -> Outcome { Outcome(answers: answers, ending: .open) }
        package static func closed(_ answers: Int...) -> Outcome { Outcome(answers: answers, ending: .closed) }
        package static func refused(_ answers: Int...) -> Outcome { Outcome(answers: answers, ending: .refused) }
        package static func broken(_ answers: Int...) -> Outcome { Outcome(answers: answers, ending: .broken) }
        package static func waiting(_ answers: Int...) -> Outcome { Outcome(answers: answers, ending: .waiting) }
    }

    /// The key of most requests of the table. It has a value before they are sent.
    package static let writtenPath = "/keys/wire"

    /// Every case, by what it is about.
    package static let all: [RequestCase] =
        requestLines + targets + fieldLines + hosts + lengths + transferCodings + chunks + connections + limits

    /// - Parameter raw: see ``wire(_:)``.
    package init(_ section: String, _ name: String, _ raw: String, _ outcome: Outcome) {
        self.section = "RFC \(section)"
        self.name = name
        bytes = wire(raw)
        self.outcome = outcome
    }

    /// A request with this request line.
    static func line(_ section: String, _ name: String, _ line: String, _ outcome: Outcome) -> RequestCase {
        RequestCase(section, name, "\(line)¶Host: localhost¶¶", outcome)
    }

    /// A GET with these field lines alone.
    static func bare(_ section: String, _ name: String, _ lines: String, _ outcome: Outcome) -> RequestCase {
        RequestCase(section, name, "GET \(writtenPath) HTTP/1.1¶\(lines)¶¶", outcome)
    }

    /// A GET with these field lines behind its `Host`.
    static func fields(_ section: String, _ name: String, _ lines: String, _ outcome: Outcome) -> RequestCase {
        bare(section, name, "Host: localhost¶\(lines)", outcome)
    }

    /// A PUT with these field lines behind its `Host`, and the content.
    static func put(
        _ section: String, _ name: String, _ lines: String, _ content: String, _ outcome: Outcome
    ) -> RequestCase {
        RequestCase(
            section, name, "PUT \(writtenPath) HTTP/1.1¶Host: localhost¶\(lines)¶¶\(content)", outcome)
    }

    /// A PUT in the chunked coding.
    static func chunked(_ section: String, _ name: String, _ content: String, _ outcome: Outcome) -> RequestCase {
        put(section, name, "Transfer-Encoding: chunked", content, outcome)
    }

    /// Where the bytes are cut in two: before every byte but the first, or before some of them where there are very many.
    package var cuts: [Int] {
        let last = max(bytes.count, 1)
        guard bytes.count > 600 else { return Array(1..<last) }
        return Array(1..<100) + Array(stride(from: 100, to: last - 100, by: bytes.count / 20))
            + Array(last - 100..<last)
    }

    package var description: String { "\(name) (\(section))" }
}

/// Bytes as tests write them: characters up to U+00FF as single bytes; `¶` stands for CRLF.
package func wire(_ raw: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in raw.unicodeScalars {
        if scalar == "¶" { bytes += [0x0D, 0x0A] } else { bytes.append(UInt8(scalar.value)) }
    }
    return bytes
}
