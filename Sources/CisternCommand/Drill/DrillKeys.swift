internal import CisternBytes

/// The keys of a drill, by what becomes of them while Redis is away.
enum DrillKeys {
    static let untouched = names("untouched", 50)
    static let rewritten = names("rewritten", 25)
    static let deleted = names("deleted", 25)
    static let added = names("added", 25)
    /// Never written.
    static let unknown: Bytes = "unknown"

    /// What is there before.
    static let old = untouched + rewritten + deleted
    /// What is written while Redis is away.
    static let written = rewritten + added

    static func oldValue(of key: Bytes) -> Bytes { Bytes("old value of ").appending(key) }
    static func newValue(of key: Bytes) -> Bytes { Bytes("new value of ").appending(key) }

    private static func names(_ kind: String, _ count: Int) -> [Bytes] { (1...count).map { Bytes("\(kind)-\($0)") } }
}
