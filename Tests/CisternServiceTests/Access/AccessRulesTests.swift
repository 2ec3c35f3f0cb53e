import CisternBytes
import CisternHTTP
import CisternSockets
import Testing

@testable import CisternService

@Suite struct AccessRulesTests {
    private static let tokens = AuthTokens([
        AuthToken(name: "a", token: "aaaaaaaaaaaa", scopes: [.read]),
        AuthToken(name: "b", token: "bbbbbbbbbbbbbbbb", scopes: [.read, .write]),
        AuthToken(name: "c", token: "cccccccccccc==", scopes: [.list, .admin]),
        AuthToken(name: "d", token: String(repeating: "d", count: 4096), scopes: Set(AuthScope.allCases)),
    ])

    private func caller(_ rules: AccessRules, _ token: String?) throws -> Caller {
        let fields = token.map { ["Authorization: Bearer \($0)"] } ?? []
        return try rules.caller(of: requestHead("GET", "/keys/a", ["Host: localhost"] + fields))
    }

    @Test func withoutTokensThereAreNoRules() {
        #expect(AccessRules(AuthTokens()) == nil)
    }

    @Test func everyTokenHasItsOwnScopes() throws {
        let rules = try #require(AccessRules(Self.tokens))
        for token in Self.tokens.list {
            #expect(try caller(rules, token.token) == .holder(ScopeSet(token.scopes)), "\(token.name)")
        }
    }

    @Test(arguments: [
        "", "a", "aaaaaaaaaaa", "aaaaaaaaaaaaa", "aaaaaaaaaaab", "baaaaaaaaaaa", "AAAAAAAAAAAA", "aaaaaaaaaaaa=",
        "cccccccccccc", "cccccccccccc=", "aaaaaaaaaaaa bbbbbbbbbbbbbbbb", "aaaaaaaaaaaa,", "\"aaaaaaaaaaaa\"",
        "aaaaaaaa%61aaa",
        String(repeating: "d", count: 4095), String(repeating: "d", count: 4097), "bbbbbbbbbbbb",
    ])
    func nothingElseIsAToken(token: String) throws {
        #expect(try caller(try #require(AccessRules(Self.tokens)), token) == .impostor)
    }

    @Test func nothingSentIsNothingClaimed() throws {
        #expect(try caller(try #require(AccessRules(Self.tokens)), nil) == .stranger)
    }

    /// The structure that makes the time independent of what is sent: no comparison is left out, whichever token is equal
    /// and whatever the length of what was sent.
    @Test(arguments: [
        "", "aaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccc==", "x", String(repeating: "d", count: 4096),
    ])
    func everyDigestIsComparedWhateverIsSent(token: String) throws {
        var compared = 0
        let caller = try #require(AccessRules(Self.tokens)).holder(of: Bytes(token).span) {
            compared += 1
            return $0.equality(with: $1)
        }
        #expect(compared == Self.tokens.list.count)
        let known = Self.tokens.list.first { $0.token == token }
        #expect(caller == (known.map { .holder(ScopeSet($0.scopes)) } ?? .impostor))
    }

    @Test func scopesAreWhatTheySay() {
        for scopes in allScopeSets {
            let set = ScopeSet(scopes)
            for scope in AuthScope.allCases { #expect(set.contains(scope) == scopes.contains(scope)) }
        }
    }

    @Test func noScopeIncludesAnother() {
        for scope in AuthScope.allCases {
            let caller = Caller.holder(ScopeSet([scope]))
            #expect(AuthScope.allCases.filter { caller.meets(.scope($0)) } == [scope])
            #expect(caller.meets(.anyToken) && caller.meets(.anyone))
        }
        for caller in [Caller.stranger, .impostor] {
            #expect(caller.meets(.anyone) && !caller.meets(.anyToken) && !caller.meets(.scope(.read)))
        }
        #expect(Caller.anyone.meets(.anyToken) && Caller.anyone.meets(.scope(.admin)))
    }
}

/// All sixteen.
let allScopeSets: [Set<AuthScope>] = (0..<16).map { bits in
    Set(AuthScope.allCases.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element))
}
