import Dispatch
import Glibc
import Synchronization
import Testing
import VaultModel

@testable import VaultStore

/// A directory that is removed, with what is in it, when the test process ends.
struct TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/keystow-store-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        path = String(cString: made)
        Self.made.withLock { paths in
            if paths.isEmpty { atexit { TemporaryDirectory.removeAll() } }
            paths.append(path)
        }
    }

    var data: String { path + "/data" }
    var database: String { data + "/vault.db" }

    private static let made = Mutex<[String]>([])

    private static func removeAll() {
        for path in made.withLock({ $0 }) {
            for name in ["vault.db", "vault.db-wal", "vault.db-shm", "vault.lock", "vault.reserve", "other"] {
                unlink(path + "/data/" + name)
            }
            rmdir(path + "/data")
            rmdir(path)
        }
    }
}

/// Not a hash for anything but tests: four rounds of FNV-1a, 32 bytes.
let testChain: AuditChain = { previous, entry in
    (0..<4).flatMap { round -> [UInt8] in
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 &+ UInt64(round)
        for byte in previous + entry { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * $0)) }
    }
}

func openStore(in directory: TemporaryDirectory, patience: Duration = .seconds(600)) throws -> Store {
    try Store(directory: directory.data, chain: testChain, patience: patience)
}

/// The bytes of a file; none where there is no file.
func contents(of path: String) -> [UInt8] {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    return bytes
}

/// How often `piece` is in `bytes`.
func count(_ piece: [UInt8], in bytes: [UInt8]) -> Int {
    bytes.withUnsafeBytes { bytes in
        var (count, start) = (0, 0)
        while bytes.count - start >= piece.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(piece[0]), bytes.count - piece.count - start + 1)
        {
            if memcmp(found, piece, piece.count) == 0 { count += 1 }
            start = UnsafeRawPointer(found) - base + 1
        }
        return count
    }
}

func mode(of path: String) -> UInt32 {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
}

/// Looks every 5 ms whether `condition` holds, for at most five minutes: no limit on speed but the end of hope.
func eventually(_ condition: () -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(300)
    while ContinuousClock.now < deadline {
        if condition() { return true }
        try await Task.sleep(for: .milliseconds(5))
    }
    return condition()
}

/// A connection beside the store's, as somebody with the file and no manners would open it.
func meddle(_ directory: TemporaryDirectory, _ sql: String) throws {
    let connection = try Connection(path: directory.database, access: .readWrite)
    try connection.script("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
    try connection.script(sql)
}

let noon = Timestamp(milliseconds: 1_800_000_000_000)
let mac = [UInt8](repeating: 0xAA, count: 32)
let otherMAC = [UInt8](repeating: 0xBB, count: 32)

func makeProject(_ name: String = "app", at time: Timestamp = noon) -> ProjectRecord {
    ProjectRecord(
        id: ProjectID(at: time), name: name, allowedOrigins: ["https://a.example", #"https://b.example/"x""#],
        allowedProviders: [.anthropic], revealGrantedAt: time + 5, createdAt: time, revision: 3
    )
}

func owner(_ text: String) throws -> UserID { try #require(UserID(text)) }
func provider(_ text: String) throws -> ProviderID { try #require(ProviderID(text)) }

func makeKey(
    in project: ProjectID, owner: UserID, provider: ProviderID = .anthropic, status: KeyStatus = .active,
    at time: Timestamp = noon
) -> KeyRecord {
    KeyRecord(
        id: KeyID(at: time), projectID: project, owner: owner, provider: provider, endpoint: "https://api.example",
        status: status, blindIndex: [UInt8](repeating: 7, count: 32), hint: "sk-…wXAA", fingerprint: "kfp_x",
        createdAt: time
    )
}

func makeVersion(
    of key: KeyRecord, number: Int = 1, state: KeyVersion.State = .current, blindIndex: UInt8? = 1,
    box: [UInt8] = [UInt8](repeating: 0xC0, count: 150)
) -> KeyVersion {
    KeyVersion(
        keyID: key.id, number: number, state: state,
        sealed: SealedSecret(term: 1, wrappedDEK: [UInt8](repeating: 0xDE, count: 134), box: box),
        blindIndex: blindIndex.map { [UInt8](repeating: $0, count: 32) }, hint: "sk-…wXAA", fingerprint: "kfp_x",
        createdAt: noon,
        verdict: Verdict(
            code: .validUnfunded, reason: "no_credit", message: "The key is genuine.", tested: ["identity", "funding"],
            checkedAt: noon, httpStatus: 400, providerRequestID: "req_1", account: ["organization_id": "o"]),
        endpoint: "https://api.example.com"
    )
}

/// Does it again while it was withdrawn, which says that nothing happened: for stores with little patience.
func insist(_ write: () async throws -> Void) async throws {
    for _ in 0..<1000 {
        do { return try await write() } catch StoreError.withdrawn {}
    }
    Issue.record("withdrawn a thousand times")
}

/// A store with one project in it.
struct Furnished {
    let directory: TemporaryDirectory
    let store: Store
    let project: ProjectRecord

    init(patience: Duration = .seconds(600)) async throws {
        directory = try TemporaryDirectory()
        store = try openStore(in: directory, patience: patience)
        let project = makeProject()
        self.project = project
        let store = store
        try await insist {
            try await store.write {
                try $0.insert(project, mac: mac)
                try $0.insertTerm(1, at: noon)
            }
        }
    }

    func add(_ keys: [KeyRecord]) async throws {
        try await store.write { transaction in
            for key in keys { try transaction.insert(key, mac: mac) }
        }
    }
}

/// Keeps the writer's thread busy until it is let go.
final class Blockade: Sendable {
    private let gate = DispatchSemaphore(value: 0)
    private let entered = DispatchSemaphore(value: 0)
    private let task: Task<Void, any Error>

    init(_ store: Store) {
        let (gate, entered) = (gate, entered)
        task = Task {
            try await insist {
                try await store.write { _ in
                    entered.signal()
                    gate.wait()
                }
            }
        }
    }

    /// Returns when the writer is busy with it.
    func hold() async { await Task.detached { [entered] in Self.wait(entered) }.value }

    func letGo() async throws {
        gate.signal()
        try await task.value
    }

    private static func wait(_ semaphore: DispatchSemaphore) { semaphore.wait() }
}
