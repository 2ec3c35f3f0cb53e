import CisternConfiguration
import Testing

@Suite struct ServiceLinkTests {
    @Test(arguments: [
        ("REDIS_PORT", "tcp://10.0.0.1:6379"), ("REDIS_PORT", "udp://10.0.0.1:1"), ("REDIS_SERVICE_HOST", "10.0.0.1"),
        ("REDIS_SERVICE_PORT", "6379"), ("REDIS_SERVICE_PORT_REDIS", "6379"),
        ("REDIS_PORT_6379_TCP", "tcp://10.0.0.1:6379"),
        ("REDIS_PORT_6379_TCP_ADDR", "10.0.0.1"), ("REDIS_PORT_6379_TCP_PORT", "6379"),
        ("REDIS_PORT_6379_TCP_PROTO", "tcp"), ("REDIS_MASTER_PORT", "tcp://10.0.0.1:6379"),
        ("CISTERN_HTTP_PORT", "tcp://10.0.0.1:80"), ("REDIS_PORT_53_UDP", "x"),
    ])
    func knowsTheVariablesOfKubernetes(name: String, value: String) {
        #expect(ServiceLink.isLink(name, value: value))
    }

    @Test(arguments: [
        ("REDIS_PORT", "6379"), ("REDIS_HOST", "tcp://x"), ("REDIS_URL", "redis://x"), ("CISTERN_HTTP_PORT", "80"),
        ("REDIS_PORT_X_TCP", "x"), ("REDIS_PORT_6379_XXX", "x"), ("PORT_6379_TCP", "x"), ("REDIS_PASSWORD", "tcp://x"),
        ("REDIS_POOL_SIZE", "1"), ("", ""), ("_", ""), ("REDIS_PORT_99999_TCP", "x"),
    ])
    func leavesEverythingElse(name: String, value: String) {
        #expect(!ServiceLink.isLink(name, value: value))
    }
}
