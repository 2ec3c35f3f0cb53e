import CisternSockets
import TestSupport
import Testing

@Suite(.blocking, .timeLimit(.minutes(20)))
struct ResolverTests {
    private func resolve(_ host: String, port: UInt16 = 6379) async -> Resolver.Answer {
        await withCheckedContinuation { continuation in
            Resolver.resolve(host: host, port: port) { continuation.resume(returning: $0) }
        }
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:6379"), ("::1", "[::1]:6379"), ("[::1]", "[::1]:6379"),
        ("[2001:DB8:0::1]", "[2001:db8::1]:6379"), ("/run/redis.sock", "unix:/run/redis.sock"),
    ])
    func whatIsAnAddressAlreadyIsAnsweredAtOnce(_ host: String, _ address: String) {
        let answers = Log<[String]>()
        Resolver.resolve(host: host, port: 6379, lookUp: { _, _ in .success([]) }) { answer in
            answers.add((try? answer.get())?.map(\.description) ?? [])
        }
        #expect(answers.entries == [[address]])
    }

    @Test func localhostIsThisMachine() async throws {
        let addresses = try await resolve("localhost", port: 80).get()
        #expect(!addresses.isEmpty)
        for address in addresses {
            #expect(address.isLoopback)
            #expect(address.port == 80)
        }
    }

    @Test(arguments: [
        "name.invalid", "", "no such name", "256.0.0.1", "[::1", "::1\0.invalid", "localhost\0", "127.0.0.1\0",
    ])
    func whatDoesNotResolveFails(_ host: String) async {
        guard case .failure(let error) = await resolve(host) else {
            Issue.record("it resolved")
            return
        }
        #expect(error.code == .resolution)
    }

    @Test func aUnixPathHasRoomFor107Bytes() async throws {
        let longest = "/" + String(repeating: "p", count: 106)
        #expect(try await resolve(longest).get().map(\.description) == ["unix:" + longest])
        guard case .failure(let error) = await resolve(longest + "p") else {
            Issue.record("a path that is too long resolved")
            return
        }
        #expect(error.code == .resolution)
        #expect(error.message.contains("107"))
    }

    @Test func manyQuestionsShareOneLookup() throws {
        let (lookups, answers, gate) = (Count(), Log<Resolver.Answer>(), Semaphore())
        let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 1))
        for _ in 0..<100 {
            Resolver.resolve(
                host: "shared.invalid", port: 1,
                lookUp: { _, _ in
                    lookups.add()
                    gate.wait()
                    return .success([address])
                }, { answers.add($0) })
        }
        #expect(answers.entries.isEmpty)
        gate.post()
        #expect(eventually { answers.entries.count == 100 })
        #expect(lookups.value == 1)

        // What is asked afterwards is looked up anew.
        Resolver.resolve(
            host: "shared.invalid", port: 1,
            lookUp: { _, _ in
                lookups.add()
                return .failure(SocketError(.resolution, "no more"))
            }, { answers.add($0) })
        #expect(eventually { answers.entries.count == 101 })
        #expect(lookups.value == 2)
    }

    @Test func anotherPortIsAnotherQuestion() {
        let lookups = Log<UInt16>()
        for port in [UInt16(1), 2] {
            Resolver.resolve(
                host: "ports.invalid", port: port,
                lookUp: { _, port in
                    lookups.add(port)
                    return .success([])
                }, { _ in })
        }
        #expect(eventually { Set(lookups.entries) == [1, 2] })
    }
}
