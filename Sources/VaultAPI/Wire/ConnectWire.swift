import VaultModel
import VaultService

extension JSONWriter {
    /// A connect session as its app sees it; its link is in the answer that made it, and nowhere else.
    mutating func value(_ session: ConnectSession) {
        beginObject()
        member("id", "\(session.id)")
        member("state", session.state.rawValue)
        member("purpose", session.purpose.rawValue)
        member("user_id", "\(session.owner)")
        member("user_label", session.userLabel)
        member("key_id", session.keyID?.description)
        member("providers", session.providers.map(\.description))
        member("return_url", session.returnURL)
        member("origin", session.origin)
        member("locale", session.locale)
        member("created_at", session.createdAt)
        member("expires_at", session.expiresAt)
        member("ended_at", session.endedAt)
        endObject()
    }

    /// What the page shows.
    mutating func value(_ page: ConnectPage) {
        let session = page.session
        beginObject()
        member("id", "\(session.id)")
        member("purpose", session.purpose.rawValue)
        member("state", session.state.rawValue)
        member("checking", page.isChecking)
        member("now", page.now)
        member("expires_at", session.expiresAt)
        member("locale", session.locale)
        member("user", session.userLabel ?? "\(session.owner)")
        beginObject("project")
        member("name", page.project.name)
        member("logo", page.project.logo?.description)
        member("accent_color", page.project.accentColor?.description)
        endObject()
        member("return_url", session.returnURL)
        member("return_host", session.returnURL.flatMap(WebOrigin.init(ofURL:))?.host)
        member("origin", session.origin)
        member("readers", page.readers)
        beginArray("providers")
        for provider in page.providers { offer(provider) }
        endArray()
        if let key = page.key {
            name("key")
            own(key)
        } else {
            member("key", String?.none)
        }
        beginArray("keys")
        for key in page.keys { own(key) }
        endArray()
        endObject()
    }

    /// A provider whose keys the page takes.
    private mutating func offer(_ provider: ProviderSummary) {
        beginObject()
        member("id", "\(provider.id)")
        member("name", provider.name)
        member("console_url", provider.consoleURL)
        member("billing_url", provider.billingURL)
        member("docs_url", provider.docsURL)
        member("steps", provider.steps)
        member("example", provider.keyBeginning.map { $0 + "…" })
        member("testable", provider.canBeTested)
        member("funding_check", provider.hasFundingCheck)
        endObject()
    }

    /// A key as its own user sees it: what the API tells its app, less what is only the app's.
    mutating func own(_ view: KeyView) {
        beginObject()
        ownMembers(of: view)
        endObject()
    }

    private mutating func ownMembers(of view: KeyView) {
        let key = view.record
        member("id", "\(key.id)")
        member("provider", "\(key.provider)")
        member("label", key.label)
        member("hint", key.hint)
        member("version", key.currentVersion)
        state(of: view)
        member("created_at", key.createdAt)
        member("rotated_at", key.rotatedAt)
        member("last_used_at", key.lastUsedAt)
        member("expires_at", key.expiresAt)
    }

    /// What came of saving a key: the key, and whether it had been there before.
    mutating func value(_ connected: ConnectedKey) {
        beginObject()
        ownMembers(of: connected.key)
        let isReplaced = connected.outcome == .alreadyReplaced
        member("already_saved", connected.outcome == .alreadySaved || isReplaced)
        if isReplaced { member("already_replaced", true) }
        endObject()
    }
}
