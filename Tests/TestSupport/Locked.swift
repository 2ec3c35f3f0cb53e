import Synchronization

/// A mutex whose order ThreadSanitizer sees. A contended `Mutex` is handed over by the kernel (FUTEX_UNLOCK_PI), which
/// the sanitizer cannot know of, and it reports a race where there is none; the tag, written before the mutex is left
/// and read after it is taken, tells it.
package struct Locked<Value: ~Copyable>: ~Copyable, Sendable {
    private let mutex: Mutex<Value>
    private let tag = Atomic<UInt8>(0)

    package init(_ value: consuming sending Value) { mutex = Mutex(value) }

    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { (value) throws(Failure) -> sending Result in
            _ = tag.load(ordering: .acquiring)
            defer { tag.store(0, ordering: .releasing) }
            return try body(&value)
        }
    }
}
