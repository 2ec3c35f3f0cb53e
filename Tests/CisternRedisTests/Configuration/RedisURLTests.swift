import Cistern
import CisternConfiguration
import CisternRedis
import Testing

@Suite struct RedisURLTests {
    static func config(_ change: (inout RedisConfig) -> Void) -> RedisConfig {
        var config = RedisConfig()
        change(&config)
        return config
    }

    static let urls: [(String, RedisConfig)] = [
        ("redis://cache", config { $0.host = "cache" }),
        ("valkey://cache/", config { $0.host = "cache" }),
        (
            "REDIS://cache:1",
            config {
                $0.host = "cache"; $0.port = 1
            }
        ),
        ("redis://", config { _ in }),
        ("redis://:6380", config { $0.port = 6380 }),
        (
            "rediss://cache",
            config {
                $0.host = "cache"; $0.tlsEnabled = true
            }
        ),
        (
            "valkeys://cache",
            config {
                $0.host = "cache"; $0.tlsEnabled = true
            }
        ),
        (
            "redis://cache/2",
            config {
                $0.host = "cache"; $0.db = 2
            }
        ),
        (
            "redis://cache?db=2",
            config {
                $0.host = "cache"; $0.db = 2
            }
        ),
        (
            "redis://:secret@cache",
            config {
                $0.host = "cache"; $0.password = "secret"
            }
        ),
        (
            "rediss://user:secret@cache:6380/2?read_timeout=250ms",
            config {
                $0.host = "cache"; $0.port = 6380; $0.tlsEnabled = true; $0.db = 2
                $0.username = "user"; $0.password = "secret"; $0.readTimeout = .milliseconds(250)
            }
        ),
        (
            "redis://us%65r:p%40%2F%3a%23+:x@y@cache",
            config {
                $0.host = "cache"; $0.username = "user"; $0.password = "p@/:#+:x@y"
            }
        ),
        ("redis://[::1]", config { $0.host = "::1" }),
        (
            "redis://[2001:db8::1]:6380/1",
            config {
                $0.host = "2001:db8::1"; $0.port = 6380; $0.db = 1
            }
        ),
        ("redis://[fe80::1%25eth0]", config { $0.host = "fe80::1%eth0" }),
        ("unix:///run/redis.sock", config { $0.host = "/run/redis.sock" }),
        (
            "unix:///run/my%20redis.sock?db=3",
            config {
                $0.host = "/run/my redis.sock"; $0.db = 3
            }
        ),
        (
            "unix://app:secret@/run/redis.sock",
            config {
                $0.host = "/run/redis.sock"; $0.username = "app"; $0.password = "secret"
            }
        ),
        (
            "redis://cache?pool_size=20&min_idle_conns=1&max_retries=0&tls_ca_file=%2Fca.pem&&idle_timeout=0",
            config {
                $0.host = "cache"; $0.poolSize = 20; $0.minIdleConns = 1; $0.maxRetries = 0
                $0.tlsCAFile = "/ca.pem"; $0.idleTimeout = .zero
            }
        ),
    ]

    @Test(arguments: urls.indices)
    func readsAURL(index: Int) throws {
        let (url, config) = Self.urls[index]
        #expect(try RedisConfig(url: url) == config)
        #expect(try RedisConfig(environment: ["REDIS_URL": url]) == config)
    }

