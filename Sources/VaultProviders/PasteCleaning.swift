/// What was taken away around a key; the raw values are the API's `cleaned`.
enum CleaningStep: String, CaseIterable {
    case invisibleCharacters = "invisible_characters"
    case whitespace
    case codeFence = "code_fence"
    case quotes
    case brackets
    case header
    case bearer
    case assignment
    case comment
    case punctuation
    case command
    case json
    case surroundingText = "surrounding_text"
    case lineBreaks = "line_breaks"
}

/// Takes the noise off the outside of a paste, layer by layer, by narrowing a range; nothing is copied.
struct PasteCleaning {
    /// What is left.
    private(set) var range: Range<Int>
    /// Each kind of noise in the order in which it was first met.
    private(set) var steps: [CleaningStep] = []
    /// Whether what is left stood in angle brackets, as samples do.
    private(set) var wasAngled = false

    /// Nobody wraps a key deeper than this, and it bounds the work.
    private static let mostLayers = 12

    /// Cleans until nothing is left to take away, or until `key` is what is left.
    ///
    /// When `key` cannot be laid bare so, it stood amid other text, and the last step says so.
    init(_ text: RawSpan, until key: Range<Int>? = nil, counting work: inout Int) {
        range = 0..<text.byteCount
        for _ in 0..<Self.mostLayers where range != key {
            let before = range
            peel(text, key)
            work += before.count
            if range == before { break }
        }
        guard let key, range != key else { return }
        if !(range.lowerBound <= key.lowerBound && key.upperBound <= range.upperBound) { steps = [] }
        note(Self.surroundings(of: text, in: range))
        range = key
    }

    private mutating func note(_ step: CleaningStep) {
        if !steps.contains(step) { steps.append(step) }
    }

    private mutating func peel(_ text: RawSpan, _ key: Range<Int>?) {
        let layers: [(inout PasteCleaning, RawSpan) -> Void] = [
            { $0.trim($1) }, { $0.unfence($1) }, { $0.unquote($1) }, { $0.unbracket($1) }, { $0.dropHeader($1) },
            { $0.dropBearer($1) }, { $0.dropName($1) }, { $0.dropComment($1) }, { $0.dropPunctuation($1) },
            { $0.dropStrayQuote($1) },
        ]
        for layer in layers where range != key { layer(&self, text) }
    }

    private mutating func narrow(to narrower: Range<Int>, _ step: CleaningStep) {
        guard narrower != range else { return }
        range = narrower
        note(step)
    }

    private mutating func trim(_ text: RawSpan) {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, text.byte(start).isSpace { start += 1 }
        while end > start, text.byte(end - 1).isSpace { end -= 1 }
        narrow(to: start..<end, .whitespace)
    }

    /// Three backticks on either side, and the language after the first.
    private mutating func unfence(_ text: RawSpan) {
        let fence = Array("```".utf8)
        guard text.has(fence, at: range.lowerBound) else { return }
        var start = range.lowerBound + 3
        var end = range.upperBound
        var word = start
        while word < end, text.byte(word).isLetterOrDigit { word += 1 }
        if text.byte(word).isLineBreak { start = word }
        if end - 3 >= start, text.has(fence, at: end - 3) { end -= 3 }
        narrow(to: start..<max(start, end), .codeFence)
    }

    /// Quotation marks on both sides, of whatever kind.
    private mutating func unquote(_ text: RawSpan) {
        guard let first = text.scalar(at: range.lowerBound), Glyph(first.value) == .quote,
            let last = text.scalar(before: range.upperBound), Glyph(last.value) == .quote,
            first.length + last.length <= range.count
        else { return }
        narrow(to: range.lowerBound + first.length..<range.upperBound - last.length, .quotes)
    }

    /// One that was copied without its partner: keys hold none.
    private mutating func dropStrayQuote(_ text: RawSpan) {
        var (start, end) = (range.lowerBound, range.upperBound)
        guard !range.contains(where: { text.byte($0).isSpace }) else { return }
        if start < end, let first = text.scalar(at: start), Glyph(first.value) == .quote { start += first.length }
        if start < end, let last = text.scalar(before: end), Glyph(last.value) == .quote { end -= last.length }
        narrow(to: start..<max(start, end), .quotes)
    }

    private mutating func unbracket(_ text: RawSpan) {
        guard range.count >= 2 else { return }
        switch (text.byte(range.lowerBound), text.byte(range.upperBound - 1)) {
        case (UInt8(ascii: "<"), UInt8(ascii: ">")): wasAngled = true
        case (UInt8(ascii: "("), UInt8(ascii: ")")), (UInt8(ascii: "["), UInt8(ascii: "]")): break
        default: return
        }
        narrow(to: range.lowerBound + 1..<range.upperBound - 1, .brackets)
    }

