public import Synchronization

/// A mutex whose order ThreadSanitizer sees.
///
/// A contended `Mutex` is handed over by the kernel (FUTEX_UNLOCK_PI), of which the sanitizer cannot know, and it reports
/// races where there are none. The tag, read after the mutex is taken and written before it is left, tells it; on x86
/// that is two plain moves.
///
/// In a module of its own, which no product shows: it is public, because the compiler makes special code for a value's type
/// across modules only of what is.
public struct Locked<Value: ~Copyable>: ~Copyable, Sendable {
    @usableFromInline
    let mutex: Mutex<Value>
    @usableFromInline
    let tag = Atomic<UInt8>(0)

    /// A value that nobody has taken.
    @inlinable
    public init(_ value: consuming sending Value) { mutex = Mutex(value) }

    /// Calls `body` with the value while nobody else has it. It must be short and must not wait.
    @inlinable
    @inline(__always)
    public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { (value) throws(Failure) -> sending Result in
            _ = tag.load(ordering: .acquiring)
            defer { tag.store(0, ordering: .releasing) }
            return try body(&value)
        }
    }
}
