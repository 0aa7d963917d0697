import VaultCrypto

/// What stands in an anchor file: notes one after another, each from a line that begins with `keystow/` on.
package struct AnchorContents: Sendable {
    /// What lies between two such lines; whether it is a whole note, and to be believed, is decided later.
    package struct Block: Sendable {
        /// The number of its first line, from 1.
        package let line: Int
        fileprivate let range: Range<Int>
    }

    private let bytes: [UInt8]
    package let blocks: [Block]

    private static let mark = Array("keystow/".utf8)
    private static let newline = UInt8(ascii: "\n")
    private static let dash = Array("— ".utf8)

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var blocks: [Block] = []
        var (line, start, lineStart): (Int, (line: Int, byte: Int)?, Int) = (1, nil, 0)
        while lineStart < bytes.count {
            if bytes[lineStart] == Self.mark[0], bytes[lineStart...].starts(with: Self.mark) {
                if let start { blocks.append(Block(line: start.line, range: start.byte..<lineStart)) }
                start = (line, lineStart)
            }
            lineStart = (bytes[lineStart...].firstIndex(of: Self.newline) ?? bytes.count) + 1
            line += 1
        }
        if let start { blocks.append(Block(line: start.line, range: start.byte..<bytes.count)) }
        self.blocks = blocks
    }

    /// Reads the file; `nil` where there is none.
    ///
    /// - Throws: `anchorUnreadable`.
    package init?(path: String) throws(OpeningError) {
        guard let bytes = try AnchorFile(path: path).read() else { return nil }
        self.init(bytes)
    }

    /// Whether a block is one of the signers' of that name, or a piece of one.
    func isBlock(_ block: Block, by name: String) -> Bool { bytes[block.range].starts(with: "\(name)/".utf8) }

    /// The text of a block that is a whole note, without its signatures; `nil` for a piece of one.
    func text(of block: Block) -> ArraySlice<UInt8>? { parts(of: block)?.text }

    func note(of block: Block) -> SignedNote? {
        guard let (text, signatures) = parts(of: block) else { return nil }
        return SignedNote(parsing: String(decoding: text + [Self.newline] + signatures + [Self.newline], as: UTF8.self))
    }

    /// A write may be interrupted anywhere: a note is whole when its signatures are, with or without the line's end. What
    /// follows them is no more of it.
    private func parts(of block: Block) -> (text: ArraySlice<UInt8>, signatures: ArraySlice<UInt8>)? {
        let bytes = bytes[block.range]
        var end = bytes.startIndex
        while let newline = bytes[end...].firstIndex(of: Self.newline) {
            end = newline + 1
            guard end < bytes.endIndex, bytes[end] == Self.newline else { continue }
            guard let signatures = signatures(from: end + 1, in: bytes) else { return nil }
            return (bytes[..<end], bytes[signatures])
        }
        return nil
    }

    /// The lines of signatures from `start` on, without the end of the last; `nil` when that is not whole.
    private func signatures(from start: Int, in bytes: ArraySlice<UInt8>) -> Range<Int>? {
        var (end, line) = (start, start)
        while bytes[line...].starts(with: Self.dash) {
            end = bytes[line...].firstIndex(of: Self.newline) ?? bytes.endIndex
            guard let space = bytes[line..<end].lastIndex(of: UInt8(ascii: " ")) else { return nil }
            guard end - space - 1 == SignedNote.signatureLength else { return nil }
            line = min(end + 1, bytes.endIndex)
        }
        return end > start ? start..<end : nil
    }
}
