extension GoDuration {
    /// A duration in Go's style, without the parts that are zero: `1m30s`, `250ms`, `1.5s`, `0s`.
    ///
    /// Parsing it gives the same duration again, down to the nanosecond.
    package static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = (attoseconds / 1_000_000_000).magnitude
        let sign = duration < .zero ? "-" : ""
        let total = seconds.magnitude
        if total == 0 { return sign + formatSmall(nanoseconds) }
        var text = sign
        let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
        if hours > 0 { text += "\(hours)h" }
        if minutes > 0 { text += "\(minutes)m" }
        if rest > 0 || nanoseconds > 0 { text += decimal(rest, fraction: nanoseconds, digits: 9) + "s" }
        return text
    }

    /// Less than a second, in its largest unit.
    private static func formatSmall(_ nanoseconds: UInt64) -> String {
        switch nanoseconds {
        case 0: "0s"
        case ..<1000: "\(nanoseconds)ns"
        case ..<1_000_000: decimal(nanoseconds / 1000, fraction: nanoseconds % 1000, digits: 3) + "us"
        default: decimal(nanoseconds / 1_000_000, fraction: nanoseconds % 1_000_000, digits: 6) + "ms"
        }
    }

    private static func decimal(_ whole: UInt64, fraction: UInt64, digits: Int) -> String {
        if fraction == 0 { return "\(whole)" }
        let text = String(fraction)
        var padded = String(repeating: "0", count: max(0, digits - text.count)) + text
        while padded.last == "0" { padded.removeLast() }
        return "\(whole).\(padded)"
    }
}
