/// A bar chart as SVG, of plain shapes and text in the middle of grey, so that it can be read on light and on dark ground.
struct BarChart: Sendable {
    struct Bar: Sendable {
        var label: String
        var value: Double
        /// Of CSS.
        var color: String
    }

    /// Bars on a scale of their own.
    struct Group: Sendable {
        var title: String
        var bars: [Bar]
    }

    var title: String
    var groups: [Group]

    private static let width = 760
    private static let labelWidth = 230
    private static let longestBar = 430
    private static let barHeight = 18
    private static let gap = 5

    var svg: String {
        var y = 26
        var shapes = Self.text(self.title, x: 8, y: y, "t")
        for group in groups {
            y += 34
            shapes += Self.text(group.title, x: 8, y: y, "g")
            y += 8
            let most = group.bars.map(\.value).max() ?? 0
            for bar in group.bars {
                shapes += Self.row(bar, y: y, most: most)
                y += Self.barHeight + Self.gap
            }
        }
        let height = y + 12
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.width)" height="\(height)" \
            viewBox="0 0 \(Self.width) \(height)" role="img">
            <title>\(Self.escaped(title))</title>
            <style>
            text { font: 13px system-ui, sans-serif; fill: #808080; }
            .t { font-size: 16px; font-weight: bold; }
            .g { font-weight: bold; }
            .l { text-anchor: end; }
            </style>
            \(shapes)</svg>

            """
    }

    private static func row(_ bar: Bar, y: Int, most: Double) -> String {
        let length = most > 0 ? max(1, Int((bar.value / most * Double(longestBar)).rounded())) : 1
        let baseline = y + barHeight - 5
        return text(bar.label, x: labelWidth, y: baseline, "l")
            + "<rect x=\"\(labelWidth + 8)\" y=\"\(y)\" width=\"\(length)\" height=\"\(barHeight)\" fill=\"\(bar.color)\"/>\n"
            + text(bar.value.short, x: labelWidth + 14 + length, y: baseline, "v")
    }

    private static func text(_ text: String, x: Int, y: Int, _ kind: String) -> String {
        "<text x=\"\(x)\" y=\"\(y)\" class=\"\(kind)\">\(escaped(text))</text>\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
        return result
    }
}
