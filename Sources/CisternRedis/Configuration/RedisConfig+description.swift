internal import CisternConfiguration

extension RedisConfig: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Every key with its value; the password is redacted.
    public var description: String {
        let values = Self.catalog.shownValues(self).map { "\($0.key): \($0.value)" }
        return "RedisConfig(\(values.joined(separator: ", ")))"
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The keys as ``description`` shows them, so that `dump` shows no password either.
    public var customMirror: Mirror {
        Mirror(self, children: Self.catalog.shownValues(self).map { ($0.key, $0.value as Any) }, displayStyle: .struct)
    }
}
