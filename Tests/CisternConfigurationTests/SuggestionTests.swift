import CisternConfiguration
import Testing

@Suite struct SuggestionTests {
    private let names = ["dial_timeout", "read_timeout", "write_timeout", "host", "port", "db"]

    @Test(arguments: [
        ("dial_timout", "dial_timeout"), ("readTimeout", "read_timeout"), ("READ-TIMEOUT", "read_timeout"),
        ("hots", "host"), ("prot", "port"), ("hosts", "host"), ("D", "db"), ("write_timeout", "write_timeout"),
    ])
    func findsWhatWasMeant(text: String, meant: String) {
        #expect(Suggestion.closest(to: text, among: names) == meant)
        #expect(Suggestion.sentence(for: text, among: names) == "did you mean \(meant)?")
    }

    @Test(arguments: ["", "_", "password", "zz", "timeout", String(repeating: "host", count: 1000)])
    func guessesNothingFarFetched(text: String) {
        #expect(Suggestion.closest(to: text, among: names) == nil)
        #expect(Suggestion.sentence(for: text, among: names).isEmpty)
    }
}
