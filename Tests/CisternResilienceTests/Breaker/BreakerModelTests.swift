import CisternBytes
import CisternResilience
import TestSupport
import Testing

/// The machine against the reference, through random interleavings of everything that can happen to it.
@Suite(.timeLimit(.minutes(20))) struct BreakerModelTests {
    /// Short lives: every corner of a small breaker.
    @Test(arguments: 0..<8)
    func inAHundredThousandInterleavingsItDoesWhatTheReferenceDoes(part: UInt64) {
        for run in 0..<12_500 / slowness where !follow(seed: part << 32 | UInt64(run), .short) { return }
    }

    /// Long lives: many states one after the other, and what is left over from them.
    @Test(arguments: 0..<8)
    func throughLongLivesItDoesWhatTheReferenceDoes(part: UInt64) {
        for run in 0..<5 where !follow(seed: 1 << 62 | part << 32 | UInt64(run), .long) { return }
    }

    /// Busy lives: the rate alone decides.
    @Test(arguments: 0..<8)
    func underLoadItOpensWhenTheReferenceDoes(part: UInt64) {
        for run in 0..<5 where !follow(seed: 1 << 63 | part << 32 | UInt64(run), .busy) { return }
    }

    /// True when it came to its end; else what went wrong has been reported, with the seed.
    private func follow(seed: UInt64, _ kind: BreakerWalk.Kind) -> Bool {
        var walk = BreakerWalk(seed: seed, kind)
        do {
            try walk.run()
            return true
        } catch {
            // The same once more, and now every event is told.
            var telling = BreakerWalk(seed: seed, kind, tells: true)
            try? telling.run()
            let story = telling.story.suffix(40).joined(separator: "\n")
            Issue.record("seed \(seed), \(kind), \(walk.config): \(error)\n\(story)")
            return false
        }
    }
}

struct Divergence: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// One random life of a machine, and of the reference beside it.
struct BreakerWalk {
    enum Kind {
        case short
        case long
        /// Failures in a row do not count, and next to nothing happens but operations.
        case busy
    }

    private typealias Held = (permit: BreakerPermit, ticket: BreakerReference.Ticket)

    let config: CircuitBreakerConfig
    private let hasProbe: Bool
    private let kind: Kind
    private var random: SplitMix64
    private var bench: BreakerBench
    private var reference: BreakerReference
    /// Permits that may still be finished; some of them are kept, to be finished again.
    private var held: [Held] = []
    private var last: CircuitBreaker.State?
    private let tells: Bool
    /// Times after which something happens.
    private let whole: [Duration]
    /// What happened, if it is to be told.
    private(set) var story: [String] = []

    init(seed: UInt64, _ kind: Kind, tells: Bool = false) {
        self.tells = tells
        random = SplitMix64(seed: seed)
        self.kind = kind
        config = CircuitBreakerConfig(
            maxFailures: kind == .busy ? 1000 : [1, 2, 3, 5, 1000].randomElement(using: &random) ?? 1,
            resetTimeout: .seconds([0, 1, 5, 30].randomElement(using: &random) ?? 0),
            checkInterval: .seconds([1, 2, 10].randomElement(using: &random) ?? 1),
            successThreshold: .random(in: 1...3, using: &random))
        hasProbe = .random(using: &random)
        whole = [
            .zero, .seconds(1), config.checkInterval, config.checkInterval / 10, config.resetTimeout, .milliseconds(3),
        ]
        bench = BreakerBench(config, hasProbe: hasProbe)
        reference = BreakerReference(config, hasProbe: hasProbe)
    }

    mutating func run() throws {
        for event in 1...(kind == .short ? 14 : kind == .long ? 3000 : 300) {
            if kind == .busy { try busyStep() } else { try step() }
            try compare()
            guard event % (kind == .short ? 7 : 100) == 0 else { continue }
            var healing = BreakerHealing(bench, isForced: reference.isForced)
            try healing.run()
        }
    }

    private mutating func step() throws {
        switch random(100) {
        case ..<30: try admit()
        case ..<57: finish()
        case ..<65: try operate()
        case ..<80: pass()
        case ..<93: try probe()
        case ..<97:
            note("hurry")
            bench.machine.hurryProbe(bench.now)
            reference.hurryProbe(bench.now)
        case ..<99:
            note("force closed")
            bench.machine.forceClosed()
            reference.forceClosed(bench.now)
        default:
            note("force open")
            bench.machine.forceOpen(bench.now)
            reference.forceOpen(bench.now)
        }
    }

