import CisternBytes
import TestSupport
import Testing

/// Every route, every method, every token there can be: each combination is asked for, and its answer is foretold from
/// the table of the contract, which is written out here once more.
@Suite("Authorization", .blocking) struct AuthorizationMatrixTests {
    private static let methods = ["GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS", "PATCH", "TRACE"]

    /// What the contract says of a route: the scope of each of its methods ("any" for that of any token), and the status of an allowed request.
    struct Row: Sendable, CustomTestStringConvertible {
        let path: String
        /// Empty for a route that does not exist; "" where no scope is needed.
        let scopes: [String: String]
        var success = 200
        /// Needs a token, whatever the method.
        var isProtected = true
        var testDescription: String { path }
    }

    private static let rows = [
        Row(path: "/keys/k", scopes: ["GET": "read", "HEAD": "read", "PUT": "write", "DELETE": "write"], success: 404),
        Row(path: "/keys", scopes: ["GET": "list", "HEAD": "list"]),
        // What each operation needs is its own matter: see `BatchTests`.
        Row(path: "/batch", scopes: ["POST": ""]),
        Row(path: "/stats", scopes: ["GET": "admin", "HEAD": "admin"]),
        Row(path: "/metrics", scopes: ["GET": "admin", "HEAD": "admin"]),
        Row(path: "/openapi.json", scopes: ["GET": "any", "HEAD": "any"]),
        Row(path: "/health", scopes: ["GET": "", "HEAD": ""], isProtected: false),
        Row(path: "/health/live", scopes: ["GET": "", "HEAD": ""], isProtected: false),
        Row(path: "/health/ready", scopes: ["GET": "", "HEAD": ""], isProtected: false),
        Row(path: "/nowhere", scopes: [:]),
    ]

    /// Who asks: without a token, with one that nobody has, or with one that has these scopes.
    private enum Caller {
        case none, unknown
        case holder([String])

        var fields: [String] {
            switch self {
            case .none: []
            case .unknown: [Tokens.field(Tokens.unknown)]
            case .holder(let scopes): [Tokens.field(Tokens.token(scopes))]
            }
        }
    }

    private static let callers: [Caller] = [.none, .unknown] + Tokens.scopeSets.map(Caller.holder)

    private func expected(_ row: Row, _ method: String, _ caller: Caller) -> Int {
        if row.scopes.isEmpty { return 404 }
        if method == "OPTIONS" { return 204 }
        var scopes: [String]?
        if case .holder(let held) = caller { scopes = held }
        if row.isProtected, scopes == nil { return 401 }
        guard let scope = row.scopes[method] else { return 405 }
        if !["", "any"].contains(scope), scopes?.contains(scope) != true { return 403 }
        // A write without its length shows that it has passed all checks before, and writes nothing.
        return method == "PUT" || method == "POST" ? 411 : row.success
    }

    @Test(arguments: rows) func everyCellIsAsTheContractSays(row: Row) throws {
        let curl = try Tokens.curl()
        var answered: [Int: Int] = [:]
        for method in Self.methods {
            for caller in Self.callers {
                let answer = try curl.send(CurlRequest(method, row.path, headers: caller.fields))
                let status = expected(row, method, caller)
                #expect(answer.status == status, "\(method) \(row.path) \(caller)")
                #expect((answer.headers["WWW-Authenticate"] != nil) == (status == 401 || status == 403))
                if status == 405 { #expect(answer.headers["Allow"] != nil) }
                answered[answer.status, default: 0] += 1
            }
        }
        #expect(answered.values.reduce(0, +) == Self.methods.count * 17)
    }

    /// No right is had but by its scope: a key is written, read and deleted by three tokens that can do nothing else.
    @Test func rightsAreSeparate() throws {
        let curl = try Tokens.curl()
        let writer = [Tokens.field(Tokens.token(["write"]))]
        let reader = [Tokens.field(Tokens.token(["read"]))]
        #expect(try curl.put("/keys/separate", "v", headers: reader).status == 403)
        #expect(try curl.get("/keys/separate", headers: reader).status == 404)
        #expect(try curl.put("/keys/separate", "v", headers: writer).status == 201)
        #expect(try curl.get("/keys/separate", headers: writer).status == 403)
        #expect(try curl.get("/keys/separate", headers: reader).text == "v")
        #expect(try curl.delete("/keys/separate", headers: reader).status == 403)
        #expect(try curl.get("/keys/separate", headers: reader).text == "v")
        #expect(try curl.delete("/keys/separate", headers: writer).status == 204)
    }

    @Test func healthTellsItsChecksToAdministratorsAlone() throws {
        let curl = try Tokens.curl()
        for caller in Self.callers {
            let answer = try curl.get("/health", headers: caller.fields)
            var isAdministrator = false
            if case .holder(let scopes) = caller { isAdministrator = scopes.contains("admin") }
            #expect(answer.text.contains("\"status\":\"pass\""))
            #expect(answer.text.contains("checks") == isAdministrator, "\(caller)")
        }
    }

    @Test func theServerItselfNeedsNoToken() throws {
        let raw = try Tokens.service.get().raw()
        try raw.send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try raw.readResponse().status == 204)
    }
}
