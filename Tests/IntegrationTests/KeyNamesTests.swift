import CisternBytes
import TestSupport
import Testing

@Suite("Names of keys", .blocking) struct KeyNamesTests {
    @Test(
        .serialized,
        arguments: [
            ("a/b", "a/b"), ("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("/lead", "/lead"), ("two//slashes", "two//slashes"),
            ("end/", "end/"), ("a%20b", "a b"), ("a+b", "a+b"), ("caf%C3%A9", "café"), ("%E2%98%83", "☃"),
            ("nul%00nul", "nul\0nul"), ("%25", "%"), ("%2525", "%25"), ("a.b..c", "a.b..c"), ("...", "..."),
            ("q%3Fx%23y", "q?x#y"), ("a:b@c;d=e,f&g!h$i*j(k)", "a:b@c;d=e,f&g!h$i*j(k)"), ("%0D%0A", "\r\n"),
        ])
    func aKeyIsThePathDecodedOnce(path: String, key: String) throws {
        let stack = try Backend.redis.stack
        let redis = try #require(stack.redis)
        try redis.cli("DEL", Bytes(key))
        #expect(try stack.curl().put("/keys/\(path)", Bytes(path)).status == 201)
        #expect(try redis.cli("GET", Bytes(key)) == .bytes(Bytes(path)))
        #expect(try stack.curl().get("/keys/\(path)").body == Bytes(path))
        #expect(try stack.curl().delete("/keys/\(path)").status == 204)
    }

    @Test func anyBytesAtAllGoByBase64() throws {
        let stack = try Backend.redis.stack
        // FF FE 00 in base64url, RFC 4648 §5.
        #expect(try stack.curl().put("/keys/__4A?key_encoding=base64url", "v").status == 201)
        #expect(try stack.redis?.cli("GET", [0xFF, 0xFE, 0x00]) == .bytes("v"))
        #expect(try stack.curl().get("/keys/%FF%FE%00").body == "v")
        #expect(try stack.curl().get("/keys/__4A?key_encoding=base64url").body == "v")
    }

    @Test(arguments: Backend.allCases) func pathAndEncodedSlashAreOneKey(backend: Backend) throws {
        let curl = try backend.stack.curl()
        #expect(try curl.put("/keys/one/key", "v").status == 201)
        #expect(try curl.put("/keys/one%2Fkey", "w").status == 204)
        #expect(try curl.get("/keys/one/key").body == "w")
    }

    @Test(arguments: [
        "", "%", "%2", "%zz", "a%g0", ".", "..", "a/./b", "a/../b", "%2e", "%2E%2e", "a/%2e%2e/b", "a%2F..",
        "*a?key_encoding=base64url", "a?key_encoding=base65", "?key_encoding=base64url",
    ])
    func whatIsNoKeyIsRefused(path: String) throws {
        let curl = try Backend.local.stack.curl()
        #expect(try curl.get("/keys/\(path)").status == 400)
        #expect(try curl.put("/keys/\(path)", "v").status == 400)
        #expect(try curl.delete("/keys/\(path)").status == 400)
    }

    @Test(arguments: [(1024, 201), (1025, 414), (8192, 414), (16000, 414)])
    func aKeyHasALongestLength(length: Int, status: Int) throws {
        let path = "/keys/" + String(repeating: "k", count: length)
        #expect(try Backend.local.stack.curl().put(path, "v").status == status)
    }

    @Test func theLengthIsOfTheDecodedKey() throws {
        let path = "/keys/" + String(repeating: "%6B", count: 1023)
        #expect(try Backend.local.stack.curl().put(path, "v").status == 201)
    }
}
