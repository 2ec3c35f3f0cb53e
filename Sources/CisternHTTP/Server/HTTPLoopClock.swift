internal import CisternBytes
internal import Glibc

/// The `Date` field of a loop's responses.
final class HTTPLoopClock {
    // What is done with it never comes back here.
    @exclusivity(unchecked) private var dates = HTTPDateCache()

    func appendDate(to output: inout OutputQueue) {
        dates.append(at: time(nil), to: &output)
    }
}
