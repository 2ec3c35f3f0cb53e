/// Finds what somebody probably meant.
package enum Suggestion {
    /// Longer texts are no misspelt names, and comparing them would take long.
    private static let longestText = 48

    /// "did you mean …?", or nothing where no candidate is near.
    package static func sentence(for text: String, among candidates: [String]) -> String {
        closest(to: text, among: candidates).map { "did you mean \($0)?" } ?? ""
    }

    /// The candidate that is nearest to `text`, if one is near enough to be meant.
    package static func closest(to text: String, among candidates: [String]) -> String? {
        guard text.utf8.count <= longestText else { return nil }
        let wanted = letters(of: text)
        guard !wanted.isEmpty else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(wanted, letters(of: candidate))
            let allowed = max(1, min(wanted.count, candidate.utf8.count) / 3)
            if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// The text without case and separators: `readTimeout` and `read-timeout` both mean `read_timeout`.
    private static func letters(of text: String) -> [UInt8] {
        text.utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: " "): nil
            case 0x41...0x5A: byte | 0x20
            default: byte
            }
        }
    }

    /// How many insertions, deletions, replacements and swaps of neighbours lie between the two.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var older: [Int] = []
        var previous = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                var cost = min(
                    previous[column + 1] + 1, current[column] + 1,
                    previous[column] + (left[row] == right[column] ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, older[column - 1] + 1)
                }
                current.append(cost)
            }
            older = previous
            previous = current
        }
        return previous[right.count]
    }
}