    private mutating func busyStep() throws {
        switch random(20) {
        case ..<14: try operate()
        case ..<19:
            let part = random(250)
            bench.pass(config.checkInterval * part / 1000)
            note("pass \(part)/1000 of the interval")
        default:
            bench.machine.forceClosed()
            reference.forceClosed(bench.now)
            note("force closed")
        }
    }

    private mutating func random(_ count: Int) -> Int { Int(random.next() >> 32) % count }

    private mutating func note(_ text: @autoclosure () -> String) {
        if tells { story.append(text()) }
    }

    private mutating func admit() throws {
        let refusesUntil = bench.machine.refusesUntil
        let permit = bench.admit()
        let ticket = reference.admit(bench.now)
        note("admit: \(permit == nil ? "refused" : "let through")")
        guard (permit == nil) == (ticket == nil) else {
            throw Divergence("admit, but the reference does not, or the other way")
        }
        if permit != nil, let refusesUntil, bench.now < refusesUntil {
            throw Divergence("let through before \(refusesUntil)")
        }
        if let permit, let ticket { held.append((permit, ticket)) }
        guard bench.state != .halfOpen || reference.onTrial(bench.now) <= config.successThreshold else {
            throw Divergence("too many on trial")
        }
    }

    private mutating func finish() {
        guard let index = held.isEmpty ? nil : random(held.count) else { return }
        let (permit, ticket) = held[index]
        let outcome = [BreakerOutcome.success, .success, .failure, .failure, .ignored][random(5)]
        note("finish \(permit): \(outcome)")
        bench.finish(permit, outcome)
        reference.finish(ticket, outcome, bench.now)
        // One in four stays, and may end again.
        if random(4) > 0 { held.remove(at: index) }
    }

    /// A few operations that end at once.
    private mutating func operate() throws {
        let failures = random(5)
        for _ in 0...random(12) {
            let count = held.count
            try admit()
            try compare()
            guard held.count > count, let (permit, ticket) = held.popLast() else { return }
            let outcome: BreakerOutcome = random(4) < failures ? .failure : .success
            note("finish \(permit): \(outcome)")
            bench.finish(permit, outcome)
            reference.finish(ticket, outcome, bench.now)
            try compare()
        }
    }

    /// A time after which something may just be due, or just not.
    private mutating func pass() {
        let nudge = Duration.nanoseconds(random(3) - 1)
        let duration = max(.zero, whole[random(whole.count)] + nudge)
        note("pass \(duration)")
        bench.pass(duration)
    }

    private mutating func probe() throws {
        let step = bench.probeStep()
        let expected = reference.probeStep(bench.now)
        note("probe: \(step)")
        switch (step, expected) {
        case (.rest, .rest): break
        case (.wait(let deadline), .wait(let due)):
            guard deadline == due, deadline > bench.now else { throw Divergence("waits until \(deadline), not \(due)") }
        case (.probe(let permit), .probe(let ticket)): held.append((permit, ticket))
        default: throw Divergence("probe: \(step), not \(expected)")
        }
    }

    private mutating func compare() throws {
        guard bench.state == reference.state else { throw Divergence("\(bench.state), not \(reference.state)") }
        let changes = bench.machine.takeChanges().states
        let visited = reference.takeVisited()
        if changes.isEmpty, visited.isEmpty { return }
        guard changes == visited else { throw Divergence("went through \(changes), not \(visited)") }
        if let last, let first = changes.first, first != last {
            throw Divergence("a change from \(String(describing: first)) in state \(last)")
        }
        last = bench.state
    }
}

/// From any state, with the other side working and time passing, the breaker closes in a few rounds, whatever hangs.
struct BreakerHealing {
    private var bench: BreakerBench
    private let isForced: Bool

    init(_ bench: BreakerBench, isForced: Bool) {
        self.bench = bench
        self.isForced = isForced
    }

    mutating func run() throws {
        let config = bench.machine.config
        let start = bench.now
        var rounds = 0
        while bench.state != .closed {
            rounds += 1
            guard rounds <= 6 + 3 * config.successThreshold else {
                if isForced { return }
                throw Divergence("stuck \(bench.state)")
            }
            switch bench.probeStep() {
            case .probe(let permit): bench.finish(permit, .success)
            case .wait(let deadline): bench.now = deadline
            case .rest:
                // No probe: the traffic must do.
                if let permit = bench.admit() {
                    bench.finish(permit, .success)
                } else {
                    bench.pass(rounds % 2 == 0 ? config.checkInterval : config.resetTimeout)
                }
            }
        }
        if isForced { throw Divergence("closed, though it had been opened by force") }
        let limit = config.resetTimeout + config.checkInterval * 2 + .seconds(config.successThreshold)
        guard bench.now.since(start) <= limit else { throw Divergence("closed only after \(bench.now.since(start))") }
    }
}
