internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON

/// Reads the content of a batch: `{"ops":[…]}`.
///
/// What is not JSON is refused with 400 and the place in the text, what is JSON of another shape with 422 and a pointer to the
/// place; then nothing is done at all. Unknown members are wrong shape: a `"tll"` must not store for ever.
enum BatchReader {
    /// The most operations of a batch.
    static let maximumOperations = 100
    /// Several times the values that so many operations have.
    private static let maximumValues = 4096

    static func read(_ content: Bytes) throws(Refusal) -> [BatchOperation] {
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue.parse(content.span, maximumValues: maximumValues)
        } catch {
            throw error.isTooMuch ? tooMany : Refusal(.badRequest, "the content is not JSON: \(error)")
        }
        let whole = try BatchMembers(document, at: JSONPointer(), known: "ops")
        let list = whole.place.member("ops")
        guard let ops = whole.object["ops"] else { throw .shape(list, "is missing: the list of operations") }
        guard let ops = ops.array else { throw .shape(list, "must be an array, and is \(ops.kind)") }
        guard ops.count <= maximumOperations else { throw tooMany }
        var operations: [BatchOperation] = []
        operations.reserveCapacity(ops.count)
        for (index, value) in ops.enumerated() { operations.append(try operation(value, at: list.element(index))) }
        return operations
    }

    private static let tooMany = Refusal(.contentTooLarge, "a batch has at most \(maximumOperations) operations")

    private static func operation(_ value: JSONValue, at place: JSONPointer) throws(Refusal) -> BatchOperation {
        guard let object = value.object else { throw .shape(place, "must be an object, and is \(value.kind)") }
        let name = place.member("op")
        guard let op = object["op"] else { throw .shape(name, "is missing: get, put or delete") }
        switch op.string {
        case "get":
            let members = try BatchMembers(value, at: place, known: "op", "key", "key_base64", "encoding")
            return BatchOperation(key: try key(members), action: .get(asBase64: try isBase64(members)))
        case "put":
            let members = try BatchMembers(
                value, at: place, known: "op", "key", "key_base64", "value", "encoding", "ttl", "keep_ttl")
            return BatchOperation(
                key: try key(members),
                action: .put(
                    try self.value(members), ttl: try members.ttl(), keepsTTL: try members.bool("keep_ttl") ?? false))
        case "delete":
            let members = try BatchMembers(value, at: place, known: "op", "key", "key_base64")
            return BatchOperation(key: try key(members), action: .delete)
        default: throw .shape(name, "must be \"get\", \"put\" or \"delete\"")
        }
    }

    private static func key(_ members: BatchMembers) throws(Refusal) -> Bytes {
        switch (try members.string("key"), try members.base64("key_base64")) {
        case (let key?, nil): return Bytes(key)
        case (nil, let key?): return key
        case (nil, nil):
            throw .shape(members.place.member("key"), "is missing; a key that is not UTF-8 is given as key_base64")
        case (.some, .some): throw .shape(members.place.member("key_base64"), "key and key_base64 exclude each other")
        }
    }

    private static func value(_ members: BatchMembers) throws(Refusal) -> Bytes {
        let value = try isBase64(members) ? try members.base64("value") : try members.string("value").map { Bytes($0) }
        guard let value else { throw .shape(members.place.member("value"), "is missing; an empty value is \"\"") }
        return value
    }

    private static func isBase64(_ members: BatchMembers) throws(Refusal) -> Bool {
        guard let encoding = try members.string("encoding") else { return false }
        guard encoding == "base64" else {
            throw .shape(members.place.member("encoding"), "must be \"base64\"; leave it out for text")
        }
        return true
    }
}
