/// JSON as the tests read it: with a parser of their own, so that what Cistern writes is not judged by Cistern's.
package enum JSONText: Equatable, Sendable, CustomStringConvertible {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONText])
    case object([String: JSONText])

    package init(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        self = try Self.value(&rest)
        Self.skipSpace(&rest)
        guard rest.isEmpty else { throw TestFailure("after the JSON: \(String(decoding: rest, as: UTF8.self))") }
    }

    package subscript(_ key: String) -> JSONText? { if case .object(let members) = self { members[key] } else { nil } }
    package var string: String? { if case .string(let string) = self { string } else { nil } }
    package var elements: [JSONText]? { if case .array(let elements) = self { elements } else { nil } }
    package var number: Double? { if case .number(let number) = self { number } else { nil } }

    /// For reports; members by their names, texts without their quotes.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .number(let number): number == number.rounded() ? "\(Int(number))" : "\(number)"
        case .string(let string): string
        case .array(let elements): "[" + elements.map(\.description).joined(separator: ", ") + "]"
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
    }

    /// Every number in the document, by its path.
    package var numbers: [String: Double] {
        switch self {
        case .number(let number): ["": number]
        case .array(let elements): Self.join(elements.enumerated().map { ("\($0)", $1) })
        case .object(let members): Self.join(members.map { ($0, $1) })
        default: [:]
        }
    }

    private static func join(_ members: [(String, JSONText)]) -> [String: Double] {
        var numbers: [String: Double] = [:]
        for (name, member) in members {
            for (path, number) in member.numbers { numbers["/\(name)\(path)"] = number }
        }
        return numbers
    }

    private static func value(_ rest: inout ArraySlice<UInt8>) throws -> JSONText {
        skipSpace(&rest)
        switch rest.first {
        case UInt8(ascii: "{"):
            var members: [String: JSONText] = [:]
            try list(&rest, end: UInt8(ascii: "}")) { rest in
                skipSpace(&rest)
                let name = try string(&rest)
                try expect(":", &rest)
                guard members.updateValue(try value(&rest), forKey: name) == nil else {
                    throw TestFailure("the member \(name) twice")
                }
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONText] = []
            try list(&rest, end: UInt8(ascii: "]")) { elements.append(try value(&$0)) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try string(&rest))
        default:
            let word = String(decoding: rest.prefix { !",]} \r\n\t".utf8.contains($0) }, as: UTF8.self)
            rest = rest.dropFirst(word.utf8.count)
            switch word {
            case "null": return .null
            case "true": return .bool(true)
            case "false": return .bool(false)
            default:
                guard let number = Double(word), number.isFinite else { throw TestFailure("not JSON: \(word)") }
                return .number(number)
            }
        }
    }

    private static func list(
        _ rest: inout ArraySlice<UInt8>, end: UInt8, element: (inout ArraySlice<UInt8>) throws -> Void
    ) throws {
        rest = rest.dropFirst()
        skipSpace(&rest)
        if rest.first == end {
            rest = rest.dropFirst()
            return
        }
        while true {
            try element(&rest)
            skipSpace(&rest)
            guard let next = rest.popFirst() else { throw TestFailure("JSON ends too early") }
            if next == end { return }
            guard next == UInt8(ascii: ",") else { throw TestFailure("no comma in JSON") }
        }
    }

    private static func string(_ rest: inout ArraySlice<UInt8>) throws -> String {
        try expect("\"", &rest)
        var units: [UInt8] = []
        while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw TestFailure("a control character in JSON") }
            guard byte == UInt8(ascii: "\\") else {
                units.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "u"):
                let digits = String(decoding: rest.prefix(4), as: UTF8.self)
                rest = rest.dropFirst(4)
                // Pairs of surrogates are not needed by these tests.
                guard let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) else {
                    throw TestFailure("not a character: \\u\(digits)")
                }
                units += Array(String(scalar).utf8)
            case let escaped?: units.append(escaped)
            case nil: throw TestFailure("JSON ends too early")
            }
        }
        return String(decoding: units, as: UTF8.self)
    }

    private static func expect(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) throws {
        skipSpace(&rest)
        guard rest.popFirst() == UInt8(ascii: character) else { throw TestFailure("no \(character) in JSON") }
    }

    private static func skipSpace(_ rest: inout ArraySlice<UInt8>) { rest = rest.drop { " \r\n\t".utf8.contains($0) } }
}
