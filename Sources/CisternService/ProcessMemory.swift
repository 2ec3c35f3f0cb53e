internal import CLinux
internal import Glibc

/// The memory of this process.
package enum ProcessMemory {
    /// Has freed memory stay, up to 8 MiB at the end of each thread's heap, so that a turn in which several values of 1 MiB are
    /// received does not fetch 256 pages for each from the kernel. For a program that serves: it decides for the whole process.
    package static func keepFreed() {
        // The second is the most that glibc takes, and what it would arrive at by itself with values of that size.
        cistern_keep_freed_memory(8 << 20, 32 << 20)
    }

    /// Resident memory as the kernel counts it, in bytes; 0 where the kernel does not say.
    static var resident: Int {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = read(file, &text, text.count)
        guard count > 0 else { return 0 }
        let numbers = String(decoding: text[..<count], as: UTF8.self).split(separator: " ")
        guard numbers.count > 1, let pages = Int(numbers[1]) else { return 0 }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
