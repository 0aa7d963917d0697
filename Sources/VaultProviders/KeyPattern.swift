/// The shape of one kind of credential: a prefix, a body of one alphabet, an ending. No regular expression.
struct KeyPattern: Sendable, Decodable {
    /// A fixed text inside the body, such as OpenAI's `T3BlbkFJ`, with the least that stands on either side of it.
    struct Marker: Sendable, Decodable {
        let text: String
        let before: Int
        let after: Int

        private enum Member: String, CodingKey, CaseIterable { case text, before, after }

        init(from decoder: any Decoder) throws {
            let members = try decoder.members(Member.self)
            text = try members.decode(String.self, forKey: .text)
            before = try members.decode(Int.self, forKey: .before)
            after = try members.decode(Int.self, forKey: .after)
        }
    }

    /// What a run of characters is, measured against a pattern.
    enum Fit: Sendable, Equatable {
        case full
        /// Too few characters, or not the documented ending.
        case short
        /// Too many.
        case long
    }

    /// `api_key`, `admin_key`, …
    let kind: String
    /// Literal, but `#` stands for any digit; empty for keys that have none.
    let prefix: [UInt8]
    let alphabet: Alphabet
    /// How many characters there may be between prefix and ending.
    let body: ClosedRange<Int>
    let suffix: [UInt8]
    let marker: Marker?
    /// How many parts of `alphabet`, joined by dots, there are at least: three in a JWT.
    let segments: Int
    /// The most `=` that may follow.
    let padding: Int
    /// Other providers' keys look the same, so it counts only for a provider that was chosen.
    let needsChoice: Bool

    /// The longest credential that is stored, in bytes.
    static let longestKey = 512
    /// The shortest one.
    static let shortestKey = 16

    private enum Member: String, CodingKey, CaseIterable {
        case kind, prefix, alphabet, body, suffix, marker, segments, padding, verified
        case needsChoice = "needs_choice"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.members(Member.self)
        kind = try members.decode(String.self, forKey: .kind)
        prefix = Array(try members.decode(String.self, forKey: .prefix).utf8)
        alphabet = try members.decode(Alphabet.self, forKey: .alphabet)
        let bounds = try members.decode([Int].self, forKey: .body)
        guard bounds.count == 2, bounds[0] >= 0, bounds[0] <= bounds[1] else {
            throw DecodingError.dataCorruptedError(forKey: .body, in: members, debugDescription: "not [least, most]")
        }
        body = bounds[0]...bounds[1]
        suffix = Array(try members.decodeIfPresent(String.self, forKey: .suffix)?.utf8 ?? "".utf8)
        marker = try members.decodeIfPresent(Marker.self, forKey: .marker)
        segments = try members.decodeIfPresent(Int.self, forKey: .segments) ?? 1
        padding = try members.decodeIfPresent(Int.self, forKey: .padding) ?? 0
        needsChoice = try members.decodeIfPresent(Bool.self, forKey: .needsChoice) ?? false
    }

    /// Whether its numbers are those of a credential that can be pasted.
    var isWithinBounds: Bool {
        let around = (marker.map { [$0.before, $0.after, $0.text.utf8.count] } ?? []) + [prefix.count, suffix.count]
        return body.upperBound <= KeyDoctor.longestPaste && around.allSatisfy { (0...512).contains($0) }
            && (1...8).contains(segments) && (0...8).contains(padding)
    }

    /// One length only, so that where the key ends is certain.
    var isFixedLength: Bool { body.count == 1 && padding == 0 && segments == 1 }

    /// A prefix so long that it means this pattern wherever it stands, even amid other letters.
    var isUnmistakable: Bool { prefix.count >= 7 }

    /// The length of a whole key, where there is only one.
    var wholeLength: Int? { isFixedLength ? prefix.count + body.lowerBound + suffix.count : nil }

    /// Whether the prefix stands at `index`.
    func begins(at index: Int, of text: RawSpan, ignoringCase: Bool = false) -> Bool {
        guard index + prefix.count <= text.byteCount else { return false }
        for offset in prefix.indices
        where !Self.isPrefix(prefix[offset], text.byte(index + offset), ignoringCase: ignoringCase) {
            return false
        }
        return true
    }

    /// Whether `byte` may stand for a prefix's `wanted`.
    static func isPrefix(_ wanted: UInt8, _ byte: UInt8, ignoringCase: Bool) -> Bool {
        if wanted == UInt8(ascii: "#") { return byte.isDigit }
        return ignoringCase ? byte.lowered == wanted.lowered : byte == wanted
    }

    /// Whether `byte` may stand in the body.
    func admits(_ byte: UInt8) -> Bool {
        alphabet.contains(byte) || (segments > 1 && byte == UInt8(ascii: "."))
    }

    /// Measures `run`, which begins with the prefix and goes on with characters of the body.
    func fit(of run: Range<Int>, in text: RawSpan) -> Fit {
        let count = run.count - prefix.count - suffix.count
        if count < body.lowerBound { return .short }
        if !text.has(suffix, at: run.upperBound - suffix.count) { return .short }
        if count > body.upperBound { return .long }
        if segments > 1, !hasSegments(run, text) { return .short }
        if let marker, !has(marker, run, text) { return .short }
        return .full
    }

    private func hasSegments(_ run: Range<Int>, _ text: RawSpan) -> Bool {
        var parts = 0
        var length = 0
        for index in run {
            length = text.byte(index) == UInt8(ascii: ".") ? 0 : length + 1
            if length == 1 { parts += 1 }
        }
        return parts >= segments
    }

    private func has(_ marker: Marker, _ run: Range<Int>, _ text: RawSpan) -> Bool {
        let wanted = Array(marker.text.utf8)
        let first = run.lowerBound + prefix.count + marker.before
        let last = run.upperBound - marker.after - wanted.count
        guard first <= last else { return false }
        return (first...last).contains { text.has(wanted, at: $0) }
    }
}
