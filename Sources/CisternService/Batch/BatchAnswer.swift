internal import CisternBytes
internal import CisternHTTP

/// The answer to a batch, put together from results in the order in which they come. It is never larger than its limit.
///
/// Each operation has room for its status from the start, and a write for all that it has to say: what has been done is never
/// answered with 413. A value that finds no room is.
struct BatchAnswer {
    private static let start = Array(#"{"results":["#.utf8)
    private static let end = Array("]}".utf8)

    private let limit: Int
    private var results: [[UInt8]]
    /// Bytes that are kept for each operation, with the comma behind it, or that its result takes.
    private var room: [Int]
    private var taken: Int

    /// The limit is at least what the statuses alone take: an operation takes more than that in the request, which has the same.
    init(operations: Int, limit: Int) {
        self.limit = limit
        results = Array(repeating: [], count: operations)
        room = Array(repeating: BatchResult.shortest + 1, count: operations)
        taken = Self.start.count + Self.end.count + operations * (BatchResult.shortest + 1)
    }

    /// Keeps room for what a write has to say; false where there is none, and it must not be done.
    mutating func keepRoomForWrite(at index: Int) -> Bool {
        let needed = BatchResult.longestWrite + 1
        guard taken - room[index] + needed <= limit else { return false }
        keep(needed, at: index)
        return true
    }

    /// Takes the result of an operation.
    mutating func add(_ result: BatchResult, at index: Int) {
        let left = limit - (taken - room[index]) - 1
        if (result.value?.count ?? 0) <= left {
            let text = result.text
            if text.count <= left { return take(text, at: index) }
        }
        if result.value != nil { return add(BatchResult(noRoom), at: index) }
        take(result.brief.text, at: index)
    }

    /// The answer to an operation that finds no room for its result.
    var noRoom: Refusal {
        Refusal(
            .contentTooLarge,
            "the answer would be larger than max_batch_bytes, which is \(limit); ask for this by a request of its own")
    }

    /// The answer, when every operation has its result.
    var content: Bytes {
        var content: [UInt8] = []
        content.reserveCapacity(taken)
        content += Self.start
        for (index, result) in results.enumerated() {
            if index > 0 { content.append(UInt8(ascii: ",")) }
            content += result
        }
        content += Self.end
        return Bytes(adopting: content)
    }

    private mutating func take(_ text: [UInt8], at index: Int) {
        results[index] = text
        keep(text.count + 1, at: index)
    }

    private mutating func keep(_ bytes: Int, at index: Int) {
        taken += bytes - room[index]
        room[index] = bytes
    }
}
