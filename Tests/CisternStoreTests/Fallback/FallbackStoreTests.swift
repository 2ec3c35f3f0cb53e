import CisternBytes
import Synchronization
import TestSupport
import Testing

@testable import CisternStore

/// Copies, ages, bounds and times of the fallback store, one at a time.
@Suite struct FallbackStoreTests {
    private let clock = CacheClock()
    private let store: FallbackStore

    init() {
        let clock = clock
        store = FallbackStore(
            .init(
                maxEntries: 100, maxBytes: 1 << 20, ttl: .seconds(300), maxPending: 3, maxPendingBytes: 4096,
                largestEntry: 1024), now: { clock.now })
    }

    private func read(_ key: Bytes, _ value: Bytes?, ttl: Duration? = nil) {
        let place = store.place(of: key)
        guard case .ask(let begin) = store.beginRead(key, place) else { return }
        store.endRead(key, place, begin: begin, value: value, ttl: ttl)
    }

    private func local(_ key: Bytes) -> FallbackStore.LocalValue? { store.local(key, store.place(of: key)) }

    private func keep(
        _ key: Bytes, _ value: Bytes?, _ expiry: FallbackStore.RequestedExpiry = .never, sent: [UInt64] = []
    ) -> Bool {
        store.keep(key, store.place(of: key), value: value, expiry: expiry, accepted: clock.now, sent: sent)
    }

    @Test func aCopyHasAnAgeAndAnEnd() {
        read("key", "value")
        clock.advance(299)
        #expect(local("key")?.value == "value")
        #expect(local("key")?.age == 299_000_000_000)
        #expect(local("key")?.isPending == false)
        clock.advance(1)
        #expect(local("key") == nil)
    }

    @Test func aCopyLivesNoLongerThanTheKey() {
        read("key", "value", ttl: .seconds(10))
        clock.advance(9)
        #expect(local("key")?.value == "value")
        clock.advance(1)
        #expect(local("key") == nil)
    }

    @Test func aReadThatFindsWhatTheCopyHoldsRenewsIt() {
        read("key", "value", ttl: .seconds(10))
        clock.advance(5)
        read("key", "value", ttl: .seconds(100))
        clock.advance(60)
        #expect(local("key")?.value == "value" && local("key")?.age == 60_000_000_000)
        #expect(local("key")?.left == 40_000_000_000)
        read("key", "value")
        clock.advance(299)
        #expect(local("key")?.value == "value" && local("key")?.age == 299_000_000_000)
        #expect(local("key")?.left == nil)
        read("key", "value", ttl: .seconds(3))
        clock.advance(3)
        #expect(local("key") == nil)
        read("key", "value")
        read("key", "value", ttl: .zero)
        #expect(store.statistics.copies.entries == 0)
    }

    @Test func aReadFromBeforeDoesNotUndoThatItWasRenewed() throws {
        let (key, twin) = twins()
        let (place, twinsPlace) = (store.place(of: key), store.place(of: twin))
        read(key, "value")
        guard case .ask(let early) = store.beginRead(key, place),
            case .send(let write) = store.beginWrite(twin, twinsPlace)
        else { throw TestFailure("a write is kept") }
        store.endWrite(twin, twinsPlace, begin: write, .deleted)
        read(key, "value")
        store.endRead(key, place, begin: early, value: "older", ttl: nil)
        #expect(local(key)?.value == "value")
    }

    @Test func aCopyThatIsReadAgainOutlastsManyThatAreNot() {
        for _ in 0..<3 { read("key", "value") }
        for number in 0..<1000 { read(Bytes("other-\(number)"), "value") }
        #expect(local("key")?.value == "value")
    }

    @Test func aMissTakesTheCopyAway() {
        read("key", "value")
        read("key", nil)
        #expect(local("key") == nil)
    }

