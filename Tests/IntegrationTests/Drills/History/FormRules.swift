/// What an answer says of itself: its status, its headers, its time.
struct FormRules {
    private let history: History

    init(_ history: History) { self.history = history }

    func violations(_ operation: Operation) -> [Violation] {
        var violations: [Violation] = []
        func broken(_ rule: Violation.Rule, _ why: String) {
            violations.append(Violation(rule, operation, ": \(why)"))
        }
        guard let status = operation.status else {
            broken(.late, "no answer")
            return violations
        }
        if history.time(of: operation) > history.deadline {
            broken(.late, "more than \(history.deadline.inMilliseconds) ms")
        }
        let isProvoked = history.provoked[operation.kind]?.contains(status) == true
        if !isProvoked, let fault = Self.statusFault(operation, status) { broken(.form, fault) }
        if operation.kind != .get, status >= 500, !isProvoked {
            broken(.refused, "a plain write is kept")
        }
        for fault in Self.headerFaults(operation, status) { broken(.form, fault) }
        for outage in history.outages where outage.contains(operation) {
            if operation.kind == .get {
                guard outage.reach == .everything, !operation.isLocal else { continue }
                if status == 404 { broken(.falseNotFound, "Redis could not say so") }
                if status == 200 { broken(.form, "Redis could not have answered") }
            } else if operation.outcome == .stored {
                broken(.form, "Redis could not have taken it")
            }
        }
        return violations
    }

    private static func statusFault(_ operation: Operation, _ status: Int) -> String? {
        let expected: Set<Int> =
            switch operation.kind {
            case .get: [200, 404, 503]
            case .put: [201, 202, 204, 503]
            case .delete: [202, 204, 404, 503]
            }
        return expected.contains(status) ? nil : "no status for this"
    }

    private static func headerFaults(_ operation: Operation, _ status: Int) -> [String] {
        switch (operation.kind, status) {
        case (.get, 200) where operation.isLocal:
            let cacheStatus = operation.cacheStatus ?? ""
            return [
                operation.age == nil ? "no Age" : nil,
                cacheStatus.contains("hit") && cacheStatus.contains("detail=redis-unavailable")
                    ? nil : "Cache-Status: \(cacheStatus)",
            ].compactMap(\.self)
        case (.get, 200): return operation.source == "redis" ? [] : ["no Cache-Source"]
        case (_, 202):
            return [
                operation.isLocal ? nil : "no Cache-Source: local",
                operation.durability == "memory" ? nil : "no Cache-Durability: memory",
            ].compactMap(\.self)
        case (_, 503): return operation.retryAfter ?? 0 >= 1 ? [] : ["no Retry-After"]
        default: return []
        }
    }
}
