import TestSupport

/// Commands that README shows, with what it says that they print.
struct ReadmeBlock: Sendable {
    /// The line of README that they begin after.
    let line: Int
    /// What the service that they talk to has behind it; nil for commands that are shown only, since they do not end
    /// or want a machine of their own.
    let backend: Backend?
    let script: String
    /// `…` stands for any text.
    let output: String?

    private static let marks: [String: Backend?] = [
        "<!-- test -->": Backend.local, "<!-- test redis -->": .redis, "<!-- not run by the tests -->": nil,
    ]

    /// All blocks of README. One that does not say whether it is run is an error.
    static func all(in readme: String) throws -> [ReadmeBlock] {
        let lines = readme.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return try lines.indices.filter { lines[$0] == "```sh" }.map { fence in
            guard fence > 0, let backend = marks[lines[fence - 1]] else {
                throw TestFailure("README line \(fence + 1): no mark says whether the tests run this")
            }
            let (script, end) = content(of: lines, after: fence)
            var next = end + 1
            while next < lines.count, lines[next].isEmpty { next += 1 }
            let hasOutput = next < lines.count && lines[next] == "```text"
            return ReadmeBlock(
                line: fence + 1, backend: backend, script: script,
                output: hasOutput ? content(of: lines, after: next).text : nil)
        }
    }

    private static func content(of lines: [String], after fence: Int) -> (text: String, end: Int) {
        let end = lines[(fence + 1)...].firstIndex(of: "```") ?? lines.count
        return (lines[(fence + 1)..<end].map { $0 + "\n" }.joined(), end)
    }

    /// Whether the commands printed what README says; a value may lack the end of its line.
    func promises(_ printed: String, replacing: (String) -> String) -> Bool {
        guard let output else { return true }
        let printed = printed.hasSuffix("\n") ? printed : printed + "\n"
        let parts = replacing(output).split(separator: "…", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return printed == parts[0] }
        guard printed.hasPrefix(parts[0]) else { return false }
        var rest = printed.dropFirst(parts[0].count)
        for part in parts[1..<(parts.count - 1)] where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
