import Glibc
import VaultModel
import VaultProviders
import VaultTestKit

@testable import VaultService
@testable import VaultStore

/// A vault with one thing of each kind in it, made once and copied for each trial.
///
/// No server is in front of it: acts are calls of the vault, which either return or throw.
final class FurnishedVault: Sendable {
    /// A thing of its own for each act that needs one, so that none is in the way of another.
    enum Part: Int, CaseIterable, Sendable {
        case bystander, rotated, rolledBack, revealed, revoked, deleted, patched, quarantined, released
        case manyFirst, manySecond
    }

    /// Trials are many and dear, and each holds up a thread of the pool: of all suites' one is done at a time, or three
    /// where nothing else was asked for.
    static let turnstile = Turnstile(
        width: ["POWER_LOSS_RUNS", "CORRUPTION_COUNT", "ALL_FAULTS"]
            .contains { getenv("KEYSTOW_" + $0) != nil } ? 3 : 1)

    private let directory: TemporaryDirectory
    let project: ProjectID
    let keys: [KeyID]
    let token: TokenID
    let session: ConnectSessionID
    /// Whoever has an open link before them.
    let page: Caller

    static func secret(_ number: Int) -> String { FakeKeys.anthropic("trial", number) }
    /// What a rotation puts in the place of a secret.
    static func newSecret(_ number: Int) -> String { secret(1000 + number) }

    private init(
        _ directory: TemporaryDirectory, project: ProjectID, keys: [KeyID], token: TokenID, session: ConnectSessionID,
        page: Caller
    ) {
        self.directory = directory
        self.project = project
        self.keys = keys
        self.token = token
        self.session = session
        self.page = page
    }

    func key(_ part: Part) -> KeyID { keys[part.rawValue] }

    /// Who acts: an app that may do everything in its project, and an admin.
    static func app(_ project: ProjectID) -> Caller {
        Caller(tokenID: nil, name: "app", kind: .token(.app), projectID: project, scopes: .all)
    }

    static func make() async throws -> FurnishedVault {
        let directory = try TemporaryDirectory()
        let time = ManualTime()
        let access = try await Vault.initialise(at: location(in: directory.path), time: time)
        let project = access.projectID
        let vault = try open(in: directory.path, time)
        try await vault.settle()
        let app = RequestContext(caller: app(project))
        var keys: [KeyID] = []
        for part in Part.allCases {
            time.advance(by: 1)
            let isOfMany = part == .manyFirst || part == .manySecond
            keys.append(try await vault.store(secret(part.rawValue), user: isOfMany ? "many" : "u\(part)", app))
        }
        try await vault.rotate(
            keys[Part.rolledBack.rawValue], to: newSecret(Part.rolledBack.rawValue), app)
        _ = try await vault.quarantine(keys[Part.released.rawValue], app)
        try await vault.signHead()
        time.advance(by: 10)
        var request = TokenRequest(kind: .app, name: "ci")
        request.projectID = project
        let token = try await vault.createToken(request, RequestContext(caller: .terminal)).record.id
        var linking = ConnectSessionRequest(owner: try owner("linked"))
        linking.ttlSeconds = ConnectSessionRequest.longestSeconds
        let minted = try await vault.createConnectSession(linking, app)
        let session = minted.record.id
        let link = minted.text.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let page = try vault.caller(holdingLink: "Bearer \(link)")
        try await vault.signHead()
        vault.close()
        return FurnishedVault(directory, project: project, keys: keys, token: token, session: session, page: page)
    }

    static func owner(_ name: String) throws -> UserID {
        guard let owner = UserID(name) else { throw TestKitFailure("no user id: \(name)") }
        return owner
    }

    /// A copy of it in a directory of its own.
    func copied() throws -> TemporaryDirectory {
        let copy = try TemporaryDirectory()
        try Self.copy(from: directory.path, to: copy.path, [Self.masterKey] + Self.files)
        return copy
    }

    static let masterKey = "master.key"
    /// What a new master key took the place of.
    static let previousMasterKey = "master.key.previous"
    static let files = ["data/vault.db", "data/vault.db-wal", "data/anchor"]

    static func copy(from source: String, to target: String, _ names: [String]) throws {
        mkdir(target + "/data", 0o700)
        for name in names where access("\(source)/\(name)", F_OK) == 0 {
            let bytes = TemporaryDirectory.bytes(of: "\(source)/\(name)")
            try write(bytes, to: "\(target)/\(name)")
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = Glibc.open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        defer { close(file) }
        guard file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw TestKitFailure("cannot write \(path)")
        }
    }

    private static func location(in path: String) -> VaultLocation {
        let previous = "\(path)/\(previousMasterKey)"
        return VaultLocation(
            directory: path + "/data", masterKey: .file(MasterKeyFile(path: "\(path)/\(masterKey)")),
            previousMasterKey: access(previous, F_OK) == 0 ? .file(MasterKeyFile(path: previous)) : nil)
    }

    /// What is to be verified of a copy's audit log.
    static func verification(in path: String) -> AuditVerificationOrder {
        AuditVerificationOrder(directory: path + "/data", anchor: path + "/data/anchor")
    }

    /// A time after everything that lies in it.
    static func later() -> ManualTime { ManualTime(Timestamp(milliseconds: 1_800_000_600_000)) }

    /// Opens a copy. The provider accepts every key.
    static func open(in path: String, _ time: ManualTime = later()) throws -> Vault {
        var configuration = VaultConfiguration(validationLimits: nil)
        configuration.writePatience = .seconds(300)
        // At ``later()`` the first head is older than that, and the second is not.
        configuration.auditKeepSeconds = 585
        let catalogue = try catalogue.get()
        return try Vault.open(
            at: location(in: path), configuration: configuration, catalogue: catalogue,
            probe: Probe(catalogue: catalogue, time: time) { _ in .accepting }, time: time)
    }

    private static let catalogue = Result { try Catalogue.embedded() }
}

extension Vault {
    @discardableResult
    func store(_ key: String, user: String, _ context: RequestContext) async throws -> KeyID {
        var intake = KeyIntake(owner: try FurnishedVault.owner(user), paste: WipedBuffer(key))
        intake.validation = .skip
        return try await create(intake, context).record.id
    }

    func rotate(_ id: KeyID, to key: String, _ context: RequestContext) async throws {
        var replacement = KeyReplacement(paste: WipedBuffer(key))
        replacement.validation = .skip
        _ = try await rotate(id, to: replacement, context)
    }

    /// The secret, as text.
    func secret(of id: KeyID, _ context: RequestContext) async throws -> String {
        let revealed = try await reveal(id, reason: "", context)
        return revealed.secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
