internal import CisternConfiguration

/// Takes a Redis URL apart into settings. No message shows a part of it that could be a password.
enum RedisURL {
    /// What stands in front of the host and is no option therefore.
    private static let notOptions: Set<String> = ["host", "port", "username", "password", "tls_enabled"]

    static func expand(_ text: String) -> ConfigurationExpansion.Expanded {
        var parser = Parser()
        do throws(Objections) {
            try parser.parse(Array(text.utf8))
        } catch {
            parser.result.objections += error.list
        }
        return parser.result
    }

    private struct Parser {
        var result = ConfigurationExpansion.Expanded()

        mutating func parse(_ url: [UInt8]) throws(Objections) {
            guard let (scheme, rest) = url.split(at: "://") else { throw Self.unknownScheme }
            if rest.contains(UInt8(ascii: "#")) {
                throw Objections("must not have a fragment", hint: "in a password, write # as %23")
            }
            let (address, query) = rest.split(at: "?") ?? (rest, [])
            switch String(decoding: scheme, as: UTF8.self).lowercased() {
            case "redis", "valkey": try parseNetwork(address, isSecure: false)
            case "rediss", "valkeys": try parseNetwork(address, isSecure: true)
            case "unix": try parseSocket(address)
            default: throw Self.unknownScheme
            }
            parseOptions(query)
        }

        private mutating func parseNetwork(_ address: [UInt8], isSecure: Bool) throws(Objections) {
            let (authority, path) = address.split(at: "/") ?? (address, [])
            // A slash in a password ends the host before the user has ended.
            if path.contains(UInt8(ascii: "@")) { throw Self.unusableEndpoint }
            let endpoint = try takeUser(authority)
            let (host, port) = try splitEndpoint(endpoint)
            set("tls_enabled", isSecure ? "true" : "false")
            set("host", host.isEmpty ? "localhost" : try decode(host))
            set("port", port.isEmpty ? "6379" : try decode(port))
            guard !path.isEmpty else { return }
            let database = try decode(path)
            guard database.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
                throw Objections("must have the number of a database as its path", hint: "write redis://host:6379/2")
            }
            set("db", database)
        }

        private mutating func parseSocket(_ address: [UInt8]) throws(Objections) {
            guard let slash = address.firstIndex(of: UInt8(ascii: "/")) else {
                throw Objections("must have the path of a socket", hint: "write unix:///run/redis.sock")
            }
            guard try takeUser(Array(address[..<slash])).isEmpty else {
                throw Objections("must have an absolute path", hint: "write unix:///run/redis.sock")
            }
            set("tls_enabled", "false")
            set("host", try decode(Array(address[slash...])))
        }

        /// Takes user and password; returns what follows them.
        private mutating func takeUser(_ authority: [UInt8]) throws(Objections) -> [UInt8] {
            guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return authority }
            let user = Array(authority[..<at])
            let (name, password) = user.split(at: ":") ?? (user, [])
            if !name.isEmpty { set("username", try decode(name)) }
            if !password.isEmpty { set("password", try decode(password)) }
            return Array(authority[(at + 1)...])
        }

        private func splitEndpoint(_ endpoint: [UInt8]) throws(Objections) -> (host: [UInt8], port: [UInt8]) {
            if endpoint.first == UInt8(ascii: "[") {
                guard let end = endpoint.firstIndex(of: UInt8(ascii: "]")) else { throw Self.unusableEndpoint }
                let rest = endpoint[(end + 1)...]
                guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { throw Self.unusableEndpoint }
                return (Array(endpoint[1..<end]), Array(rest.dropFirst()))
            }
            guard let (host, port) = endpoint.split(at: ":") else { return (endpoint, []) }
            guard !port.isEmpty, port.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { throw Self.unusableEndpoint }
            return (host, port)
        }

        private mutating func parseOptions(_ query: [UInt8]) {
            let names = RedisConfig.catalog.keys.map(\.path).filter { !notOptions.contains($0) }
            for pair in query.split(separator: UInt8(ascii: "&")) {
                let (encodedName, encodedValue) = Array(pair).split(at: "=") ?? (Array(pair), [])
                do throws(Objections) {
                    let name = try decode(encodedName)
                    guard names.contains(name) else {
                        throw notOptions.contains(name)
                            ? Objections("must not have the option \(name)", hint: "it stands before the `?` of a URL")
                            : Objections(
                                "must not have the unknown option \(name.printable)",
                                hint: Suggestion.sentence(for: name, among: names))
                    }
                    if result.settings.contains(where: { $0.key == name }) {
                        throw Objections("must not say \(name) twice", hint: "remove one of the two")
                    }
                    set(name, try decode(encodedValue))
                } catch {
                    result.objections += error.list
                }
            }
        }

        private mutating func set(_ key: String, _ text: String) { result.settings.append((key, text)) }

        private static var unusableEndpoint: Objections {
            Objections(
                "must have a host and a port",
                hint: "IPv6 stands in brackets; in a password, write / as %2F and @ as %40")
        }

        private static var unknownScheme: Objections {
            Objections(
                "must begin with redis://, rediss://, valkey://, valkeys:// or unix://",
                hint: "write redis://host:6379/0")
        }

        /// Decodes `%41`, once; a plus is a plus.
        private func decode(_ bytes: [UInt8]) throws(Objections) -> String {
            guard let decoded = PercentDecoding.decode(bytes), let text = String(validating: decoded, as: UTF8.self)
            else {
                throw Objections("must be percent-encoded UTF-8", hint: "write a percent sign as %25")
            }
            return text
        }
    }
}

extension [UInt8] {
    /// The bytes before and after the first `separator`; nil when there is none.
    fileprivate func split(at separator: String) -> (before: [UInt8], after: [UInt8])? {
        let separator = Array(separator.utf8)
        guard count >= separator.count else { return nil }
        for index in 0...(count - separator.count) where self[index...].starts(with: separator) {
            return (Array(self[..<index]), Array(self[(index + separator.count)...]))
        }
        return nil
    }
}
