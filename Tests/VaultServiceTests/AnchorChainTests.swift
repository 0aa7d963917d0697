import Glibc
import Synchronization
import Testing
import VaultModel
import VaultTestKit

@testable import VaultCrypto
@testable import VaultService

/// What the notes of an anchor prove, and what somebody who can write the file cannot do with them.
@Suite struct AnchorChainTests {
    /// Writes notes as a vault does.
    private struct Scribe {
        let keyring: Keyring
        let name: String
        var signer: AuditSigner
        var tip = ChainPosition.start
        var notes: [String] = []

        init() throws {
            try SecureHeap.install()
            let instance = InstanceID(UUIDv7(high: 7, low: 1))
            keyring = try Keyring.create(master: Random.secret(32), instance: instance).0
            name = AuditSigner.name(in: instance)
            signer = try keyring.makeSigner(number: 1).signer
        }

        mutating func write(_ statements: AnchorStatement...) throws {
            for statement in statements {
                let text = AnchorNote(statement, after: tip, at: Timestamp(milliseconds: 1_800_000_000_000)).text(
                    by: name)
                notes.append(try SignedNote(text, by: signer).description)
                tip = ChainPosition(sequence: tip.sequence + 1, hash: try Digest.sha256(Array(text.utf8)))
            }
        }

        func read(_ text: String? = nil, keys: [NoteKey]? = nil) throws -> AnchorChain {
            try AnchorChain(
                AnchorContents(Array((text ?? notes.joined()).utf8)), keys: keys ?? [signer.key], name: name)
        }
    }

    private static func head(_ sequence: Int) -> AnchorStatement {
        .head(
            ChainPosition(sequence: sequence, hash: [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: 32)))
    }

    @Test func `one signature proves all notes, and together they say what holds`() throws {
        var scribe = try Scribe()
        try scribe.write(.begun(entries: 0), Self.head(10), .ended(["key_a", "tok_b"]), Self.head(20), Self.head(30))
        try scribe.write(.rollback(kept: 10, lost: 30), Self.head(12), .ended(["key_c"]))
        let chain = try scribe.read()
        #expect(chain.tip == scribe.tip)
        #expect(chain.isWhole)
        #expect(chain.heads.map(\.sequence) == [10, 12])
        #expect(chain.ended == ["key_a", "tok_b", "key_c"])
        #expect(chain.rollbacks == 1)
        #expect(chain.restarts == 0)
        #expect(chain.forgedLines + chain.copiedLines + chain.tornLines == [])
        // Of each but the last the signature may be missing: the note behind it speaks for it.
        let unsigned = scribe.notes.dropLast().map { $0.replacing(/.{8}\n$/) { _ in "AAAAAAA=\n" } }
        #expect(try scribe.read((unsigned + [scribe.notes.last ?? ""]).joined()).tip == scribe.tip)
        #expect(try scribe.read(unsigned.joined()).tip == nil)
    }

    @Test func `U05 an old head, or an old rollback, that is copied to the end hides nothing and is named`() throws {
        var scribe = try Scribe()
        try scribe.write(.begun(entries: 0), Self.head(10), .rollback(kept: 5, lost: 10), Self.head(30), Self.head(40))
        for index in 0..<4 {
            let chain = try scribe.read((scribe.notes + [scribe.notes[index]]).joined())
            #expect(chain.tip == scribe.tip)
            #expect(chain.heads.map(\.sequence) == [30, 40])
            #expect(chain.isWhole)
            #expect(chain.copiedLines.count == 1)
            #expect(chain.forgedLines == [])
        }
    }

    @Test func `U05 a forged note is named and not believed, wherever it lies, also one that fits into the chain`()
        throws
    {
        var scribe = try Scribe()
        try scribe.write(.begun(entries: 0), Self.head(10), Self.head(20))
        var stranger = try Scribe()
        stranger.tip = scribe.tip
        try stranger.write(.ended(["key_mine"]), Self.head(7))
        for place in 0...scribe.notes.count {
            var notes = scribe.notes
            notes.insert(contentsOf: stranger.notes, at: place)
            let chain = try scribe.read(notes.joined())
            #expect(chain.tip == scribe.tip)
            #expect(chain.heads.map(\.sequence) == [10, 20])
            #expect(chain.ended == [])
            #expect(chain.forgedLines.count == 2)
        }
        // Behind a genuine one that goes on from the same place, too.
        let before = scribe.notes
        try scribe.write(Self.head(30))
        let chain = try scribe.read((before + stranger.notes + scribe.notes.suffix(1)).joined())
        #expect(chain.heads.map(\.sequence) == [10, 20, 30])
    }

