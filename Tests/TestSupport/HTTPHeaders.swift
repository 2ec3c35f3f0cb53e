/// The header lines of a response as they came, in their order.
package struct HTTPHeaders: Sendable, Equatable, CustomStringConvertible {
    package var fields: [(name: String, value: String)] = []

    /// The value of a header that came once; nil when it is absent, or came several times.
    package subscript(_ name: String) -> String? {
        let values = all(name)
        return values.count == 1 ? values[0] : nil
    }

    package func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    package var description: String { fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n") }

    package static func == (left: Self, right: Self) -> Bool { left.description == right.description }

    /// Takes one line without its line end in; false where it has no colon.
    mutating func add(line: some StringProtocol) -> Bool {
        guard let colon = line.firstIndex(of: ":") else { return false }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        fields.append((String(line[..<colon]), String(value)))
        return true
    }
}
