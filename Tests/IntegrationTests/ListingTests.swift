import CisternBytes
import TestSupport
import Testing

@Suite("Listing of keys", .blocking) struct ListingTests {
    @Test(arguments: Backend.allCases) func aPageSaysWhatThereIs(backend: Backend) throws {
        let curl = try backend.newStack().curl()
        #expect(try curl.page() == .object(["keys": .array([]), "complete": .bool(true)]))
        _ = try curl.put("/keys/a", "v")
        #expect(
            try curl.page()
                == .object(["keys": .array([.object(["key": .string("a")])]), "complete": .bool(true)]))
        _ = try curl.delete("/keys/a")
        _ = try curl.put("/keys/%FF%00?ttl=60", "v")
        _ = try curl.put("/keys/b%22%0A?ttl=60", "v")
        let answer = try curl.get("/keys?limit=1000")
        #expect(answer.headers["Content-Type"] == "application/json")
        #expect(answer.headers["Cache-Control"] == "no-store")
        let entries = try #require(try JSONText(answer.text)["keys"]?.elements)
        #expect(Set(entries.map { $0["key"]?.string }) == ["b\"\n", nil])
        #expect(Set(entries.map { $0["key_base64"]?.string }) == ["/wA=", nil])
        for entry in entries { #expect((50...60).contains(entry["ttl"]?.number ?? 0)) }
        let head = try curl.head("/keys?limit=1000")
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(head.headers["Content-Length"] == answer.headers["Content-Length"])
    }

