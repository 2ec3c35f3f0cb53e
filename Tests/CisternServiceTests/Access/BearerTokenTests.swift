import CisternBytes
import CisternHTTP
import Testing

@testable import CisternService

@Suite struct BearerTokenTests {
    private func token(_ fields: [String], target: String = "/keys/a") throws -> String? {
        let head = try requestHead("GET", target, ["Host: localhost"] + fields)
        guard let token = head.bearerToken else { return nil }
        return Bytes(copying: token).text
    }

    @Test(arguments: [
        ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER abc", "abc"), ("Bearer   abc", "abc"),
        ("Bearer abc  ", "abc"), ("  Bearer abc\t", "abc"), ("Bearer a b", "a b"),
        ("Bearer abc, Bearer abd", "abc, Bearer abd"),
        ("Bearer", ""), ("Bearer ", ""), ("bearer   ", ""), ("Bearer Basic", "Basic"), ("Bearer \"abc\"", "\"abc\""),
    ])
    func whatFollowsTheSchemeIsTheToken(value: String, expected: String) throws {
        #expect(try token(["Authorization: \(value)"]) == expected)
        #expect(try token(["AUTHORIZATION:\(value)"]) == expected)
    }

    @Test(arguments: ["", "abc", "Basic abc", "Bear abc", "Bearerabc", "Bearer\tabc", "Bearer:abc", "Token abc"])
    func anotherSchemeSaysNothing(value: String) throws {
        #expect(try token(["Authorization: \(value)"]) == nil)
    }

    @Test func noFieldIsNoToken() throws {
        #expect(try token([]) == nil)
        #expect(try token(["X-Authorization: Bearer abc", "Proxy-Authorization: Bearer abc"]) == nil)
        #expect(try token([], target: "/keys/a?access_token=abc") == nil)
    }

    @Test func ofTwoFieldsNoneCounts() throws {
        #expect(try token(["Authorization: Bearer abc", "Authorization: Bearer abc"]) == "")
        #expect(try token(["Authorization: Basic abc", "Authorization: Bearer abc"]) == "")
    }
}
