package import CisternConfiguration
package import CisternJSON

/// The tokens of the configuration, `[{"name": …, "token": …, "scopes": […]}]`.
package struct AuthTokens: Sendable, Hashable {
    package var list: [AuthToken]

    package init(_ list: [AuthToken] = []) { self.list = list }
}

extension AuthTokens: ConfigurationValue {
    /// The fewest characters a token has: fewer can be guessed.
    static let shortestToken = 12
    /// The most: more does not fit a header.
    static let longestToken = 4096
    private static let longestName = 64

    package static var shape: ConfigurationShape {
        let scopes = AuthScope.allCases.map { JSONValue(.string($0.rawValue)) }
        return .custom(
            "list of `{name, token, scopes}`",
            [
                "type": "array",
                "items": [
                    "type": "object", "additionalProperties": false, "required": ["name", "token", "scopes"],
                    "properties": [
                        "name": ["type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"],
                        "token": ["type": "string", "minLength": 12, "pattern": "^[A-Za-z0-9._~+/-]+=*$"],
                        "scopes": [
                            "type": "array", "minItems": 1, "uniqueItems": true,
                            "items": ["enum": JSONValue(.array(scopes))],
                        ],
                    ],
                ],
            ])
    }

    package var json: JSONValue { JSONValue(.array(list.map { $0.json(showing: $0.token) })) }
    package var shown: JSONValue { JSONValue(.array(list.map { $0.json(showing: redacted) })) }

    package static func read(_ input: ConfigurationInput) throws(Objections) -> AuthTokens {
        switch input {
        case .json(let value): return try read(value)
        case .text(let text):
            do throws(Objections) {
                return try read(text: Array(text.utf8))
            } catch {
                // The places are those of the text, and the source is the environment.
                throw Objections(error.list.map { Objection($0.rule, hint: $0.hint, place: $0.place) })
            }
        }
    }

    /// Reads the list as the whole text of a file.
    static func read(text: [UInt8]) throws(Objections) -> AuthTokens {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(text)
        } catch {
            throw Objections([error.objection])
        }
        return try read(value)
    }

    private static func read(_ value: JSONValue) throws(Objections) -> AuthTokens {
        guard let elements = value.array else { throw .notA("a list of tokens", value) }
        var tokens = AuthTokens()
        var objections: [Objection] = []
        for (index, element) in elements.enumerated() {
            var reader = AuthTokenReader()
            if let token = reader.read(element) { tokens.list.append(token) }
            objections += reader.objections.map { $0.inside("[\(index)]", at: element.position) }
        }
        guard objections.isEmpty else { throw Objections(objections) }
        return tokens
    }

    package var objections: [Objection] {
        var objections: [Objection] = []
        var names: [String: Int] = [:]
        var places: [String: Int] = [:]
        for (index, token) in list.enumerated() {
            var own = Self.objections(to: token)
            if let first = names.updateValue(index, forKey: token.name) {
                own.append(
                    Objection("must be unique", hint: "tokens \(first) and \(index) are both called so", place: ".name")
                )
            }
            if let first = places.updateValue(index, forKey: token.token) {
                own.append(Objection("must be unique", hint: "tokens \(first) and \(index) are equal", place: ".token"))
            }
            objections += own.map { $0.inside("[\(index)]") }
        }
        return objections
    }

    private static func objections(to token: AuthToken) -> [Objection] {
        var objections: [Objection] = []
        if token.name.isEmpty || token.name.utf8.count > longestName || !token.name.utf8.allSatisfy(isNameByte) {
            let rule = "must be 1…\(longestName) letters, digits, dots, hyphens or underscores"
            objections.append(Objection(rule, hint: "it names the token in logs", place: ".name"))
        }
        if token.token.utf8.count < shortestToken || token.token.utf8.count > longestToken {
            let rule = "must have \(shortestToken)…\(longestToken) characters"
            objections.append(Objection(rule, hint: "make one with: openssl rand -hex 32", place: ".token"))
        } else if !isB64Token(token.token) {
            let rule = "must be a b64token of RFC 6750: letters, digits, and -._~+/, then = at the end only"
            objections.append(Objection(rule, hint: "make one with: openssl rand -hex 32", place: ".token"))
        }
        if token.scopes.isEmpty {
            objections.append(
                Objection("must not be empty", hint: "a token without scopes allows nothing", place: ".scopes"))
        }
        return objections
    }

    /// RFC 6750 §2.1: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
    private static func isB64Token(_ token: String) -> Bool {
        var bytes = Array(token.utf8)
        while bytes.last == UInt8(ascii: "=") { bytes.removeLast() }
        return !bytes.isEmpty && bytes.allSatisfy { isNameByte($0) || "~+/".utf8.contains($0) }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: ".-_".utf8.contains(byte)
        }
    }
}
