internal import CisternBytes

/// The field lines, in the order they came, each with the value of its own line.
extension HTTPRequestHead {
    package var fieldCount: Int { fields.count }

    /// Which name the line at `index` (0..<``fieldCount``) has.
    package func fieldKind(at index: Int) -> HTTPFieldName { fields[index].kind }

    @_lifetime(borrow self)
    package func fieldName(at index: Int) -> Span<UInt8> { span(fields[index].name) }

    @_lifetime(borrow self)
    package func fieldValue(at index: Int) -> Span<UInt8> { span(fields[index].value) }

    package func has(_ name: HTTPFieldName) -> Bool { present & (1 << UInt64(name.rawValue)) != 0 }

    /// How many lines have the name.
    package func count(of name: HTTPFieldName) -> Int {
        guard has(name) else { return 0 }
        var count = 0
        for field in fields where field.kind == name { count += 1 }
        return count
    }

    /// The value of the first line with the name; nil without one. A field that must not be repeated needs a look at
    /// ``count(of:)`` as well.
    @_lifetime(borrow self)
    package func value(of name: HTTPFieldName) -> Span<UInt8>? {
        guard let index = firstIndex(of: name, from: 0) else { return nil }
        return span(fields[index].value)
    }

    /// The index of the first line with the name at `start` or behind it.
    package func firstIndex(of name: HTTPFieldName, from start: Int) -> Int? {
        guard has(name) else { return nil }
        var index = start
        while index < fields.count {
            if fields[index].kind == name { return index }
            index += 1
        }
        return nil
    }

    /// Calls `body` with each element that is not empty of a list-valued field, over all its lines (RFC 9110 §5.3),
    /// until it returns false.
    package func forEachElement(of name: HTTPFieldName, _ body: (Span<UInt8>) -> Bool) {
        var index = 0
        while let line = firstIndex(of: name, from: index) {
            let value = span(fields[line].value)
            var position = 0
            while let element = HTTPList.next(in: value, from: &position) {
                if !element.isEmpty, !body(value.extracting(element)) { return }
            }
            index = line + 1
        }
    }

    /// Whether a list-valued field has the element, which is written in lower case, in any case.
    package func has(_ name: HTTPFieldName, element: StaticString) -> Bool {
        var found = false
        forEachElement(of: name) {
            found = ASCII.equal($0, lowercase: element)
            return !found
        }
        return found
    }
}
