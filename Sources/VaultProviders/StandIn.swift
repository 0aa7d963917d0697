private let sampleWords = [
    "replaceme", "insertkey", "insertyour", "apikeyhere", "keyhere", "changeme", "pasteyour", "putyour",
    "enteryour", "yourtoken", "yoursecret",
].map { Array($0.utf8) }
private let weakWords = ["example", "placeholder", "sample", "dummy"].map { Array($0.utf8) }
private let references = ["${", "{{", "$env:", "process.env", "os.environ", "os.getenv", "getenv("].map {
    Array($0.utf8)
}

// What stands in for a key: the shortened form that a console shows, and sample text.
extension RawSpan {
    // MARK: Masked

    /// Whether some word of `range` is a credential with dots, stars or bullets in the place of its characters.
    ///
    /// - Parameter isAlone: it is all there is, so that fewer signs are enough.
    func isMasked(_ range: Range<Int>, isAlone: Bool) -> Bool {
        var start = range.lowerBound
        while start < range.upperBound {
            var end = start
            while end < range.upperBound, !byte(end).isSpace { end += 1 }
            if isMaskedWord(start..<end, isAlone: isAlone) { return true }
            start = end + 1
        }
        return false
    }

    private func isMaskedWord(_ word: Range<Int>, isAlone: Bool) -> Bool {
        var (stars, dots, bullets, known) = (0, 0, 0, 0)
        var hasStructure = false
        var index = word.lowerBound
        while index < word.upperBound, let (value, length) = scalar(at: index) {
            let glyph = Glyph(value)
            stars = glyph == .ascii(UInt8(ascii: "*")) ? stars + 1 : 0
            dots = glyph == .ascii(UInt8(ascii: ".")) ? dots + 1 : glyph == .ellipsis ? 3 : 0
            bullets = glyph == .bullet ? bullets + 1 : 0
            let next = byte(index + length)
            let isInside = known > 0 && index + length < word.upperBound && next.isLetterOrDigit
            if stars >= 3 || bullets >= 2 || (stars == 2 && (isInside || isAlone)) { return true }
            if dots == 3, isAlone || (hasStructure && known >= 3) { return true }
            if case .ascii(let letter) = glyph {
                if has(Array("://".utf8), at: index) { return false }
                if letter.isLetterOrDigit { known += 1 }
                if letter.isDigit || letter == UInt8(ascii: "-") || letter == UInt8(ascii: "_") { hasStructure = true }
            }
            index += length
        }
        return false
    }

    // MARK: Sample text

    /// Whether `range`, one word or a short phrase, is text that shows where a key would go.
    ///
    /// - Parameter variables: environment variables, whose names are pasted instead of what they hold.
    func isSample(_ range: Range<Int>, variables: [String] = []) -> Bool {
        isReference(range, variables) || hasRunOfX(range) || says(weakWords, in: range) || saysYourKey(in: range)
    }

    /// Whether a whole key, whose body begins at `body`, is sample text.
    ///
    /// Short words come up in keys by chance, so they count only where the body begins.
    func isSampleKey(_ range: Range<Int>, body: Int) -> Bool {
        hasRunOfX(range) || says(weakWords.filter { $0.count > 6 }, in: range) || saysYourKey(in: range)
            || weakWords.contains { spelled($0, from: body, to: range.upperBound) != nil }
    }

    /// Whether a line is a word or a number as people write them: no capital but the first, no digit among letters.
    func isPlainWord(_ range: Range<Int>) -> Bool {
        let digits = range.count { byte($0).isDigit }
        if digits > 0 { return digits == range.count }
        return range.dropFirst().allSatisfy { byte($0).lowered == byte($0) }
    }

    /// Whether some word of a longer text is sample text beyond doubt.
    func hasSampleWord(_ range: Range<Int>) -> Bool {
        var start = range.lowerBound
        while start < range.upperBound {
            var end = start
            while end < range.upperBound, !byte(end).isSpace { end += 1 }
            if hasRunOfX(start..<end) || saysYourKey(in: start..<end) { return true }
            start = end + 1
        }
        return false
    }

    private func isReference(_ range: Range<Int>, _ variables: [String]) -> Bool {
        let start = range.lowerBound
        if references.contains(where: { has($0, at: start, ignoringCase: true) }) { return true }
        let sigil = byte(start) == UInt8(ascii: "$") || byte(start) == UInt8(ascii: "%") ? 1 : 0
        return variables.contains { name in
            let isWhole = sigil == 1 || name.utf8.count == range.count
            return isWhole && has(Array(name.utf8), at: start + sigil)
        }
    }

    private func hasRunOfX(_ range: Range<Int>) -> Bool {
        var length = 0
        for index in range {
            length = byte(index).lowered == UInt8(ascii: "x") ? length + 1 : 0
            if length == 8 { return true }
        }
        return false
    }

    /// Looks for `words` among the letters and digits of `range`, whatever stands between them.
    private func says(_ words: [[UInt8]], in range: Range<Int>) -> Bool {
        range.contains { start in words.contains { spelled($0, from: start, to: range.upperBound) != nil } }
    }

    /// `your`, and `key` soon after it.
    private func saysYourKey(in range: Range<Int>) -> Bool {
        if says(sampleWords, in: range) { return true }
        let (your, key) = (Array("your".utf8), Array("key".utf8))
        for start in range {
            guard let next = spelled(your, from: start, to: range.upperBound) else { continue }
            let end = min(next + 28, range.upperBound)
            if (next..<end).contains(where: { spelled(key, from: $0, to: end) != nil }) { return true }
        }
        return false
    }

    /// Where `word` ends when it is spelled from `start` on, at most two signs between letters.
    private func spelled(_ word: [UInt8], from start: Int, to end: Int) -> Int? {
        var index = start
        for (place, letter) in word.enumerated() {
            var gap = 0
            while place > 0, gap < 2, index < end, !byte(index).isLetterOrDigit {
                index += 1
                gap += 1
            }
            guard index < end, byte(index).lowered == letter else { return nil }
            index += 1
        }
        return index
    }
}
