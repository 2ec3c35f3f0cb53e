extension ConfigurationResolver {
    /// A family of names in the environment.
    package struct Family: Sendable {
        let prefix: String
        /// Whether an unknown name of the family is a fault. It is a warning where others may use the prefix too.
        let isOurs: Bool
        /// Names that somebody else reads.
        let others: Set<String>

        package init(_ prefix: String, isOurs: Bool, others: Set<String> = []) {
            self.prefix = prefix
            self.isOurs = isOurs
            self.others = others
        }
    }

    /// Takes what the environment says.
    package mutating func read(environment: [String: String], families: [Family]) {
        let links = environment.filter { name, value in
            families.contains { name.hasPrefix($0.prefix) } && ServiceLink.isLink(name, value: value)
        }
        let environment = environment.filter { links[$0.key] == nil }
        for expansion in catalog.expansions {
            guard let text = environment[expansion.environment] else { continue }
            let source = ConfigurationSource.environment(expansion.environment)
            if let other = expansion.excludes.flatMap({ catalog[$0] }), environment[other.environment] != nil {
                let objection = Objection(
                    "must not be given together with \(other.environment)", hint: "unset one of the two")
                report(expansion.environment, "", source, objection)
            } else {
                assign(expansion, text, from: source)
            }
        }
        for key in catalog.keys {
            guard let text = environment[key.environment] else { continue }
            assign(key, .text(text), from: .environment(key.environment))
        }
        warnOfLinks(links.keys.sorted())
        reportUnknown(in: environment, families)
    }

    /// What all names of the family begin with must not make them look alike.
    private func suggestion(for name: String, among known: [String], in family: Family) -> String {
        let rests = known.filter { $0.hasPrefix(family.prefix) }.map { String($0.dropFirst(family.prefix.count)) }
        let near = Suggestion.closest(to: String(name.dropFirst(family.prefix.count)), among: rests)
        return near.map { "did you mean \(family.prefix)\($0)?" } ?? ""
    }

    private mutating func warnOfLinks(_ names: [String]) {
        guard let first = names.first else { return }
        warn(
            first.printable,
            "ignored, since Kubernetes announces services with it"
                + (names.count > 1 ? "; so are \(names.dropFirst().joined(separator: ", ").printable)" : ""))
    }

    private mutating func reportUnknown(in environment: [String: String], _ families: [Family]) {
        let known = catalog.keys.map(\.environment) + catalog.expansions.map(\.environment)
        let names = Set(known)
        for name in environment.keys.sorted() where !names.contains(name) {
            guard let family = families.first(where: { name.hasPrefix($0.prefix) }), !family.others.contains(name)
            else {
                continue
            }
            let near = suggestion(for: name, among: known, in: family)
            if family.isOurs {
                let objection = Objection("is not a known name", hint: near.isEmpty ? "unset it" : near)
                report(name.printable, "", .environment(name), objection)
            } else {
                warn(name.printable, "is not a known name and has no effect" + (near.isEmpty ? "" : "; \(near)"))
            }
        }
    }
}
