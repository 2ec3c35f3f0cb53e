import CisternBytes
import TestSupport
import Testing

@Suite("Batches", .blocking) struct BatchTests {
    /// The SHA-1 of `value`.
    private static let digest = "f32b67c7e26342af42efabc674d441dca0a281c5"

    @Test(arguments: Backend.allCases) func everyOperationHasItsResultInItsPlace(backend: Backend) throws {
        let curl = try backend.patientStack.curl()
        let operations = [
            get("batch/1"), put("batch/1", "value"), get("batch/1"), put("batch/1", "other"), delete("batch/1"),
            delete("batch/1"), get("batch/1"), put("batch/2", "value", #","ttl":60"#), get("batch/2"),
            delete("batch/2"),
        ]
        let answer = try curl.batch(operations)
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == "application/json")
        #expect(answer.headers["Cache-Control"] == "no-store")
        #expect(answer.headers["Content-Length"] == "\(answer.body.count)")
        let results = try answer.results
        #expect(results.statuses == [404, 201, 200, 204, 204, 404, 404, 201, 200, 204])
        #expect(
            results[2] == .object(["status": .number(200), "value": .string("value"), "etag": .string(Self.digest)]))
        #expect(results[1]["etag"]?.string == Self.digest && results[3]["etag"]?.string?.count == 40)
        #expect(results[4] == .object(["status": .number(204)]) && results[5] == .object(["status": .number(404)]))
        let ttl = try #require(results[8]["ttl"]?.number)
        #expect((50...60).contains(ttl))
        #expect(results[2]["ttl"] == nil && results[2]["source"] == nil && results[2]["age"] == nil)
    }

    /// What one interface writes, the other reads.
    @Test(arguments: Backend.allCases) func aBatchAndSingleRequestsSeeTheSame(backend: Backend) throws {
        let curl = try backend.patientStack.curl()
        #expect(try curl.put("/keys/shared%2Fone", "from curl").status == 201)
        let results = try curl.results([
            get("shared/one"), put("shared/two", "caf\\u00e9 \\uD83D\\uDE00", #","ttl":"1h30m""#),
            put("shared/one", "new", #","keep_ttl":true"#),
        ])
        #expect(results.statuses == [200, 201, 204] && results[0]["value"]?.string == "from curl")
        let read = try curl.get("/keys/shared/two")
        #expect(read.text == "café 😀" && read.headers["ETag"] == "\"\(results[1]["etag"]?.string ?? "")\"")
        #expect((5300...5400).contains(Int(read.headers["Cache-TTL"] ?? "") ?? 0))
        #expect(try curl.get("/keys/shared/one").text == "new")
        #expect(try curl.results([delete("shared/one"), delete("shared/two")]).statuses == [204, 204])
    }

    @Test(arguments: Backend.allCases) func bytesThatAreNotTextGoInBase64(backend: Backend) throws {
        let curl = try backend.patientStack.curl()
        let bytes = Bytes(UInt8.min...UInt8.max)
        #expect(try curl.put("/keys/__4A?key_encoding=base64url", bytes).status == 201)
        let operations = [
            #"{"op":"get","key_base64":"//4A"}"#,
            #"{"op":"put","key":"binary","value":"AP//","encoding":"base64"}"#, get("binary"),
            #"{"op":"put","key":"binary","value":"dGV4dA==","encoding":"base64"}"#, get("binary"),
            #"{"op":"get","key":"binary","encoding":"base64"}"#, #"{"op":"put","key":"binary","value":""}"#,
            get("binary"),
            #"{"op":"delete","key_base64":"//4A"}"#, delete("binary"),
        ]
        let results = try curl.results(operations)
        #expect(results.statuses == [200, 201, 200, 204, 200, 200, 204, 200, 204, 204])
        #expect(results[0]["encoding"]?.string == "base64" && results[0]["value"]?.string?.count == 344)
        #expect(results[0]["value"]?.string?.hasPrefix("AAECAwQF") == true)
        #expect(results[2]["value"]?.string == "AP//" && results[2]["encoding"]?.string == "base64")
        #expect(results[4]["value"]?.string == "text" && results[4]["encoding"] == nil)
        #expect(results[5]["value"]?.string == "dGV4dA==" && results[5]["encoding"]?.string == "base64")
        #expect(results[7]["value"]?.string == "" && results[7]["encoding"] == nil)
    }

    @Test(arguments: Backend.allCases) func operationsOnOneKeyTakeEffectInTheirOrder(backend: Backend) throws {
        let curl = try backend.patientStack.curl()
        let operations = (0..<25).flatMap { [put("order", "\($0)"), get("order"), delete("order"), get("order")] }
        let results = try curl.results(operations)
        #expect(results.statuses == Array([[Int]](repeating: [201, 200, 204, 404], count: 25).joined()))
        for number in 0..<25 { #expect(results[number * 4 + 1]["value"]?.string == "\(number)") }
    }

    @Test(arguments: Backend.allCases) func aHundredAreTakenAndNoMore(backend: Backend) throws {
        let curl = try backend.patientStack.curl()
        let puts = (0..<100).map { put("hundred/\($0)", "\($0)") }
        #expect(try curl.results(puts).statuses == [Int](repeating: 201, count: 100))
        let results = try curl.results((0..<100).map { get("hundred/\($0)") })
        #expect(results.compactMap { $0["value"]?.string } == (0..<100).map { "\($0)" })
        let refused = try curl.batch((0..<101).map { delete("hundred/\($0)") })
        #expect(refused.status == 413 && refused.text.contains("at most 100 operations"))
        #expect(
            try curl.results((0..<100).map { delete("hundred/\($0)") }).statuses == [Int](repeating: 204, count: 100))
        #expect(try curl.results([]).isEmpty)
    }

    /// What a single request would be refused for is the matter of its operation; the others are done.
    @Test(arguments: Backend.allCases) func oneOperationsFaultIsItsOwn(backend: Backend) throws {
        let curl = try backend.newStack(["CISTERN_HTTP_MAX_VALUE_BYTES": "1000"]).curl()
        let tooLong = String(repeating: "k", count: 1025)
        let tooLarge = String(repeating: "v", count: 1001)
        let operations = [
            put("faults", "v"), get(""), get(tooLong), put("faults", "w", #","ttl":0"#),
            put("faults", "w", #","ttl":1.5"#),
            put("faults", "w", #","ttl":"soon""#), put("faults", "w", #","ttl":60,"keep_ttl":true"#),
            put("faults", tooLarge), put("faults", "w", #","ttl":1e300"#), get("faults"), delete("faults"),
        ]
        let results = try curl.results(operations)
        #expect(results.statuses == [201, 400, 414, 400, 400, 400, 400, 413, 400, 200, 204])
        #expect(results[9]["value"]?.string == "v")
        for index in 1..<9 { #expect(results[index]["detail"]?.string?.isEmpty == false, "\(index)") }
        #expect(results[7]["detail"]?.string?.contains("max_value_bytes") == true)
    }

    @Test func theLongestLifetimeIsThatOfSingleRequests() throws {
        let curl = try Stack.local(["CISTERN_MAX_TTL": "60s", "CISTERN_DEFAULT_TTL": "10s"]).curl()
        let results = try curl.results([
            put("a", "v", #","ttl":61"#), put("a", "v", #","ttl":60"#), put("b", "v"), get("a"), get("b"),
        ])
        #expect(results.statuses == [400, 201, 201, 200, 200])
        #expect((55...60).contains(results[3]["ttl"]?.number ?? 0) && (5...10).contains(results[4]["ttl"]?.number ?? 0))
    }

    @Test func aKeyOfAnotherTypeIsLeftAlone() throws {
        let stack = try Backend.redis.patientStack
        try stack.redis?.cli("RPUSH", "batch-list", "a")
        let results = try stack.curl().results([
            get("batch-list"), put("batch-list", "v"), put("batch-string", "v"), delete("batch-list"),
        ])
        #expect(results.statuses == [409, 409, 201, 204])
    }

    @Test func theAnswerHasALimitAsWell() throws {
        let curl = try Stack.local(["CISTERN_HTTP_MAX_BATCH_BYTES": "3000"]).curl()
        let value = String(repeating: "v", count: 1000)
        #expect(try curl.results([put("a", value), put("b", value)]).statuses == [201, 201])
        let answer = try curl.batch([get("a"), get("b"), get("a"), get("none"), delete("b"), get("b")])
        let results = try answer.results
        #expect(results.statuses == [200, 200, 413, 404, 204, 404])
        #expect(results[2]["detail"]?.string?.contains("max_batch_bytes") == true)
        #expect(answer.body.count <= 3000)
    }

    @Test func aBatchThatIsTooLargeIsRefusedBeforeItIsSent() throws {
        let curl = try Stack.local(["CISTERN_HTTP_MAX_BATCH_BYTES": "2000000"]).curl()
        let large = Bytes(#"{"ops":[\#(put("large", String(repeating: "v", count: 2_000_000)))]}"#)
        let refused = try curl.postBatch(large, headers: ["Expect: 100-continue"])
        #expect(refused.status == 413 && refused.text.contains("2000000"))
        #expect(refused.interim.isEmpty)
        let chunked = try curl.send(
            CurlRequest(
                "POST", "/batch", headers: ["Content-Type: application/json", "Expect:"], body: .chunked([large])))
        #expect(chunked.status == 413)
        let taken = try curl.postBatch(Bytes(#"{"ops":[]}"#), headers: ["Expect: 100-continue"])
        #expect(taken.status == 200)
    }

    @Test(arguments: [
        ("application/json", 200), ("Application/JSON", 200), ("application/json; charset=utf-8", 200),
        ("application/json;charset=x", 200), ("application/json \t;a=b", 200), ("text/plain", 415), ("", 415),
        ("application/x-www-form-urlencoded", 415), ("application/json2", 415), ("application/json, text/plain", 415),
        ("application/json x", 415), ("application/problem+json", 415), ("json", 415),
    ])
    func onlyJSONIsTaken(type: String, status: Int) throws {
        let connection = try Backend.local.stack.raw()
        let field = type.isEmpty ? "" : "Content-Type: \(type)\r\n"
        try connection.send(
            Bytes("POST /batch HTTP/1.1\r\nHost: localhost\r\n\(field)Content-Length: 10\r\n\r\n{\"ops\":[]}"))
        let answer = try connection.readResponse()
        #expect(answer.status == status)
    }

    @Test(arguments: [
        ("Content-Encoding: gzip", 415), ("Content-Encoding: identity", 200), ("Content-Range: bytes 0-9/10", 400),
        ("Expect: 200-ok", 417), ("Content-Type: application/json", 415), ("If-Match: *", 400),
        ("If-None-Match: *", 400), ("Prefer: handling=strict", 200),
    ])
    func headersOfTheBodyAreMinded(header: String, status: Int) throws {
        #expect(try Backend.local.stack.curl().batch([], headers: [header]).status == status)
    }

    @Test func aBatchWithoutLengthIsRefused() throws {
        let connection = try Backend.local.stack.raw()
        try connection.send("POST /batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n")
        #expect(try connection.readResponse().status == 411)
    }

    @Test(
        arguments: [
            ("{\"ops\":\n [}", 400, "line 2, column 3", nil), ("", 400, "line 1, column 1", nil),
            (#"{"ops":[{"op":"put","key":"wrong","value":"v"},{"op":"get"}]}"#, 422, "/ops/1/key", "/ops/1/key"),
            (
                #"{"ops":[{"op":"put","key":"wrong","value":"v"},{"op":"get","key":"a","a/b":0}]}"#, 422, "/ops/1/a~1b",
                "/ops/1/a~1b"
            ),
            ("[]", 422, "object", ""),
        ] as [(String, Int, String, String?)])
    func whatCannotBeReadIsShownItsPlaceAndNothingIsDone(
        content: String, status: Int, says: String, pointer: String?
    ) throws {
        let curl = try Backend.local.stack.curl()
        let refused = try curl.postBatch(Bytes(content))
        #expect(refused.status == status)
        #expect(refused.headers["Content-Type"] == "application/problem+json")
        let problem = try JSONText(refused.text)
        #expect(problem["detail"]?.string?.contains(says) == true, "\(refused.text)")
        #expect(problem["pointer"]?.string == pointer)
        #expect(try curl.get("/keys/wrong").status == 404)
    }

    @Test func everyOperationNeedsItsScope() throws {
        let curl = try Tokens.curl()
        let operations = [put("scopes", "v"), get("scopes"), delete("scopes"), get("")]
        for scopes in Tokens.scopeSets {
            let results = try curl.results(operations, headers: [Tokens.field(Tokens.token(scopes))])
            let (reads, writes) = (scopes.contains("read"), scopes.contains("write"))
            let expected = [
                writes ? 201 : 403, reads ? writes ? 200 : 404 : 403, writes ? 204 : 403, reads ? 400 : 403,
            ]
            #expect(results.statuses == expected, "\(scopes)")
            if !writes { #expect(results[0]["detail"]?.string?.contains("scope write") == true) }
        }
        #expect(try curl.batch(operations).status == 401)
        #expect(try curl.batch(operations, headers: [Tokens.field(Tokens.unknown)]).status == 401)
    }

    @Test func operationsAreCounted() throws {
        let curl = try Stack.local().curl()
        _ = try curl.results([put("a", "v"), get("a"), get("a"), get("b"), delete("a"), delete("a")])
        let stats = try JSONText(try curl.get("/stats").text)
        let counted = ["stored", "hits", "misses", "deleted"].map { stats["cache"]?[$0]?.number }
        #expect(counted == [1, 2, 1, 1])
        #expect(stats["requests"]?["/batch"]?["2xx"]?.number == 1)
    }

    /// Two batches and a request between them on one connection are answered in their order.
    @Test func batchesArePipelinedLikeOtherRequests() throws {
        let connection = try Backend.redis.patientStack.raw()
        func batch(_ operations: String) -> String {
            let content = #"{"ops":[\#(operations)]}"#
            return
                "POST /batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(content.utf8.count)\r\n\r\n\(content)"
        }
        try connection.send(
            Bytes(
                batch(put("pipelined", "1")) + "GET /keys/pipelined HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    + batch(delete("pipelined") + "," + get("pipelined"))))
        #expect(try JSONText(text(connection.readResponse()))["results"]?.elements?.statuses == [201])
        #expect(try text(connection.readResponse()) == "1")
        #expect(try JSONText(text(connection.readResponse()))["results"]?.elements?.statuses == [204, 404])
    }

    private func text(_ response: RawResponse) -> String { String(decoding: Array(response.body), as: UTF8.self) }
}
