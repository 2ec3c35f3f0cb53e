/// What a key asks of its value beyond its type.
package struct ValueRule<Value: ConfigurationValue>: Sendable {
    /// The rule in words, for tables.
    package let text: String
    /// The bounds of an integer, for schemas.
    package let minimum: Int?
    package let maximum: Int?
    /// What speaks against a value.
    package let check: @Sendable (Value) -> [Objection]

    package init(
        _ text: String, minimum: Int? = nil, maximum: Int? = nil, check: @escaping @Sendable (Value) -> [Objection]
    ) {
        self.text = text
        self.minimum = minimum
        self.maximum = maximum
        self.check = check
    }

    /// Every value of the type.
    package static var any: ValueRule { ValueRule("") { _ in [] } }
}

extension ValueRule where Value == Int {
    package static func range(_ range: ClosedRange<Int>) -> ValueRule {
        ValueRule(
            "\(range.lowerBound)…\(range.upperBound)", minimum: range.lowerBound, maximum: range.upperBound
        ) { value in
            range.contains(value) ? [] : [Objection("must be \(range.lowerBound)…\(range.upperBound)")]
        }
    }

    package static func atLeast(_ minimum: Int) -> ValueRule {
        ValueRule("≥ \(minimum)", minimum: minimum) { $0 >= minimum ? [] : [Objection("must be ≥ \(minimum)")] }
    }
}

extension ValueRule where Value == Duration {
    /// At least the millisecond that every duration has to be.
    package static var positive: ValueRule {
        ValueRule("> 0") { $0 > .zero ? [] : [Objection("must be > 0")] }
    }

    package static var zeroIsOff: ValueRule {
        ValueRule("0 = off") { _ in [] }
    }

    /// What Redis and HTTP count in seconds.
    package static var wholeSeconds: ValueRule {
        ValueRule("whole seconds; 0 = none") { duration in
            duration.components.attoseconds == 0 ? [] : [Objection("must be whole seconds")]
        }
    }
}

extension ValueRule where Value == [String] {
    /// The same rule for each element.
    package static func each(_ text: String, _ check: @escaping @Sendable (String) -> Objection?) -> ValueRule {
        ValueRule(text) { values in
            values.enumerated().compactMap { index, value in check(value)?.inside("[\(index)]") }
        }
    }
}
