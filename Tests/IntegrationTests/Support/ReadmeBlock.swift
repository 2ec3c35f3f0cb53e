import TestSupport

/// Commands that README shows, with what it says that they print.
struct ReadmeBlock: Sendable {
    /// The line of README that they begin after.
    let line: Int
    /// The service that they talk to; nil for commands that are shown only, since they do not end or want a machine of their
    /// own.
    let stage: Stage?
    let script: String
    /// `…` stands for any text.
    let output: String?
    /// Whether the numbers of the output are those of one run, and others in the next.
    let isMeasured: Bool

    /// What the commands of a block talk to. Blocks of the same stage are run in their order against the same service.
    enum Stage: String, CaseIterable, Sendable {
        /// A service on its embedded cache.
        case local
        /// A service on a Redis.
        case redis
        /// A service with the tokens that README shows, for pages of one origin.
        case access
        /// A service with all its defaults, on a Redis that the commands end and start again.
        case outage
        /// One that the commands start and end themselves.
        case https
    }

    private static let marks: [String: Stage?] = [
        "<!-- test -->": Stage.local, "<!-- test redis -->": .redis, "<!-- test outage -->": .outage,
        "<!-- test access -->": .access,
        "<!-- test https -->": .https,
        "<!-- not run by the tests -->": nil,
    ]

    /// All blocks of README. One that does not say whether it is run is an error.
    static func all(in readme: String) throws -> [ReadmeBlock] {
        let lines = readme.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return try lines.indices.filter { lines[$0] == "```sh" }.map { fence in
            guard fence > 0, let stage = marks[lines[fence - 1]] else {
                throw TestFailure("README line \(fence + 1): no mark says whether the tests run this")
            }
            let (script, end) = content(of: lines, after: fence)
            var next = end + 1
            while next < lines.count, lines[next].isEmpty { next += 1 }
            let isMeasured = next < lines.count && lines[next] == "<!-- measured -->"
            if isMeasured { next += 1 }
            let hasOutput = next < lines.count && lines[next] == "```text"
            return ReadmeBlock(
                line: fence + 1, stage: stage, script: script,
                output: hasOutput ? content(of: lines, after: next).text : nil, isMeasured: isMeasured)
        }
    }

    /// The lines that README says the service logs: those of the texts after `<!-- log -->`.
    static func log(in readme: String) -> [String] {
        let lines = readme.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.indices.filter { lines[$0] == "<!-- log -->" }.flatMap {
            content(of: lines, after: $0 + 1).text.split(separator: "\n").map(String.init)
        }
    }

    /// The tokens that README shows, as the text of their file.
    static func tokens(in readme: String) throws -> String {
        let lines = readme.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let mark = lines.firstIndex(of: "<!-- tokens -->") else { throw TestFailure("README shows no tokens") }
        return content(of: lines, after: mark + 1).text
    }

    private static func content(of lines: [String], after fence: Int) -> (text: String, end: Int) {
        let end = lines[(fence + 1)...].firstIndex(of: "```") ?? lines.count
        return (lines[(fence + 1)..<end].map { $0 + "\n" }.joined(), end)
    }

    /// Whether the commands printed what README says; a value may lack the end of its line.
    func promises(_ printed: String, replacing: (String) -> String) -> Bool {
        guard let output else { return true }
        let printed = printed.hasSuffix("\n") ? printed : printed + "\n"
        guard isMeasured else { return Self.matches(printed, replacing(output)) }
        return Self.matches(Self.withoutNumbers(printed), Self.withoutNumbers(replacing(output)))
    }

    /// The text with 0 for every number, and one space for every gap: what all runs have in common.
    private static func withoutNumbers(_ text: String) -> String {
        text.replacing(/[0-9]+(\.[0-9]+)?/, with: "0").replacing(/[ ]+/, with: " ")
    }

    /// Whether a text is what a pattern says, in which `…` stands for any text.
    static func matches(_ text: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "…", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return text == parts[0] }
        guard text.hasPrefix(parts[0]) else { return false }
        var rest = text.dropFirst(parts[0].count)
        for part in parts[1..<(parts.count - 1)] where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
