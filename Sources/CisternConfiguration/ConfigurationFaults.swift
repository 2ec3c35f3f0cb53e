/// Everything that is wrong with a configuration, at once.
public struct ConfigurationFaults: Error, Sendable, Hashable {
    /// The faults in the order of their discovery. Never empty.
    public let faults: [ConfigurationFault]

    package init(_ faults: [ConfigurationFault]) {
        self.faults = faults
    }
}

extension ConfigurationFaults: CustomStringConvertible {
    /// How many there are, and each on its own line with its hint.
    public var description: String {
        let count = faults.count == 1 ? "1 fault" : "\(faults.count) faults"
        return faults.reduce("the configuration has \(count):") { $0 + "\n  \($1)" }
    }
}
