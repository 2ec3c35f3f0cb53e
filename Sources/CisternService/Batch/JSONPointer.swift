/// A place in a JSON text (RFC 6901).
struct JSONPointer: Sendable, Equatable {
    /// Empty for the whole text.
    private(set) var text = ""

    /// The place of a member of the object here.
    func member(_ name: String) -> JSONPointer {
        var token = ""
        for scalar in name.unicodeScalars {
            // RFC 6901 §3: what separates names, and what stands for that, cannot stand for itself.
            switch scalar {
            case "~": token += "~0"
            case "/": token += "~1"
            default: token.unicodeScalars.append(scalar)
            }
        }
        return appending(token)
    }

    /// The place of an element of the array here.
    func element(_ index: Int) -> JSONPointer { appending(String(index)) }

    private func appending(_ token: String) -> JSONPointer {
        var pointer = self
        pointer.text += "/" + token
        return pointer
    }
}
