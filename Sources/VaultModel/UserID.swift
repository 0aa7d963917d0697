/// The app's own name for one of its users, who owns keys: 1 to 200 bytes of UTF-8 without control characters.
///
/// Compared as bytes: Swift's `String ==` is Unicode-canonical, and two spellings must stay two owners.
package struct UserID: Hashable, Sendable, CustomStringConvertible {
    package let utf8: [UInt8]

    /// `nil` when `text` is empty, too long, or holds a control character (U+0000–1F, U+007F–9F).
    package init?(_ text: String) {
        guard (1...200).contains(text.utf8.count), !text.hasControlCharacters else { return nil }
        utf8 = Array(text.utf8)
    }

    private init(known: String) { utf8 = Array(known.utf8) }

    /// Stands in where a stored owner cannot be read; such a row is believed in nothing.
    package static let unreadable = UserID(known: "\u{FFFD}")

    package var description: String { String(decoding: utf8, as: UTF8.self) }
}

extension String {
    /// Whether any scalar is a C0 or C1 control character or DEL.
    package var hasControlCharacters: Bool {
        unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
    }
}
