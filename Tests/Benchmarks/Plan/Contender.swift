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
    /// A constant (`return 200`), and for larger values a file in memory of which the kernel sends the pages themselves
    /// (`sendfile on`): what an HTTP server can do on this machine.
    case nginx
    /// The file is copied into the process and out of it (`sendfile off`), as is done by whoever gets a value from a socket.
    case nginxCopying

    var title: String {
        switch self {
        case .cistern: "Cistern"
        case .local: "Cistern, backend local"
        case .open: "Cistern, breaker open"
        case .webdis: "webdis"
        case .nginx: "nginx"
        case .nginxCopying: "nginx, sendfile off"
        }
    }

    /// Where a key is read. `.bin` has webdis answer with the bytes alone, as Cistern does, and not with JSON around them.
    func path(reading key: String) -> String {
        switch self {
        case .cistern, .local, .open: "/keys/\(key)"
        case .webdis: "/GET/\(key).bin"
        case .nginx, .nginxCopying: "/\(key)"
        }
    }

    func path(writing key: String) -> String {
        self == .webdis ? "/SET/\(key).bin" : path(reading: key)
    }
}
