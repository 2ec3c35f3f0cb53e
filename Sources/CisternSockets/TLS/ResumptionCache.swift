import COpenSSL
internal import CisternBytes
internal import CisternLocks

/// What a client's earlier connections left for later ones, by server. Shared by all loops.
final class ResumptionCache: Sendable {
    /// A session speaks for one name that was verified at one address.
    struct Key: Hashable {
        let server: String
        let name: ServerName?
    }

    /// Servers come from the configuration and are few; a cluster that changes its addresses for years must not add up.
    private static let limit = 256

    private let slots = Locked<[Key: ResumptionSlot]>([:])

    func slot(_ key: Key) -> ResumptionSlot {
        slots.withLock { slots in
            if let slot = slots[key] { return slot }
            if slots.count >= Self.limit { slots.removeAll() }
            let slot = ResumptionSlot()
            slots[key] = slot
            return slot
        }
    }
}

/// The newest session that can be resumed with one server.
final class ResumptionSlot: Sendable {
    private let newest = Locked<SavedSession?>(nil)

    /// Keeps a copy. OpenSSL marks the original as spent when its connection ends without a close_notify, which is
    /// how connections end in the outage after which many come back at once.
    func keep(_ session: OpaquePointer) {
        let saved = SavedSession(copying: session)
        newest.withLock { $0 = saved }
    }

    /// Makes a session that has not begun its handshake ask for resumption, if there is anything to resume.
    func offer(to ssl: OpaquePointer) {
        newest.withLock { $0?.offer(to: ssl) }
    }

    func forget() {
        newest.withLock { $0 = nil }
    }
}

/// A session that nobody else holds.
private final class SavedSession: Sendable {
    /// Only read, and only copied from, so that no two threads ever share a session.
    nonisolated(unsafe) private let pointer: OpaquePointer

    init?(copying session: OpaquePointer) {
        guard let copy = SSL_SESSION_dup(session) else { return nil }
        pointer = copy
    }

    deinit { SSL_SESSION_free(pointer) }

    func offer(to ssl: OpaquePointer) {
        guard let copy = SSL_SESSION_dup(pointer) else { return }
        SSL_set_session(ssl, copy)
        SSL_SESSION_free(copy)
    }
}
