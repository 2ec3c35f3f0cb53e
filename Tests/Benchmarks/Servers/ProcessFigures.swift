internal import CLinux
internal import Glibc
internal import TestSupport

/// What the kernel counts for a process and its children.
struct ProcessFigures {
    /// Time on a processor, of all threads, in nanoseconds.
    var nanoseconds: Int64 = 0
    /// The most memory that was resident at a time. Pages that processes share count for each.
    var peakBytes = 0

    init(of pid: pid_t) throws {
        for pid in try [pid] + Self.children(of: pid) {
            // Exact to the nanosecond, where /proc/PID/stat counts ticks of 10 ms.
            var clock = clockid_t()
            var time = timespec()
            guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
                throw TestFailure("process \(pid) is gone")
            }
            nanoseconds += Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
            peakBytes += try Self.peak(of: pid)
        }
    }

    private static func peak(of pid: pid_t) throws -> Int {
        let lines = try readText("/proc/\(pid)/status").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }),
            let kibibytes = line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap({ Int($0) })
        else { throw TestFailure("no VmHWM in /proc/\(pid)/status") }
        return kibibytes * 1024
    }

    private static func children(of parent: pid_t) throws -> [pid_t] {
        try namesInFolder("/proc").compactMap { pid_t($0) }.filter { pid in
            // The name of the program may have spaces; its end is the last parenthesis.
            guard let stat = try? readText("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return false }
            return stat[end...].split(separator: " ").dropFirst(2).first == "\(parent)"
        }
    }
}
