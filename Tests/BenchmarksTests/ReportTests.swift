import Testing

@testable import CisternBenchmarks

@Suite struct ReportTests {
    /// A round of which only what is given matters.
    private func round(
        perSecond: Double = 1, cpu: Double = 1, p99: Double = 1, memory: Double = 1, isGeneratorLate: Bool = false
    ) -> Round {
        Round(
            perSecond: perSecond, cpu: cpu, p50: 1, p99: p99, p999: 1, memory: memory, errors: 0,
            isGeneratorLate: isGeneratorLate)
    }

    private func cell(_ contender: Contender, _ workload: Workload = .get100, loops: Int = 1) -> Cell {
        Cell(contender: contender, workload: workload, loops: loops)
    }

    private func bar(_ figures: Figures, _ words: String) -> Bar? {
        let found = Bar.all(figures).filter { $0.text.contains(words) }
        return found.count == 1 ? found[0] : nil
    }

    @Test func aRatioIsTheMedianOfTheRounds() {
        var figures = Figures()
        // The machine is slow in three rounds. The ratio of the medians would be 0.4.
        for (own, other) in [(5.0, 10.0), (50, 100), (40, 100), (6, 10), (50, 100)] {
            figures.add(round(cpu: own), cell(.cistern), .closed)
            figures.add(round(cpu: other), cell(.webdis), .closed)
        }
        #expect(figures.ratio(\.cpu, cell(.cistern), to: cell(.webdis), .closed) == 0.5)
        #expect(figures.ratio(\.cpu, cell(.cistern), to: cell(.nginx), .closed) == nil)
    }

    @Test(arguments: [(4.5, true), (4.6, false)]) func aBarIsMetUpToItsLimit(cpu: Double, isMet: Bool) {
        var figures = Figures()
        figures.add(round(cpu: cpu), cell(.cistern), .closed)
        figures.add(round(cpu: 10), cell(.webdis), .closed)
        let bar = bar(figures, "CPU per request, of webdis'")
        #expect(bar?.isMet == isMet)
        #expect(bar?.line.hasPrefix(isMet ? "pass  0.450  (" : "MISS  0.460  (") == true)
    }

    @Test(arguments: [(90.0, 100.0, true), (89, 100, false), (180, 1000, true), (179, 1000, false)])
    func throughputIsOfWebdisOrWhereWrkIsAtItsLimitOfNginx(cistern: Double, nginx: Double, isMet: Bool) {
        var figures = Figures()
        for (contender, perSecond) in [(Contender.cistern, cistern), (.webdis, 100), (.nginx, nginx)] {
            figures.add(round(perSecond: perSecond), cell(contender), .closed)
        }
        #expect(bar(figures, "requests per second, of webdis'")?.isMet == isMet)
    }

    @Test func capacityOfTwoLoopsFollowsFromTheirCostAtTheSameRate() {
        var figures = Figures()
        figures.add(round(cpu: 10), cell(.cistern), .open)
        figures.add(round(cpu: 12.5), cell(.cistern, loops: 2), .open)
        #expect(bar(figures, "two loops")?.value == 1.6)
        #expect(bar(figures, "two loops")?.isMet == true)
    }

    @Test func memoryIsTheMostOfAllRounds() {
        var figures = Figures()
        for memory in [20.0, 25, 21] { figures.add(round(memory: memory), cell(.cistern), .closed) }
        #expect(bar(figures, "memory")?.value == 25)
        #expect(bar(figures, "memory")?.isMet == false)
    }

    @Test func barsWithoutFiguresAreNotShown() {
        #expect(Bar.all(Figures()).isEmpty)
        var figures = Figures()
        for cell in Cell.forBars {
            for mode in Mode.allCases { figures.add(round(), cell, mode) }
        }
        #expect(Bar.all(figures).count == 14)
    }

    @Test func theTablesSayWhatWasMeasuredAndHowWell() {
        let cells = [cell(.cistern), cell(.webdis)]
        var figures = Figures()
        for cpu in [7.0, 9, 8] {
            figures.add(round(perSecond: 1234, cpu: cpu), cells[0], .closed)
            figures.add(round(perSecond: 617, cpu: cpu * 2), cells[1], .closed)
            figures.add(round(perSecond: 300, isGeneratorLate: cpu > 8), cells[0], .open)
            figures.add(round(perSecond: cpu > 7 ? 290 : 300), cells[1], .open)
        }
        figures.rates[cells[0].group] = 300
        let text = Markdown(figures: figures, cells: cells, machine: ["a machine"], rounds: 3, seconds: 1).text
        #expect(text.contains("| Cistern | 1234 | 1234–1234 | 1.00 | 8.00 | 7.00–9.00 | 1.00 |"))
        #expect(text.contains("| webdis | 617 | 617–617 | 0.50 | 16.0 | 14.0–18.0 | 2.00 |"))
        #expect(text.contains("| Cistern † | 300 |") && text.contains("† In 1 of 6 rounds"))
        #expect(text.contains("| webdis ‡ | 290 |") && text.contains("‡ In 2 of 6 rounds"))
        #expect(text.contains("At 300 requests per second") && text.contains("a machine"))
        #expect(text.contains("| 0.500 | ≤ 0.45 | **miss** |"))
    }
}
