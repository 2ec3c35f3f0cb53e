internal import Glibc
internal import TestSupport

/// Numbers from 0 of which the n-th is drawn in proportion to 1/(n + 1)^exponent: few keys are asked for often, most seldom.
struct Zipf {
    /// The probability of each number and all before it.
    private let cumulative: [Double]

    init(count: Int, exponent: Double = 0.99) {
        var sum = 0.0
        let sums = (1...count).map { rank in
            sum += pow(Double(rank), -exponent)
            return sum
        }
        cumulative = sums.map { $0 / sum }
    }

    func next(_ random: inout SplitMix64) -> Int {
        let sought = Double.random(in: 0..<1, using: &random)
        var range = 0..<cumulative.count - 1
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = cumulative[middle] <= sought ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
