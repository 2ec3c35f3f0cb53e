/// The members of a JSON object in the order of their text. Each key is there once.
package struct JSONObject: Sendable, Hashable {
    package var members: [JSONMember]

    package init(_ members: [JSONMember] = []) {
        self.members = members
    }

    /// The value of a key. Looks through the members: objects of configuration and of batches are short.
    package subscript(key: String) -> JSONValue? {
        members.first { $0.key == key }?.value
    }
}

/// One key of an object and its value. Where they stood does not count for equality.
package struct JSONMember: Sendable {
    package let key: String
    package let keyPosition: JSONPosition
    package let value: JSONValue

    package init(key: String, keyPosition: JSONPosition = .nowhere, value: JSONValue) {
        self.key = key
        self.keyPosition = keyPosition
        self.value = value
    }
}

extension JSONMember: Hashable {
    package static func == (left: JSONMember, right: JSONMember) -> Bool {
        left.key == right.key && left.value == right.value
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(key)
        hasher.combine(value)
    }
}

/// A number as a double, with the text that spelled it, so that nothing is lost when it is written again.
package struct JSONNumber: Sendable, Hashable {
    package let double: Double
    package let text: String

    init(double: Double, text: String) {
        self.double = double
        self.text = text
    }

    /// Nil for a value that JSON cannot spell: infinities and not-a-number.
    package init?(_ double: Double) {
        guard double.isFinite else { return nil }
        self.init(double: double, text: double.description)
    }
}
