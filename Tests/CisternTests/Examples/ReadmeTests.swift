import TestSupport
import Testing

/// The examples of the library in README are those that run here.
@Suite struct ReadmeTests {
    private static let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
    private static let examples = "\(root)/Tests/CisternTests/Examples/LibraryExampleTests.swift"

    @Test func everyExampleIsOneThatRuns() throws {
        let shown = try pieces(of: readText("\(Self.root)/README.md"), from: "```swift\n", to: "```\n")
        let run = try pieces(
            of: readText(Self.examples), from: "        // README begins.\n", to: "        // README ends.\n"
        ).map(asShown)
        #expect(shown.count == run.count && !run.isEmpty)
        for (shown, run) in zip(shown, ["import Cistern\n\n" + (run.first ?? "")] + run.dropFirst()) {
            #expect(shown == run)
        }
    }

    private func asShown(_ piece: String) -> String {
        piece.replacing("Int(server.port)", with: "6379").replacing("\\(root)/", with: "")
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("        ") ? $0.dropFirst(8) : $0 }.joined(separator: "\n")
    }

    private func pieces(of text: String, from begin: String, to end: String) throws -> [String] {
        var pieces: [String] = []
        var rest = text[...]
        while let start = rest.firstRange(of: begin) {
            let stop = try #require(rest[start.upperBound...].firstRange(of: end))
            pieces.append(String(rest[start.upperBound..<stop.lowerBound]))
            rest = rest[stop.upperBound...]
        }
        return pieces
    }
}
