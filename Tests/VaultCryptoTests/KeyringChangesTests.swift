import Testing
import VaultModel

@testable import VaultCrypto

struct KeyringChangesTests {
    private let master: HeldKey
    private let keyring: Keyring
    private let rows: [KeyringRow]

    init() throws {
        master = HeldKey(try Random.secret(32))
        (keyring, rows) = try Keyring.create(master: master.bytes, instance: Sample.instance)
    }

    /// The rows as the store has them: a later one in place of the one of its holder, kind and term.
    private func merged(_ rows: [KeyringRow]) -> [KeyringRow] {
        rows.reduce(into: []) { merged, row in
            merged.removeAll { $0.holder == row.holder && $0.kind == row.kind && $0.term == row.term }
            merged.append(row)
        }
    }

    @Test func `a new term seals from then on, the old one still opens, and both are there after a restart`() throws {
        let before = try keyring.seal(secret("sk-one"), for: Sample.binding())
        let (next, added) = try keyring.withNewTerm(after: 1)
        #expect(next.currentTerm == 2)
        #expect(next.termNumbers == [1, 2])
        let after = try next.seal(secret("sk-two"), for: Sample.binding())
        #expect(after.term == 2)
        let again = try Keyring(master: master.bytes, instance: Sample.instance, rows: merged(rows + added))
        for opened in [next, again] {
            #expect(copy(try opened.open(before, for: Sample.binding())) == Array("sk-one".utf8))
            #expect(copy(try opened.open(after, for: Sample.binding())) == Array("sk-two".utf8))
            #expect(try opened.rowMAC([1]) == keyring.rowMAC([1]))
        }
        #expect(throws: CryptoError.cannotOpen) { _ = try keyring.open(after, for: Sample.binding()) }
    }

    @Test func `what is stored is told from what is in memory, and all of it can be sealed anew`() throws {
        let (next, added) = try keyring.withRecoveryKey()
        let stored = merged(rows + added)
        #expect(try next.isStored(in: stored))
        for index in stored.indices {
            var damaged = stored
            let row = damaged[index]
            damaged[index] = KeyringRow(
                holder: row.holder, kind: row.kind, term: row.term,
                blob: row.blob.dropLast() + [row.blob[row.blob.count - 1] ^ 1])
            #expect(try !next.isStored(in: damaged), "\(row.holder) \(row.kind) \(row.term)")
            #expect(try next.isStored(in: merged(damaged + next.allRows())))
        }
        // Another term of the same number, whole in itself, is not it.
        let (one, other) = (try next.withNewTerm(after: 1), try next.withNewTerm(after: 1))
        #expect(try one.0.isStored(in: merged(stored + one.1)))
        #expect(try !one.0.isStored(in: merged(stored + other.1)))
        #expect(try !one.0.isStored(in: stored))
        let alone = try Keyring(
            instance: Sample.instance, terms: next.terms, derived: next.derived, master: nil, recovery: nil)
        #expect(try !alone.isStored(in: stored))
        #expect(throws: CryptoError.self) { try alone.allRows() }
    }

    @Test func `a term's number is never given out again`() throws {
        #expect(try keyring.withNewTerm(after: 7).0.currentTerm == 8)
        #expect(throws: CryptoError.self) { try keyring.withNewTerm(after: Int(UInt32.max)) }
    }

    @Test func `a rewrapped secret keeps its own box, opens under the new term and no longer needs the old one`() throws
    {
        let before = try keyring.seal(secret("sk-one"), for: Sample.binding())
        let next = try keyring.withNewTerm(after: 1).0
        let moved = try next.rewrap(before, for: Sample.binding())
        #expect(moved.term == 2)
        #expect(moved.box == before.box)
        #expect(moved.wrappedDEK != before.wrappedDEK)
        let alone = try next.without(terms: [1])
        #expect(alone.termNumbers == [2])
        #expect(copy(try alone.open(moved, for: Sample.binding())) == Array("sk-one".utf8))
        // What a backup still has under the old term.
        #expect(throws: CryptoError.cannotOpen) { _ = try alone.open(before, for: Sample.binding()) }
        #expect(throws: CryptoError.cannotOpen) { try alone.rewrap(before, for: Sample.binding()) }
        #expect(try alone.rewrap(before, for: Sample.binding(), from: keyring).term == 2)
        // Not for another place.
        #expect(throws: CryptoError.cannotOpen) { try next.rewrap(before, for: Sample.binding(version: 2)) }
        // The current term stays whatever is asked for.
        #expect(try next.without(terms: [1, 2]).termNumbers == [2])
    }

