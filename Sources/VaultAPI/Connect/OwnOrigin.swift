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
        guard let asking = WebOrigin(origin), own(head, site).contains(asking) else {
            throw Problem(ProblemCode.foreignOrigin)
        }
    }

    /// By the name that users know, and by the one that this request was sent to, which has been checked to be ours.
    private static func own(_ head: RequestHead, _ site: PublicURL) -> [WebOrigin] {
        let host = head.value("host") ?? ""
        return [WebOrigin(ofURL: site.description), WebOrigin("https://\(host)"), WebOrigin("http://\(host)")]
            .compactMap(\.self)
    }
}
