internal import CisternJSON

extension ConfigurationResolver {
    /// Reads a file and takes what it says.
    ///
    /// - Parameter origin: Who named the file, for the fault that it cannot be read.
    package mutating func read(file path: String, namedBy origin: ConfigurationSource) {
        do throws(Objections) {
            let text = try files.read(path)
            read(text, named: path)
        } catch {
            for objection in error.list { report("config", path.printable, origin, objection) }
        }
    }

    /// Takes what the text of a file says.
    package mutating func read(_ text: [UInt8], named name: String) {
        let source = ConfigurationSource.file(name, .nowhere)
        guard !text.starts(with: [0xEF, 0xBB, 0xBF]) else {
            let objection = Objection(
                "must be JSON in UTF-8 without a byte order mark", hint: "save the file without it",
                position: JSONPosition(line: 1, column: 1))
            return report("config", "", source, objection)
        }
        do throws(JSONError) {
            let value = try JSONValue.parse(text)
            guard let object = value.object else {
                let objection = Objection(
                    "must be a JSON object", hint: "it is \(value.kind)", position: value.position)
                return report("config", "", source, objection)
            }
            read(object, from: source)
        } catch {
            report("config", "", source, error.objection)
        }
    }

    private mutating func read(_ file: JSONObject, from source: ConfigurationSource) {
        var flat: [JSONMember] = []
        var nested: [JSONMember] = []
        var unknown: [JSONMember] = []
        let sections = Set(catalog.sections.map(\.name))
        for member in file.members where member.key != "$schema" {
            if sections.contains(member.key) || isKnown(member.key) {
                nested.append(member)
            } else if let section = catalog.flatSection, isKnown("\(section).\(member.key)") {
                flat.append(member)
            } else {
                unknown.append(member)
            }
        }
        if let section = catalog.flatSection, let stray = flat.first, let other = nested.first {
            let objection = Objection(
                "must stand in \"\(section)\": \"\(other.key)\" makes this a file with sections",
                hint: "move \(flat.map(\.key).joined(separator: ", ")) into \"\(section)\"",
                position: stray.keyPosition)
            report(stray.key, "", source, objection)
        }
        for member in unknown { reportUnknown(member, in: nil, isFlat: nested.isEmpty && !flat.isEmpty, source) }
        var entries: [(path: String, value: JSONValue)] = []
        for member in nested {
            if sections.contains(member.key) {
                collect(member, into: &entries, from: source)
            } else {
                entries.append((member.key, member.value))
            }
        }
        if let section = catalog.flatSection { entries += flat.map { ("\(section).\($0.key)", $0.value) } }
        apply(entries, from: source)
    }

    private mutating func collect(
        _ section: JSONMember, into entries: inout [(path: String, value: JSONValue)], from source: ConfigurationSource
    ) {
        guard let object = section.value.object else {
            let objection = Objection(
                "must be an object", hint: "it is \(section.value.kind)", position: section.value.position)
            return report(section.key, "", source, objection)
        }
        for member in object.members {
            let path = "\(section.key).\(member.key)"
            if isKnown(path) {
                entries.append((path, member.value))
            } else {
                reportUnknown(member, in: section.key, isFlat: false, source)
            }
        }
    }

    /// A single setting beats one that sets several, so those come first.
    private mutating func apply(_ entries: [(path: String, value: JSONValue)], from source: ConfigurationSource) {
        for (path, value) in entries {
            guard let expansion = catalog.expansion(path) else { continue }
            if let text = value.string {
                assign(expansion, text, from: source.moved(to: value.position))
            } else {
                let objection = Objection("must be a string", hint: "it is \(value.kind)", position: value.position)
                report(path, redacted, source, objection)
            }
        }
        for (path, value) in entries {
            if let key = catalog[path] { assign(key, .json(value), from: source) }
        }
    }

    private func isKnown(_ path: String) -> Bool {
        catalog[path] != nil || catalog.expansion(path) != nil
    }

    private mutating func reportUnknown(
        _ member: JSONMember, in section: String?, isFlat: Bool, _ source: ConfigurationSource
    ) {
        let path = section.map { "\($0).\(member.key)" } ?? member.key
        let objection = Objection(
            "is not a known key", hint: suggestion(for: member.key, in: section, isFlat: isFlat),
            position: member.keyPosition)
        // Its value is not shown: it may be a secret under a misspelt name.
        report(path.printable, "", source, objection)
    }

    private func suggestion(for key: String, in section: String?, isFlat: Bool) -> String {
        let scope = section ?? (isFlat ? catalog.flatSection : nil)
        let prefix = scope.map { "\($0)." } ?? ""
        var siblings = catalog.paths.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        siblings.removeAll { $0.contains(".") }
        if scope == nil { siblings += catalog.sections.map(\.name) }
        let near = Suggestion.sentence(for: key, among: siblings)
        if !near.isEmpty { return near }
        // A key that is right elsewhere.
        let elsewhere = catalog.paths.first { $0.hasSuffix(".\(key)") || $0 == key }
        return elsewhere.map { "did you mean \($0)?" } ?? "remove it"
    }
}
