import Testing

@testable import CisternBenchmarks

@Suite struct SpreadTests {
    @Test func theMedianIsTheMiddleOne() {
        let odd = Spread([9, 1, 5])
        #expect(odd?.median == 5 && odd?.least == 1 && odd?.most == 9)
        #expect(Spread([4, 1, 3, 100])?.median == 3.5)
        #expect(Spread([]) == nil)
    }

    @Test(arguments: [
        (0.0, 2, "0.00"), (0.455, 1, "0.5"), (1.05, 2, "1.05"), (-0.3, 1, "-0.3"), (1234.5, 0, "1235"), (.nan, 2, "-"),
    ])
    func numbersAreRounded(number: Double, places: Int, text: String) {
        #expect(number.places(places) == text)
    }
}
