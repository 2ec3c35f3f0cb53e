/// What ``ConfigValidator/checkNetwork(_:)`` found: each step towards an answer of Redis, in order.
public struct NetworkReport: Sendable, Hashable {
    /// One step.
    public struct Step: Sendable, Hashable {
        /// What is done, in this order.
        public enum Name: String, Sendable, CaseIterable {
            /// Finding the host's addresses.
            case resolve
            /// Connecting to one of them.
            case connect
            /// The TLS handshake, where `tls_enabled` asks for one.
            case tls
            /// Introducing ourselves: protocol, credentials, database (Redis commands HELLO, AUTH, SELECT).
            case auth
            /// A sign of life (Redis command PING).
            case ping
        }

        /// How a step ended.
        public enum Outcome: Sendable, Hashable {
            case passed
            /// What went wrong, and what to do about it.
            case failed(message: String, hint: String)
            /// Not wanted by the configuration, or a step before it failed.
            case skipped
        }

        /// What was done.
        public let name: Name
        /// How it ended.
        public let outcome: Outcome
        /// How long it took; zero where it was skipped.
        public let duration: Duration
    }

    /// One entry for each ``Step/Name``, in their order.
    public let steps: [Step]

    /// Whether Redis answered: no step failed.
    public var isPassed: Bool { failure == nil }

    /// The step that failed; nil when none did.
    public var failure: Step? {
        steps.first { if case .failed = $0.outcome { true } else { false } }
    }

    init(_ ended: [Step]) {
        steps = Step.Name.allCases.map { name in
            ended.first { $0.name == name } ?? Step(name: name, outcome: .skipped, duration: .zero)
        }
    }
}

extension NetworkReport.Step {
    init(_ name: Name, _ duration: Duration, _ error: RedisError?) {
        self.name = name
        self.duration = duration
        outcome = error.map { .failed(message: $0.message, hint: Self.hint(for: $0, at: name)) } ?? .passed
    }

    private static func hint(for error: RedisError, at step: Name) -> String {
        switch (step, error.kind) {
        case (.resolve, _): "check host, and that the name server knows it"
        case (.connect, .timeout):
            "check host and port, and that no firewall drops the packets; dial_timeout is the limit"
        case (.connect, _): "check host and port, and that Redis listens there: its settings bind and port"
        case (.tls, _): "check tls_server_name and tls_ca_file, and that the port is the one that speaks TLS"
        case (.auth, .authentication): "check username and password, and the user's rights: ACL GETUSER"
        case (.auth, .command): "check db: it must be below the server's setting databases"
        case (.auth, .timeout), (.auth, .connection), (.auth, .protocol):
            "check that Redis listens on the port, and whether it wants TLS there: tls_enabled"
        case (_, .authentication): "the user must be allowed to call PING: ACL SETUSER"
        case (_, .unavailable): "Redis is there and cannot serve now; try again later"
        default: "look into the log of the Redis server"
        }
    }
}

extension NetworkReport: CustomStringConvertible {
    /// A line for each step.
    public var description: String { steps.map(\.description).joined(separator: "\n") }
}

extension NetworkReport.Step: CustomStringConvertible {
    /// Name, outcome and time on one line, such as `connect  passed   412 µs`.
    public var description: String {
        let name = name.rawValue + String(repeating: " ", count: 8 - name.rawValue.utf8.count)
        let time =
            "\(duration / .microseconds(1) < 10_000 ? "\(Int(duration / .microseconds(1))) µs" : "\(Int(duration / .milliseconds(1))) ms")"
        return switch outcome {
        case .passed: "\(name) passed   \(time)"
        case .skipped: "\(name) skipped"
        case .failed(let message, let hint): "\(name) FAILED   \(time)  \(message); \(hint)"
        }
    }
}
