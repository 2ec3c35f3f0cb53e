/// What a peer may send at most. Memory follows what has arrived, never what a peer announces.
package struct RESPLimits: Sendable {
    /// Bytes of one string; Redis's own limit is 512 MiB.
    package var bulkLength = 512 << 20
    /// Bytes of all strings of one reply together.
    package var replyLength = 1 << 30
    /// Elements of one aggregate, where a map counts keys and values.
    package var aggregateCount = 1 << 22
    /// Elements of one reply, over all its aggregates and attributes.
    package var elements = 1 << 22
    /// Aggregates within aggregates. Values are compared and freed by recursion, so this stays small.
    package var depth = 32
    /// Bytes of one line without its end.
    package var lineLength = 64 << 10

    package init() {}
}
