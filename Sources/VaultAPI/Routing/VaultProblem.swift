import HTTPServer
import VaultModel
package import VaultService

extension VaultError {
    /// Whatever a handler threw, as an error of the floor below.
    init(anything error: any Error) {
        self = error as? VaultError ?? .storageUnavailable
    }
}

extension ProblemCode {
    /// The code that the API has for `error`.
    package init(_ error: VaultError) { self = Problem(error).code }
}

extension Problem {
    /// What the vault refused or could not do, in the words of the API: the one translation between the two.
    init(_ error: VaultError) {
        switch error {
        case .insufficientScope(let scope):
            self.init(
                .insufficientScope, detail: "This token may not do that: the scope \(scope.rawValue) is missing.",
                hint: "Use a token with the scope \(scope.rawValue); an admin makes one with POST /v1/tokens.")
        case .missingToken: self.init(ProblemCode.missingToken)
        case .invalidToken: self.init(ProblemCode.invalidToken)
        case .expiredToken: self.init(ProblemCode.expiredToken)
        case .notFound: self.init(ProblemCode.notFound)
        case .invalidField(let field, let detail): self.init(.invalidField, detail: detail, field: field)
        case .invalidCursor: self.init(.invalidCursor, field: "cursor")
        case .refused(let diagnosis): self = Problem(diagnosis) ?? Problem(.malformedKey)
        case .rejected(let verdict, let provider): self.init(rejected: verdict, by: provider)
        case .providerUnavailable(let verdict, let provider):
            self.init(.providerUnavailable, detail: verdict.message)
            retryAfter = verdict.retryAfter
            providerError = verdict.providerError
            docsURL = provider.docsURL
        case .duplicate(let id):
            self.init(ProblemCode.duplicateKey)
            keyID = id
        case .wrongState(let detail, let hint): self.init(.wrongState, detail: detail, hint: hint)
        case .versionConflict(let detail): self.init(.versionConflict, detail: detail)
        case .idempotencyConflict(let isRunning):
            self.init(
                .idempotencyConflict,
                detail: isRunning
                    ? "The first request with this Idempotency-Key is still running."
                    : "This Idempotency-Key was used for another request.",
                hint: isRunning ? "Try again in a moment to get its answer." : "Use a fresh Idempotency-Key.")
            isRetryable = isRunning
        case .keyRevoked(let id):
            self.init(ProblemCode.keyRevoked)
            keyID = id
        case .sessionUsed: self.init(ProblemCode.sessionUsed)
        case .sessionExpired(.time): self.init(ProblemCode.sessionExpired)
        case .sessionExpired(.withdrawn):
            self.init(.sessionExpired, detail: "The app that made this link has withdrawn it. Nothing was stored.")
        case .sessionExpired(.keyGone):
            self.init(.sessionExpired, detail: "The key that this link was to replace is gone. Nothing was stored.")
        case .sessionExpired(.notTaken):
            self.init(
                .sessionExpired, detail: "The app takes no keys any more of the kind that this link was for.")
        case .validationLimit(let wait, let detail):
            self.init(.validationLimit, detail: detail)
            retryAfter = wait
        case .sealed: self.init(ProblemCode.sealed)
        case .auditUnavailable: self.init(ProblemCode.auditUnavailable)
        case .storageUnavailable: self.init(ProblemCode.storageUnavailable)
        case .storageFull: self.init(ProblemCode.storageFull)
        case .overloaded: self.init(ProblemCode.overloaded)
        }
    }

    /// What a provider said to a test call.
    private init(rejected verdict: Verdict, by provider: ProviderSummary) {
        switch verdict.code {
        case .oauthRejected:
            self.init(.oauthTokenRejected, detail: verdict.message, hint: provider.newKeyHint)
            kind = provider.signInKind
        case .wrongType:
            self.init(.wrongKeyType, detail: verdict.message, hint: provider.newKeyHint)
        default:
            self.init(.invalidKey, detail: verdict.message, hint: provider.newKeyHint)
        }
        providerError = verdict.providerError
        docsURL = provider.docsURL
    }

    /// A fault of transport, before there was a request to understand.
    init(_ fault: TransportFault) {
        switch fault {
        case .transferEncodingRefused:
            self.init(
                .invalidParameter, detail: "Transfer-Encoding is not taken here; send a Content-Length.",
                field: "transfer_encoding")
        case .badRequest(let sentence): self.init(.invalidParameter, detail: sentence)
        case .bodyTooLarge: self.init(ProblemCode.bodyTooLarge)
        case .uriTooLong: self.init(ProblemCode.uriTooLong)
        case .headersTooLarge: self.init(ProblemCode.headersTooLarge)
        case .bodiesInFlight: self.init(.overloaded)
        case .answersInFlight:
            self.init(
                .overloaded, detail: "The answer had no room. It may be that what was asked for was done.",
                hint: "Look whether it was, or repeat with the same Idempotency-Key.")
        case .answerTooLate:
            self.init(
                .overloaded, detail: "The answer took too long. It may be that what was asked for was done.",
                hint: "Look whether it was, or repeat with the same Idempotency-Key.")
        }
    }
}
