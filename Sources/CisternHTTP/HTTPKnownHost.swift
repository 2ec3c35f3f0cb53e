internal import CisternBytes
internal import Glibc

/// An authority that was read before, and what it was read as: the requests of a connection name the same again and again.
/// One that is longer than what there is room for is read anew each time.
struct HTTPKnownHost {
    private var text = InlineArray<48, UInt8>(repeating: 0)
    private var count = 0
    private var authority: HTTPAuthority?
    /// Whether it is the one that was read last.
    private(set) var isLastRead = false
    /// Who has accepted it. Held, so that no other comes to lie where it lay.
    var accepter: AnyObject?

    /// What ``HTTPAuthority`` says of `text`.
    mutating func read(_ text: Span<UInt8>) -> HTTPAuthority? {
        if text.count == count, let authority, isKnown(text) {
            isLastRead = true
            return authority
        }
        let authority = HTTPAuthority(text)
        isLastRead = text.count <= self.text.count
        guard isLastRead else { return authority }
        accepter = nil
        self.authority = authority
        count = text.count
        for index in text.indices { self.text[index] = text[index] }
        return authority
    }

    private func isKnown(_ text: Span<UInt8>) -> Bool {
        self.text.span.withUnsafeBufferPointer { known in
            text.withUnsafeBufferPointer { text in
                guard let known = known.baseAddress, let start = text.baseAddress else { return false }
                return memcmp(known, start, text.count) == 0
            }
        }
    }
}
