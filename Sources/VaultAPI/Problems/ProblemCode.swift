/// What can go wrong with a request; the raw value is the problem's `code`, stable for machines.
package enum ProblemCode: String, Sendable, CaseIterable {
    case invalidJSON = "invalid_json"
    case duplicateMember = "duplicate_member"
    case invalidParameter = "invalid_parameter"
    case invalidCursor = "invalid_cursor"
    case missingToken = "missing_token"
    case invalidToken = "invalid_token"
    case expiredToken = "expired_token"
    case insufficientScope = "insufficient_scope"
    case foreignOrigin = "foreign_origin"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case notAcceptable = "not_acceptable"
    case bodyTooLarge = "body_too_large"
    case uriTooLong = "uri_too_long"
    case unsupportedMediaType = "unsupported_media_type"
    case headersTooLarge = "headers_too_large"
    case duplicateKey = "duplicate_key"
    case idempotencyConflict = "idempotency_conflict"
    case wrongState = "wrong_state"
    case versionConflict = "version_conflict"
    case keyRevoked = "key_revoked"
    case sessionExpired = "session_expired"
    case sessionUsed = "session_used"
    case unknownMember = "unknown_member"
    case invalidField = "invalid_field"
    case oauthTokenRejected = "oauth_token_rejected"
    case wrongKeyType = "wrong_key_type"
    case maskedKey = "masked_key"
    case placeholderKey = "placeholder_key"
    case truncatedKey = "truncated_key"
    case severalKeys = "several_keys"
    case wrongProvider = "wrong_provider"
    case malformedKey = "malformed_key"
    case invalidKey = "invalid_key"
    case rateLimited = "rate_limited"
    case validationLimit = "validation_limit"
    case sealed
    case providerUnavailable = "provider_unavailable"
    case auditUnavailable = "audit_unavailable"
    case overloaded
    case storageUnavailable = "storage_unavailable"
    case storageFull = "storage_full"

    /// The HTTP status it is answered with.
    package var status: Int {
        switch self {
        case .invalidJSON, .duplicateMember, .invalidParameter, .invalidCursor: 400
        case .missingToken, .invalidToken, .expiredToken: 401
        case .insufficientScope, .foreignOrigin: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .duplicateKey, .idempotencyConflict, .wrongState, .versionConflict: 409
        case .keyRevoked, .sessionExpired, .sessionUsed: 410
        case .bodyTooLarge: 413
        case .uriTooLong: 414
        case .unsupportedMediaType: 415
        case .unknownMember, .invalidField, .oauthTokenRejected, .wrongKeyType, .maskedKey, .placeholderKey,
            .truncatedKey, .severalKeys, .wrongProvider, .malformedKey, .invalidKey:
            422
        case .rateLimited, .validationLimit: 429
        case .headersTooLarge: 431
        case .sealed, .providerUnavailable, .auditUnavailable, .overloaded, .storageUnavailable: 503
        case .storageFull: 507
        }
    }

    /// Whether the same request may succeed later with nothing changed by the caller.
    package var isRetryable: Bool {
        switch self {
        case .rateLimited, .validationLimit, .sealed, .providerUnavailable, .auditUnavailable, .overloaded,
            .storageUnavailable:
            true
        default: false
        }
    }
}
