internal import CisternBytes

/// In which order the operations of a batch are done: all at once, but those on one key one after the other.
struct BatchOrder {
    /// Those that need not wait.
    private(set) var first: [Int] = []
    private var followers: [Int?]

    /// - Parameter keys: The key of each operation; nil for one that is not done.
    init(_ keys: [Bytes?]) {
        followers = Array(repeating: nil, count: keys.count)
        var latest: [Bytes: Int] = [:]
        for (index, key) in keys.enumerated() {
            guard let key else { continue }
            if let before = latest.updateValue(index, forKey: key) {
                followers[before] = index
            } else {
                first.append(index)
            }
        }
    }

    /// The operation that waits for this one.
    func next(after index: Int) -> Int? { followers[index] }
}
