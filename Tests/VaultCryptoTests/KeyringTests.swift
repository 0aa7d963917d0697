import Testing
import VaultModel

@testable import VaultCrypto

struct KeyringTests {
    @Test func `a keyring opened again opens what was sealed before`() throws {
        let master = try Random.secret(32)
        let (made, rows) = try Keyring.create(master: master, instance: Sample.instance)
        #expect(made.currentTerm == 1)
        let sealed = try made.seal(secret("sk-one"), for: Sample.binding())
        #expect(sealed.term == 1)
        #expect(sealed.wrappedDEK.count == 134)
        #expect(sealed.box.count == SealedBox.overhead + 6)

        let again = try Keyring(master: master, instance: Sample.instance, rows: rows.reversed())
        #expect(copy(try again.open(sealed, for: Sample.binding())) == Array("sk-one".utf8))
        #expect(again.currentTerm == 1)
        #expect(try again.rowMAC([1]) == made.rowMAC([1]))
    }

    @Test func `two seals of one secret have nothing in common`() throws {
        let keyring = try keyring()
        let one = try keyring.seal(secret("sk-one"), for: Sample.binding())
        let two = try keyring.seal(secret("sk-one"), for: Sample.binding())
        for (a, b) in [(one.box, two.box), (one.wrappedDEK, two.wrappedDEK)] {
            #expect(a[..<10] == b[..<10])
            #expect(a[10..<42] != b[10..<42] && a[42..<54] != b[42..<54] && a[54..<86] != b[54..<86])
            #expect(a[86...] != b[86...])
        }
    }

    @Test func `another master is wrong, whatever its length`() throws {
        let master = try Random.secret(32)
        let (_, rows) = try Keyring.create(master: master, instance: Sample.instance)
        #expect(throws: CryptoError.wrongMasterKey) {
            try Keyring(master: Random.secret(32), instance: Sample.instance, rows: rows)
        }
        for length in [0, 16, 31, 33] {
            #expect(throws: CryptoError.wrongMasterKey) {
                try Keyring(master: Random.secret(length), instance: Sample.instance, rows: rows)
            }
        }
        #expect(throws: CryptoError.self) {
            try Keyring.create(master: Random.secret(31), instance: Sample.instance)
        }
    }

    @Test func `the rows of one vault are not those of another`() throws {
        let master = try Random.secret(32)
        let (_, rows) = try Keyring.create(master: master, instance: Sample.instance)
        #expect(throws: CryptoError.wrongMasterKey) {
            try Keyring(master: master, instance: Sample.otherInstance, rows: rows)
        }
    }

    @Test func `a row that is missing, doubled, damaged or renumbered is refused`() throws {
        let master = try Random.secret(32)
        let (_, rows) = try Keyring.create(master: master, instance: Sample.instance)
        #expect(rows.map(\.kind) == [.canary, .kek, .root, .canary])
        #expect(rows.map(\.term) == [0, 1, 0, 1])
        for index in rows.indices {
            let row = rows[index]
            var missing = rows
            missing.remove(at: index)
            var damaged = rows
            var blob = row.blob
            blob[blob.count - 1] ^= 1
            damaged[index] = KeyringRow(kind: row.kind, term: row.term, blob: blob)
            var renumbered = rows
            renumbered[index] = KeyringRow(kind: row.kind, term: row.term + 1, blob: row.blob)
            for changed in [missing, damaged, renumbered, rows + [row]] {
                // The right master opens the rest, so that it is told from a wrong one also without its canary.
                #expect(throws: CryptoError.cannotOpen, "row \(index)") {
                    try Keyring(master: master, instance: Sample.instance, rows: changed)
                }
            }
        }
    }

    @Test func `the rows of two vaults cannot be mixed, even under one master and instance`() throws {
        let master = try Random.secret(32)
        let (_, rows) = try Keyring.create(master: master, instance: Sample.instance)
        let (_, others) = try Keyring.create(master: master, instance: Sample.instance)
        // Another KEK with the old canary, or the old KEK with another canary.
        for index in [1, 3] {
            var mixed = rows
            mixed[index] = others[index]
            #expect(throws: CryptoError.cannotOpen) {
                try Keyring(master: master, instance: Sample.instance, rows: mixed)
            }
        }
    }

    @Test func `of two terms the higher one seals and both open`() throws {
        let (first, second) = (HeldKey(try Random.secret(32)), HeldKey(try Random.secret(32)))
        let root = try RootKeys(Random.secret(32))
        func keyring(_ terms: [Int: HeldKey]) throws -> Keyring {
            try Keyring(instance: Sample.instance, terms: terms, derived: root, master: nil, recovery: nil)
        }
        let (old, both) = (try keyring([1: first]), try keyring([1: first, 2: second]))
        let before = try old.seal(secret("sk-one"), for: Sample.binding())
        let after = try both.seal(secret("sk-two"), for: Sample.binding())
        #expect((before.term, after.term) == (1, 2))
        #expect(copy(try both.open(before, for: Sample.binding())) == Array("sk-one".utf8))
        #expect(copy(try both.open(after, for: Sample.binding())) == Array("sk-two".utf8))
        // An unknown term, and a row that claims the other one.
        #expect(throws: CryptoError.cannotOpen) { _ = try old.open(after, for: Sample.binding()) }
        let claimed = SealedSecret(term: 1, wrappedDEK: after.wrappedDEK, box: after.box)
        #expect(throws: CryptoError.cannotOpen) { _ = try both.open(claimed, for: Sample.binding()) }
    }

    @Test func `a secret of no bytes or of more than 65,536 cannot be sealed`() throws {
        let keyring = try keyring()
        for length in [0, 65_537] {
            #expect(throws: CryptoError.self) {
                _ = try keyring.seal(secret([UInt8](repeating: 1, count: length)), for: Sample.binding())
            }
        }
        let longest = [UInt8](repeating: 1, count: 65_536)
        let sealed = try keyring.seal(secret(longest), for: Sample.binding())
        #expect(copy(try keyring.open(sealed, for: Sample.binding())) == longest)
    }

    @Test func `several threads seal and open at once, each its own`() async throws {
        let keyring = try keyring()
        let rounds = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<200 {
                        let bytes = Array("sk-\(task)-\(round)".utf8)
                        let binding = try Sample.binding(key: task, version: round + 1)
                        let sealed = try keyring.seal(secret(bytes), for: binding)
                        #expect(copy(try keyring.open(sealed, for: binding)) == bytes)
                        let elsewhere = try Sample.binding(key: task + 8, version: round + 1)
                        #expect(isRefused { () throws(CryptoError) in try keyring.open(sealed, for: elsewhere) })
                        #expect(try keyring.rowMAC(bytes) == keyring.rowMAC(bytes))
                    }
                    return 200
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(rounds == 1600)
    }

    private func keyring() throws -> Keyring {
        try Keyring.create(master: Random.secret(32), instance: Sample.instance).0
    }
}
