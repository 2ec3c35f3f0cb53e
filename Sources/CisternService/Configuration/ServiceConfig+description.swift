internal import CisternConfiguration

extension ServiceConfig: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Every key with its value; secrets are redacted.
    package var description: String {
        let values = Self.catalog.shownValues(self).map { "\($0.key): \($0.value)" }
        return "ServiceConfig(\(values.joined(separator: ", ")))"
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror {
        Mirror(self, children: Self.catalog.shownValues(self).map { ($0.key, $0.value as Any) }, displayStyle: .struct)
    }
}
