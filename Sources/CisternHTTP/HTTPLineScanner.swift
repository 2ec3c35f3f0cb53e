internal import Glibc

/// Finds the ends of lines in bytes that arrive in pieces, and looks at no byte twice.
struct HTTPLineScanner {
    enum Outcome {
        /// There is no line end yet.
        case incomplete
        case tooLong
        /// The line ends in LF without CR. RFC 9112 §2.2 lets a recipient accept that; it is how requests are smuggled.
        case bareLineFeed
        /// The line goes up to `end`, where its CRLF stands.
        case line(end: Int)
    }

    /// Bytes of the unfinished line that are known to hold no LF.
    private var scanned = 0
    /// Bytes looked at since the beginning: what holds the promise to be linear against a test.
    private(set) var work = 0

    /// Looks for the end of the line that begins at `start`; with its CRLF it may have `limit` bytes.
    mutating func next(in input: Span<UInt8>, from start: Int, limit: Int) -> Outcome {
        guard limit > 0 else { return .tooLong }
        let from = start + scanned
        let stop = input.count - start > limit ? start + limit : input.count
        precondition(from <= stop, "bytes of an unfinished line were taken away")
        let found = input.withUnsafeBytes { bytes -> Int? in
            guard let base = bytes.baseAddress, from < stop else { return nil }
            return memchr(base + from, 0x0A, stop - from).map { UnsafeRawPointer($0) - base }
        }
        guard let found else {
            work += stop - from
            scanned = stop - start
            return scanned == limit ? .tooLong : .incomplete
        }
        work += found + 1 - from
        scanned = 0
        guard found > start, input[found - 1] == 0x0D else { return .bareLineFeed }
        return .line(end: found - 1)
    }
}
