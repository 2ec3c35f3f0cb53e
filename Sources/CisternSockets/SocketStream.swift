internal import CLinux
package import CisternBytes
internal import Glibc

/// What a read came to.
package enum ReadOutcome: Equatable {
    /// So many bytes were added to the input.
    case bytes(Int)
    /// There is nothing to read now; the loop will say when there is.
    case wouldBlock
    /// The peer has ended its side.
    case end
    case failed(SocketError)

    fileprivate init(_ result: SyscallResult) {
        self =
            switch result {
            case .value(0): .end
            case .value(let count): .bytes(count)
            case .wouldBlock: .wouldBlock
            case .failed(let code): .failed(SocketError(errno: code, "reading"))
            }
    }
}

/// What writing the waiting output came to.
package enum FlushOutcome: Equatable {
    case done
    /// The peer does not take more now; the loop will say when it does.
    case blocked
    case failed(SocketError)
}

/// A connected stream socket with its buffers, on one loop. The owner is an `EventSource` that the loop calls.
package struct SocketStream: ~Copyable {
    /// Stretches of memory handed to the kernel in one write.
    private static let stretchesPerWrite = 16

    private let loop: EventLoop
    let descriptor: CInt
    private var registration: EventLoop.Registration?
    private var watched: PollEvents
    /// TLS, once it has been started.
    var tls: TLSSession?
    package var isSecured: Bool { tls != nil }

    package var input: InputBuffer
    package var output: OutputQueue
    /// Bytes read and written since it was opened.
    package private(set) var bytesRead = 0
    package private(set) var bytesWritten = 0
    /// Whether another read would probably find more at once, after a read and after the end of a TLS handshake.
    ///
    /// TLS reads ahead, and what it holds the loop does not know of and will not report: an owner that stops reading
    /// while this is true has to come back on its own.
    package internal(set) var mayHaveMore = false
    private var isReading = true
    /// Whether output waits for the kernel to take it.
    // This one and the next are read as they lie: asking a stream by a function that does not change it copies the whole of it.
    package private(set) var isBlocked = false
    private var isConnecting = false
    /// A write of TLS waits for the peer's bytes: not for the kernel, which would report a free way at once and for ever.
    package internal(set) var writeAwaitsInput = false

    /// Takes over a connected socket, as `accept` gives it.
    package init(accepted descriptor: CInt, loop: EventLoop) {
        Socket.setNoDelay(descriptor)
        self.init(descriptor, loop, .read)
    }

    /// Starts to connect. When the source is called with `.write`, `finishConnecting` tells how it went.
    package init(connectingTo address: SocketAddress, loop: EventLoop) throws(SocketError) {
        let descriptor = try Socket.open(address.family)
        if !address.isUnix {
            Socket.setNoDelay(descriptor)
            Socket.set(descriptor, SOL_SOCKET, SO_KEEPALIVE)
        }
        let result = address.withPointer { pointer, length in syscall { Int(connect(descriptor, pointer, length)) } }
        if case .failed(let code) = result, code != EINPROGRESS {
            Glibc.close(descriptor)
            throw SocketError(errno: code, "connecting to \(address)")
        }
        if case .wouldBlock = result {
            // A unix socket's listener with a full backlog.
            Glibc.close(descriptor)
            throw SocketError(.refused, "connecting to \(address): its backlog is full")
        }
        self.init(descriptor, loop, .write)
        isReading = false
        isBlocked = true
        isConnecting = true
    }

    private init(_ descriptor: CInt, _ loop: EventLoop, _ events: PollEvents) {
        self.descriptor = descriptor
        self.loop = loop
        watched = events
        input = InputBuffer(pool: loop.buffers)
        output = OutputQueue(pool: loop.buffers)
    }

    /// Has the loop call `source` when there is something to do. The loop keeps it until `close`.
    package mutating func start(_ source: any EventSource) throws(SocketError) {
        registration = try loop.register(descriptor, for: watched, source)
    }

    package private(set) var isOpen = true

    /// This end's address.
    package var localAddress: SocketAddress? { Socket.localAddress(descriptor) }
    package var peerAddress: SocketAddress? { Socket.peerAddress(descriptor) }

    /// How the connection attempt went, once the loop has reported it ready. Reading starts when it succeeded.
    package mutating func finishConnecting() -> SocketError? {
        let code = Socket.pendingError(descriptor)
        guard code == 0 else { return SocketError(errno: code, "connecting") }
        isReading = true
        isBlocked = false
        isConnecting = false
        watch()
        return nil
    }

    /// Reads once: what the free part of the input's memory takes, at least 4 KiB, or a part of one record of TLS.
    package mutating func read() -> ReadOutcome {
        guard isOpen else { return .end }
        var reading = Reading()
        // Taken out and put back: the session and the buffer are changed in one step.
        var session = tls.take()
        _ = input.withFreeSpace(atLeast: 4096) { [descriptor] in reading.receive(descriptor, &session, into: $0) }
        tls = consume session
        return noted(reading)
    }

    /// Reads once, past the input, which has to be empty: so many bytes at most, added to an array.
    package mutating func read(into array: inout [UInt8], atMost limit: Int) -> ReadOutcome {
        precondition(input.isEmpty, "what came before would be overtaken")
        guard isOpen else { return .end }
        var reading = Reading()
        array.append(addingCapacity: limit) { span in
            span.withUnsafeMutableBufferPointer { memory, count in
                let free = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(memory)[count...].prefix(limit))
                count += reading.receive(descriptor, &tls, into: free)
            }
        }
        return noted(reading)
    }

    /// One read of the kernel or of TLS.
    private struct Reading {
        var outcome = ReadOutcome.wouldBlock
        var mayHaveMore = false

        /// The result is how many bytes of `free` were filled.
        mutating func receive(
            _ descriptor: CInt, _ tls: inout TLSSession?, into free: UnsafeMutableRawBufferPointer
        ) -> Int {
            if let result = tls?.read(into: free) {
                outcome = ReadOutcome(result)
                mayHaveMore = tls?.hasBufferedInput ?? false
            } else {
                outcome = ReadOutcome(syscall { recv(descriptor, free.baseAddress, free.count, 0) })
                mayHaveMore = outcome == .bytes(free.count)
            }
            return if case .bytes(let count) = outcome { count } else { 0 }
        }
    }

    private mutating func noted(_ reading: Reading) -> ReadOutcome {
        if case .bytes(let count) = reading.outcome {
            bytesRead += count
            mayHaveMore = reading.mayHaveMore
        } else {
            // TLS may hold a part of a record, which is nothing to be read.
            mayHaveMore = false
        }
        if writeAwaitsInput {
            // The way of a blocked write: the loop reports it as soon as the kernel takes more, which is at once.
            writeAwaitsInput = false
            setBlocked(true)
        }
        return reading.outcome
    }

    /// Writes what waits until it is gone or the peer takes no more.
    package mutating func flush() -> FlushOutcome {
        guard isOpen else { return .done }
        // Else an empty output would end the wait for the connection.
        guard !isConnecting else { return .blocked }
        while !output.isEmpty {
            switch tls == nil ? writePlain() : writeTLS() {
            case .bytes(let count):
                output.consume(count)
                bytesWritten += count
            case .wouldBlock:
                setBlocked(true)
                return .blocked
            case .awaitsInput:
                writeAwaitsInput = true
                setBlocked(false)
                return .blocked
            case .failed(let error): return .failed(error)
            }
        }
        output.releaseIfEmpty()
        setBlocked(false)
        return .done
    }

    /// Appends to the output; the result is where in the stream of all bytes written the addition begins.
    package mutating func append(_ write: (inout OutputQueue) -> Void) -> Int {
        let start = bytesWritten + output.count
        write(&output)
        return start
    }

    /// What one write to the kernel or to TLS came to.
    enum WriteResult {
        case bytes(Int)
        case wouldBlock
        /// It goes on when the peer's next bytes have been read.
        case awaitsInput
        case failed(SocketError)
    }

    // Mutating, as a stream that is not changed would be copied.
    private mutating func writePlain() -> WriteResult {
        let descriptor = descriptor
        var result = SyscallResult.wouldBlock
        output.withStretches(limit: Self.stretchesPerWrite) { stretches in
            if stretches.count == 1 {
                let first = stretches[0]
                result = syscall { send(descriptor, first.baseAddress, first.count, CInt(MSG_NOSIGNAL)) }
                return
            }
            withUnsafeTemporaryAllocation(of: iovec.self, capacity: stretches.count) { vectors in
                for (index, stretch) in stretches.enumerated() {
                    vectors.initializeElement(
                        at: index,
                        to: iovec(
                            iov_base: UnsafeMutableRawPointer(mutating: stretch.baseAddress), iov_len: stretch.count))
                }
                var message = msghdr()
                message.msg_iov = vectors.baseAddress
                message.msg_iovlen = vectors.count
                result = syscall { sendmsg(descriptor, &message, CInt(MSG_NOSIGNAL)) }
            }
        }
        return switch result {
        case .value(let count): .bytes(count)
        case .wouldBlock: .wouldBlock
        case .failed(let code): .failed(SocketError(errno: code, "writing"))
        }
    }

    /// Whether the loop reports input. Off, the kernel's window fills and the peer waits: back-pressure.
    package mutating func setReading(_ reads: Bool) {
        isReading = reads
        watch()
    }

    mutating func setBlocked(_ blocked: Bool) {
        guard blocked != isBlocked else { return }
        isBlocked = blocked
        watch()
    }

    /// Has the loop report one thing alone: what the peer sends, or that it takes more.
    mutating func wait(toWrite: Bool) {
        isReading = !toWrite
        isBlocked = toWrite
        watch()
    }

    private mutating func watch() {
        var events: PollEvents = []
        if isReading { events.insert(.read) }
        if isBlocked { events.insert(.write) }
        guard events != watched, let registration else { return }
        watched = events
        loop.change(registration, to: events)
    }

    /// Ends the sending side and keeps the receiving one (RFC 9112 §9.6: closing in stages).
    package mutating func shutDownWriting() {
        guard isOpen else { return }
        tls?.closeNotify()
        shutdown(descriptor, CInt(SHUT_WR))
    }

    /// Closes at once and drops what waits, unparsed input as well: the memory belongs to the loop's pool, and the stream
    /// may be dropped on another thread. Doing it twice is fine.
    package mutating func close() {
        guard isOpen else { return }
        isOpen = false
        tls?.closeNotify()
        tls = nil
        if let registration { loop.deregister(registration) }
        registration = nil
        Glibc.close(descriptor)
        output.clear()
        output.releaseIfEmpty()
        input.consume(input.count)
        input.releaseIfEmpty()
    }

    deinit {
        assert(registration == nil, "a watched stream is closed before it is dropped")
        if isOpen { Glibc.close(descriptor) }
    }
}
