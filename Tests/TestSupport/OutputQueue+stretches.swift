package import CisternBytes

extension OutputQueue {
    /// What `body` makes of the bytes that wait.
    package func withStretches<Result>(
        limit: Int, _ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Result
    ) -> Result {
        var result: Result?
        withStretches(limit: limit) { (stretches: UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Void in
            result = body(stretches)
        }
        guard let result else { preconditionFailure("the body is called") }
        return result
    }
}
