package import CisternBytes

/// All that a connection has answered: the statuses in order, and whether the last answer says that it ends.
package struct RawAnswers: Sendable, Equatable {
    /// Without interim ones.
    package private(set) var statuses: [Int] = []
    package private(set) var announcesEnd = false

    /// Finds the heads among bytes whose bodies hold nothing that looks like one: then it does not matter which answers have
    /// bodies.
    package init(_ bytes: Bytes) {
        let text = Array(bytes)
        let mark = Array("HTTP/1.1 ".utf8)
        var position = 0
        while position + mark.count + 4 <= text.count {
            guard text[position] == mark[0], text[position..<position + mark.count].elementsEqual(mark) else {
                position += 1
                continue
            }
            position += mark.count
            guard text[position + 3] == 0x20,
                let status = Int(String(decoding: text[position..<position + 3], as: UTF8.self)), status >= 200
            else { continue }
            statuses.append(status)
            let rest = String(decoding: text[position...], as: UTF8.self)
            let head = rest.prefix(upTo: rest.firstRange(of: "\r\n\r\n")?.lowerBound ?? rest.endIndex)
            announcesEnd = head.contains("\r\nConnection: close")
        }
    }
}

extension RawConnection {
    /// What was answered until the peer ended the connection.
    package func answersToEnd() throws(Ending) -> RawAnswers { RawAnswers(try readToEnd()) }
}
