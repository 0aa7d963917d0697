import Synchronization
import VaultCrypto
package import VaultModel
import VaultStore

/// Which keys to revoke at once, and how sure the caller is.
package struct MassRevocation: Sendable {
    package var filter = RevocationFilter()
    package var isForAll = false
    package var reason = ""
    package var isDryRun = false
    /// How many keys the caller saw; another count changes nothing.
    package var expected: Int?

    package init() {}
}

/// The orders that decide about keys which are not shredded yet.
struct PendingOrders {
    var pending: [RevocationOrder] = []
    private(set) var finished = 0

    mutating func finish(_ id: RevocationID) {
        pending.removeAll { $0.id == id }
        finished += 1
    }
}

/// How far an order has been carried out.
private struct Reached: Sendable {
    let last: KeyID?
}

extension Vault {
    /// Revokes every key that the filter names.
    ///
    /// One small transaction records the order, from which moment every such key answers 410; shredding follows in
    /// batches and goes on after a restart.
    ///
    /// - Returns: how many keys it names.
    package func revoke(_ request: MassRevocation, _ context: RequestContext) async throws(VaultError) -> Int {
        try context.require(.keysWrite)
        try requireNoCredential(in: request.reason, of: "reason")
        var filter = request.filter
        guard request.isForAll || !filter.isEmpty else {
            throw .invalidField("all", detail: "Name at least one filter, or say \"all\": true.")
        }
        if let own = context.caller.projectID {
            guard filter.projectID == nil || filter.projectID == own else { throw .notFound }
            filter.projectID = own
        }
        if request.isDryRun {
            let count = try read { [filter] transaction throws(StoreError) in
                try transaction.countKeys(matching: filter)
            }
            if let ticket = context.ticket { try await keep(count, for: ticket) }
            return count
        }
        defer { deferred.wake() }
        return try await write(context, isEnding: true) { [self, filter] transaction in
            let now = time.now()
            let count = try transaction.countKeys(matching: filter)
            if let expected = request.expected, expected != count {
                throw VaultError.versionConflict(
                    detail: "The filter names \(count) keys now, not \(expected); nothing was revoked.")
            }
            guard count > 0 else { return 0 }
            let order = RevocationOrder(
                id: RevocationID(at: now), filter: filter, reason: request.reason, orderedAt: now, cursor: nil,
                completedAt: nil)
            try transaction.put(order, mac: keyring.mac(of: order))
            _ = try transaction.append(
                AuditEntry(
                    at: now, actor: context.caller, action: .keyRevoked, object: "\(order.id)",
                    projectID: filter.projectID, outcome: "ordered:\(count)", requestID: context.requestID,
                    reason: request.reason))
            // They stand in the anchor before anyone is told, and not only when they are shredded.
            transaction.endings += try transaction.keyIDs(matching: order.effectiveFilter, limit: .max).map { "\($0)" }
            // From here on, before anyone can be answered. If the commit fails, it refuses too much until the next
            // attempt to carry it out finds that it is not stored.
            orders.withLock { $0.pending.append(order) }
            return count
        }
    }

    /// The pending order that names `key`, if there is one.
    func order(naming key: KeyRecord) -> RevocationOrder? {
        orders.withLock { orders in orders.pending.first { $0.names(key) } }
    }

    /// How many orders have been taken away so far: whoever read rows before that must read them again.
    var finishedOrders: Int { orders.withLock(\.finished) }

    /// Reads the orders that were not finished before the last stop, as their MACs say.
    func loadPendingOrders() throws(VaultError) {
        let stored = try read { transaction throws(StoreError) in try transaction.orders() }
        var believed: [RevocationOrder] = []
        for stored in stored {
            let order = stored.record
            if try fits(stored.mac, order) {
                if order.completedAt == nil { believed.append(order) }
                continue
            }
            noteForgery(of: "revocation", object: "\(order.id)", project: order.filter.projectID)
            // Somebody said that it was done: it is not.
            var pending = order
            pending.completedAt = nil
            if try fits(stored.mac, pending) { believed.append(pending) }
        }
        orders.withLock { $0.pending = believed }
    }

    private func fits(_ mac: [UInt8], _ order: RevocationOrder) throws(VaultError) -> Bool {
        do { return try ConstantTime.areEqual(keyring.mac(of: order), mac) } catch { throw VaultError(thrown: error) }
    }

    /// Shreds what pending orders name, in batches, each its own transaction: others' writes come between them.
    func carryOutOrders() async throws(VaultError) {
        while let order = orders.withLock(\.pending.first) {
            var after: KeyID?
            while let reached = try await carryOut(order, after: after) { after = reached.last }
            orders.withLock { $0.finish(order.id) }
        }
    }

    /// Carries out the next batch of an order.
    ///
    /// - Parameter after: the last key of the batch before, so that no batch looks at all the keys that came before it.
    /// - Returns: the last key of this one, or none where it reached the end and whether any is left has yet to be seen;
    ///   `nil` when the order is carried out.
    private func carryOut(
        _ order: RevocationOrder, after: KeyID?
    ) async throws(VaultError) -> Reached? {
        let context = RequestContext(caller: .vault)
        return try await write(isEnding: true) { [self] transaction in
            guard var order = try transaction.order(order.id)?.record else { return nil }
            let batch = try transaction.keyIDs(
                matching: order.effectiveFilter, after: after, limit: Self.shreddedAtOnce)
            for id in batch {
                var edit = KeyEdit(try find(id, for: .vault, in: transaction), in: transaction, at: time.now())
                try edit.revoke(orderedAt: order.orderedAt)
                _ = try finish(edit, context, reason: order.reason)
            }
            if batch.count == Self.shreddedAtOnce { return Reached(last: batch.last) }
            guard after == nil else { return Reached(last: nil) }
            order.completedAt = time.now()
            try transaction.put(order, mac: keyring.mac(of: order))
            return nil
        }
    }

    /// As few that whoever writes beside it does not notice.
    private static var shreddedAtOnce: Int { 25 }
}

extension RevocationOrder {
    /// Only keys that were there when the order was given.
    var effectiveFilter: RevocationFilter {
        var filter = filter
        let afterOrder = Timestamp(milliseconds: orderedAt.milliseconds + 1)
        filter.createdBefore = min(filter.createdBefore ?? afterOrder, afterOrder)
        return filter
    }

    func names(_ key: KeyRecord) -> Bool {
        let filter = effectiveFilter
        return (filter.projectID == nil || filter.projectID == key.projectID)
            && (filter.provider == nil || filter.provider == key.provider)
            && (filter.owner == nil || filter.owner == key.owner)
            && filter.createdBefore.map { key.createdAt < $0 } ?? true
    }
}