    private static let headers = [
        "authorization", "x-api-key", "x-goog-api-key", "api-key", "ocp-apim-subscription-key",
    ].map { Array($0.utf8) }

    private mutating func dropHeader(_ text: RawSpan) {
        guard let name = Self.headers.first(where: { text.has($0, at: range.lowerBound, ignoringCase: true) })
        else { return }
        let colon = skipSpaces(text, range.lowerBound + name.count)
        guard colon < range.upperBound, text.byte(colon) == UInt8(ascii: ":") else { return }
        narrow(to: skipSpaces(text, colon + 1)..<range.upperBound, .header)
    }

    private static let schemes = ["bearer", "token"].map { Array($0.utf8) }

    private mutating func dropBearer(_ text: RawSpan) {
        guard let scheme = Self.schemes.first(where: { text.has($0, at: range.lowerBound, ignoringCase: true) })
        else { return }
        let end = range.lowerBound + scheme.count
        guard end == range.upperBound || text.byte(end).isSpace else { return }
        narrow(to: skipSpaces(text, end)..<range.upperBound, .bearer)
    }

    /// What is longer is base64 with its padding.
    private static let longestName = 100

    private static let keywords = ["export ", "setx ", "set ", "env ", "const ", "let ", "var ", "$env:"].map {
        Array($0.utf8)
    }

    /// `NAME=`, `NAME: `, `export NAME=`, `setx NAME `, `$env:NAME = `.
    private mutating func dropName(_ text: RawSpan) {
        var index = range.lowerBound
        let keyword = Self.keywords.first { text.has($0, at: index, ignoringCase: true) }
        index = keyword.map { skipSpaces(text, index + $0.count) } ?? index
        let name = index
        while index < range.upperBound, text.byte(index).isLetterOrDigit || text.byte(index) == UInt8(ascii: "_") {
            index += 1
        }
        guard index > name, index - name <= Self.longestName, !text.byte(name).isDigit else { return }
        if let quote = text.scalar(at: index), index < range.upperBound, Glyph(quote.value) == .quote {
            index += quote.length
        }
        let mark = skipSpaces(text, index)
        if mark < range.upperBound, text.byte(mark) == UInt8(ascii: "=") || text.byte(mark) == UInt8(ascii: ":") {
            // `==` without a blank pads base64.
            if text.byte(mark) == text.byte(mark + 1), mark == index { return }
            let value = text.byte(mark + 1) == UInt8(ascii: "=") ? mark + 2 : mark + 1
            if text.byte(mark) == UInt8(ascii: ":"), text.has(Array("//".utf8), at: value) { return }
            narrow(to: skipSpaces(text, min(value, range.upperBound))..<range.upperBound, .assignment)
        } else if keyword == Array("setx ".utf8), mark > index {
            narrow(to: mark..<range.upperBound, .assignment)
        }
    }

    /// ` # …` or ` // …` to the end, on a paste of one line.
    private mutating func dropComment(_ text: RawSpan) {
        for index in range where text.byte(index).isSpace {
            if text.byte(index).isLineBreak { return }
            let next = text.byte(index + 1)
            guard next == UInt8(ascii: "#") || (next == UInt8(ascii: "/") && text.byte(index + 2) == next) else {
                continue
            }
            for later in index..<range.upperBound where text.byte(later).isLineBreak { return }
            var end = index
            while end > range.lowerBound, text.byte(end - 1).isSpace { end -= 1 }
            return narrow(to: range.lowerBound..<end, .comment)
        }
    }

    /// `;`, `,` and such at the end; an ellipsis stays, because it may mean a masked key.
    private mutating func dropPunctuation(_ text: RawSpan) {
        var end = range.upperBound
        while end > range.lowerBound {
            let last = text.byte(end - 1)
            let isDot = last == UInt8(ascii: ".") && text.byte(end - 2) != UInt8(ascii: ".")
            guard isDot || last == UInt8(ascii: ";") || last == UInt8(ascii: ",") else { break }
            end -= 1
        }
        narrow(to: range.lowerBound..<end, .punctuation)
    }

    private func skipSpaces(_ text: RawSpan, _ start: Int) -> Int {
        var index = start
        while index < range.upperBound, text.byte(index).isSpace { index += 1 }
        return min(index, range.upperBound)
    }

    /// What a key was found in the middle of.
    private static func surroundings(of text: RawSpan, in range: Range<Int>) -> CleaningStep {
        let first = text.byte(range.lowerBound)
        if first == UInt8(ascii: "{") { return .json }
        return text.has(Array("curl".utf8), at: range.lowerBound, ignoringCase: true) ? .command : .surroundingText
    }
}
