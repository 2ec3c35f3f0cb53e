internal import Glibc

/// What a system call came to, where waiting is an outcome and not an error.
package enum SyscallResult: Equatable, Sendable {
    case value(Int)
    case wouldBlock
    case failed(errno: CInt)
}

/// Makes a system call: repeats it after EINTR and returns would-block as a value.
///
/// EBADF is a mistake of this program (a descriptor used after its close) that could hit a stranger's socket: it traps.
@inline(__always)
package func syscall(_ call: () -> Int) -> SyscallResult {
    while true {
        let result = call()
        if result >= 0 { return .value(result) }
        switch errno {
        case EINTR: continue
        case EAGAIN: return .wouldBlock
        case EBADF: preconditionFailure("a descriptor was used after its close")
        case let code: return .failed(errno: code)
        }
    }
}
