import CisternConfiguration
import CisternJSON
import Testing

@Suite struct ConfigurationResolverTests {
    @Test func takesTheStrongestSourceAndKnowsIt() throws {
        let file = """
            {"name": "file",
             "limits": {"count": 4, "low": 0},
             "look": {"color": "green"}}
            """
        let (sample, resolver) = try Sample.load(
            file, environment: ["SAMPLE_NAME": "environment", "SAMPLE_LIMITS_COUNT": "5", "OTHER": "x"],
            flags: [ConfigurationFlag("--name", sets: "name", to: "flag")])
        var expected = Sample()
        expected.name = "flag"
        expected.count = 5
        expected.low = 0
        expected.color = .green
        #expect(sample == expected)
        #expect(
            resolver.sources.mapValues(\.description) == [
                "name": "flag --name", "limits.count": "environment SAMPLE_LIMITS_COUNT",
                "limits.low": "file sample.json:2:32", "look.color": "file sample.json:3:20",
            ])
        #expect(resolver.warnings.isEmpty)
    }

    @Test func readsEveryTypeFromAFile() throws {
        let (sample, _) = try Sample.load(
            #"""
            {"$schema": "x", "limits": {"count": 9, "timeout": "1m30s", "pause": 1000000, "low": 2, "high": 2},
             "look": {"is_on": true, "color": "green", "names": ["a", "b"], "secret": "s"}, "name": "é"}
            """#)
        #expect(sample.count == 9 && sample.timeout == .seconds(90) && sample.pause == .milliseconds(1))
        #expect(sample.isOn && sample.color == .green && sample.names == ["a", "b"] && sample.secret == "s")
        #expect(sample.name == "é")
    }

    @Test func readsEveryTypeFromTheEnvironment() throws {
        let (sample, _) = try Sample.load(
            environment: [
                "SAMPLE_LIMITS_COUNT": "1", "SAMPLE_LIMITS_TIMEOUT": "250ms", "SAMPLE_LIMITS_PAUSE": "0",
                "SAMPLE_LOOK_IS_ON": "1", "SAMPLE_LOOK_COLOR": "green", "SAMPLE_LOOK_NAMES": "a, b,c",
                "SAMPLE_LOOK_SECRET": "s", "SAMPLE_NAME": "", "SAMPLE_CONFIG": "somebody else's",
            ])
        #expect(sample.count == 1 && sample.timeout == .milliseconds(250) && sample.pause == .zero)
        #expect(sample.isOn && sample.color == .green && sample.names == ["a", "b", "c"] && sample.secret == "s")
        #expect(sample.name.isEmpty)
    }

    @Test func anEmptyListIsEmpty() throws {
        #expect(try Sample.load(environment: ["SAMPLE_LOOK_NAMES": ""]).0.names == [])
    }

    static let wrongValues: [(String, String)] = [
        (#"{"name": 1}"#, "name = 1 (file sample.json:1:10): must be a string; it is an integer"),
        (
            #"{"name": null}"#,
            "name = null (file sample.json:1:10): must be a string; leave the key out for its default"
        ),
        (#"{"name": "a\u0000"}"#, #"name = a\u{0} (file sample.json:1:10): must not contain a NUL character"#),
        (#"{"count": "4"}"#, #"limits.count = "4" (file sample.json:1:11): must be an integer; remove the quotes"#),
        (#"{"count": 4.0}"#, "limits.count = 4.0 (file sample.json:1:11): must be an integer; it is a number"),
        (#"{"count": 0}"#, "limits.count = 0 (file sample.json:1:11): must be 1…9"),
        (#"{"count": 10}"#, "limits.count = 10 (file sample.json:1:11): must be 1…9"),
        (#"{"high": -1}"#, "limits.high = -1 (file sample.json:1:10): must be ≥ 0; try 2"),
        (
            #"{"timeout": 5}"#,
            "limits.timeout = 5 (file sample.json:1:13): must be 0 or at least 1ms; a bare number is nanoseconds; write 5s"
        ),
        (
            #"{"timeout": 999999}"#,
            "limits.timeout = 999999 (file sample.json:1:13): must be 0 or at least 1ms; a bare number is nanoseconds; write 999999ms"
        ),
        (
            #"{"timeout": "5"}"#,
            #"limits.timeout = "5" (file sample.json:1:13): must be a duration with a unit; write 5s"#
        ),
        (
            #"{"timeout": "999us"}"#,
            #"limits.timeout = "999us" (file sample.json:1:13): must be 0 or at least 1ms; write a larger unit, such as 5ms or 5s"#
        ),
        (#"{"timeout": -1}"#, "limits.timeout = -1 (file sample.json:1:13): must not be negative"),
        (#"{"timeout": "-1s"}"#, #"limits.timeout = "-1s" (file sample.json:1:13): must not be negative"#),
        (#"{"timeout": 0}"#, "limits.timeout = 0s (file sample.json:1:13): must be > 0"),
        (
            #"{"timeout": "876000h1ms"}"#,
            #"limits.timeout = "876000h1ms" (file sample.json:1:13): must be at most 876000h; that is 100 years"#
        ),
        (#"{"timeout": true}"#, "limits.timeout = true (file sample.json:1:13): must be a duration; it is a boolean"),
        (
            #"{"look": {"is_on": "true"}}"#,
            #"look.is_on = "true" (file sample.json:1:20): must be true or false; remove the quotes"#
        ),
        (#"{"look": {"is_on": 1}}"#, "look.is_on = 1 (file sample.json:1:20): must be a boolean; it is an integer"),
        (
            #"{"look": {"color": "gren"}}"#,
            #"look.color = "gren" (file sample.json:1:20): must be one of red, green; did you mean green?"#
        ),
        (
            #"{"look": {"names": "a"}}"#,
            #"look.names = "a" (file sample.json:1:20): must be a list of strings; it is a string"#
        ),
        (
            #"{"look": {"names": ["a", 1]}}"#,
            #"look.names[1] = ["a",1] (file sample.json:1:26): must be a string; it is an integer"#
        ),
        (
            #"{"look": {"names": ["a", "long"]}}"#,
            #"look.names[1] = ["a","long"] (file sample.json:1:20): must be short"#
        ),
        (
            #"{"look": {"secret": 12345}}"#,
            "look.secret = (redacted) (file sample.json:1:21): must be a string; it is an integer"
        ),
        (
            #"{"limits": {"both": 1}}"#,
            "limits.both = (redacted) (file sample.json:1:21): must be a string; it is an integer"
        ),
        (#"{"limits": {"both": "x"}}"#, "limits.both = (redacted) (file sample.json:1:21): must be low-high; try 1-2"),
        (#"{"limits": 1}"#, "limits (file sample.json:1:12): must be an object; it is an integer"),
        (#"{"limits": {"low": 3}}"#, "limits.low = 3 (file sample.json:1:20): must be at most limits.high; lower it"),
        (#"{"limits": {"cuont": 3}}"#, "limits.cuont (file sample.json:1:13): is not a known key; did you mean count?"),
        (
            #"{"limits": {"color": 3}}"#,
            "limits.color (file sample.json:1:13): is not a known key; did you mean look.color?"
        ),
        (#"{"lok": {}}"#, "lok (file sample.json:1:2): is not a known key; did you mean look?"),
        (#"{"zzzzzz": 1}"#, "zzzzzz (file sample.json:1:2): is not a known key; remove it"),
        ("{\"a\\nb\": 1}", #"a\u{a}b (file sample.json:1:2): is not a known key; remove it"#),
        (#"[]"#, "config (file sample.json:1:1): must be a JSON object; it is an array"),
        ("{\n \"name\": }", "config (file sample.json:2:10): must be JSON: found `}`; expected a value"),
        (
            "\u{FEFF}{}",
            "config (file sample.json:1:1): must be JSON in UTF-8 without a byte order mark; save the file without it"
        ),
        (
            #"{"name": "a", "name": "b"}"#,
            #"config (file sample.json:1:15): must be JSON: found the key "name" again; expected each key once; it is already at line 1, column 2"#
        ),
    ]

    @Test(arguments: wrongValues)
    func saysWhatIsWrongWithAFile(file: String, fault: String) {
        #expect(Sample.faults(file) == [fault])
    }

    @Test(arguments: [
        (
            "SAMPLE_LIMITS_COUNT", "",
            #"limits.count = "" (environment SAMPLE_LIMITS_COUNT): must be an integer; write it in decimal digits alone"#
        ),
        (
            "SAMPLE_LIMITS_COUNT", "+4",
            "limits.count = +4 (environment SAMPLE_LIMITS_COUNT): must be an integer; write it in decimal digits alone"
        ),
        (
            "SAMPLE_LIMITS_COUNT", "4 ",
            "limits.count = 4  (environment SAMPLE_LIMITS_COUNT): must be an integer; write it in decimal digits alone"
        ),
        (
            "SAMPLE_LIMITS_COUNT", "99999999999999999999",
            "limits.count = 99999999999999999999 (environment SAMPLE_LIMITS_COUNT): must be an integer; write it in decimal digits alone"
        ),
        (
            "SAMPLE_LIMITS_TIMEOUT", "5",
            "limits.timeout = 5 (environment SAMPLE_LIMITS_TIMEOUT): must be a duration with a unit; write 5s"
        ),
        (
            "SAMPLE_LIMITS_TIMEOUT", "1m30",
            "limits.timeout = 1m30 (environment SAMPLE_LIMITS_TIMEOUT): must be a duration with a unit on every number; write one like 1m30s"
        ),
        (
            "SAMPLE_LIMITS_TIMEOUT", "1d",
            "limits.timeout = 1d (environment SAMPLE_LIMITS_TIMEOUT): must be a duration; the units are ns, us, ms, s, m and h"
        ),
        (
            "SAMPLE_LIMITS_TIMEOUT", "soon",
            "limits.timeout = soon (environment SAMPLE_LIMITS_TIMEOUT): must be a duration; write one like 5s, 250ms or 1m30s"
        ),
        ("SAMPLE_LOOK_IS_ON", "yes", "look.is_on = yes (environment SAMPLE_LOOK_IS_ON): must be true or false"),
        (
            "SAMPLE_LOOK_COLOUR", "red",
            "SAMPLE_LOOK_COLOUR (environment SAMPLE_LOOK_COLOUR): is not a known name; did you mean SAMPLE_LOOK_COLOR?"
        ),
        ("SAMPLE_X", "hunter2", "SAMPLE_X (environment SAMPLE_X): is not a known name; unset it"),
        ("SAMPLE_BOTH", "hunter2", "limits.both = (redacted) (environment SAMPLE_BOTH): must be low-high; try 1-2"),
        (
            "SAMPLE_BOTH", "1-x",
            "limits.high = x (environment SAMPLE_BOTH): must be an integer; write it in decimal digits alone"
        ),
    ])
    func saysWhatIsWrongWithTheEnvironment(name: String, value: String, fault: String) {
        #expect(Sample.faults(environment: [name: value]) == [fault])
    }

    @Test func saysWhatIsWrongWithAFlag() {
        let flags = [
            ConfigurationFlag("--count", sets: "limits.count", to: "x"),
            ConfigurationFlag("--odd", sets: "odd", to: "x"),
        ]
        #expect(
            Sample.faults(flags: flags) == [
                "limits.count = x (flag --count): must be an integer; write it in decimal digits alone",
                "odd (flag --odd): is not a known key; remove the flag",
            ])
    }

    @Test func aSingleSettingBeatsOneThatSetsSeveralInItsOwnSourceOnly() throws {
        let (inFile, _) = try Sample.load(#"{"limits": {"high": 8, "both": "4-6"}}"#)
        #expect(inFile.low == 4 && inFile.high == 8)
        let (above, resolver) = try Sample.load(
            #"{"limits": {"high": 8, "low": 7}}"#, environment: ["SAMPLE_BOTH": "4-6"],
            flags: [
                ConfigurationFlag("--low", sets: "limits.low", to: "5"),
                ConfigurationFlag("--both", sets: "limits.both", to: "1-9"),
            ])
        #expect(above.low == 5 && above.high == 9)
        #expect(resolver.sources["limits.low"] == .flag("--low") && resolver.sources["limits.high"] == .flag("--both"))
    }

    @Test func anInputAndTheKeyItReplacesExcludeEachOther() throws {
        #expect(try Sample.load(environment: ["SAMPLE_SECRET_FILE": "f"]).0.secret == "from f")
        #expect(
            Sample.faults(environment: ["SAMPLE_SECRET_FILE": "f", "SAMPLE_LOOK_SECRET": "hunter2"]) == [
                "SAMPLE_SECRET_FILE (environment SAMPLE_SECRET_FILE): must not be given together with SAMPLE_LOOK_SECRET; unset one of the two"
            ])
    }

    @Test func aFaultHidesNoOther() {
        // low cannot be read, so the rule between low and high is not asked; everything else still is.
        let faults = Sample.faults(
            #"{"limits": {"low": "x", "high": 0, "count": 0, "timeout": "0s", "odd": 1}, "look": {"is_on": 1}}"#,
            environment: ["SAMPLE_LOOK_COLOR": "blue", "SAMPLE_ODD": "1"])
        #expect(
            faults.map { String($0.prefix { $0 != " " }) } == [
                "limits.odd", "limits.low", "look.is_on", "look.color", "SAMPLE_ODD", "limits.count", "limits.timeout",
            ])
    }

    @Test func aWeakSourceThatDoesNotParseIsAFaultEvenWhenItLoses() {
        #expect(Sample.faults(#"{"limits": {"count": "x"}}"#, environment: ["SAMPLE_LIMITS_COUNT": "5"]).count == 1)
        // A rule looks at the value that counts.
        #expect(Sample.faults(#"{"limits": {"count": 0}}"#, environment: ["SAMPLE_LIMITS_COUNT": "5"]).isEmpty)
    }

    @Test func aValueThatCanBeReadIsCheckedAgainAfterOneThatCannot() {
        let faults = Sample.faults(#"{"limits": {"count": "x"}}"#, environment: ["SAMPLE_LIMITS_COUNT": "0"])
        #expect(faults.count == 2)
    }

    @Test func aFlatFileHasTheKeysOfItsSection() throws {
        let (sample, resolver) = try Sample.load(#"{"$schema": "x", "count": 4, "both": "0-1"}"#)
        #expect(sample.count == 4 && sample.low == 0)
        #expect(resolver.sources["limits.count"]?.description == "file sample.json:1:27")
        #expect(
            Sample.faults(#"{"count": 4, "cuont": 1}"#) == [
                "cuont (file sample.json:1:14): is not a known key; did you mean count?"
            ])
    }

    @Test(arguments: [#"{"count": 0, "name": "x"}"#, #"{"limits": {}, "count": 0}"#])
    func flatAndNestedDoNotMix(file: String) {
        let faults = Sample.faults(file)
        #expect(faults.count == 2)
        #expect(faults[0].contains("must stand in \"limits\"") && faults[0].contains("move count into \"limits\""))
        #expect(faults[1].contains("must be 1…9"))
    }

    @Test func unknownNamesOfOthersAreWarnedOf() throws {
        let (_, resolver) = try Sample.load(environment: ["OTHER_ODD": "hunter2"])
        #expect(resolver.warnings.map(\.description) == ["OTHER_ODD: is not a known name and has no effect"])
    }

    @Test func allServiceLinksGetOneWarning() throws {
        let (sample, resolver) = try Sample.load(
            environment: [
                "SAMPLE_PORT": "tcp://10.0.0.1:80", "SAMPLE_SERVICE_HOST": "10.0.0.1", "OTHER_SERVICE_PORT_HTTP": "1",
                "THIRD_SERVICE_HOST": "x",
            ])
        #expect(sample == Sample())
        #expect(
            resolver.warnings.map(\.description) == [
                "OTHER_SERVICE_PORT_HTTP: ignored, since Kubernetes announces services with it; so are SAMPLE_PORT, SAMPLE_SERVICE_HOST"
            ])
    }

    @Test func namesWithControlCharactersStayOnOneLine() {
        let faults = Sample.faults(environment: ["SAMPLE_\u{1B}[2J\n": "x"])
        #expect(faults.count == 1)
        #expect(faults.allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
    }

    @Test func describesAllFaultsOnePerLine() throws {
        let error = #expect(throws: ConfigurationFaults.self) {
            try Sample.load(#"{"limits": {"count": 0, "timeout": 0}}"#)
        }
        #expect(
            error?.description == """
                the configuration has 2 faults:
                  limits.count = 0 (file sample.json:1:22): must be 1…9
                  limits.timeout = 0s (file sample.json:1:36): must be > 0
                """)
    }
}
