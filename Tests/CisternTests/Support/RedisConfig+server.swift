import Cistern
import TestSupport

extension RedisConfig {
    /// The configuration that leads to a server of the tests.
    init(reaching server: RedisServerProcess) {
        self.init()
        host = "127.0.0.1"
        port = Int(server.port)
    }
}
