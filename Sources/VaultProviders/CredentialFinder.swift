/// Finds what is shaped like a credential of the catalogue, anywhere in a text, in one pass.
///
/// Each byte is looked at a bounded number of times: what has been measured is not measured again.
struct CredentialFinder: Sendable {
    private struct Entry: Sendable {
        let provider: Int
        let pattern: KeyPattern
        let refused: RefusedCredential?
        /// Keys of no other provider begin so; what is cut short can still be told.
        let isDistinctive: Bool
    }

    private let entries: [Entry]
    /// The entries whose prefix begins with a byte, in lower case.
    private let byFirstByte: [[Int]]
    private let shapes: [Entry]
    private let identifiers: [(provider: Int, credential: RefusedCredential)]

    init(_ catalogue: Catalogue) {
        var entries: [Entry] = []
        var shapes: [Entry] = []
        var identifiers: [(provider: Int, credential: RefusedCredential)] = []
        let prefixes = catalogue.providers.flatMap { $0.keys.map(\.prefix) }
        for (place, provider) in catalogue.providers.enumerated() {
            for refused in provider.refused {
                guard let pattern = refused.pattern else { continue }
                if refused.category == .identifier {
                    if pattern.isFixedLength { identifiers.append((place, refused)) }
                    continue
                }
                entries.append(Entry(provider: place, pattern: pattern, refused: refused, isDistinctive: true))
            }
            for pattern in provider.keys {
                let isShared = prefixes.contains { $0 != pattern.prefix && $0.starts(with: pattern.prefix) }
                let entry = Entry(provider: place, pattern: pattern, refused: nil, isDistinctive: !isShared)
                if pattern.needsChoice { shapes.append(entry) } else { entries.append(entry) }
            }
        }
        var byFirstByte = [[Int]](repeating: [], count: 256)
        for (index, entry) in entries.enumerated() {
            if let first = entry.pattern.prefix.first { byFirstByte[Int(first.lowered)].append(index) }
        }
        self.entries = entries
        self.byFirstByte = byFirstByte
        self.shapes = shapes
        self.identifiers = identifiers
    }

    /// Everything in `text` that begins as a known credential does, in order and without overlap.
    func sightings(in text: RawSpan, steps: inout Int) -> [Sighting] {
        var found: [Sighting] = []
        // A run that was too short for a refused credential is too short from any later place in it.
        var failedUntil = [Int](repeating: 0, count: entries.count)
        var index = 0
        while index < text.byteCount {
            steps += 1
            if let sighting = sighting(at: index, of: text, after: found.last, &failedUntil, &steps) {
                found.append(sighting)
                index = max(sighting.range.upperBound, index + 1)
            } else {
                index += 1
            }
        }
        return found
    }

    private func sighting(
        at start: Int, of text: RawSpan, after last: Sighting?, _ failedUntil: inout [Int], _ steps: inout Int
    ) -> Sighting? {
        let candidates = byFirstByte[Int(text.byte(start).lowered)]
        if candidates.isEmpty { return nil }
        let begins = isBoundary(start, text) || last?.range.upperBound == start
        var best: Sighting?
        for index in candidates {
            let entry = entries[index]
            let pattern = entry.pattern
            guard begins || pattern.isUnmistakable, failedUntil[index] <= start else { continue }
            let run: Range<Int>
            let state: Sighting.State
            if let refused = entry.refused {
                let joinsLines = refused.category == .signIn
                guard let found = RefusedRun(of: pattern, from: start, in: text, joinsLines: joinsLines, &steps) else {
                    continue
                }
                guard found.isWhole else {
                    failedUntil[index] = found.resume
                    continue
                }
                (run, state) = (found.range, .full)
            } else {
                guard pattern.begins(at: start, of: text) else { continue }
                run = self.run(of: pattern, from: start, in: text, &steps)
                state = self.state(pattern.fit(of: run, in: text), of: run, pattern, text)
            }
            guard state == .full || (begins && entry.isDistinctive) else { continue }
            let isBetter = best.map { rank(state, pattern) > rank($0.state, $0.pattern) } ?? true
            if isBetter {
                best = Sighting(
                    range: run, provider: entry.provider, pattern: pattern, refused: entry.refused, state: state)
            }
        }
        return best
    }

    private func rank(_ state: Sighting.State, _ pattern: KeyPattern) -> Int {
        (state == .full ? 1000 : 0) + pattern.prefix.count
    }

    /// A prefix means something where a word begins, or after `%3D` and `\n` as programs write them.
    private func isBoundary(_ index: Int, _ text: RawSpan) -> Bool {
        guard index > 0 else { return true }
        let last = text.byte(index - 1)
        guard last.isLetterOrDigit || last == UInt8(ascii: "_") || last == UInt8(ascii: "-") else { return true }
        if last.isHexDigit, text.byte(index - 2).isHexDigit, text.byte(index - 3) == UInt8(ascii: "%") { return true }
        return text.byte(index - 2) == UInt8(ascii: "\\")
    }

