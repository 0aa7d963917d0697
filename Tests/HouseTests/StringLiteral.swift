/// What stands between quotes in a Swift file.
struct StringLiteral {
    /// As written, with its escapes and interpolations.
    let text: String
    let line: Int
    /// Whether a name is added to it by `+`.
    let isJoined: Bool
}

extension SwiftFile {
    /// Its string literals, of one line and of many; not those inside comments or inside interpolations.
    var stringLiterals: [StringLiteral] {
        let bytes = Array(lines.joined(separator: "\n").utf8)
        let (quote, backslash, newline) = (UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "\n"))
        var literals: [StringLiteral] = []
        var (index, line) = (0, 1)

        func starts(_ text: StaticString, at index: Int) -> Bool {
            bytes[index...].starts(with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }
        while index < bytes.count {
            if bytes[index] == newline { line += 1 }
            if bytes[index] == UInt8(ascii: "/"), starts("//", at: index) {
                while index < bytes.count, bytes[index] != newline { index += 1 }
                continue
            }
            guard bytes[index] == quote else {
                index += 1
                continue
            }
            let isLong = starts("\"\"\"", at: index)
            let (width, firstLine) = (isLong ? 3 : 1, line)
            index += width
            let start = index
            var depth = 0
            while index < bytes.count {
                if bytes[index] == newline { line += 1 }
                if bytes[index] == backslash {
                    if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "(") { depth += 1 }
                    index += 2
                    continue
                }
                if depth > 0 {
                    if bytes[index] == UInt8(ascii: "(") { depth += 1 }
                    if bytes[index] == UInt8(ascii: ")") { depth -= 1 }
                } else if bytes[index] == quote, !isLong || starts("\"\"\"", at: index) {
                    break
                }
                index += 1
            }
            let text = String(decoding: bytes[min(start, bytes.count)..<min(index, bytes.count)], as: UTF8.self)
            index += width
            let after = String(decoding: bytes[min(index, bytes.count)..<min(index + 80, bytes.count)], as: UTF8.self)
            let isJoined = after.prefixMatch(of: /\s*\+\s*[a-z_]/) != nil
            literals.append(StringLiteral(text: text, line: firstLine, isJoined: isJoined))
        }
        return literals
    }
}
