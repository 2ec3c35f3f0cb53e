/// Why a tool of the tests could not do its work; the text is what the test's report shows.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// The failure of a system call, with the reason that `errno` held.
    package init(call: String, error: Int32) { description = "\(call): \(systemMessage(error))" }
}
