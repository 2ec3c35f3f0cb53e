import Testing

/// Histories made by hand, in milliseconds: those that break a rule, and those that only look like it.
@Suite("The checker of histories") struct HistoryCheckerTests {
    typealias Rule = Violation.Rule

    private func rules(_ operations: [Operation], _ change: (inout History) -> Void = { _ in }) -> [Rule] {
        var history = History(operations: operations)
        change(&history)
        return HistoryChecker(history).violations().map(\.rule)
    }

    private func remaining(
        _ operations: [Operation], _ value: Int?, conflicts: Int = 0, _ change: (inout History) -> Void = { _ in }
    ) -> [Rule] {
        var history = History(operations: operations)
        change(&history)
        var remains = History.Remains(conflicts: conflicts)
        remains.content["k"] = value.map { .value(WrittenValue(client: 0, sequence: $0)) }
        return HistoryChecker(history).violations(remains).map(\.rule)
    }

    private let outage: (inout History) -> Void = {
        $0.outages = [.init(start: .milliseconds(100), end: .milliseconds(9000))]
    }

    // MARK: (a) No acknowledged write is lost.

    @Test(arguments: [204, 202]) func aLostWriteIsFound(status: Int) {
        #expect(remaining([.put(1, 0, 5, 201), .put(2, 10, 15, status)], 1) == [.lost])
        #expect(remaining([.put(1, 0, 5, 201), .put(2, 10, 15, status)], nil) == [.lost])
        #expect(remaining([.put(1, 0, 5, 201), .put(2, 10, 15, status)], 2) == [])
        // One that was never acknowledged may have happened, but it excuses nothing before it.
        let unanswered = [Operation.put(1, 0, 5, status), .put(2, 10, 15, nil)]
        #expect(remaining(unanswered, 2) == [.late])
        #expect(remaining(unanswered, 1) == [.late])
        #expect(remaining(unanswered, nil) == [.late, .lost])
    }

    @Test func aConflictThatWasCountedExcusesAKeptWriteAndNoOther() {
        #expect(remaining([.put(1, 0, 5, 201), .put(2, 10, 15, 202)], 1, conflicts: 1) == [])
        #expect(remaining([.put(1, 0, 5, 201), .put(2, 10, 15, 204)], 1, conflicts: 1) == [.lost])
        let three = [Operation.put(1, 0, 5, 201), .put(2, 10, 15, 204), .put(3, 20, 25, 202)]
        #expect(remaining(three, 1, conflicts: 1) == [.lost])
        #expect(remaining(three, 2, conflicts: 1) == [])
        var other = Operation.put(4, 30, 35, 202)
        other.key = "other"
        let two = [Operation.put(1, 0, 5, 201), .put(2, 10, 15, 202), other]
        #expect(remaining(two, 1, conflicts: 1) == [.lost, .lost], "two writes, one conflict")
        #expect(remaining(two, 1, conflicts: 2) == [])
    }

    @Test func whatRedisLosesIsLostByRedis() {
        let loss: (inout History) -> Void = { $0.losses = [.milliseconds(20)] }
        #expect(remaining([.put(1, 0, 5, 201)], nil, loss) == [])
        #expect(remaining([.put(1, 0, 5, 201), .put(2, 30, 35, 202)], nil, loss) == [.lost])
        #expect(remaining([.put(1, 0, 5, 201), .put(2, 30, 35, 201)], nil, loss) == [.lost])
        #expect(rules([.put(1, 0, 5, 201), .get(nil, 30, 35)], loss) == [])
        #expect(rules([.put(1, 0, 5, 201), .get(nil, 10, 15)], loss) == [.falseNotFound])
        #expect(rules([.put(1, 0, 5, 201), .get(nil, 30, 35, local: 0)], loss) == [.falseNotFound], "Redis, not we")
        #expect(rules([.put(1, 0, 5, 201), .get(nil, 30, 35), .get(1, 40, 45, local: 0)], loss) == [.revived])
    }

