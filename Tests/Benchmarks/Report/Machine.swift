internal import Glibc
internal import TestSupport

/// What the figures hold for.
enum Machine {
    static func description() throws -> [String] {
        [
            "\(try processor()), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores, "
                + "\(try readText("/proc/meminfo").split(separator: "\n").first.map(gibibytes) ?? "?") GiB of memory",
            "Linux \(try readText("/proc/sys/kernel/osrelease").split(separator: "\n").first ?? "?"), \(system())",
            [
                "Redis \(word(after: "v=", in: said("redis-server", ["--version"])))",
                "webdis \(package("webdis"))",
                "nginx \(word(after: "nginx/", in: said("/usr/sbin/nginx", ["-v"])))",
                "wrk \(package("wrk"))",
                "Swift \(word(after: "Swift version ", in: said("swift", ["--version"])))",
            ].joined(separator: ", "),
            // Others who use the machine are seen here.
            "\(word(after: "", in: said("date", ["--iso-8601=minutes"]))), load average before: "
                + "\(word(after: "", in: try readText("/proc/loadavg")))",
        ]
    }

    private static func processor() throws -> String {
        let lines = try readText("/proc/cpuinfo").split(separator: "\n")
        let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        return name.map { String($0.drop { $0 == " " }) } ?? "unknown processor"
    }

    private static func gibibytes(_ line: Substring) -> String {
        let kibibytes = line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
        return (kibibytes / 1024 / 1024).places(0)
    }

    private static func system() -> String {
        let release = (try? readText("/etc/os-release")) ?? ""
        return word(after: "PRETTY_NAME=\"", in: release, until: "\"")
    }

    /// The version of a Debian package, for programs that do not tell theirs.
    private static func package(_ name: String) -> String {
        said("dpkg-query", ["-W", "-f", "${Version} ", name]).split(separator: " ").first.map(String.init) ?? "?"
    }

    /// What a program writes, on whichever stream.
    private static func said(_ program: String, _ arguments: [String]) -> String {
        guard let process = try? ChildProcess(program, arguments), (try? process.wait()) != nil else { return "" }
        return process.output + process.errorOutput
    }

    private static func word(after mark: String, in text: String, until end: Character = " ") -> String {
        let start = mark.isEmpty ? text.startIndex : text.firstRange(of: mark)?.upperBound
        return start.map { String(text[$0...].prefix { $0 != end && !$0.isNewline }) } ?? "?"
    }
}