    @Test func `a note that was cut out leaves a gap; what comes before it does not count`() throws {
        var scribe = try Scribe()
        try scribe.write(.begun(entries: 0), .ended(["key_a"]), Self.head(10), .ended(["key_b"]), Self.head(20))
        for gap in 0..<4 {
            var notes = scribe.notes
            notes.remove(at: gap)
            let chain = try scribe.read(notes.joined())
            #expect(chain.tip == scribe.tip)
            #expect(!chain.isWhole)
        }
        // The newest can be cut off: that shows by the database alone.
        #expect(try scribe.read(scribe.notes.dropLast().joined()).isWhole)
    }

    @Test func `what an interrupted write leaves is told from a forgery`() throws {
        var scribe = try Scribe()
        try scribe.write(.begun(entries: 0), Self.head(10))
        let before = scribe.notes.joined()
        try scribe.write(.ended(["key_a"]))
        let whole = scribe.notes[2]
        for count in 1..<whole.count {
            for text in [before + whole.prefix(count), before + whole.prefix(count) + "\n" + whole] {
                let chain = try scribe.read(text)
                #expect(chain.forgedLines == [])
                #expect(chain.heads.map(\.sequence) == [10])
                guard count < whole.count - 1 else { continue }
                // A shorter piece does not say whose it is.
                #expect(chain.tornLines.count == (count > scribe.name.count ? 1 : 0))
                #expect(chain.copiedLines == [])
            }
        }
        // Whole but for the line's end is whole.
        #expect(try scribe.read(before + whole.dropLast()).ended == ["key_a"])
    }

    @Test func `U11 signers vouch for one another: the first key proves what the third signed`() throws {
        var scribe = try Scribe()
        let first = scribe.signer.key
        try scribe.write(.begun(entries: 0), Self.head(10))
        for number in 2...3 {
            let next = try scribe.keyring.makeSigner(number: number).signer
            try scribe.write(.signer(next.key))
            scribe.signer = next
        }
        try scribe.write(Self.head(20))
        let chain = try scribe.read(keys: [first])
        #expect(chain.tip == scribe.tip)
        #expect(chain.keys.count == 3)
        #expect(try scribe.read(keys: [try Scribe().signer.key]).tip == nil)
    }

    @Test func `a disk that hangs holds up nobody for long, and what had to be written is written later`() async throws
    {
        let gate = Semaphore()
        let written = Mutex<[String]>([])
        let news = Mutex<[Bool]>([])
        let anchor = Anchor(path: "/nowhere") { bytes in
            gate.wait()
            written.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
            return .durable
        } observe: { isWritable in
            news.withLock { $0.append(isWritable) }
        }
        let scribe = try Scribe()
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        for id in ["key_a", "key_b"] {
            let notes = await anchor.append(
                [.ended([id])], by: scribe.signer, at: now, isKept: true, within: .milliseconds(1))
            #expect(notes == nil)
            #expect(!anchor.isWritable)
        }
        for _ in 0..<3 { gate.signal() }
        let notes = await anchor.append([Self.head(1)], by: scribe.signer, at: now, within: .seconds(300))
        #expect(notes?.count == 1)
        #expect(news.withLock(\.self) == [false, true])
        let chain = try scribe.read(written.withLock { $0.joined() })
        #expect(chain.ended == ["key_a", "key_b"])
        #expect(chain.tip == anchor.tip)
    }

    @Test func `while nothing can be written, what waits is not signed again for each that joins it`() async throws {
        let scribe = try Scribe()
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        let file = Mutex((text: "", tries: 0, isFull: true))
        let anchor = Anchor(path: "/nowhere") { bytes in
            file.withLock { file in
                file.tries += 1
                if !file.isFull { file.text += String(decoding: bytes, as: UTF8.self) }
                return file.isFull ? .failed(left: 0) : .durable
            }
        } observe: { _ in
        }
        for number in 0..<3000 {
            let notes = await anchor.append([.ended(["key_\(number)"])], by: scribe.signer, at: now, isKept: true)
            #expect(notes == nil)
        }
        #expect(file.withLock(\.tries) < 300)
        file.withLock { $0.isFull = false }
        #expect(await anchor.append([Self.head(1)], by: scribe.signer, at: now, within: .seconds(300)) != nil)
        let chain = try scribe.read(file.withLock(\.text))
        #expect(chain.ended == (0..<3000).map { "key_\($0)" })
        #expect(chain.heads.count == 1)
    }

