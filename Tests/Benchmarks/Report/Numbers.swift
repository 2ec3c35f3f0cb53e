extension Double {
    /// Rounded, with so many places behind the point.
    func places(_ count: Int) -> String {
        guard isFinite, magnitude < 1e12 else { return "-" }
        var scale = 1
        for _ in 0..<count { scale *= 10 }
        let number = Int((magnitude * Double(scale)).rounded())
        let sign = self < 0 && number > 0 ? "-" : ""
        guard count > 0 else { return "\(sign)\(number)" }
        let fraction = "\(number % scale)"
        return "\(sign)\(number / scale).\(String(repeating: "0", count: count - fraction.count))\(fraction)"
    }

    /// About three digits.
    var short: String { places(magnitude < 10 ? 2 : magnitude < 100 ? 1 : 0) }
}
