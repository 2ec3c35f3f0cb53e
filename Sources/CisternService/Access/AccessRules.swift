internal import CisternBytes
internal import CisternHTTP
internal import CisternSockets

/// The tokens of a configuration, ready to be compared with what requests send.
///
/// They never change: other tokens come with another ``CacheService``, which takes the place of this one's.
final class AccessRules: Sendable {
    private struct Entry: Sendable {
        let name: String
        let digest: KeyedDigest
        let scopes: ScopeSet
    }

    private let key = KeyedDigest.Key()
    private let entries: [Entry]

    /// Nil without tokens.
    init?(_ tokens: AuthTokens) {
        guard !tokens.list.isEmpty else { return nil }
        entries = tokens.list.map { [key] token in
            Entry(
                name: token.name, digest: KeyedDigest(of: Bytes(token.token).span, key: key),
                scopes: ScopeSet(token.scopes))
        }
    }

    /// Who sends a request. Allocates nothing.
    func caller(of head: HTTPRequestHead) -> Caller {
        guard let token = head.bearerToken else { return .stranger }
        return holder(of: token) { $0.equality(with: $1) }
    }

    /// What the token of a request is called; nil where it has none that is known.
    func name(of head: HTTPRequestHead) -> String? {
        guard let token = head.bearerToken else { return nil }
        let digest = KeyedDigest(of: token, key: key)
        return entries.first { $0.digest.equality(with: digest) != 0 }?.name
    }

    /// Whose a token is, found in a time that depends on the number of tokens and the length of this one alone: every
    /// digest is compared whole, whether one before was equal or not, and what an equal one allows is masked, not chosen.
    ///
    /// - Parameter equality: all ones for equal digests, else zero; called once for each token of the configuration.
    func holder(of token: Span<UInt8>, equality: (KeyedDigest, KeyedDigest) -> UInt64) -> Caller {
        let digest = KeyedDigest(of: token, key: key)
        var isKnown: UInt64 = 0
        var scopes: UInt64 = 0
        for entry in entries {
            let isEqual = equality(entry.digest, digest)
            isKnown |= isEqual
            scopes |= isEqual & UInt64(entry.scopes.bits)
        }
        return isKnown == 0 ? .impostor : .holder(ScopeSet(bits: UInt8(truncatingIfNeeded: scopes)))
    }
}
