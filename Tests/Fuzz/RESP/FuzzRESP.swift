import CisternBytes
import CisternRESP

/// What a decoder made of some bytes, as the wire would carry it again.
private struct Outcome: Equatable {
    var replies: [Bytes] = []
    var error: RESPDecodingError?
    var isWithinReply = false
}

/// - Parameter filling: Whether strings are read into their place wherever one goes on with a piece.
private func decode(_ pieces: [ArraySlice<UInt8>], filling: Bool = false) -> Outcome {
    var limits = RESPLimits()
    // Small, so that inputs of the fuzzer reach them.
    limits.bulkLength = 200
    limits.replyLength = 300
    limits.aggregateCount = 20
    limits.elements = 30
    limits.depth = 5
    limits.lineLength = 100
    var decoder = RESPDecoder(limits: limits)
    var outcome = Outcome()
    for piece in pieces {
        var rest = piece
        while !rest.isEmpty {
            let filled = filling ? decoder.fill(from: &rest) : 0
            let input = filled > 0 ? [] : Array(rest)
            var consumed = 0
            do {
                let reply = try decoder.decode(input.span, consumed: &consumed)
                precondition(filled > 0 || consumed > 0 && consumed <= input.count, "consumed is out of range")
                precondition(reply != nil || consumed == input.count, "more was asked for before all was taken")
                if let reply { outcome.replies.append(reply.encoded()) }
            } catch {
                outcome.error = error
                return outcome
            }
            rest = rest.dropFirst(consumed)
        }
    }
    outcome.isWithinReply = decoder.isWithinReply
    return outcome
}

extension RESPDecoder {
    /// Reads as much of `rest` as belongs to the string that is being read; the result is how much that was.
    fileprivate mutating func fill(from rest: inout ArraySlice<UInt8>) -> Int {
        let filled = fill { array, room in
            let taken = rest.prefix(room)
            array.append(contentsOf: taken)
            return taken.count
        }
        rest = rest.dropFirst(filled ?? 0)
        return filled ?? 0
    }
}

/// The first two bytes choose where the rest is split.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRESP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard input.count > 2 else { return 0 }
    let wire = input[2...]
    let point = 2 + (Int(input[0]) << 8 | Int(input[1])) % wire.count
    let whole = decode([wire])
    precondition(whole == decode([wire[..<point], wire[point...]]), "a split changes the outcome")
    precondition(whole == decode(wire.indices.map { wire[$0...$0] }), "single bytes change the outcome")
    precondition(
        whole == decode([wire[..<point], wire[point...]], filling: true), "reading into place changes the outcome")

    // What was decoded is encoded to the same value; it can exceed the line limit by what encoding adds, never the grammar.
    for reply in whole.replies {
        let again = decode([Array(reply)[...]])
        precondition(again.error?.code ?? .tooLarge == .tooLarge, "an encoded reply is malformed")
        if again.error == nil { precondition(again.replies == [reply], "a reply does not come back from the wire") }
    }
    return 0
}
