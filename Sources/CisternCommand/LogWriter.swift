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
            fields.reduce("\(Timestamp.now) \(level.rawValue) \(oneLine(message))") {
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
                json.field("time", Timestamp.now)
                json.field("level", level.rawValue)
                json.field("message", message)
                for (key, value) in fields { json.field(key, value) }
            }
            return json.text
        }
    }
}
