import VaultModel

extension Shape {
    /// Holds the object `node` of `document` against this shape, whole, before anything of it is used.
    ///
    /// - Parameter path: what stands before a name in `field`: empty, or `parent.`.
    /// - Throws: `unknown_member` or `invalid_field`.
    func check(_ document: borrowing JSONDocument, _ node: Int, path: String) throws(Problem) {
        var name = document.first(in: node)
        while name < document.end(of: node) {
            guard let index = document.declaration(of: name, in: members) else {
                let unknown = Problem.echoable(document.string(name))
                throw Problem(.unknownMember, field: unknown.map { path + $0 })
            }
            try members[index].check(document, name + 1, path: path)
            name = document.next(name + 1)
        }
        for member in members where member.isRequired {
            guard document.value(named: member.name, in: node) == nil else { continue }
            let field = path + member.name
            throw Problem(.invalidField, detail: "`\(field)` is missing.", field: field)
        }
    }
}

extension MemberDeclaration {
    fileprivate func check(_ document: borrowing JSONDocument, _ node: Int, path: String) throws(Problem) {
        if isNullable, document.kind(node) == .null { return }
        guard kind.admits(document, node) else { throw refusal(path: path) }
        if case .object(let shape) = kind { try shape.check(document, node, path: "\(path)\(name).") }
    }

    func refusal(path: String = "") -> Problem {
        Problem(
            .invalidField, detail: "`\(path)\(name)` must be \(kind.description)\(isNullable ? ", or null" : "").",
            field: path + name
        )
    }
}

extension MemberKind {
    fileprivate func admits(_ document: borrowing JSONDocument, _ node: Int) -> Bool {
        switch (self, document.kind(node)) {
        case (.text(let length), .string(let extent)): return length.admits(extent)
        case (.choice(let names), .string): return names.contains { document.isString(node, $0) }
        case (.time, .string(let extent)):
            return extent.count <= 64 && Timestamp(rfc3339: document.string(node)) != nil
        case (.integer(let range), .integer(let value)): return range.contains(value)
        case (.boolean, .boolean), (.secret, .string), (.object, .object): return true
        case (.textMap(let entries, let names, let values), .object):
            var (name, count) = (document.first(in: node), 0)
            var seen: Set<String> = []
            while name < document.end(of: node) {
                guard count < entries, MemberKind.text(names).admits(document, name),
                    MemberKind.text(values).admits(document, name + 1),
                    // Two spellings of one name (Unicode's canonical equivalence) would be one entry of a dictionary.
                    seen.insert(document.string(name)).inserted
                else { return false }
                name = document.next(name + 1)
                count += 1
            }
            return true
        case (.texts(let count, let each), .array): return admits(document, node, count, .text(each))
        case (.integers(let count, let each), .array): return admits(document, node, count, .integer(each))
        default: return false
        }
    }

    private func admits(
        _ document: borrowing JSONDocument, _ array: Int, _ range: ClosedRange<Int>, _ each: MemberKind
    ) -> Bool {
        var (element, count) = (document.first(in: array), 0)
        while element < document.end(of: array) {
            guard each.admits(document, element) else { return false }
            element = document.next(element)
            count += 1
        }
        return range.contains(count)
    }
}

extension ClosedRange<Int> {
    /// Whether a text has as many characters as this says, and no control character.
    fileprivate func admits(_ extent: JSONNode.Extent) -> Bool {
        contains(extent.characters) && !extent.hasControlCharacters
    }
}
