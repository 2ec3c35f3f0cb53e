import CisternBytes
import TestSupport
import Testing

@Suite("Times to live", .blocking) struct TimeToLiveTests {
    @Test(arguments: Backend.allCases, [("60", 60), ("90s", 90), ("1h30m", 5400), ("1", 1), ("2m", 120)])
    func aWrittenTimeIsShown(backend: Backend, time: (String, Int)) throws {
        let curl = try backend.stack.curl()
        let path = "/keys/ttl-\(time.0)"
        #expect(try curl.put("\(path)?ttl=\(time.0)", "v").status == 201)
        let left = try #require(Int(try curl.get(path).headers["Cache-TTL"] ?? ""))
        #expect((max(time.1 - 5, 0)...time.1).contains(left))
    }

    @Test(arguments: Backend.allCases) func aValueGoesWhenItsTimeIsOver(backend: Backend) throws {
        let curl = try backend.stack.curl()
        #expect(try curl.put("/keys/brief?ttl=1", "v").status == 201)
        #expect(try curl.get("/keys/brief").status == 200)
        #expect(try eventually(within: .seconds(5)) { try curl.get("/keys/brief").status == 404 })
        #expect(try curl.put("/keys/brief", "v").status == 201)
    }

    @Test(arguments: [
        "ttl=0", "ttl=-1", "ttl=1.5", "ttl=500ms", "ttl=1500ms", "ttl=", "ttl=abc", "ttl=99999999999999999999",
        "ttl=9223372036854775807", "ttl=60&ttl=60", "ttl=60&keep_ttl=true", "keep_ttl=maybe", "tll=60", "ttl=6%zz",
    ])
    func whatIsNoTimeIsRefusedAndNothingIsWritten(query: String) throws {
        let curl = try Backend.local.stack.curl()
        #expect(try curl.put("/keys/no-time?\(query)", "v").status == 400)
        #expect(try curl.get("/keys/no-time").status == 404)
    }

    @Test(arguments: Backend.allCases) func theOldTimeIsKeptOnRequest(backend: Backend) throws {
        let curl = try backend.stack.curl()
        #expect(try curl.put("/keys/kept?ttl=100", "v").status == 201)
        #expect(try curl.put("/keys/kept?keep_ttl=true", "w").status == 204)
        let left = try #require(Int(try curl.get("/keys/kept").headers["Cache-TTL"] ?? ""))
        #expect((90...100).contains(left))
        #expect(try curl.get("/keys/kept").body == "w")
        #expect(try curl.put("/keys/kept", "x").status == 204)
        #expect(try curl.get("/keys/kept").headers["Cache-TTL"] == nil)
    }

    @Test func defaultAndMaximumAreObeyed() throws {
        let curl = try Stack.local(["CISTERN_DEFAULT_TTL": "50s", "CISTERN_MAX_TTL": "100s"]).curl()
        func left(_ path: String) throws -> Int { Int(try curl.get(path).headers["Cache-TTL"] ?? "") ?? -1 }
        #expect(try curl.put("/keys/default", "v").status == 201)
        #expect((45...50).contains(try left("/keys/default")))
        #expect(try curl.put("/keys/new?keep_ttl=true", "v").status == 201)
        #expect((45...50).contains(try left("/keys/new")))
        #expect(try curl.put("/keys/most?ttl=100", "v").status == 201)
        #expect((95...100).contains(try left("/keys/most")))
        #expect(try curl.put("/keys/more?ttl=101", "v").status == 400)
        #expect(try curl.get("/keys/more").status == 404)
    }
}
