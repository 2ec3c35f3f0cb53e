/// Something about a configuration that is allowed, and that its owner should know.
public struct ConfigurationWarning: Sendable, Hashable, CustomStringConvertible {
    /// The key or the name of the environment that it is about.
    public let key: String
    /// What is remarkable, in words.
    public let message: String

    package init(key: String, message: String) {
        self.key = key
        self.message = message
    }

    /// The whole warning on one line.
    public var description: String { "\(key): \(message)" }
}
