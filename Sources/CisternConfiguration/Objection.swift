package import CisternJSON

/// What a type, a rule or a reader has against a value.
package struct Objection: Sendable, Hashable {
    /// Where inside the value, such as `[0].token`; empty for the value itself.
    package var place: String
    /// Where that stands in its text, if it has one of its own.
    package var position: JSONPosition
    /// What the value must be, in words.
    package let rule: String
    /// What to do about it; empty where the rule says it all.
    package let hint: String

    package init(_ rule: String, hint: String = "", place: String = "", position: JSONPosition = .nowhere) {
        self.rule = rule
        self.hint = hint
        self.place = place
        self.position = position
    }

    /// The same, seen from outside the value that it is about.
    package func inside(_ outer: String, at position: JSONPosition = .nowhere) -> Objection {
        var result = self
        result.place = outer + place
        if result.position == .nowhere { result.position = position }
        return result
    }
}

/// Everything that speaks against a value, at once.
package struct Objections: Error, Sendable {
    package let list: [Objection]

    package init(_ list: [Objection]) { self.list = list }

    package init(_ rule: String, hint: String = "") { list = [Objection(rule, hint: hint)] }
}

extension JSONError {
    /// The same as an objection to a whole text.
    package var objection: Objection {
        Objection("must be JSON: found \(found.printable)", hint: "expected \(expected)", position: position)
    }
}
