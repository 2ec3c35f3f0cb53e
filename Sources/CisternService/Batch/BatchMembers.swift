internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON

/// The members of an object in a batch, each read as what it has to be.
struct BatchMembers {
    /// Names longer than this are not repeated in an answer.
    private static let longestName = 64

    let object: JSONObject
    let place: JSONPointer

    /// - Parameter known: Every member that there may be.
    init(_ value: JSONValue, at place: JSONPointer, known: String...) throws(Refusal) {
        guard let object = value.object else { throw .shape(place, "must be an object, and is \(value.kind)") }
        for member in object.members where !known.contains(member.key) {
            let isShort = member.key.utf8.count <= Self.longestName
            throw .shape(
                isShort ? place.member(member.key) : place,
                "\(isShort ? "is" : "has") an unknown member; those here are \(known.joined(separator: ", "))")
        }
        self.object = object
        self.place = place
    }

    /// Nil where there is no such member.
    func string(_ name: String) throws(Refusal) -> String? {
        guard let value = object[name] else { return nil }
        guard let string = value.string else { throw wrong(name, value, "a string") }
        return string
    }

    func bool(_ name: String) throws(Refusal) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let bool = value.bool else { throw wrong(name, value, "true or false") }
        return bool
    }

    /// Bytes that are written as base64.
    func base64(_ name: String) throws(Refusal) -> Bytes? {
        guard let text = try string(name) else { return nil }
        guard let bytes = Base64.standard.decode(Bytes(text).span) else {
            throw .shape(place.member(name), "is not base64 with padding (RFC 4648 §4)")
        }
        return bytes
    }

    /// A time to live, as text: seconds as a number, or what a query may say. What it means is not looked at.
    func ttl() throws(Refusal) -> Bytes? {
        guard let value = object["ttl"] else { return nil }
        switch value.content {
        case .string(let text): return Bytes(text)
        case .integer(let seconds): return Bytes(String(seconds))
        // JSON does not tell 60.0 from 60 (RFC 8259 §6).
        case .number(let number): return Bytes(Int(exactly: number.double).map { String($0) } ?? number.text)
        default: throw wrong("ttl", value, "seconds, like 60, or a duration, like \"1h30m\"")
        }
    }

    private func wrong(_ name: String, _ value: JSONValue, _ right: String) -> Refusal {
        .shape(place.member(name), "must be \(right), and is \(value.kind)")
    }
}