    @Test(arguments: [
        (
            "",
            "url = (redacted) (url): must begin with redis://, rediss://, valkey://, valkeys:// or unix://; write redis://host:6379/0"
        ),
        (
            "cache:6379",
            "url = (redacted) (url): must begin with redis://, rediss://, valkey://, valkeys:// or unix://; write redis://host:6379/0"
        ),
        (
            "http://cache",
            "url = (redacted) (url): must begin with redis://, rediss://, valkey://, valkeys:// or unix://; write redis://host:6379/0"
        ),
        ("redis://cache#0", "url = (redacted) (url): must not have a fragment; in a password, write # as %23"),
        (
            "redis://cache:x",
            "url = (redacted) (url): must have a host and a port; IPv6 stands in brackets; in a password, write / as %2F and @ as %40"
        ),
        (
            "redis://u:p/w@cache",
            "url = (redacted) (url): must have a host and a port; IPv6 stands in brackets; in a password, write / as %2F and @ as %40"
        ),
        (
            "redis://u:123456/w@cache",
            "url = (redacted) (url): must have a host and a port; IPv6 stands in brackets; in a password, write / as %2F and @ as %40"
        ),
        (
            "redis://::1",
            "url = (redacted) (url): must have a host and a port; IPv6 stands in brackets; in a password, write / as %2F and @ as %40"
        ),
        (
            "redis://[::1",
            "url = (redacted) (url): must have a host and a port; IPv6 stands in brackets; in a password, write / as %2F and @ as %40"
        ),
        (
            "redis://[::1]x",
            "url = (redacted) (url): must have a host and a port; IPv6 stands in brackets; in a password, write / as %2F and @ as %40"
        ),
        ("redis://cache:0", "port = 0 (url): must be 1…65535; Redis listens on 6379"),
        (
            "redis://cache:99999999999999999999",
            "port = 99999999999999999999 (url): must be an integer; write it in decimal digits alone"
        ),
        (
            "redis://cache/two",
            "url = (redacted) (url): must have the number of a database as its path; write redis://host:6379/2"
        ),
        (
            "redis://cache/1/2",
            "url = (redacted) (url): must have the number of a database as its path; write redis://host:6379/2"
        ),
        ("redis://ca%zzche", "url = (redacted) (url): must be percent-encoded UTF-8; write a percent sign as %25"),
        ("redis://:p%@cache", "url = (redacted) (url): must be percent-encoded UTF-8; write a percent sign as %25"),
        ("redis://:%ff@cache", "url = (redacted) (url): must be percent-encoded UTF-8; write a percent sign as %25"),
        ("redis://user@cache", "username = user (url): needs a password; set password too, or leave username empty"),
        (
            "redis://ca%20che",
            "host = ca che (url): must be a name, an IPv4 or an IPv6 address; names are letters, digits, hyphens and dots"
        ),
        ("unix://run", "url = (redacted) (url): must have the path of a socket; write unix:///run/redis.sock"),
        ("unix://run/redis.sock", "url = (redacted) (url): must have an absolute path; write unix:///run/redis.sock"),
        (
            "redis://cache?dial_timout=1s",
            "url = (redacted) (url): must not have the unknown option dial_timout; did you mean dial_timeout?"
        ),
        (
            "redis://cache?password=x",
            "url = (redacted) (url): must not have the option password; it stands before the `?` of a URL"
        ),
        ("redis://cache?db=1&db=1", "url = (redacted) (url): must not say db twice; remove one of the two"),
        ("redis://cache/1?db=1", "url = (redacted) (url): must not say db twice; remove one of the two"),
        ("redis://cache?read_timeout=5", "read_timeout = 5 (url): must be a duration with a unit; write 5s"),
        ("redis://cache?pool_size", "pool_size = \"\" (url): must be an integer; write it in decimal digits alone"),
    ])
    func saysWhatIsWrongWithAURL(url: String, fault: String) {
        let error = #expect(throws: ConfigurationFaults.self) { try RedisConfig(url: url) }
        #expect(error?.faults.map(\.description) == [fault])
    }

    @Test func reportsAllFaultsOfAURLAtOnce() {
        let error = #expect(throws: ConfigurationFaults.self) {
            try RedisConfig(url: "redis://cache:0/0?odd=1&read_timeout=5&pool_size=0")
        }
        #expect(error?.faults.map(\.key) == ["url", "read_timeout", "port", "pool_size"])
    }

    @Test func aSingleSettingBeatsTheURLOfItsSource() throws {
        let config = try RedisConfig(environment: [
            "REDIS_URL": "redis://cache:1/2?read_timeout=1s", "REDIS_PORT": "7", "REDIS_READ_TIMEOUT": "2s",
        ])
        #expect(config.host == "cache" && config.port == 7 && config.db == 2 && config.readTimeout == .seconds(2))
    }
}
