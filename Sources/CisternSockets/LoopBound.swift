/// Something that belongs to one loop, held where code of any isolation can reach it.
///
/// For code that runs on a loop although no actor's isolation says so: on that loop's thread it gives what it holds, anywhere
/// else it ends the process. `assumeIsolated` does the same for an actor, at the price of two allocations.
///
/// `@unchecked Sendable`, as the loop is: the check stands in the only way in.
package struct LoopBound<Value: AnyObject>: @unchecked Sendable {
    private let loop: EventLoop
    private let held: Value

    /// Binds a value to a loop; who made it gives it away.
    package init(_ value: sending Value, to loop: EventLoop) {
        self.loop = loop
        held = value
    }

    /// What is held, for the loop's own thread.
    package var value: Value {
        loop.checkIsolated()
        return held
    }
}
