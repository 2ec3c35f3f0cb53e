/// Where a handshake stands.
package enum TLSProgress: Sendable, Equatable {
    case done
    /// Call again when the descriptor is readable.
    case wantsRead
    /// Call again when the descriptor is writable.
    case wantsWrite
    case failed(TLSError)
}

/// What came of one read or write.
package enum TLSIOResult: Sendable, Equatable {
    /// So many bytes, at least one, were moved. Fewer than offered says nothing about the descriptor's readiness.
    case bytes(Int)
    /// Call again, with the same bytes in the case of a write, when the descriptor is readable.
    case wantsRead
    /// Call again, with the same bytes in the case of a write, when the descriptor is writable.
    case wantsWrite
    /// The peer said that it sends no more (close_notify). All it sent has been read.
    case end
    case failed(TLSError)
}