    @Test func ofConcurrentWritesEitherMayRemain() {
        var other = Operation.put(2, 3, 9, 204)
        other.client = 1
        let shared: (inout History) -> Void = { $0.sharedKeys = ["k"] }
        for value in [1, 2] { #expect(remaining([.put(1, 0, 5, 201), other], value, shared) == []) }
        #expect(remaining([.put(1, 0, 5, 201), other], nil, shared) == [.lost])
    }

    // MARK: (b) No deleted value comes back.

    @Test(arguments: [204, 404, 202]) func aDeletedValueIsNotReadAgain(status: Int) {
        let deletion = Operation.delete(10, 15, status)
        #expect(rules([.put(1, 0, 5, 201), deletion, .get(1, 16, 18)]) == [.revived])
        #expect(rules([.put(1, 0, 5, 201), deletion, .get(1, 16, 18, local: 0)]) == [.revived])
        #expect(rules([.put(1, 0, 5, 201), deletion, .get(1, 14, 18)]) == [], "at the same time")
        #expect(rules([.put(1, 0, 5, 201), deletion, .put(2, 16, 18, 201), .get(2, 20, 21)]) == [])
        #expect(remaining([.put(1, 0, 5, 201), deletion], 1) == [status == 202 ? .lost : .revived])
        #expect(remaining([.put(1, 0, 5, 201), deletion], nil) == [])
    }

    @Test func whatRedisNoLongerHasIsNotReadAgain() {
        let outside: (inout History) -> Void = {
            $0.outside = [.init(key: "k", value: nil, start: .milliseconds(10), end: .milliseconds(11))]
        }
        #expect(rules([.put(1, 0, 5, 201), .get(nil, 12, 15), .get(1, 16, 18, local: 0)], outside) == [.revived])
        #expect(rules([.put(1, 0, 5, 201), .get(1, 12, 15, local: 0), .get(nil, 16, 18)], outside) == [])
    }

    // MARK: (c) Nothing older than what Redis has shown, and nothing older than what was acknowledged.

    @Test func readsDoNotGoBack() {
        let writes = [Operation.put(1, 0, 5, 201), .put(2, 10, 50, nil)]
        #expect(rules(writes + [.get(2, 20, 22), .get(1, 24, 26)]).contains(.older))
        #expect(rules(writes + [.get(2, 20, 22), .get(1, 24, 26, local: 0)]).contains(.older))
        #expect(!rules(writes + [.get(2, 20, 22, local: 0), .get(1, 24, 26)]).contains(.older))
        #expect(!rules(writes + [.get(2, 20, 24), .get(1, 23, 26)]).contains(.older), "at the same time")
    }

    @Test func anAcknowledgedWriteIsRead() {
        for status in [204, 202] {
            let writes = [Operation.put(1, 0, 5, 201), .put(2, 10, 15, status)]
            #expect(rules(writes + [.get(1, 16, 18, local: 0)]) == [.stale])
            #expect(rules(writes + [.get(1, 14, 18)]) == [])
            #expect(rules(writes + [.get(2, 11, 12)]) == [])
        }
        // What nobody has answered may happen at any time.
        let unanswered = [Operation.put(1, 0, 5, 201), .put(2, 10, 15, 504), .put(3, 20, 25, 204), .get(2, 30, 35)]
        #expect(!rules(unanswered).contains(.stale))
        // Where others write too, a kept write may have lost to theirs.
        #expect(
            rules([.put(1, 0, 5, 201), .put(2, 10, 15, 202), .get(1, 16, 18)]) { $0.sharedKeys = ["k"] } == [])
    }

    // MARK: (d) No 404 that nobody can know.

