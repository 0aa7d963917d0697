/// The words of a command that no shell reads.
///
/// Blanks (spaces, tabs and line ends) part words. What stands between two single quotes, or between two double quotes, belongs
/// to its word as it is, blanks and the other quotes too; pieces that touch are one word. Nothing else means anything: no
/// backslash, no variable, no `~`, no `*`, no `|`.
enum CommandWords {
    /// `nil` when a quote is not closed, or there is no word.
    static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word: [UInt8]?
        var quote: UInt8?
        for byte in text.utf8 {
            switch (quote, byte) {
            case (let open?, byte) where byte == open: quote = nil
            case (_?, _): word?.append(byte)
            case (nil, UInt8(ascii: "'")), (nil, UInt8(ascii: "\"")):
                quote = byte
                word = word ?? []
            case (nil, 0x20), (nil, 0x09), (nil, 0x0A), (nil, 0x0D):
                if let done = word { words.append(String(decoding: done, as: UTF8.self)) }
                word = nil
            default: word = (word ?? []) + [byte]
            }
        }
        if let done = word { words.append(String(decoding: done, as: UTF8.self)) }
        return quote == nil && words.first?.isEmpty == false ? words : nil
    }
}
