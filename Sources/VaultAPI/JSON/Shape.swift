/// What the value of a member may be; decides decoding and stands in the OpenAPI document.
package indirect enum MemberKind: Sendable {
    /// So many characters (Unicode scalars, as `maxLength` counts), none of them a control character.
    case text(ClosedRange<Int>)
    /// One of these.
    case choice([String])
    /// RFC 3339.
    case time
    case integer(ClosedRange<Int>)
    case boolean
    /// A pasted secret: any text at all, for the key doctor to judge.
    case secret
    /// An object of texts: at most so many, with names and values of so many characters.
    case textMap(entries: Int, names: ClosedRange<Int>, values: ClosedRange<Int>)
    case texts(count: ClosedRange<Int>, each: ClosedRange<Int>)
    case integers(count: ClosedRange<Int>, each: ClosedRange<Int>)
    case object(Shape)

    /// In words, after "must be".
    package var description: String {
        switch self {
        case .text(let length): "text of \(length.words) characters, without control characters"
        case .choice(let names): "one of " + names.joined(separator: ", ")
        case .time: "a time in RFC 3339, such as 2027-01-31T12:00:00Z"
        case .integer(let range): "a whole number, \(range.words)"
        case .boolean: "true or false"
        case .secret: "text"
        case .textMap(let entries, let names, let values):
            "an object of at most \(entries) texts, their names of \(names.words) and their values of "
                + "\(values.words) characters, without control characters"
        case .texts(let count, let each):
            "an array of \(count.words) texts of \(each.words) characters, without control characters"
        case .integers(let count, let each): "an array of \(count.words) whole numbers, \(each.words)"
        case .object: "an object"
        }
    }
}

/// One member of a request body, as declared.
package struct MemberDeclaration: Sendable {
    package let name: String
    package let kind: MemberKind
    package var isRequired = false
    /// Whether null may stand for a value: what that means is the call's to say.
    package var isNullable = false
    /// What the documents say of it.
    var note = ""
    /// What its value has to be, where the call looks closer than `kind` tells.
    var form: Schema?
    var example: Example?
    /// Whether the example of a request has it though it is not required.
    var isShown = false
}

/// The members that an object in a request may have, and no others.
package struct Shape: Sendable {
    package let members: [MemberDeclaration]

    package init<each Value>(_ member: repeat Member<each Value>) {
        var members: [MemberDeclaration] = []
        repeat members.append((each member).declaration)
        self.members = members
    }

    /// Whether a request without body will do.
    package var admitsNoBody: Bool { !members.contains(where: \.isRequired) }
}

extension ClosedRange<Int> {
    fileprivate var words: String {
        switch (lowerBound, upperBound) {
        case (.min, .max): "of any size"
        case (0, _) where upperBound < .max: "at most \(upperBound)"
        case (_, .max): "at least \(lowerBound)"
        default: "\(lowerBound) to \(upperBound)"
        }
    }
}