    @Test func aKeyThatNobodyHasDeletedIsFound() {
        for status in [201, 202] {
            #expect(rules([.put(1, 0, 5, status), .get(nil, 6, 8)]) == [.falseNotFound])
            #expect(rules([.put(1, 0, 5, status), .get(nil, 4, 8)]) == [])
        }
        #expect(rules([.get(nil, 6, 8)]) == [])
        #expect(
            rules([.get(nil, 6, 8)]) { $0.seeds = ["k": WrittenValue(client: -1, sequence: 0)] } == [.falseNotFound])
    }

    @Test func anOutageKnowsNothingButDeletes() {
        #expect(rules([.get(nil, 200, 210)], outage) == [.falseNotFound])
        #expect(rules([.get(nil, 200, 210, local: 0)], outage) == [.falseNotFound])
        #expect(rules([.delete(150, 160, 202), .get(nil, 200, 210, local: 0)], outage) == [])
        #expect(rules([.get(nil, 90, 110)], outage) == [], "perhaps before it")
    }

    // MARK: (e) Every answer comes in time.

    @Test func aLateAnswerIsFound() {
        #expect(rules([.get(nil, 0, 1051)]) == [.late])
        #expect(rules([.get(nil, 0, 1050)]) == [])
        #expect(rules([.get(nil, 0, 51)]) { $0.deadline = .milliseconds(50) } == [.late])
        let pause: (inout History) -> Void = {
            $0.pauses = [.init(start: .milliseconds(100), end: .milliseconds(300))]
        }
        #expect(rules([.get(nil, 0, 1250)], pause) == [], "the machine stood still")
        #expect(rules([.get(nil, 0, 1251)], pause) == [.late])
        #expect(rules([.get(nil, 200, 1350)], pause) == [])
        #expect(rules([.get(nil, 300, 1351)], pause) == [.late])
        var none = Operation.get(nil, 0, 1)
        none.status = nil
        #expect(rules([none]) == [.late])
    }

    // MARK: (f) Known keys are served.

    @Test func aKnownKeyIsServed() {
        let refusal = Operation.refusal(20, 25)
        #expect(rules([.put(1, 0, 5, 201), refusal]) == [.refused])
        #expect(rules([.put(1, 0, 5, 202), refusal]) == [.refused])
        let seeded: (inout History) -> Void = { $0.seeds = ["k": WrittenValue(client: 0, sequence: 1)] }
        #expect(rules([.get(1, 0, 5), refusal], seeded) == [.refused])
        #expect(rules([refusal], seeded) == [], "never seen")
        #expect(rules([.put(1, 0, 21, 201), refusal]) == [], "not yet known")
        #expect(rules([.put(1, 0, 5, 201), .delete(6, 8, 204), refusal]) == [], "no copy is left")
        #expect(rules([.put(1, 0, 5, 201), .delete(6, 8, 204), .put(2, 9, 10, 201), refusal]) == [.refused])
        #expect(
            rules([.put(1, 0, 5, 201), .get(nil, 6, 8), refusal]) { $0.losses = [.milliseconds(6)] } == [])
    }

    @Test(arguments: [502, 503, 504]) func aPlainWriteIsKept(status: Int) {
        #expect(rules([.put(1, 0, 5, status)]).contains(.refused))
        #expect(rules([.delete(0, 5, status)]).contains(.refused))
    }

    @Test func whatADrillProvokesIsNoViolation() {
        #expect(rules([.put(1, 0, 5, 507)]) == [.form, .refused])
        #expect(rules([.put(1, 0, 5, 507)]) { $0.provoked = [.put: [507]] } == [])
        #expect(remaining([.put(1, 0, 5, 201), .put(2, 6, 8, 507)], 2) { $0.provoked = [.put: [507]] } == [.invented])
    }

    // MARK: Form

    @Test func aValueIsOneThatWasWritten() {
        #expect(rules([.get(7, 0, 5)]) == [.invented])
        #expect(rules([.get(1, 0, 5), .put(1, 6, 8, 201)]) == [.invented], "before it was written")
        var torn = Operation.get(1, 0, 5)
        torn.content = .torn("c")
        #expect(rules([torn]) == [.invented])
    }

    @Test func anOutageIsSeenInTheAnswers() {
        #expect(rules([.put(1, 0, 5, 201), .get(1, 200, 210)], outage) == [.form])
        #expect(rules([.put(1, 200, 210, 201)], outage) == [.form])
        #expect(rules([.delete(200, 210, 204)], outage) == [.form])
        let ofWrites: (inout History) -> Void = {
            outage(&$0)
            $0.outages[0].reach = .writes
        }
        #expect(rules([.put(1, 0, 5, 201), .get(1, 200, 210), .put(2, 220, 230, 202)], ofWrites) == [])
        #expect(rules([.put(1, 200, 210, 201)], ofWrites) == [.form])
    }

    @Test func headersAreThere() {
        let write = Operation.put(1, 0, 5, 202)
        func rules(_ operation: Operation, _ change: (inout Operation) -> Void) -> [Rule] {
            var changed = operation
            change(&changed)
            return self.rules([write, changed])
        }
        let read = Operation.get(1, 6, 8, local: 0)
        #expect(rules(read) { _ in } == [])
        #expect(rules(read) { $0.age = nil } == [.form])
        #expect(rules(read) { $0.cacheStatus = nil } == [.form])
        #expect(rules(read) { $0.source = nil } == [.form])
        #expect(rules(.put(2, 6, 8, 202)) { $0.durability = nil } == [.form])
        #expect(rules(.put(2, 6, 8, 202)) { $0.source = nil } == [.form])
        #expect(rules(.put(2, 6, 8, 500)) { _ in } == [.form, .refused])
        var unknown = Operation.refusal(6, 8)
        unknown.key = "unknown"
        #expect(rules(unknown) { _ in } == [])
        #expect(rules(unknown) { $0.retryAfter = nil } == [.form])
        #expect(rules(unknown) { $0.retryAfter = 0 } == [.form])
    }

    @Test(arguments: [(0, false), (2, true), (3, true), (4, true), (6, false)])
    func anAgeIsTheTimeSinceRedisConfirmed(age: Int, isRight: Bool) {
        #expect(
            rules([.put(1, 0, 5, 201), .get(1, 3500, 3510, local: age)], outage) == (isRight ? [] : [.age]), "\(age)")
    }
}

