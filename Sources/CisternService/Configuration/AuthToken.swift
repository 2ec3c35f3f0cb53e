internal import CisternJSON

/// What a token allows.
package enum AuthScope: String, Sendable, Hashable, CaseIterable {
    case read, write, list, admin
}

/// A bearer token (RFC 6750) of the configuration.
package struct AuthToken: Sendable, Hashable {
    /// Who has it, for logs.
    package var name: String
    package var token: String
    package var scopes: Set<AuthScope>

    package init(name: String, token: String, scopes: Set<AuthScope>) {
        self.name = name
        self.token = token
        self.scopes = scopes
    }

    func json(showing token: String) -> JSONValue {
        let scopes = AuthScope.allCases.filter(self.scopes.contains).map { JSONValue(.string($0.rawValue)) }
        return [
            "name": JSONValue(.string(name)), "token": JSONValue(.string(token)), "scopes": JSONValue(.array(scopes)),
        ]
    }
}

extension AuthToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name and the scopes: the token is a secret.
    package var description: String {
        "AuthToken(\(name): \(AuthScope.allCases.filter(scopes.contains).map(\.rawValue).joined(separator: ", ")))"
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror {
        Mirror(self, children: ["name": name, "scopes": scopes], displayStyle: .struct)
    }
}
