/// What a problem says to people where nothing more exact is known: what happened and whose side it is on
/// (`title`, `detail`), and what to do next (`hint`).
struct ProblemWording {
    let title: String
    let detail: String
    let hint: String

    private init(_ title: String, _ detail: String, _ hint: String) {
        self.title = title
        self.detail = detail
        self.hint = hint
    }

    static func of(_ code: ProblemCode) -> ProblemWording {
        switch code {
        case .invalidJSON, .duplicateMember, .unknownMember, .invalidField, .invalidParameter, .invalidCursor,
            .methodNotAllowed, .notAcceptable, .bodyTooLarge, .uriTooLong, .unsupportedMediaType, .headersTooLarge:
            ofTheRequest(code)
        case .missingToken, .invalidToken, .expiredToken, .insufficientScope, .foreignOrigin, .notFound,
            .sessionExpired, .sessionUsed:
            ofTheCaller(code)
        case .oauthTokenRejected, .wrongKeyType, .maskedKey, .placeholderKey, .truncatedKey, .severalKeys,
            .wrongProvider, .malformedKey, .invalidKey:
            ofThePaste(code)
        case .duplicateKey, .idempotencyConflict, .wrongState, .versionConflict, .keyRevoked:
            ofTheKey(code)
        case .rateLimited, .validationLimit, .sealed, .providerUnavailable, .auditUnavailable, .overloaded,
            .storageUnavailable, .storageFull:
            ofTheVault(code)
        }
    }

    private static func ofTheRequest(_ code: ProblemCode) -> ProblemWording {
        switch code {
        case .invalidJSON:
            ProblemWording(
                "The request body is not valid JSON", "The request body is not JSON as RFC 8259 defines it.",
                "Send one JSON object in UTF-8, without a byte order mark, comments or trailing commas."
            )
        case .duplicateMember:
            ProblemWording(
                "A member occurs twice", "The request body names one member of an object more than once.",
                "Send every member once, so that only one reading is possible."
            )
        case .unknownMember:
            ProblemWording(
                "Unknown member", "The request body has a member that this call does not know.",
                "Check its spelling, or leave it out; /openapi.json lists the members of every call."
            )
        case .invalidField:
            ProblemWording(
                "A member is missing or not usable",
                "A member of the request is missing or has a value that cannot be.",
                "Correct the member named in `field`; /openapi.json says what it may hold."
            )
        case .invalidParameter:
            ProblemWording(
                "A parameter or header is not usable",
                "The query or a header has a parameter that is unknown, repeated, badly encoded or has a value that cannot be.",
                "Correct it; /openapi.json lists the parameters of every call."
            )
        case .invalidCursor:
            ProblemWording(
                "The cursor is not usable", "The cursor is not one that this list has given to this caller.",
                "Start the list again without `cursor`, and pass on `next_cursor` unchanged."
            )
        case .methodNotAllowed:
            ProblemWording(
                "Method not allowed", "There is something at this path, but not for this method.",
                "Use one of the methods in the `Allow` header."
            )
        case .notAcceptable:
            ProblemWording(
                "No acceptable form", "The `Accept` header admits none of the forms in which this is answered.",
                "Accept application/json, or leave the header out."
            )
        case .bodyTooLarge:
            ProblemWording(
                "The request body is too large", "The request body is larger than is taken here.",
                "Send at most 65,536 bytes."
            )
        case .uriTooLong:
            ProblemWording(
                "The URL is too long", "The URL is longer than is taken here.", "Send a URL of at most 4,096 bytes."
            )
        case .unsupportedMediaType:
            ProblemWording(
                "Unsupported media type", "The request body is not declared as JSON in UTF-8.",
                "Send the header `Content-Type: application/json`."
            )
        default:
            ProblemWording(
                "The headers are too large", "The request headers are larger than is taken here.",
                "Send at most 64 header fields of 16,384 bytes together."
            )
        }
    }

    private static func ofTheCaller(_ code: ProblemCode) -> ProblemWording {
        switch code {
        case .missingToken:
            ProblemWording(
                "A token is needed", "The request carries no access token.",
                "Send the header `Authorization: Bearer kst_…`; tokens in the URL are not read."
            )
        case .invalidToken:
            ProblemWording(
                "The token is not valid", "The access token is misspelled, revoked or not of this vault.",
                "Check that it was copied whole, or ask an admin for a new one."
            )
        case .expiredToken:
            ProblemWording(
                "The token has expired", "The access token was valid, but its time is over.",
                "Ask an admin for a new one."
            )
        case .insufficientScope:
            ProblemWording(
                "The token may not do this", "The access token is valid, but lacks the scope that this call needs.",
                "Use a token with that scope; GET /v1/token says what this one may do."
            )
        case .foreignOrigin:
            ProblemWording(
                "Called from another site", "This call is answered only to the vault's own pages.",
                "Open the page from its link; from an app, call the API from the server, not the browser."
            )
        case .sessionExpired:
            ProblemWording(
                "This link has expired", "The connect link was valid, but its time is over. Nothing was stored.",
                "Go back to the app and ask for a new link."
            )
        case .sessionUsed:
            ProblemWording(
                "This link has been used", "The connect link has already been used to save a key; it works once.",
                "Go back to the app; to change the key, ask there for a new link."
            )
        default:
            ProblemWording(
                "Not found", "There is nothing here, or nothing that this token can see.",
                "Check the path and the id."
            )
        }
    }

