internal import CisternJSON

extension ConfigurationCatalog {
    /// Every key with its value and the source of it, in aligned columns. Secrets are redacted.
    package func show(_ root: Root, sources: [String: ConfigurationSource]) -> String {
        let rows = keys.map { key in
            (key.path, key.shownText(root), (sources[key.path] ?? .standard).description)
        }
        let first = rows.map { $0.0.count }.max() ?? 0
        // A long value must not push the sources of all others off the screen.
        let second = min(rows.map { $0.1.count }.max() ?? 0, 32)
        return rows.map { "\(padded($0.0, first))  \(padded($0.1, second))  \($0.2)\n" }.joined()
    }

    /// The same as JSON: an object of `{"value": …, "source": "…"}` by key.
    package func showJSON(_ root: Root, sources: [String: ConfigurationSource]) -> String {
        var writer = JSONWriter(pretty: true)
        writer.object { writer in
            for key in keys {
                writer.key(key.path)
                writer.object { writer in
                    writer.field("value", key.shown(root))
                    writer.field("source", (sources[key.path] ?? .standard).description)
                }
            }
        }
        return writer.text + "\n"
    }

    /// Every key with its value in words, secrets redacted: for descriptions and mirrors.
    package func shownValues(_ root: Root) -> [(key: String, value: String)] {
        keys.map { ($0.path, $0.shownText(root)) }
    }

    /// A number that changes when a value does that is not secret: FNV-1a over keys and values, as 16 hexadecimal digits.
    package func hash(_ root: Root) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for key in keys where !key.isSecret {
            for byte in "\(key.path)=\(key.read(root).text)\n".utf8 {
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
            }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
