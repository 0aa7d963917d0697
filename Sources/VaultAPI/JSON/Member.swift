package import VaultModel

/// A declared member whose value reads as `Value`: the one name by which a route declares *and* reads it.
///
///     static let userID = Member.text("user_id", 1...200).required
///     static let label = Member.text("label", 0...100).nullable
///     static let shape = Shape(userID, label)
package struct Member<Value>: Sendable {
    package private(set) var declaration: MemberDeclaration

    fileprivate init(_ name: String, _ kind: MemberKind) {
        declaration = MemberDeclaration(name: name, kind: kind)
    }

    package var name: String { declaration.name }

    /// The same, but it must be there.
    package var required: Self {
        var member = self
        member.declaration.isRequired = true
        return member
    }

    /// The same, but null may stand for it.
    package var nullable: Self {
        var member = self
        member.declaration.isNullable = true
        return member
    }

    func describing(_ change: (inout MemberDeclaration) -> Void) -> Self {
        var member = self
        change(&member.declaration)
        return member
    }
}

/// Stands for text that is read into memory that is wiped, never into a `String`.
package enum PastedSecret {}

/// Stands for an object with a shape of its own.
package enum Nested {}

extension Member where Value == String {
    package static func text(_ name: String, _ length: ClosedRange<Int>) -> Self { Member(name, .text(length)) }
    package static func choice(_ name: String, _ names: [String]) -> Self { Member(name, .choice(names)) }
}

extension Member where Value == Timestamp {
    package static func time(_ name: String) -> Member<Timestamp> { Member(name, .time) }
}

extension Member where Value == Int {
    package static func integer(_ name: String, _ range: ClosedRange<Int>) -> Self { Member(name, .integer(range)) }
}

extension Member where Value == Bool {
    package static func boolean(_ name: String) -> Self { Member(name, .boolean) }
}

extension Member where Value == PastedSecret {
    package static func secret(_ name: String) -> Self { Member(name, .secret) }
}

extension Member where Value == [String: String] {
    package static func textMap(
        _ name: String, entries: Int, names: ClosedRange<Int>, values: ClosedRange<Int>
    ) -> Self {
        Member(name, .textMap(entries: entries, names: names, values: values))
    }
}

extension Member where Value == [String] {
    package static func texts(_ name: String, count: ClosedRange<Int>, each: ClosedRange<Int>) -> Self {
        Member(name, .texts(count: count, each: each))
    }
}

extension Member where Value == [Int] {
    package static func integers(_ name: String, count: ClosedRange<Int>, each: ClosedRange<Int>) -> Self {
        Member(name, .integers(count: count, each: each))
    }
}

extension Member where Value == Nested {
    package static func object(_ name: String, _ shape: Shape) -> Self { Member(name, .object(shape)) }
}