    /// While others are written and deleted, every key that is there all the time is on a page.
    @Test(arguments: Backend.allCases) func whatIsThereThroughoutIsListed(backend: Backend) throws {
        let curl = try backend.newStack().curl()
        let names = (0..<5000).map { "stays/\($0)" }
        try write(names, curl)
        try write((0..<1000).map { "goes/\($0)" }, curl)
        for limit in [1000, 130] {
            var round = 0
            let keys = try curl.allKeys(limit: limit) {
                let fresh = (0..<50).map { put("comes/\(limit)/\(round)/\($0)", "v", #","ttl":600"#) }
                _ = try curl.results(fresh + (0..<50).map { delete("goes/\(limit + round * 50 + $0)") })
                // Writing to a key does not take it away.
                _ = try curl.results((0..<50).map { put("stays/\((round * 50 + $0) % 5000)", "w") })
                round += 1
            }
            #expect(Set(names).isSubset(of: keys))
            #expect(round >= 5000 / limit)
        }
        let some = try curl.allKeys(prefix: "stays/12", limit: 1000)
        #expect(Set(some) == Set(names.filter { $0.hasPrefix("stays/12") }))
    }

    private func write(_ names: [String], _ curl: CurlClient) throws {
        for start in stride(from: 0, to: names.count, by: 100) {
            let statuses = try curl.results(names[start..<min(start + 100, names.count)].map { put($0, "v") }).statuses
            #expect(statuses.allSatisfy { $0 == 201 })
        }
    }

    @Test(arguments: Backend.allCases) func aPrefixIsTakenByItsBytes(backend: Backend) throws {
        let curl = try backend.newStack().curl()
        for name in ["a*b", "axb", "a%3Fb", "a%5Bx%5D", "a%5Cb", "%FF%FE", "%FF*", "A"] {
            #expect(try curl.put("/keys/\(name)", "v").status == 201)
        }
        for (prefix, names) in [
            ("a*", ["a*b"]), ("a%3F", ["a?b"]), ("a%5B", ["a[x]"]), ("a%5C", ["a\\b"]), ("A", ["A"]), ("none", []),
            ("%2A", []),
            ("a", ["a*b", "a?b", "a[x]", "a\\b", "axb"]),
        ] {
            #expect(try curl.allKeys(prefix: prefix).sorted() == names, "\(prefix)")
        }
        let binary = try curl.page("?prefix=%FF")["keys"]?.elements ?? []
        #expect(Set(binary.compactMap { $0["key_base64"]?.string }) == ["//4=", "/yo="])
        #expect(try curl.page("?prefix=%FF*")["keys"]?.elements?.count == 1)
    }

    @Test(arguments: Backend.allCases) func thePrefixOfTheServiceIsNotSeen(backend: Backend) throws {
        let stack = try backend.newStack(["CISTERN_KEY_PREFIX": "app[1]*:"])
        let curl = try stack.curl()
        _ = try curl.results([put("a", "v"), put("b", "v"), put("app[1]*:c", "v")])
        if let redis = stack.redis {
            try redis.cli("SET", "app1:d", "v")
            try redis.cli("SET", "other", "v")
            // A name that is nothing but the prefix is no key here.
            try redis.cli("SET", "app[1]*:", "v")
            try redis.cli("RPUSH", "app[1]*:list", "v")
            #expect(try redis.cli("EXISTS", "app[1]*:app[1]*:c") == .integer(1))
        }
        #expect(try curl.allKeys().sorted() == ["a", "app[1]*:c", "b"])
        #expect(try curl.allKeys(prefix: "app").sorted() == ["app[1]*:c"])
        #expect(try curl.allKeys(prefix: "a").sorted() == ["a", "app[1]*:c"])
    }

    @Test func onlyStringsAreListed() throws {
        let stack = try Backend.redis.newStack()
        let redis = try #require(stack.redis)
        try redis.cli("SET", "string", "v")
        try redis.cli("RPUSH", "list", "v")
        try redis.cli("HSET", "hash", "a", "v")
        #expect(try stack.curl().allKeys() == ["string"])
    }

    @Test(arguments: Backend.allCases) func whatHasExpiredIsNotListed(backend: Backend) throws {
        let curl = try backend.newStack().curl()
        _ = try curl.results([put("short", "v", #","ttl":1"#), put("long", "v")])
        #expect(try eventually { try curl.allKeys() == ["long"] })
    }

    @Test(arguments: Backend.allCases) func aForeignCursorIsRefused(backend: Backend) throws {
        let stack = try backend.newStack()
        let curl = try stack.curl()
        try write((0..<200).map { "a\($0)" }, curl)
        let cursor = try #require(try curl.page("?limit=10")["cursor"]?.string)
        #expect(try curl.get("/keys?cursor=\(cursor)").status == 200)
        #expect(try curl.get("/keys?cursor=\(cursor)&limit=77").status == 200)
        for query in [
            "cursor=\(cursor)&prefix=a", "cursor=\(cursor)A", "cursor=\(cursor.dropLast())", "cursor=0", "cursor=17",
            "cursor=%FF", "cursor=\(cursor.uppercased())",
        ] {
            let refused = try curl.get("/keys?\(query)")
            #expect(refused.status == 400, "\(query)")
            #expect(refused.text.contains("cursor"))
        }
        // That of another store.
        for other in Backend.allCases {
            #expect(try other.newStack().curl().get("/keys?cursor=\(cursor)").status == 400)
        }
        // And that of another service on the same one.
        guard let redis = stack.redis else { return }
        let twin = try Stack(on: redis, environment: Backend.patience).curl()
        #expect(try twin.get("/keys?cursor=\(cursor)").status == 200)
        let prefixed = try Stack(on: redis, environment: ["CISTERN_KEY_PREFIX": "a"]).curl()
        #expect(try prefixed.get("/keys?cursor=\(cursor)").status == 400)
    }

    @Test(arguments: [
        "limit=0", "limit=1001", "limit=", "limit=x", "limit=1&limit=2", "prefix=a&prefix=a", "cursor=&cursor=",
        "prefix=%zz", "tll=1", "ttl=1", "Prefix=a",
    ])
    func whatIsNotKnownIsRefused(query: String) throws {
        #expect(try Backend.local.stack.curl().get("/keys?\(query)").status == 400)
    }

    @Test func anExpectationThatCannotBeMetIsRefused() throws {
        #expect(try Backend.local.stack.curl().get("/keys", headers: ["Expect: x"]).status == 417)
    }

    @Test(arguments: Backend.allCases) func aLongPageComesWhole(backend: Backend) throws {
        let curl = try backend.newStack().curl()
        let long = String(repeating: "\\u0001", count: 1000)
        for start in stride(from: 0, to: 300, by: 100) {
            _ = try curl.results((start..<start + 100).map { put("\(long)\($0)", "") })
        }
        let keys = try curl.allKeys(limit: 1000)
        #expect(Set(keys).count == 300 && keys.allSatisfy { $0.utf8.count > 1000 })
        // In pieces, as fast as they are taken.
        let page = try curl.get("/keys?limit=1000")
        #expect(page.headers["Transfer-Encoding"] == "chunked" && page.headers["Content-Length"] == nil)
        #expect(try curl.head("/keys?limit=1000").headers["Transfer-Encoding"] == "chunked")
    }
}
