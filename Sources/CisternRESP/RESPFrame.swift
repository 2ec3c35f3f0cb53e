/// An aggregate whose elements are arriving.
struct RESPFrame {
    enum Kind {
        case array, set, push, map, attribute

        var valuesPerElement: Int { self == .map || self == .attribute ? 2 : 1 }
    }

    /// Elements for which memory is taken ahead of them.
    private static let reserve = 1024

    let kind: Kind
    let count: Int
    /// The elements so far; those of a map are keys and values by turns.
    private var values: [RESPValue] = []

    init(kind: Kind, count: Int) {
        self.kind = kind
        self.count = count
        values.reserveCapacity(min(count, Self.reserve))
    }

    var isComplete: Bool { values.count == count }

    mutating func append(_ value: RESPValue) {
        values.append(value)
    }

    /// What the elements make; nil for attributes, which are read and dropped.
    var value: RESPValue? {
        switch kind {
        case .array: .array(values)
        case .set: .set(values)
        case .push: .push(values)
        case .map:
            .map(stride(from: 0, to: count, by: 2).map { RESPMapEntry(key: values[$0], value: values[$0 + 1]) })
        case .attribute: nil
        }
    }
}

extension RESPDecoder {
    /// Puts a complete value where it belongs; the reply, when that completed it.
    mutating func close(_ value: RESPValue) -> RESPValue? {
        var value = value
        while let last = stack.indices.last {
            stack[last].append(value)
            guard stack[last].isComplete else { return nil }
            let frame = stack.removeLast()
            guard let aggregate = frame.value else { return nil }
            value = aggregate
        }
        elements = 0
        replyLength = 0
        return value
    }
}
