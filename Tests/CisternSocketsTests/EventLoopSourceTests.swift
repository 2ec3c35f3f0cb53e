import CisternBytes
import CisternSockets
import Glibc
import TestSupport
import Testing

/// Notes when it is called, and does what it is told.
private final class Source: EventSource, OutputSource {
    var isReady: (PollEvents) -> Void
    var flushes: () -> Void
    var atEnd: () -> Void = {}

    init(ready: @escaping (PollEvents) -> Void = { _ in }, flush: @escaping () -> Void = {}) {
        isReady = ready
        flushes = flush
    }

    deinit { atEnd() }

    func ready(_ events: PollEvents) { isReady(events) }
    func flushOutput() { flushes() }
}

@Suite(.blocking, .timeLimit(.minutes(20)))
struct EventLoopSourceTests {
    @Test func aSourceDeregisteredInTheSameTurnIsNotCalled() async throws {
        try await withLoop { loop in
            let pairs = [SocketPair(), SocketPair()]
            for pair in pairs { pair.serverSends([1]) }
            let descriptors = pairs.map(\.client)
            let called = Log<Int>()
            try await loop.perform {
                var registrations: [EventLoop.Registration] = []
                for index in 0...1 {
                    let source = Source { _ in
                        called.add(index)
                        for registration in registrations { loop.deregister(registration) }
                    }
                    registrations.append(try loop.register(descriptors[index], for: .read, source))
                }
            }
            try await loop.turns(5)
            #expect(called.entries.count == 1)
            withExtendedLifetime(pairs) {}
        }
    }

    @Test func anEventOfAClosedDescriptorDoesNotReachItsSuccessor() async throws {
        try await withLoop { loop in
            let pairs = [SocketPair(), SocketPair()]
            for pair in pairs { pair.serverSends([1]) }
            let quiet = SocketPair()
            let descriptors = pairs.map { dup($0.client) }
            let quietDescriptor = quiet.client
            let called = Log<String>()
            try await loop.perform {
                var registrations: [EventLoop.Registration] = []
                for index in 0...1 {
                    let source = Source { _ in
                        called.add("old")
                        for registration in registrations { loop.deregister(registration) }
                        // The number of the one that has not been called yet is given to a quiet socket.
                        let other = descriptors[1 - index]
                        dup2(quietDescriptor, other)
                        registrations = [
                            try! loop.register(other, for: .read, Source { _ in called.add("successor") })
                        ]
                        _ = loop.schedule(at: loop.now + .milliseconds(5)) { loop.deregister(registrations[0]) }
                    }
                    registrations.append(try loop.register(descriptors[index], for: .read, source))
                }
            }
            try await loop.turns(5)
            await loop.stopped()
            #expect(called.entries == ["old"])
            for descriptor in descriptors { close(descriptor) }
            withExtendedLifetime((pairs, quiet)) {}
        }
    }

    @Test func jobsThatNeverEndKeepNoSocketAndNoTimerFromTheirTurn() async throws {
        try await withLoop { loop in
            let log = Log<String>()
            let isOver = Count()
            let busy = Task(executorPreference: loop) {
                while isOver.value == 0 { await Task.yield() }
            }
            let pair = SocketPair()
            let descriptor = pair.client
            let registration = try await loop.perform {
                _ = loop.schedule(at: loop.now + .milliseconds(1)) { log.add("timer") }
                return try loop.register(descriptor, for: .read, Source { _ in log.add("socket") })
            }
            pair.serverSends([1])
            #expect(await comesTrue { Set(log.entries) == ["timer", "socket"] })
            try await loop.perform { loop.deregister(registration) }
            isOver.add()
            await busy.value
        }
    }

    @Test func outputIsFlushedOnceAfterTheJobsOfTheTurn() async throws {
        try await withLoop { loop in
            let log = Log<String>()
            try await loop.perform {
                loop.flushAtEndOfTurn(Source(flush: { log.add("flush") }))
                Task(executorPreference: loop) {
                    log.add("job")
                    await Task.yield()
                    log.add("job")
                }
                _ = loop.schedule(at: loop.now) { log.add("timer") }
            }
            try await loop.turns(3)
            #expect(log.entries == ["job", "job", "timer", "flush"])
        }
    }

    @Test func aFlushThatAsksForAnotherHasItInTheNextTurn() async throws {
        try await withLoop { loop in
            let log = Log<String>()
            try await loop.perform {
                let source = Source()
                var left = 3
                source.flushes = { [unowned source] in
                    log.add("again")
                    left -= 1
                    if left > 0 { loop.flushAtEndOfTurn(source) }
                }
                loop.flushAtEndOfTurn(source)
                loop.flushAtEndOfTurn(Source(flush: { log.add("other") }))
            }
            await loop.stopped()
            #expect(log.entries == ["again", "other", "again", "again"])
        }
    }

    @Test func theLastReferenceToASourceMayComeBackToTheLoopAsItEnds() async throws {
        try await withLoop { loop in
            let pairs = [SocketPair(), SocketPair()]
            let descriptors = pairs.map(\.client)
            let log = Log<String>()
            try await loop.perform {
                let other = try loop.register(descriptors[0], for: .read, Source())
                let source = Source()
                source.atEnd = {
                    loop.deregister(other)
                    log.add("ended")
                }
                let registration = try loop.register(descriptors[1], for: .read, source)
                _ = consume source
                loop.deregister(registration)
            }
            #expect(log.entries == ["ended"])
            withExtendedLifetime(pairs) {}
        }
    }

    @Test func whatCannotBeWatchedIsAnErrorAndIsNotKept() async throws {
        try await withLoop { loop in
            let file = open("/proc/self/stat", O_RDONLY)
            defer { close(file) }
            let log = Log<String>()
            try await loop.perform {
                let source = Source()
                source.atEnd = { log.add("ended") }
                #expect(throws: SocketError.self) { _ = try loop.register(file, for: .read, source) }
                _ = consume source
            }
            #expect(log.entries == ["ended"])
        }
    }
}
