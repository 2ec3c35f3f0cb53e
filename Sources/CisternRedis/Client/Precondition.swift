package import CisternBytes

/// What a key must hold for an operation to be carried out, and must not. Values are named by their SHA-1, as entity tags
/// name them.
package struct Precondition: Sendable, Hashable {
    /// Some values.
    package enum Values: Sendable, Hashable {
        /// Every value there can be.
        case any
        /// Those with these digests, in 40 lower-case hexadecimal digits each.
        case digests([Bytes])

        /// Whether a value is among them; nil stands for no value.
        func contain(_ digest: Bytes?) -> Bool {
            guard let digest else { return false }
            return switch self {
            case .any: true
            case .digests(let digests): digests.contains(digest)
            }
        }
    }

    /// What the key must hold one of (`If-Match`); nil for no such condition.
    package var match: Values?
    /// What the key must hold none of (`If-None-Match`); nil for no such condition.
    package var noneMatch: Values?

    package init(match: Values? = nil, noneMatch: Values? = nil) {
        self.match = match
        self.noneMatch = noneMatch
    }

    /// What a precondition comes to.
    package enum Verdict: Sendable, Hashable {
        case holds
        case matchFailed
        case noneMatchFailed
    }

    /// The verdict on a key that holds the value with this digest; nil for no value. `match` is looked at first (RFC 9110
    /// §13.2.2).
    package func verdict(on digest: Bytes?) -> Verdict {
        if let match, !match.contain(digest) { return .matchFailed }
        if let noneMatch, noneMatch.contain(digest) { return .noneMatchFailed }
        return .holds
    }
}

/// What a write with a precondition came to.
package enum ConditionalResult: Sendable, Hashable {
    case done(PutResult)
    /// There is nothing to delete; the precondition was not looked at.
    case missing
    /// The precondition does not hold, and nothing was written; the digest of what the key holds.
    case failed(current: Bytes?)
}
