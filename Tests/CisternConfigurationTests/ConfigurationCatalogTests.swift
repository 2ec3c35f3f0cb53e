import CisternConfiguration
import CisternJSON
import Testing

@Suite struct ConfigurationCatalogTests {
    private var sample: Sample {
        var sample = Sample()
        sample.secret = "hunter2"
        sample.names = ["a"]
        return sample
    }

    @Test func showsValuesAndSourcesInColumns() {
        let text = Sample.catalog.show(sample, sources: ["look.names": .environment("SAMPLE_LOOK_NAMES")])
        #expect(
            text == """
                name            cistern     default
                limits.count    3           default
                limits.timeout  5s          default
                limits.pause    0s          default
                limits.low      1           default
                limits.high     2           default
                look.is_on      false       default
                look.color      red         default
                look.names      ["a"]       environment SAMPLE_LOOK_NAMES
                look.secret     (redacted)  default

                """)
    }

    @Test func showsTheSameAsJSON() throws {
        let text = Sample.catalog.showJSON(sample, sources: ["name": .flag("--name")])
        let object = try #require(try JSONValue.parse(text).object)
        #expect(object.members.map(\.key) == Sample.catalog.keys.map(\.path))
        #expect(object["name"] == ["value": "cistern", "source": "flag --name"])
        #expect(object["look.names"] == ["value": ["a"], "source": "default"])
        #expect(object["look.secret"] == ["value": "(redacted)", "source": "default"])
    }

    @Test func writesACompleteFileThatIsReadAgain() throws {
        let text = Sample.catalog.file(Sample(), schema: "./s.json")
        #expect(text.hasPrefix("{\n  \"$schema\": \"./s.json\",\n  \"name\": \"cistern\",\n  \"limits\": {\n"))
        let (again, resolver) = try Sample.load(text)
        #expect(again == Sample())
        #expect(Set(resolver.sources.keys) == Set(Sample.catalog.keys.map(\.path)))
        #expect(!Sample.catalog.file(sample, schema: nil).contains("hunter2"))
    }

    @Test func theHashFollowsEveryValueButSecrets() {
        let base = Sample.catalog.hash(Sample())
        // FNV-1a of the keys and values: the same in every process and release.
        #expect(base == "163c8aa4e7f34cb0")
        var changed = Sample()
        changed.secret = "hunter2"
        #expect(Sample.catalog.hash(changed) == base)
        changed.low = 0
        #expect(Sample.catalog.hash(changed) != base)
    }

    @Test func rendersATable() {
        #expect(
            Sample.catalog.table(section: "limits").hasPrefix(
                """
                | Key | Environment | Type | Default | Rule | Meaning |
                |---|---|---|---|---|---|
                | `count` | `SAMPLE_LIMITS_COUNT` | integer (things) | `3` | 1…9 | How many. |
                | `timeout` | `SAMPLE_LIMITS_TIMEOUT` | duration | `"5s"` | > 0 | How long. |

                """))
        #expect(
            Sample.catalog.table(section: nil).hasSuffix(
                "| `name` | `SAMPLE_NAME` | string | `\"cistern\"` |  | A name. |\n"))
        #expect(Sample.catalog.table(section: "look").contains("Psst. Secret: never shown."))
    }

    @Test func theSchemaHasBothForms() throws {
        let schema = try JSONValue.parse(Sample.catalog.schema())
        let definitions = try #require(schema.object?["$defs"]?.object)
        let nested = definitions["sections"]?.object?["properties"]?.object
        #expect(nested?.members.map(\.key) == ["$schema", "name", "limits", "look"])
        let flat = definitions["flat"]?.object?["properties"]?.object
        #expect(flat?.members.map(\.key) == ["$schema", "count", "timeout", "pause", "low", "high", "both"])
        #expect(
            flat?["count"] == [
                "description": "How many. Unit: things. Rule: 1…9. Environment: SAMPLE_LIMITS_COUNT.",
                "type": "integer",
                "minimum": 1, "maximum": 9, "default": 3,
            ])
        #expect(nested?["look"]?.object?["properties"]?.object?["color"]?.object?["enum"] == ["red", "green"])
    }

    @Test func checksAConfigurationThatAProgramMade() {
        var wrong = Sample()
        wrong.timeout = .seconds(-1)
        wrong.pause = .microseconds(999)
        wrong.low = 5
        wrong.count = 10
        let faults = Sample.catalog.faults(in: wrong)
        #expect(faults.map(\.key) == ["limits.count", "limits.timeout", "limits.pause", "limits.low"])
        #expect(faults.allSatisfy { $0.source == "program" })
        #expect(Sample.catalog.faults(in: Sample()).isEmpty)
    }

    @Test(arguments: [
        (Duration.zero, true), (.nanoseconds(1), false), (.nanoseconds(999_999), false), (.milliseconds(1), true),
        (.longestConfigured, true), (.longestConfigured + .nanoseconds(1), false), (.nanoseconds(-1), false),
        (Duration(secondsComponent: .max, attosecondsComponent: 0), false),
    ])
    func boundsEveryDuration(duration: Duration, isAllowed: Bool) {
        var sample = Sample()
        sample.pause = duration
        #expect(Sample.catalog.faults(in: sample).isEmpty == isAllowed)
    }
}
