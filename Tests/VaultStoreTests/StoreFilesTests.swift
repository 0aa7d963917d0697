import Glibc
import Testing
import VaultModel

@testable import VaultStore

@Suite(.serialized)
struct StoreFilesTests {
    @Test(arguments: [0o000, 0o077, 0o777] as [mode_t])
    func `S12 files are for their owner alone, whatever the umask`(mask: mode_t) async throws {
        let directory = try TemporaryDirectory()
        let before = umask(mask)
        let store = try openStore(in: directory)
        let project = makeProject()
        try await store.write { try $0.insert(project, mac: mac) }
        umask(before)
        #expect(mode(of: directory.data) == 0o700)
        for name in ["vault.db", "vault.db-wal", "vault.db-shm", "vault.lock", "vault.reserve"] {
            #expect(mode(of: directory.data + "/" + name) == 0o600, "\(name)")
        }
        store.close()
    }

    @Test func `a database that others could read is closed to them`() throws {
        let directory = try TemporaryDirectory()
        try openStore(in: directory).close()
        chmod(directory.database, 0o644)
        let store = try openStore(in: directory)
        #expect(mode(of: directory.database) == 0o600)
        store.close()
    }

    @Test func `a directory with other things in it keeps its mode`() throws {
        let directory = try TemporaryDirectory()
        mkdir(directory.data, 0o755)
        chmod(directory.data, 0o755)
        close(open(directory.data + "/other", O_CREAT | O_WRONLY, 0o600))
        let store = try openStore(in: directory)
        #expect(mode(of: directory.data) == 0o755)
        store.close()
    }

    @Test func `a database exists once it was made`() throws {
        let directory = try TemporaryDirectory()
        #expect(!Store.exists(in: directory.data))
        let store = try openStore(in: directory)
        #expect(Store.exists(in: directory.data))
        store.close()
        #expect(Store.exists(in: directory.data))
    }

    @Test func `S11 a second store is kept out, and told by whom`() throws {
        let directory = try TemporaryDirectory()
        let store = try openStore(in: directory)
        #expect(throws: StoreError.locked(by: "process \(getpid())")) { try openStore(in: directory) }
        store.close()
        let again = try openStore(in: directory)
        again.close()
    }

    @Test func `a store that nobody refers to any more lets go of its directory`() async throws {
        let directory = try TemporaryDirectory()
        do {
            let store = try openStore(in: directory)
            let project = makeProject()
            try await store.write { try $0.insert(project, mac: mac) }
        }
        let isFree = try await eventually { (try? openStore(in: directory))?.close() != nil }
        #expect(isFree)
    }

    @Test func `what was written is there after a close, and opening and closing changes no byte`() async throws {
        let furnished = try await Furnished()
        furnished.store.close()
        let before = contents(of: furnished.directory.database)
        #expect(contents(of: furnished.directory.database + "-wal").isEmpty)
        let store = try openStore(in: furnished.directory)
        #expect(try store.read { try $0.project(furnished.project.id)?.record } == furnished.project)
        store.close()
        #expect(contents(of: furnished.directory.database) == before)
    }

    /// The files as they lie there when a process is killed now.
    private func leftBehind(by furnished: Furnished) throws -> TemporaryDirectory {
        let copy = try TemporaryDirectory()
        mkdir(copy.data, 0o700)
        for suffix in ["", "-wal"] {
            let bytes = contents(of: furnished.directory.database + suffix)
            let file = open(copy.database + suffix, O_CREAT | O_WRONLY, 0o600)
            #expect(write(file, bytes, bytes.count) == bytes.count)
            close(file)
        }
        return copy
    }

    @Test func `a store that only looks changes no byte, also after a process was killed`() async throws {
        let furnished = try await Furnished()
        let directory = try leftBehind(by: furnished)
        let before = ["", "-wal"].map { contents(of: directory.database + $0) }
        #expect(before.allSatisfy { !$0.isEmpty })
        let store = try openStore(in: directory)
        #expect(try store.read { try $0.project(furnished.project.id)?.record } == furnished.project)
        store.close()
        #expect(["", "-wal"].map { contents(of: directory.database + $0) } == before)
        furnished.store.close()
    }

    @Test func `a log that a killed process left is emptied after the first write`() async throws {
        let furnished = try await Furnished()
        let directory = try leftBehind(by: furnished)
        let store = try openStore(in: directory)
        #expect(!contents(of: directory.database + "-wal").isEmpty)
        try await store.write { try $0.insert(makeProject("second"), mac: mac) }
        #expect(try await eventually { contents(of: directory.database + "-wal").isEmpty })
        #expect(try store.read { try $0.projects(limit: 9) }.count == 2)
        store.close()
        furnished.store.close()
    }

    @Test func `a closed store does nothing`() async throws {
        let store = try openStore(in: try TemporaryDirectory())
        store.close()
        store.close()
        #expect(throws: StoreError.closed) { try store.read { try $0.pendingRescans() } }
        await #expect(throws: StoreError.closed) { try await store.write { _ in } }
    }

    @Test func `a transaction is of no use after its body`() async throws {
        let furnished = try await Furnished()
        let kept = try furnished.store.read { $0 }
        #expect(throws: StoreError.closed) { try kept.pendingRescans() }
        furnished.store.close()
    }

    @Test func `a file that is no database is called corrupt`() throws {
        let directory = try TemporaryDirectory()
        mkdir(directory.data, 0o700)
        let file = open(directory.database, O_CREAT | O_WRONLY, 0o600)
        write(file, [UInt8](repeating: 0x41, count: 8192), 8192)
        close(file)
        #expect {
            try openStore(in: directory)
        } throws: { error in
            if case StoreError.corrupt = error { true } else { false }
        }
    }
}
