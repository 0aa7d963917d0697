import VaultModel
import VaultService

private enum Field {
    static let key = Member.secret("key").required.means("The paste: a key, or text that holds one.")
    static let provider = Member.text("provider", 1...40).nullable
        .means("Whose key it is; found out where it is left out.", as: .provider)
    static let label = Member.text("label", 0...100).nullable
        .means("What people call the key.")
    static let fundingCheck = Member.boolean("funding_check")
        .means("Whether to spend about eleven tokens of the user's to prove that it can pay.")
}

/// The page behind a connect link, and the calls that it makes with the link's token.
enum PageRoutes {
    static let all: [Route] = files + calls

    private static let files: [Route] = [
        Route(
            "GET", "/connect", .anyone, "The page behind a connect link.", successes: [.file("text/html", "The file.")]
        ) { call in
            try document(for: call, isPopup: false)
        }.file("text/html"),
        Route(
            "GET", "/connect/popup", .anyone, "The same page, for the window that connect.js opens.",
            successes: [.file("text/html", "The file.")]
        ) { call in
            try document(for: call, isPopup: true)
        }.file("text/html"),
        Route(
            "GET", "/connect/texts/{locale}", .anyone, "The page's texts in a language, by their names.",
            successes: [.json(.pageTexts, 200, "The texts.")]
        ) { call in
            PageTexts.shared.file(for: call.parameters.first.map(String.init) ?? "").answer(to: call)
        }.file("application/json"),
        Route(
            "GET", "/connect.js", .anyone, "The script by which an app's page opens the window.",
            successes: [.file("text/javascript", "The file.")]
        ) { call in
            var answer = widget.answer(to: call, headers: [("Cross-Origin-Resource-Policy", "cross-origin")])
            answer.cacheControl = "public, max-age=300"
            return answer
        }.file("text/javascript"),
    ]

    private static let widget = StaticFile("text/javascript; charset=utf-8", Array(PackageResources.widget_js))

    private static let calls: [Route] = [
        .returning(
            "GET", "/connect/session", .connectLink, "What the page shows; nothing is used up by it.",
            successes: [.json(.connectPage, 200, "What to show.")], refuses: [.sessionExpired],
            answer: { (page: ConnectPage) in .json(200) { $0.value(page) } }
        ) { call in
            try await call.vault.connectPage(call.context)
        },
        .returning(
            "POST", "/connect/inspect", .connectLink, "Ask the key doctor alone: no network, nothing stored.",
            shape: Shape(Field.key, Field.provider), successes: [.json(.diagnosis, 200, "What the doctor says.")],
            refuses: .ofLink, isIdempotent: false,
            answer: { (diagnosis: Diagnosis) in .json(200) { $0.value(diagnosis) } }
        ) { call in
            let provider = try call.body.optional(Field.provider) { ProviderID($0) }
            return try await call.vault.inspect(
                try call.body.requireSecret(Field.key), chosen: provider, onPage: call.context)
        },
        .returning(
            "POST", "/connect/keys", .connectLink, "Save the key, and use the link up, in one transaction.",
            shape: Shape(Field.key, Field.provider, Field.label, Field.fundingCheck),
            successes: [
                .json(.connectedKey, 200, "In the other's place, or there already."),
                .json(.connectedKey, 201, "Stored."),
            ],
            refuses: .ofPaste + .ofState + .ofLink + [.duplicateKey], isIdempotent: false,
            answer: { (saved: ConnectedKey) in .json(saved.outcome == .stored ? 201 : 200) { $0.value(saved) } }
        ) { call in
            try await call.vault.save(try paste(call), call.context)
        },
        .returning(
            "POST", "/connect/keys/{id}/check", .connectLink, "Test the key that the link saved, or one it manages.",
            shape: Shape(Field.fundingCheck), successes: [.json(.ownKey, 200, "The key with what came of it.")],
            refuses: .ofState + .ofLink + [.validationLimit], isIdempotent: false, answer: own
        ) { call in
            let wantsFunding = call.body[Field.fundingCheck] ?? false
            return try await call.vault.check(try call.id(), wantsFunding: wantsFunding, onPage: call.context)
        },
        .returning(
            "POST", "/connect/keys/{id}/rotate", .connectLink, "Put another key in the place of one that is managed.",
            shape: Shape(Field.key, Field.fundingCheck),
            successes: [.json(.ownKey, 200, "The key as it is now.")],
            refuses: .ofPaste + .ofState + .ofLink + [.duplicateKey], isIdempotent: false, answer: own
        ) { call in
            let id: KeyID = try call.id()
            return try await call.vault.replace(id, with: try paste(call), call.context)
        },
        .returning(
            "POST", "/connect/keys/{id}/revoke", .connectLink, "Remove a key that is managed: it is shredded.",
            shape: Shape(), successes: [.json(.ownKey, 200, "What is left of it.")], refuses: .ofLink,
            isIdempotent: false, answer: own
        ) { call in
            try await call.vault.remove(try call.id(), call.context)
        },
    ]

    private static func own(_ key: KeyView) -> Answer { .json(200) { $0.own(key) } }

    private static func document(for call: borrowing Call, isPopup: Bool) throws(VaultError) -> Answer {
        guard let document = ConnectDocument.shared else { throw .overloaded }
        return document.answer(to: call, isPopup: isPopup)
    }

    private static func paste(_ call: borrowing Call) throws -> ConnectPaste {
        var paste = ConnectPaste(paste: try call.body.requireSecret(Field.key))
        paste.provider = try call.body.optional(Field.provider) { ProviderID($0) }
        paste.label = call.body[Field.label]
        paste.wantsFundingCheck = call.body[Field.fundingCheck] ?? false
        return paste
    }
}
