/// When an event loop's share of the pool opens a connection, and which one takes the next command. No I/O.
///
/// Commands share connections, so few connections carry much and the first one gets everything until it is deep: all
/// commands of a turn then leave in one write. More are opened when that is not enough.
struct PoolPolicy: Sendable, Hashable {
    /// From this many unanswered commands on, another connection is opened for the next ones.
    static let comfortableDepth = 512
    /// A connection takes up to so many commands, even where the answer to the next one is not to be expected in time.
    static let hopefulDepth = 32
    /// A connection takes no more unanswered commands than this; callers wait for room.
    static let maximumDepth = 32_768
    /// A connection takes no more commands while so many bytes wait to be written.
    static let maximumBacklog = 64 << 20

    /// The most connections of this loop; at least 1.
    let maximum: Int
    /// Connections that are kept open, used or not; at least 1, so that a request need not wait for one.
    let kept: Int

    /// The share of loop `index` of `loops` in a pool: the remainders go to the first loops.
    init(poolSize: Int, minimumIdle: Int, loop index: Int, of loops: Int) {
        maximum = max(1, poolSize / loops + (index < poolSize % loops ? 1 : 0))
        kept = min(maximum, max(1, minimumIdle / loops + (index < minimumIdle % loops ? 1 : 0)))
    }

    /// What a choice needs to know of a connection.
    struct Load: Hashable {
        let depth: Int
        let backlog: Int
        var hasRoom: Bool { depth < PoolPolicy.maximumDepth && backlog < PoolPolicy.maximumBacklog }
    }

    /// Whether another connection should be opened now.
    func wantsConnection(open: [Load], dialing: Int, waiting: Int) -> Bool {
        let count = open.count + dialing
        if count < kept { return true }
        guard count < maximum, dialing == 0 else { return false }
        return waiting > 0 || open.allSatisfy { $0.depth >= Self.comfortableDepth }
    }
}
