import CisternBytes
import CisternHTTP
import TestSupport
import Testing

/// The bytes that `write` appends.
private func written(_ write: (inout OutputQueue) -> Void) -> String {
    var output = OutputQueue(pool: BufferPool())
    write(&output)
    return output.withStretches(limit: 16) { stretches in
        stretches.map { text($0.bindMemory(to: UInt8.self).span) }.joined()
    }
}

@Suite struct ResponseTests {
    typealias Head = HTTPResponseHead

    static let framings: [(HTTPStatus, Head.Content, HTTPResponseContext, String, Head.Coding)] = [
        (.ok, .length(5), context(), "200 OK|Content-Length: 5||", .identity),
        (.ok, .length(0), context(), "200 OK|Content-Length: 0||", .nothing),
        (.ok, .length(5), context(.head), "200 OK|Content-Length: 5||", .nothing),
        (.ok, .length(5), context(keepAlive: false), "200 OK|Content-Length: 5|Connection: close||", .identity),
        (.ok, .length(5), context(version: .http10), "200 OK|Content-Length: 5|Connection: keep-alive||", .identity),
        (
            .ok, .length(5), context(version: .http10, keepAlive: false),
            "200 OK|Content-Length: 5|Connection: close||", .identity
        ),
        (.ok, .stream, context(), "200 OK|Transfer-Encoding: chunked||", .chunked),
        (.ok, .stream, context(.head), "200 OK|Transfer-Encoding: chunked||", .nothing),
        (.ok, .stream, context(version: .http10), "200 OK|Connection: close||", .untilClose),
        (.noContent, .length(0), context(), "204 No Content||", .nothing),
        (.noContent, .stream, context(), "204 No Content||", .nothing),
        (.notModified, .length(5), context(), "304 Not Modified||", .nothing),
        (.created, .length(0), context(.put), "201 Created|Content-Length: 0||", .nothing),
    ]

    private static func context(
        _ method: HTTPMethod = .get, version: HTTPVersion = .http11, keepAlive: Bool = true
    ) -> HTTPResponseContext {
        HTTPResponseContext(method: method, version: version, keepAlive: keepAlive)
    }

    @Test(arguments: framings.indices)
    func framingFollowsStatusMethodAndVersion(_ index: Int) {
        let (status, content, context, expected, expectedCoding) = Self.framings[index]
        var coding: Head.Coding?
        let head = written { coding = HTTPResponseHead(status, to: &$0).end(content, for: context, to: &$0) }
        #expect(
            head == "HTTP/1.1 "
                + expected.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\r\n"))
        #expect(coding == expectedCoding)
    }

    @Test func fieldsAreWrittenInOrder() {
        let value: Bytes = "\"e\""
        let head = written { output in
            let head = HTTPResponseHead(.ok, to: &output)
            head.field("A", "b", to: &output)
            head.field("Cache-TTL", decimal: -7, to: &output)
            head.field("ETag", bytes: value, to: &output)
            head.lines("X: y\r\nZ: z\r\n", to: &output)
            _ = head.end(.length(1), for: Self.context(), to: &output)
        }
        #expect(
            head
                == "HTTP/1.1 200 OK\r\nA: b\r\nCache-TTL: -7\r\nETag: \"e\"\r\nX: y\r\nZ: z\r\nContent-Length: 1\r\n\r\n"
        )
    }

    @Test func aValueCannotBeginALineOfItsOwn() {
        let value = Bytes(wire("a\r\nSet-Cookie: b\u{00}c\td\u{7F}\u{FF}"))
        let head = written { HTTPResponseHead(.ok, to: &$0).field("A", bytes: value, to: &$0) }
        #expect(head == "HTTP/1.1 200 OK\r\nA: a  Set-Cookie: b c d \u{FF}\r\n")
    }

    @Test func theInterimResponseHasNoFields() {
        #expect(written { HTTPResponseHead.writeContinue(to: &$0) } == "HTTP/1.1 100 Continue\r\n\r\n")
    }

    @Test(arguments: HTTPStatus.allCases)
    func theStatusLineSaysItsCode(_ status: HTTPStatus) {
        let line = "\(status.line)"
        #expect(line == "HTTP/1.1 \(status.code) \(status.reason)\r\n")
        #expect(!status.reason.isEmpty && status.reason.utf8.allSatisfy { $0 >= 0x20 })
        #expect(HTTPStatus(rawValue: UInt16(status.code)) == status)
    }

    @Test func everyRefusalHasAnErrorStatusAndAReason() {
        for rejection in HTTPRejection.allCases {
            #expect((400..<600).contains(rejection.status.code))
            #expect(rejection.reason.utf8CodeUnitCount > 10)
        }
    }

    @Test(arguments: [
        (1, "1"), (9, "9"), (10, "a"), (15, "f"), (16, "10"), (255, "ff"), (256, "100"), (70000, "11170"),
    ])
    func aChunkBeginsWithItsSize(_ size: Int, _ digits: String) {
        let content = String(repeating: "x", count: size)
        #expect(written { HTTPChunks.append(Bytes(content), to: &$0) } == "\(digits)\r\n\(content)\r\n")
    }

    @Test func anEmptyChunkIsNotWrittenSinceItWouldEndTheContent() {
        #expect(written { HTTPChunks.append(Bytes(), to: &$0) } == "")
        #expect(written { HTTPChunks.end(&$0) } == "0\r\n\r\n")
    }
}

@Suite struct HTTPDateTests {
    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (86399, "Thu, 01 Jan 1970 23:59:59 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
        (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
        (1_735_689_600, "Wed, 01 Jan 2025 00:00:00 GMT"),
        (2_147_483_648, "Tue, 19 Jan 2038 03:14:08 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (Int.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (Int.min, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ])
    func aDateIsWrittenAsRFC9110Says(_ second: Int, _ expected: String) {
        #expect(text(HTTPDate.format(second).span) == expected)
    }

    /// Counts the days of 400 years, the whole cycle of the calendar, one by one.
    @Test func everyDayOfTheCycleFollowsTheOneBefore() {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        var (year, month, day) = (1970, 0, 1)
        for number in 0..<146_097 {
            let padded = day < 10 ? "0\(day)" : "\(day)"
            let expected = "\(weekdays[number % 7]), \(padded) \(months[month]) \(year) 00:00:00 GMT"
            guard text(HTTPDate.format(number * 86400).span) == expected else {
                Issue.record("day \(number) is not \(expected)")
                return
            }
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            day += 1
            if day > [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month] {
                (month, day) = (month + 1, 1)
            }
            if month == 12 { (year, month) = (year + 1, 0) }
        }
    }

    @Test func theCachedDateFollowsTheSecond() {
        var cache = HTTPDateCache()
        let lines = written { output in
            for second in [1, 1, 2, 1] { cache.append(at: second, to: &output) }
        }
        let one = "Date: Thu, 01 Jan 1970 00:00:01 GMT\r\n"
        #expect(lines == one + one + "Date: Thu, 01 Jan 1970 00:00:02 GMT\r\n" + one)
    }
}
