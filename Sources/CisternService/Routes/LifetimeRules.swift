internal import CisternBytes
internal import CisternConfiguration
internal import CisternRedis

/// How long written keys live: what a request may ask for, and what it gets when it does not ask.
struct LifetimeRules: Sendable {
    /// For keys written without `ttl`; nil for ever.
    let standard: Duration?
    /// The longest; nil for no limit.
    let maximum: Duration?

    init(defaultTTL: Duration, maxTTL: Duration) {
        standard = defaultTTL == .zero ? nil : defaultTTL
        maximum = maxTTL == .zero ? nil : maxTTL
    }

    /// What a write gets that asks for this.
    ///
    /// - Parameters:
    ///   - ttl: How long, as the client has written it; nil where it says nothing.
    ///   - keepsTTL: Whether the key is to keep the time that it has left.
    func expiry(ttl: Bytes?, keepsTTL: Bool) throws(Refusal) -> KeyExpiry {
        if keepsTTL {
            if ttl != nil { throw .query("ttl and keep_ttl=true exclude each other") }
            return .keep(newKey: standard)
        }
        guard let ttl else { return standard.map { .after($0) } ?? .never }
        let lifetime = try read(ttl)
        if let maximum, lifetime > maximum {
            throw .query("ttl is longer than max_ttl, which is \(GoDuration.format(maximum))")
        }
        return .after(lifetime)
    }

    /// A hundred years of 365 days: both backends can count them.
    private static let longest: Duration = .seconds(100 * 365 * 86400)

    /// Seconds without a unit, or a duration as Go writes it: whole seconds, at least one.
    private func read(_ text: Bytes) throws(Refusal) -> Duration {
        let ttl: Duration
        if text.allSatisfy({ (0x30...0x39).contains($0) }), !text.isEmpty {
            ttl = ASCII.decimal(text.span).map { .seconds(min($0, Int.max / 2)) } ?? .seconds(Int.max / 2)
        } else {
            do {
                ttl = try GoDuration.parse(text.span)
            } catch {
                throw .query("ttl is neither seconds, like 60, nor a duration, like 90s or 1h30m")
            }
        }
        guard ttl >= .seconds(1) else {
            throw .query("ttl must be at least one second; leave it out for keys that do not expire")
        }
        guard ttl <= Self.longest else { throw .query("ttl is out of range: at most 876000h, a hundred years") }
        guard ttl.components.attoseconds == 0 else { throw .query("ttl must be whole seconds") }
        return ttl
    }
}
