/// Suspends the task until the continuation is resumed, for a task that runs where it belongs.
///
/// `withUnsafeContinuation` has every task first switch to its executor, which finds out under a lock that there is nothing to do.
/// This is what the standard library calls that function without the switch; the one after the wait remains.
@_alwaysEmitIntoClient
@inline(__always)
package nonisolated(nonsending) func suspend<Result>(
    _ body: (UnsafeContinuation<Result, Never>) -> Void
) async -> sending Result {
    await _unsafeInheritExecutor_withUnsafeContinuation(body)
}
