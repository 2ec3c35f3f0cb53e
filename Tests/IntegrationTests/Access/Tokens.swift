import TestSupport

/// The tokens of these tests, as a service is given them.
enum Tokens {
    static let scopes = ["read", "write", "list", "admin"]

    /// Every combination of scopes that a token can have.
    static let scopeSets: [[String]] = (1..<16).map { bits in
        scopes.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element)
    }

    /// The token with exactly these scopes. All are of the same length.
    static func token(_ scopes: [String]) -> String {
        let letters = self.scopes.map { scopes.contains($0) ? String($0.prefix(1)) : "-" }.joined()
        return "token-\(letters)-5e0c41"
    }

    /// Of the right form and length, and nobody's.
    static let unknown = "token-xxxx-5e0c41"

    static func field(_ token: String) -> String { "Authorization: Bearer \(token)" }

    /// The value of `CISTERN_AUTH_TOKENS`: one token for each combination.
    static let json: String = {
        let list = scopeSets.map { scopes in
            let names = scopes.map { "\"\($0)\"" }.joined(separator: ", ")
            return
                #"{"name": "\#(scopes.joined(separator: "."))", "token": "\#(token(scopes))", "scopes": [\#(names)]}"#
        }
        return "[\(list.joined(separator: ", "))]"
    }()

    /// One service with these tokens, for all tests that need no other.
    static let service = Result { try Stack.local(["CISTERN_AUTH_TOKENS": json]) }

    static func curl() throws -> CurlClient { try service.get().curl() }
}
