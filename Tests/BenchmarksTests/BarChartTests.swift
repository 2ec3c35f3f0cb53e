import Testing

@testable import CisternBenchmarks

@Suite struct BarChartTests {
    private let svg = BarChart(
        title: "CPU < µs & more",
        groups: [
            BarChart.Group(
                title: "GET",
                bars: [
                    BarChart.Bar(label: "a", value: 50, color: "#111111"),
                    BarChart.Bar(label: "b", value: 25, color: "#222222"),
                ]),
            BarChart.Group(title: "none", bars: [BarChart.Bar(label: "c", value: 0, color: "#333333")]),
        ]
    ).svg

    @Test func everyElementIsClosedInTurn() throws {
        var open: [Substring] = []
        for piece in svg.split(separator: "<") {
            let tag = try #require(piece.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false).first)
            #expect(piece.contains(">"), "\(piece) does not end")
            if tag.hasPrefix("/") {
                #expect(open.popLast() == tag.dropFirst())
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { !$0.isWhitespace })
            }
        }
        #expect(open.isEmpty)
        #expect(svg.contains("CPU &lt; µs &amp; more") && !svg.contains("& "))
    }

    @Test func barsAreAsLongAsTheirValues() {
        #expect(svg.contains("width=\"430\" height=\"18\" fill=\"#111111\""))
        #expect(svg.contains("width=\"215\" height=\"18\" fill=\"#222222\""))
        #expect(svg.contains("width=\"1\" height=\"18\" fill=\"#333333\""))
        for text in [">50.0<", ">25.0<", ">0.00<", ">a<", ">GET<"] { #expect(svg.contains(text), "\(text)") }
    }
}
