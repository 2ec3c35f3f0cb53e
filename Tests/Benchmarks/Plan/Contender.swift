/// A server in one of its ways to answer.
enum Contender: String, CaseIterable, Sendable {
    /// Through Redis.
    case cistern
    /// From the embedded cache, without Redis.
    case local
    /// From copies, its Redis being away and its breaker open.
    case open
    /// Through Redis.
    case webdis
    /// A constant (`return 200`), and for larger values a file in memory: what an HTTP server can do on this machine.
    case nginx

    var title: String {
        switch self {
        case .cistern: "Cistern"
        case .local: "Cistern, backend local"
        case .open: "Cistern, breaker open"
        case .webdis: "webdis"
        case .nginx: "nginx"
        }
    }

    /// Where a key is read. `.bin` has webdis answer with the bytes alone, as Cistern does, and not with JSON around them.
    func path(reading key: String) -> String {
        switch self {
        case .cistern, .local, .open: "/keys/\(key)"
        case .webdis: "/GET/\(key).bin"
        case .nginx: "/\(key)"
        }
    }

    func path(writing key: String) -> String {
        self == .webdis ? "/SET/\(key).bin" : path(reading: key)
    }
}
