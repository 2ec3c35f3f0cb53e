import CisternBytes
import CisternConfiguration
import CisternService
import TestSupport
import Testing

/// README's tables of keys against the code.
@Suite struct ReadmeTests {
    private static let path = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/README.md"

    @Test func theTablesAreThoseOfTheKeys() throws {
        let readme = try readText(Self.path)
        let begin = try #require(readme.firstRange(of: "<!-- keys -->\n"))
        let end = try #require(readme.firstRange(of: "<!-- end of keys -->"))
        // When this fails, what stands between the two comments has to become what the code says.
        #expect(String(readme[begin.upperBound..<end.lowerBound]) == Self.tables)
    }

    private static var tables: String {
        let catalog = ServiceConfig.catalog
        let sections = catalog.sections.map { section in
            "\n**`\(section.name)`**: \(section.summary)\n\n" + catalog.table(section: section.name)
        }
        return "\n**Top level**\n\n" + catalog.table(section: nil) + sections.joined() + "\n"
    }
}
