import CisternSockets
import Glibc
import Testing

struct SyscallTests {
    /// Fails in the given ways, one after the other, and then gives 42.
    private func call(_ errors: [CInt]) -> (result: SyscallResult, calls: Int) {
        var errors = errors
        var calls = 0
        let result = syscall {
            calls += 1
            guard !errors.isEmpty else { return 42 }
            errno = errors.removeFirst()
            return -1
        }
        return (result, calls)
    }

    @Test func aCallThatWasInterruptedIsRepeated() {
        #expect(call([EINTR, EINTR, EINTR]) == (.value(42), 4))
    }

    @Test func waitingIsAnOutcome() {
        #expect(call([EAGAIN]) == (.wouldBlock, 1))
        #expect(call([EINTR, EWOULDBLOCK]) == (.wouldBlock, 2))
    }

    @Test func anErrorIsReportedOnce() {
        #expect(call([ECONNRESET]) == (.failed(errno: ECONNRESET), 1))
        #expect(call([]) == (.value(42), 1))
    }

    @Test func aDescriptorUsedAfterItsCloseIsFatal() async {
        await #expect(processExitsWith: .failure) {
            _ = syscall {
                errno = EBADF
                return -1
            }
        }
    }
}
