/// Suspends the task until the continuation is resumed, as `withUnsafeContinuation` does, for a task that runs where it belongs: that
/// one has every task first switch to its executor, which finds out under a lock that nothing is to be done.
///
/// `_unsafeInheritExecutor_withUnsafeContinuation` is the standard library's own name for the part that is left.
@_alwaysEmitIntoClient
@inline(__always)
package nonisolated(nonsending) func suspend<Result>(
    _ body: (UnsafeContinuation<Result, Never>) -> Void
) async -> sending Result {
    await _unsafeInheritExecutor_withUnsafeContinuation(body)
}
