import CisternBytes
import Glibc

/// What this process holds of the kernel. Other tests run beside, so it is only nearly constant; a leak of a hundred
/// rounds is not.
package struct OpenResources {
    private let descriptors: Int
    private let loops: Int

    package init() throws {
        descriptors = try Self.entries("/proc/self/fd").count
        loops = try Self.entries("/proc/self/task").count {
            (try? readFile("/proc/self/task/\($0)/comm").string)?.hasPrefix("cistern-loop") == true
        }
    }

    package func isLike(_ other: Self) -> Bool { descriptors <= other.descriptors + 8 && loops <= other.loops + 3 }

    private static func entries(_ path: String) throws -> [String] {
        guard let directory = opendir(path) else { throw TestFailure(call: "opendir \(path)", error: errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }
}
