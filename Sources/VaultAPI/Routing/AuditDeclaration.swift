package import VaultModel

/// Which entries a call leaves in the audit log when it does what it is for.
///
/// A call that changes or releases something and has no row here fails a test. What is refused with 401, 403 or 429 is
/// counted for every route alike.
package enum AuditDeclaration {
    /// By method and template; an empty list: it neither changes nor releases anything, whatever its method.
    package static let actions: [String: [AuditAction]] = [
        "POST /v1/keys": [.keyCreated],
        "PATCH /v1/keys/{id}": [.keyUpdated],
        "DELETE /v1/keys/{id}": [.keyDeleted],
        "POST /v1/keys/{id}/reveal": [.keyRevealed],
        "POST /v1/keys/{id}/check": [.keyChecked],
        "POST /v1/keys/{id}/rotate": [.keyRotated],
        "POST /v1/keys/{id}/rollback": [.keyRolledBack],
        "POST /v1/keys/{id}/quarantine": [.keyQuarantined],
        "POST /v1/keys/{id}/release": [.keyReleased],
        "POST /v1/keys/{id}/revoke": [.keyRevoked],
        "DELETE /v1/users/{user_id}": [.keyDeleted],
        "POST /v1/inspect": [],
        "POST /v1/projects": [.projectChanged],
        "PATCH /v1/projects/{id}": [.projectChanged],
        "DELETE /v1/projects/{id}": [.projectChanged],
        "PUT /v1/projects/{id}/policy": [.policyChanged],
        "PUT /v1/projects/{id}/policy/{provider}": [.policyChanged],
        "DELETE /v1/projects/{id}/policy/{provider}": [.policyChanged],
        "POST /v1/tokens": [.tokenCreated],
        "DELETE /v1/tokens/{id}": [.tokenRevoked],
        "POST /v1/revoke": [.keyRevoked],
        "POST /v1/keyring/rotate": [.keyringRotated],
        "POST /v1/keyring/seal": [.keyringSealed],
        "POST /v1/backup": [.backupMade],
        "POST /v1/connect/sessions": [.connectCreated],
        "DELETE /v1/connect/sessions/{id}": [.connectCancelled],
        "POST /connect/inspect": [],
        "POST /connect/keys": [.keyCreated, .connectCompleted],
        "POST /connect/keys/{id}/check": [.keyChecked],
        "POST /connect/keys/{id}/rotate": [.keyRotated],
        "POST /connect/keys/{id}/revoke": [.keyRevoked],
    ]
}
