import CisternBytes
import Glibc

/// All that a connection has answered.
package struct RawAnswers: Sendable {
    /// In order, without interim ones.
    package private(set) var statuses: [Int] = []
    /// From the last answer's status on.
    private var last: ArraySlice<UInt8> = []

    /// Finds the heads among bytes whose bodies hold nothing that looks like one: then it does not matter which answers have
    /// bodies.
    init(_ bytes: Bytes) {
        let text = Array(bytes)
        let mark = Array("HTTP/1.1 ".utf8)
        var position = 0
        while let start = Self.next(mark[0], in: text, from: position) {
            position = start + mark.count
            guard position + 4 <= text.count else { return }
            guard text[start..<position].elementsEqual(mark), text[position + 3] == 0x20,
                let status = Int(String(decoding: text[position..<position + 3], as: UTF8.self)), status >= 200
            else {
                position = start + 1
                continue
            }
            statuses.append(status)
            last = text[position...]
        }
    }

    /// Whether the last answer says that the connection ends.
    package var announcesEnd: Bool {
        let text = String(decoding: last, as: UTF8.self)
        let head = text.prefix(upTo: text.firstRange(of: "\r\n\r\n")?.lowerBound ?? text.endIndex)
        return head.contains("\r\nConnection: close")
    }

    /// By the C library: a debug build looks through bytes slowly, and tests look through very many.
    private static func next(_ byte: UInt8, in text: [UInt8], from start: Int) -> Int? {
        text.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, start < bytes.count else { return nil }
            return memchr(base + start, CInt(byte), bytes.count - start).map { UnsafeRawPointer($0) - base }
        }
    }
}

extension RawConnection {
    /// What was answered until the peer ended the connection.
    package func answersToEnd() throws(Ending) -> RawAnswers { RawAnswers(try readToEnd()) }
}
