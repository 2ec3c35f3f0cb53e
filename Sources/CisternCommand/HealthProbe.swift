internal import CisternBytes

/// One request on one blocking connection: all that a health check needs.
enum HealthProbe {
    struct Failure: Error {
        let message: String

        static let noAnswer = Failure(message: "no answer within two seconds")
    }

    /// The status that a GET is answered with.
    static func status(of target: Health.Target) throws(Failure) -> Int {
        var connection = try HealthConnection.open(target)
        let request = "GET \(target.path) HTTP/1.1\r\nHost: \(target.authority)\r\nConnection: close\r\n\r\n"
        try connection.send(Array(request.utf8))
        // As far as `HTTP/1.1 200 `.
        let needed = "HTTP/1.1 200 ".utf8.count
        var answer: [UInt8] = []
        while answer.count < needed { answer += try connection.read() }
        guard answer.starts(with: "HTTP/1.".utf8), let status = ASCII.decimal(answer.span.extracting(9..<12)) else {
            throw Failure(message: "the answer is not HTTP")
        }
        return status
    }
}
