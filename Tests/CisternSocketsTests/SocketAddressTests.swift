import CisternSockets
import Testing

struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:80", true), ("127.255.0.9", "127.255.0.9:80", true), ("0.0.0.0", "0.0.0.0:80", false),
        ("10.0.0.1", "10.0.0.1:80", false), ("::1", "[::1]:80", true), ("::", "[::]:80", false),
        ("::2", "[::2]:80", false), ("1::1", "[1::1]:80", false),
    ])
    func anAddressInDigitsIsShownAndKnownAsLocalOrNot(_ host: String, _ shown: String, _ isLoopback: Bool) throws {
        let address = try #require(SocketAddress(numericHost: host, port: 80))
        #expect(address.description == shown)
        #expect(address.isLoopback == isLoopback)
        #expect(address.port == 80)
        #expect(!address.isUnix)
    }

    @Test(arguments: ["", "localhost", "127.1", "1.2.3.4.5", "::g", "[::1]", "127.0.0.1 ", "127.0.0.1\0x"])
    func whatIsNoAddressInDigitsIsNone(_ host: String) {
        #expect(SocketAddress(numericHost: host, port: 80) == nil)
    }

    @Test func aUnixAddressIsItsPath() throws {
        let address = try #require(SocketAddress(unixPath: "/tmp/s"))
        #expect(address.description == "unix:/tmp/s")
        #expect(address.isUnix)
        #expect(address.isLoopback)
        #expect(address.port == 0)
    }

    @Test(arguments: ["", "/a\0b", String(repeating: "p", count: 108)])
    func whatTheKernelDoesNotTakeIsNoUnixAddress(_ path: String) {
        #expect(SocketAddress(unixPath: path) == nil)
    }
}
