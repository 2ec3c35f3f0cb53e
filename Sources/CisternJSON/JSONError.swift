/// Why a text is not JSON (RFC 8259): where, what stands there, and what should.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    package let position: JSONPosition
    /// What was found: one character at most of the text, since an unquoted secret may stand there.
    package let found: String
    package let expected: String
    /// Where the key stands first, when the error is its second appearance.
    package let first: JSONPosition?
    /// Whether the text is JSON so far, and has more values than the caller takes.
    package let isTooMuch: Bool

    package init(
        at position: JSONPosition, found: String, expected: String, first: JSONPosition? = nil, isTooMuch: Bool = false
    ) {
        self.position = position
        self.found = found
        self.expected = expected
        self.first = first
        self.isTooMuch = isTooMuch
    }

    package var description: String { "\(position): found \(found), expected \(expected)" }
}
