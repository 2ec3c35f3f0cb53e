package import CisternJSON

extension Duration: ConfigurationValue {
    package static var shape: ConfigurationShape { .duration }

    /// The longest duration a key takes: 100 years. Adding it to any clock's now cannot overflow nanoseconds.
    package static let longestConfigured = Duration.seconds(876_000 * 3600)

    package static func read(_ input: ConfigurationInput) throws(Objections) -> Duration {
        switch input {
        case .text(let text): return try parse(text)
        case .json(let value):
            if let text = value.string { return try parse(text) }
            guard let nanoseconds = value.integer else { throw .notA("a duration", value) }
            // Go's time.Duration in JSON: what reads like seconds is nanoseconds.
            if nanoseconds > 0, nanoseconds < 1_000_000 {
                throw Objections(
                    "must be 0 or at least 1ms; a bare number is nanoseconds",
                    hint: "write \(nanoseconds)\(nanoseconds < 1000 ? "s" : "ms")")
            }
            return try accepted(.nanoseconds(nanoseconds))
        }
    }

    private static func parse(_ text: String) throws(Objections) -> Duration {
        let duration: Duration
        do throws(GoDuration.Problem) {
            duration = try GoDuration.parse(text)
        } catch {
            throw error.objections(to: text)
        }
        return try accepted(duration)
    }

    /// What no key may have is refused in every source, also where a stronger source has a better value.
    private static func accepted(_ duration: Duration) throws(Objections) -> Duration {
        let objections = duration.objections
        guard objections.isEmpty else { throw Objections(objections) }
        return duration
    }

    package var json: JSONValue { JSONValue(.string(GoDuration.format(self))) }

    package var objections: [Objection] {
        if self < .zero { return [Objection("must not be negative")] }
        if self > .zero, self < .milliseconds(1) {
            return [Objection("must be 0 or at least 1ms", hint: "write a larger unit, such as 5ms or 5s")]
        }
        if self > .longestConfigured { return [Objection("must be at most 876000h", hint: "that is 100 years")] }
        return []
    }
}

extension GoDuration.Problem {
    fileprivate func objections(to text: String) -> Objections {
        switch self {
        case .empty: Objections("must be a duration", hint: "write one like 5s or 250ms")
        case .missingUnit:
            text.utf8.count < 20 && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
                ? Objections("must be a duration with a unit", hint: "write \(text)s")
                : Objections("must be a duration with a unit on every number", hint: "write one like 1m30s")
        case .unknownUnit: Objections("must be a duration", hint: "the units are ns, us, ms, s, m and h")
        case .negative: Objections("must not be negative")
        case .overflow: Objections("must be at most 876000h", hint: "that is 100 years")
        case .malformed: Objections("must be a duration", hint: "write one like 5s, 250ms or 1m30s")
        }
    }
}
