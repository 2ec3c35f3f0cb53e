/// Feeds the same bytes whole, byte by byte, and in two pieces split at every point, and expects one and the same
/// outcome. A feed makes a fresh decoder, gives it the pieces in order, and returns all that came out.
///
/// - Returns: The outcome, for the test to compare with what it should be.
/// - Throws: ``TestFailure`` that names the pieces whose outcome differs, or what `feed` throws.
@discardableResult
package func verifySplits<Outcome: Equatable>(
    _ bytes: [UInt8], feed: ([[UInt8]]) throws -> Outcome
) throws -> Outcome {
    let whole = try feed([bytes])
    func verify(_ pieces: [[UInt8]], _ name: String) throws {
        let outcome = try feed(pieces)
        guard outcome == whole else { throw TestFailure("\(name): \(outcome), but in one piece: \(whole)") }
    }
    try verify(bytes.map { [$0] }, "byte by byte")
    for point in bytes.indices.dropFirst() {
        try verify([Array(bytes[..<point]), Array(bytes[point...])], "split before byte \(point)")
    }
    return whole
}
