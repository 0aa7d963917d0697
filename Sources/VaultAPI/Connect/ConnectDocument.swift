import FoundationEssentials
import VaultModel
import VaultService

/// The page behind a connect link: one HTML document with its style and its script in it, the same for everybody.
///
/// What it shows of a session it asks for with the link's token, which never reaches the server in a URL.
struct ConnectDocument: Sendable {
    private let html: StaticFile
    private let policy: String

    /// Put together once; `nil` where it cannot be hashed.
    static let shared = try? ConnectDocument()

    private init() throws(VaultError) {
        let style = Array(PackageResources.connect_css)
        let script = Array(PackageResources.connect_mjs)
        html = StaticFile(
            "text/html; charset=utf-8",
            Array(
                String(decoding: PackageResources.connect_html, as: UTF8.self)
                    .replacing("/*connect.css*/", with: String(decoding: style, as: UTF8.self))
                    .replacing("/*connect.mjs*/", with: String(decoding: script, as: UTF8.self)).utf8))
        policy = [
            "default-src 'none'", "script-src 'sha256-\(try Self.hash(script))'",
            "style-src 'sha256-\(try Self.hash(style))'", "img-src 'self' data:", "connect-src 'self'",
            "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ].joined(separator: "; ")
    }

    static func hash(_ bytes: [UInt8]) throws(VaultError) -> String {
        Data(try PageDigest.sha256(bytes)).base64EncodedString()
    }

    /// - Parameter isPopup: whether the page that opened it must be able to see it: then it is not severed from that.
    func answer(to call: borrowing Call, isPopup: Bool) -> Answer {
        var headers = [
            ("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ]
        if !isPopup { headers.append(("Cross-Origin-Opener-Policy", "same-origin")) }
        if call.site.isSecure { headers.append(("Strict-Transport-Security", "max-age=31536000")) }
        return html.answer(to: call, headers: headers)
    }
}
