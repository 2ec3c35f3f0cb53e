import CisternBytes
import Logging
import Synchronization
import Testing

@testable import CisternRedis

@Suite struct MemoryAlarmTests {
    /// Keeps what is logged.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.add("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }

    @Test func itIsToldAtOnceAndThenOnceAMinute() {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in Handler(lines: lines) }
        let alarm = MemoryAlarm(logger, address: "there:1")
        let start = MonotonicTime(nanoseconds: 7)
        let counts = [0, 0, 1, 59, 60, 61, 119, 120].map { second in
            alarm.ring(start + .seconds(second))
            return lines.all.count
        }
        #expect(counts == [1, 1, 1, 1, 2, 2, 2, 3])
        #expect(lines.all.first == #"warning Redis is out of memory and refuses writes ["address": there:1]"#)
    }
}
