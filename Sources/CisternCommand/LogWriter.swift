internal import CisternJSON
internal import CisternService
internal import Glibc
internal import Logging

/// Writes log lines to standard error: one system call a line, so that lines of several threads do not mix.
struct LogWriter: Sendable {
    private let format: ServiceConfig.LogSection.Format
    /// The least important level that is written, by every logger of this writer.
    let level: LogLevel

    init(_ section: ServiceConfig.LogSection) {
        format = section.format
        level = LogLevel(section.level)
    }

    func logger(_ label: String) -> Logger {
        Logger(label: label) { _ in Handler(format: format, shared: level) }
    }

    private struct Handler: LogHandler {
        let format: ServiceConfig.LogSection.Format
        let shared: LogLevel
        /// A level that one logger was given for itself.
        var own: Logger.Level?
        var metadata: Logger.Metadata = [:]

        init(format: ServiceConfig.LogSection.Format, shared: LogLevel) {
            self.format = format
            self.shared = shared
        }

        var logLevel: Logger.Level {
            get { own ?? shared.value }
            set { own = newValue }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = event.metadata.map { metadata.merging($0) { $1 } } ?? metadata
            let fields = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
            printError(
                format == .json
                    ? Self.json(event.level, "\(event.message)", fields)
                    : Self.text(event.level, "\(event.message)", fields))
        }

        private static func text(_ level: Logger.Level, _ message: String, _ fields: [(String, String)]) -> String {
            fields.reduce("\(timestamp()) \(level.rawValue) \(oneLine(message))") {
                $0 + " \($1.0)=\"\(oneLine($1.1))\""
            }
        }

        /// Nothing that is logged can begin a line of its own.
        private static func oneLine(_ text: String) -> String {
            String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
        }

        private static func json(_ level: Logger.Level, _ message: String, _ fields: [(String, String)]) -> String {
            var json = JSONWriter()
            json.object { json in
                json.field("time", timestamp())
                json.field("level", level.rawValue)
                json.field("message", message)
                for (key, value) in fields { json.field(key, value) }
            }
            return json.text
        }

        /// The time in UTC to milliseconds (RFC 3339).
        private static func timestamp() -> String {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            var parts = tm()
            gmtime_r(&now.tv_sec, &parts)
            func padded(_ number: Int, _ width: Int) -> String {
                let digits = String(number)
                return String(repeating: "0", count: max(0, width - digits.count)) + digits
            }
            let date = "\(parts.tm_year + 1900)-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
            let time =
                "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
            return "\(date)T\(time).\(padded(now.tv_nsec / 1_000_000, 3))Z"
        }
    }
}
