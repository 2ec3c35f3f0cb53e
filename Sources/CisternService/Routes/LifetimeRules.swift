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

    /// What a request's query asks for.
    func expiry(_ query: KeyQuery) throws(Refusal) -> KeyExpiry {
        if query.keepsTTL { return .keep(newKey: standard) }
        guard let text = query.ttl else { return standard.map { .after($0) } ?? .never }
        let ttl = try read(text)
        if let maximum, ttl > maximum {
            throw .query("ttl is longer than max_ttl, which is \(GoDuration.format(maximum))")
        }
        return .after(ttl)
    }

    /// Seconds without a unit, or a duration as Go writes it: whole seconds, at least one.
    private func read(_ text: Bytes) throws(Refusal) -> Duration {
        let ttl: Duration
        if let seconds = ASCII.decimal(text.span) {
            // A time to live beyond this does not fit into Redis' milliseconds since 1970.
            guard seconds <= 9_000_000_000_000 else { throw .query("ttl is out of range") }
            ttl = .seconds(seconds)
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
        guard ttl.components.attoseconds == 0 else { throw .query("ttl must be whole seconds") }
        return ttl
    }
}
