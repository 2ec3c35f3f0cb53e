/// What came of a run of `wrk`, as the script says it. Times are in microseconds, from the sending of each request.
struct WrkReport: Equatable {
    var requests: Int
    var seconds: Double
    /// Answers with a status of 400 and more.
    var refusals: Int
    /// Connections that failed, and answers that did not come in time.
    var failures: Int
    var p50: Double
    var p99: Double
    var p999: Double
    var longest: Double

    var perSecond: Double { Double(requests) / seconds }

    /// Nil where there is no line of results, or it makes no sense.
    init?(_ output: String) {
        guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("result: ") }) else { return nil }
        let numbers = line.split(separator: " ").dropFirst().map { Double($0) }
        let values = numbers.compactMap { $0 }
        guard values.count == 9, numbers.count == 9, values[0] >= 0, values[1] > 0 else { return nil }
        requests = Int(values[0])
        seconds = values[1] / 1e6
        refusals = Int(values[2])
        failures = Int(values[3] + values[4])
        (p50, p99, p999, longest) = (values[5], values[6], values[7], values[8])
    }

    /// How many answers were not what the workload asks for.
    func errors(expectingRefusals: Bool) -> Int {
        (expectingRefusals ? requests - refusals : refusals) + failures
    }
}
