/// The keys an object has so far. Short objects are searched, long ones hashed, so that no object takes quadratic time.
struct KeySet: ~Copyable {
    private static let searched = 8
    private var places: [ExactText: JSONPosition] = [:]

    /// Remembers `key`, which follows `members`; returns where it stands already.
    mutating func insert(_ key: String, of members: [JSONMember]) -> JSONPosition? {
        let exact = ExactText(text: key)
        if members.count < Self.searched {
            return members.first { ExactText(text: $0.key) == exact }?.keyPosition
        }
        if places.isEmpty {
            for member in members { places[ExactText(text: member.key)] = member.keyPosition }
        } else if let last = members.last {
            places[ExactText(text: last.key)] = last.keyPosition
        }
        return places[exact]
    }
}

/// Text that equals only its own bytes. `String` would also equal what is canonically equivalent, and JSON does not.
private struct ExactText: Hashable {
    let text: String

    static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
