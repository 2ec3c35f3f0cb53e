/// Goes through a history and finds what the contract forbids.
struct HistoryChecker {
    private let history: History
    private let keys: [KeyHistory]

    init(_ history: History) {
        self.history = history
        var byKey: [String: [Operation]] = [:]
        for operation in history.operations { byKey[operation.key, default: []].append(operation) }
        for key in Set(history.seeds.keys).union(history.outside.map(\.key)) where byKey[key] == nil { byKey[key] = [] }
        keys = byKey.keys.sorted().map { KeyHistory($0, byKey[$0] ?? [], history) }
        knowledge = byKey.mapValues { KeyKnowledge($0) }
    }

    private let knowledge: [String: KeyKnowledge]

    /// All violations. Without `remains`, those that the answers alone show.
    func violations(_ remains: History.Remains? = nil) -> [Violation] {
        let answers = history.operations.flatMap { operation in
            FormRules(history).violations(operation) + knowledgeViolations(operation)
        }
        let reads = keys.flatMap { key in key.reads.flatMap { readViolations($0, key) } }
        return answers + reads + (remains.map { remainsViolations($0) } ?? [])
    }

    /// What comes of knowing a key: an answer, and a true age.
    private func knowledgeViolations(_ read: Operation) -> [Violation] {
        guard read.kind == .get, let known = knowledge[read.key] else { return [] }
        if let status = read.status, status >= 500, known.mustHaveCopy(for: read) {
            return [Violation(.refused, read, ", but the key was known")]
        }
        // Elsewhere a late reply may have confirmed the copy meanwhile.
        if read.isLocal, let age = read.age, history.outages.contains(where: { $0.contains(read) }),
            !known.ages(for: read).contains(age)
        {
            return [Violation(.age, read, ", but the age is within \(known.ages(for: read))")]
        }
        return []
    }

    private func readViolations(_ read: Operation, _ key: KeyHistory) -> [Violation] {
        guard read.status == 200 || read.status == 404 else { return [] }
        let isAbsence = read.status == 404
        guard let source = key.source(of: read) else {
            return isAbsence
                ? [Violation(.falseNotFound, read, ", but nobody has deleted it")]
                : [Violation(.invented, read, ", which nobody had written")]
        }
        var violations: [Violation] = []
        if let missed = key.binding(source, for: read) {
            let rule: Violation.Rule = isAbsence ? .falseNotFound : missed.value == nil ? .revived : .stale
            violations.append(Violation(rule, read, ", after \(missed.text)"))
        }
        if let earlier = key.shown(source, before: read) {
            violations.append(Violation(.older, read, ", after \(earlier)"))
        }
        if !isAbsence, let earlier = key.absenceShown(after: source, before: read) {
            violations.append(Violation(.revived, read, ", after \(earlier)"))
        }
        return violations
    }

    /// (a): what Redis holds in the end. A kept write may have lost to another's, if that was counted.
    private func remainsViolations(_ remains: History.Remains) -> [Violation] {
        var violations: [Violation] = []
        var overruled: [Violation] = []
        for key in keys {
            let source: KeyHistory.Write?
            let found: String
            switch remains.content[key.key] {
            case nil: (source, found) = (key.absence(by: .seconds(1 << 31)), "nothing")
            case .value(let value): (source, found) = (key.write(of: value), value.description)
            case .torn(let body): (source, found) = (nil, body)
            }
            guard let source else {
                let rule: Violation.Rule = found == "nothing" ? .lost : .invented
                violations.append(remaining(rule, key, "Redis holds \(found), which nobody wrote"))
                continue
            }
            let missed = key.writes.filter { $0.start > source.end && $0.outcome != .unknown }
            if let stored = missed.last(where: { $0.outcome == .stored }) {
                let rule: Violation.Rule = stored.value == nil ? .revived : .lost
                violations.append(remaining(rule, key, "Redis holds \(found), after \(stored.text)"))
            } else if let kept = missed.last {
                overruled.append(remaining(.lost, key, "Redis holds \(found), after \(kept.text)"))
            }
        }
        if overruled.count > remains.conflicts {
            let count = "\(overruled.count) kept writes did not arrive, \(remains.conflicts) conflicts were counted"
            for index in overruled.indices { overruled[index].text += " (\(count))" }
            violations += overruled
        }
        return violations
    }

    private func remaining(_ rule: Violation.Rule, _ key: KeyHistory, _ text: String) -> Violation {
        var violation = Violation(rule, "\(key.key): \(text)")
        (violation.key, violation.time) = (key.key, .seconds(1 << 31))
        return violation
    }
}