    /// The prefix and what may be its body, up to where another key begins.
    private func run(
        of pattern: KeyPattern, from start: Int, in text: RawSpan, _ steps: inout Int
    ) -> Range<Int> {
        var end = start + pattern.prefix.count
        while end < text.byteCount, pattern.admits(text.byte(end)), !isUnmistakable(at: end, text) {
            end += 1
            steps += 1
        }
        var padding = 0
        while padding < pattern.padding, text.byte(end) == UInt8(ascii: "=") {
            end += 1
            padding += 1
        }
        return start..<end
    }

    private func isUnmistakable(at index: Int, _ text: RawSpan) -> Bool {
        byFirstByte[Int(text.byte(index).lowered)].contains { candidate in
            let entry = entries[candidate]
            return entry.refused == nil && entry.pattern.isUnmistakable && entry.pattern.begins(at: index, of: text)
        }
    }

    /// Looks at what follows the run: what breaks a key off, and what shows that it goes on.
    private func state(
        _ fit: KeyPattern.Fit, of run: Range<Int>, _ pattern: KeyPattern, _ text: RawSpan
    ) -> Sighting.State {
        let end = run.upperBound
        let goesOn = text.byte(end + 1).isLetterOrDigit
        let glyph = text.glyph(at: end)
        if text.byte(end).isLetterOrDigit, text.byte(end - 1) == UInt8(ascii: "=") { return .long }
        if fit == .full, pattern.isFixedLength {
            let joins = text.byte(end) == UInt8(ascii: "-") || text.byte(end) == UInt8(ascii: "_")
            return joins && goesOn ? .long : .full
        }
        switch glyph {
        case .dash, .other: return .interrupted(end)
        case .ascii(let byte) where !byte.isSpace && (byte < 0x20 || byte == 0x7F): return .interrupted(end)
        case .ascii(let byte) where goesOn && Self.joins(byte, isFull: fit == .full): return .interrupted(end)
        case .bullet, .ellipsis: return .short
        case .ascii(UInt8(ascii: "*")) where text.byte(end + 1) == UInt8(ascii: "*"): return .short
        case .ascii(UInt8(ascii: ".")) where text.has(Self.dots, at: end): return .short
        default: break
        }
        switch fit {
        case .full: return .full
        case .short: return .short
        case .long: return .long
        }
    }

    /// An ellipsis as it is typed.
    private static let dots = Array("...".utf8)

    /// Whether a character joins what stands on either side of it into one word.
    private static func joins(_ byte: UInt8, isFull: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "~"): true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "*"),
            UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "@"),
            UInt8(ascii: "^"):
            !isFull
        default: false
        }
    }

    /// Every word of `text` that has the shape of a key without a name of its own, of `provider` or of any.
    func shapes(in text: RawSpan, of provider: Int?, steps: inout Int) -> [Sighting] {
        let wanted = shapes.filter { provider == nil || $0.provider == provider }
        guard !wanted.isEmpty else { return [] }
        var found: [Sighting] = []
        var start = 0
        while start < text.byteCount {
            var end = start
            while Alphabet.base64url.contains(text.byte(end)) { end += 1 }
            steps += end - start + 1
            for entry in wanted where entry.pattern.begins(at: start, of: text) {
                let run = start..<end
                let body = start + entry.pattern.prefix.count..<end
                guard entry.pattern.fit(of: run, in: text) == .full,
                    body.allSatisfy({ entry.pattern.admits(text.byte($0)) })
                else { continue }
                found.append(
                    Sighting(range: run, provider: entry.provider, pattern: entry.pattern, refused: nil, state: .full))
            }
            start = end + 1
        }
        return found
    }

    /// The first word of `text` that is an identifier whose length is fixed, so that it is known amid other text.
    func identifier(in text: RawSpan, steps: inout Int) -> (provider: Int, credential: RefusedCredential)? {
        var start = 0
        while start < text.byteCount {
            var end = start
            while text.byte(end).isLetterOrDigit { end += 1 }
            steps += end - start + 1
            for identifier in identifiers {
                guard let pattern = identifier.credential.pattern, pattern.wholeLength == end - start,
                    pattern.begins(at: start, of: text),
                    (start + pattern.prefix.count..<end).allSatisfy({ pattern.admits(text.byte($0)) })
                else { continue }
                return identifier
            }
            start = end + 1
        }
        return nil
    }

    /// The one provider whose keys' prefixes begin with all of `range`, if there is just one.
    func provider(ofCutPrefix range: Range<Int>, in text: RawSpan) -> (provider: Int, kind: String)? {
        guard range.count >= 4 else { return nil }
        let owners = entries.filter { entry in
            entry.refused == nil && entry.pattern.prefix.count > range.count
                && (0..<range.count).allSatisfy { offset in
                    let byte = text.byte(range.lowerBound + offset)
                    let wanted = entry.pattern.prefix[offset]
                    return wanted == UInt8(ascii: "#") ? byte.isDigit : byte == wanted
                }
        }
        guard let first = owners.first, owners.allSatisfy({ $0.provider == first.provider }) else { return nil }
        return (first.provider, first.pattern.kind)
    }
}
