internal import ArgumentParser
internal import Glibc

/// Carries out the steps of a test and prints a line for each as it ends: its name, whether it passed, and its time.
struct Steps {
    /// What was wrong with a step.
    struct Fault: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// The column after the names.
    private let width: Int
    private let areVital: Bool
    private var isOver = false
    private(set) var hasFailed = false

    /// - Parameters:
    ///   - width: The length of the longest name.
    ///   - areVital: Whether every step is vital.
    init(width: Int, areVital: Bool = false) {
        self.width = width
        self.areVital = areVital
    }

    /// Does a step and says how it went, unless a vital one before it has failed.
    ///
    /// - Parameters:
    ///   - isVital: Whether the steps after it mean nothing when it fails.
    ///   - body: Returns what there is to say when it passed, or nothing; throws what was wrong.
    mutating func step(_ name: String, isVital: Bool = false, _ body: () async throws -> String) async {
        guard !isOver else { return skip(name) }
        let start = ContinuousClock.now
        do {
            let remark = try await body()
            tell(name, "passed", ContinuousClock.now - start, remark)
        } catch {
            tell(name, "FAILED", ContinuousClock.now - start, "\(error)")
            hasFailed = true
            isOver = isVital || areVital
        }
    }

    /// A step of which there is nothing to say when it passed.
    mutating func check(_ name: String, _ body: () async throws -> Void) async {
        await step(name) {
            try await body()
            return ""
        }
    }

    /// Says that a step is not done.
    func skip(_ name: String) { say("\(name.padded(to: width)) skipped") }

    private func tell(_ name: String, _ outcome: String, _ time: Duration, _ remark: String) {
        let line = "\(name.padded(to: width)) \(outcome)   \(time.shown)"
        say(remark.isEmpty ? line : "\(line.padded(to: width + 19)) \(remark)")
    }
}

/// Prints the verdict, and ends the command with code 1 where a step failed.
func end(isPassed: Bool, _ remark: String = "") throws {
    say("\nverdict: \(isPassed ? "passed" : "FAILED")\(remark)")
    if !isPassed { throw ExitCode.failure }
}

/// Throws what was wrong with a step, unless the condition holds.
func require(_ condition: Bool, _ fault: @autoclosure () -> String) throws(Steps.Fault) {
    guard condition else { throw Steps.Fault(fault()) }
}

/// Prints a line at once, also where the output is a file.
func say(_ line: String) {
    print(line)
    fflush(nil)
}

extension Duration {
    /// For people: microseconds below ten milliseconds, else milliseconds.
    var shown: String {
        self < .milliseconds(10) ? "\(Int(self / .microseconds(1))) µs" : "\(Int(self / .milliseconds(1))) ms"
    }
}

extension String {
    /// With spaces behind, at least this long.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// With spaces before, at least this long.
    func aligned(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
