import CisternBytes
import Glibc
import TestSupport

/// One client of a drill: it asks one thing after the other, chosen from its seed, and writes down what came of it.
struct LoadClient {
    private let number: Int
    private let keys: DrillKeys
    private let curl: CurlClient
    private let begin: ContinuousClock.Instant
    private var choice: SeededChoice
    private var written = 0
    private var unknownRead = 0
    private(set) var operations: [Operation] = []

    init(_ number: Int, keys: DrillKeys, port: UInt16, seed: Int, begin: ContinuousClock.Instant) throws {
        self.number = number
        self.keys = keys
        self.begin = begin
        curl = try CurlClient(port: port)
        choice = SeededChoice(seed &* 1_000_003 &+ number)
    }

    /// Writes every key of its own, so that each is known.
    mutating func introduce() {
        for key in 0..<keys.ownedPerClient { put(keys.owned(by: number, key)) }
        if number < keys.sharedCount { put(keys.shared(number)) }
    }

    /// One operation, and a rest of up to two milliseconds.
    mutating func step() {
        let own = choice.next(below: keys.ownedPerClient)
        let shared = keys.shared(choice.next(below: keys.sharedCount))
        switch choice.next(below: 100) {
        case ..<54:
            let owner = choice.next(below: keys.clients)
            get(keys.owned(by: owner, own))
        case ..<60: get(shared)
        case ..<62: getUnknown()
        case ..<63: get(keys.absent(own))
        case ..<86: put(keys.owned(by: number, own))
        case ..<91: put(shared)
        case ..<98 where keys.isDeletable(own): delete(keys.owned(by: number, own))
        case ..<99: delete(shared)
        default: get(keys.owned(by: number, own))
        }
        usleep(UInt32(choice.next(below: 2000)))
    }

    private mutating func getUnknown() {
        let next = unknownRead * keys.clients + number
        guard next < keys.unknownCount else { return }
        unknownRead += 1
        get(keys.unknown(next))
    }

    private mutating func get(_ key: String) { record(.get, key) }
    private mutating func delete(_ key: String) { record(.delete, key) }

    private mutating func put(_ key: String) {
        written += 1
        record(.put, key, WrittenValue(client: number, sequence: written))
    }

    private mutating func record(_ kind: Operation.Kind, _ key: String, _ value: WrittenValue? = nil) {
        let body = value.map { CurlRequest.Body.whole($0.bytes) } ?? .none
        // Without `Expect:` libcurl would wait for a 100 before a larger body.
        let request = CurlRequest(
            kind.rawValue, "/keys/\(key)", headers: value == nil ? [] : ["Expect:"], body: body)
        var operation = Operation(client: number, kind: kind, key: key, written: value, start: now, end: .zero)
        let answer = Result { try curl.send(request) }
        operation.end = now
        switch answer {
        case .success(let answer): operation.take(answer)
        case .failure(let error): operation.failure = "\(error)"
        }
        operations.append(operation)
    }

    private var now: Duration { ContinuousClock.now - begin }
}

extension Operation {
    /// What the answer says.
    mutating func take(_ answer: CurlResponse) {
        status = answer.status
        source = answer.headers["Cache-Source"]
        age = answer.headers["Age"].flatMap { Int($0) }
        cacheStatus = answer.headers["Cache-Status"]
        durability = answer.headers["Cache-Durability"]
        retryAfter = answer.headers["Retry-After"].flatMap { Int($0) }
        if kind == .get, status == 200 { content = Content(answer.body) }
    }
}

extension Operation.Content {
    init(_ body: Bytes) {
        self = WrittenValue(body).map { .value($0) } ?? .torn("\(body.count) bytes: \(body.prefix(40).printable)")
    }
}

extension Sequence<UInt8> {
    fileprivate var printable: String {
        String(decoding: map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
    }
}
