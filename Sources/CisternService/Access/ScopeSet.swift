/// Scopes as bits, so that a set of them can be chosen without a branch.
struct ScopeSet: Sendable, Equatable {
    let bits: UInt8

    init(bits: UInt8) { self.bits = bits }

    init(_ scopes: some Sequence<AuthScope>) {
        bits = scopes.reduce(0) { $0 | $1.bit }
    }

    func contains(_ scope: AuthScope) -> Bool { bits & scope.bit != 0 }
}

extension AuthScope {
    fileprivate var bit: UInt8 {
        switch self {
        case .read: 1
        case .write: 2
        case .list: 4
        case .admin: 8
        }
    }
}
