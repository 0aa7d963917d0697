package import VaultModel

/// What a PATCH says of one member.
package enum Change<Value> {
    /// Absent.
    case unchanged
    /// Null.
    case cleared
    case set(Value)
}

extension Change: Sendable where Value: Sendable {}
extension Change: Equatable where Value: Equatable {}

/// A request body that has its declared shape: nothing unknown, nothing missing, every value of its kind.
///
/// A secret in it is copied only by ``secret(_:)``; the body is wiped when this goes.
package struct Members: ~Copyable, Sendable {
    private let document: JSONDocument
    private let object: Int
    private let path: String

    /// Reads a request body whole. One of no bytes is an empty object where `shape` admits that.
    ///
    /// - Throws: `invalid_json`, `duplicate_member`, `unknown_member`, or `invalid_field`: without `field`
    ///   when the body is JSON but not an object.
    package init(_ body: consuming WipedBuffer, _ shape: Shape) throws(Problem) {
        if body.isEmpty, shape.admitsNoBody { body.append("{}" as StaticString) }
        let document = try JSONDocument(body)
        guard document.kind(JSONDocument.root) == .object else {
            throw Problem(.invalidField, detail: "The request body must be a JSON object.")
        }
        try shape.check(document, JSONDocument.root, path: "")
        self.init(document, JSONDocument.root, path: "")
    }

    private init(_ document: consuming JSONDocument, _ object: Int, path: String) {
        self.document = document
        self.object = object
        self.path = path
    }

    /// The value; `nil` when it is absent or null.
    package subscript<Value: MemberValue>(_ member: Member<Value>) -> Value? {
        guard let node = document.value(named: member.name, in: object) else { return nil }
        return Value.read(document, node)
    }

    /// The value of a member declared `required`.
    package func require<Value: MemberValue>(_ member: Member<Value>) throws(Problem) -> Value {
        guard let value = self[member] else { throw member.declaration.refusal(path: path) }
        return value
    }

    /// The value made into a noun of the vault; `invalid_field` when `make` refuses it.
    package func require<Value: MemberValue, Noun>(
        _ member: Member<Value>, as make: (Value) -> Noun?
    ) throws(Problem) -> Noun {
        guard let noun = make(try require(member)) else { throw Problem(notUsable: path + member.name) }
        return noun
    }

    /// The value made into a noun of the vault, `nil` when it is absent or null; `invalid_field` when `make`
    /// refuses it.
    package func optional<Value: MemberValue, Noun>(
        _ member: Member<Value>, as make: (Value) -> Noun?
    ) throws(Problem) -> Noun? {
        guard let value = self[member] else { return nil }
        guard let noun = make(value) else { throw Problem(notUsable: path + member.name) }
        return noun
    }

    /// What a PATCH says of the member: absent and null are not the same.
    package func change<Value: MemberValue>(_ member: Member<Value>) -> Change<Value> {
        guard let node = document.value(named: member.name, in: object) else { return .unchanged }
        return Value.read(document, node).map { .set($0) } ?? .cleared
    }

    /// The bytes of a secret after unescaping, in memory of their own that is wiped; `nil` when it is absent.
    ///
    /// Up to 65,536 bytes: what is too long for a key is for the key doctor to say.
    package func secret(_ member: Member<PastedSecret>) -> WipedBuffer? {
        guard let node = document.value(named: member.name, in: object), case .string = document.kind(node)
        else { return nil }
        return document.wiped(node)
    }

    /// The bytes of a secret declared `required`.
    package func requireSecret(_ member: Member<PastedSecret>) throws(Problem) -> WipedBuffer {
        guard let secret = secret(member) else { throw member.declaration.refusal(path: path) }
        return secret
    }

    /// Gives this up for the object below; `nil` when it is absent or null.
    package consuming func entering(_ member: Member<Nested>) -> Members? {
        guard let node = document.value(named: member.name, in: object), document.kind(node) == .object
        else { return nil }
        return Members(document, node, path: "\(path)\(member.name).")
    }
}

extension Problem {
    /// A value of the right kind that is not one of ours.
    init(notUsable field: String) {
        self.init(.invalidField, detail: "`\(field)` has a value that cannot be used here.", field: field)
    }
}

/// What a member's value can be read as.
package protocol MemberValue {
    /// The value at `node`; `nil` when it is of another kind.
    static func read(_ document: borrowing JSONDocument, _ node: Int) -> Self?
}

extension String: MemberValue {
    package static func read(_ document: borrowing JSONDocument, _ node: Int) -> String? {
        if case .string = document.kind(node) { document.string(node) } else { nil }
    }
}

extension Timestamp: MemberValue {
    package static func read(_ document: borrowing JSONDocument, _ node: Int) -> Timestamp? {
        String.read(document, node).flatMap { Timestamp(rfc3339: $0) }
    }
}

extension Int: MemberValue {
    package static func read(_ document: borrowing JSONDocument, _ node: Int) -> Int? {
        if case .integer(let value) = document.kind(node) { value } else { nil }
    }
}

extension Bool: MemberValue {
    package static func read(_ document: borrowing JSONDocument, _ node: Int) -> Bool? {
        if case .boolean(let value) = document.kind(node) { value } else { nil }
    }
}

extension Array: MemberValue where Element: MemberValue {
    package static func read(_ document: borrowing JSONDocument, _ node: Int) -> [Element]? {
        guard document.kind(node) == .array else { return nil }
        var values: [Element] = []
        var element = document.first(in: node)
        while element < document.end(of: node) {
            guard let value = Element.read(document, element) else { return nil }
            values.append(value)
            element = document.next(element)
        }
        return values
    }
}

extension Dictionary: MemberValue where Key == String, Value: MemberValue {
    package static func read(_ document: borrowing JSONDocument, _ node: Int) -> [String: Value]? {
        guard document.kind(node) == .object else { return nil }
        var values: [String: Value] = [:]
        var name = document.first(in: node)
        while name < document.end(of: node) {
            guard let value = Value.read(document, name + 1) else { return nil }
            values[document.string(name)] = value
            name = document.next(name + 1)
        }
        return values
    }
}
