internal import CisternRESP

/// What an atomic write came to.
package struct PutResult: Sendable, Hashable {
    /// The key was not there before.
    package let isNew: Bool
    /// How long the key lives on, where the write kept what it had; else nil, and the writer knows.
    package let keptTTL: KeyTTL?

    package init(isNew: Bool, keptTTL: KeyTTL? = nil) {
        self.isNew = isNew
        self.keptTTL = keptTTL
    }

    /// Reads the reply of ``RedisScript/put``; nil when it is something else.
    init?(scriptReply: RESPValue) {
        guard case .array(let parts) = scriptReply, parts.count == 2, case .integer(let isNew) = parts[0],
            case .integer(let milliseconds) = parts[1]
        else { return nil }
        self.init(isNew: isNew == 1, keptTTL: KeyTTL(milliseconds: milliseconds))
    }
}
