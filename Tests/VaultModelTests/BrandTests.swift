import Testing
import VaultModel

/// What a project shows of itself: a colour that text can be read on, and a logo that loads nothing of a third party.
struct BrandTests {
    @Test(arguments: [("#1f4fd8", "#1f4fd8"), ("#1F4FD8", "#1f4fd8"), ("#00000a", "#00000a"), ("#FFFFFF", "#ffffff")])
    func `a colour is read in either case and written in lower case`(_ text: String, _ written: String) throws {
        let color = try #require(AccentColor(text))
        #expect("\(color)" == written)
        #expect(AccentColor(written) == color)
    }

    @Test(arguments: [
        "", "#", "1f4fd8", "#1f4fd", "#1f4fd8f", "#fff", "#1f4fdg", "#1f4fd ", " #1f4fd8", "#+1f4fd", "#-1f4fd",
        "#１f4f",
        "rgb(0,0,0)", "red", "#1f4f\u{E9}",
    ])
    func `what is not # and six hexadecimal digits is no colour`(_ text: String) {
        #expect(AccentColor(text) == nil)
    }

    /// Known from every contrast checker: #767676 is the lightest grey that text may have on white, #777777 is too light.
    @Test(arguments: [
        ("#000000", 21.0), ("#ffffff", 1.0), ("#767676", 4.54), ("#777777", 4.48), ("#ff0000", 4.00), ("#0000ff", 8.59),
        ("#008000", 5.14), ("#ffff00", 1.07),
    ])
    func `contrast with white is as WCAG computes it`(_ text: String, _ ratio: Double) throws {
        let color = try #require(AccentColor(text))
        #expect(abs(color.contrast(with: .white) - ratio) < 0.005, "\(color.contrast(with: .white))")
        #expect(AccentColor.white.contrast(with: color) == color.contrast(with: .white))
    }

    @Test func `luminance goes from black to white, and most of it is green`() throws {
        func luminance(_ text: String) throws -> Double { try #require(AccentColor(text)).relativeLuminance }
        #expect(try luminance("#000000") == 0)
        #expect(abs(try luminance("#ffffff") - 1) < 1e-12)
        #expect(abs(try luminance("#00ff00") - 0.7152) < 1e-12)
        #expect(abs(try luminance("#808080") - 0.21586) < 1e-5)
        // Below the threshold the curve is a line.
        #expect(abs(try luminance("#0a0a0a") - 10.0 / 255 / 12.92) < 1e-12)
    }

    private static let full = Logo.dataURLCount - "data:image/png;base64,".utf8.count
    private static let longest = "data:image/png;base64," + String(repeating: "A", count: full - full % 4)

    @Test(arguments: [
        "data:image/png;base64,iVBORw0KGgo=", "data:image/jpeg;base64,/9j/4A==", "data:image/webp;base64,UklG",
        "data:image/svg+xml;base64,PHN2Zy8+", longest, "/", "/logo.svg", "/brand/logo.png?v=2#light", "/a//b",
        "/" + String(repeating: "a", count: 199),
    ])
    func `an image as a data URL and a path on the same server are logos`(_ text: String) throws {
        #expect(try #require(Logo(text)).description == text)
    }

    @Test(arguments: [
        "", "logo.png", "//cdn.example/logo.png", "https://cdn.example/logo.png", "/\\cdn.example/logo.png", "/a\\b",
        "/a b", "/a\tb", "/\n/cdn.example", "/a\"b", "/a'b", "/a`b", "/\u{E9}",
        "/" + String(repeating: "a", count: 200),
        "data:image/png;base64,", "data:image/png;base64,AAA", "data:image/png;base64,AA=A",
        "data:image/png;base64,A===",
        "data:image/png;base64,====", "data:image/png;base64,AAAA=", "data:image/png;base64,AA-_",
        "data:image/png;base64,AA A",
        "data:image/png,AAAA", "data:image/gif;base64,AAAA", "data:image/png;charset=x;base64,AAAA",
        "data:text/html;base64,AAAA", "DATA:image/png;base64,AAAA", "javascript:alert(1)", longest + "AAAA",
    ])
    func `what loads from elsewhere, is no image or is not whole is no logo`(_ text: String) {
        #expect(Logo(text) == nil)
    }
}
