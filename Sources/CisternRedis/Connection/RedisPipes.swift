/// The connections of one loop.
final class RedisPipes {
    // Read by every command, and changed by nothing that reading it could lead to.
    @exclusivity(unchecked) var all: [RedisPipe] = []

    /// The first one that takes another command without being deep.
    var comfortable: RedisPipe? {
        for pipe in all
        where pipe.isUsable && pipe.depth < PoolPolicy.comfortableDepth && pipe.backlog < PoolPolicy.maximumBacklog {
            return pipe
        }
        return nil
    }
}
