import Cistern
import CisternBytes
import CisternHTTP
import CisternRedis
import CisternSockets
import CisternStore
import Testing

@testable import CisternService

@Suite struct LocalStoreTests {
    private func store(_ change: (inout ServiceConfig) -> Void = { _ in }) -> LocalStore {
        var config = ServiceConfig()
        change(&config)
        return LocalStore(config)
    }

    private func remaining(_ store: LocalStore, _ key: Bytes) -> Duration? {
        guard case .remaining(let left) = store.read(key).ttl else { return nil }
        return left
    }

    @Test func aValueIsNewOnceAndThenReplaced() throws {
        let store = store()
        #expect(store.read("k").value == nil)
        #expect(try store.put("k", "a", expiry: .never))
        #expect(try !store.put("k", "b", expiry: .never))
        #expect(store.read("k").value == "b" && store.read("k").ttl == .persistent)
        #expect(store.cache.delete("k") && !store.cache.delete("k"))
        #expect(try store.put("k", "", expiry: .never))
        #expect(store.read("k").value == "")
    }

    /// What counts for copies of Redis' values does not for the only copy.
    @Test func theLifetimeOfCopiesDoesNotApply() throws {
        let store = store { $0.localCache.ttl = .milliseconds(1) }
        _ = try store.put("k", "v", expiry: .never)
        #expect(store.read("k").ttl == .persistent)
    }

    @Test func aLifetimeCountsDown() throws {
        let store = store()
        _ = try store.put("k", "v", expiry: .after(.seconds(60)))
        #expect((.seconds(50)...(.seconds(60))).contains(try #require(remaining(store, "k"))))
        _ = try store.put("k", "v", expiry: .never)
        #expect(store.read("k").ttl == .persistent)
    }

    @Test func keepingIsOfWhatTheKeyHas() throws {
        let store = store()
        _ = try store.put("k", "v", expiry: .after(.seconds(60)))
        #expect(try !store.put("k", "w", expiry: .keep(newKey: .seconds(9000))))
        #expect((.seconds(50)...(.seconds(60))).contains(try #require(remaining(store, "k"))))
        _ = try store.put("forever", "v", expiry: .never)
        _ = try store.put("forever", "w", expiry: .keep(newKey: .seconds(60)))
        #expect(store.read("forever").value == "w" && store.read("forever").ttl == .persistent)
        #expect(try store.put("new", "v", expiry: .keep(newKey: .seconds(60))))
        #expect((.seconds(50)...(.seconds(60))).contains(try #require(remaining(store, "new"))))
        #expect(try store.put("endless", "v", expiry: .keep(newKey: nil)))
        #expect(store.read("endless").ttl == .persistent)
    }

    @Test func theLongestLifetimeThatCanBeAskedForIsOne() throws {
        let store = store()
        _ = try store.put("k", "v", expiry: .after(.seconds(9_000_000_000_000)))
        #expect(store.read("k").value == "v")
    }

    @Test func aValueThatCannotFitIsRefusedAndTheOldOneStays() throws {
        let store = store {
            $0.localCache.maxBytes = 4096
            $0.http.maxValueBytes = 1 << 20
        }
        _ = try store.put("k", "small", expiry: .never)
        let error = try #require(throws: RedisError.self) {
            try store.put("k", Bytes([UInt8](repeating: 0, count: 5000)), expiry: .never)
        }
        #expect(RedisFailure.answer(error, toWrite: true).status == .insufficientStorage)
        #expect(store.read("k").value == "small")
    }

    /// Shown by a digest that is not the value's.
    @Test func aPreconditionIsCheckedOnTheDigestThatSomebodyHasMade() throws {
        let store = store()
        let digest = SHA1.digest(of: "other")
        func condition(_ digest: Digest160) -> Precondition { Precondition(match: .digests([digest.hex])) }
        _ = try store.put("k", "v", expiry: .never)
        #expect(
            try store.put("k", "w", expiry: .never, if: condition(digest))
                == .failed(current: SHA1.hexDigest(of: "v")))
        store.cache.note(digest, of: "v", key: "k")
        #expect(store.read("k").digest == digest)
        #expect(store.delete("k", if: condition(SHA1.digest(of: "v"))) == .failed(current: digest.hex))
        #expect(
            try store.put("k", "w", expiry: .never, if: condition(digest))
                == .done(PutResult(isNew: false, keptTTL: nil)))
        #expect(store.read("k").value == "w" && store.read("k").digest == nil)
    }

    @Test func aListingNamesWhatIsThereAndNoMore() throws {
        let store = store()
        for number in 0..<300 { _ = try store.put(Bytes("a\(number)"), "v", expiry: .never) }
        for number in 0..<300 { _ = try store.put(Bytes("b\(number)"), "v", expiry: .after(.seconds(60))) }
        for number in 0..<300 { _ = try store.put(Bytes("c\(number)"), "v", expiry: .after(.nanoseconds(1))) }
        var keys: [ListedKey] = []
        var cursor: UInt64 = 0
        repeat {
            let page = store.list("b", cursor: cursor, count: 7)
            #expect(page.keys.count <= 7)
            keys += page.keys
            cursor = page.next
        } while cursor != 0
        #expect(keys.count == 300 && Set(keys.map(\.key)) == Set((0..<300).map { Bytes("b\($0)") }))
        for entry in keys { #expect(entry.ttl != .persistent) }
        #expect(store.list("a1", cursor: 0, count: 1000).keys.allSatisfy { $0.ttl == .persistent })
        #expect(store.list("c", cursor: 0, count: 1000).keys.isEmpty)
    }

    @Test func everyStoreHasANameOfItsOwn() {
        #expect(store().name != store().name)
    }
}
