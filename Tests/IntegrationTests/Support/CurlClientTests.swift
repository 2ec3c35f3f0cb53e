import CisternBytes
import TestSupport
import Testing

@Suite("The tests' HTTP client", .blocking) struct CurlClientTests {
    private let end: Bytes = "\r\n\r\n"

    @Test func aPathGoesOutAsItStands() throws {
        let server = try FaultServer { [end] _ in
            [.receiveThrough(end), .send(["HTTP/1.1 204 No Content\r\n\r\n"])]
        }
        let curl = try CurlClient(port: server.port)
        #expect(try curl.get("/keys/a/../b//%2e%00?x=%zz", headers: ["X-One: 1"]).status == 204)
        let request = try #require(server.received().string)
        #expect(request.hasPrefix("GET /keys/a/../b//%2e%00?x=%zz HTTP/1.1\r\n"))
        #expect(request.contains("\r\nX-One: 1\r\n"))
    }

    @Test func theAnswerIsCompleteAndTheConnectionIsKept() throws {
        let answer: Bytes = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: 1\r\na: 2\r\nB:  x\r\n\r\n\u{0}\n\u{7F}"
        let server = try FaultServer { [end] _ in
            [.receiveThrough(end), .send(answer.map { [$0] }), .receiveThrough(end), .send([answer])]
        }
        let curl = try CurlClient(port: server.port)
        let first = try curl.get("/")
        #expect(first.body == "\u{0}\n\u{7F}")
        #expect(first.headers.all("A") == ["1", "2"])
        #expect(first.headers["a"] == nil)
        #expect(first.headers["b"] == "x")
        #expect(first.connectionsMade == 1)
        #expect(try curl.get("/").connectionsMade == 0)
        #expect(server.connections == 1)
    }

    @Test func headExpectsNoBody() throws {
        let server = try FaultServer { [end] _ in
            [.receiveThrough(end), .send(["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"])]
        }
        let answer = try CurlClient(port: server.port).head("/")
        #expect(answer.headers["Content-Length"] == "3")
        #expect(answer.body.isEmpty)
        #expect(server.received().string?.hasPrefix("HEAD / HTTP/1.1\r\n") == true)
    }

    @Test func aBodyGoesOutWithItsLength() throws {
        let server = try FaultServer { _ in
            [.receiveThrough("value"), .send(["HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"])]
        }
        #expect(try CurlClient(port: server.port).put("/", "value", headers: ["Expect:"]).status == 201)
        #expect(server.received().string?.contains("\r\nContent-Length: 5\r\n") == true)
    }

    @Test func aChunkedBodyHasAChunkPerPiece() throws {
        let server = try FaultServer { _ in
            [.receiveThrough("0\r\n\r\n"), .send(["HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"])]
        }
        let request = CurlRequest("PUT", "/", headers: ["Expect:"], body: .chunked(["ab", "", "cde"]))
        #expect(try CurlClient(port: server.port).send(request).status == 201)
        #expect(server.received().string?.hasSuffix("\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n") == true)
    }

    @Test func interimAnswersAreNotTheAnswer() throws {
        let server = try FaultServer { [end] _ in
            [
                .receiveThrough(end), .send(["HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n"]), .receive(1),
                .send(["HTTP/1.1 204 No Content\r\n\r\n"]),
            ]
        }
        let answer = try CurlClient(port: server.port).put("/", "v", headers: ["Expect: 100-continue"])
        #expect(answer.interim == [100])
        #expect(answer.status == 204)
        #expect(answer.headers["X"] == nil)
    }

    @Test func aServerThatHangsUpIsAnError() throws {
        let server = try FaultServer { [end] _ in [.receiveThrough(end), .reset] }
        #expect(throws: CurlError.self) { try CurlClient(port: server.port).get("/") }
    }
}
