import CisternRESP
import Testing

@Suite struct RESPLimitsTests {
    static func limits(_ change: (inout RESPLimits) -> Void) -> RESPLimits {
        var limits = RESPLimits()
        change(&limits)
        return limits
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let limits: RESPLimits
        /// Just within the limit, and just beyond it.
        let good: String
        let bad: String
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "bulkLength", limits: limits { $0.bulkLength = 3 }, good: "*2\r\n$3\r\nabc\r\n!3\r\nabc\r\n",
            bad: "*1\r\n$4\r\n"),
        Case(
            name: "replyLength", limits: limits { $0.replyLength = 5 },
            good: "*2\r\n$3\r\nabc\r\n$2\r\nab\r\n$5\r\nabcde\r\n", bad: "*2\r\n$3\r\nabc\r\n$3\r\n"),
        Case(
            name: "aggregateCount", limits: limits { $0.aggregateCount = 2 }, good: "*2\r\n%1\r\n:1\r\n:2\r\n*0\r\n",
            bad: "*1\r\n%2\r\n"),
        Case(
            name: "elements", limits: limits { $0.elements = 4 },
            good: "*2\r\n*1\r\n:1\r\n:2\r\n*3\r\n:1\r\n:2\r\n:3\r\n",
            bad: "*2\r\n*1\r\n:1\r\n*2\r\n"),
        Case(
            name: "elements announced", limits: limits { $0.elements = 4 }, good: "*3\r\n:1\r\n:2\r\n:3\r\n",
            bad: "*4\r\n"),
        Case(
            name: "elements of attributes", limits: limits { $0.elements = 3 }, good: "|0\r\n|0\r\n:1\r\n",
            bad: "|0\r\n|0\r\n|0\r\n:1\r\n"),
        Case(
            name: "depth", limits: limits { $0.depth = 2 }, good: "*1\r\n*1\r\n:1\r\n", bad: "*1\r\n*1\r\n*1\r\n"),
        Case(
            name: "depth of attributes", limits: limits { $0.depth = 2 }, good: "|1\r\n:1\r\n:2\r\n*1\r\n*1\r\n:1\r\n",
            bad: "*1\r\n*1\r\n|1\r\n"),
        Case(name: "lineLength", limits: limits { $0.lineLength = 5 }, good: "+abcd\r\n", bad: "+abcde\r\n"),
        Case(name: "endless line", limits: limits { $0.lineLength = 5 }, good: ":1234\r\n", bad: ":12345"),
    ]

    @Test(arguments: cases)
    func limitsAreExact(_ sample: Case) throws {
        let good = try decodeRESPSplit(sample.good, limits: sample.limits)
        #expect(good.error == nil)
        #expect(!good.isIncomplete && !good.values.isEmpty)
        #expect(try decodeRESPSplit(sample.bad, limits: sample.limits).error?.code == .tooLarge)
    }

    @Test(arguments: [
        "$536870913\r\n", "*4194305\r\n", "%2097153\r\n", "*9223372036854775807\r\n", "%9223372036854775807\r\n",
    ])
    func theDefaultsRefuseWhatNoRedisSends(_ wire: String) throws {
        #expect(try decodeRESPSplit(wire).error?.code == .tooLarge)
    }

    @Test func depthOfTheDefaultIs32() throws {
        let nested = { String(repeating: "*1\r\n", count: $0) + ":1\r\n" }
        #expect(try decodeRESPSplit(nested(32)).error == nil)
        #expect(try decodeRESPSplit(nested(33)).error?.code == .tooLarge)
    }
}
