/// How much of a request's framing a peer may make this server read and keep, in bytes unless said otherwise.
package struct HTTPLimits: Sendable {
    /// The request target. More is 414.
    package var target = 8192
    /// All field lines of a head together, with their line ends and the empty line. More is 431.
    package var fieldSection = 16 * 1024
    /// Field lines of a head, as a number. More is 431.
    package var fieldCount = 100
    /// Empty lines before a request line, as a number; RFC 9112 §2.2 asks to ignore at least one.
    package var emptyLines = 4
    /// One chunk-size line with its extensions and line end.
    package var chunkLine = 1024
    /// The extensions of all chunks of one body together; without it, one byte of content can cost a line of them.
    package var chunkExtensions = 16 * 1024
    /// All trailer lines of a body together, like ``fieldSection``. More is 431.
    package var trailerSection = 16 * 1024

    package init() {}

    /// The longest request line that can be good: `OPTIONS`, target, version, two spaces and a line end.
    var requestLine: Int { target + HTTPMethod.longestToken + 12 }
}
