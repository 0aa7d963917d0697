import HTTPServer
import VaultModel

/// Whether what a browser asks for a page comes from our own page.
///
/// No cookie is ever looked at, so that another site has nothing to ride on; this keeps it from using even a token that
/// it got hold of in its visitor's browser.
enum OwnOrigin {
    /// - Throws: `foreign_origin` when the browser says that another site asks (Fetch Metadata; RFC 6454 §7). Who says
    ///   nothing is no browser that asks for another site.
    static func require(_ head: RequestHead, _ site: PublicURL) throws(Problem) {
        if let site = head.value("sec-fetch-site"), site != "same-origin", site != "none" {
            throw Problem(ProblemCode.foreignOrigin)
        }
        guard let origin = head.value("origin") else { return }
        guard own(head, site).contains(origin.lowercased()) else { throw Problem(ProblemCode.foreignOrigin) }
    }

    /// By the name that users know; by the one that this request was sent to, which has been checked to be ours and is
    /// reached in the same way; and on the machine itself, by that without TLS. As browsers spell origins.
    private static func own(_ head: RequestHead, _ site: PublicURL) -> [String] {
        let host = (head.value("host") ?? "").lowercased()
        var own = [site.origin, PublicURL.origin(site.scheme, host)]
        // None but loopback has an origin without TLS.
        if let local = WebOrigin("http://\(host)") { own.append(local.description) }
        return own
    }
}
