/// A stretch of text that begins as a refused credential does.
///
/// The prefix counts in any case. A sign-in token goes on over line breaks and backslashes for as long as it is too
/// short; a plain blank ends it, so that no sentence becomes one.
struct RefusedRun {
    let range: Range<Int>
    /// Whether it is long enough to be what it begins as; cut ones are refused like whole ones, whatever their ending.
    let isWhole: Bool
    /// From here on another one may begin that is not within this one; before it, all are too short as this one is.
    let resume: Int

    init?(of pattern: KeyPattern, from start: Int, in text: RawSpan, joinsLines: Bool, _ steps: inout Int) {
        var end = start
        for (offset, wanted) in pattern.prefix.enumerated() {
            if offset > 0, joinsLines { end = Self.pastBreak(end, text, &steps) }
            guard KeyPattern.isPrefix(wanted, text.byte(end), ignoringCase: true), end < text.byteCount else {
                return nil
            }
            end += 1
        }
        var count = 0
        var parts = pattern.prefix.isEmpty ? 0 : 1
        var isInPart = parts == 1
        while true {
            while end < text.byteCount, pattern.admits(text.byte(end)) {
                let isDot = pattern.segments > 1 && text.byte(end) == UInt8(ascii: ".")
                if !isDot, !isInPart { parts += 1 }
                isInPart = !isDot
                count += 1
                steps += 1
                end += 1
            }
            if count >= pattern.body.lowerBound, parts >= pattern.segments { break }
            guard joinsLines else { break }
            let next = Self.pastBreak(end, text, &steps)
            guard next > end, next < text.byteCount, pattern.admits(text.byte(next)) else { break }
            end = next
        }
        range = start..<end
        isWhole = count >= pattern.body.lowerBound && parts >= pattern.segments
        // The prefix of another one may begin in the last characters of this one and end after it.
        var (resume, left) = (end, pattern.prefix.count - 1)
        while resume > start + 1, left > 0 {
            resume -= 1
            if !Self.isBreak(text.byte(resume)) { left -= 1 }
        }
        steps += end - resume
        self.resume = resume
    }

    private static func isBreak(_ byte: UInt8) -> Bool { byte.isSpace || byte == UInt8(ascii: "\\") }

    /// Where the text goes on after blanks and at least one line break or backslash; `index` when none is there.
    private static func pastBreak(_ index: Int, _ text: RawSpan, _ steps: inout Int) -> Int {
        var end = index
        var breaks = false
        while end < text.byteCount, isBreak(text.byte(end)) {
            breaks = breaks || text.byte(end) != UInt8(ascii: " ")
            end += 1
        }
        steps += end - index
        return breaks ? end : index
    }
}
