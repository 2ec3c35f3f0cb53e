/// The text format of Prometheus as the tests read it.
package struct PrometheusText: Sendable {
    package struct Family: Sendable {
        package var type: String
        package var help: String
        /// Values by name and labels, as they are written.
        package var samples: [String: Double] = [:]
    }

    /// By name.
    package private(set) var families: [String: Family] = [:]

    /// Reads a text: every family has its help and its type and stands in one place, and no sample is there twice.
    package init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw TestFailure("the last line has no end") }
        var current = ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if words[0] == "#" {
                guard words.count == 4 else { throw TestFailure("not a comment of the format: \(line)") }
                if words[1] == "HELP" {
                    guard families[words[2]] == nil else { throw TestFailure("\(words[2]) is there twice") }
                    families[words[2]] = Family(type: "", help: words[3])
                    current = words[2]
                } else {
                    guard words[1] == "TYPE", words[2] == current else { throw TestFailure("unexpected: \(line)") }
                    families[current]?.type = words[3]
                }
                continue
            }
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
                throw TestFailure("no value: \(line)")
            }
            let sample = String(line[..<space])
            let name = String(sample.prefix { $0 != "{" })
            let isOfSummary =
                families[current]?.type == "summary" && [current + "_sum", current + "_count"].contains(name)
            guard name == current || isOfSummary else { throw TestFailure("\(name) among \(current)") }
            guard families[current]?.samples.updateValue(value, forKey: sample) == nil else {
                throw TestFailure("\(sample) is there twice")
            }
        }
    }

    /// All samples of all families.
    package var samples: [String: Double] {
        families.values.reduce(into: [:]) { $0.merge($1.samples) { first, _ in first } }
    }
}
