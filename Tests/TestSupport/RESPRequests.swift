package import CisternBytes

/// The commands in what a client has sent to a server, as far as they are complete.
package enum RESPRequests {
    /// The arguments of each command, joined by single spaces.
    package static func parse(_ bytes: some Collection<UInt8>) -> [Bytes] {
        var rest = Array(bytes)[...]
        var commands: [Bytes] = []
        while let count = number(after: UInt8(ascii: "*"), &rest) {
            var command: [UInt8] = []
            for index in 0..<count {
                guard let length = number(after: UInt8(ascii: "$"), &rest), rest.count >= length + 2 else {
                    return commands
                }
                if index > 0 { command.append(UInt8(ascii: " ")) }
                command += rest.prefix(length)
                rest = rest.dropFirst(length + 2)
            }
            commands.append(Bytes(command))
        }
        return commands
    }

    private static func number(after mark: UInt8, _ rest: inout ArraySlice<UInt8>) -> Int? {
        guard rest.first == mark, let end = rest.firstIndex(of: 0x0A) else { return nil }
        let digits = rest[rest.startIndex + 1..<max(end - 1, rest.startIndex + 1)]
        guard let number = Int(String(decoding: digits, as: UTF8.self)), number >= 0 else { return nil }
        rest = rest[(end + 1)...]
        return number
    }
}
