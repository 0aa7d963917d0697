import Glibc

/// An sRGB colour as a web page writes it: `#rrggbb`, in lower case whatever the case it came in.
package struct AccentColor: Hashable, Sendable, CustomStringConvertible {
    package let red: UInt8
    package let green: UInt8
    package let blue: UInt8

    /// What stands on it.
    package static let white = AccentColor(red: 0xFF, green: 0xFF, blue: 0xFF)

    /// What text needs against its background to be read (WCAG 2.2, success criterion 1.4.3, level AA).
    package static let readableContrast = 4.5

    package init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// `nil` for anything but `#` and six hexadecimal digits.
    package init?(_ text: String) {
        let utf8 = text.utf8
        guard utf8.count == 7, utf8.first == UInt8(ascii: "#") else { return nil }
        var bits: UInt32 = 0
        for byte in utf8.dropFirst() {
            guard byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            bits = bits << 4 | UInt32(digit)
        }
        self.init(
            red: UInt8(truncatingIfNeeded: bits >> 16), green: UInt8(truncatingIfNeeded: bits >> 8),
            blue: UInt8(truncatingIfNeeded: bits))
    }

    package var description: String {
        "#"
            + [red, green, blue].map { part in
                let digits = String(part, radix: 16)
                return digits.utf8.count == 1 ? "0\(digits)" : digits
            }.joined()
    }

    /// From 0 for black to 1 for white.
    ///
    /// Source: "relative luminance" in Web Content Accessibility Guidelines 2.2, <https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>,
    /// with its threshold of 0.04045.
    package var relativeLuminance: Double {
        let (red, green, blue) = (Self.linear(red), Self.linear(green), Self.linear(blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// From 1 (the same) to 21 (black and white), whichever of the two is the text.
    ///
    /// Source: "contrast ratio" in Web Content Accessibility Guidelines 2.2, <https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>.
    package func contrast(with other: AccentColor) -> Double {
        let (one, two) = (relativeLuminance, other.relativeLuminance)
        return (max(one, two) + 0.05) / (min(one, two) + 0.05)
    }

    private static func linear(_ part: UInt8) -> Double {
        let value = Double(part) / 255
        return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
}
