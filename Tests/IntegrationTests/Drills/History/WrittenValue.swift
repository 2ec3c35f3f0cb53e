import CisternBytes

/// A value that no other write of a drill has: who wrote it, and as which of its writes.
struct WrittenValue: Hashable, Sendable, CustomStringConvertible {
    /// `redis-cli`, behind the service's back.
    static let outsider = -1

    var client: Int
    var sequence: Int

    var description: String { client == Self.outsider ? "outside-\(sequence)" : "c\(client)-\(sequence)" }

    /// The name, and for some values a filling of up to 16 KiB, so that replies come in several pieces.
    var bytes: Bytes {
        let name = "\(client).\(sequence)|"
        return Bytes(Array(name.utf8) + [UInt8](repeating: filler, count: filling))
    }

    /// nil where the bytes are not, to the last one, those of a value.
    init?(_ bytes: Bytes) {
        let fields = bytes.prefix { $0 != UInt8(ascii: "|") }.split(separator: UInt8(ascii: "."))
        let numbers = fields.compactMap { Int(String(decoding: Array($0), as: UTF8.self)) }
        guard numbers.count == 2 else { return nil }
        self.init(client: numbers[0], sequence: numbers[1])
        guard self.bytes == bytes else { return nil }
    }

    init(client: Int, sequence: Int) {
        self.client = client
        self.sequence = sequence
    }

    private var filler: UInt8 { UInt8(ascii: "a") + UInt8(truncatingIfNeeded: sequence & 15) }

    private var filling: Int {
        var generator = SeededChoice(client &* 7919 &+ sequence)
        return generator.next(below: 8) == 0 ? 1024 + generator.next(below: 15 * 1024) : generator.next(below: 64)
    }
}
