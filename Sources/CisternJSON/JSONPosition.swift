/// A place in a JSON text. Lines and columns start at 1; a column is one Unicode scalar.
package struct JSONPosition: Sendable, Hashable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The place of a value that was made by the program and stands in no text.
    package static let nowhere = JSONPosition(line: 0, column: 0)

    package var description: String { "line \(line), column \(column)" }
}
