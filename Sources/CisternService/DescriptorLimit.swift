internal import Glibc
internal import Logging

/// The number of descriptors that this process may have (`RLIMIT_NOFILE`).
enum DescriptorLimit {
    /// Raises the soft limit to the hard one. The result is how many connections of clients fit beside `others`.
    static func raise(connections: Int, others: Int, logger: Logger) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return connections }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        let available = Int(clamping: limit.rlim_cur) - others
        guard available < connections else { return connections }
        logger.warning(
            "max_connections is lowered: the process may not have more descriptors",
            metadata: ["http.max_connections": "\(connections)", "effective": "\(max(1, available))"])
        return max(1, available)
    }
}