    @Test func aReadThatAWriteOvertookLeavesNoCopy() {
        let place = store.place(of: "key")
        guard case .ask(let read) = store.beginRead("key", place),
            case .send(let write) = store.beginWrite("key", place)
        else { return #expect(Bool(false)) }
        store.endWrite("key", place, begin: write, .stored("new", ttl: nil))
        store.endRead("key", place, begin: read, value: "old", ttl: nil)
        #expect(local("key")?.value == "new")
    }

    /// Two keys that share a write clock.
    private func twins() -> (Bytes, Bytes) {
        var seen: [UInt64: Bytes] = [:]
        for number in 0... {
            let key = Bytes("twin-\(number)")
            let place = store.place(of: key)
            let slot = UInt64(place.shard) << 32 | UInt64(place.hash & 1023)
            if let other = seen[slot] { return (other, key) }
            seen[slot] = key
        }
        return ("", "")
    }

    @Test(arguments: [false, true])
    func anotherKeyOfTheClockBringsNoOldValueBack(isDelete: Bool) {
        let (key, twin) = twins()
        read(key, "old")
        let place = store.place(of: key)
        let twinsPlace = store.place(of: twin)
        guard case .send(let first) = store.beginWrite(key, place),
            case .send(let second) = store.beginWrite(twin, twinsPlace)
        else { return #expect(Bool(false)) }
        store.endWrite(twin, twinsPlace, begin: second, .deleted)
        store.endWrite(key, place, begin: first, isDelete ? .deleted : .stored("new", ttl: nil))
        #expect(local(key)?.value != "old")
    }

    /// Two writes and a read, in every order in which the read can have seen the value before both; with the writes on one key
    /// or on two that share a clock.
    @Test(arguments: [false, true]) func aReadBesideWritesLeavesNoOldValue(hasTwin: Bool) throws {
        let (key, twin) = twins()
        let place = store.place(of: key)
        var orders = 0
        for order in Self.permutations(["begin 1", "end 1", "begin 2", "end 2", "begin read", "end read"]) {
            let at = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
            func comes(_ first: String, before second: String) -> Bool { (at[first] ?? 0) < (at[second] ?? 0) }
            // A read that began after the key's write had ended has not seen what was before.
            guard comes("begin 1", before: "end 1"), comes("begin 2", before: "end 2"),
                comes("begin read", before: "end read"), comes("begin read", before: "end 1"),
                hasTwin || comes("begin read", before: "end 2")
            else { continue }
            orders += 1
            read(key, "old")
            var begins: [String: UInt32] = [:]
            var readBegin: FallbackStore.ReadBegin?
            for step in order {
                let (other, name): (Bytes, Bytes) = step.hasSuffix("2") && hasTwin ? (twin, "twin's") : (key, "new")
                switch step {
                case "begin read":
                    if case .ask(let begin) = store.beginRead(key, place) { readBegin = begin }
                case "end read":
                    store.endRead(key, place, begin: try #require(readBegin), value: "old", ttl: nil)
                case "begin 1", "begin 2":
                    if case .send(let begin) = store.beginWrite(other, store.place(of: other)) {
                        begins[String(step.suffix(1))] = begin
                    }
                default:
                    store.endWrite(
                        other, store.place(of: other), begin: begins[String(step.suffix(1))] ?? 0,
                        .stored(name, ttl: nil))
                }
            }
            #expect(local(key)?.value != "old", "\(order)")
        }
        #expect(orders > 10)
    }

    private static func permutations(_ steps: [String]) -> [[String]] {
        guard let first = steps.first else { return [[]] }
        return permutations(Array(steps.dropFirst())).flatMap { rest in
            (0...rest.count).map { Array(rest[..<$0]) + [first] + Array(rest[$0...]) }
        }
    }

    @Test func theQueueIsBoundedByEntries() {
        for number in 0..<3 { #expect(keep(Bytes("key-\(number)"), "value")) }
        #expect(!keep("key-3", "value"))
        #expect(keep("key-0", "another"))
        #expect(local("key-0")?.value == "another")
        #expect(local("key-3") == nil)
        #expect(store.statistics.pendingEntries == 3)
        #expect(store.statistics.superseded == 1)
    }

    @Test func theQueueIsBoundedByBytes() {
        #expect(keep("key", Bytes([UInt8](repeating: 0, count: 3000))))
        #expect(!keep("other", Bytes([UInt8](repeating: 0, count: 3000))))
        #expect(store.statistics.pendingBytes <= 4096)
        #expect(store.statistics.pendingEntries == 1)
    }

    @Test func aKeptWriteThatHasExpiredIsReplayedAsADelete() throws {
        #expect(keep("key", "value", .after(.seconds(5))))
        #expect(local("key")?.value == "value")
        clock.advance(5)
        #expect(local("key")?.value == nil && local("key")?.isPending == true)
        let replay = try #require(store.beginReplay("key", store.place(of: "key")))
        #expect(replay.value == nil)
    }

    @Test func aLifetimeCountsFromAcceptance() throws {
        #expect(keep("key", "value", .after(.seconds(60))))
        clock.advance(45)
        let replay = try #require(store.beginReplay("key", store.place(of: "key")))
        #expect(replay.ttl == .seconds(15))
    }

    @Test func aKeptLifetimeIsTheOneThatIsKnown() throws {
        read("key", "old", ttl: .seconds(60))
        #expect(keep("key", "new", .keep(newKey: .seconds(1000))))
        clock.advance(20)
        let replay = try #require(store.beginReplay("key", store.place(of: "key")))
        #expect(replay.keepsTTL && replay.ttl == .seconds(40))
        #expect(replay.expected == ["old"])
    }

    @Test func whatIsReplayedGoesInTheOrderOfAcceptance() {
        for name in ["c", "a", "b"] { #expect(keep(Bytes(name), "value")) }
        #expect(store.replayable() == ["c", "a", "b"])
    }

    @Test func aWriteInTheAirKeepsTheReplayBack() throws {
        let number = store.newNumber()
        let place = store.place(of: "key")
        #expect(keep("key", "value", sent: [number]))
        #expect(store.beginReplay("key", place)?.write == nil)
        #expect(!store.settle("key", place, number, .dead))
        let replay = try #require(store.beginReplay("key", place))
        #expect(replay.expected == ["value"])
        #expect(!store.endReplay("key", place, replay.write, .done))
        #expect(store.statistics.replayed == 1)
        #expect(store.statistics.pendingBytes == 0)
        #expect(local("key")?.isPending == false)
    }

    /// So many who are sent a long value share one.
    @Test func whoReadsTheValueOfTheCopyIsGivenTheCopys() throws {
        let place = store.place(of: "key")
        func read(_ value: Bytes?) throws -> Bytes? {
            guard case .ask(let begin) = store.beginRead("key", place) else { throw TestFailure("a write is kept") }
            return store.endRead("key", place, begin: begin, value: value, ttl: nil).value
        }
        func memory(_ value: Bytes?) -> UnsafeRawPointer? { value?.withUnsafeBytes { $0.baseAddress } }
        func bytes(_ byte: UInt8) -> Bytes { Bytes([UInt8](repeating: byte, count: 500)) }

        let first = try read(bytes(1))
        let second = try read(bytes(1))
        #expect(first == bytes(1) && second == bytes(1))
        #expect(memory(first) == memory(second))
        #expect(memory(local("key")?.value) == memory(first))
        let other = try read(bytes(2))
        #expect(other == bytes(2))
        #expect(memory(local("key")?.value) == memory(other))
        #expect(try read(nil) == nil)
    }

    @Test func theDigestOfAValueOutlastsItsReads() throws {
        let digest = Digest160.repeating(7)
        let place = store.place(of: "key")
        func read(_ value: Bytes?) throws -> Digest160? {
            guard case .ask(let begin) = store.beginRead("key", place) else { throw TestFailure("a write is kept") }
            return store.endRead("key", place, begin: begin, value: value, ttl: nil).digest
        }
        #expect(try read("value") == nil)
        store.note(digest, of: "value", "key", place)
        #expect(try read("value") == digest)
        #expect(try read("value") == digest)
        #expect(local("key")?.digest == digest)
        #expect(try read("other") == nil)
        #expect(local("key")?.digest == nil)
        // What it was the digest of has come back; nobody remembers.
        #expect(try read("value") == nil)
        // A write that Redis took brings another value.
        store.note(digest, of: "value", "key", place)
        guard case .send(let begin) = store.beginWrite("key", place) else { throw TestFailure("a write is kept") }
        store.endWrite("key", place, begin: begin, .stored("new", ttl: nil))
        #expect(local("key")?.value == "new" && local("key")?.digest == nil)
    }
}
