internal import CisternConfiguration
internal import CisternJSON

/// Reads one token of the list and collects what is wrong with its shape.
struct AuthTokenReader {
    private(set) var objections: [Objection] = []

    mutating func read(_ value: JSONValue) -> AuthToken? {
        guard let object = value.object else {
            object(to: value, "", "must be an object", hint: "it is \(value.kind)")
            return nil
        }
        let known = ["name", "token", "scopes"]
        for member in object.members where !known.contains(member.key) {
            objections.append(
                Objection(
                    "is not a known key", hint: Suggestion.sentence(for: member.key, among: known),
                    place: ".\(member.key.printable)", position: member.keyPosition))
        }
        let name = string("name", of: object, in: value)
        let token = string("token", of: object, in: value)
        let scopes = scopes(of: object, in: value)
        guard objections.isEmpty, let name, let token, let scopes else { return nil }
        return AuthToken(name: name, token: token, scopes: scopes)
    }

    private mutating func string(_ key: String, of object: JSONObject, in value: JSONValue) -> String? {
        guard let member = object[key] else {
            self.object(to: value, ".\(key)", "must be given", hint: "each token has a name, a token and scopes")
            return nil
        }
        if member.string == nil { self.object(to: member, ".\(key)", "must be a string", hint: "it is \(member.kind)") }
        return member.string
    }

    private mutating func scopes(of object: JSONObject, in value: JSONValue) -> Set<AuthScope>? {
        let names = AuthScope.allCases.map(\.rawValue)
        guard let elements = object["scopes"]?.array else {
            self.object(
                to: object["scopes"] ?? value, ".scopes", "must be a list of \(names.joined(separator: ", "))",
                hint: "each token has a name, a token and scopes")
            return nil
        }
        var scopes: Set<AuthScope> = []
        for (index, element) in elements.enumerated() {
            let place = ".scopes[\(index)]"
            guard let text = element.string, let scope = AuthScope(rawValue: text) else {
                let near = Suggestion.sentence(for: element.string ?? "", among: names)
                self.object(to: element, place, "must be one of \(names.joined(separator: ", "))", hint: near)
                continue
            }
            if !scopes.insert(scope).inserted {
                self.object(to: element, place, "must not be given twice", hint: "remove one \(text)")
            }
        }
        return scopes
    }

    private mutating func object(to value: JSONValue, _ place: String, _ rule: String, hint: String) {
        objections.append(Objection(rule, hint: hint, place: place, position: value.position))
    }
}
