import CisternBytes
import CisternRESP
import TestSupport

/// Everything a decoder made of some bytes.
struct RESPOutcome: Equatable, CustomStringConvertible {
    var values: [RESPValue] = []
    var error: RESPDecodingError?
    /// A reply had begun when the bytes ended.
    var isIncomplete = false

    // Values hide their content, and a failed comparison has to show it.
    var description: String {
        "\(values.map { String(decoding: $0.encoded(), as: UTF8.self).debugDescription }), \(String(describing: error))"
            + (isIncomplete ? ", incomplete" : "")
    }

    // By the wire form: two NaNs are the same outcome.
    static func == (left: Self, right: Self) -> Bool {
        left.values.map { $0.encoded() } == right.values.map { $0.encoded() }
            && left.error?.code == right.error?.code && left.isIncomplete == right.isIncomplete
    }
}

/// Gives the pieces to one decoder as a connection does: what it took is dropped, what is left comes again with more.
///
/// - Parameter filling: Whether strings are read into their place wherever one goes on with a piece.
func decodeRESP(_ pieces: [[UInt8]], limits: RESPLimits = .init(), filling: Bool = false) throws -> RESPOutcome {
    var decoder = RESPDecoder(limits: limits)
    var outcome = RESPOutcome()
    for piece in pieces {
        var rest = piece[...]
        while !rest.isEmpty {
            let filled = filling ? decoder.fill(from: &rest) : 0
            let input = filled > 0 ? [] : Array(rest)
            var consumed = 0
            let value: RESPValue?
            do {
                value = try decoder.decode(input.span, consumed: &consumed)
            } catch {
                outcome.error = error
                return outcome
            }
            if filled > 0 {
                if let value { outcome.values.append(value) }
                continue
            }
            guard consumed > 0 else { throw TestFailure("the decoder took nothing and asked for more") }
            rest = rest.dropFirst(consumed)
            if let value {
                outcome.values.append(value)
            } else if !rest.isEmpty {
                throw TestFailure("the decoder asked for more and left \(rest.count) bytes")
            }
        }
    }
    outcome.isIncomplete = decoder.isWithinReply
    return outcome
}

/// The same, whole, byte by byte, and split at every point.
func decodeRESPSplit(_ wire: String, limits: RESPLimits = .init()) throws -> RESPOutcome {
    let outcome = try verifySplits(Array(wire.utf8)) { try decodeRESP($0, limits: limits) }
    let filled = try verifySplits(Array(wire.utf8)) { try decodeRESP($0, limits: limits, filling: true) }
    guard filled == outcome else { throw TestFailure("read into its place it is \(filled), else \(outcome)") }
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
