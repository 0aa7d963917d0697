import Synchronization
import VaultCrypto
package import VaultModel
import VaultStore

/// An answer that is kept for a repeated request: its status and its body, without secrets shown once.
package struct KeptAnswer: Sendable, Equatable {
    package let status: Int
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// The right to be the one request that runs under an `Idempotency-Key`.
///
/// The answer is written in the transaction of the effect, so that after a crash there are both or neither.
package final class IdempotencyTicket: Sendable {
    /// Encodes what the call returned; `nil` when it is not of the route's type.
    package typealias Render = @Sendable (any Sendable) -> KeptAnswer?

    struct Place: Hashable, Sendable {
        let token: TokenID
        let route: String
        let key: String
    }

    let place: Place
    private let bodyMAC: [UInt8]
    private let createdAt: Timestamp
    private let render: Render
    private let running: RunningRequests
    private let isKept = Mutex(false)

    init(place: Place, bodyMAC: [UInt8], createdAt: Timestamp, running: RunningRequests, render: @escaping Render) {
        self.place = place
        self.bodyMAC = bodyMAC
        self.createdAt = createdAt
        self.running = running
        self.render = render
    }

    /// Keeps the answer for `value`, unless an earlier step of the same call has.
    func keep(_ value: any Sendable, in transaction: WriteTransaction) throws {
        guard let answer = render(value) else { return }
        let isFirst = isKept.withLock { isKept in
            defer { isKept = true }
            return !isKept
        }
        guard isFirst else { return }
        try transaction.put(
            IdempotencyRecord(
                tokenID: place.token, route: place.route, key: place.key, bodyMAC: bodyMAC, status: answer.status,
                answer: answer.body, createdAt: createdAt))
    }

    /// After a failed transaction nothing is kept.
    func forget() {
        isKept.withLock { $0 = false }
    }

    /// Lets the next request under this key run, or find the answer; call exactly once, when the answer is known.
    package func release() {
        running.remove(place)
    }
}

/// The requests that run now under an `Idempotency-Key`. Safe to use from any thread.
final class RunningRequests: Sendable {
    private let places = Mutex<Set<IdempotencyTicket.Place>>([])

    func insert(_ place: IdempotencyTicket.Place) -> Bool {
        places.withLock { $0.insert(place).inserted }
    }

    func remove(_ place: IdempotencyTicket.Place) {
        _ = places.withLock { $0.remove(place) }
    }
}

/// What to do with a request that carries an `Idempotency-Key`.
package enum IdempotencyDecision: Sendable {
    case run(IdempotencyTicket)
    case replay(KeptAnswer)
}

extension Vault {
    /// How long an answer is kept, in seconds.
    static let answersAreKept = 86_400

    /// Decides whether a request runs or gets the answer that an earlier one got.
    ///
    /// - Throws: `idempotencyConflict` when the first is still running, or had another body.
    package func decide(
        key: String, route: String, body: RawSpan, caller: TokenID, render: @escaping IdempotencyTicket.Render
    ) throws(VaultError) -> IdempotencyDecision {
        let bodyMAC: [UInt8]
        do {
            bodyMAC = try keyring.idempotencyMAC(body)
        } catch {
            throw VaultError(thrown: error)
        }
        let place = IdempotencyTicket.Place(token: caller, route: route, key: key)
        guard runningRequests.insert(place) else { throw .idempotencyConflict(isRunning: true) }
        do {
            let now = time.now()
            let kept = try read { transaction throws(StoreError) in
                try transaction.idempotent(token: caller, route: route, key: key)
            }
            if let kept, now < kept.createdAt + Self.answersAreKept, let status = kept.status {
                guard ConstantTime.areEqual(kept.bodyMAC, bodyMAC) else {
                    throw VaultError.idempotencyConflict(isRunning: false)
                }
                runningRequests.remove(place)
                return .replay(KeptAnswer(status: status, body: kept.answer))
            }
            return .run(
                IdempotencyTicket(
                    place: place, bodyMAC: bodyMAC, createdAt: now, running: runningRequests, render: render))
        } catch {
            runningRequests.remove(place)
            throw VaultError(thrown: error)
        }
    }

    /// Keeps the answer of a call that wrote nothing itself.
    package func keep(_ value: any Sendable, for ticket: IdempotencyTicket) async throws(VaultError) {
        _ = try await write { transaction in try ticket.keep(value, in: transaction) }
    }
}
