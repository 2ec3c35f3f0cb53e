import CisternBytes
import CisternHTTP
import CisternJSON
import Testing

@testable import CisternService

@Suite struct BatchAnswerTests {
    private func value(_ count: Int) -> BatchResult {
        var result = BatchResult(.ok)
        result.value = Bytes([UInt8](repeating: 0x61, count: count))
        return result
    }

    private func statuses(_ answer: BatchAnswer) throws -> [Int64?] {
        let results = try #require(try JSONValue.parse(answer.content).object?["results"]?.array)
        return results.map { $0.object?["status"]?.integer }
    }

    @Test func resultsStandInTheOrderOfTheirOperations() throws {
        var answer = BatchAnswer(operations: 3, limit: 1000)
        answer.add(BatchResult(.notFound), at: 2)
        answer.add(value(1), at: 0)
        answer.add(BatchResult(.noContent), at: 1)
        #expect(answer.content.text == #"{"results":[{"status":200,"value":"a"},{"status":204},{"status":404}]}"#)
        #expect(BatchAnswer(operations: 0, limit: 1).content.text == #"{"results":[]}"#)
    }

    @Test func whatHasNoRoomIsSaidAndTakesNoneFromOthers() throws {
        var answer = BatchAnswer(operations: 3, limit: 400)
        answer.add(value(100), at: 0)
        answer.add(value(300), at: 1)
        answer.add(value(10), at: 2)
        #expect(try statuses(answer) == [200, 413, 200])
        #expect(answer.content.count <= 400)
        #expect(answer.content.text.contains("max_batch_bytes, which is 400"))
    }

    /// Whatever comes in whatever order, the limit holds, and every operation has a status.
    @Test func theLimitHolds() throws {
        for limit in 60..<700 {
            var answer = BatchAnswer(operations: 3, limit: limit)
            let isKept = answer.keepRoomForWrite(at: 1)
            answer.add(value(150), at: 2)
            answer.add(BatchResult(Refusal(.serviceUnavailable, "the reason")), at: 0)
            var written = BatchResult(.accepted)
            written.digest = Bytes([UInt8](repeating: 0x66, count: 40))
            written.isFallback = true
            answer.add(isKept ? written : BatchResult(answer.noRoom), at: 1)
            #expect(answer.content.count <= limit)
            let told = try statuses(answer)
            // What a write has done is always told.
            #expect(told[0] == 503 && told[1] == (isKept ? 202 : 413), "\(limit)")
            #expect(told[2] == 200 || told[2] == 413)
            #expect(limit < 600 || told == [503, 202, 200])
        }
    }

    @Test func aValueOfWhichOnlyTheEscapesAreTooLongHasNoRoom() throws {
        var answer = BatchAnswer(operations: 1, limit: 300)
        var result = BatchResult(.ok)
        result.value = Bytes([UInt8](repeating: 0x01, count: 60))
        answer.add(result, at: 0)
        #expect(try statuses(answer) == [413])
    }

    @Test func aResultSaysAllThereIsToSay() throws {
        var read = BatchResult(.ok)
        read.value = "v"
        read.digest = "00"
        read.ttl = 5
        read.isFallback = true
        read.age = 3
        let all = String(decoding: read.text, as: UTF8.self)
        #expect(all == #"{"status":200,"value":"v","etag":"00","ttl":5,"source":"local","age":3}"#)
        read.isBase64 = true
        #expect(String(decoding: read.text, as: UTF8.self).contains(#""value":"dg==","encoding":"base64""#))
        var refusal = Refusal(.serviceUnavailable, "the reason")
        refusal.retryAfter = .seconds(40)
        let refused = try #require(try JSONValue.parse(BatchResult(refusal).text).object)
        #expect(refused["detail"]?.string == "the reason")
        #expect((40...50).contains(try #require(refused["retry_after"]?.integer)))
        #expect(BatchResult(Refusal(.forbidden, "no")).retryAfter == nil)
    }

    @Test(arguments: [([0xFF], "/w=="), ([0x61, 0xC3], "YcM="), ([0xED, 0xA0, 0x80], "7aCA")] as [(Bytes, String)])
    func whatIsNotUTF8ComesInBase64(value: Bytes, text: String) throws {
        var read = BatchResult(.ok)
        read.value = value
        let told = try #require(try JSONValue.parse(read.text).object)
        #expect(told["value"]?.string == text && told["encoding"]?.string == "base64")
    }
}

@Suite struct BatchOrderTests {
    @Test func operationsOnOneKeyFollowEachOther() {
        let order = BatchOrder(["a", "b", "a", nil, "c", "a", "b"])
        #expect(order.first == [0, 1, 4])
        #expect((0..<7).map { order.next(after: $0) } == [2, 6, 5, nil, nil, nil, nil])
    }
}

@Suite struct JSONPointerTests {
    /// The examples of RFC 6901 §5.
    @Test(arguments: [("foo", "/foo"), ("", "/"), ("a/b", "/a~1b"), ("m~n", "/m~0n"), ("~1", "/~01"), (" ", "/ ")])
    func aNameIsEscaped(name: String, pointer: String) {
        #expect(JSONPointer().text == "")
        #expect(JSONPointer().member(name).text == pointer)
        #expect(JSONPointer().member("foo").element(7).member(name).text == "/foo/7\(pointer)")
    }
}