    @Test func `whoever is cancelled waits for the disk all the same, and never for ever`() async throws {
        let scribe = try Scribe()
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        let anchor = Anchor(path: "/nowhere") { _ in
            .durable
        } observe: { _ in
        }
        for patience in [Duration.zero, .seconds(300)] {
            for _ in 0..<500 {
                let task = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return await anchor.append([Self.head(1)], by: scribe.signer, at: now, within: patience)
                }
                let notes = await task.value
                #expect(notes != nil || patience == .zero)
            }
        }
    }

    @Test func `no number makes a reader stumble`() throws {
        let scribe = try Scribe()
        for number in ["9223372036854775807", "9007199254740993", "-1", "99999999999999999999"] {
            let note =
                "\(scribe.name)/begun\nafter \(number) \(String(repeating: "A", count: 43))=\ntime 2027-01-01T00:00:00.000Z\n"
            let signature = "\n— \(scribe.name) \(String(repeating: "A", count: 91))=\n"
            let chain = try scribe.read(note + signature)
            #expect(chain.tip == nil)
            #expect(chain.forgedLines == [1])
        }
    }

    @Test func `of a write that failed, what lies there whole is not written again`() async throws {
        let scribe = try Scribe()
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        let file = Mutex((text: "", left: 0, isFull: false))
        let news = Mutex<[Bool]>([])
        let anchor = Anchor(path: "/nowhere") { bytes in
            file.withLock { file in
                if !file.text.isEmpty, !file.text.hasSuffix("\n") { file.text += "\n" }
                guard file.isFull else {
                    file.text += String(decoding: bytes, as: UTF8.self)
                    return .durable
                }
                let left = min(file.left, bytes.count)
                file.text += String(decoding: bytes[..<left], as: UTF8.self)
                return .failed(left: left)
            }
        } observe: { isWritable in
            news.withLock { $0.append(isWritable) }
        }
        #expect(await anchor.append([.begun(entries: 0)], by: scribe.signer, at: now) != nil)
        let length = file.withLock { $0.text.utf8.count }
        for left in [0, 5, length - 1, length + 20, length * 3] {
            file.withLock { ($0.left, $0.isFull) = (left, true) }
            let statements: [AnchorStatement] = [.ended(["key_\(left)"]), .ended(["tok_\(left)"])]
            #expect(await anchor.append(statements, by: scribe.signer, at: now, isKept: true) == nil)
            #expect(await anchor.append([Self.head(left)], by: scribe.signer, at: now) == nil)
            #expect(!anchor.isWritable)
            file.withLock { $0.isFull = false }
            #expect(await anchor.append([Self.head(100 + left % 100)], by: scribe.signer, at: now) != nil)
        }
        let chain = try scribe.read(file.withLock(\.text))
        #expect(chain.tip == anchor.tip)
        #expect(chain.isWhole)
        #expect(Set(chain.ended).count == 10)
        #expect(chain.ended.count == 10)
        #expect(chain.copiedLines == [])
        #expect(news.withLock(\.self).prefix(4) == [false, true, false, true])
    }

    @Test func `a real file takes back what it could not hold, and never follows a link`() throws {
        let directory = try TemporaryDirectory()
        let file = AnchorFile(path: directory.path + "/anchor")
        #expect(file.append(Array("one\n".utf8)) == .durable)
        #expect(file.append(Array("tw".utf8)) == .durable)
        #expect(file.append(Array("three\n".utf8)) == .durable)
        #expect(try file.read() == Array("one\ntw\nthree\n".utf8))
        #expect(!file.isExposed)
        #expect(chmod(file.path, 0o666) == 0)
        #expect(file.isExposed)
        let link = AnchorFile(path: directory.path + "/link")
        #expect(symlink(file.path, link.path) == 0)
        #expect(link.append([1]) == .failed(left: 0))
        #expect(throws: OpeningError.self) { try link.read() }
        #expect(try AnchorFile(path: directory.path + "/none").read() == nil)
    }
}

/// Counts what may pass; for threads that may block.
private final class Semaphore: @unchecked Sendable {
    // POSIX semaphores are for any thread; the memory is ours until the end.
    private let handle = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    init() { sem_init(handle, 0, 0) }
    func wait() { while sem_wait(handle) != 0 {} }
    func signal() { sem_post(handle) }
    deinit {
        sem_destroy(handle)
        handle.deallocate()
    }
}
