package import VaultModel
import VaultStore

/// Which keys a list shows.
package struct KeyListing: Sendable {
    package var projectID: ProjectID?
    package var owner: UserID?
    package var provider: ProviderID?
    package var status: KeyStatus?
    package var isStale: Bool?
    package var limit = 50
    package var cursor: String?

    package init() {}
}

/// One page of a list, and how to get the next.
package struct Page<Element: Sendable>: Sendable {
    package let items: [Element]
    package let nextCursor: String?

    package init(items: [Element], nextCursor: String? = nil) {
        self.items = items
        self.nextCursor = nextCursor
    }
}

extension Vault {
    package func key(_ id: KeyID, _ context: RequestContext) throws(VaultError) -> KeyView {
        try context.require(.keysRead)
        return try reading { transaction in try find(id, for: context.caller, in: transaction) }
    }

    /// Keys, newest first. One that cannot be believed is in the list as `undecryptable`; the list goes on.
    package func keys(_ listing: KeyListing, _ context: RequestContext) throws(VaultError) -> Page<KeyView> {
        try context.require(.keysRead)
        if let own = context.caller.projectID, let asked = listing.projectID, asked != own { throw .notFound }
        let scope = CursorScope(
            list: "keys", project: context.caller.projectID ?? listing.projectID,
            filters: [
                listing.owner?.description, listing.provider?.description, listing.status?.rawValue,
                listing.isStale.map { "\($0)" },
            ])
        var before = try listing.cursor.map { cursor throws(VaultError) in try open(cursor: cursor, scope) }
            .map(KeyID.init)
        var filter = KeyFilter()
        filter.projectID = scope.project
        filter.owner = listing.owner
        filter.provider = listing.provider
        filter.isStale = listing.isStale
        var views: [KeyView] = []
        // The status that holds is found by looking (edited, expired and ordered revocations are not in the
        // column), so the filter is applied to what was read, page by page. A page of the answer may be short, or
        // empty, with a cursor to go on: one request never looks at more than a few thousand keys.
        var lookedAt = 0
        while views.count <= listing.limit {
            let wanted = listing.limit + 1
            let page = try reading { [filter, before] transaction in
                try transaction.keys(matching: filter, before: before, limit: wanted).map { stored in
                    try believe(stored, under: policy(for: stored.record, in: transaction))
                }
            }
            views += page.filter { listing.status == nil || $0.status == listing.status }
            guard page.count == wanted else { break }
            before = page.last?.record.id
            lookedAt += page.count
            if lookedAt >= 2000, views.count <= listing.limit, let last = before {
                return Page(items: views, nextCursor: try seal(cursor: last.uuid, scope))
            }
        }
        let items = Array(views.prefix(listing.limit))
        let more = views.count > listing.limit ? items.last?.record.id.uuid : nil
        return Page(items: items, nextCursor: try more.map { last throws(VaultError) in try seal(cursor: last, scope) })
    }

    /// Every version a key has had, newest first, without secrets.
    package func versions(of id: KeyID, _ context: RequestContext) throws(VaultError) -> [KeyVersion] {
        try context.require(.keysRead)
        return try reading { transaction in
            _ = try find(id, for: context.caller, in: transaction)
            return try transaction.versions(of: id).sorted { $0.number > $1.number }
        }
    }

    /// What happened to a key, oldest first.
    package func events(
        of id: KeyID, after: Int, limit: Int, _ context: RequestContext
    ) throws(VaultError) -> [AuditRecord] {
        try context.require(.keysRead)
        return try reading { transaction in
            let project = try find(id, for: context.caller, in: transaction).record.projectID
            var filter = AuditFilter()
            filter.keyID = id
            filter.projectID = context.caller.projectID == nil ? nil : project
            return try transaction.auditEntries(after: after, limit: limit, filter: filter)
        }
    }

    /// A read whose body may also throw errors of this floor.
    ///
    /// An order of revocation that is finished while `body` runs is no longer pending, but its keys are still live in
    /// what this read sees: then `body` runs again, on rows that have been shredded.
    func reading<T>(_ body: (ReadTransaction) throws -> T) throws(VaultError) -> T {
        while true {
            let finished = finishedOrders
            let result = try read { transaction throws(StoreError) -> Result<T, any Error> in
                Result { try body(transaction) }
            }
            guard finished == finishedOrders else { continue }
            do {
                return try result.get()
            } catch {
                throw VaultError(thrown: error)
            }
        }
    }
}
