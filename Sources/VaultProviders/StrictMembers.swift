extension Decoder {
    /// The members of a JSON object; one that `Member` does not name is a mistake in the file, and said to be.
    func members<Member: CodingKey & CaseIterable>(_: Member.Type) throws -> KeyedDecodingContainer<Member> {
        let known = Set(Member.allCases.map(\.stringValue))
        for member in try container(keyedBy: AnyMember.self).allKeys where !known.contains(member.stringValue) {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: codingPath, debugDescription: "unknown member \(member.stringValue)"))
        }
        return try container(keyedBy: Member.self)
    }
}

private struct AnyMember: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
