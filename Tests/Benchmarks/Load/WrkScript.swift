/// The script with which `wrk` sends the requests of a plan, and says what came of them.
enum WrkScript {
    static func text(of plan: RequestPlan) -> String {
        (plan.requests.count == 1 ? single(plan.requests[0]) : several(plan)) + done
    }

    /// One request, which `wrk` sends without asking the script again.
    private static func single(_ request: RequestPlan.Request) -> String {
        """
        wrk.method = "\(request.method)"
        wrk.path = "\(request.path)"
        \(request.size.map { "wrk.body = (\"x\"):rep(\($0))" } ?? "")

        """
    }

    private static func several(_ plan: RequestPlan) -> String {
        let requests = plan.requests.map { "{\"\($0.method)\", \"\($0.path)\", \($0.size ?? -1)}" }
        return """
            local plan = {\(requests.joined(separator: ",\n"))}
            local order = {\(plan.order.map { "\($0 + 1)" }.joined(separator: ","))}
            local made = {}
            local sent = 0

            function request()
                local number = order[sent % #order + 1]
                sent = sent + 1
                if not made[number] then
                    local method, path, size = plan[number][1], plan[number][2], plan[number][3]
                    made[number] = wrk.format(method, path, nil, size >= 0 and ("x"):rep(size) or nil)
                end
                return made[number]
            end

            """
    }

    private static let done = """

        function done(summary, latency)
            local errors = summary.errors
            print(("result: %d %d %d %d %d %.0f %.0f %.0f %.0f"):format(
                summary.requests, summary.duration, errors.status,
                errors.connect + errors.read + errors.write, errors.timeout,
                latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max))
        end

        """
}
