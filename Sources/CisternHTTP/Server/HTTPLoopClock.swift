internal import CisternBytes
internal import Glibc

/// The `Date` field of a loop's responses.
final class HTTPLoopClock {
    private var dates = HTTPDateCache()

    func appendDate(to output: inout OutputQueue) {
        dates.append(at: time(nil), to: &output)
    }
}
