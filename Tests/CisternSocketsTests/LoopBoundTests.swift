import CisternSockets
import TestSupport
import Testing

private final class Box {
    let number = 7
}

@Suite(.blocking, .timeLimit(.minutes(20)))
struct LoopBoundTests {
    @Test func onItsLoopItGivesWhatItHolds() async throws {
        try await withLoop { loop in
            let bound = LoopBound(Box(), to: loop)
            let number = await withCheckedContinuation { continuation in
                loop.submit { continuation.resume(returning: bound.value.number) }
            }
            #expect(number == 7)
        }
    }

    @Test func elsewhereItEndsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            _ = LoopBound(Box(), to: try EventLoop()).value.number
        }
    }
}