    @Test func `another master holds the same keys, and the one before it opens nothing any more`() throws {
        let sealed = try keyring.seal(secret("sk-one"), for: Sample.binding())
        let new = try Random.secret(32)
        let (next, changed) = try keyring.under(master: new)
        #expect(next.isHeld(by: new) && !next.isHeld(by: master.bytes))
        let stored = merged(rows + changed)
        #expect(stored.count == rows.count)
        let again = try Keyring(master: new, instance: Sample.instance, rows: stored)
        #expect(copy(try again.open(sealed, for: Sample.binding())) == Array("sk-one".utf8))
        #expect(throws: CryptoError.wrongMasterKey) {
            try Keyring(master: master.bytes, instance: Sample.instance, rows: stored)
        }
        // The old master with the old rows: what a backup of before is.
        #expect(try Keyring(master: master.bytes, instance: Sample.instance, rows: rows).currentTerm == 1)
    }

    @Test func `the recovery key opens what the master opens, also terms that were begun without it`() throws {
        let (with, added) = try keyring.withRecoveryKey()
        let (next, term) = try with.withNewTerm(after: 1)
        let sealed = try next.seal(secret("sk-one"), for: Sample.binding())
        let new = try Random.secret(32)
        let stored = merged(rows + added + term + (try next.under(master: new).1))
        let recovery = try #require(next.withRecoveryKey { key in try? HeldKey(copying: key) } ?? nil)
        let opened = try Keyring(
            master: recovery.bytes, holder: .recovery, instance: Sample.instance, rows: stored)
        #expect(opened.termNumbers == [1, 2])
        #expect(copy(try opened.open(sealed, for: Sample.binding())) == Array("sk-one".utf8))
        #expect(try opened.rowMAC([1]) == keyring.rowMAC([1]))
        // It holds no master, so that a term cannot be begun before there is one.
        #expect(throws: CryptoError.self) { try opened.withNewTerm(after: 2) }
        #expect(try opened.under(master: master.bytes).0.withNewTerm(after: 2).0.currentTerm == 3)
        // Each key opens its own holder's rows alone.
        #expect(throws: CryptoError.wrongMasterKey) {
            try Keyring(master: recovery.bytes, instance: Sample.instance, rows: stored)
        }
        #expect(throws: CryptoError.wrongMasterKey) {
            try Keyring(master: new, holder: .recovery, instance: Sample.instance, rows: stored)
        }
        #expect(throws: CryptoError.wrongMasterKey) {
            try Keyring(master: recovery.bytes, holder: .recovery, instance: Sample.instance, rows: rows)
        }
        // The server finds the key again, so that the next term is held by it, too.
        #expect(try Keyring(master: new, instance: Sample.instance, rows: stored).hasRecoveryKey)
    }

    @Test func `what is stored decides, if this master holds it`() throws {
        let (next, added) = try keyring.withNewTerm(after: 1)
        #expect(try next.reopened(from: rows)?.termNumbers == [1])
        #expect(try keyring.reopened(from: merged(rows + added))?.termNumbers == [1, 2])
        let other = try next.under(master: Random.secret(32)).1
        #expect(try next.reopened(from: merged(rows + added + other)) == nil)
    }

    @Test func `damage to the recovery key's rows keeps nobody out who has the master, and another one heals it`()
        throws
    {
        let master = try Random.secret(32)
        let (keyring, first) = try Keyring.create(master: master, instance: Sample.instance)
        let (whole, added) = try keyring.withRecoveryKey()
        let rows = first + added
        #expect(whole.hasRecoveryKey && !whole.isRecoveryDamaged)
        for place in rows.indices where rows[place].holder == .recovery {
            let row = rows[place]
            var blob = row.blob
            blob[blob.count - 1] ^= 1
            var (damaged, missing) = (rows, rows)
            damaged[place] = KeyringRow(holder: .recovery, kind: row.kind, term: row.term, blob: blob)
            missing.remove(at: place)
            for rows in [damaged, missing] {
                let opened = try Keyring(master: master, instance: Sample.instance, rows: rows)
                #expect(opened.isRecoveryDamaged && !opened.hasRecoveryKey, "\(row.kind)")
                let (next, _) = try opened.withNewTerm(after: 1)
                #expect(next.isRecoveryDamaged)
                let (healed, _) = try opened.withRecoveryKey()
                #expect(healed.hasRecoveryKey && !healed.isRecoveryDamaged)
            }
        }
        // Without its own box, the recovery key itself still opens the vault.
        let key = try #require(whole.withRecoveryKey { key in try? HeldKey(copying: key) } ?? nil)
        let rest = rows.filter { $0.kind != .recovery }
        _ = try Keyring(master: key.bytes, holder: .recovery, instance: Sample.instance, rows: rest)
    }
}