    private static func ofThePaste(_ code: ProblemCode) -> ProblemWording {
        switch code {
        case .oauthTokenRejected:
            ProblemWording(
                "OAuth tokens cannot be used as API keys",
                "This is a sign-in token, not an API key. It was not stored and nobody was asked about it.",
                "Create an API key in the provider's console and paste that instead."
            )
        case .wrongKeyType:
            ProblemWording(
                "This is another kind of credential",
                "This credential is genuine in form, but not an API key for calling models. It was not stored.",
                "Create an API key in the provider's console and paste that instead."
            )
        case .maskedKey:
            ProblemWording(
                "The key is masked", "Part of the key is hidden behind dots or stars. It was not stored.",
                "Consoles show a key whole only once, when it is made: create a new one and copy it then."
            )
        case .placeholderKey:
            ProblemWording(
                "This is sample text", "This is the placeholder from an example, not a key. It was not stored.",
                "Paste your own key in its place."
            )
        case .truncatedKey:
            ProblemWording(
                "The key is incomplete", "The beginning is that of a key, but the end is missing. It was not stored.",
                "Copy it again with the console's copy button; if it is no longer shown, create a new one."
            )
        case .severalKeys:
            ProblemWording(
                "More than one key", "There is more than one credential in this text. None was stored.",
                "Paste only the key that is to be saved."
            )
        case .wrongProvider:
            ProblemWording(
                "This key is another provider's", "This key is not of the provider that was chosen. It was not stored.",
                "Choose the provider that it belongs to, or paste a key of the chosen one."
            )
        case .malformedKey:
            ProblemWording(
                "This is not a key", "This text has not the form of any provider's key. It was not stored.",
                "Copy the key again in the provider's console and paste only that."
            )
        default:
            ProblemWording(
                "The provider refused this key",
                "The key has the right form, but the provider does not accept it. It was not stored.",
                "Check in the provider's console that it still exists and is enabled, or create a new one."
            )
        }
    }

    private static func ofTheKey(_ code: ProblemCode) -> ProblemWording {
        switch code {
        case .duplicateKey:
            ProblemWording(
                "This key is already stored", "The same key is already stored for this user. Nothing was changed.",
                "Use the stored one, whose id is in `key_id`."
            )
        case .idempotencyConflict:
            ProblemWording(
                "The idempotency key is taken",
                "This `Idempotency-Key` belongs to another request of this token. Nothing was changed.",
                "Use a fresh one for every new request; the same only to repeat one unchanged."
            )
        case .wrongState:
            ProblemWording(
                "Not possible in this state",
                "What is stored is in a state that does not allow this. Nothing was changed.",
                "Look at its `status` first."
            )
        case .versionConflict:
            ProblemWording(
                "Changed in the meantime", "It was changed since it was read. Nothing was changed now.",
                "Read it again and repeat the change with the new `ETag`."
            )
        default:
            ProblemWording(
                "This key has been revoked", "The key was revoked and its secret destroyed; neither comes back.",
                "Ask its owner for a new key."
            )
        }
    }

    private static func ofTheVault(_ code: ProblemCode) -> ProblemWording {
        switch code {
        case .rateLimited:
            ProblemWording(
                "Too many requests", "There were more requests than are answered in this time. Nothing was done.",
                "Wait for the seconds in `Retry-After`, then repeat."
            )
        case .validationLimit:
            ProblemWording(
                "Too many test calls",
                "More keys were tried than are tested in this time. This one was neither tested nor stored.",
                "Wait for the seconds in `Retry-After`, then repeat."
            )
        case .sealed:
            ProblemWording(
                "The vault is sealed", "The vault is running, but holds no master key, so it can open nothing.",
                "Its operator has to start it again, with the master key; then repeat."
            )
        case .providerUnavailable:
            ProblemWording(
                "The provider does not answer",
                "The provider gave no definite answer about the key. That says nothing about the key; nothing was stored.",
                "Repeat in a while; the key may well be good."
            )
        case .auditUnavailable:
            ProblemWording(
                "The audit log cannot be written",
                "The vault cannot write its audit log, and does nothing that it cannot record. Nothing was done.",
                "Repeat in a while; its operator should look at the storage."
            )
        case .overloaded:
            ProblemWording(
                "The vault is busy", "The vault has more requests than it can take. Nothing was done.",
                "Repeat in a moment; nothing has to be changed."
            )
        case .storageUnavailable:
            ProblemWording(
                "The storage does not answer", "The vault's storage gave no answer. It may be that this was done.",
                "Look whether it was, or repeat with the same `Idempotency-Key`."
            )
        default:
            ProblemWording(
                "The storage is full", "The vault has no room left to store anything. Nothing was changed.",
                "Its operator has to make room; then repeat."
            )
        }
    }
}
