package import VaultModel

/// Who asks, in which request: what every call of the vault needs besides its own arguments.
package struct RequestContext: Sendable {
    package let caller: Caller
    package let requestID: RequestID?
    /// Set when the answer is to be kept for a repeated request.
    package let ticket: IdempotencyTicket?

    package init(caller: Caller, requestID: RequestID? = nil, ticket: IdempotencyTicket? = nil) {
        self.caller = caller
        self.requestID = requestID
        self.ticket = ticket
    }

    /// Refuses a caller that lacks `scope`; before anything is looked up.
    package func require(_ scope: Scope) throws(VaultError) {
        guard caller.may(scope) else { throw .insufficientScope(scope) }
    }

    /// The project that a call is about: an app's own, or the one an admin names.
    ///
    /// - Throws: `notFound` when an app names another's; `invalidField` when an admin names none.
    func project(named project: ProjectID?) throws(VaultError) -> ProjectID {
        if let own = caller.projectID {
            guard project == nil || project == own else { throw .notFound }
            return own
        }
        guard let project else {
            throw .invalidField("project_id", detail: "An admin must say which project is meant.")
        }
        return project
    }
}
