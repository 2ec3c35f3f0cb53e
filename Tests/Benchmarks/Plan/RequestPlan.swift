internal import TestSupport

/// The requests of a load, each once, and the order in which they are sent, over and over.
struct RequestPlan: Sendable {
    struct Request: Hashable, Sendable {
        var method: String
        var path: String
        /// How many bytes are written; nil when it has no content.
        var size: Int?

        func wire(port: UInt16) -> [UInt8] {
            var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
            if let size { head += "Content-Length: \(size)\r\n" }
            return Array((head + "\r\n").utf8) + Array(repeating: UInt8(ascii: "x"), count: size ?? 0)
        }
    }

    let requests: [Request]
    let order: [Int]

    init(_ requests: [Request], order: [Int] = [0]) {
        self.requests = requests
        self.order = order
    }

    init(_ contender: Contender, _ workload: Workload) {
        switch workload {
        case .get100, .get10k, .get1m:
            self.init([Self.read(workload.rawValue, contender)])
        case .miss:
            self.init([Self.read("nothing", contender)])
        case .put100, .put10k:
            self.init([Self.write(workload.rawValue, contender, workload.size)])
        case .mix:
            let keys = workload.keys
            let order = Self.mixed(count: 50_000, keys: keys.count, reads: Workload.readsOfMix)
            self.init(
                keys.map { Self.read($0, contender) } + keys.map { Self.write($0, contender, workload.size) },
                order: order)
        }
    }

    /// Numbers of keys; those from `keys` on write the key that is so much before.
    static func mixed(count: Int, keys: Int, reads: Int) -> [Int] {
        // The same for every server.
        var random = SplitMix64(seed: 1)
        let zipf = Zipf(count: keys)
        return (0..<count).map { _ in
            let key = zipf.next(&random)
            return Int.random(in: 0..<100, using: &random) < reads ? key : keys + key
        }
    }

    private static func read(_ key: String, _ contender: Contender) -> Request {
        Request(method: "GET", path: contender.path(reading: key))
    }

    private static func write(_ key: String, _ contender: Contender, _ size: Int) -> Request {
        Request(method: "PUT", path: contender.path(writing: key), size: size)
    }
}
