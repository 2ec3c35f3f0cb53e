/// The keys of a drill, and who may do what with them.
struct DrillKeys: Sendable {
    let clients: Int
    /// Keys that one client alone writes; every client reads them. The first half is never deleted.
    let ownedPerClient = 6
    let sharedCount = 4
    /// Keys that Redis holds from the start, each of which is read once: the service cannot know them.
    let unknownCount = 600

    func owned(by client: Int, _ number: Int) -> String { "owned-\(client)-\(number)" }
    func shared(_ number: Int) -> String { "shared-\(number)" }
    func unknown(_ number: Int) -> String { "unknown-\(number)" }
    /// Keys that never exist.
    func absent(_ number: Int) -> String { "absent-\(number)" }

    func isDeletable(_ number: Int) -> Bool { number >= ownedPerClient / 2 }

    var allShared: [String] { (0..<sharedCount).map(shared) }

    var allWritten: [String] {
        (0..<clients).flatMap { client in (0..<ownedPerClient).map { owned(by: client, $0) } } + allShared
    }

    var seeds: [String: WrittenValue] {
        .init(
            uniqueKeysWithValues: (0..<unknownCount).map {
                (unknown($0), WrittenValue(client: WrittenValue.outsider, sequence: $0))
            })
    }
}
