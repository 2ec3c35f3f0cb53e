import CisternConfiguration
import Testing

@Suite struct GoDurationTests {
    @Test(
        arguments: [
            ("0", 0), ("0s", 0), ("5s", 5_000_000_000), ("250ms", 250_000_000), ("1m30s", 90_000_000_000),
            ("1.5h", 5_400_000_000_000), ("1h30m", 5_400_000_000_000), ("1ns", 1), ("2us", 2000), ("2µs", 2000),
            ("2\u{3BC}s", 2000), (".5s", 500_000_000), ("1.s", 1_000_000_000), ("1.000000001s", 1_000_000_001),
            ("1.0000000019s", 1_000_000_001), ("0.3333333333333333333333h", 1_199_999_999_999),
            ("30s1m", 90_000_000_000),
            ("9223372036854775807ns", .max), ("2562047h47m16.854775807s", .max), ("007s", 7_000_000_000),
        ] as [(String, Int64)])
    func readsWhatGoReads(text: String, nanoseconds: Int64) throws {
        #expect(try GoDuration.parse(text) == .nanoseconds(nanoseconds))
    }

    @Test(
        arguments: [
            ("", .empty), ("5", .missingUnit), ("1m30", .missingUnit), ("1.5", .missingUnit), ("5x", .unknownUnit),
            ("5 s", .unknownUnit), ("5S", .unknownUnit), ("1d", .unknownUnit), ("5s ", .unknownUnit),
            ("-5s", .negative),
            ("-", .negative), ("s", .malformed), (".s", .malformed), ("+5s", .malformed), (" 5s", .malformed),
            ("five", .malformed), ("9223372036854775808ns", .overflow), ("2562047h47m16.854775808s", .overflow),
            ("2562048h", .overflow), ("99999999999999999999s", .overflow), ("9223372036s9223372036s", .overflow),
            (String(repeating: "1s", count: 65), .malformed),
        ] as [(String, GoDuration.Problem)])
    func refusesEverythingElse(text: String, problem: GoDuration.Problem) {
        #expect(throws: problem) { try GoDuration.parse(text) }
    }

    @Test(
        arguments: [
            (.zero, "0s"), (.seconds(5), "5s"), (.milliseconds(250), "250ms"), (.seconds(90), "1m30s"),
            (.seconds(60), "1m"),
            (.seconds(300), "5m"), (.seconds(5400), "1h30m"), (.seconds(3601), "1h1s"), (.milliseconds(1500), "1.5s"),
            (.nanoseconds(1), "1ns"), (.nanoseconds(1500), "1.5us"), (.nanoseconds(1_050_000), "1.05ms"),
            (.nanoseconds(60_000_000_001), "1m0.000000001s"), (.seconds(-5), "-5s"), (.milliseconds(-1500), "-1.5s"),
            (.nanoseconds(Int64.max), "2562047h47m16.854775807s"),
            (Duration(secondsComponent: .max, attosecondsComponent: 0), "2562047788015215h30m7s"),
            (Duration(secondsComponent: .min, attosecondsComponent: 0), "-2562047788015215h30m8s"),
        ] as [(Duration, String)])
    func writesInGosStyle(duration: Duration, text: String) {
        #expect(GoDuration.format(duration) == text)
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        var state: UInt64 = 1
        for _ in 0..<5000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let duration = Duration.nanoseconds(Int64(state >> (1 + state % 60)))
            #expect(try GoDuration.parse(GoDuration.format(duration)) == duration)
        }
    }
}