extension Operation {
    /// A PUT of the value of this number, from and until so many milliseconds.
    static func put(_ value: Int, _ start: Int, _ end: Int, _ status: Int?) -> Operation {
        var operation = Operation(.put, start, end, status)
        operation.written = WrittenValue(client: 0, sequence: value)
        return operation
    }

    static func delete(_ start: Int, _ end: Int, _ status: Int?) -> Operation {
        Operation(.delete, start, end, status)
    }

    /// A GET that found this value; nil for 404. With an age it was answered without Redis.
    static func get(_ value: Int?, _ start: Int, _ end: Int, local age: Int? = nil) -> Operation {
        var operation = Operation(.get, start, end, value == nil ? 404 : 200)
        operation.content = value.map { .value(WrittenValue(client: 0, sequence: $0)) }
        operation.source = age == nil ? "redis" : "local"
        operation.age = age
        if age != nil { operation.cacheStatus = "cistern; hit; ttl=290; detail=redis-unavailable" }
        return operation
    }

    static func refusal(_ start: Int, _ end: Int) -> Operation { Operation(.get, start, end, 503) }

    private init(_ kind: Kind, _ start: Int, _ end: Int, _ status: Int?) {
        self.init(
            client: 0, kind: kind, key: "k", start: .milliseconds(start), end: .milliseconds(end), status: status)
        if status == 202 { (source, durability) = ("local", "memory") }
        if status == 503 { retryAfter = 1 }
    }
}
